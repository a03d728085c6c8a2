//! The warehouse against the real engine and real files.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod escapes;
mod foreign;
mod open;
mod read_and_write;
