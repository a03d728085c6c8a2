//! A budget of units for heavy work of all callers together.
//!
//! Who finds no units waits for a short time in a short queue. When units come back, they go to the caller who holds
//! least, and among equals to who came first; a dear request at the head is not overtaken for ever by cheap ones. No
//! database can hold all units.
//!
//! # Invariants
//! - Never more units are out than there are, nor more for one database than its share.
//! - Units come back when the work ends, however it ends, and a caller that went away does not wait on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::config::HeavyConfig;
use super::in_flight::TooMany;
use super::subject::{DatabaseNumber, Subject};

/// Places in the queue that one caller may take.
const WAITING_PER_CALLER_MAX: usize = 8;

/// Who wants units, and how many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeavyAsk {
    pub(crate) subject: Subject,
    pub(crate) database: DatabaseNumber,
    pub(crate) units: u32,
}

/// The budget.
#[derive(Debug, Clone)]
pub(crate) struct Heavy {
    config: HeavyConfig,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    used: u32,
    by_database: HashMap<DatabaseNumber, u32>,
    by_caller: HashMap<Subject, u32>,
    /// In the order they came.
    waiting: Vec<Waiting>,
    next: u64,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    ask: HeavyAsk,
    admit: oneshot::Sender<HeavyGuard>,
}

/// Units in use; they come back when this is dropped.
#[derive(Debug)]
pub struct HeavyGuard {
    heavy: Heavy,
    ask: HeavyAsk,
}

impl Heavy {
    pub(crate) fn new(config: HeavyConfig) -> Self {
        Self { config, state: Arc::default() }
    }

    /// Takes units until the guard is dropped; waits, but not long, and not behind many.
    ///
    /// More units than one database may hold are taken as that many: it then runs alone.
    pub(crate) async fn enter(&self, ask: HeavyAsk) -> Result<HeavyGuard, TooMany> {
        let units = ask.units.clamp(1, self.config.per_database);
        let ask = HeavyAsk { units, ..ask };
        let (place, admitted) = {
            let mut state = self.lock();
            let overtakes = |other: &Waiting| {
                other.ask.database == ask.database || self.fits_share(&state, &other.ask)
            };
            if !state.waiting.iter().any(overtakes) && self.fits(&state, &ask) {
                state.take(&ask);
                drop(state);
                return Ok(HeavyGuard { heavy: self.clone(), ask });
            }
            let own = state.waiting.iter().filter(|other| other.ask.subject == ask.subject);
            if state.waiting.len() >= self.config.queue_max || own.count() >= WAITING_PER_CALLER_MAX
            {
                return Err(TooMany);
            }
            let (admit, admitted) = oneshot::channel();
            let number = state.next;
            state.next += 1;
            state.waiting.push(Waiting { number, ask, admit });
            drop(state);
            (Place { heavy: self, number }, admitted)
        };
        // It may be the only one whose database has units left.
        self.admit();
        let patience = Duration::from_millis(u64::from(self.config.wait_ms));
        let guard = tokio::time::timeout(patience, admitted).await;
        drop(place);
        match guard {
            Ok(Ok(guard)) => Ok(guard),
            Ok(Err(_)) | Err(_) => Err(TooMany),
        }
    }

    /// Units in use, and callers waiting for some.
    pub(crate) fn load(&self) -> (u32, usize) {
        let state = self.lock();
        (state.used, state.waiting.len())
    }

    pub(crate) const fn units(&self) -> u32 {
        self.config.units
    }

    fn fits_share(&self, state: &State, ask: &HeavyAsk) -> bool {
        let held = state.by_database.get(&ask.database).copied().unwrap_or(0);
        held + ask.units <= self.config.per_database
    }

    fn fits(&self, state: &State, ask: &HeavyAsk) -> bool {
        state.used + ask.units <= self.config.units && self.fits_share(state, ask)
    }

    /// Hands free units to those who wait.
    fn admit(&self) {
        loop {
            let mut state = self.lock();
            let Some(place) = self.next(&state) else { return };
            let Waiting { ask, admit, .. } = state.waiting.remove(place);
            state.take(&ask);
            drop(state);
            // If it went away meanwhile, the guard comes back and returns the units where it is dropped, here.
            drop(admit.send(HeavyGuard { heavy: self.clone(), ask }));
        }
    }

    /// The place in the queue of who is next, if there are units for it.
    fn next(&self, state: &State) -> Option<usize> {
        let mut order: Vec<(u32, u64, usize)> = Vec::with_capacity(state.waiting.len());
        for (place, one) in state.waiting.iter().enumerate() {
            let held = state.by_caller.get(&one.ask.subject).copied().unwrap_or(0);
            order.push((held, one.number, place));
        }
        order.sort_unstable();
        let mut full = Vec::new();
        for (_, _, place) in order {
            let ask = &state.waiting.get(place)?.ask;
            if full.contains(&ask.database) {
                continue;
            }
            if !self.fits_share(state, ask) {
                // It holds up who wants the same database, and nobody else.
                full.push(ask.database);
                continue;
            }
            return self.fits(state, ask).then_some(place);
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, ask: &HeavyAsk) {
        self.used += ask.units;
        *self.by_database.entry(ask.database).or_insert(0) += ask.units;
        *self.by_caller.entry(ask.subject).or_insert(0) += ask.units;
    }

    fn give_back(&mut self, ask: &HeavyAsk) {
        self.used = self.used.saturating_sub(ask.units);
        if let Some(held) = self.by_database.get_mut(&ask.database) {
            *held = held.saturating_sub(ask.units);
            if *held == 0 {
                self.by_database.remove(&ask.database);
            }
        }
        if let Some(held) = self.by_caller.get_mut(&ask.subject) {
            *held = held.saturating_sub(ask.units);
            if *held == 0 {
                self.by_caller.remove(&ask.subject);
            }
        }
    }
}

impl Drop for HeavyGuard {
    fn drop(&mut self) {
        self.heavy.lock().give_back(&self.ask);
        self.heavy.admit();
    }
}

/// A place in the queue; left when dropped.
struct Place<'a> {
    heavy: &'a Heavy,
    number: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.heavy.lock().waiting.retain(|one| one.number != self.number);
        // Somebody may have been waiting behind it.
        self.heavy.admit();
    }
}

#[cfg(test)]
mod tests;
