//! The real binary, as its users and its enemies meet it.

#![expect(clippy::indexing_slicing, reason = "a test may panic")]

#[cfg(feature = "acme")]
mod acme;
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
mod restricted;
mod scale;
mod secrets;
#[cfg(feature = "sentry")]
mod sentry;
mod sites;
mod slow;
// What is checked of the server as it is built when nobody asks for more.
#[cfg(not(any(feature = "acme", feature = "sentry")))]
mod startup;
#[cfg(not(any(feature = "acme", feature = "sentry")))]
mod startup_cases;
#[cfg(not(any(feature = "acme", feature = "sentry")))]
mod startup_source;
mod syslog;
mod tls;
mod tokens;
mod verbs;
