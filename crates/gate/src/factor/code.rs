//! Codes that somebody types and that work once: from an app, or from the list
//! kept for the day the app is lost.
//!
//! A recovery code is 80 random bits in letters that are hard to mistake for each other; what stands in for one of them when
//! it is copied by hand is read as the one that was meant. Only a keyed code of it, which also covers its owner, is kept.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::principal::UserId;
use crate::random::{self, Random, RandomError};
use crate::secret::{Fingerprint, MacKey};

/// How many recovery codes an account gets at a time.
pub const RECOVERY_CODES: usize = 10;
/// Characters of one, five bits each.
const CHARACTERS: usize = 16;
/// Crockford's alphabet: no i, l, o, u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Longest text that is looked at.
const TYPED_BYTES_MAX: usize = 64;

/// A code as somebody typed it. It does not print, and is wiped when dropped.
#[derive(Clone)]
pub struct OneTimeCode(Zeroizing<String>);

impl OneTimeCode {
    /// Takes what was typed; spaces and dashes make no difference, and a text too long to be a code is none.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let letters = |letter: &char| !letter.is_whitespace() && *letter != '-';
        let short = if text.len() > TYPED_BYTES_MAX { "" } else { text };
        Self(Zeroizing::new(short.chars().filter(letters).collect()))
    }

    /// What was typed, without spaces and dashes.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// As a recovery code, if it can be one.
    fn recovery(&self) -> Option<Zeroizing<String>> {
        let meant = |letter: char| match letter.to_ascii_lowercase() {
            'o' => Some('0'),
            'i' | 'l' => Some('1'),
            letter => {
                u8::try_from(letter).is_ok_and(|byte| ALPHABET.contains(&byte)).then_some(letter)
            }
        };
        let text = self.0.chars().map(meant).collect::<Option<String>>().map(Zeroizing::new)?;
        (text.len() == CHARACTERS).then_some(text)
    }

    /// What is kept of it as that user's recovery code; none if it cannot be one.
    pub(crate) fn fingerprint(&self, key: &MacKey, user: UserId) -> Option<Fingerprint> {
        Some(key.mac(&[user.0.as_bytes(), self.recovery()?.as_bytes()]))
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OneTimeCode(hidden)")
    }
}

impl<'de> Deserialize<'de> for OneTimeCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let typed = Zeroizing::new(String::deserialize(deserializer)?);
        Ok(Self::new(&typed))
    }
}

impl schemars::JsonSchema for OneTimeCode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OneTimeCode".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "password", "maxLength": TYPED_BYTES_MAX })
    }
}

/// A new recovery code, in groups of four letters. This is the only time it is there.
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    pub(crate) fn generate(random: &dyn Random) -> Result<Self, RandomError> {
        let bytes = Zeroizing::new(random::array::<CHARACTERS>(random)?);
        let mut text = Zeroizing::new(String::with_capacity(CHARACTERS + CHARACTERS / 4));
        for (place, byte) in bytes.iter().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            // 256 is a multiple of 32, so each letter is equally likely.
            text.extend(ALPHABET.get(usize::from(byte & 31)).copied().map(char::from));
        }
        Ok(Self(text))
    }

    /// The code, to be shown.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn fingerprint(&self, key: &MacKey, user: UserId) -> Option<Fingerprint> {
        OneTimeCode::new(&self.0).fingerprint(key, user)
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RecoveryCode(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::random::SystemRandom;
    use crate::secret::RootSecret;

    fn user(number: u128) -> UserId {
        UserId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn a_recovery_code_is_known_however_it_is_copied() {
        let key = RootSecret::from_random([4; 32]).derive("recovery codes");
        let same = |one: &str, other: &str| {
            let code = |text: &str| OneTimeCode::new(text).fingerprint(&key, user(1));
            match (code(one), code(other)) {
                (Some(one), Some(other)) => one.matches(&other),
                _ => false,
            }
        };
        for copy in [
            "0a1b-2c3d-4e5f-6g7h",
            "0A1B 2C3D 4E5F 6G7H",
            "oaib2c3d4e5f6g7h",
            " Oalb-2c3d-4e5f-6g7h\t",
        ] {
            assert!(same("0a1b2c3d4e5f6g7h", copy), "{copy}");
        }
        for other in
            ["0a1b2c3d4e5f6g7", "0a1b2c3d4e5f6g7hh", "0a1b2c3d4e5f6g7u", "0a1b2c3d4e5f6g7é", ""]
        {
            assert!(!same("0a1b2c3d4e5f6g7h", other), "{other}");
        }
        assert!(!same(&"0 ".repeat(33), &"0 ".repeat(33)), "too long to be looked at");
    }

    #[test]
    fn what_is_kept_covers_the_owner() {
        let key = RootSecret::from_random([4; 32]).derive("recovery codes");
        let code = OneTimeCode::new("0a1b-2c3d-4e5f-6g7h");
        let kept = |number| code.fingerprint(&key, user(number)).unwrap();
        assert!(kept(1).matches(&kept(1)) && !kept(1).matches(&kept(2)));
    }

    #[test]
    fn codes_are_of_eighty_bits_and_all_different() {
        let codes: BTreeSet<String> = (0..200)
            .map(|_| RecoveryCode::generate(&SystemRandom).unwrap().expose().to_owned())
            .collect();
        assert_eq!(codes.len(), 200);
        let letters: BTreeSet<char> = codes.iter().flat_map(|code| code.chars()).collect();
        assert_eq!(letters.len(), 33, "32 letters and the dash: {letters:?}");
        for code in &codes {
            assert_eq!(code.replace('-', "").len() * 5, 80, "{code}");
            assert!(OneTimeCode::new(code).recovery().is_some());
        }
    }

    #[test]
    fn codes_do_not_print() {
        let code = RecoveryCode::generate(&SystemRandom).unwrap();
        let text = format!("{code:?} {:?}", OneTimeCode::new(code.expose()));
        assert_eq!(text, "RecoveryCode(hidden) OneTimeCode(hidden)");
    }
}
