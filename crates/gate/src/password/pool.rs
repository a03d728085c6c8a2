//! A bounded number of hashes at a time, and a short queue.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Waiting places for each running hash.
const QUEUE_FACTOR: usize = 8;
/// How long a place in the queue is kept.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// As many hashes as may run are running, and the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Busy {
    /// When to come back.
    pub retry_after: Duration,
}

#[derive(Debug)]
pub(super) struct Pool {
    running_max: usize,
    state: Mutex<State>,
    left: Condvar,
}

#[derive(Debug, Default)]
struct State {
    running: usize,
    waiting: usize,
}

impl Pool {
    /// A pool for that many at a time; 0 means one per processor.
    pub(super) fn new(at_a_time: usize) -> Self {
        let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let running_max = if at_a_time == 0 { processors() } else { at_a_time };
        Self { running_max, state: Mutex::default(), left: Condvar::new() }
    }

    /// Does the work in a place of the pool, on a thread of its own that yields to all others: while many sign in at once,
    /// everybody else is still served.
    pub(super) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, Busy> {
        let _pass = self.enter()?;
        let done = std::thread::scope(|scope| {
            let worker = scope.spawn(|| {
                yield_to_others();
                work()
            });
            worker.join()
        });
        Ok(done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }

    /// Waits for a place, but not long, and not behind many.
    fn enter(&self) -> Result<Pass<'_>, Busy> {
        let busy = Busy { retry_after: Duration::from_secs(2) };
        let mut state = self.state();
        if state.running >= self.running_max {
            if state.waiting >= self.running_max * QUEUE_FACTOR {
                return Err(busy);
            }
            state.waiting += 1;
            let full = |state: &mut State| state.running >= self.running_max;
            let (back, _) = self
                .left
                .wait_timeout_while(state, WAIT_MAX, full)
                .unwrap_or_else(PoisonError::into_inner);
            state = back;
            state.waiting -= 1;
            if state.running >= self.running_max {
                return Err(busy);
            }
        }
        state.running += 1;
        Ok(Pass(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lowers the priority of the calling thread for the rest of its life.
#[cfg(target_os = "linux")]
fn yield_to_others() {
    const NICE: i32 = 19;
    // On Linux "this process" is the calling thread. Where it is forbidden, hashing is only less polite.
    let _as_before = rustix::process::setpriority_process(None, NICE);
}

#[cfg(not(target_os = "linux"))]
fn yield_to_others() {}

/// A place in the pool; given back when dropped.
#[derive(Debug)]
struct Pass<'a>(&'a Pool);

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.state().running -= 1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn work_yields_to_everybody_else_and_gives_its_result() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        assert_eq!(Pool::new(1).run(nice), Ok(19.max(before)));
        assert_eq!(nice(), before, "who waits for it keeps its own");
    }

    #[test]
    #[should_panic(expected = "as it was")]
    fn a_panic_of_the_work_goes_on_in_the_caller() {
        let _never = Pool::new(1).run(|| panic!("as it was"));
    }

    #[test]
    fn no_more_than_its_places_run_and_the_rest_is_told_to_come_back() {
        let pool = Pool::new(2);
        let (running, most, busy) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let barrier = std::sync::Barrier::new(40);
        std::thread::scope(|scope| {
            for _ in 0..40 {
                scope.spawn(|| {
                    barrier.wait();
                    let Ok(_pass) = pool.enter() else {
                        busy.fetch_add(1, Ordering::SeqCst);
                        return;
                    };
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::yield_now();
                    running.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 2);
        assert_eq!(pool.state().running, 0);
        let (_one, _two) = (pool.enter().unwrap(), pool.enter().unwrap());
        pool.state().waiting = 16;
        assert!(pool.enter().is_err());
    }
}
