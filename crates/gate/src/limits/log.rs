//! The exact log of a small quota: one time stamp per call of the last minute.
//!
//! Attempts to sign in are so few that remembering each costs less than a ring of counts, and what was taken comes back
//! to the millisecond.

use std::collections::VecDeque;
use std::time::Duration;

use super::window::WINDOW_MS;

/// The largest quota that is kept as a log.
pub(crate) const LOG_ENTRIES_MAX: u32 = 64;

#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    /// Oldest first.
    taken_at: VecDeque<u64>,
}

impl Log {
    /// Forgets what is a minute old.
    pub(crate) fn advance(&mut self, now_ms: u64) {
        while self.taken_at.front().is_some_and(|at| at + WINDOW_MS <= now_ms) {
            self.taken_at.pop_front();
        }
    }

    /// What has been taken.
    pub(crate) fn taken(&self) -> u32 {
        u32::try_from(self.taken_at.len()).unwrap_or(u32::MAX)
    }

    /// Takes now; more than any quota that is kept as a log is not remembered.
    pub(crate) fn take(&mut self, cost: u32, now_ms: u64) {
        let room = LOG_ENTRIES_MAX.saturating_sub(self.taken());
        for _ in 0..cost.min(room) {
            self.taken_at.push_back(now_ms);
        }
    }

    /// Takes back what was taken at that moment.
    pub(crate) fn give_back(&mut self, cost: u32, at_ms: u64) {
        for _ in 0..cost {
            let Some(place) = self.taken_at.iter().rposition(|at| *at == at_ms) else { return };
            self.taken_at.remove(place);
        }
    }

    /// How long until no more than `most` is left of what was taken.
    pub(crate) fn wait_until(&self, most: u32, now_ms: u64) -> Duration {
        let surplus = self.taken().saturating_sub(most);
        let last = usize::try_from(surplus).ok().and_then(|surplus| surplus.checked_sub(1));
        let leaves_at = last.and_then(|last| self.taken_at.get(last)).map(|at| at + WINDOW_MS);
        Duration::from_millis(leaves_at.unwrap_or(now_ms).saturating_sub(now_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_comes_back_after_exactly_a_minute() {
        let mut log = Log::default();
        log.take(1, 1_000);
        log.take(2, 31_000);
        assert_eq!(log.wait_until(2, 31_000), Duration::from_millis(30_000));
        assert_eq!(log.wait_until(1, 31_000), Duration::from_millis(60_000));
        assert_eq!(log.wait_until(3, 31_000), Duration::ZERO);
        log.advance(60_999);
        assert_eq!(log.taken(), 3);
        log.advance(61_000);
        assert_eq!(log.taken(), 2);
        log.give_back(1, 31_000);
        assert_eq!(log.taken(), 1);
        log.give_back(5, 30_000);
        assert_eq!(log.taken(), 1, "what was never taken then cannot be given back");
    }

    #[test]
    fn it_remembers_no_more_than_its_bound() {
        let mut log = Log::default();
        log.take(LOG_ENTRIES_MAX - 1, 0);
        log.take(u32::MAX, 1);
        assert_eq!(log.taken(), LOG_ENTRIES_MAX);
    }
}
