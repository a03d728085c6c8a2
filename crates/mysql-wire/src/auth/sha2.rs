//! `caching_sha2_password`, the fast half: SHA-256 twice, mixed with the nonce.
//!
//! The client sends `SHA256(password) XOR SHA256(SHA256(SHA256(password)) . nonce)`. The other half is the password
//! itself over TLS, [`Password::decode`]. A server may keep a [`Verifier`] in memory after a full proof, so that the
//! next login costs no slow hash; it must go when the password, the account or the key does.

use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{AuthResponse, Nonce, Password, xor};

const HASH_BYTES: usize = 32;
type Hash = Zeroizing<[u8; HASH_BYTES]>;

fn hash(parts: &[&[u8]]) -> Hash {
    super::hash::<Sha256, HASH_BYTES>(parts)
}

/// What checks the fast proof: SHA-256 of SHA-256 of the password.
pub struct Verifier(Hash);

impl Verifier {
    /// The verifier of a password; an empty one has none.
    pub fn of(password: &Password) -> Option<Self> {
        if password.as_bytes().is_empty() {
            return None;
        }
        Some(Self(hash(&[&*hash(&[password.as_bytes()])])))
    }

    /// Whether `proof` was made with this password for this nonce.
    pub fn verify(&self, nonce: &Nonce, proof: AuthResponse<'_>) -> bool {
        let Ok(proof) = <[u8; HASH_BYTES]>::try_from(proof.as_bytes()) else { return false };
        let mask = hash(&[&*self.0, nonce.as_bytes()]);
        let once = xor(Zeroizing::new(proof), &mask);
        hash(&[&*once]).ct_eq(&*self.0).into()
    }
}

/// What a client sends: the proof for this nonce, or nothing for an empty password.
pub fn proof(password: &Password, nonce: &Nonce) -> Zeroizing<Vec<u8>> {
    if password.as_bytes().is_empty() {
        return Zeroizing::new(Vec::new());
    }
    let once = hash(&[password.as_bytes()]);
    let mask = hash(&[&*hash(&[&*once]), nonce.as_bytes()]);
    Zeroizing::new(xor(once, &mask).to_vec())
}
