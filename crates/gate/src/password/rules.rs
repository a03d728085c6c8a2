//! What may be a password.
//!
//! Long, not known, and not easily guessed; no rules about kinds of characters, and no expiry (NIST SP 800-63B-4).

use serde::Serialize;
use zxcvbn::Score;

use super::{PASSWORD_BYTES_MAX, PASSWORD_CHARACTERS_MAX, Password, PasswordConfig};

/// What is wrong with a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordFault {
    /// Too few characters.
    TooShort,
    /// Too many characters or bytes.
    TooLong,
    /// On the list of known ones.
    Known,
    /// Easily guessed.
    Guessable,
}

impl PasswordFault {
    /// What to tell the person.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::TooShort => {
                "is too short: use at least 16 characters, for example four or five words"
            }
            Self::TooLong => "is too long: use at most 128 characters",
            Self::Known => "is known to everybody",
            Self::Guessable => {
                "is easily guessed: use unrelated words, and not the names of things nearby"
            }
        }
    }
}

/// Decides what may be a password.
#[derive(Debug, Clone)]
pub struct Rules {
    characters_min: usize,
    words: &'static [&'static str],
}

/// Values from documentation and examples of this product's ancestors and of common software. Compared without case
/// and punctuation, also when they are only a part that the rest hardly adds to.
const KNOWN: &[&str] = &[
    "devrootpassword",
    "devpassword",
    "devsecretkeychangeinproduction",
    "devjwtsecretchangeinproduction",
    "changeinproduction",
    "changethispassword",
    "pleasechangethispassword",
    "changemeinproduction",
    "admin123",
    "adminadminadmin",
    "yoursecretkeyhere",
    "yoursupersecretkey",
    "yourstrongpassword",
    "mysupersecretpassword",
    "supersecretpassword",
    "thisisapassword",
    "thisismypassword",
    "passwordpassword",
    "correcthorsebatterystaple",
    "letmeinletmein",
    "iloveyouiloveyou",
    "qwertyuiopasdfgh",
    "qwertyuiopasdfghjklzxcvbnm",
    "1234567890123456",
    "0123456789abcdef",
    "defaultpassword",
    "administrator",
    "mysqlrootpassword",
    "mallardmetricssalt",
    "mallardsecret",
    "waddleperfadmin",
];

/// Words of the ancestors that no password should be built from.
const WORDS: &[&str] =
    &["shelduck", "duckling", "mallard", "waddleperf", "draco", "metric", "duckdb", "password"];

/// Characters beyond a known value that make a password of its own.
const ADDED_MIN: usize = 12;

impl Rules {
    /// Rules with those words of the product.
    #[must_use]
    pub const fn new(config: &PasswordConfig, words: &'static [&'static str]) -> Self {
        Self { characters_min: config.characters_min, words }
    }

    /// Says what is wrong with a new password of somebody with those words about them (name, host).
    ///
    /// # Errors
    /// The first thing wrong.
    pub fn check(&self, password: &Password, about: &[&str]) -> Result<(), PasswordFault> {
        let Some(normal) = password.normal() else {
            return Err(PasswordFault::TooLong);
        };
        if normal.chars().count() < self.characters_min {
            return Err(PasswordFault::TooShort);
        }
        let plain: String = normal
            .chars()
            .filter(|letter| letter.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        let known =
            |value: &&&str| plain.contains(**value) && plain.len() < value.len() + ADDED_MIN;
        if KNOWN.iter().find(known).is_some() {
            return Err(PasswordFault::Known);
        }
        let words: Vec<&str> = about.iter().chain(self.words).chain(WORDS).copied().collect();
        if zxcvbn::zxcvbn(&normal, &words).score() < Score::Three {
            return Err(PasswordFault::Guessable);
        }
        Ok(())
    }
}

const _: () = assert!(PASSWORD_BYTES_MAX >= 4 * PASSWORD_CHARACTERS_MAX);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), PasswordFault>) {
        let rules = Rules::new(&PasswordConfig::default(), &["gateway"]);
        assert_eq!(rules.check(&Password::new(text.to_owned()), &["grace"]), expected, "{text}");
    }

    #[test]
    fn length_is_counted_in_characters() {
        check("k7#pQz!m2Wx9vR4", Err(PasswordFault::TooShort));
        check("k7#pQz!m2Wx9vR4t", Ok(()));
        check("ключ от старого шкафа", Ok(()));
        check(&"kQ7# zr".repeat(19), Err(PasswordFault::TooLong));
    }

    #[test]
    fn known_and_guessable_ones_are_refused() {
        for text in [
            "dev-secret-key-change-in-production",
            "Dev-JWT-Secret-Change-In-Production!",
            "correct horse battery staple",
            "dev_root_password1",
            "admin123admin123",
            "1234567890123456",
            "administrator2024",
        ] {
            check(text, Err(PasswordFault::Known));
        }
        for text in [
            "aaaaaaaaaaaaaaaaaaaa",
            "gracegracegracegrace",
            "gatewaygatewaygateway",
            "shelduckshelduck",
            "abcdefghijklmnopqrst",
        ] {
            check(text, Err(PasswordFault::Guessable));
        }
        check("violet tractor hums under seven bridges", Ok(()));
    }
}
