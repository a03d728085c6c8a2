//! Where a caller stands, and what is told of it.

use std::time::Duration;

use super::burst::Burst;
use super::config::Mode;
use super::limiter::Request;
use super::meter::Mark;

/// When to come back if as many run as may.
pub(crate) const TOO_MANY_RETRY_AFTER: Duration = Duration::from_secs(2);

/// Where a caller stands after a request was counted, or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which limit it is.
    pub name: &'static str,
    /// The quota of this caller per minute.
    pub quota: u32,
    /// What is left of it.
    pub remaining: u32,
    /// When something comes back.
    pub reset: Duration,
    /// When the refused request may be made again; none when it was counted.
    pub retry_after: Option<Duration>,
    /// The burst limit, when that is what refused it.
    pub burst: Option<Burst>,
    /// Whether at least four fifths of the quota are used.
    pub near: bool,
    /// Whether this is the caller's first refusal in a minute, worth a line in a log.
    pub first_refusal: bool,
    pub(crate) mark: Mark,
}

impl Standing {
    /// Nothing is known but that there is no room: come back in a minute.
    pub(crate) const fn shut(request: &Request, quota: u32, at_ms: u64) -> Self {
        let wait = Duration::from_millis(super::window::WINDOW_MS);
        Self {
            name: request.bucket.counted.name(),
            quota,
            remaining: 0,
            reset: wait,
            retry_after: Some(wait),
            burst: None,
            near: false,
            first_refusal: false,
            mark: Mark::here(at_ms),
        }
    }
}

/// What was counted for a request, so that it can be corrected when its cost is known.
#[derive(Clone, Copy, Debug)]
pub struct Charge {
    pub(crate) request: Request,
    pub(crate) mark: Mark,
    /// The part that was taken at that mark, and so the most that can be given back.
    pub(crate) at_mark: u32,
}

impl Charge {
    pub(crate) const fn new(request: Request, mark: Mark) -> Self {
        Self { request, mark, at_mark: request.cost }
    }

    /// What the request is counted as.
    #[must_use]
    pub const fn cost(&self) -> u32 {
        self.request.cost
    }
}

/// Counts what an operator watches: who comes near a limit, and who passes one.
pub(crate) fn report(request: &Request, standing: &Standing) {
    let policy = request.policy(standing);
    if standing.retry_after.is_some() {
        report_refusal(policy, request.mode);
    } else if standing.near {
        metrics::counter!("shelduck_limit_near_total", "policy" => policy).increment(1);
    }
}

/// Counts one refusal, or what would have been one.
pub(crate) fn report_refusal(policy: &'static str, mode: Mode) {
    metrics::counter!("shelduck_limit_refused_total", "policy" => policy, "mode" => mode.name())
        .increment(1);
}
