//! Heads: where the chain stands, signed.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::chain::{Hash, hex, unhex};
use crate::record::Note;

/// What the signature is for, so that it can never pass for one of another purpose.
const PURPOSE: &[u8] = b"shelduck audit head 1\0";

/// Not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 key of 64 hexadecimal digits")]
pub struct BadKey;

/// The key that heads are checked with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for PublicKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        unhex(text.trim()).map(Self).ok_or(BadKey)
    }
}

/// The key that heads are signed with.
pub struct Signer {
    pair: Ed25519KeyPair,
    public: PublicKey,
    predecessors: Vec<PublicKey>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signer({})", self.public)
    }
}

impl Signer {
    /// The key made from 32 secret bytes (RFC 8032).
    ///
    /// # Errors
    /// The library refuses the bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, BadKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| BadKey)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| BadKey)?;
        Ok(Self { pair, public: PublicKey(public), predecessors: Vec::new() })
    }

    /// Vouches for keys that were this server's before. They must come from their secrets and never from the log, or a log
    /// that somebody made anew would be vouched for.
    #[must_use]
    pub fn after(self, predecessors: Vec<PublicKey>) -> Self {
        Self { predecessors, ..self }
    }

    /// What is to be recorded when the log's last head is of that key: a succession, if it was this server's.
    pub(crate) fn succeeds(&self, last: &Head) -> Option<Note> {
        let is_ours = last.is_signed && self.predecessors.contains(&last.key);
        (is_ours && last.key != self.public)
            .then(|| Note::Succession { predecessor: last.key.to_string() })
    }

    /// The other half, to be noted somewhere else.
    #[must_use]
    pub const fn public_key(&self) -> PublicKey {
        self.public
    }

    /// The head that is record number `sequence` and follows the record of that hash.
    pub(crate) fn head(&self, sequence: u64, attests: &Hash) -> Note {
        let signature = self.pair.sign(&message(sequence, attests));
        Note::Head {
            attests: attests.to_string(),
            key: self.public.to_string(),
            signature: hex(signature.as_ref()),
        }
    }
}

fn message(sequence: u64, attests: &Hash) -> Vec<u8> {
    [PURPOSE, &sequence.to_be_bytes(), attests.bytes()].concat()
}

/// A head as it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) attests: Hash,
    pub(crate) key: PublicKey,
    /// Whether the signature is the key's.
    pub(crate) is_signed: bool,
}

/// Reads the head that is record number `sequence`; none when it is no head at all.
pub(crate) fn read(sequence: u64, note: &Note) -> Option<Head> {
    let Note::Head { attests, key, signature } = note else { return None };
    let (attests, key) = (Hash::parse(attests)?, key.parse::<PublicKey>().ok()?);
    let is_signed = unhex::<64>(signature).is_some_and(|signature| {
        let key = UnparsedPublicKey::new(&ED25519, key.0);
        key.verify(&message(sequence, &attests), &signature).is_ok()
    });
    Some(Head { attests, key, is_signed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_signatures_are_those_of_the_standard() {
        // RFC 8032, section 7.1, test 1.
        let seed =
            unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
        let signer = Signer::from_seed(&seed).unwrap();
        assert_eq!(
            signer.public_key().to_string(),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        let expected = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
                        5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
        assert_eq!(hex(signer.pair.sign(b"").as_ref()), expected);
    }

    #[test]
    fn a_head_attests_one_place_of_one_chain() {
        let signer = Signer::from_seed(&[7; 32]).unwrap();
        let note = signer.head(9, &Hash::of(b"a"));
        let head = read(9, &note).unwrap();
        assert_eq!(
            (head.attests, head.key, head.is_signed),
            (Hash::of(b"a"), signer.public_key(), true)
        );
        assert!(!read(10, &note).unwrap().is_signed);
        let Note::Head { key, signature, .. } = note else { panic!() };
        let moved = Note::Head { attests: Hash::of(b"b").to_string(), key, signature };
        assert!(!read(9, &moved).unwrap().is_signed);
        assert!("g".repeat(64).parse::<PublicKey>().is_err());
    }
}
