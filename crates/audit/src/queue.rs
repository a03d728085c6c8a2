//! What waits for the disk, in bounded memory.
//!
//! Records of changes may take the whole queue, notices half of it and only so many a second: whoever floods the server
//! with refused requests can neither push out the record of a change nor fill the disk. What finds no room is counted by
//! name, and the counts become a record.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::head::Signer;
use crate::record::{Entry, Weight};

/// Most entries waiting, those being written included.
pub const ENTRIES_MAX: usize = 2048;
/// Most of them that are notices, and from how many on no new change is let in.
const NOTICES_MAX: usize = ENTRIES_MAX / 2;
/// Notices taken at once after a quiet time.
pub const NOTICES_BURST_MAX: u32 = 2000;
/// Notices taken a second for ever.
const NOTICES_PER_SECOND: u32 = 200;

/// What the writer gets.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) entries: Vec<Entry>,
    /// What found no room, by name.
    pub(crate) lost: BTreeMap<&'static str, u64>,
    /// How many entries were ever taken in, these included.
    pub(crate) through: u64,
    /// The key to sign with from these entries on, if it is another one.
    pub(crate) signer: Option<Signer>,
    pub(crate) is_closed: bool,
}

#[derive(Debug)]
struct State {
    entries: Vec<Entry>,
    /// Entries the writer has taken and not finished.
    in_hand: usize,
    lost: BTreeMap<&'static str, u64>,
    through: u64,
    signer: Option<Signer>,
    notices_left: u32,
    refilled_at: Instant,
    is_closed: bool,
}

/// The queue between everybody and the writer.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
}

impl Queue {
    pub(crate) fn new() -> Self {
        let state = State {
            entries: Vec::new(),
            in_hand: 0,
            lost: BTreeMap::new(),
            through: 0,
            signer: None,
            notices_left: NOTICES_BURST_MAX,
            refilled_at: Instant::now(),
            is_closed: false,
        };
        Self { state: Mutex::new(state), wake: Condvar::new() }
    }

    /// Takes an entry in, or counts it as lost.
    pub(crate) fn push(&self, entry: Entry) {
        let mut state = self.lock();
        let waiting = state.entries.len() + state.in_hand;
        let fits = match entry.weight {
            Weight::Act => waiting < ENTRIES_MAX,
            Weight::Notice => waiting < NOTICES_MAX && state.take_notice(Instant::now()),
        };
        if !fits || state.is_closed {
            *state.lost.entry(entry.event).or_default() += 1;
            metrics::counter!("shelduck_audit_lost_total").increment(1);
            return;
        }
        state.entries.push(entry);
        state.through += 1;
        drop(state);
        self.wake.notify_one();
    }

    /// Has everything that is not written yet signed with another key.
    pub(crate) fn sign_with(&self, signer: Signer) {
        self.lock().signer = Some(signer);
        self.wake.notify_one();
    }

    /// Whether the record of a change made now will find room.
    pub(crate) fn has_room(&self) -> bool {
        let state = self.lock();
        state.entries.len() + state.in_hand <= NOTICES_MAX && !state.is_closed
    }

    /// How many entries were ever taken in.
    pub(crate) fn through(&self) -> u64 {
        self.lock().through
    }

    /// Gives everything that waits, after waiting for something for at most that long.
    ///
    /// The entries count against the bound until [`Queue::finished`].
    pub(crate) fn take(&self, patience: Duration) -> Taken {
        let mut state = self.lock();
        let has_news = !state.lost.is_empty() || state.signer.is_some();
        if state.entries.is_empty() && !has_news && !state.is_closed {
            let waited = self.wake.wait_timeout(state, patience);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let entries = mem::take(&mut state.entries);
        state.in_hand += entries.len();
        Taken {
            entries,
            lost: mem::take(&mut state.lost),
            through: state.through,
            signer: state.signer.take(),
            is_closed: state.is_closed,
        }
    }

    /// Says that so many of the taken entries are on disk.
    pub(crate) fn finished(&self, entries: usize) {
        let mut state = self.lock();
        state.in_hand = state.in_hand.saturating_sub(entries);
    }

    /// Takes nothing more in; what waits is still given out.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes one from the notices' allowance, which fills up with time.
    fn take_notice(&mut self, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.refilled_at);
        let refill = elapsed.as_millis() * u128::from(NOTICES_PER_SECOND) / 1000;
        if refill > 0 {
            let refill = u32::try_from(refill).unwrap_or(u32::MAX);
            self.notices_left = self.notices_left.saturating_add(refill).min(NOTICES_BURST_MAX);
            self.refilled_at = now;
        }
        let left = self.notices_left.checked_sub(1);
        self.notices_left = left.unwrap_or(0);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::entry;

    fn notice() -> Entry {
        Entry { weight: Weight::Notice, ..entry("n") }
    }

    #[test]
    fn notices_take_half_and_changes_all_of_it() {
        let queue = Queue::new();
        for _ in 0..NOTICES_MAX + 5 {
            queue.push(notice());
        }
        assert!(queue.has_room(), "the half of the changes is free");
        for number in 0..ENTRIES_MAX - NOTICES_MAX {
            queue.push(entry("a"));
            assert!(!queue.has_room(), "{number}: the next could be one too many");
        }
        queue.push(entry("a"));
        let taken = queue.take(Duration::ZERO);
        assert_eq!(taken.entries.len(), ENTRIES_MAX);
        assert_eq!(taken.through, ENTRIES_MAX as u64);
        assert_eq!(taken.lost, BTreeMap::from([("n", 5), ("a", 1)]));
        queue.push(entry("a"));
        assert_eq!(queue.take(Duration::ZERO).lost, BTreeMap::from([("a", 1)]), "still in hand");
        queue.finished(ENTRIES_MAX);
        queue.push(entry("a"));
        assert_eq!(queue.take(Duration::ZERO).entries.len(), 1);
    }

    #[test]
    fn a_flood_of_notices_is_thinned_out_to_a_rate() {
        let queue = Queue::new();
        let start = Instant::now();
        let mut state = queue.lock();
        state.refilled_at = start;
        let mut taken_at = |seconds: u64, tries: u32| {
            let now = start + Duration::from_secs(seconds);
            (0..tries).filter(|_| state.take_notice(now)).count()
        };
        assert_eq!(taken_at(0, 10_000), NOTICES_BURST_MAX as usize);
        assert_eq!(taken_at(1, 10_000), NOTICES_PER_SECOND as usize);
        assert_eq!(taken_at(3, 10_000), 2 * NOTICES_PER_SECOND as usize);
        assert_eq!(taken_at(1_000, 10_000), NOTICES_BURST_MAX as usize);
    }

    #[test]
    fn a_closed_queue_gives_out_what_it_has_and_counts_the_rest() {
        let queue = Queue::new();
        queue.push(entry("a"));
        queue.close();
        queue.push(entry("b"));
        let taken = queue.take(Duration::from_secs(60));
        assert_eq!((taken.entries.len(), taken.is_closed), (1, true));
        assert_eq!(taken.lost, BTreeMap::from([("b", 1)]));
        assert!(!queue.has_room());
    }
}
