//! Walks arbitrary lines of `Forwarded` (RFC 7239).
//!
//! The first line is the socket's address, the others are header lines. Nobody untrusted speaks for others, and a line that
//! cannot be read leaves the socket as the client, not encrypted.

#![no_main]

use std::net::IpAddr;

use gate::forwarded::element::walk;
use ipnet::IpNet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let trusted: [IpNet; 1] = ["10.0.0.0/8".parse().expect("a network")];
    let mut lines = text.lines();
    let Some(Ok(socket)) = lines.next().map(str::parse::<IpAddr>) else { return };
    let lines: Vec<&str> = lines.collect();
    let walked = walk(socket, lines.iter().copied(), &trusted);
    let socket = socket.to_canonical();
    if !trusted[0].contains(&socket) {
        assert_eq!(walked.client, socket);
    }
    if walked.malformed {
        assert_eq!((walked.client, walked.encrypted), (socket, Some(false)));
    }
});
