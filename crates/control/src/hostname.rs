//! Host names in one spelling: lower case, ASCII, no `www.`, port or last dot.
//!
//! Sites are named by host, browsers send hosts in `Origin`, and the two must compare byte for byte. The text is parsed by the
//! same library that parses the `Origin` of an event, so there is one opinion of what a host is. A leading `www.` is dropped on
//! both sides: it is the same site.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Host;

/// The longest host name in its ASCII form (RFC 1035).
pub const HOSTNAME_BYTES_MAX: usize = 253;

const LABEL_BYTES_MAX: usize = 63;

/// A host name or IPv4 address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hostname(String);

/// Why a text is not a host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostnameError {
    /// There is nothing.
    #[error("a host name is needed")]
    Empty,
    /// Longer than [`HOSTNAME_BYTES_MAX`], or a part of it longer than 63 bytes.
    #[error("the host name is too long")]
    TooLong,
    /// Not a host name: a URL, a port, a space, an IPv6 address, an empty part.
    #[error("write only a host name, such as example.com: no scheme, port or path")]
    Malformed,
}

impl Hostname {
    /// The host name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Hostname {
    type Err = HostnameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_empty() {
            return Err(HostnameError::Empty);
        }
        // Unicode can shrink when it becomes ASCII, but not from more than this.
        if text.len() > HOSTNAME_BYTES_MAX * 4 {
            return Err(HostnameError::TooLong);
        }
        let name = match Host::parse(text) {
            Ok(Host::Domain(name)) => name,
            Ok(Host::Ipv4(address)) => return Ok(Self(address.to_string())),
            Ok(Host::Ipv6(_)) | Err(_) => return Err(HostnameError::Malformed),
        };
        let mut name = name.as_str();
        // However often it is there: what was read once must read the same the next time.
        while let Some(rest) = name.strip_prefix("www.").filter(|rest| !rest.is_empty()) {
            name = rest;
        }
        if name.len() > HOSTNAME_BYTES_MAX
            || name.split('.').any(|label| label.len() > LABEL_BYTES_MAX)
        {
            return Err(HostnameError::TooLong);
        }
        let is_label = |label: &str| {
            let is_plain = |byte: u8| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
            };
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(is_plain)
        };
        if name.split('.').all(is_label) {
            Ok(Self(name.to_owned()))
        } else {
            Err(HostnameError::Malformed)
        }
    }
}

impl TryFrom<String> for Hostname {
    type Error = HostnameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Hostname> for String {
    fn from(name: Hostname) -> Self {
        name.0
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_host_are_one() {
        for (text, expected) in [
            ("Example.COM", "example.com"),
            (" example.com. ", "example.com"),
            ("www.Example.com", "example.com"),
            ("www.", "www"),
            ("www.www.example.com", "example.com"),
            ("www.www", "www"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("a_b.example", "a_b.example"),
        ] {
            assert_eq!(
                text.parse::<Hostname>().map(String::from),
                Ok(expected.to_owned()),
                "{text}"
            );
            assert_eq!(expected.parse::<Hostname>().map(String::from), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn what_is_not_a_host_is_refused() {
        use HostnameError::{Empty, Malformed, TooLong};
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(longest.len(), HOSTNAME_BYTES_MAX);
        assert!(longest.parse::<Hostname>().is_ok());
        for (text, expected) in [
            ("", Empty),
            (" . ", Empty),
            ("https://example.com", Malformed),
            ("example.com:8080", Malformed),
            ("example.com/path", Malformed),
            ("exam ple.com", Malformed),
            ("example..com", Malformed),
            ("*.example.com", Malformed),
            ("-a.example", Malformed),
            ("a-.example", Malformed),
            ("[::1]", Malformed),
            ("a'b.example", Malformed),
            ("user@example.com", Malformed),
            ("example.com\0", Malformed),
            (&format!("{longest}a"), TooLong),
            (&format!("{}.example", "a".repeat(64)), TooLong),
            (&"ü".repeat(4_000), TooLong),
        ] {
            assert_eq!(text.parse::<Hostname>(), Err(expected), "{text}");
        }
    }
}
