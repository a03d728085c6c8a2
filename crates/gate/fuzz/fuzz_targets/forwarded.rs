//! Walks arbitrary forwarding headers, beside a second reading of the rule.
//!
//! The first line is the socket's address, the others are header lines. The second reading collects all hops first and looks
//! from the right for the first that is no trusted proxy.

#![no_main]

use std::net::{IpAddr, SocketAddr};

use gate::forwarded::walk;
use ipnet::IpNet;
use libfuzzer_sys::fuzz_target;

const HOPS_MAX: usize = 32;

fuzz_target!(|text: &str| {
    let trusted: Vec<IpNet> =
        ["10.0.0.0/8", "2001:db8::/32"].iter().map(|net| net.parse().expect("a network")).collect();
    let mut lines = text.lines();
    let Some(Ok(socket)) = lines.next().map(str::parse::<IpAddr>) else { return };
    let lines: Vec<&str> = lines.collect();
    let walked = walk(socket, lines.iter().copied(), &trusted);
    let (client, malformed) = expected(socket.to_canonical(), &lines, &trusted);
    assert_eq!((walked.client, walked.malformed), (client, malformed));
});

fn expected(socket: IpAddr, lines: &[&str], trusted: &[IpNet]) -> (IpAddr, bool) {
    let is_proxy = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut chain: Vec<&str> = lines.iter().flat_map(|line| line.split(',')).collect();
    chain.reverse();
    chain.truncate(HOPS_MAX);
    let mut last = socket;
    for hop in chain {
        if !is_proxy(last) {
            return (last, false);
        }
        match address(hop.trim()) {
            Some(address) => last = address.to_canonical(),
            None => return (socket, true),
        }
    }
    (last, false)
}

fn address(hop: &str) -> Option<IpAddr> {
    if let Ok(socket) = hop.parse::<SocketAddr>() {
        return Some(socket.ip());
    }
    let inner = match hop.as_bytes() {
        [b'[', .., b']'] => &hop[1..hop.len() - 1],
        _ => hop,
    };
    inner.parse().ok()
}
