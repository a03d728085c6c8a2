//! How much may run at a time: per caller, and of heavy work in all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::limiter::Subject;

/// The caller already has as many running as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many at a time")]
pub struct TooMany;

/// Counts what each caller has running. Bounded by what runs: a caller with nothing running has no entry.
#[derive(Debug, Clone, Default)]
pub(crate) struct InFlight {
    running: Arc<Mutex<HashMap<Subject, u32>>>,
}

impl InFlight {
    pub(crate) fn enter(&self, subject: Subject, most: u32) -> Result<InFlightGuard, TooMany> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let count = running.entry(subject).or_insert(0);
        if *count >= most {
            return Err(TooMany);
        }
        *count += 1;
        Ok(InFlightGuard { running: Arc::clone(&self.running), subject })
    }

    #[cfg(test)]
    pub(crate) fn callers(&self) -> usize {
        self.running.lock().unwrap().len()
    }
}

/// One running call; ends when dropped, also by a panic or a caller that went away.
#[derive(Debug)]
pub struct InFlightGuard {
    running: Arc<Mutex<HashMap<Subject, u32>>>,
    subject: Subject,
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(&self.subject) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.subject);
            }
        }
    }
}

/// A budget of units for heavy work of all callers together.
#[derive(Debug, Clone)]
pub struct Heavy {
    free: Arc<Mutex<u32>>,
}

impl Heavy {
    /// A budget of that many units.
    #[must_use]
    pub fn new(units: u32) -> Self {
        Self { free: Arc::new(Mutex::new(units)) }
    }

    /// Takes units until the guard is dropped.
    ///
    /// # Errors
    /// Fewer are free.
    pub fn take(&self, units: u32) -> Result<HeavyGuard, TooMany> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(units).ok_or(TooMany)?;
        Ok(HeavyGuard { free: Arc::clone(&self.free), units })
    }
}

/// Units of heavy work in use.
#[derive(Debug)]
pub struct HeavyGuard {
    free: Arc<Mutex<u32>>,
    units: u32,
}

impl Drop for HeavyGuard {
    fn drop(&mut self) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += self.units;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::ClientAddress;

    fn subject(address: &str) -> Subject {
        Subject::address(ClientAddress::network(address.parse().unwrap()).block())
    }

    #[test]
    fn each_caller_has_its_own_count_and_it_returns_to_zero() {
        let in_flight = InFlight::default();
        let (one, other) = (subject("192.0.2.1"), subject("192.0.2.2"));
        let first = in_flight.enter(one, 2).unwrap();
        let second = in_flight.enter(one, 2).unwrap();
        assert_eq!(in_flight.enter(one, 2).err(), Some(TooMany));
        let third = in_flight.enter(other, 2).unwrap();
        drop(first);
        assert!(in_flight.enter(one, 2).is_ok());
        drop((second, third));
        let panicking = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _guard = in_flight.enter(one, 1).unwrap();
            panic!("handler");
        }));
        assert!(panicking.is_err());
        assert_eq!(in_flight.callers(), 0);
    }

    #[test]
    fn heavy_work_is_weighed() {
        let heavy = Heavy::new(10);
        let seven = heavy.take(7).unwrap();
        assert!(heavy.take(4).is_err());
        assert!(heavy.take(3).is_ok());
        drop(seven);
        assert!(heavy.take(10).is_ok());
    }
}
