//! One counter of failures and the lock it may begin.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{LockoutConfig, seconds};
use crate::store::LockRecord;
use crate::table::Entry;

/// What an address did is remembered in steps of five minutes, four of them, so at least for a quarter of an hour.
const ADDRESS_STEP_S: u64 = 300;
/// What it guessed, in steps of twenty minutes, so at least for an hour.
const STUFFING_STEP_S: u64 = 1_200;
/// An account that was left alone for a day starts anew.
const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// How long to wait when too many attempts run at a time.
const MOMENT: Duration = Duration::from_secs(1);

/// When a counter locks, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    failures: u32,
    lock_s: u32,
    lock_s_max: u32,
    /// Length of the steps in which failures are forgotten; none when only a success forgets them.
    step_s: Option<u64>,
}

impl Rule {
    pub(super) const fn account(config: &LockoutConfig) -> Self {
        Self {
            failures: config.account_failures,
            lock_s: config.lock_s,
            lock_s_max: config.lock_s_max,
            step_s: None,
        }
    }

    /// Within fifteen minutes, and always for the same time.
    pub(super) const fn address(config: &LockoutConfig) -> Self {
        Self {
            failures: config.address_failures,
            lock_s: config.lock_s,
            lock_s_max: config.lock_s,
            step_s: Some(ADDRESS_STEP_S),
        }
    }

    /// Different guesses within an hour.
    pub(super) const fn stuffing(config: &LockoutConfig) -> Self {
        Self {
            failures: config.stuffing_pairs,
            lock_s: config.stuffing_lock_s,
            lock_s_max: config.stuffing_lock_s,
            step_s: Some(STUFFING_STEP_S),
        }
    }

    pub(super) const fn is_address(&self) -> bool {
        self.step_s.is_some()
    }

    fn lock(&self, earlier: u32) -> SignedDuration {
        let seconds = u64::from(self.lock_s).checked_shl(earlier.min(31)).unwrap_or(u64::MAX);
        SignedDuration::from_secs(
            i64::try_from(seconds.min(u64::from(self.lock_s_max))).unwrap_or(i64::MAX),
        )
    }
}

#[derive(Debug)]
pub(super) struct Counter {
    /// Failures since the last lock or success; for addresses, by steps, newest last.
    failures: [u32; 4],
    /// Up to when the steps have been moved on.
    aged_at: u64,
    locks: u32,
    locked_until: Option<Timestamp>,
    last_at: Timestamp,
    /// Attempts whose outcome is not known yet.
    pending: u32,
}

impl Counter {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            failures: [0; 4],
            aged_at: seconds(now),
            locks: 0,
            locked_until: None,
            last_at: now,
            pending: 0,
        }
    }

    pub(super) fn restore(record: &LockRecord) -> Self {
        Self {
            failures: [0, 0, 0, record.failures],
            locks: record.locks,
            locked_until: record.locked_until,
            ..Self::new(record.last_failure_at)
        }
    }

    pub(super) fn record(&self, key: [u8; 16]) -> LockRecord {
        LockRecord {
            key,
            failures: self.failed(),
            locks: self.locks,
            locked_until: self.locked_until,
            last_failure_at: self.last_at,
        }
    }

    /// Whether nothing about it matters any more.
    pub(super) fn is_forgotten(&self, now: Timestamp) -> bool {
        self.lock_left(now).is_none() && now.duration_since(self.last_at) >= FORGET_AFTER
    }

    /// Takes a place for an attempt, or says how long to wait.
    pub(super) fn enter(&mut self, rule: &Rule, now: Timestamp) -> Result<(), Duration> {
        if let Some(wait) = self.lock_left(now) {
            return Err(wait);
        }
        self.age(rule, now);
        if self.failed() + self.pending >= rule.failures {
            return Err(MOMENT);
        }
        self.pending += 1;
        Ok(())
    }

    /// Counts a failure; says whether it began a lock.
    pub(super) fn fail(&mut self, rule: &Rule, now: Timestamp) -> bool {
        self.release();
        self.age(rule, now);
        let [.., newest] = &mut self.failures;
        *newest += 1;
        self.last_at = now;
        if self.failed() < rule.failures {
            return false;
        }
        self.failures = [0; 4];
        self.locked_until = now.checked_add(rule.lock(self.locks)).ok();
        self.locks = self.locks.saturating_add(1);
        true
    }

    /// Locks at least up to that moment, for whatever reason.
    pub(super) fn lock_until(&mut self, end: Timestamp, now: Timestamp) {
        self.locked_until = self.locked_until.max(Some(end));
        self.last_at = now;
    }

    pub(super) const fn release(&mut self) {
        self.pending = self.pending.saturating_sub(1);
    }

    /// Forgets all failures after a success; says whether there were any.
    pub(super) fn clear(&mut self) -> bool {
        self.release();
        let failed = self.failed() > 0 || self.locks > 0;
        self.failures = [0; 4];
        self.locks = 0;
        self.locked_until = None;
        failed
    }

    fn failed(&self) -> u32 {
        self.failures.iter().sum()
    }

    pub(super) fn lock_left(&self, now: Timestamp) -> Option<Duration> {
        let left = self.locked_until?.duration_since(now);
        Duration::try_from(left).ok().filter(|left| !left.is_zero())
    }

    fn age(&mut self, rule: &Rule, now: Timestamp) {
        if now.duration_since(self.last_at) >= FORGET_AFTER {
            self.failures = [0; 4];
            self.locks = 0;
        }
        let now = seconds(now).max(self.aged_at);
        if let Some(step_s) = rule.step_s {
            let passed = now / step_s - self.aged_at / step_s;
            let passed = usize::try_from(passed).unwrap_or(usize::MAX).min(4);
            self.failures.rotate_left(passed % 4);
            for count in self.failures.iter_mut().rev().take(passed) {
                *count = 0;
            }
        }
        self.aged_at = now;
    }
}

impl Entry for Counter {
    fn idleness(&self, now: u64) -> Option<u64> {
        let locked = self.locked_until.is_some_and(|until| seconds(until) >= now);
        (!locked && self.pending == 0).then(|| now.saturating_sub(seconds(self.last_at)))
    }
}
