//! Web analytics: event in, visit and report out.

pub mod agent;
mod bots;
mod channel;
pub mod dimensions;
pub mod event;
pub mod filter;
pub mod geo;
pub mod identity;
pub mod ingest;
mod language;
pub mod live;
pub mod loader;
pub mod range;
pub mod record;
pub mod report;
pub mod salt;
pub mod sample;
pub mod schema;
mod screen;
pub mod seen;
pub mod sites;
pub mod source;
mod sql;
pub mod visits;
