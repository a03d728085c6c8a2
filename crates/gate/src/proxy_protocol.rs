//! The PROXY protocol, version 2: what a proxy says about its client.
//!
//! The header comes before everything else on a connection. Whether its sender may be believed is for the caller to know.
//! Only what such a proxy can truly say is read: a TCP connection of IPv4 or IPv6, or one of the proxy's own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Bytes of the part that says how long the rest is.
pub const PREFIX_BYTES: usize = 16;
/// Longest rest that is read: addresses, and what the proxy adds about TLS.
pub const REST_BYTES_MAX: usize = 1024;

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
const COMMAND_LOCAL: u8 = 0x20;
const COMMAND_PROXY: u8 = 0x21;
const FAMILY_TCP_V4: u8 = 0x11;
const FAMILY_TCP_V6: u8 = 0x21;
const TYPE_SSL: u8 = 0x20;
const CLIENT_SSL: u8 = 0x01;

/// Who is behind the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// The proxy itself, as in its own health checks.
    Itself,
    /// A client.
    Client {
        /// Where it connects from.
        address: SocketAddr,
        /// Whether its connection to the proxy is encrypted.
        tls: bool,
    },
}

/// It is no header, or one that says what no client of ours can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection does not begin with a PROXY protocol header that can be read")]
pub struct Unreadable;

/// How many bytes follow the prefix.
///
/// # Errors
/// It is not the beginning of a header, or of one that is too long.
pub fn rest_bytes(prefix: &[u8; PREFIX_BYTES]) -> Result<usize, Unreadable> {
    let [.., high, low] = *prefix;
    let length = usize::from(u16::from_be_bytes([high, low]));
    let fits = prefix.starts_with(&SIGNATURE) && length <= REST_BYTES_MAX;
    fits.then_some(length).ok_or(Unreadable)
}

/// What the header says.
///
/// # Errors
/// It cannot be read, or speaks of anything but a TCP connection.
pub fn read(prefix: &[u8; PREFIX_BYTES], rest: &[u8]) -> Result<Announced, Unreadable> {
    if rest_bytes(prefix)? != rest.len() {
        return Err(Unreadable);
    }
    let [.., command, family, _, _] = *prefix;
    match (command, family) {
        (COMMAND_LOCAL, _) => Ok(Announced::Itself),
        (COMMAND_PROXY, FAMILY_TCP_V4) => client(v4(rest).ok_or(Unreadable)?),
        (COMMAND_PROXY, FAMILY_TCP_V6) => client(v6(rest).ok_or(Unreadable)?),
        _ => Err(Unreadable),
    }
}

fn client((address, port, additions): (IpAddr, [u8; 2], &[u8])) -> Result<Announced, Unreadable> {
    let address = SocketAddr::new(address.to_canonical(), u16::from_be_bytes(port));
    Ok(Announced::Client { address, tls: is_encrypted(additions)? })
}

/// Source address, source port, and what follows the destination's.
fn v4(rest: &[u8]) -> Option<(IpAddr, [u8; 2], &[u8])> {
    let (source, rest) = rest.split_first_chunk::<4>()?;
    let (_, rest) = rest.split_first_chunk::<4>()?;
    let (port, rest) = rest.split_first_chunk::<2>()?;
    let (_, rest) = rest.split_first_chunk::<2>()?;
    Some((Ipv4Addr::from(*source).into(), *port, rest))
}

fn v6(rest: &[u8]) -> Option<(IpAddr, [u8; 2], &[u8])> {
    let (source, rest) = rest.split_first_chunk::<16>()?;
    let (_, rest) = rest.split_first_chunk::<16>()?;
    let (port, rest) = rest.split_first_chunk::<2>()?;
    let (_, rest) = rest.split_first_chunk::<2>()?;
    Some((Ipv6Addr::from(*source).into(), *port, rest))
}

/// Whether one of the additions says that the client speaks TLS.
fn is_encrypted(mut additions: &[u8]) -> Result<bool, Unreadable> {
    let mut found = false;
    while let Some((kind, rest)) = additions.split_first() {
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(Unreadable)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (value, rest) = rest.split_at_checked(length).ok_or(Unreadable)?;
        found |= *kind == TYPE_SSL && value.first().is_some_and(|flags| flags & CLIENT_SSL != 0);
        additions = rest;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A header as haproxy writes it.
    fn header(command: u8, family: u8, rest: &[u8]) -> ([u8; PREFIX_BYTES], Vec<u8>) {
        let mut prefix = [0; PREFIX_BYTES];
        prefix[..12].copy_from_slice(&SIGNATURE);
        prefix[12] = command;
        prefix[13] = family;
        prefix[14..].copy_from_slice(&u16::try_from(rest.len()).unwrap().to_be_bytes());
        (prefix, rest.to_vec())
    }

    fn check(command: u8, family: u8, rest: &[u8]) -> String {
        let (prefix, rest) = header(command, family, rest);
        match read(&prefix, &rest) {
            Ok(Announced::Itself) => "itself".to_owned(),
            Ok(Announced::Client { address, tls }) => format!("{address} {tls}"),
            Err(Unreadable) => "unreadable".to_owned(),
        }
    }

    const V4: &[u8] = &[198, 51, 100, 7, 10, 0, 0, 1, 0x12, 0x67, 0x01, 0xbb];

    fn v6() -> Vec<u8> {
        let source: Ipv6Addr = "2001:db8::7".parse().unwrap();
        [&source.octets()[..], &[0; 16], &[0x12, 0x67, 0x01, 0xbb]].concat()
    }

    #[test]
    fn what_a_proxy_says_of_its_client_is_read() {
        assert_eq!(check(0x21, 0x11, V4), "198.51.100.7:4711 false");
        assert_eq!(check(0x21, 0x21, &v6()), "[2001:db8::7]:4711 false");
        let ssl = [0x20, 0, 5, 0x01, 0, 0, 0, 0];
        assert_eq!(check(0x21, 0x11, &[V4, &ssl].concat()), "198.51.100.7:4711 true");
        let no_ssl = [0x20, 0, 5, 0x00, 0, 0, 0, 0];
        assert_eq!(
            check(0x21, 0x11, &[V4, &[4, 0, 0], &no_ssl].concat()),
            "198.51.100.7:4711 false"
        );
        assert_eq!(check(0x20, 0x00, &[]), "itself");
        assert_eq!(check(0x20, 0x11, V4), "itself");
        let mapped: Ipv6Addr = "::ffff:198.51.100.7".parse().unwrap();
        let rest = [&mapped.octets()[..], &[0; 16], &[0x12, 0x67, 0x01, 0xbb]].concat();
        assert_eq!(check(0x21, 0x21, &rest), "198.51.100.7:4711 false");
    }

    #[test]
    fn anything_else_is_refused() {
        for (command, family) in
            [(0x11, 0x11), (0x22, 0x11), (0x21, 0x00), (0x21, 0x12), (0x21, 0x31), (0x00, 0x11)]
        {
            assert_eq!(check(command, family, V4), "unreadable", "{command:x} {family:x}");
        }
        assert_eq!(check(0x21, 0x11, &V4[..11]), "unreadable", "cut");
        assert_eq!(check(0x21, 0x21, V4), "unreadable", "too short for its family");
        assert_eq!(
            check(0x21, 0x11, &[V4, &[0x20, 0, 9, 1]].concat()),
            "unreadable",
            "cut addition"
        );
        assert_eq!(
            check(0x21, 0x11, &[V4, &[0x20]].concat()),
            "unreadable",
            "addition of one byte"
        );
        let (mut prefix, rest) = header(0x21, 0x11, V4);
        assert_eq!(read(&prefix, &rest[1..]), Err(Unreadable), "another length");
        prefix[0] = b' ';
        assert_eq!(rest_bytes(&prefix), Err(Unreadable));
        assert_eq!(rest_bytes(b"GET / HTTP/1.1\r\n"), Err(Unreadable));
        assert_eq!(rest_bytes(b"PROXY TCP4 1.2.3"), Err(Unreadable), "version 1");
    }

    #[test]
    fn the_rest_is_bounded_at_the_limit_and_one_past_it() {
        let (prefix, _) = header(0x21, 0x11, &[0; REST_BYTES_MAX]);
        assert_eq!(rest_bytes(&prefix), Ok(REST_BYTES_MAX));
        let (prefix, _) = header(0x21, 0x11, &[0; REST_BYTES_MAX + 1]);
        assert_eq!(rest_bytes(&prefix), Err(Unreadable));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(command: u8, family: u8, rest in prop::collection::vec(any::<u8>(), 0..200)) {
            let (prefix, rest) = header(command, family, &rest);
            let _ = read(&prefix, &rest);
        }
    }
}
