//! User names, in the one spelling that is stored, looked up and counted.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// Most characters of a user name.
pub const NAME_CHARACTERS_MAX: usize = 64;

/// A user name in its canonical spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(String);

impl UserName {
    /// Reads a name in any spelling.
    ///
    /// Letters and digits of any script and `. _ - + @` inside; one to 64 characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = canonical(text);
        let plain = |letter: char| {
            letter.is_alphanumeric() || matches!(letter, '.' | '_' | '-' | '+' | '@')
        };
        let fits = (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count());
        (fits && name.chars().all(plain)).then_some(Self(name))
    }

    /// The canonical spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The one spelling of any text given as a name, also of impossible ones, so that their failures are counted.
///
/// Compatibility forms, case and surrounding space make no difference. Lower case of upper case folds the few letters
/// (such as the sharp s) that lower case alone leaves apart.
pub(crate) fn canonical(text: &str) -> String {
    let bounded = text.trim().chars().take(4 * NAME_CHARACTERS_MAX);
    let folded: String =
        bounded.nfkc().collect::<String>().to_uppercase().to_lowercase().nfkc().collect();
    folded.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spelling: &str, expected: Option<&str>) {
        assert_eq!(
            UserName::parse(spelling).as_ref().map(UserName::as_str),
            expected,
            "{spelling:?}"
        );
    }

    #[test]
    fn spellings_of_one_name_are_one_name() {
        for spelling in ["ada", "ADA", " Ada\t", "ＡＤＡ", "\u{00a0}ada "] {
            check(spelling, Some("ada"));
        }
        check("STRASSE", Some("strasse"));
        check("straße", Some("strasse"));
        check("e\u{301}va", Some("éva"));
    }

    #[test]
    fn names_are_bounded_and_plain() {
        check("", None);
        check("  ", None);
        check("a b", None);
        check("a\u{0}b", None);
        check("<script>", None);
        check("ada@example.org", Some("ada@example.org"));
        check(&"a".repeat(64), Some(&"a".repeat(64)));
        check(&"a".repeat(65), None);
    }
}
