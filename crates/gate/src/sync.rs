//! What threads share, from one place: a model checker can put its own there.
//!
//! With the feature `model`, the tests of the module of that name run under loom, which tries out every order in which two
//! threads can meet.

#[cfg(not(all(test, feature = "model")))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicU64};

#[cfg(all(test, feature = "model"))]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic::AtomicU64};
