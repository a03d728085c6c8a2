//! What counts a quota: the ring of five-second counts, or the exact log for
//! small ones.

use std::time::Duration;

use super::log::{LOG_ENTRIES_MAX, Log};
use super::window::{STEP_MS, STEPS, WINDOW_MS, Window};
use crate::policy::Class;

/// How finely a quota is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grain {
    /// Steps of five seconds.
    Coarse,
    /// Every call.
    Exact,
}

impl Grain {
    /// Attempts to sign in are counted exactly, as long as they are few.
    pub(crate) fn of(class: Option<Class>, quota: u32) -> Self {
        match class {
            Some(Class::Auth) if quota <= LOG_ENTRIES_MAX => Self::Exact,
            _ => Self::Coarse,
        }
    }

    /// Length of a step, and how many steps after its own begins one leaves the window.
    pub(crate) fn steps(self) -> (u64, u64) {
        match self {
            Self::Coarse => (STEP_MS, u64::try_from(STEPS).unwrap_or(u64::MAX)),
            Self::Exact => (1, WINDOW_MS),
        }
    }
}

/// When something was taken, so that it can be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// By this server's clock.
    pub(crate) at_ms: u64,
    /// By that of the shared counters, when they counted it.
    pub(crate) shared_at_ms: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) enum Meter {
    Coarse(Window),
    /// Boxed: most callers never sign in, and their places should not be as large as this.
    Exact(Box<Log>),
}

impl Meter {
    pub(crate) fn new(grain: Grain) -> Self {
        match grain {
            Grain::Coarse => Self::Coarse(Window::default()),
            Grain::Exact => Self::Exact(Box::default()),
        }
    }

    pub(crate) fn advance(&mut self, now_ms: u64) {
        match self {
            Self::Coarse(window) => window.advance(now_ms),
            Self::Exact(log) => log.advance(now_ms),
        }
    }

    pub(crate) fn taken(&self) -> u32 {
        match self {
            Self::Coarse(window) => window.taken(),
            Self::Exact(log) => log.taken(),
        }
    }

    pub(crate) fn take(&mut self, cost: u32, now_ms: u64) {
        match self {
            Self::Coarse(window) => window.take(cost),
            Self::Exact(log) => log.take(cost, now_ms),
        }
    }

    pub(crate) fn give_back(&mut self, cost: u32, mark: Mark) {
        match self {
            Self::Coarse(window) => window.give_back(cost, mark.at_ms),
            Self::Exact(log) => log.give_back(cost, mark.at_ms),
        }
    }

    pub(crate) fn wait_until(&self, most: u32, now_ms: u64) -> Duration {
        match self {
            Self::Coarse(window) => window.wait_until(most, now_ms),
            Self::Exact(log) => log.wait_until(most, now_ms),
        }
    }
}
