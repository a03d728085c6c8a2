//! The id of one request, made by the server.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use uuid::Uuid;

/// The id of one request. It is a name, not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct RequestId(Uuid);

impl RequestId {
    /// An id of that time and those random bytes, for answers that are given before the gate sees a request.
    #[must_use]
    pub fn from_parts(now: Timestamp, tail: [u8; 10]) -> Self {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
    }

    /// The id as bytes, for encoders.
    #[must_use]
    pub const fn uuid(&self) -> &Uuid {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What a trusted proxy calls a request: 1 to 64 letters, digits, dots, hyphens and underscores, so that it can stand in any
/// log. It is never taken for our own id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UpstreamId(Box<str>);

impl UpstreamId {
    const BYTES_MAX: usize = 64;

    /// Reads it; none when it is anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let fits = (1..=Self::BYTES_MAX).contains(&text.len()) && text.bytes().all(plain);
        fits.then(|| Self(text.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Makes request ids without asking the system for randomness each time.
///
/// Ids only have to differ and to sort by time, so a mixed counter under a random seed is enough.
#[derive(Debug)]
pub(crate) struct RequestIds {
    seed: u64,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(0) }
    }

    pub(crate) fn make(&self, now: Timestamp) -> RequestId {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let high = mix(self.seed.wrapping_add(count));
        let low = mix(high ^ count);
        let [a, b, c, d, e, f, g, h] = high.to_be_bytes();
        let [i, j, ..] = low.to_be_bytes();
        RequestId::from_parts(now, [a, b, c, d, e, f, g, h, i, j])
    }
}

/// The finaliser of `SplitMix64`: every input bit moves every output bit.
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_proxys_id_is_kept_when_it_is_plain_and_short() {
        for text in ["a", "0190-abc_DEF.7", &"x".repeat(64)] {
            assert_eq!(UpstreamId::parse(text).unwrap().as_str(), text);
        }
        for text in ["", &"x".repeat(65), "a b", "a\n", "a\u{e9}", "a=b", "<a>", "a%00"] {
            assert_eq!(UpstreamId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ids_differ_and_carry_the_time() {
        let ids = RequestIds::new(7);
        let now = Timestamp::from_millisecond(1_700_000_000_123).unwrap();
        let made: HashSet<_> = (0..10_000).map(|_| ids.make(now)).collect();
        assert_eq!(made.len(), 10_000);
        let (seconds, nanos) =
            made.iter().next().unwrap().uuid().get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanos), (1_700_000_000, 123_000_000));
    }
}
