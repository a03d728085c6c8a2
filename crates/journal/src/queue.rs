//! What waits for the disk: one buffer of records, and who waits for them.
//!
//! Appenders add to the buffer under a mutex that is held for a copy of the record and nothing else; the writer swaps
//! the whole buffer out. Both buffers keep their memory, so an append allocates only its answer's channel.

use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::Offset;
use crate::error::AppendError;
use crate::record::{self, Place};

pub(crate) type Answer = Result<Offset, AppendError>;

/// Records that are written and synced together.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) bytes: Vec<u8>,
    /// Who waits for the record at which position in `bytes`.
    pub(crate) waiting: Vec<(oneshot::Sender<Answer>, usize)>,
}

impl Group {
    /// Empties the group; memory beyond the usual size of a group is given back.
    pub(crate) fn clear(&mut self) {
        const KEPT_BYTES: usize = 4 << 20;
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
        self.waiting.clear();
        self.waiting.shrink_to(KEPT_BYTES / 64);
    }
}

#[derive(Default)]
struct State {
    next: Group,
    writing_bytes: usize,
    is_closed: bool,
    writer_sleeps: bool,
}

/// The bounded queue between appenders and the writer thread.
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    salt: u32,
    bytes_max: usize,
}

impl Queue {
    pub(crate) fn new(salt: u32, bytes_max: usize) -> Self {
        Self { state: Mutex::default(), wake: Condvar::new(), salt, bytes_max }
    }

    /// Adds a record to the next group; the answer comes when that group is durable or refused.
    pub(crate) fn push(&self, payload: &[u8]) -> Result<oneshot::Receiver<Answer>, AppendError> {
        let mut head = record::head(self.salt, Place::Later, payload);
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        if state.is_closed {
            return Err(AppendError::Closed);
        }
        let start = state.next.bytes.len();
        if start + state.writing_bytes + head.len() + payload.len() > self.bytes_max {
            return Err(AppendError::Full);
        }
        if start == 0 {
            head = record::head(self.salt, Place::First, payload);
        }
        state.next.bytes.extend_from_slice(&head);
        state.next.bytes.extend_from_slice(payload);
        state.next.waiting.push((sender, start));
        let wake = mem::take(&mut state.writer_sleeps);
        drop(state);
        if wake {
            self.wake.notify_one();
        }
        Ok(receiver)
    }

    /// Waits for a record; `false` when closed and nothing is left.
    ///
    /// Waiting says that the group taken before is done with.
    pub(crate) fn wait(&self) -> bool {
        let mut state = self.lock();
        state.writing_bytes = 0;
        while state.next.bytes.is_empty() {
            if state.is_closed {
                return false;
            }
            state.writer_sleeps = true;
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.writer_sleeps = false;
        true
    }

    /// Swaps what is queued into the empty `group`.
    pub(crate) fn take(&self, group: &mut Group) {
        let mut state = self.lock();
        mem::swap(&mut state.next, group);
        state.writing_bytes = group.bytes.len();
    }

    /// Refuses new records; what is queued is still written.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.wake.notify_one();
    }

    /// Refuses new records and forgets the queued ones, whose appenders see a closed journal.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        state.next = Group::default();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_counts_what_is_being_written_and_is_exact() {
        let queue = Queue::new(1, 3 * (record::HEAD_BYTES + 10));
        let mut group = Group::default();
        let first = queue.push(&[0; 10]).unwrap();
        assert!(queue.wait());
        queue.take(&mut group);
        let _second = queue.push(&[0; 10]).unwrap();
        assert!(matches!(queue.push(&[0; 11]), Err(AppendError::Full)));
        let _third = queue.push(&[0; 10]).unwrap();
        assert!(matches!(queue.push(&[]), Err(AppendError::Full)));
        group.clear();
        assert!(queue.wait(), "the first group is done, the second is out");
        queue.take(&mut group);
        let _fourth = queue.push(&[0; 10]).unwrap();
        drop(first);
    }

    #[test]
    fn only_the_first_record_of_a_group_is_marked() {
        let queue = Queue::new(1, 1000);
        let _answers = [queue.push(b"a").unwrap(), queue.push(b"b").unwrap()];
        let mut group = Group::default();
        assert!(queue.wait());
        queue.take(&mut group);
        let (first, second) = group.bytes.split_at(9);
        assert_eq!(
            record::decode(1, first),
            record::Decoded::Record { place: Place::First, payload: b"a" }
        );
        assert_eq!(
            record::decode(1, second),
            record::Decoded::Record { place: Place::Later, payload: b"b" }
        );
        assert_eq!(group.waiting.iter().map(|(_, start)| *start).collect::<Vec<_>>(), [0, 9]);
    }

    #[test]
    fn closed_queue_gives_out_what_it_has_and_then_ends() {
        let queue = Queue::new(1, 1000);
        let _answer = queue.push(b"a").unwrap();
        queue.close();
        assert!(matches!(queue.push(b"b"), Err(AppendError::Closed)));
        let mut group = Group::default();
        assert!(queue.wait());
        queue.take(&mut group);
        group.clear();
        assert!(!queue.wait());
    }
}
