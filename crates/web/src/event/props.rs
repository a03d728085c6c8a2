//! Custom properties: up to 30 short texts by name.

use std::borrow::Cow;

use serde::ser::{SerializeMap, Serializer};

use super::body::Loose;
use super::error::Rule;

/// How many properties are kept; those written after are left out, as Plausible does.
pub const PROPS_MAX: usize = 30;
/// The longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 300;
/// The longest value, in bytes.
pub const VALUE_BYTES_MAX: usize = 2_000;

/// The text of a JSON object whose values are texts; `None` when no property is set. An empty or `null` value means not set.
pub(super) fn canonical(value: Loose<'_>) -> Result<Option<String>, Rule> {
    match value {
        Loose::Nothing => Ok(None),
        Loose::Object(entries) => write(entries),
        Loose::Text(text) if text.trim().is_empty() => Ok(None),
        Loose::Text(text) => match serde_json::from_str::<Loose<'_>>(&text) {
            Ok(Loose::Object(entries)) => write(entries),
            Ok(Loose::Nothing) => Ok(None),
            _ => Err(Rule::NotAnObject),
        },
        _ => Err(Rule::NotAnObject),
    }
}

fn write(entries: Vec<(Cow<'_, str>, Loose<'_>)>) -> Result<Option<String>, Rule> {
    let mut kept: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let value = scalar(value)?;
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(Rule::KeyLength { bytes_max: KEY_BYTES_MAX });
        }
        if key.chars().any(char::is_control) {
            return Err(Rule::ControlCharacter);
        }
        if value.is_empty() {
            continue;
        }
        if value.len() > VALUE_BYTES_MAX {
            return Err(Rule::ValueLength { bytes_max: VALUE_BYTES_MAX });
        }
        match kept.iter_mut().find(|(known, _)| *known == key) {
            Some((_, earlier)) => *earlier = value,
            None => kept.push((key, value)),
        }
    }
    if kept.is_empty() {
        return Ok(None);
    }
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut text);
    let written = (|| {
        let mut map = serializer.serialize_map(Some(kept.len()))?;
        for (key, value) in &kept {
            map.serialize_entry(key, value)?;
        }
        map.end()
    })();
    written.map_err(|_| Rule::NotAnObject)?;
    String::from_utf8(text).map(Some).map_err(|_| Rule::NotAnObject)
}

fn scalar(value: Loose<'_>) -> Result<Cow<'_, str>, Rule> {
    Ok(match value {
        Loose::Nothing => Cow::Borrowed(""),
        Loose::Bool(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
        Loose::Unsigned(number) => Cow::Owned(number.to_string()),
        Loose::Signed(number) => Cow::Owned(number.to_string()),
        Loose::Float(number) => Cow::Owned(number.to_string()),
        Loose::Text(text) if text.chars().any(char::is_control) => {
            Cow::Owned(text.chars().filter(|letter| !letter.is_control()).collect())
        }
        Loose::Text(text) => text,
        Loose::Object(_) | Loose::List => return Err(Rule::NotScalar),
    })
}
