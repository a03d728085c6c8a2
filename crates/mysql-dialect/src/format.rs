//! Formats of `DATE_FORMAT` and `STR_TO_DATE` in the engine's letters.

use crate::DialectError;

/// A format, and whether it says anything of the time of day.
pub(crate) struct Format {
    pub(crate) text: String,
    pub(crate) has_time: bool,
}

/// Translates a format.
///
/// # Errors
/// A letter that the engine has no counterpart for: the ordinal day, and weeks that begin or count in MySQL's own ways.
pub(crate) fn translate(format: &str) -> Result<Format, DialectError> {
    let mut text = String::new();
    let mut has_time = false;
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let Some(letter) = letters.next() else {
            text.push_str("%%");
            break;
        };
        has_time |=
            matches!(letter, 'H' | 'h' | 'I' | 'k' | 'l' | 'i' | 's' | 'S' | 'f' | 'p' | 'r' | 'T');
        match letter {
            'Y' | 'y' | 'm' | 'd' | 'H' | 'I' | 'p' | 'S' | 'f' | 'a' | 'b' | 'j' | 'w' | 'U'
            | '%' => {
                text.push('%');
                text.push(letter);
            }
            'M' => text.push_str("%B"),
            'W' => text.push_str("%A"),
            'c' => text.push_str("%-m"),
            'e' => text.push_str("%-d"),
            'k' => text.push_str("%-H"),
            'l' => text.push_str("%-I"),
            'h' => text.push_str("%I"),
            'i' => text.push_str("%M"),
            's' => text.push_str("%S"),
            'v' => text.push_str("%V"),
            'x' => text.push_str("%G"),
            'r' => text.push_str("%I:%M:%S %p"),
            'T' => text.push_str("%H:%M:%S"),
            'D' | 'u' | 'V' | 'X' => {
                return Err(DialectError::unsupported(format!("the format letter %{letter}")));
            }
            // Any other letter stands for itself.
            other => text.push(other),
        }
    }
    Ok(Format { text, has_time })
}
