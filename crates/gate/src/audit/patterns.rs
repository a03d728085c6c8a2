//! What one address does too often, told once and not each time.
//!
//! A caller that knocks on a thousand doors that are not there would otherwise write a thousand records into the audit log,
//! which is a way to fill a disk. So each pattern is counted per address and minute, and only some of the counts are told.
//!
//! # Invariants
//! - A fixed number of addresses is remembered, whatever callers do.

use std::time::Duration;

use crate::address::{AddressBlock, ClientAddress};
use crate::table::{Entry, Table};

const ADDRESSES_MAX: usize = 1 << 14;
const MINUTE_MS: u64 = 60_000;
/// Things asked for in a minute that are not there, from which on it is no longer a broken link.
const MISSES_TOLERATED: u32 = 30;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Pattern {
    /// Asking for what is not there.
    Missing,
    /// Sending what cannot be read.
    Unreadable,
    /// Showing a session that is over.
    StaleSession,
}

impl Pattern {
    /// Whether this many within a minute are worth a record: the first that is not tolerated, then each tenfold.
    fn is_told_at(self, count: u32) -> bool {
        let first = match self {
            Self::Missing => MISSES_TOLERATED,
            Self::Unreadable | Self::StaleSession => 1,
        };
        let tenfolds = std::iter::successors(Some(first), |count| count.checked_mul(10));
        tenfolds.take_while(|told| *told <= count).any(|told| told == count)
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    minute: u64,
    count: u32,
}

impl Entry for Seen {
    fn idleness(&self, now: u64) -> Option<u64> {
        Some((now / MINUTE_MS).saturating_sub(self.minute))
    }
}

/// The counts of all addresses.
#[derive(Debug)]
pub(crate) struct Patterns(Table<(Pattern, AddressBlock), Seen>);

impl Patterns {
    pub(crate) fn new() -> Self {
        Self(Table::new(ADDRESSES_MAX))
    }

    /// Counts one; says whether it is worth a record.
    pub(crate) fn count(&self, pattern: Pattern, client: &ClientAddress, now: Duration) -> bool {
        let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let minute = now_ms / MINUTE_MS;
        let counted = self.0.upsert(&(pattern, client.block()), now_ms, Seen::default, |seen| {
            if seen.minute != minute {
                *seen = Seen { minute, count: 0 };
            }
            seen.count = seen.count.saturating_add(1);
            seen.count
        });
        // There is always room, because nothing here has to stay.
        counted.is_ok_and(|(count, _)| pattern.is_told_at(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pattern: Pattern, times: u32, now: Duration) -> u32 {
        let patterns = Patterns::new();
        let client = ClientAddress::network("192.0.2.1".parse().unwrap());
        let tell = (0..times).filter(|_| patterns.count(pattern, &client, now));
        u32::try_from(tell.count()).unwrap()
    }

    #[test]
    fn the_first_and_each_tenfold_are_told() {
        let now = Duration::from_secs(90);
        assert_eq!(told(Pattern::Unreadable, 1, now), 1);
        assert_eq!(told(Pattern::Unreadable, 9, now), 1);
        assert_eq!(told(Pattern::Unreadable, 5_000, now), 4);
        assert_eq!(told(Pattern::Missing, MISSES_TOLERATED - 1, now), 0);
        assert_eq!(told(Pattern::Missing, MISSES_TOLERATED, now), 1);
        assert_eq!(told(Pattern::Missing, 5_000, now), 3);
    }

    #[test]
    fn addresses_and_minutes_are_counted_apart() {
        let patterns = Patterns::new();
        let client = |text: &str| ClientAddress::network(text.parse().unwrap());
        let count = |address: &str, second: u64| {
            let now = Duration::from_secs(second);
            patterns.count(Pattern::Unreadable, &client(address), now)
        };
        assert!(count("192.0.2.1", 0));
        assert!(!count("192.0.2.1", 59));
        assert!(count("192.0.2.2", 59));
        assert!(count("192.0.2.1", 60));
    }

    #[test]
    fn memory_is_bounded() {
        let patterns = Patterns::new();
        for number in 0..100_000_u32 {
            let client = ClientAddress::network(std::net::Ipv4Addr::from(number).into());
            patterns.count(Pattern::Missing, &client, Duration::from_secs(1));
        }
        assert_eq!(patterns.0.len(), ADDRESSES_MAX);
    }
}
