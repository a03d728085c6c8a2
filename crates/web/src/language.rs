//! The language a browser asks for.

/// The language of the first choice in `Accept-Language`, in lower case and without region: `de-CH, en;q=0.8` is `de`.
pub(crate) fn first_language(accept_language: &str) -> Option<String> {
    let first = accept_language.split([',', ';']).next()?.trim();
    let language = first.split(['-', '_']).next()?;
    // Two or three letters are a language (ISO 639); longer ones exist on paper only.
    let is_language = (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_language.then(|| language.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_choice_counts() {
        let check = |header: &str, expected: Option<&str>| {
            assert_eq!(first_language(header).as_deref(), expected, "{header:?}");
        };
        check("de-CH, en;q=0.8", Some("de"));
        check("EN", Some("en"));
        check(" fil-PH;q=0.9", Some("fil"));
        check("zh_Hans", Some("zh"));
        for nothing in ["", "*", ";q=1", "x", "english", "d3", "ü-DE", "\u{0}"] {
            check(nothing, None);
        }
    }
}
