//! The `Forwarded` header (RFC 7239), read strictly.
//!
//! A line is read from its beginning, because only so quotes are told from text. One that does not read is put aside as a
//! whole: a client could open a quote that swallows what the proxy appends.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{HOPS_MAX, is_trusted, parse};

/// What one proxy saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Element<'a> {
    node: &'a str,
    https: Option<bool>,
}

/// What the walk found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walked {
    /// The client.
    pub client: IpAddr,
    /// Whether the client's own connection is encrypted, where the proxy that saw it says so.
    pub encrypted: Option<bool>,
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
    let socket = socket.to_canonical();
    let aside = Walked { client: socket, encrypted: Some(false), malformed: true };
    let mut found = Walked { client: socket, encrypted: None, malformed: false };
    let mut hops = 0;
    for line in forwarded.rev() {
        // Nothing that is not needed is read: what a client wrote cannot spoil what the proxies behind it say.
        if hops == HOPS_MAX || !is_trusted(found.client, trusted) {
            return found;
        }
        let Some(elements) = elements(line) else { return aside };
        for element in elements.iter().rev() {
            if hops == HOPS_MAX || !is_trusted(found.client, trusted) {
                return found;
            }
            let Some(client) = parse(element.node) else { return aside };
            found = Walked { client, encrypted: element.https, malformed: false };
            hops += 1;
        }
    }
    found
}

fn elements(line: &str) -> Option<Vec<Element<'_>>> {
    let mut rest = line;
    let mut found = Vec::new();
    loop {
        let (element, after) = element(rest)?;
        found.push(element);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return after.is_empty().then_some(found),
        }
    }
}

/// One element and what stands behind it, which is nothing or begins with a comma.
fn element(text: &str) -> Option<(Element<'_>, &str)> {
    let (mut node, mut https) = (None, None);
    let mut rest = text;
    loop {
        let (name, value, after) = pair(rest)?;
        if name.eq_ignore_ascii_case("for") {
            if node.replace(value).is_some() {
                return None;
            }
        } else if name.eq_ignore_ascii_case("proto")
            && https.replace(value.eq_ignore_ascii_case("https")).is_some()
        {
            return None;
        }
        match after.strip_prefix(';') {
            Some(next) => rest = next,
            None => return Some((Element { node: node?, https }, after)),
        }
    }
}

/// One `name=value`, spaces around it left out, and what stands behind it.
fn pair(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.trim_start_matches([' ', '\t']).split_once('=')?;
    if name.is_empty() || !name.bytes().all(is_token) {
        return None;
    }
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => rest.split_at(rest.bytes().position(|byte| !is_token(byte)).unwrap_or(rest.len())),
    };
    // Nothing that is read here ever needs to be escaped.
    let plain = !value.is_empty() && !value.contains('\\');
    plain.then_some((name, value, rest.trim_start_matches([' ', '\t'])))
}

/// RFC 9110 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn walked(socket: &str, lines: &[&str]) -> Walked {
        let trusted: Vec<IpNet> =
            ["10.0.0.0/8", "2001:db8::/32"].iter().map(|text| text.parse().unwrap()).collect();
        walk(socket.parse().unwrap(), lines.iter().copied(), &trusted)
    }

    fn check(socket: &str, lines: &[&str], expected: &str) {
        let walked = walked(socket, lines);
        let mark = if walked.malformed { "!" } else { "" };
        let encrypted = match walked.encrypted {
            Some(true) => " https",
            Some(false) if !walked.malformed => " http",
            _ => "",
        };
        assert_eq!(format!("{}{mark}{encrypted}", walked.client), expected, "{socket} {lines:?}");
    }

    #[test]
    fn the_first_untrusted_address_from_the_right_is_the_client() {
        check("192.0.2.1", &["for=198.51.100.7"], "192.0.2.1");
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["for=198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &["for=203.0.113.9, for=198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &["for=203.0.113.9", "For=198.51.100.7"], "198.51.100.7");
        check(
            "10.0.0.1",
            &["for=198.51.100.7;proto=https, for=10.9.9.9;proto=http"],
            "198.51.100.7 https",
        );
        check(
            "10.0.0.1",
            &["for=198.51.100.7;proto=https;by=10.0.0.2 ; host=a.example"],
            "198.51.100.7 https",
        );
        check("10.0.0.1", &["proto=http;for=\"198.51.100.7:4711\""], "198.51.100.7 http");
        check("10.0.0.1", &["for=\"[2001:db9::7]:443\";proto=HTTPS"], "2001:db9::7 https");
        check("2001:db8::1", &["for=\"[2001:db9::7]\""], "2001:db9::7");
        check("::ffff:10.0.0.1", &["for=\"[::ffff:198.51.100.7]\""], "198.51.100.7");
    }

    #[test]
    fn a_line_that_does_not_read_counts_for_nothing() {
        for line in [
            "",
            "garbage",
            "for=",
            "for=unknown",
            "for=_hidden",
            "for=\"198.51.100.7",
            "for=\"evil, for=198.51.100.7",
            "for=\"evil, for=\"198.51.100.7\"",
            "for=198.51.100.7,",
            "for=198.51.100.7;for=198.51.100.8",
            "for=198.51.100.7;proto=https;proto=http",
            "for=198.51.100.7 for=198.51.100.8",
            "for=2001:db9::7",
            "for=\"[fe80::1%eth0]\"",
            "for=\"198.51.100\\.7\"",
            "proto=https",
            "for =198.51.100.7",
        ] {
            check("10.0.0.1", &[line], "10.0.0.1!");
        }
        check("10.0.0.1", &["garbage", "for=198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &["garbage", "for=10.4.4.4"], "10.0.0.1!");
    }

    #[test]
    fn a_hundred_hops_are_not_walked() {
        let line = vec!["for=10.1.1.1"; 100].join(",");
        check("10.0.0.1", &[&line], "10.1.1.1");
        let line = format!("for=198.51.100.7,{line}");
        check("10.0.0.1", &[&line], "10.1.1.1");
    }

    proptest! {
        #[test]
        fn what_the_client_wrote_in_its_own_lines_never_matters(claimed in "\\PC{0,60}") {
            let walked = walked("10.0.0.1", &[&claimed, "for=198.51.100.7;proto=https"]);
            prop_assert_eq!(walked.client.to_string(), "198.51.100.7");
            prop_assert_eq!(walked.encrypted, Some(true));
        }

        #[test]
        fn before_the_proxys_part_it_can_only_put_the_line_aside(claimed in "[ -~]{0,60}") {
            let walked = walked("10.0.0.1", &[&format!("{claimed}, for=198.51.100.7")]);
            let known = walked.client.to_string();
            prop_assert!(known == "198.51.100.7" || (known == "10.0.0.1" && walked.malformed), "{}", known);
        }

        #[test]
        fn nobody_untrusted_speaks_for_others(line in "\\PC{0,60}") {
            let walked = walked("192.0.2.1", &[&line]);
            prop_assert_eq!(walked.client.to_string(), "192.0.2.1");
        }
    }
}
