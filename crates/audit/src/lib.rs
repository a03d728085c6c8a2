//! A log that shows when somebody changed it.
//!
//! It is made of lines of JSON, chained by hashes, with signed heads.
//!
//! Entries flow in from any thread without waiting; one thread writes them in groups, one sync per group. Each record's
//! hash covers the hash of the record before it, so a change anywhere breaks every link behind it. Every so often, and
//! at the end of each file, the server signs where the chain stands (a head), so that the chain cannot simply be made
//! anew by somebody who can write the files and does not have the key. [`verify`] reads it all and says in words what is wrong.
//!
//! The log knows no event: names are texts. What is recorded, and when, is the business of who writes.
//!
//! # Invariants
//! - What was taken is written, or its loss is: a record that finds no room is counted, and the count becomes a record.
//! - Records of changes ([`Weight::Act`]) have room that others cannot take, in memory and on the disk, so that a change that
//!   was let in while [`AuditLog::accepts`] is recorded even if the disk fills up at that moment.
//! - A file is only deleted after a signed record says which.
//! - Every written byte is printable ASCII: no text inside a record can end a line or talk to a terminal.
//!
//! # Failure
//! After a failed write nothing is lost: the group stays in memory and is tried again every second; meanwhile
//! [`AuditLog::accepts`] is false. A crash leaves at most a torn line at the very end, which the next start cuts and records.
//!
//! # Not here
//! - Whoever has the signing key and may write the files can make a new log. Heads that were sent elsewhere ([`syslog`]) are
//!   what shows that.
#![forbid(unsafe_code)]

mod chain;
mod config;
mod disk;
mod error;
mod file;
mod follow;
mod head;
mod log;
mod open;
mod page;
mod queue;
mod record;
mod retire;
pub mod syslog;
pub mod verify;
mod writer;

pub use chain::Hash;
pub use config::Config;
pub use error::{NotKept, OpenError};
pub use follow::Follow;
pub use head::{BadKey, PublicKey, Signer};
pub use log::AuditLog;
pub use open::Opened;
pub use page::{PAGE_RECORDS_MAX, Page, Query, page};
pub use queue::{ENTRIES_MAX, NOTICES_BURST_MAX};
pub use record::{Entry, LINE_BYTES_MAX, Note, Record, TEXT_BYTES_MAX, Weight};
