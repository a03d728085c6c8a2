//! Errors and panics, reported to a Sentry server that the operator names.
//!
//! In flow the error lines of the log and the panics of this process; out flows, for each, that there was one, where in the
//! source, in which release, and under which id. That is all a [`Report`] has room for: what a line says, what its fields hold
//! and what a panic was raised with are never read, because any of it may come from a visitor. So there is nothing to scrub.
//!
//! # Invariants
//! - A report holds nothing of a request but the id that we gave it.
//! - Whoever reports never waits: at most [`QUEUE_MAX`] reports are kept, further ones are counted and dropped.
//! - One report leaves at a time, and at most one a second, so that a server which fails always does not flood another.
//! - A panic that a request's error line follows is one report, with the request's id.
//!
//! # Failure
//! A report that does not arrive is not sent again. It is counted, and logged as a warning, which is never itself reported.

mod address;
mod envelope;
mod layer;
mod report;
mod sender;

pub use self::address::{Address, BadAddress};
pub use self::layer::{ErrorLayer, watch_panics};
pub use self::report::{QUEUE_MAX, Report, Reporter, channel};
pub use self::sender::Sender;
