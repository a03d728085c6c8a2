//! Counters that several servers share, and what happens when they cannot be
//! asked.
//!
//! The gate only says what is counted; where, is an adaptor's business. When the adaptor fails, each server goes on with
//! its own counters and allows its part of every quota: slower than it should be, never open.
//!
//! # Invariants an adaptor must keep
//! - A take is atomic: two servers that ask at one moment are not both given the last place.
//! - It answers within a moment or fails: requests wait for it.
//! - Time is that of the counters, not of the servers, whose clocks may differ.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::burst::Burst;
use super::limiter::Request;
use super::meter::Mark;
use super::standing::{Charge, Standing, report};
use crate::gate::Gate;
use crate::secret::MacKey;

/// One take from a counter.
#[derive(Clone, Copy, Debug)]
pub struct SharedAsk {
    /// The counter's name: a keyed code, which tells neither address nor user.
    pub name: [u8; 16],
    /// The most that may be taken in a minute.
    pub quota: u32,
    /// What is taken now.
    pub cost: u32,
    /// Length of the steps in which takings are remembered.
    pub step_ms: u64,
    /// How many steps after its own has begun a taking is forgotten.
    pub steps: u64,
    /// Its burst limit.
    pub burst: Option<Burst>,
}

/// Where a shared counter stands after a take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedStanding {
    /// What has been taken.
    pub used: u32,
    /// When something comes back.
    pub reset: Duration,
    /// When to try again; none when it was taken.
    pub retry_after: Option<Duration>,
    /// Whether the burst limit was what refused it.
    pub by_burst: bool,
    /// The counters' own time of the take.
    pub at_ms: u64,
}

/// A correction of what was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// That much more, whatever the quota says.
    More(u32),
    /// That much less, of what was taken at that time.
    Less {
        /// How much.
        amount: u32,
        /// When it was taken.
        at_ms: u64,
    },
}

/// The shared counters cannot be asked at the moment.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the shared counters cannot be asked")]
pub struct SharedCountersError(#[source] Arc<dyn std::error::Error + Send + Sync>);

impl SharedCountersError {
    /// Wraps a failure of what is below.
    pub fn new(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(error))
    }
}

/// An answer of shared counters that is on its way.
pub type SharedFuture<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, SharedCountersError>> + Send + 'a>>;

/// Counters that several servers share.
pub trait SharedCounters: Send + Sync + 'static {
    /// Takes, or says when to try again.
    fn take(&self, ask: SharedAsk) -> SharedFuture<'_, SharedStanding>;

    /// Corrects what was taken.
    fn correct(&self, ask: SharedAsk, correction: Correction) -> SharedFuture<'_, ()>;

    /// How many servers share the counters, as far as this one knows.
    fn servers(&self) -> u32;
}

/// The adaptor and what names its counters.
pub(crate) struct Shared {
    counters: Arc<dyn SharedCounters>,
    key: MacKey,
    servers_min: u32,
}

impl Shared {
    pub(crate) fn new(counters: Arc<dyn SharedCounters>, key: MacKey, servers_min: u32) -> Self {
        Self { counters, key, servers_min }
    }

    fn servers(&self) -> u32 {
        self.counters.servers().max(self.servers_min).max(1)
    }

    fn ask(&self, request: &Request, database: &str) -> SharedAsk {
        let counted = request.bucket.counted.name();
        let parts: [&[u8]; 3] =
            [&request.bucket.subject.bytes(), counted.as_bytes(), database.as_bytes()];
        let (step_ms, steps) = request.grain().steps();
        SharedAsk {
            name: self.key.mac(&parts).half(),
            quota: request.limit.quota,
            cost: request.cost.min(request.limit.quota),
            step_ms,
            steps,
            burst: request.limit.burst,
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").field("servers", &self.servers()).finish_non_exhaustive()
    }
}

impl Gate {
    /// Counts a request where it is counted: here, or with all servers that share their counters.
    pub(crate) async fn count(&self, request: &Request) -> Standing {
        let standing = match self.shared.get() {
            Some(shared) => self.count_shared(shared, request).await,
            None => self.limiter.count(request, self.clock.elapsed()),
        };
        report(request, &standing);
        standing
    }

    /// Counts what each server counts for itself: its part, when there are several.
    pub(crate) fn count_here(&self, request: &Request) -> Standing {
        let now = self.clock.elapsed();
        let standing = match self.shared.get() {
            Some(shared) => self.limiter.count_alone(request, shared.servers(), now),
            None => self.limiter.count(request, now),
        };
        report(request, &standing);
        standing
    }

    async fn count_shared(&self, shared: &Shared, request: &Request) -> Standing {
        match shared.counters.take(self.shared_ask(shared, request)).await {
            Ok(taken) => self.limiter.note(request, &taken, self.clock.elapsed()),
            Err(error) => {
                metrics::counter!("shelduck_shared_counters_failed_total").increment(1);
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "a request was counted by this server alone"
                );
                self.limiter.count_alone(request, shared.servers(), self.clock.elapsed())
            }
        }
    }

    fn shared_ask(&self, shared: &Shared, request: &Request) -> SharedAsk {
        let database = self.limiter.databases().name(request.bucket.database);
        shared.ask(request, database.as_deref().unwrap_or_default())
    }

    /// Counts that much more for a request that was let in, whatever its quota says.
    pub(crate) async fn debit(&self, charge: &Charge, more: u32) {
        self.limiter.charge(&charge.request, more, self.clock.elapsed());
        self.correct_shared(charge, Correction::More(more)).await;
    }

    /// Gives back that much of what was counted for a request.
    pub(crate) async fn refund(&self, charge: &Charge, amount: u32) {
        self.limiter.give_back(&charge.request, amount, charge.mark);
        if let Some(at_ms) = charge.mark.shared_at_ms {
            self.correct_shared(charge, Correction::Less { amount, at_ms }).await;
        }
    }

    async fn correct_shared(&self, charge: &Charge, correction: Correction) {
        let Some(shared) = self.shared.get() else { return };
        let ask = self.shared_ask(shared, &charge.request);
        if let Err(error) = shared.counters.correct(ask, correction).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "a correction was only made by this server"
            );
        }
    }
}

impl Mark {
    /// The present, as this server counts.
    pub(crate) const fn here(at_ms: u64) -> Self {
        Self { at_ms, shared_at_ms: None }
    }
}
