//! The client's address behind proxies that are trusted, and only those.
//!
//! The header is walked from the right: the socket's own address, then what the nearest proxy saw, and so on. The first
//! that is not a trusted proxy is the client; what stands further left is what the client itself claimed. Anything that
//! does not parse ends the walk at the last address that is sure.
//!
//! # Invariants
//! - One family of headers is read, the one the operator says that the proxies write ([`ForwardedHeader`]); the other is
//!   what a client may have sent, and is never looked at.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub mod element;

/// The family of headers that the trusted proxies write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239), whose `for` and `proto` are read.
    Forwarded,
}

/// Most hops looked at.
const HOPS_MAX: usize = 32;

/// What the walk found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walked {
    /// The client.
    pub client: IpAddr,
    /// Whether a part that had to be read could not be.
    pub malformed: bool,
}

/// Walks the chain. `forwarded` holds the header's lines in the order they came.
#[must_use]
pub fn walk<'a>(
    socket: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a str>,
    trusted: &[IpNet],
) -> Walked {
    let mut client = socket.to_canonical();
    let hops = forwarded.rev().flat_map(|line| line.rsplit(','));
    for hop in hops.take(HOPS_MAX) {
        if !is_trusted(client, trusted) {
            return Walked { client, malformed: false };
        }
        match parse(hop) {
            Some(address) => client = address,
            // A broken chain proves nothing about anybody further left, so the whole of it is put aside.
            None => return Walked { client: socket.to_canonical(), malformed: true },
        }
    }
    Walked { client, malformed: false }
}

/// Whether that address is one of the trusted proxies.
#[must_use]
pub fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

fn parse(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(hop)
        .parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(socket: &str, lines: &[&str], expected: &str) {
        let trusted: Vec<IpNet> =
            ["10.0.0.0/8", "2001:db8::/32"].iter().map(|text| text.parse().unwrap()).collect();
        let walked = walk(socket.parse().unwrap(), lines.iter().copied(), &trusted);
        let text = if walked.malformed {
            format!("{}!", walked.client)
        } else {
            walked.client.to_string()
        };
        assert_eq!(text, expected, "{socket} {lines:?}");
    }

    #[test]
    fn the_first_untrusted_address_from_the_right_is_the_client() {
        check("192.0.2.1", &[], "192.0.2.1");
        check("192.0.2.1", &["198.51.100.7"], "192.0.2.1");
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &["203.0.113.9, 198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &["203.0.113.9", "198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &["198.51.100.7, 10.9.9.9"], "198.51.100.7");
        check("10.0.0.1", &["203.0.113.9, 198.51.100.7", "10.9.9.9,10.2.2.2"], "198.51.100.7");
        check("10.0.0.1", &["10.3.3.3"], "10.3.3.3");
        check("2001:db8::1", &["[2001:db9::7]:443"], "2001:db9::7");
    }

    #[test]
    fn mapped_addresses_and_ports_are_understood() {
        check("::ffff:10.0.0.1", &["::ffff:198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &["198.51.100.7:4711"], "198.51.100.7");
    }

    #[test]
    fn a_malformed_chain_counts_for_nothing() {
        for line in [
            "garbage",
            "198.51.100.7,",
            "",
            "198.51.100.7, unknown",
            "198.51.100.7, fe80::1%eth0",
            "1.2.3.4.5",
        ] {
            check("10.0.0.1", &[line], "10.0.0.1!");
        }
        check("10.0.0.1", &["garbage, 198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &["garbage, 10.4.4.4"], "10.0.0.1!");
    }

    proptest! {
        #[test]
        fn what_the_client_wrote_never_matters(claimed in "\\PC{0,60}", hops in 0_usize..4) {
            let trusted = ["10.0.0.0/8".parse().unwrap()];
            let mut line = format!("{claimed}, 198.51.100.7");
            for _ in 0..hops {
                line.push_str(", 10.1.1.1");
            }
            let walked = walk("10.0.0.1".parse().unwrap(), [line.as_str()].into_iter(), &trusted);
            prop_assert_eq!(walked.client.to_string(), "198.51.100.7");
        }

        #[test]
        fn nobody_untrusted_speaks_for_others(line in "\\PC{0,60}") {
            let walked = walk("192.0.2.1".parse().unwrap(), [line.as_str()].into_iter(), &["10.0.0.0/8".parse().unwrap()]);
            prop_assert_eq!(walked.client.to_string(), "192.0.2.1");
        }
    }
}
