//! A process that gives up what it does not need, for good.
//!
//! In two steps, because each has its moment. [`enter`] takes away files, TCP ports and signals (Landlock); the kernel binds it to
//! the calling thread and those it starts, so it comes before there is a second one. [`seal`] takes away system calls from
//! all threads (seccomp): new processes, programs, listeners, and what is only there for administrators; so it comes when
//! everything is open. Neither needs a privilege, and neither can be undone, not even by whoever runs code of their own in here.
//!
//! # Invariants
//! - Nothing is left by default: what [`Rules`] do not name is refused, and so is every system call that is not in the list.
//! - [`enter`] refuses a process with a second thread, which would keep everything.
//!
//! # Failure
//! An older kernel knows less. It gives what it has, and [`Extent`] says what that is.
//!
//! # Not here
//! Which files and ports a program needs; what it does without when the kernel has nothing to offer.

mod calls;
mod extent;
mod files;

#[cfg(test)]
mod tests;

use std::io;
use std::sync::OnceLock;
use std::time::Duration;

pub use extent::{Extent, kernel};
pub use files::Rules;

/// The process cannot be confined.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// There is a second thread, which would keep all rights.
    #[error("there are {0} threads where only one may be")]
    Threads(usize),
    /// It cannot be found out how many threads there are.
    #[error("the threads cannot be counted")]
    Counting(#[source] io::Error),
    /// The kernel does not take the rules about files and ports.
    #[error("the rules about files and ports are not taken")]
    Files(#[from] landlock::RulesetError),
    /// The list of system calls cannot be written for this processor.
    #[error("the list of system calls cannot be written")]
    List(#[from] seccompiler::BackendError),
    /// The kernel does not take the list of system calls.
    #[error("the list of system calls is not taken")]
    Calls(#[from] seccompiler::Error),
}

/// How often and after how long a second thread is looked for again.
const LOOKS_MAX: u32 = 20;
const LOOK_AGAIN: Duration = Duration::from_millis(5);

static ENTERED: OnceLock<u32> = OnceLock::new();
static SEALED: OnceLock<()> = OnceLock::new();

/// Gives up every file, TCP port and foreign process but what the rules name; the only thread of the process must ask.
///
/// # Errors
/// There are more threads, or the kernel does not take the rules; then everything is as before.
pub fn enter(rules: &Rules) -> Result<Extent, ConfineError> {
    match threads().map_err(ConfineError::Counting)? {
        1 => {}
        more => return Err(ConfineError::Threads(more)),
    }
    let landlock = files::restrict(rules)?;
    ENTERED.get_or_init(|| landlock);
    Ok(in_force().unwrap_or_default())
}

/// How many threads there are. One that was waited for may still be seen for a moment, so that several are looked at again.
fn threads() -> io::Result<usize> {
    let count = || Ok(std::fs::read_dir("/proc/self/task")?.count());
    let mut looks = 0;
    while looks < LOOKS_MAX && count()? > 1 {
        std::thread::sleep(LOOK_AGAIN);
        looks += 1;
    }
    count()
}

/// Gives up, for all threads, every system call but those that a server at work needs.
///
/// # Errors
/// The kernel does not take it; then everything is as before.
pub fn seal() -> Result<Extent, ConfineError> {
    calls::restrict()?;
    SEALED.get_or_init(|| ());
    Ok(in_force().unwrap_or_default())
}

/// What this process has given up; none when it gave up nothing.
#[must_use]
pub fn in_force() -> Option<Extent> {
    let landlock = ENTERED.get().copied().unwrap_or(0);
    let extent = Extent { landlock, calls: SEALED.get().is_some() };
    (extent != Extent::default()).then_some(extent)
}
