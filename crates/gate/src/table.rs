//! A map whose size never passes its capacity, shared by many threads.
//!
//! Callers choose the keys of everything the gate counts, so each of these maps has a fixed number of places. When all
//! are taken, the one idle longest among a few neighbours makes room; entries that must stay (an active lock) are
//! passed over. There is no sweep that stops the world.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::PoisonError;

use crate::sync::{Mutex, MutexGuard};

/// In the model, where two threads meet, it is one: it must not hang on the hash which way a run takes.
const SHARDS: usize = if cfg!(all(test, feature = "model")) { 1 } else { 16 };
/// Neighbours looked at before settling for the idlest of them.
const SAMPLE: usize = 8;

/// What decides who makes room.
pub(crate) trait Entry {
    /// How gladly this entry makes room, more is gladder; none: never.
    fn idleness(&self, now: u64) -> Option<u64>;
}

/// Every place is held by something that must stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

#[derive(Debug)]
pub(crate) struct Table<K, V> {
    shards: Box<[Mutex<Shard<K, V>>]>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Shard<K, V> {
    places: HashMap<K, usize>,
    slots: Vec<(K, V)>,
    hand: usize,
    capacity: usize,
}

impl<K: Hash + Eq + Clone, V: Entry> Table<K, V> {
    /// A table of at least that many places; they take memory only once used.
    pub(crate) fn new(capacity: usize) -> Self {
        let capacity = capacity.div_ceil(SHARDS).max(1);
        let shard =
            |_| Mutex::new(Shard { places: HashMap::new(), slots: Vec::new(), hand: 0, capacity });
        Self { shards: (0..SHARDS).map(shard).collect(), hasher: RandomState::new() }
    }

    /// Works on the entry of that key, if there is one.
    pub(crate) fn get<R>(&self, key: &K, work: impl FnOnce(&mut V) -> R) -> Option<R> {
        let mut shard = self.shard(key)?;
        let place = *shard.places.get(key)?;
        shard.slots.get_mut(place).map(|(_, value)| work(value))
    }

    /// Works on the entry of that key, which is made if there is none; also hands out what had to make room.
    pub(crate) fn upsert<R>(
        &self,
        key: &K,
        now: u64,
        make: impl FnOnce() -> V,
        work: impl FnOnce(&mut V) -> R,
    ) -> Result<(R, Option<K>), Full> {
        let mut shard = self.shard(key).ok_or(Full)?;
        let mut evicted = None;
        let place = match shard.places.get(key) {
            Some(place) => *place,
            None => {
                evicted = shard.make_room(now)?;
                shard.push(key.clone(), make())
            }
        };
        let (_, value) = shard.slots.get_mut(place).ok_or(Full)?;
        Ok((work(value), evicted))
    }

    /// Forgets one entry.
    pub(crate) fn remove(&self, key: &K) -> Option<V> {
        let mut shard = self.shard(key)?;
        let place = *shard.places.get(key)?;
        shard.take(place).map(|(_, value)| value)
    }

    /// Forgets everything; `also` runs while all shards are locked.
    pub(crate) fn clear(&self, also: impl FnOnce()) {
        let mut guards: Vec<_> = self.shards.iter().map(locked).collect();
        also();
        for shard in &mut guards {
            shard.places.clear();
            shard.slots.clear();
            shard.hand = 0;
        }
    }

    /// Looks at every entry, one shard after the other.
    pub(crate) fn each(&self, mut look: impl FnMut(&K, &mut V)) {
        for shard in &self.shards {
            for (key, value) in &mut locked(shard).slots {
                look(key, value);
            }
        }
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| locked(shard).slots.len()).sum()
    }

    fn shard(&self, key: &K) -> Option<MutexGuard<'_, Shard<K, V>>> {
        let hash = usize::try_from(self.hasher.hash_one(key) & 0xffff).unwrap_or(0);
        self.shards.get(hash % self.shards.len()).map(locked)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Hash + Eq + Clone, V: Entry> Shard<K, V> {
    fn push(&mut self, key: K, value: V) -> usize {
        let place = self.slots.len();
        self.places.insert(key.clone(), place);
        self.slots.push((key, value));
        place
    }

    fn take(&mut self, place: usize) -> Option<(K, V)> {
        if place >= self.slots.len() {
            return None;
        }
        let (key, value) = self.slots.swap_remove(place);
        self.places.remove(&key);
        if let Some((moved, _)) = self.slots.get(place) {
            self.places.insert(moved.clone(), place);
        }
        Some((key, value))
    }

    fn make_room(&mut self, now: u64) -> Result<Option<K>, Full> {
        if self.slots.len() < self.capacity {
            return Ok(None);
        }
        let mut best: Option<(u64, usize)> = None;
        for step in 0..self.slots.len() {
            if step >= SAMPLE && best.is_some() {
                break;
            }
            let place = (self.hand + step) % self.slots.len();
            let idleness = self.slots.get(place).and_then(|(_, value)| value.idleness(now));
            if let Some(idleness) = idleness
                && best.is_none_or(|(most, _)| idleness > most)
            {
                best = Some((idleness, place));
            }
        }
        let (_, place) = best.ok_or(Full)?;
        self.hand = (self.hand + SAMPLE) % self.slots.len();
        Ok(self.take(place).map(|(key, _)| key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Used(u64);

    impl Entry for Used {
        fn idleness(&self, now: u64) -> Option<u64> {
            (self.0 != u64::MAX).then(|| now.saturating_sub(self.0))
        }
    }

    fn put(table: &Table<u32, Used>, key: u32, used: u64) -> Result<Option<u32>, Full> {
        table.upsert(&key, 1_000, || Used(used), |_| ()).map(|(_, evicted)| evicted)
    }

    #[test]
    fn it_never_outgrows_its_capacity() {
        let table = Table::new(160);
        for key in 0..10_000 {
            put(&table, key, u64::from(key % 900)).unwrap();
        }
        assert_eq!(table.len(), 160);
        table.clear(|| ());
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn what_must_stay_stays() {
        let table = Table::new(160);
        let kept: Vec<u32> = (0..40).filter(|key| put(&table, *key, u64::MAX).is_ok()).collect();
        for key in 1_000..5_000 {
            put(&table, key, 1).ok();
        }
        assert!(kept.iter().all(|key| table.get(key, |_| ()).is_some()));
        let one = Table::new(1);
        let refused = (0..1_000).filter(|key| put(&one, *key, u64::MAX) == Err(Full)).count();
        assert_eq!(refused, 1_000 - SHARDS);
    }

    #[test]
    fn removing_keeps_the_others_reachable() {
        let table = Table::new(1_600);
        for key in 0..200 {
            put(&table, key, u64::from(key)).unwrap();
        }
        for key in (0..200).step_by(3) {
            assert_eq!(table.remove(&key).map(|used| used.0), Some(u64::from(key)));
        }
        for key in 0..200 {
            let expected = (key % 3 != 0).then_some(u64::from(key));
            assert_eq!(table.get(&key, |used| used.0), expected);
        }
    }
}
