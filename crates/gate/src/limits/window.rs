//! A minute's quota as a ring of five-second counts.
//!
//! Two counters per caller let a patient one take twice the quota inside a minute, and an exact log costs memory that
//! callers choose. The ring holds the running five seconds and the twelve before, so it always covers at least the last
//! sixty seconds: no caller gets more than the quota in any minute, and what is taken comes back at most five seconds
//! late.

use std::time::Duration;

/// How much time one count covers.
pub(crate) const STEP_MS: u64 = 5_000;
/// The window a quota speaks of.
pub(crate) const WINDOW_MS: u64 = 60_000;
/// The running step and the twelve that make up a minute.
pub(crate) const STEPS: usize = 13;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    /// Oldest first; the last one is running.
    counts: [u32; STEPS],
    /// Number of the running step since the clock began.
    step: u32,
}

impl Window {
    /// Moves on to the present.
    pub(crate) fn advance(&mut self, now_ms: u64) {
        let step = u32::try_from(now_ms / STEP_MS).unwrap_or(u32::MAX);
        let passed = usize::try_from(step.saturating_sub(self.step)).unwrap_or(STEPS);
        if passed == 0 {
            return;
        }
        if passed >= STEPS {
            self.counts = [0; STEPS];
        } else {
            self.counts.rotate_left(passed);
            for count in self.counts.iter_mut().rev().take(passed) {
                *count = 0;
            }
        }
        self.step = step;
    }

    /// What has been taken.
    pub(crate) fn taken(&self) -> u32 {
        self.counts.iter().fold(0, |sum: u32, count| sum.saturating_add(*count))
    }

    /// Takes from the running step.
    pub(crate) const fn take(&mut self, cost: u32) {
        let [.., running] = &mut self.counts;
        *running = running.saturating_add(cost);
    }

    /// Takes back from the step of that moment; a step that has passed out of the window has nothing to give.
    pub(crate) fn give_back(&mut self, cost: u32, at_ms: u64) {
        let step = u32::try_from(at_ms / STEP_MS).unwrap_or(u32::MAX);
        let age = self.step.checked_sub(step).and_then(|age| usize::try_from(age).ok());
        let place = age.and_then(|age| (STEPS - 1).checked_sub(age));
        if let Some(count) = place.and_then(|place| self.counts.get_mut(place)) {
            *count = count.saturating_sub(cost);
        }
    }

    /// How long until no more than `most` is left of what was taken.
    pub(crate) fn wait_until(&self, most: u32, now_ms: u64) -> Duration {
        let mut taken = self.taken();
        let mut leaves_at = (u64::from(self.step) + 1) * STEP_MS;
        for count in self.counts {
            taken = taken.saturating_sub(count);
            if taken <= most {
                break;
            }
            leaves_at += STEP_MS;
        }
        Duration::from_millis(leaves_at.saturating_sub(now_ms))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lets the caller take, or says how long to wait.
    fn take(window: &mut Window, limit: u32, now_ms: u64, cost: u32) -> Result<(), u64> {
        window.advance(now_ms);
        if window.taken() + cost <= limit {
            window.take(cost);
            return Ok(());
        }
        Err(u64::try_from(window.wait_until(limit - cost, now_ms).as_millis()).unwrap())
    }

    #[test]
    fn the_quota_comes_back_a_minute_later() {
        let mut window = Window::default();
        assert_eq!(take(&mut window, 2, 3_000, 2), Ok(()));
        assert_eq!(take(&mut window, 2, 4_000, 1), Err(61_000));
        assert_eq!(take(&mut window, 2, 64_999, 1), Err(1));
        assert_eq!(take(&mut window, 2, 65_000, 1), Ok(()));
    }

    #[test]
    fn what_is_given_back_leaves_the_step_it_was_taken_in() {
        let mut window = Window::default();
        assert_eq!(take(&mut window, 9, 1_000, 4), Ok(()));
        assert_eq!(take(&mut window, 9, 21_000, 4), Ok(()));
        window.give_back(3, 1_000);
        assert_eq!(window.taken(), 5);
        window.advance(65_000);
        assert_eq!(window.taken(), 4, "only what was taken later is left");
        window.give_back(4, 1_000);
        assert_eq!(window.taken(), 4);
    }

    proptest! {
        #[test]
        fn an_exact_log_agrees(
            limit in 1_u32..40,
            steps in prop::collection::vec((0_u64..20_000, 1_u32..4), 1..400),
        ) {
            let mut window = Window::default();
            let mut log: Vec<(u64, u32)> = Vec::new();
            let mut now = 0;
            for (gap, cost) in steps {
                now += gap;
                let cost = cost.min(limit);
                let exact = |now: u64, span: u64| -> u32 {
                    log.iter().filter(|(at, _)| at + span > now).map(|(_, cost)| cost).sum()
                };
                match take(&mut window, limit, now, cost) {
                    Ok(()) => {
                        prop_assert!(exact(now, 60_000) + cost <= limit, "more than the quota in a minute");
                        log.push((now, cost));
                    }
                    Err(wait) => {
                        prop_assert!(exact(now, 65_000) + cost > limit, "refused without need");
                        let mut later = window;
                        prop_assert!(take(&mut later, limit, now + wait, cost).is_ok(), "the wait was too short");
                        let mut sooner = window;
                        prop_assert!(take(&mut sooner, limit, now + wait - 1, cost).is_err(), "the wait was too long");
                    }
                }
            }
        }
    }
}
