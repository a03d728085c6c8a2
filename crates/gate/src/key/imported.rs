//! Keys that an operator brings along from another system.
//!
//! Programs that know a key already can keep it. Such a key has no public half, so it is found by a keyed code of its whole text:
//! the id in lists tells nothing that would help to guess it.

use std::fmt;

use zeroize::Zeroizing;

use super::KeyId;
use crate::secret::{Fingerprint, MacKey};

/// Fewest hexadecimal digits of a key (256 bits).
pub const IMPORTED_HEX_MIN: usize = 64;
/// Fewest letters of a key in base64url (256 bits).
pub const IMPORTED_BASE64_MIN: usize = 43;
/// Fewest characters of any key, and only where the operator allows short ones.
pub const IMPORTED_CHARACTERS_MIN: usize = 32;
/// Most characters of a key.
pub const IMPORTED_CHARACTERS_MAX: usize = 512;
/// Fewest different characters of a text that was drawn at random.
const DIFFERENT_MIN: usize = 8;

/// A text that may be a key somebody brought along.
#[derive(Clone)]
pub struct ImportedKey(Zeroizing<String>);

/// Why a text cannot be brought along as a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Other characters than those of hexadecimal, base64 and base64url, or too many.
    #[error("the key has characters that keys do not have, or too many")]
    Characters,
    /// Shorter than any key.
    #[error("the key is shorter than 32 characters")]
    Short,
    /// Of fewer than 256 bits, which has to be allowed first.
    #[error("the key has fewer than 256 bits: 64 hexadecimal digits, or 43 letters of base64url")]
    Weak,
    /// So repetitive that nobody drew it at random.
    #[error("the key repeats itself and was not drawn at random")]
    Repetitive,
}

impl ImportedKey {
    /// Reads what may be such a key: 32 to 512 letters, digits, `+ / = - _`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte);
        let fits = (IMPORTED_CHARACTERS_MIN..=IMPORTED_CHARACTERS_MAX).contains(&text.len());
        (fits && text.bytes().all(plain)).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// Reads a key to bring along; `short` allows from 32 characters on.
    ///
    /// # Errors
    /// It is too short, or nobody drew it at random.
    pub fn import(text: &str, short: bool) -> Result<Self, ImportError> {
        if text.len() < IMPORTED_CHARACTERS_MIN {
            return Err(ImportError::Short);
        }
        let key = Self::parse(text).ok_or(ImportError::Characters)?;
        let hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let least = if hexadecimal { IMPORTED_HEX_MIN } else { IMPORTED_BASE64_MIN };
        if text.len() < least && !short {
            return Err(ImportError::Weak);
        }
        let different = text.bytes().collect::<std::collections::BTreeSet<_>>().len();
        let (left, right) = text.as_bytes().split_at(text.len() / 2);
        if different < DIFFERENT_MIN || left == right {
            return Err(ImportError::Repetitive);
        }
        Ok(key)
    }

    /// Its id in lists, under that key.
    pub(crate) fn id(&self, names: &MacKey) -> KeyId {
        KeyId::coded(&names.mac(&[self.0.as_bytes()]))
    }

    pub(crate) fn fingerprint(&self, key: &MacKey) -> Fingerprint {
        key.mac(&[self.0.as_bytes()])
    }
}

impl fmt::Debug for ImportedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ImportedKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::Keyring;
    use crate::secret::RootSecret;

    const HEX: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

    #[test]
    fn a_key_has_256_bits_or_is_allowed_to_be_shorter() {
        let check = |text: &str, short| ImportedKey::import(text, short).err();
        assert_eq!(check(HEX, false), None);
        assert_eq!(check(&HEX[..63], false), Some(ImportError::Weak));
        assert_eq!(check(&HEX[..63], true), None);
        assert_eq!(check(&HEX[..32], true), None);
        assert_eq!(check(&HEX[..31], true), Some(ImportError::Short));
        let base64 = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        assert_eq!(check(base64, false), None);
        assert_eq!(check(&base64[..42], false), Some(ImportError::Weak));
        assert_eq!(check("", true), Some(ImportError::Short));
    }

    #[test]
    fn what_nobody_drew_is_no_key() {
        let check = |text: &str| ImportedKey::import(text, true).err();
        assert_eq!(check(&"0".repeat(64)), Some(ImportError::Repetitive));
        assert_eq!(
            check(&"0123456789abcdef0123456789abcdef".repeat(2)),
            Some(ImportError::Repetitive)
        );
        assert_eq!(check(&format!("{HEX} ")), Some(ImportError::Characters));
        assert_eq!(check(&format!("{HEX}.{HEX}")), Some(ImportError::Characters));
        assert_eq!(check(&HEX.repeat(9)), Some(ImportError::Characters));
    }

    #[test]
    fn its_id_depends_on_the_servers_secret() {
        let key = ImportedKey::parse(HEX).unwrap();
        let id = |byte| {
            let ring = Keyring::from(RootSecret::from_random([byte; 32]));
            key.id(ring.derive("names").primary())
        };
        assert_eq!(id(1), id(1));
        assert_ne!(id(1), id(2));
        assert_eq!(KeyId::parse(id(1).as_str()), Some(id(1)));
    }
}
