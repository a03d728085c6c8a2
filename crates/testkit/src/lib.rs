//! Starts the real binary and speaks to it, for tests and benchmarks.
//!
//! Everything runs on free loopback ports in temporary folders; a process is ended by its own id, never by name.

mod client;
mod device;
mod pebble;
mod redis;
mod server;

pub use client::{Answer, Client};
pub use device::{Device, totp_code};
pub use pebble::{Pebble, REFUSED_NAME};
pub use redis::Redis;
pub use server::{ADMIN, Options, Server, binary};
