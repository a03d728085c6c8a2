//! The whole API over real stores: nothing faked but the clock.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod audit;
mod auth;
mod counters;
mod dashboard;
mod documents;
mod events;
mod factors;
mod grants;
mod ingest;
mod keys;
mod limits;
mod matrix;
mod monitoring;
mod reports;
mod resets;
mod sessions;
mod sites;
mod token;
mod users;
mod world;

use world::{Answer, Ask, World};
