//! How many queries of one caller run at a time.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::subject::Subject;
use crate::sync::{Mutex, MutexGuard};

/// The caller already has as many running as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many at a time")]
pub struct TooMany;

/// Counts what each caller has running. Bounded by what runs: a caller with nothing running has no entry.
#[derive(Debug, Clone, Default)]
pub(crate) struct InFlight {
    running: Arc<Mutex<Running>>,
}

#[derive(Debug, Default)]
struct Running {
    callers: HashMap<Subject, u32>,
    /// When each call began, oldest first.
    began: BTreeMap<u64, Duration>,
    next: u64,
    /// Calls before this one have been reported as overdue.
    reported: u64,
}

impl InFlight {
    /// Takes a place until the guard is dropped.
    pub(crate) fn enter(
        &self,
        subject: Subject,
        most: u32,
        now: Duration,
    ) -> Result<InFlightGuard, TooMany> {
        let mut running = self.lock();
        let count = running.callers.entry(subject).or_insert(0);
        if *count >= most {
            return Err(TooMany);
        }
        *count += 1;
        let call = running.next;
        running.next += 1;
        running.began.insert(call, now);
        drop(running);
        Ok(InFlightGuard { in_flight: self.clone(), subject, call })
    }

    /// How many calls have newly turned out to run for longer than any call should.
    ///
    /// A guard is released when its call ends, however it ends; one that is not is a defect, which is to be found and not
    /// to be covered up by freeing the place.
    pub(crate) fn overdue(&self, longest: Duration, now: Duration) -> u64 {
        let mut running = self.lock();
        let reported = running.reported;
        let overdue = running.began.range(reported..);
        let overdue = overdue.take_while(|(_, began)| now.saturating_sub(**began) >= longest);
        let calls: Vec<u64> = overdue.map(|(call, _)| *call).collect();
        if let Some(last) = calls.last() {
            running.reported = last + 1;
        }
        u64::try_from(calls.len()).unwrap_or(u64::MAX)
    }

    /// How many calls of that caller run.
    pub(crate) fn of(&self, subject: &Subject) -> u32 {
        self.lock().callers.get(subject).copied().unwrap_or(0)
    }

    /// How many calls run.
    pub(crate) fn total(&self) -> usize {
        self.lock().began.len()
    }

    #[cfg(test)]
    pub(crate) fn callers(&self) -> usize {
        self.lock().callers.len()
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One running call; ends when dropped, also by a panic or a caller that went away.
#[derive(Debug)]
pub struct InFlightGuard {
    in_flight: InFlight,
    subject: Subject,
    call: u64,
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        let mut running = self.in_flight.lock();
        running.began.remove(&self.call);
        if let Some(count) = running.callers.get_mut(&self.subject) {
            *count -= 1;
            if *count == 0 {
                running.callers.remove(&self.subject);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::ClientAddress;

    const NOW: Duration = Duration::from_secs(1_000);

    fn subject(address: &str) -> Subject {
        Subject::address(ClientAddress::network(address.parse().unwrap()).block())
    }

    #[test]
    fn each_caller_has_its_own_count_and_it_returns_to_zero() {
        let in_flight = InFlight::default();
        let (one, other) = (subject("192.0.2.1"), subject("192.0.2.2"));
        let first = in_flight.enter(one, 2, NOW).unwrap();
        let second = in_flight.enter(one, 2, NOW).unwrap();
        assert_eq!(in_flight.enter(one, 2, NOW).err(), Some(TooMany));
        let third = in_flight.enter(other, 2, NOW).unwrap();
        assert_eq!((in_flight.of(&one), in_flight.of(&other), in_flight.total()), (2, 1, 3));
        drop(first);
        assert!(in_flight.enter(one, 2, NOW).is_ok());
        drop((second, third));
        let panicking = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _guard = in_flight.enter(one, 1, NOW).unwrap();
            panic!("handler");
        }));
        assert!(panicking.is_err());
        assert_eq!((in_flight.callers(), in_flight.total()), (0, 0));
    }

    #[test]
    fn a_call_that_never_ends_is_reported_once_and_keeps_its_place() {
        let in_flight = InFlight::default();
        let one = subject("192.0.2.1");
        let longest = Duration::from_secs(300);
        let stuck = in_flight.enter(one, 2, NOW).unwrap();
        let quick = in_flight.enter(one, 2, NOW + Duration::from_secs(10)).unwrap();
        assert_eq!(in_flight.overdue(longest, NOW + Duration::from_secs(299)), 0);
        assert_eq!(in_flight.overdue(longest, NOW + longest), 1);
        assert_eq!(in_flight.overdue(longest, NOW + longest), 0, "once");
        assert!(in_flight.enter(one, 2, NOW + longest).is_err(), "the place is still taken");
        drop(quick);
        let later = NOW + longest + longest;
        let next = in_flight.enter(one, 2, later).unwrap();
        assert_eq!(in_flight.overdue(longest, later + longest), 1);
        drop((stuck, next));
        assert_eq!(in_flight.callers(), 0);
    }
}
