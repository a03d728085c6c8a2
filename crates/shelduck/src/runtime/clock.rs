//! A clock that was set.
//!
//! Days, sessions and locks go by it, so somebody should know.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often the clock is looked at.
const INTERVAL: Duration = Duration::from_secs(10);
/// Time services move a clock by less in so long.
const JUMP_MIN: SignedDuration = SignedDuration::from_secs(2);

/// What the clock said, and how much time had passed.
#[derive(Debug, Clone, Copy)]
struct Look {
    wall: Timestamp,
    passed: Instant,
}

impl Look {
    fn now() -> Self {
        Self { wall: Timestamp::now(), passed: Instant::now() }
    }

    /// By how much the clock was set since then, if it was: ahead, or back.
    fn jump_since(&self, before: &Self) -> Option<SignedDuration> {
        let passed = SignedDuration::try_from(self.passed - before.passed).ok()?;
        let jump = self.wall.duration_since(before.wall) - passed;
        (jump.abs() >= JUMP_MIN).then_some(jump)
    }
}

/// Counts and logs each jump, until the server stops.
pub(super) async fn watch(drain: CancellationToken) {
    metrics::counter!("shelduck_clock_jumps_total").absolute(0);
    let mut before = Look::now();
    while drain.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
        let now = Look::now();
        if let Some(jump) = now.jump_since(&before) {
            metrics::counter!("shelduck_clock_jumps_total").increment(1);
            tracing::warn!(
                by_seconds = jump.as_secs(),
                "the clock was set, or the machine slept: times around it are wrong"
            );
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_is_told_from_one_that_goes() {
        let before = Look::now();
        let check = |wall_ms: i64, passed_ms: u64, expected: Option<i64>| {
            let now = Look {
                wall: before.wall + SignedDuration::from_millis(wall_ms),
                passed: before.passed + Duration::from_millis(passed_ms),
            };
            assert_eq!(now.jump_since(&before).map(|jump| jump.as_secs()), expected, "{wall_ms}");
        };
        check(10_000, 10_000, None);
        check(11_900, 10_000, None);
        check(8_100, 10_000, None);
        check(3_610_000, 10_000, Some(3_600));
        check(-3_590_000, 10_000, Some(-3_600));
        check(12_000, 10_000, Some(2));
        check(600_000, 600_000, None);
    }
}
