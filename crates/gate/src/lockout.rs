//! What happens to who guesses: one `attempt()` for every door.
//!
//! Several counters run at once: the account, the address (and the /48 around a v6 one), and account and address
//! together. An attempt takes its place in all of them *before* the credential is looked at, so a thousand guesses sent
//! at the same moment count as a thousand. During a lock the credential is not looked at, and the answer is the same for
//! names that exist and names that do not.
//!
//! Who is recognised (a browser that signed in before, a session that proves itself again) has a counter of its own
//! instead, so that strangers cannot lock the owner out, nor the owner open the way for strangers. Who guesses there until it
//! locks has locked every other door to the account as well.
//!
//! # Invariants
//! - Never more than the threshold of guesses per lock, however many run at a time.
//! - A restart changes nothing: counters are stored with each failure, under keyed codes instead of names and addresses.
//! - Memory is bounded, and an active lock is never forgotten to make room.
//! - Strangers cannot fill the places of those who are recognised.

mod attempt;
mod config;
mod counter;
mod stuffing;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::address::ClientAddress;
use crate::secret::MacKey;
use crate::store::{LockRecord, Store, StoreError};
use crate::table::{Full, Table};
pub(crate) use attempt::{Attempt, BadCredential, PASSWORD};
pub use config::LockoutConfig;
use counter::{Counter, Rule};
use stuffing::Pairs;

/// How long to wait when every place is an active lock.
const FULL: Duration = Duration::from_secs(60);
/// Addresses whose guesses are compared with each other.
const PAIRS_ADDRESSES_MAX: usize = 1 << 13;
/// Marks the counters of those who are recognised, which are kept apart.
const RECOGNISED: u8 = 0x80;

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

/// Who guesses at what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guess<'a> {
    /// The canonical name, or none when the credential names no account a guesser could choose.
    pub(crate) account: Option<&'a str>,
    /// From where.
    pub(crate) client: &'a ClientAddress,
    /// What the guesser is recognised by, of that account.
    pub(crate) recognised: Option<[u8; 16]>,
}

/// The counters.
pub(crate) struct Lockout {
    config: LockoutConfig,
    counters: Table<CounterKey, Counter>,
    recognised: Table<CounterKey, Counter>,
    pairs: Table<CounterKey, Pairs>,
    /// When the last lock of an address ends, in seconds: before that, and only then, addresses have to be looked up.
    addresses_locked_until: AtomicI64,
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
        let lockout = Self {
            counters: Table::new(config.counters_max),
            recognised: Table::new(config.counters_max),
            pairs: Table::new(PAIRS_ADDRESSES_MAX),
            addresses_locked_until: AtomicI64::new(i64::MIN),
            config,
            key,
            store,
            is_off: false,
        };
        for record in lockout.store.locks()? {
            let counter = Counter::restore(&record);
            if counter.is_forgotten(now) {
                lockout.store.delete_lock(record.key)?;
                continue;
            }
            // Which of them is an address's is not stored, so each lock of a stranger may be.
            let [mark, ..] = record.key;
            if mark & RECOGNISED == 0 {
                lockout.note_lock(record.locked_until);
            }
            let table = lockout.table(&record.key);
            let restored = table.upsert(&record.key, seconds(now), || counter, |_| ());
            if let Ok(((), Some(evicted))) = restored {
                lockout.store.delete_lock(evicted)?;
            }
        }
        Ok(lockout)
    }

    /// Counts nothing and locks nobody, when told to.
    pub(crate) fn switched_off(self, is_off: bool) -> Self {
        Self { is_off, ..self }
    }

    /// Takes a place for one attempt of a stranger.
    pub(crate) fn attempt(
        &self,
        account: Option<&str>,
        client: &ClientAddress,
        now: Timestamp,
    ) -> Result<Attempt<'_>, Locked> {
        self.guess(&Guess { account, client, recognised: None }, now)
    }

    /// Takes a place for one attempt.
    pub(crate) fn guess(&self, guess: &Guess<'_>, now: Timestamp) -> Result<Attempt<'_>, Locked> {
        let recognised = guess
            .account
            .zip(guess.recognised)
            .map(|(account, by)| self.recognised_key(account, by));
        let recognised = recognised.filter(|key| !self.is_dead(key, now));
        let mut attempt = Attempt::new(self, now);
        if self.is_off {
            return Ok(attempt);
        }
        if let Some(key) = recognised {
            attempt.recognised = Some(key);
            attempt.shared = guess.account.map(|account| self.account_key(account));
            attempt.enter(Rule::account(&self.config), key)?;
            return Ok(attempt);
        }
        if let Some(key) = self.origin_key(guess.client) {
            self.check_stuffing(&key, now)?;
            attempt.origin = Some(key);
        }
        for (rule, key) in self.keys(guess) {
            attempt.enter(rule, key)?;
        }
        Ok(attempt)
    }

    /// Whether that address may try at all, without taking a place.
    pub(crate) fn stands(&self, client: &ClientAddress, now: Timestamp) -> Result<(), Locked> {
        if self.is_off || now.as_second() > self.addresses_locked_until.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Some(origin) = self.origin_key(client) else { return Ok(()) };
        self.check_stuffing(&origin, now)?;
        for key in self.address_keys(client) {
            self.is_open(&key, now)?;
        }
        Ok(())
    }

    /// Ends every lock of an account, by somebody who may, for whatever address it was.
    pub(crate) fn pardon(&self, account: &str) -> Result<(), StoreError> {
        let prefix = self.account_prefix(account);
        let mut keys = Vec::new();
        for table in [&self.counters, &self.recognised] {
            table.each(|key, _| {
                if strangers(*key).starts_with(&prefix) {
                    keys.push(*key);
                }
            });
        }
        for key in keys {
            self.table(&key).remove(&key);
            self.store.delete_lock(key)?;
        }
        // Also when it had to make room here and is stored all the same.
        self.store.delete_lock(self.account_key(account))
    }

    /// Ends the locks of the machine's own addresses: they are where whoever mends a lock comes from, and behind a proxy
    /// that was not declared they are everybody's.
    pub(crate) fn pardon_own_addresses(&self) -> Result<(), StoreError> {
        for address in [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)] {
            let client = ClientAddress::network(address);
            let origin = self.origin_key(&client);
            if let Some(origin) = origin {
                self.pairs.remove(&origin);
            }
            let stuffing = origin.map(|origin| self.stuffing_key(&origin));
            for key in self.address_keys(&client).chain(stuffing) {
                self.counters.remove(&key);
                self.store.delete_lock(key)?;
            }
        }
        Ok(())
    }

    /// What somebody was recognised by is worth nothing any more.
    fn kill(&self, recognised: CounterKey, now: Timestamp) {
        let life = SignedDuration::from_secs(i64::from(self.config.device_life_s));
        let end = now.checked_add(life).unwrap_or(now);
        let record = self.lock_until(recognised, end, now);
        self.save(record.as_slice());
    }

    /// Locks a counter at least up to that moment; none when there is no room, so when whoever is not locked waits anyhow.
    fn lock_until(&self, key: CounterKey, end: Timestamp, now: Timestamp) -> Option<LockRecord> {
        let make = || Counter::new(now);
        let locked = self.table(&key).upsert(&key, seconds(now), make, |counter| {
            counter.lock_until(end, now);
            counter.record(key)
        });
        let (record, evicted) = locked.ok()?;
        self.forget(evicted);
        Some(record)
    }

    /// No lock but that of a dead one lasts so long.
    fn is_dead(&self, recognised: &CounterKey, now: Timestamp) -> bool {
        let longest = Duration::from_secs(u64::from(self.config.lock_s_max));
        let left = self.recognised.get(recognised, |counter| counter.lock_left(now)).flatten();
        left.is_some_and(|left| left > longest)
    }

    fn is_open(&self, key: &CounterKey, now: Timestamp) -> Result<(), Locked> {
        let left = self.table(key).get(key, |counter| counter.lock_left(now)).flatten();
        left.map_or(Ok(()), |retry_after| Err(Locked { retry_after }))
    }

    fn check_stuffing(&self, origin: &CounterKey, now: Timestamp) -> Result<(), Locked> {
        self.is_open(&self.stuffing_key(origin), now)
    }

    /// Counts a guess that an address has not made before; says whether that was one too many.
    fn stuffed(
        &self,
        origin: &CounterKey,
        guess: u64,
        now: Timestamp,
    ) -> Option<(bool, LockRecord)> {
        let make = Pairs::default;
        let new =
            self.pairs.upsert(origin, seconds(now), make, |pairs| pairs.add(guess, seconds(now)));
        if !new.is_ok_and(|(new, _)| new) {
            return None;
        }
        let rule = Rule::stuffing(&self.config);
        let key = self.stuffing_key(origin);
        let counted = self.counters.upsert(
            &key,
            seconds(now),
            || Counter::new(now),
            |counter| {
                let began = counter.fail(&rule, now);
                (began, counter.record(key))
            },
        );
        let ((began, record), evicted) = counted.ok()?;
        self.forget(evicted);
        if began {
            self.note_lock(record.locked_until);
        }
        Some((began, record))
    }

    fn note_lock(&self, until: Option<Timestamp>) {
        if let Some(until) = until {
            self.addresses_locked_until.fetch_max(until.as_second(), Ordering::Relaxed);
        }
    }

    fn table(&self, key: &CounterKey) -> &Table<CounterKey, Counter> {
        let [mark, ..] = key;
        if mark & RECOGNISED == 0 { &self.counters } else { &self.recognised }
    }

    fn keys(&self, guess: &Guess<'_>) -> Vec<(Rule, CounterKey)> {
        let mut keys = Vec::with_capacity(4);
        let rule = Rule::address(&self.config);
        keys.extend(self.address_keys(guess.client).map(|key| (rule, key)));
        if let Some(account) = guess.account {
            let rule = Rule::account(&self.config);
            keys.push((rule, self.account_key(account)));
            keys.push((rule, self.pair_key(account, guess.client)));
        }
        keys
    }

    /// The address, and the network of 48 bits around a v6 one. The operator's socket is no address that could be locked.
    fn address_keys(&self, client: &ClientAddress) -> impl Iterator<Item = CounterKey> {
        let address = client.expose().map(|_| self.code(&[b"address", &client.block().bytes()]));
        let site = client.site().map(|site| self.code(&[b"site", &site.bytes()]));
        address.into_iter().chain(site)
    }

    /// Who stuffs: the largest network that is one customer's.
    fn origin_key(&self, client: &ClientAddress) -> Option<CounterKey> {
        client.expose()?;
        let block = client.site().unwrap_or_else(|| client.block());
        Some(self.code(&[b"origin", &block.bytes()]))
    }

    /// The lock of who stuffs.
    fn stuffing_key(&self, origin: &CounterKey) -> CounterKey {
        self.code(&[b"stuffing", origin])
    }

    /// Half of each key that belongs to an account tells which, so that all of them can be found.
    fn account_prefix(&self, account: &str) -> [u8; 8] {
        let [prefix @ .., _, _, _, _, _, _, _, _] = self.code(&[b"account", account.as_bytes()]);
        prefix
    }

    fn account_key(&self, account: &str) -> CounterKey {
        self.code(&[b"account", account.as_bytes()])
    }

    fn pair_key(&self, account: &str, client: &ClientAddress) -> CounterKey {
        self.account_part(account, &[b"pair", account.as_bytes(), &client.block().bytes()])
    }

    fn recognised_key(&self, account: &str, by: [u8; 16]) -> CounterKey {
        let mut key = self.account_part(account, &[b"recognised", account.as_bytes(), &by]);
        let [mark, ..] = &mut key;
        *mark |= RECOGNISED;
        key
    }

    /// A key that can be found by its account.
    fn account_part(&self, account: &str, parts: &[&[u8]]) -> CounterKey {
        let mut key = self.code(parts);
        for (to, from) in key.iter_mut().zip(self.account_prefix(account)) {
            *to = from;
        }
        key
    }

    fn code(&self, parts: &[&[u8]]) -> CounterKey {
        strangers(self.key.mac(parts).half())
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

    fn save(&self, records: &[LockRecord]) {
        if let Err(error) = self.store.save_locks(records) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "failure counters were not stored"
            );
        }
    }
}

impl From<Full> for Locked {
    /// Every counter is an active lock: who is not among them waits too, rather than guess uncounted.
    fn from(_: Full) -> Self {
        Self { retry_after: FULL }
    }
}

impl std::fmt::Debug for Lockout {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Lockout").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A key without the mark of those who are recognised.
const fn strangers(mut key: CounterKey) -> CounterKey {
    let [mark, ..] = &mut key;
    *mark &= !RECOGNISED;
    key
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or(0)
}
