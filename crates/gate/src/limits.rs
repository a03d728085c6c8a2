//! How often what may be done, by whom, and how much of it at a time.
//!
//! ```text
//! subject x class x database -> quota of a minute (x tier, x cost) + burst -> counted here, or by all servers together
//! ```
//!
//! # Invariants
//! - No caller gets more than its quota in any window of a minute (proved against an exact log in `tests`).
//! - A limit that only watches decides exactly as one that refuses; what differs is the answer.
//! - A database is part of a counter's name only after authorisation found that it exists and the caller may use it.
//! - Everything remembered about callers has a fixed number of places.

mod burst;
mod config;
mod heavy;
mod in_flight;
mod limiter;
mod live;
mod log;
mod meter;
mod shared;
mod standing;
mod subject;
#[cfg(test)]
mod tests;
mod window;
mod work;

pub use burst::Burst;
pub use config::{
    CallerScope, Costs, HeavyConfig, InFlightMax, LimitsConfig, Mode, Tiers, query_cost, work_cost,
};
pub use heavy::HeavyGuard;
pub use in_flight::{InFlightGuard, TooMany};
pub use live::{LIVE_ITEMS_MAX, LiveItem, LiveLimits};
pub use shared::{
    Correction, SharedAsk, SharedCounters, SharedCountersError, SharedFuture, SharedStanding,
};
pub use standing::{Charge, Standing};
pub use subject::{AllowedDatabase, Subject};

pub(crate) use heavy::{Heavy, HeavyAsk};
pub(crate) use in_flight::InFlight;
pub(crate) use limiter::{Limiter, Request};
pub(crate) use meter::Mark;
pub(crate) use shared::Shared;
pub(crate) use standing::{TOO_MANY_RETRY_AFTER, report_refusal};
