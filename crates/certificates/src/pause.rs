//! How long the authority is left alone after a failure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// After the first failure, the second, ... and all that follow: what Let's Encrypt asks for.
const PAUSES: [SignedDuration; 4] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(10),
    SignedDuration::from_mins(100),
    SignedDuration::from_hours(24),
];
/// An authority that wants more is not heeded for longer: the certificate ends some day.
const PAUSE_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Failures in a row, and when the next try may come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pause {
    failures: u32,
    pub(crate) until: Timestamp,
    /// Which names were ordered: other names are another order.
    names: Vec<String>,
}

impl Pause {
    /// After one more failure.
    pub(crate) fn after(before: Option<&Self>, names: &[String], now: Timestamp) -> Self {
        let failures = before.map_or(0, |before| before.failures);
        let step = usize::try_from(failures).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
        let pause = PAUSES.get(step).copied().unwrap_or(PAUSE_MAX);
        Self { failures: failures.saturating_add(1), until: end(now, pause), names: names.to_vec() }
    }

    /// The same, and not before the authority wants it.
    pub(crate) fn at_least(mut self, asked: Option<Duration>, now: Timestamp) -> Self {
        let asked = asked.map(|asked| SignedDuration::try_from(asked).unwrap_or(PAUSE_MAX));
        if let Some(asked) = asked {
            self.until = self.until.max(end(now, asked.min(PAUSE_MAX)));
        }
        self
    }

    /// Whether it concerns an order of these names.
    pub(crate) fn is_of(&self, names: &[String]) -> bool {
        self.names == names
    }

    /// When the next try may come, if not now. A clock that was set back does not make it longer.
    pub(crate) fn holds(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.until.min(end(now, PAUSE_MAX));
        (now < until).then_some(until)
    }
}

fn end(now: Timestamp, pause: SignedDuration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        vec!["a.example".to_owned()]
    }

    #[test]
    fn pauses_grow_to_a_day_and_stay_there() {
        let (mut pause, mut minutes) = (None, Vec::new());
        for _ in 0..6 {
            let next = Pause::after(pause.as_ref(), &names(), Timestamp::UNIX_EPOCH);
            minutes.push(next.until.as_second() / 60);
            pause = Some(next);
        }
        assert_eq!(minutes, [1, 10, 100, 1440, 1440, 1440]);
    }

    #[test]
    fn what_the_authority_asks_for_makes_it_longer_within_bounds() {
        let now = Timestamp::UNIX_EPOCH;
        let seconds = |asked: Option<u64>| {
            let pause = Pause::after(None, &names(), now);
            pause.at_least(asked.map(Duration::from_secs), now).until.as_second()
        };
        assert_eq!(seconds(None), 60);
        assert_eq!(seconds(Some(5)), 60);
        assert_eq!(seconds(Some(3600)), 3600);
        assert_eq!(seconds(Some(u64::MAX)), PAUSE_MAX.as_secs());
    }

    #[test]
    fn a_pause_ends_and_no_clock_makes_it_endless() {
        let made: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let pause = Pause::after(None, &names(), made);
        assert_eq!(pause.holds(made), Some(pause.until));
        assert_eq!(pause.holds(pause.until), None);
        let before: Timestamp = "2020-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(pause.holds(before), Some(before + PAUSE_MAX));
        assert!(pause.is_of(&names()) && !pause.is_of(&[]));
    }
}
