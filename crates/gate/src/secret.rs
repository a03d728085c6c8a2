//! The server's root secret and the keys made from it, one per purpose.
//!
//! # Invariants
//! - No type here prints or serialises its bytes; memory is wiped on drop.
//! - Every purpose has its own key, so a value made for one cannot pass for another.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Fewest characters of a written root secret (256 bits in hexadecimal).
pub const ROOT_SECRET_CHARACTERS_MIN: usize = 64;

/// The server's root secret.
#[derive(Clone)]
pub struct RootSecret(Zeroizing<Vec<u8>>);

/// A written root secret that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RootSecretError {
    /// Shorter than 64 characters.
    #[error("the secret is shorter than 64 characters")]
    Short,
    /// Not hexadecimal.
    #[error("the secret is not hexadecimal")]
    NotHexadecimal,
    /// So repetitive that nobody drew it at random.
    #[error("the secret repeats itself and was not drawn at random")]
    Repetitive,
}

impl RootSecret {
    /// Wraps bytes that were drawn at random.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// Reads 64 or more hexadecimal characters.
    ///
    /// # Errors
    /// Shorter text, other characters, or text with fewer than 8 different ones.
    pub fn parse(text: &str) -> Result<Self, RootSecretError> {
        let text = text.trim();
        if text.len() < ROOT_SECRET_CHARACTERS_MIN {
            return Err(RootSecretError::Short);
        }
        let bytes = unhex(text).ok_or(RootSecretError::NotHexadecimal)?;
        let mut seen = [false; 16];
        for nibble in bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
            if let Some(slot) = seen.get_mut(usize::from(nibble)) {
                *slot = true;
            }
        }
        if seen.iter().filter(|seen| **seen).count() < 8 {
            return Err(RootSecretError::Repetitive);
        }
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The secret itself, for the one key that others share.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key for one purpose.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> MacKey {
        let root = Sha256::digest(self.0.as_slice());
        let root = MacKey(Zeroizing::new(root.into()));
        MacKey(Zeroizing::new(root.mac(&[b"shelduck key derivation", purpose.as_bytes()]).0))
    }
}

impl fmt::Debug for RootSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RootSecret(hidden)")
    }
}

/// A key for HMAC-SHA-256, good for one purpose.
#[derive(Clone)]
pub struct MacKey(Zeroizing<[u8; 32]>);

impl MacKey {
    /// The code over parts, each prefixed by its length so that no two lists of parts collide.
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> Fingerprint {
        let mut block = [0_u8; 64];
        for (to, from) in block.iter_mut().zip(self.0.iter()) {
            *to = *from;
        }
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        Fingerprint(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MacKey(hidden)")
    }
}

/// What is stored instead of a secret: a hash or a keyed code of 256 bits.
#[derive(Clone, Copy)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// SHA-256; enough for secrets of 256 random bits.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// Whether both are equal, in the same time whatever the answer.
    // Never inlined: `tests/it/timing.rs` counts the instructions spent in it.
    #[inline(never)]
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        bool::from(self.0.ct_eq(&other.0))
    }

    /// The first half, for tables keyed by it.
    #[must_use]
    pub const fn half(&self) -> [u8; 16] {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = self.0;
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fingerprint(hidden)")
    }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let nibble =
        |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some((nibble(high)? << 4) | nibble(low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_is_the_standard_one() {
        // RFC 4231 test case 2 shows the key padding; our parts only add the length prefix.
        let mut key = [0_u8; 32];
        key[..4].copy_from_slice(b"Jefe");
        let mut block = [0_u8; 64];
        block[..4].copy_from_slice(b"Jefe");
        let mut plain = <Hmac<Sha256> as KeyInit>::new(&block.into());
        plain.update(b"what do ya want for nothing?");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(&plain.finalize().into_bytes()), expected);
        let key = MacKey(Zeroizing::new(key));
        assert!(!key.mac(&[b"ab", b"c"]).matches(&key.mac(&[b"a", b"bc"])));
    }

    #[test]
    fn purposes_have_different_keys() {
        let root = RootSecret::from_random([7; 32]);
        assert!(!root.derive("a").mac(&[b"x"]).matches(&root.derive("b").mac(&[b"x"])));
        assert!(root.derive("a").mac(&[b"x"]).matches(&root.derive("a").mac(&[b"x"])));
    }

    #[test]
    fn weak_root_secrets_are_refused() {
        let check = |text: &str| RootSecret::parse(text).err();
        assert_eq!(check("abc"), Some(RootSecretError::Short));
        assert_eq!(check(&"g".repeat(64)), Some(RootSecretError::NotHexadecimal));
        assert_eq!(check(&"ab".repeat(32)), Some(RootSecretError::Repetitive));
        assert_eq!(check(&"0123456789abcdef".repeat(4)), None);
    }

    #[test]
    fn secrets_do_not_print() {
        let root = RootSecret::from_random([0xab; 32]);
        let text = format!("{root:?} {:?} {:?}", root.derive("a"), Fingerprint([0xab; 32]));
        assert!(!text.contains("ab,") && !text.contains("171"), "{text}");
    }
}
