//! Passwords everybody knows: the most used ones, and values that stand in
//! documentation and examples.
//!
//! # Not here
//! Passwords found in breaches (a list the operator supplies): [`super::breached`].

use zeroize::Zeroizing;

/// Values from documentation and examples of this product's ancestors and of common software. Compared without case
/// and punctuation, also when they are only a part that the rest hardly adds to.
const DEFAULTS: &[&str] = &[
    "0123456789abcdef",
    "1234567890123456",
    "adminadminadmin",
    "admin123",
    "administrator",
    "changeinproduction",
    "changemeinproduction",
    "changethispassword",
    "correcthorsebatterystaple",
    "defaultpassword",
    "devjwtsecretchangeinproduction",
    "devpassword",
    "devrootpassword",
    "devsecretkeychangeinproduction",
    "ducklingapikey",
    "iloveyouiloveyou",
    "letmeinletmein",
    "mallardmetricssalt",
    "mallardsecret",
    "mysqlrootpassword",
    "mysupersecretpassword",
    "passwordpassword",
    "pleasechangethispassword",
    "qwertyuiopasdfgh",
    "qwertyuiopasdfghjklzxcvbnm",
    "supersecretpassword",
    "thisisapassword",
    "thisismypassword",
    "waddleperfadmin",
    "yourkeyheremin32charslongabcdef",
    "yoursecretkeyhere",
    "yourstrongpassword",
    "yoursupersecretkey",
];

/// Words of the ancestors that no password should be built from.
pub(super) const WORDS: &[&str] =
    &["shelduck", "duckling", "mallard", "waddleperf", "draco", "metric", "duckdb", "password"];

/// Characters beyond a known value that make a password of its own.
const ADDED_MIN: usize = 12;

/// Whether it stands in documentation, or is hardly more than a value that does.
pub(super) fn is_default(password: &str) -> bool {
    let plain = plain(password);
    DEFAULTS.iter().any(|value| plain.contains(value) && plain.len() < value.len() + ADDED_MIN)
}

/// Whether it is among the hundred thousand most used ones: as typed, in another case, with other punctuation, with digits
/// behind it, or twice and more in a row.
pub(super) fn is_common(password: &str) -> bool {
    let plain = plain(password);
    let plain = plain.as_str();
    let lower = Zeroizing::new(password.to_lowercase());
    let bare = plain.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let spellings = [password, lower.as_str(), plain, bare, unit(plain), unit(bare)];
    spellings.iter().any(|text| !text.is_empty() && passwords::analyzer::is_common_password(text))
}

/// What a text repeats; the text itself when it repeats nothing.
fn unit(text: &str) -> &str {
    let repeats = |length: &usize| {
        text.is_char_boundary(*length)
            && text.len().is_multiple_of(*length)
            && text.split_at(*length).0.repeat(text.len() / length) == text
    };
    (1..=text.len() / 2).find(repeats).map_or(text, |length| text.split_at(length).0)
}

/// Letters and digits only, in lower case.
fn plain(text: &str) -> Zeroizing<String> {
    let letters = text.chars().filter(|letter| letter.is_alphanumeric());
    Zeroizing::new(letters.flat_map(char::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_ones_are_known_in_every_dress() {
        for text in [
            "1q2w3e4r5t6y7u8i",
            "1Q2W3E4R5T6Y7U8I",
            "zxcvbnmasdfghjkl",
            "Zxcvbnm, asdfghjkl!",
            "sunshine!sunshine",
            "Michael Jackson 1958",
            "Любимый любимый",
            "123456789987654321",
        ] {
            assert!(is_common(text), "{text}");
        }
        for text in ["violet tractor hums under seven bridges", "ключ от старого шкафа", "é", ""]
        {
            assert!(!is_common(text), "{text}");
        }
    }

    #[test]
    fn values_of_all_four_ancestors_are_known() {
        for text in [
            "dev_root_password",
            "dev_password",
            "dev-secret-key-change-in-production",
            "dev-jwt-secret-change-in-production",
            "admin123",
            "mallard-metrics-salt",
            "your-key-here-min-32-chars-long-abcdef",
            "DUCKLING_API_KEY",
        ] {
            assert!(is_default(text), "{text}");
        }
        assert!(!is_default("dev_password and a long walk along the estuary"));
    }

    #[test]
    fn a_repeated_text_is_its_unit() {
        for (text, expected) in [
            ("abcabcabc", "abc"),
            ("aaaa", "a"),
            ("abcabcab", "abcabcab"),
            ("ééé", "é"),
            ("a", "a"),
            ("", ""),
        ] {
            assert_eq!(unit(text), expected, "{text}");
        }
    }
}
