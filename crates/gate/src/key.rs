//! API keys: how they are written, read and recognised.
//!
//! `shd_live_<id>_<secret>_<checksum>`: a prefix that scanners find, the environment it was made for, a public id by
//! which it is looked up, 256 random bits, and six characters by which a typing error is told from a wrong key before
//! any look-up.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::random::{self, Random, RandomError};
use crate::secret::{Fingerprint, MacKey};

mod imported;

pub use imported::{
    IMPORTED_BASE64_MIN, IMPORTED_CHARACTERS_MAX, IMPORTED_CHARACTERS_MIN, IMPORTED_HEX_MIN,
    ImportError, ImportedKey,
};

const PREFIX: &str = "shd";
const ID_CHARACTERS: usize = 16;
/// 43 letters of 62 carry 256 bits.
const SECRET_CHARACTERS: usize = 43;
const CHECKSUM_CHARACTERS: usize = 6;
/// Longest name of an environment inside a key.
pub const ENVIRONMENT_CHARACTERS_MAX: usize = 8;

/// The public half of a key: names it, opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
#[schemars(transparent)]
pub struct KeyId(Arc<str>);

impl KeyId {
    /// Reads an id: exactly sixteen letters and digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_base62(text, ID_CHARACTERS).then(|| Self(Arc::from(text)))
    }

    /// Its written form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An id made from a code instead of drawn.
    fn coded(code: &Fingerprint) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = code.half();
        let half = |bytes| random::base62_number(u64::from_be_bytes(bytes), ID_CHARACTERS / 2);
        let text = half([a, b, c, d, e, f, g, h]) + &half([i, j, k, l, m, n, o, p]);
        Self(Arc::from(text))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl serde::Serialize for KeyId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for KeyId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a key id"))
    }
}

/// Why a text is not a key of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFormatError {
    /// Not of the shape at all.
    #[error("not shaped like a key")]
    Shape,
    /// Of the shape, but mistyped.
    #[error("the checksum does not fit")]
    Checksum,
}

/// A secret in the written form that all secrets of ours share; the prefix says of which kind it is.
#[derive(Clone)]
pub(crate) struct KeyText {
    id: Arc<str>,
    environment_end: usize,
    text: Zeroizing<String>,
}

impl KeyText {
    /// Draws a new one for that environment (one to eight lower-case letters).
    pub(crate) fn generate(
        prefix: &str,
        environment: &str,
        random: &dyn Random,
    ) -> Result<Self, RandomError> {
        let id = random::base62(random, ID_CHARACTERS)?;
        Self::make(&format!("{prefix}_{environment}"), &id, random)
    }

    /// Draws another secret behind the same public half.
    pub(crate) fn with_new_secret(&self, random: &dyn Random) -> Result<Self, RandomError> {
        let start = self.text.get(..self.environment_end).unwrap_or_default();
        Self::make(start, &self.id, random)
    }

    fn make(start: &str, id: &str, random: &dyn Random) -> Result<Self, RandomError> {
        let secret = Zeroizing::new(random::base62(random, SECRET_CHARACTERS)?);
        let head = Zeroizing::new(format!("{start}_{id}_{}", *secret));
        let text = Zeroizing::new(format!("{}_{}", *head, checksum(&head)));
        Ok(Self { id: Arc::from(id), environment_end: start.len(), text })
    }

    pub(crate) fn parse(prefix: &str, text: &str) -> Result<Self, KeyFormatError> {
        let (head, sum) = text.rsplit_once('_').ok_or(KeyFormatError::Shape)?;
        let mut parts = head.split('_');
        let (Some(shown), Some(environment), Some(id), Some(secret), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(KeyFormatError::Shape);
        };
        let shaped = shown == prefix
            && is_environment(environment)
            && is_base62(id, ID_CHARACTERS)
            && is_base62(secret, SECRET_CHARACTERS)
            && is_base62(sum, CHECKSUM_CHARACTERS);
        if !shaped {
            return Err(KeyFormatError::Shape);
        }
        if checksum(head) != sum {
            return Err(KeyFormatError::Checksum);
        }
        let environment_end = prefix.len() + 1 + environment.len();
        Ok(Self { id: Arc::from(id), environment_end, text: Zeroizing::new(text.to_owned()) })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn environment(&self) -> &str {
        let start = self.text.get(..self.environment_end).unwrap_or_default();
        start.split_once('_').map_or("", |(_, environment)| environment)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.text
    }
}

/// A whole key as it is shown once and sent with requests.
#[derive(Clone)]
pub struct ApiKey {
    id: KeyId,
    text: KeyText,
}

impl ApiKey {
    /// Draws a new key for that environment (one to eight lower-case letters).
    ///
    /// # Errors
    /// There is no randomness.
    pub fn generate(environment: &str, random: &dyn Random) -> Result<Self, RandomError> {
        KeyText::generate(PREFIX, environment, random).map(Self::of)
    }

    /// Reads a key.
    ///
    /// # Errors
    /// Any text that this server cannot have made.
    pub fn parse(text: &str) -> Result<Self, KeyFormatError> {
        KeyText::parse(PREFIX, text).map(Self::of)
    }

    fn of(text: KeyText) -> Self {
        Self { id: KeyId(Arc::clone(&text.id)), text }
    }

    /// The public half.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// The environment it was made for.
    #[must_use]
    pub fn environment(&self) -> &str {
        self.text.environment()
    }

    /// The whole key. Show it once, store it never.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// What is stored of it.
    #[must_use]
    pub fn fingerprint(&self, key: &MacKey) -> Fingerprint {
        key.mac(&[self.expose().as_bytes()])
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ApiKey({}, hidden)", self.id)
    }
}

/// Whether that may stand for an environment inside a key.
#[must_use]
pub fn is_environment(text: &str) -> bool {
    (1..=ENVIRONMENT_CHARACTERS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn is_base62(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn checksum(head: &str) -> String {
    let [a, b, c, d, e, f, g, h, ..] = Fingerprint::of(head.as_bytes()).0;
    random::base62_number(u64::from_be_bytes([a, b, c, d, e, f, g, h]), CHECKSUM_CHARACTERS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn a_made_key_is_read_back() {
        for environment in ["live", "t", "eightchr"] {
            let key = ApiKey::generate(environment, &SystemRandom).unwrap();
            let read = ApiKey::parse(key.expose()).unwrap();
            assert_eq!((read.id(), read.environment()), (key.id(), environment));
            assert_eq!(read.expose(), key.expose());
        }
    }

    #[test]
    fn every_single_typing_error_is_noticed() {
        let key = ApiKey::generate("live", &SystemRandom).unwrap();
        for (place, letter) in key.expose().char_indices() {
            for other in ['a', 'Z', '0', '_'] {
                if other != letter {
                    let mut text = key.expose().to_owned();
                    text.replace_range(place..=place, &other.to_string());
                    assert!(ApiKey::parse(&text).is_err(), "{place} {other}");
                }
            }
        }
    }

    #[test]
    fn near_misses_are_not_keys() {
        let key = ApiKey::generate("live", &SystemRandom).unwrap();
        let text = key.expose();
        for wrong in [
            "",
            "_",
            "____",
            &text[1..],
            &text[..text.len() - 1],
            &format!("{text} "),
            &text.to_uppercase(),
        ] {
            assert!(ApiKey::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,120}") {
            let _ = ApiKey::parse(&text);
        }

        #[test]
        fn only_made_keys_are_read(id in "[0-9A-Za-z]{16}", secret in "[0-9A-Za-z]{43}", sum in "[0-9A-Za-z]{6}") {
            let head = format!("shd_live_{id}_{secret}");
            let text = format!("{head}_{sum}");
            prop_assert_eq!(ApiKey::parse(&text).is_ok(), checksum(&head) == sum);
        }
    }
}
