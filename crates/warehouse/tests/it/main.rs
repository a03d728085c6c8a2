//! The warehouse against the real engine and real files.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod open;
mod read_and_write;
