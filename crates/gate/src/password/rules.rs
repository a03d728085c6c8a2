//! What may be a password.
//!
//! Long, not known, and not easily guessed; no rules about kinds of characters unless the operator insists, and no expiry
//! (NIST SP 800-63B-4). How easily one is guessed is judged with the person's and the product's own words at hand.

use serde::Serialize;
use zeroize::Zeroizing;
use zxcvbn::Score;

use super::known;
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
    /// Not of all kinds of characters, where the operator insists on that.
    OneKind,
    /// Found in a breach.
    Breached,
    /// Used before.
    Former,
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
            Self::OneKind => {
                "must have an upper-case letter, a lower-case letter, a digit and a symbol"
            }
            Self::Breached => "has been found in a data breach: choose one that nobody has used",
            Self::Former => "is one of your former passwords: choose another",
        }
    }
}

/// Decides what may be a password, as far as the password alone can tell.
#[derive(Debug, Clone)]
pub struct Rules {
    characters_min: usize,
    composition: bool,
    words: Vec<String>,
}

/// Fewest letters of a word that is worth avoiding.
const WORD_CHARACTERS_MIN: usize = 3;

impl Rules {
    /// Rules with those words of the product and of this installation.
    #[must_use]
    pub fn new<'a>(config: &PasswordConfig, words: impl IntoIterator<Item = &'a str>) -> Self {
        let words = words.into_iter().chain(known::WORDS.iter().copied()).flat_map(parts);
        Self {
            characters_min: config.characters_min,
            composition: config.composition,
            words: words.collect(),
        }
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
        if known::is_default(&normal) {
            return Err(PasswordFault::Known);
        }
        if self.composition && !has_all_kinds(&normal) {
            return Err(PasswordFault::OneKind);
        }
        let about: Vec<String> = about.iter().copied().flat_map(parts).collect();
        let words: Vec<&str> = about.iter().chain(&self.words).map(String::as_str).collect();
        if zxcvbn::zxcvbn(&normal, &words).score() < Score::Three {
            return Err(PasswordFault::Guessable);
        }
        if known::is_common(&normal) {
            return Err(PasswordFault::Known);
        }
        Ok(())
    }
}

/// A text and the words in it: of `ada@mail.example.org` also `ada`, `mail`, `example`.
fn parts(text: &str) -> impl Iterator<Item = String> {
    let whole = std::iter::once(text);
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    let long = |word: &&str| word.chars().count() >= WORD_CHARACTERS_MIN;
    whole.chain(words).filter(long).map(str::to_owned)
}

fn has_all_kinds(text: &Zeroizing<String>) -> bool {
    let any = |kind: fn(char) -> bool| text.chars().any(kind);
    any(char::is_uppercase)
        && any(char::is_lowercase)
        && any(char::is_numeric)
        && any(|letter| !letter.is_alphanumeric() && !letter.is_whitespace())
}

const _: () = assert!(PASSWORD_BYTES_MAX >= 4 * PASSWORD_CHARACTERS_MAX);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), PasswordFault>) {
        let rules =
            Rules::new(&PasswordConfig::default(), ["gateway", "https://stats.heronry.example"]);
        assert_eq!(
            rules.check(&Password::new(text.to_owned()), &["grace.hopper@navy.example"]),
            expected,
            "{text}"
        );
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
            "grace.hopper@navy.example",
            "hopperhopperhopper",
            "gatewaygatewaygateway",
            "heronryheronryheronry",
            "shelduckshelduck",
            "abcdefghijklmnopqrst",
        ] {
            check(text, Err(PasswordFault::Guessable));
        }
        check("violet tractor hums under seven bridges", Ok(()));
    }

    #[test]
    fn kinds_of_characters_count_only_when_the_operator_insists() {
        let config = PasswordConfig { composition: true, ..PasswordConfig::default() };
        let rules = Rules::new(&config, []);
        let check = |text: &str| rules.check(&Password::new(text.to_owned()), &[]);
        for text in [
            "violet tractor hums under seven bridges",
            "Violet tractor hums under 7 bridges",
            "violet tractor hums under 7 bridges!",
            "VIOLET TRACTOR HUMS UNDER 7 BRIDGES!",
            "Violet tractor hums under bridges!",
        ] {
            assert_eq!(check(text), Err(PasswordFault::OneKind), "{text}");
        }
        assert_eq!(check("Violet tractor hums under 7 bridges!"), Ok(()));
        assert_eq!(check("Éclair von 4 Bäckern, warm"), Ok(()));
    }
}
