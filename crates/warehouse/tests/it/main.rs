//! The warehouse against the real engine and real files.

mod open;
mod read_and_write;
