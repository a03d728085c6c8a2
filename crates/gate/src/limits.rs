//! How often what may be done, by whom.

mod burst;
mod config;
mod in_flight;
mod limiter;
mod window;

pub use burst::Burst;
pub use config::{InFlightMax, LimitsConfig, Mode, Tiers};
pub use in_flight::{Heavy, HeavyGuard, InFlightGuard, TooMany};
pub use limiter::{Standing, Subject};

pub(crate) use in_flight::InFlight;
pub(crate) use limiter::Limiter;
