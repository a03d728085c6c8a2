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
}

#[cfg(test)]
mod tests {
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
    }
}
