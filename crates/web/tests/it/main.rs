//! Reports against what is known: a planned sample, a naive recomputation, and
//! tables without marks.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::trivially_copy_pass_by_ref,
    unreachable_pub,
    reason = "tests fail by panicking; what they share is public to them"
)]

mod breakdown;
mod filters;
mod injection;
mod marks;
mod oracle;
mod ranges;
mod realtime;
mod status;
mod support;
mod timeseries;
mod truth;
