//! What happens to who guesses: one `attempt()` for every door.
//!
//! Three counters run at once: the account, the address, and both together. An attempt takes its place in all three
//! *before* the credential is looked at, so a thousand guesses sent at the same moment count as a thousand. During a
//! lock the credential is not looked at, and the answer is the same for names that exist and names that do not.
//!
//! # Invariants
//! - Never more than the threshold of guesses per lock, however many run at a time.
//! - A restart changes nothing: counters are stored with each failure, under keyed codes instead of names and addresses.
//! - Memory is bounded, and an active lock is never forgotten to make room.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::address::ClientAddress;
use crate::secret::MacKey;
use crate::store::{LockRecord, Store, StoreError};
use crate::table::{Full, Table};
use counter::{Counter, Rule};

mod counter;

/// What happens to who guesses.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LockoutConfig {
    /// Failures in a row that lock an account.
    pub account_failures: u32,
    /// Failures of one address within fifteen minutes that lock it.
    pub address_failures: u32,
    /// The first lock; each further one of the same account lasts twice as long.
    pub lock_s: u32,
    /// The longest lock.
    pub lock_s_max: u32,
    /// Counters remembered at a time.
    pub counters_max: usize,
}

impl Default for LockoutConfig {
    fn default() -> Self {
        Self {
            account_failures: 5,
            address_failures: 20,
            lock_s: 300,
            lock_s_max: 3_600,
            counters_max: 1 << 16,
        }
    }
}

impl LockoutConfig {
    pub(crate) fn faults(&self, fault: &mut impl FnMut(&'static str, String)) {
        if !(1..=20).contains(&self.account_failures)
            || !(1..=1_000).contains(&self.address_failures)
        {
            fault(
                "lockout",
                "account_failures must be 1 to 20 and address_failures 1 to 1000".to_owned(),
            );
        }
        if self.lock_s < 30 || self.lock_s_max < self.lock_s {
            fault("lockout", "lock_s must be at least 30 and no more than lock_s_max".to_owned());
        }
        if self.counters_max < 1_024 {
            fault("lockout.counters_max", "must be at least 1024".to_owned());
        }
    }
}

/// Too many failures; nothing was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("locked after too many failures")]
pub struct Locked {
    /// How long the lock lasts, or for an attempt among too many at a time, a moment.
    pub retry_after: Duration,
}

impl From<Locked> for crate::door::Refusal {
    fn from(locked: Locked) -> Self {
        Self::Locked { retry_after: locked.retry_after }
    }
}

type CounterKey = [u8; 16];

/// The counters.
pub(crate) struct Lockout {
    config: LockoutConfig,
    counters: Table<CounterKey, Counter>,
    key: MacKey,
    store: Arc<dyn Store>,
    is_off: bool,
}

/// Whether a failure began a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) began_lock: bool,
}

impl Lockout {
    /// Takes up the counters where the last run left them.
    pub(crate) fn open(
        config: LockoutConfig,
        key: MacKey,
        store: Arc<dyn Store>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let counters = Table::new(config.counters_max);
        for record in store.locks()? {
            let counter = Counter::restore(&record);
            if counter.is_forgotten(now) {
                store.delete_lock(record.key)?;
                continue;
            }
            let restored = counters.upsert(&record.key, seconds(now), || counter, |_| ());
            if let Ok(((), Some(evicted))) = restored {
                store.delete_lock(evicted)?;
            }
        }
        Ok(Self { config, counters, key, store, is_off: false })
    }

    /// Counts nothing and locks nobody, when told to.
    pub(crate) fn switched_off(self, is_off: bool) -> Self {
        Self { is_off, ..self }
    }

    /// Takes a place for one attempt.
    ///
    /// `account` is the canonical name, or none when the credential names no account a guesser could choose.
    pub(crate) fn attempt(
        &self,
        account: Option<&str>,
        client: &ClientAddress,
        now: Timestamp,
    ) -> Result<Attempt<'_>, Locked> {
        let mut attempt = Attempt { lockout: self, places: Vec::with_capacity(3), now };
        for (rule, key) in self.keys(account, client) {
            let make = || Counter::new(now);
            let entered =
                self.counters.upsert(&key, seconds(now), make, |counter| counter.enter(&rule, now));
            match entered {
                Ok((Ok(()), evicted)) => {
                    self.forget(evicted);
                    attempt.places.push((rule, key));
                }
                Ok((Err(retry_after), evicted)) => {
                    self.forget(evicted);
                    attempt.release();
                    return Err(Locked { retry_after });
                }
                // Every counter is an active lock: who is not among them waits too, rather than guess uncounted.
                Err(Full) => {
                    attempt.release();
                    return Err(Locked { retry_after: Duration::from_secs(60) });
                }
            }
        }
        Ok(attempt)
    }

    /// Whether that address may try at all, without taking a place.
    pub(crate) fn stands(&self, client: &ClientAddress, now: Timestamp) -> Result<(), Locked> {
        if client.expose().is_none() || self.is_off {
            return Ok(());
        }
        let key = self.code(&[b"address", &client.block().bytes()]);
        let left = self.counters.get(&key, |counter| counter.lock_left(now)).flatten();
        left.map_or(Ok(()), |retry_after| Err(Locked { retry_after }))
    }

    /// Ends the lock of an account, by somebody who may.
    pub(crate) fn pardon(&self, account: &str) -> Result<(), StoreError> {
        let key = self.code(&[b"account", account.as_bytes()]);
        self.counters.remove(&key);
        self.store.delete_lock(key)
    }

    /// Ends the lock of an account at one address, for somebody who proved there to be its owner.
    pub(crate) fn pardon_at(
        &self,
        account: &str,
        client: &ClientAddress,
    ) -> Result<(), StoreError> {
        let key = self.code(&[b"pair", account.as_bytes(), &client.block().bytes()]);
        self.counters.remove(&key);
        self.store.delete_lock(key)
    }

    fn keys(&self, account: Option<&str>, client: &ClientAddress) -> Vec<(Rule, CounterKey)> {
        let mut keys = Vec::with_capacity(3);
        if self.is_off {
            return keys;
        }
        let block = client.block().bytes();
        // The operator's socket is no address that could be locked.
        if client.expose().is_some() {
            keys.push((Rule::address(&self.config), self.code(&[b"address", &block])));
        }
        if let Some(account) = account {
            let rule = Rule::account(&self.config);
            keys.push((rule, self.code(&[b"account", account.as_bytes()])));
            keys.push((rule, self.code(&[b"pair", account.as_bytes(), &block])));
        }
        keys
    }

    fn code(&self, parts: &[&[u8]]) -> CounterKey {
        self.key.mac(parts).half()
    }

    fn forget(&self, evicted: Option<CounterKey>) {
        if let Some(key) = evicted
            && let Err(error) = self.store.delete_lock(key)
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "an old failure counter was not deleted"
            );
        }
    }

    fn save(&self, record: &LockRecord) {
        if let Err(error) = self.store.save_lock(record) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a failure counter was not stored"
            );
        }
    }
}

impl std::fmt::Debug for Lockout {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Lockout").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A place taken for one attempt; a failure unless said otherwise.
pub(crate) struct Attempt<'a> {
    lockout: &'a Lockout,
    places: Vec<(Rule, CounterKey)>,
    now: Timestamp,
}

impl Attempt<'_> {
    /// The credential was right: the account and the pair start anew, the address keeps its count, so that one good
    /// account does not cover a run through many others. Says whether there had been failures.
    pub(crate) fn succeeded(mut self) -> bool {
        let mut after_failures = false;
        for (rule, key) in std::mem::take(&mut self.places) {
            if rule.is_address() {
                self.lockout.counters.get(&key, Counter::release);
                continue;
            }
            let failed = self.lockout.counters.get(&key, Counter::clear).unwrap_or(false);
            if failed {
                after_failures = true;
                self.lockout.forget(Some(key));
            }
        }
        after_failures
    }

    /// The credential was wrong.
    pub(crate) fn failed(mut self) -> Failed {
        self.fail()
    }

    /// Nothing was learnt: the credential could not be looked at.
    pub(crate) fn release(&mut self) {
        for (_, key) in std::mem::take(&mut self.places) {
            self.lockout.counters.get(&key, Counter::release);
        }
    }

    fn fail(&mut self) -> Failed {
        let mut began_lock = false;
        for (rule, key) in std::mem::take(&mut self.places) {
            let failed = self.lockout.counters.get(&key, |counter| {
                let began = counter.fail(&rule, self.now);
                (began, counter.record(key))
            });
            if let Some((began, record)) = failed {
                began_lock |= began;
                self.lockout.save(&record);
            }
        }
        Failed { began_lock }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.fail();
    }
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
