//! `mysql_native_password`: SHA-1 twice, mixed with the nonce.
//!
//! The client sends `SHA1(password) XOR SHA1(nonce, SHA1(SHA1(password)))`. Whoever reads what the server keeps, and one
//! login on the line, can log in; it is for old clients only.

use sha1::Sha1;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{AuthResponse, Nonce, Password, xor};

const HASH_BYTES: usize = 20;
type Hash = Zeroizing<[u8; HASH_BYTES]>;

fn hash(parts: &[&[u8]]) -> Hash {
    super::hash::<Sha1, HASH_BYTES>(parts)
}

/// What a server keeps to check this proof: SHA-1 of SHA-1 of the password.
pub struct Verifier(Hash);

impl Verifier {
    /// The verifier of a password; an empty one has none.
    pub fn of(password: &Password) -> Option<Self> {
        if password.as_bytes().is_empty() {
            return None;
        }
        Some(Self(hash(&[&*hash(&[password.as_bytes()])])))
    }

    /// A kept verifier.
    pub fn from_bytes(bytes: [u8; HASH_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The verifier, to be kept sealed.
    pub fn to_bytes(&self) -> Zeroizing<[u8; HASH_BYTES]> {
        self.0.clone()
    }

    /// Whether `proof` was made with this password for this nonce.
    pub fn verify(&self, nonce: &Nonce, proof: AuthResponse<'_>) -> bool {
        let Ok(proof) = <[u8; HASH_BYTES]>::try_from(proof.as_bytes()) else { return false };
        let mask = hash(&[nonce.as_bytes(), &*self.0]);
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
    let twice = hash(&[&*once]);
    Zeroizing::new(xor(once, &hash(&[nonce.as_bytes(), &*twice])).to_vec())
}
