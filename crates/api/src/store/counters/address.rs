//! Where Redis is, as an operator writes it.

use std::net::IpAddr;

use redis::{Client, ConnectionAddr, IntoConnectionInfo};
use url::Url;

/// Where a Redis or Valkey is: with TLS (`rediss:`), without (`redis:`), or a socket (`unix:`). It may hold a password and
/// is never shown.
pub struct RedisAddress(Client);

/// Redis cannot be used like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedisAddressError {
    /// The address is none.
    #[error("not the address of a Redis server")]
    Malformed,
    /// It has something after a `#`, by which the library would trust any certificate.
    #[error(
        "an address with something after a #, which could switch off the check of certificates"
    )]
    Fragment,
}

impl RedisAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// It is none, or asks for less than a checked certificate.
    pub fn parse(text: &str) -> Result<Self, RedisAddressError> {
        // The library's own errors could repeat the address, which may hold a password.
        let url = Url::parse(text).map_err(|_| RedisAddressError::Malformed)?;
        if url.fragment().is_some() {
            return Err(RedisAddressError::Fragment);
        }
        let info = url.into_connection_info().map_err(|_| RedisAddressError::Malformed)?;
        Client::open(info).map(Self).map_err(|_| RedisAddressError::Malformed)
    }

    /// Whether what is sent there crosses a network that others could read.
    #[must_use]
    pub fn is_readable_on_the_way(&self) -> bool {
        match self.0.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, _) => {
                host != "localhost"
                    && !host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            }
            _ => false,
        }
    }

    pub(super) fn client(&self) -> Client {
        self.0.clone()
    }

    /// An address whose certificate this one vouches for.
    #[cfg(test)]
    pub(super) fn trusting(url: &str, certificate: String) -> Self {
        let certificates =
            redis::TlsCertificates { client_tls: None, root_cert: Some(certificate.into_bytes()) };
        Self(Client::build_with_tls(url, certificates).unwrap())
    }
}

impl std::fmt::Debug for RedisAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RedisAddress")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_refused_without_repeating_it() {
        for text in [
            "",
            "hunter2",
            "http://:hunter2@host",
            "redis://:hunter2@host/first",
            "redis://:hunter2@0.0.0.0",
            "redis://",
            "unix:hunter2",
            "rediss://:hunter2@host:0x50",
        ] {
            let error = RedisAddress::parse(text).unwrap_err();
            assert_eq!(error, RedisAddressError::Malformed, "{text}");
            assert!(!format!("{error:?} {error}").contains("hunter2"));
        }
        let unchecked = RedisAddress::parse("rediss://host:6379/#insecure").unwrap_err();
        assert_eq!(unchecked, RedisAddressError::Fragment);
    }

    #[test]
    fn what_crosses_a_network_in_the_open_is_told_from_what_does_not() {
        for (text, readable) in [
            ("redis://redis.example:6379/0", true),
            ("redis://10.1.2.3", true),
            ("redis://localhost/1", false),
            ("redis://127.0.0.1:7000", false),
            ("redis://[::1]", false),
            ("rediss://:password@redis.example:6380/0", false),
            ("unix:///run/redis/redis.sock", false),
        ] {
            assert_eq!(RedisAddress::parse(text).unwrap().is_readable_on_the_way(), readable);
        }
    }
}
