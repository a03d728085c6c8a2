//! The shapes a setting can have, and how each is read from TOML and from text.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

/// A value as it was written, wherever it was written.
#[derive(Debug, Clone)]
pub(crate) enum Raw {
    /// From the file.
    Toml(toml::Value),
    /// From the environment, or from a file the environment names.
    Text(String),
}

impl Raw {
    /// The value as text; numbers and booleans of TOML are spelled out.
    fn text(&self) -> Result<String, String> {
        match self {
            Self::Text(text) => Ok(text.trim().to_owned()),
            Self::Toml(toml::Value::String(text)) => Ok(text.trim().to_owned()),
            Self::Toml(toml::Value::Integer(number)) => Ok(number.to_string()),
            Self::Toml(toml::Value::Boolean(value)) => Ok(value.to_string()),
            Self::Toml(other) => Err(format!("is a {}", other.type_str())),
        }
    }

    fn list(&self) -> Result<Vec<Self>, String> {
        match self {
            Self::Toml(toml::Value::Array(items)) => {
                Ok(items.iter().cloned().map(Self::Toml).collect())
            }
            Self::Toml(other) => Err(format!("is a {}", other.type_str())),
            Self::Text(text) => Ok(text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| Self::Text(item.to_owned()))
                .collect()),
        }
    }
}

/// A type that an option can have.
pub(crate) trait Setting: Sized {
    /// What one has to write, in words.
    const SHAPE: &'static str;
    /// Whether its value must never be shown.
    const SECRET: bool = false;

    /// Reads it; the error completes the sentence "the value …".
    fn read(raw: &Raw) -> Result<Self, String>;

    /// How the value would be written.
    fn show(&self) -> String;

    /// The value itself, when it is a secret and set.
    fn secret(&self) -> Option<&str> {
        None
    }

    /// The value itself, when it names a file and is set.
    fn file(&self) -> Option<&Path> {
        None
    }
}

macro_rules! from_str {
    ($($type:ty, $shape:literal);* $(;)?) => {
        $(impl Setting for $type {
            const SHAPE: &'static str = $shape;

            fn read(raw: &Raw) -> Result<Self, String> {
                let text = raw.text()?;
                text.parse().map_err(|_| format!("`{text}` is not {}", $shape))
            }

            fn show(&self) -> String {
                self.to_string()
            }
        })*
    };
}

from_str! {
    u32, "a whole number";
    u64, "a whole number";
    usize, "a whole number";
    bool, "true or false";
    SocketAddr, "an address with a port, like 127.0.0.1:8080";
    IpNet, "a network, like 10.0.0.0/8";
}

impl Setting for String {
    const SHAPE: &'static str = "text";

    fn read(raw: &Raw) -> Result<Self, String> {
        raw.text()
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Setting for PathBuf {
    const SHAPE: &'static str = "a path";

    fn read(raw: &Raw) -> Result<Self, String> {
        let text = raw.text()?;
        if text.is_empty() {
            Err("is empty; a path is needed".to_owned())
        } else {
            Ok(Self::from(text))
        }
    }

    fn show(&self) -> String {
        self.display().to_string()
    }

    fn file(&self) -> Option<&Path> {
        Some(self)
    }
}

impl Setting for SecretString {
    const SHAPE: &'static str = "a secret";
    const SECRET: bool = true;

    fn read(raw: &Raw) -> Result<Self, String> {
        // Nothing of the value may get into an error.
        let text = raw.text().map_err(|_| "is not text".to_owned())?;
        Ok(Self::from(text))
    }

    fn show(&self) -> String {
        if self.expose_secret().is_empty() { String::new() } else { "(set)".to_owned() }
    }

    fn secret(&self) -> Option<&str> {
        Some(self.expose_secret())
    }
}

impl<T: Setting> Setting for Option<T> {
    const SHAPE: &'static str = T::SHAPE;
    const SECRET: bool = T::SECRET;

    fn read(raw: &Raw) -> Result<Self, String> {
        if matches!(raw.text().as_deref(), Ok("")) { Ok(None) } else { T::read(raw).map(Some) }
    }

    fn show(&self) -> String {
        self.as_ref().map(T::show).unwrap_or_default()
    }

    fn secret(&self) -> Option<&str> {
        self.as_ref().and_then(T::secret)
    }

    fn file(&self) -> Option<&Path> {
        self.as_ref().and_then(T::file)
    }
}

impl<T: Setting> Setting for Vec<T> {
    const SHAPE: &'static str = "a list (in the environment: separated by commas)";

    fn read(raw: &Raw) -> Result<Self, String> {
        raw.list()?.iter().map(T::read).collect()
    }

    fn show(&self) -> String {
        self.iter().map(T::show).collect::<Vec<_>>().join(", ")
    }
}

/// A length of time, written with its unit.
impl Setting for Duration {
    const SHAPE: &'static str = "a duration with its unit, like 500ms, 30s, 5m, 12h or 90d";

    fn read(raw: &Raw) -> Result<Self, String> {
        let text = raw.text()?;
        parse_duration(&text).ok_or_else(|| format!("`{text}` is not {}", Self::SHAPE))
    }

    fn show(&self) -> String {
        let millis = self.as_millis();
        const UNITS: [(&str, u128); 5] =
            [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
        let (unit, size) = UNITS
            .into_iter()
            .find(|(_, size)| millis >= *size && millis.is_multiple_of(*size))
            .unwrap_or(("ms", 1));
        format!("{}{unit}", millis / size)
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let split = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().ok()?;
    let millis = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(millis)?))
}

/// A number of bytes, written with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

impl Setting for Bytes {
    const SHAPE: &'static str = "a size with its unit, like 64KiB, 512MiB or 2GiB";

    fn read(raw: &Raw) -> Result<Self, String> {
        let text = raw.text()?;
        parse_bytes(&text).map(Self).ok_or_else(|| format!("`{text}` is not {}", Self::SHAPE))
    }

    fn show(&self) -> String {
        const UNITS: [(&str, u64); 4] =
            [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];
        let (unit, size) = UNITS
            .into_iter()
            .find(|(_, size)| self.0 >= *size && self.0.is_multiple_of(*size))
            .unwrap_or(("B", 1));
        format!("{}{unit}", self.0 / size)
    }
}

fn parse_bytes(text: &str) -> Option<u64> {
    let split = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().ok()?;
    let size = match unit.trim() {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(size)
}

/// An enumeration whose values are words.
macro_rules! words {
    ($type:ty { $($word:literal => $value:path),+ $(,)? }) => {
        impl $crate::config::setting::Setting for $type {
            const SHAPE: &'static str = concat!("one of", $(" `", $word, "`"),+);

            fn read(raw: &$crate::config::setting::Raw) -> Result<Self, String> {
                let text = <String as $crate::config::setting::Setting>::read(raw)?;
                match text.as_str() {
                    $($word => Ok($value),)+
                    _ => Err(format!("`{text}` is not {}", <Self as $crate::config::setting::Setting>::SHAPE)),
                }
            }

            fn show(&self) -> String {
                match self {
                    $($value => $word.to_owned(),)+
                }
            }
        }
    };
}
pub(crate) use words;

#[cfg(test)]
mod tests {
    use super::*;

    fn text<T: Setting>(text: &str) -> Result<String, String> {
        T::read(&Raw::Text(text.to_owned())).map(|value| value.show())
    }

    #[test]
    fn durations_and_sizes_need_their_unit() {
        assert_eq!(text::<Duration>("90s").unwrap(), "90s");
        assert_eq!(text::<Duration>("120s").unwrap(), "2m");
        assert_eq!(text::<Bytes>("1024MiB").unwrap(), "1GiB");
        for wrong in ["", "5", "s", "5 weeks", "-1s", "99999999999999999999d"] {
            assert!(text::<Duration>(wrong).is_err(), "{wrong}");
            assert!(text::<Bytes>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lists_come_from_both_places() {
        assert_eq!(text::<Vec<IpNet>>("10.0.0.0/8, ::1/128").unwrap(), "10.0.0.0/8, ::1/128");
        let array = toml::Value::Array(vec!["a".into(), "b".into()]);
        assert_eq!(Vec::<String>::read(&Raw::Toml(array)).unwrap(), ["a", "b"]);
        assert!(Vec::<String>::read(&Raw::Toml("a".into())).is_err());
    }

    #[test]
    fn a_secret_is_never_in_an_error() {
        let error =
            SecretString::read(&Raw::Toml(toml::Value::Array(vec!["hunter2".into()]))).unwrap_err();
        assert!(!error.contains("hunter2"));
    }
}
