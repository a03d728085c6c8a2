//! One attempt: places taken before the credential is looked at, and how it
//! ended.

use jiff::Timestamp;

use super::counter::{Counter, Rule};
use super::{CounterKey, Failed, Locked, Lockout, seconds};
use crate::limits::{Limiter, Mark, Request};
use crate::principal::UserId;
use crate::store::{PasswordHashText, StoreError, UserRecord};

/// The authenticator that a password is, in the count of its failures.
pub(crate) const PASSWORD: &str = "password";

/// A place taken for one attempt; a failure unless said otherwise.
pub(crate) struct Attempt<'a> {
    lockout: &'a Lockout,
    places: Vec<(Rule, CounterKey)>,
    now: Timestamp,
    /// The counter of what the guesser is recognised by, when it is.
    pub(super) recognised: Option<CounterKey>,
    /// The counter that strangers to that account share, which a lock of who is recognised locks as well.
    pub(super) shared: Option<CounterKey>,
    /// The network whose guesses are compared with each other.
    pub(super) origin: Option<CounterKey>,
    /// What was guessed, as a code.
    guessed: Option<u64>,
    /// The authenticator that is tried.
    authenticator: Option<(UserId, &'static str, String)>,
    /// The authenticator that was right in an earlier step.
    proved: Option<(UserId, &'static str)>,
    /// What it takes from the address's bucket of wrong credentials, given back when it is not one.
    bad_credential: Option<BadCredential<'a>>,
}

/// A place in the bucket of wrong credentials.
pub(crate) struct BadCredential<'a> {
    pub(crate) limiter: &'a Limiter,
    pub(crate) request: Request,
    pub(crate) mark: Mark,
}

impl BadCredential<'_> {
    /// It was none.
    pub(crate) fn give_back(&self) {
        self.limiter.give_back(&self.request, 1, self.mark);
    }
}

impl<'a> Attempt<'a> {
    pub(super) fn new(lockout: &'a Lockout, now: Timestamp) -> Self {
        Self {
            lockout,
            places: Vec::with_capacity(4),
            now,
            recognised: None,
            shared: None,
            origin: None,
            guessed: None,
            authenticator: None,
            proved: None,
            bad_credential: None,
        }
    }

    /// Says that a user's authenticator was right in an earlier step: should this attempt succeed, its failures are
    /// forgotten as well.
    pub(crate) const fn completes(&mut self, user: UserId, authenticator: &'static str) {
        self.proved = Some((user, authenticator));
    }

    /// Takes a place at one counter, or gives all back.
    pub(super) fn enter(&mut self, rule: Rule, key: CounterKey) -> Result<(), Locked> {
        let (lockout, now) = (self.lockout, self.now);
        let make = || Counter::new(now);
        let entered = lockout
            .table(&key)
            .upsert(&key, seconds(now), make, |counter| counter.enter(&rule, now));
        let entered = entered.map_err(Locked::from).and_then(|(entered, evicted)| {
            lockout.forget(evicted);
            entered.map_err(|retry_after| Locked { retry_after })
        });
        match entered {
            Ok(()) => self.places.push((rule, key)),
            Err(_) => self.release(),
        }
        entered
    }

    /// Whether its address's wrong credentials are counted: not for who is recognised, nor for who has no address.
    pub(crate) const fn is_strangers(&self) -> bool {
        self.recognised.is_none() && self.origin.is_some()
    }

    /// Gives it a place in the bucket of wrong credentials.
    pub(crate) fn hold(&mut self, place: BadCredential<'a>) {
        self.bad_credential = Some(place);
    }

    /// Says what is guessed, so that the same guess made again is not taken for another.
    pub(crate) fn guesses(&mut self, parts: &[&[u8]]) {
        let [a, b, c, d, e, f, g, h, ..] = self.lockout.key.mac(parts).0;
        self.guessed = Some(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
    }

    /// Counts a try with one of a user's authenticators, before it is looked at; false when it is worth nothing any more,
    /// after too many failures in a row.
    ///
    /// Failures of who is recognised are counted apart: past the same number, it is recognised no longer.
    pub(crate) fn tries(
        &mut self,
        user: UserId,
        authenticator: &'static str,
    ) -> Result<bool, StoreError> {
        if self.lockout.is_off {
            return Ok(true);
        }
        let name = match &self.recognised {
            Some(key) => recognised_name(authenticator, key),
            None => authenticator.to_owned(),
        };
        let most = self.lockout.config.authenticator_failures;
        let counted = self.lockout.store.count_try(user, &name, most)?;
        if counted {
            self.authenticator = Some((user, authenticator, name));
        } else if let Some(key) = self.recognised {
            self.lockout.kill(key, self.now);
        }
        Ok(counted)
    }

    /// Counts a try with a user's password; none when there is no password to compare, or it is worth nothing any more
    /// after too many failures in a row. Both take as long as one that is wrong.
    pub(crate) fn tries_password<'u>(
        &mut self,
        user: Option<&'u UserRecord>,
    ) -> Result<Option<&'u PasswordHashText>, StoreError> {
        let Some(user) = user else { return Ok(None) };
        let counts = self.tries(user.id, PASSWORD)?;
        Ok(user.password.as_ref().filter(|_| counts))
    }

    /// The credential was right: the account and the pair start anew, the address keeps its count, so that one good
    /// account does not cover a run through many others. Says whether there had been failures.
    pub(crate) fn succeeded(mut self) -> bool {
        let mut after_failures = false;
        self.guessed = None;
        for (rule, key) in std::mem::take(&mut self.places) {
            let table = self.lockout.table(&key);
            if rule.is_address() {
                table.get(&key, Counter::release);
                continue;
            }
            if table.get(&key, Counter::clear).unwrap_or(false) {
                after_failures = true;
                self.lockout.forget(Some(key));
            }
        }
        if let Some(place) = self.bad_credential.take() {
            place.give_back();
        }
        if let Some((user, authenticator, tried)) = self.authenticator.take() {
            // This try is among those counted.
            let failures = self.forget_tries(user, &tried).saturating_sub(1);
            after_failures |= failures > 0;
            self.proved.get_or_insert((user, authenticator));
        }
        if let Some((user, authenticator)) = self.proved.take() {
            let mut failures = self.forget_tries(user, authenticator);
            if let Some(key) = &self.recognised {
                failures += self.forget_tries(user, &recognised_name(authenticator, key));
            }
            after_failures |= failures > 0;
        }
        after_failures
    }

    /// Says how many there were; if they cannot be forgotten, they go on being counted.
    fn forget_tries(&self, user: UserId, authenticator: &str) -> u32 {
        self.lockout.store.forget_tries(user, authenticator).unwrap_or_else(|error| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the tries before a success were not forgotten"
            );
            0
        })
    }

    /// The credential was wrong.
    pub(crate) fn failed(mut self) -> Failed {
        self.fail()
    }

    /// Nothing was learnt: the credential could not be looked at.
    pub(crate) fn release(&mut self) {
        self.guessed = None;
        for (_, key) in std::mem::take(&mut self.places) {
            self.lockout.table(&key).get(&key, Counter::release);
        }
        if let Some(place) = self.bad_credential.take() {
            place.give_back();
        }
        if let Some((user, _, tried)) = self.authenticator.take()
            && let Err(error) = self.lockout.store.uncount_try(user, &tried)
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a try that did not happen stays counted"
            );
        }
    }

    fn fail(&mut self) -> Failed {
        let mut began_lock = false;
        let mut records = Vec::with_capacity(5);
        for (rule, key) in std::mem::take(&mut self.places) {
            let failed = self.lockout.table(&key).get(&key, |counter| {
                let began = counter.fail(&rule, self.now);
                (began, counter.record(key))
            });
            if let Some((began, record)) = failed {
                if began && rule.is_address() {
                    self.lockout.note_lock(record.locked_until);
                }
                began_lock |= began;
                records.push(record);
            }
        }
        if began_lock && let Some(key) = self.shared.take() {
            let until = records.iter().filter_map(|record| record.locked_until).max();
            records.extend(until.and_then(|until| self.lockout.lock_until(key, until, self.now)));
        }
        let stuffed = self.origin.take().zip(self.guessed.take());
        let stuffed = stuffed.and_then(|(key, guess)| self.lockout.stuffed(&key, guess, self.now));
        if let Some((began, record)) = stuffed {
            began_lock |= began;
            records.push(record);
        }
        if !records.is_empty() {
            self.lockout.save(&records);
        }
        // What it took of the other counts is a failure's, and stays.
        self.bad_credential = None;
        self.authenticator = None;
        Failed { began_lock }
    }
}

/// The name under which tries of who is recognised are counted.
fn recognised_name(authenticator: &str, key: &CounterKey) -> String {
    format!("{authenticator}@{}", crate::secret::hex(key))
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.fail();
    }
}
