//! Secrets that must be read again, kept encrypted.
//!
//! AES-256-GCM under a key of its own purpose, after the label of the root secret that key comes from. Where the value stands
//! (table, column, owner) is authenticated with it, so a row that is moved to another account, or a value to another column,
//! does not open.
//!
//! # Invariants
//! - A sealed value opens under the same key and at the same place only (`a_value_opens_only_where_it_was_sealed`).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::keyring::{KeyLabel, Keyring};
use crate::random::{self, Random, RandomError};
use crate::secret::RootSecret;

/// The first byte of what is stored, for the day the form changes.
const VERSION: u8 = 1;

/// A value could not be sealed or does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It was sealed under another key, for another place, or was changed.
    #[error("a sealed value does not open")]
    DoesNotOpen,
    /// The cipher refused.
    #[error("a value could not be sealed")]
    Cipher,
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// Where a sealed value stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) owner: &'a [u8],
}

impl Place<'_> {
    /// The place in bytes, each part after its length so that no two places are written alike.
    fn bytes(&self) -> Vec<u8> {
        let parts = [self.table.as_bytes(), self.column.as_bytes(), self.owner];
        let mut bytes = vec![VERSION];
        for part in parts {
            bytes.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend(part);
        }
        bytes
    }
}

/// The keys of one purpose: one that seals, and older ones that only open.
pub(crate) struct SealKeys {
    primary: (KeyLabel, LessSafeKey),
    older: Vec<(KeyLabel, LessSafeKey)>,
}

/// A value that was sealed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) value: Zeroizing<Vec<u8>>,
    /// It was sealed under an older key than the one that seals today.
    pub(crate) stale: bool,
}

impl SealKeys {
    /// The keys for one purpose, one under each root secret.
    pub(crate) fn derive(keyring: &Keyring, purpose: &str) -> Result<Self, SealError> {
        let under = |root: &RootSecret| {
            let bytes = Zeroizing::new(root.derive(purpose).mac(&[b"aes-256-gcm"]).0);
            let key = UnboundKey::new(&AES_256_GCM, bytes.as_slice());
            let key = LessSafeKey::new(key.map_err(|_| SealError::Cipher)?);
            Ok::<_, SealError>((KeyLabel::of(root), key))
        };
        Ok(Self {
            primary: under(keyring.primary())?,
            older: keyring.predecessors().iter().map(under).collect::<Result<_, _>>()?,
        })
    }

    /// Encrypts a value for its place.
    pub(crate) fn seal(
        &self,
        place: Place<'_>,
        value: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, SealError> {
        let (label, key) = &self.primary;
        let nonce = random::array::<NONCE_LEN>(random)?;
        let mut sealed = value.to_vec();
        let tag = key.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place.bytes()),
            &mut sealed,
        );
        let tag = tag.map_err(|_| SealError::Cipher)?;
        let mut stored = vec![VERSION];
        stored.extend(label.bytes());
        stored.extend(nonce);
        stored.extend(sealed);
        stored.extend(tag.as_ref());
        Ok(stored)
    }

    /// Decrypts a value at its place, by the key its label names.
    pub(crate) fn open(&self, place: Place<'_>, stored: &[u8]) -> Result<Opened, SealError> {
        let (version, rest) = stored.split_first().ok_or(SealError::DoesNotOpen)?;
        let (label, rest) = rest.split_first_chunk::<8>().ok_or(SealError::DoesNotOpen)?;
        let (nonce, sealed) =
            rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::DoesNotOpen)?;
        let mut keys = std::iter::once(&self.primary).chain(&self.older);
        let found = keys.find(|(of_key, _)| of_key.bytes() == *label);
        let (of_key, key) = found.filter(|_| *version == VERSION).ok_or(SealError::DoesNotOpen)?;
        let mut value = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = key.open_in_place(nonce, Aad::from(place.bytes()), &mut value);
        let length = opened.map_err(|_| SealError::DoesNotOpen)?.len();
        value.truncate(length);
        Ok(Opened { value, stale: *of_key != self.primary.0 })
    }
}

impl std::fmt::Debug for SealKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SealKeys(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    const ADA: Place<'_> = Place { table: "totp", column: "secret", owner: b"ada" };

    fn root(root: u8) -> RootSecret {
        RootSecret::from_random([root; 32])
    }

    fn keys(secret: u8, purpose: &str) -> SealKeys {
        SealKeys::derive(&Keyring::from(root(secret)), purpose).unwrap()
    }

    #[test]
    fn a_value_opens_only_where_it_was_sealed() {
        let keys_of_ours = keys(1, "totp secrets");
        let sealed = keys_of_ours.seal(ADA, b"twenty bytes of it..", &SystemRandom).unwrap();
        let opened = keys_of_ours.open(ADA, &sealed).unwrap();
        assert_eq!((opened.value.as_slice(), opened.stale), (&b"twenty bytes of it.."[..], false));
        for place in [
            Place { owner: b"eve", ..ADA },
            Place { column: "code", ..ADA },
            Place { table: "users", ..ADA },
            Place { table: "tot", column: "psecret", ..ADA },
        ] {
            assert_eq!(keys_of_ours.open(place, &sealed), Err(SealError::DoesNotOpen), "{place:?}");
        }
        for other in [keys(2, "totp secrets"), keys(1, "backups")] {
            assert_eq!(other.open(ADA, &sealed), Err(SealError::DoesNotOpen));
        }
    }

    #[test]
    fn every_changed_byte_is_noticed_and_nothing_is_sealed_twice_alike() {
        let keys = keys(1, "totp secrets");
        let sealed = keys.seal(ADA, b"secret", &SystemRandom).unwrap();
        assert_ne!(sealed, keys.seal(ADA, b"secret", &SystemRandom).unwrap());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(keys.open(ADA, &changed), Err(SealError::DoesNotOpen), "byte {place}");
            assert_eq!(keys.open(ADA, &sealed[..place]), Err(SealError::DoesNotOpen));
        }
    }

    #[test]
    fn an_older_secret_opens_and_seals_nothing() {
        let sealed = keys(1, "totp secrets").seal(ADA, b"secret", &SystemRandom).unwrap();
        let ring = Keyring::new(root(2), vec![root(1)]).unwrap();
        let keys_after = SealKeys::derive(&ring, "totp secrets").unwrap();
        assert!(keys_after.open(ADA, &sealed).unwrap().stale);
        let resealed = keys_after.seal(ADA, b"secret", &SystemRandom).unwrap();
        assert!(!keys_after.open(ADA, &resealed).unwrap().stale);
        assert!(keys(1, "totp secrets").open(ADA, &resealed).is_err());
    }
}
