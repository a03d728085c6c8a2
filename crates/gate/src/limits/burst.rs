//! A burst limit by the generic cell rate algorithm: one time stamp per caller.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a burst is shaped: so many at once, then one per interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// Time for one call to be earned back.
    pub interval_ms: u32,
    /// Calls at once.
    pub size: u32,
}

impl Burst {
    /// So many calls a minute, and that many at once. An interval that is no whole millisecond is rounded up.
    #[must_use]
    pub const fn per_minute(calls: u32, size: u32) -> Self {
        let calls = if calls == 0 { 1 } else { calls };
        Self { interval_ms: 60_000_u32.div_ceil(calls), size }
    }

    /// The same for a caller of a tier: as many times as fast, and as large.
    #[must_use]
    pub const fn times(self, tier: u32) -> Self {
        let tier = if tier == 0 { 1 } else { tier };
        Self { interval_ms: self.interval_ms.div_ceil(tier), size: self.size.saturating_mul(tier) }
    }

    /// The part of it that one of several servers allows when they cannot ask each other.
    #[must_use]
    pub(crate) const fn shared_by(self, servers: u32) -> Self {
        let servers = if servers == 0 { 1 } else { servers };
        let size = self.size / servers;
        Self {
            interval_ms: self.interval_ms.saturating_mul(servers),
            size: if size == 0 { 1 } else { size },
        }
    }

    /// Calls within a span of whole seconds that is at least as long as one interval: what a header can say.
    pub(crate) const fn rate(self) -> (u32, u32) {
        let interval = if self.interval_ms == 0 { 1 } else { self.interval_ms };
        if interval <= 1_000 { (1_000 / interval, 1) } else { (60_000_u32.div_ceil(interval), 60) }
    }
}

/// The time at which the caller will have earned everything back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cell(u64);

impl Cell {
    /// When the burst after taking that many will be paid back, or how long to wait before it may be taken.
    pub(crate) fn peek(self, burst: Burst, now_ms: u64, cost: u32) -> Result<Self, Duration> {
        let interval = u64::from(burst.interval_ms);
        let cost = u64::from(cost.min(burst.size));
        let paid_back_at = self.0.max(now_ms) + interval * cost;
        let latest = now_ms + interval * u64::from(burst.size);
        match paid_back_at.checked_sub(latest) {
            None | Some(0) => Ok(Self(paid_back_at)),
            Some(wait) => Err(Duration::from_millis(wait)),
        }
    }

    /// Takes without asking.
    pub(crate) fn force(self, burst: Burst, now_ms: u64, cost: u32) -> Self {
        let cost = u64::from(cost.min(burst.size));
        Self(self.0.max(now_ms) + u64::from(burst.interval_ms) * cost)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use governor::clock::{Clock, FakeRelativeClock};
    use governor::{Quota, RateLimiter};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_then_one_per_interval() {
        let burst = Burst { interval_ms: 100, size: 3 };
        let mut cell = Cell::default();
        for _ in 0..3 {
            cell = cell.peek(burst, 1_000, 1).unwrap();
        }
        assert_eq!(cell.peek(burst, 1_000, 1).unwrap_err(), Duration::from_millis(100));
        assert_eq!(cell.peek(burst, 1_099, 1).unwrap_err(), Duration::from_millis(1));
        assert!(cell.peek(burst, 1_100, 1).is_ok());
    }

    #[test]
    fn a_rate_is_written_as_an_interval() {
        assert_eq!(Burst::per_minute(600, 20), Burst { interval_ms: 100, size: 20 });
        assert_eq!(Burst::per_minute(5, 10), Burst { interval_ms: 12_000, size: 10 });
        assert_eq!(Burst::per_minute(7, 10).interval_ms, 8_572, "never more than was written");
        assert_eq!(Burst::per_minute(600, 20).times(5), Burst { interval_ms: 20, size: 100 });
        let third = Burst::per_minute(600, 20).shared_by(3);
        assert_eq!(third, Burst { interval_ms: 300, size: 6 });
        assert_eq!(Burst::per_minute(5, 10).rate(), (5, 60));
        assert_eq!(Burst::per_minute(600, 20).rate(), (10, 1));
    }

    proptest! {
        #[test]
        fn the_wait_is_exact(steps in prop::collection::vec((0_u64..500, 1_u32..4), 1..100)) {
            let burst = Burst { interval_ms: 70, size: 5 };
            let (mut cell, mut now) = (Cell::default(), 0);
            for (gap, cost) in steps {
                now += gap;
                match cell.peek(burst, now, cost) {
                    Ok(next) => cell = next,
                    Err(wait) => {
                        let wait = u64::try_from(wait.as_millis()).unwrap();
                        prop_assert!(cell.peek(burst, now + wait, cost).is_ok());
                        prop_assert!(cell.peek(burst, now + wait - 1, cost).is_err());
                    }
                }
            }
        }

        /// The crate `governor` is the oracle: same rate, same burst, same moments, same decisions and the same wait.
        #[test]
        fn governor_decides_alike(
            interval in 1_u32..2_000,
            size in 1_u32..30,
            steps in prop::collection::vec((0_u64..3_000, 1_u32..5), 1..200),
        ) {
            let burst = Burst { interval_ms: interval, size };
            let period = Duration::from_millis(u64::from(interval));
            let quota = Quota::with_period(period).unwrap().allow_burst(NonZeroU32::new(size).unwrap());
            let clock = FakeRelativeClock::default();
            let oracle = RateLimiter::direct_with_clock(quota, clock.clone());
            let (mut cell, mut now) = (Cell::default(), 0);
            for (gap, cost) in steps {
                now += gap;
                clock.advance(Duration::from_millis(gap));
                let cost = cost.min(size);
                let expected = oracle.check_n(NonZeroU32::new(cost).unwrap()).unwrap();
                match (cell.peek(burst, now, cost), expected) {
                    (Ok(next), Ok(())) => cell = next,
                    (Err(wait), Err(refused)) => {
                        prop_assert_eq!(wait, refused.wait_time_from(clock.now()));
                    }
                    (ours, theirs) => prop_assert!(false, "{:?} against {:?}", ours, theirs.is_ok()),
                }
            }
        }
    }
}
