//! The real binary, as its users and its enemies meet it.

#![expect(clippy::indexing_slicing, reason = "a test may panic")]

mod audit;
mod canary;
mod crash;
mod disk;
mod emergency;
mod framing;
mod kills;
mod planted;
mod privacy;
mod restart;
mod scale;
mod secrets;
mod sites;
mod slow;
mod startup;
mod startup_cases;
mod startup_source;
mod syslog;
mod tls;
mod tokens;
mod verbs;
