//! Who an event is from, without keeping who: a number that means nothing
//! after two days.
//!
//! Two steps. A key for the day is made from the stored secret, the date, and a random salt that exists only for that day; the
//! visitor's number is made under that key from site, address and browser. The address is dropped right after. The secret alone
//! (seed 001) would let whoever has it recompute every past day; the salt is destroyed ([`crate::salt`]), so nobody can.
//!
//! # Invariants
//! - Parts are length-prefixed: no two different visitors can be written as the same bytes.
//! - The site is a part: one visitor has unrelated numbers on two sites.
//! - [`ClientAddress`] can be used here and in the country look-up, and nowhere be written or printed.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::salt::{Day, Salt};

/// The shortest secret taken, in bytes.
pub const SECRET_BYTES_MIN: usize = 32;

const DAY_LABEL: &[u8] = b"shelduck web visitor day v1";

/// The stored secret of the installation. Erased from memory when dropped; cannot be printed.
#[derive(Clone)]
pub struct VisitorSecret(Zeroizing<Vec<u8>>);

impl VisitorSecret {
    /// Takes a secret; `None` when it is shorter than [`SECRET_BYTES_MIN`].
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        let bytes = Zeroizing::new(bytes);
        (bytes.len() >= SECRET_BYTES_MIN).then_some(Self(bytes))
    }
}

/// The address a request came from. It cannot be printed, compared or serialised: it goes into the visitor's number and the
/// country look-up, and is gone with the request.
///
/// ```compile_fail
/// let address = web::identity::ClientAddress::new(std::net::Ipv4Addr::LOCALHOST.into());
/// println!("{address:?}");
/// ```
#[derive(Clone, Copy)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Wraps an address; an IPv4 address written as IPv6 becomes IPv4, so that one visitor has one number.
    pub fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    pub(crate) fn ip(self) -> IpAddr {
        self.0
    }
}

/// What a visitor is called today and, shortly after midnight, was called yesterday: what a visit that crosses midnight is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorIds {
    /// The number under today's key.
    pub today: u64,
    /// The number under yesterday's key. Only in the first half hour of a day: no visit can be continued later.
    pub yesterday: Option<u64>,
}

/// The key of one day.
#[derive(Clone)]
pub(crate) struct DayKey(Hmac<Sha256>);

impl DayKey {
    pub(crate) fn new(secret: &VisitorSecret, day: Day, salt: &Salt) -> Self {
        let mut mac = keyed(&secret.0);
        part(&mut mac, DAY_LABEL);
        part(&mut mac, &day.0.to_le_bytes());
        part(&mut mac, salt.bytes());
        let key: Zeroizing<[u8; 32]> = Zeroizing::new(mac.finalize().into_bytes().into());
        Self(keyed(&*key))
    }

    /// The number of a visitor: the first 64 bits of the keyed hash.
    pub(crate) fn visitor(&self, site: &str, address: ClientAddress, user_agent: &str) -> u64 {
        let mut mac = self.0.clone();
        part(&mut mac, site.as_bytes());
        match address.ip() {
            IpAddr::V4(address) => part(&mut mac, &address.octets()),
            IpAddr::V6(address) => part(&mut mac, &address.octets()),
        }
        part(&mut mac, user_agent.as_bytes());
        let hash: [u8; 32] = mac.finalize().into_bytes().into();
        let [a, b, c, d, e, f, g, h, ..] = hash;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104)")]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("a key of any length")
}

fn part(mac: &mut Hmac<Sha256>, bytes: &[u8]) {
    mac.update(&(bytes.len() as u64).to_le_bytes());
    mac.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: u8, day: i32, salt: u8) -> DayKey {
        let secret = VisitorSecret::new(vec![secret; 32]).unwrap();
        DayKey::new(&secret, Day(day), &Salt::new([salt; 32]))
    }

    fn address(text: &str) -> ClientAddress {
        ClientAddress::new(text.parse().unwrap())
    }

    #[test]
    fn the_number_is_the_two_step_hash_of_seed_001() {
        // Computed with Python's hmac module: hmac(hmac(secret, parts(label, day, salt)), parts(site, address, agent))[:8].
        let number = key(1, 20_000, 2).visitor("example.com", address("192.0.2.1"), "Mozilla/5.0");
        assert_eq!(number, 16_566_737_288_712_222_245);
    }

    #[test]
    fn every_part_changes_the_number() {
        let number = key(1, 1, 1).visitor("a.example", address("192.0.2.1"), "x");
        assert_eq!(number, key(1, 1, 1).visitor("a.example", address("::ffff:192.0.2.1"), "x"));
        assert_ne!(number, key(2, 1, 1).visitor("a.example", address("192.0.2.1"), "x"));
        assert_ne!(number, key(1, 2, 1).visitor("a.example", address("192.0.2.1"), "x"));
        assert_ne!(number, key(1, 1, 2).visitor("a.example", address("192.0.2.1"), "x"));
        assert_ne!(number, key(1, 1, 1).visitor("b.example", address("192.0.2.1"), "x"));
        assert_ne!(number, key(1, 1, 1).visitor("a.example", address("192.0.2.2"), "x"));
        assert_ne!(number, key(1, 1, 1).visitor("a.example", address("192.0.2.1"), "y"));
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(VisitorSecret::new(vec![7; SECRET_BYTES_MIN - 1]).is_none());
        assert!(VisitorSecret::new(vec![7; SECRET_BYTES_MIN]).is_some());
    }
}
