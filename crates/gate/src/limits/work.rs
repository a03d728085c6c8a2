//! What only a handler can know: which database its caller asks, what that
//! costs before it runs, and what it cost afterwards.

use std::sync::Arc;

use super::heavy::{HeavyAsk, HeavyGuard};
use super::standing::{Charge, TOO_MANY_RETRY_AFTER, report_refusal};
use super::subject::{AllowedDatabase, Bucket};
use super::{Mode, Request, Standing};
use crate::audit::EventName;
use crate::door::Refusal;
use crate::gate::Gate;
use crate::permit::Permit;
use crate::principal::Principal;
use crate::scope::{Action, Scope};

impl Gate {
    /// A database a caller names, once it is clear that the caller may use it and that it exists; none looks the same
    /// whichever of the two does not hold.
    ///
    /// Only then can it be part of what is counted: else callers would multiply their quotas by inventing names.
    #[must_use]
    pub fn database(
        &self,
        permit: &Permit,
        action: Action,
        name: &str,
        exists: impl FnOnce(&str) -> bool,
    ) -> Option<AllowedDatabase> {
        let allowed = permit.allows(&Scope::on(action, name)) && exists(name);
        allowed.then(|| AllowedDatabase { name: Arc::from(name) })
    }

    /// Counts a request on a database's quota instead of that of none in particular, with what it costs beyond its class
    /// (see [`super::query_cost`]).
    ///
    /// # Errors
    /// [`Refusal::OverQuota`]; the request then stays counted where it was.
    pub async fn charge(
        &self,
        permit: &Permit,
        database: &AllowedDatabase,
        extra: u32,
    ) -> Result<Option<Charge>, Refusal> {
        let Some(before) = permit.0.charge else {
            // The operator is not limited, and who a watching limit let through was not counted.
            return Ok(None);
        };
        let database = self.limiter.partition(&database.name);
        let bucket = Bucket { database, ..before.request.bucket };
        let moves = bucket != before.request.bucket;
        let cost = if moves { before.request.cost.saturating_add(extra) } else { extra };
        if cost == 0 {
            return Ok(Some(before));
        }
        let request = Request { bucket, cost, ..before.request };
        let standing = self.count(&request).await;
        if let Some(refusal) = self.refusal(permit, &request, &standing) {
            return refusal.map_or(Ok(Some(before)), Err);
        }
        if moves {
            self.refund(&before, before.at_mark).await;
            return Ok(Some(Charge::new(request, standing.mark)));
        }
        let whole = Request { cost: before.request.cost.saturating_add(extra), ..request };
        Ok(Some(Charge { request: whole, mark: standing.mark, at_mark: extra }))
    }

    /// Corrects what a request was counted as by what it turned out to cost (see [`super::work_cost`]): more is debited,
    /// whatever the quota says; less is given back, but for one.
    pub async fn settle(&self, charge: &Charge, cost: u32) {
        let (counted, cost) = (charge.request.cost, cost.max(1));
        match cost.checked_sub(counted) {
            Some(0) => {}
            Some(more) => self.debit(charge, more).await,
            None => self.refund(charge, (counted - cost).min(charge.at_mark)).await,
        }
    }

    /// Takes units of heavy work on a database until the guard is dropped; waits for a short time when none are free.
    ///
    /// # Errors
    /// [`Refusal::TooMany`] when none came free.
    pub async fn heavy(
        &self,
        permit: &Permit,
        database: &AllowedDatabase,
        units: u32,
    ) -> Result<Option<HeavyGuard>, Refusal> {
        if matches!(permit.principal(), Principal::Operator) || self.config().off.limits {
            return Ok(None);
        }
        let subject = self.limiter.subject(permit.principal(), permit.client());
        let database = self.limiter.partition(&database.name);
        match self.heavy.enter(HeavyAsk { subject, database, units }).await {
            Ok(guard) => Ok(Some(guard)),
            Err(_) => {
                let mode = self.limiter.config().mode_of(permit.policy().class);
                report_refusal("heavy", mode);
                match mode {
                    Mode::Shadow => Ok(None),
                    Mode::Enforce => Err(Refusal::TooMany { retry_after: TOO_MANY_RETRY_AFTER }),
                }
            }
        }
    }

    /// None when it was counted; else what comes of it, which is nothing when the limit only watches.
    fn refusal(
        &self,
        permit: &Permit,
        request: &Request,
        standing: &Standing,
    ) -> Option<Option<Refusal>> {
        let retry_after = standing.retry_after?;
        let policy = request.policy(standing);
        if standing.first_refusal {
            let object = Some(format!("limit:{policy}"));
            let event = EventName::ExcessRateLimitExceeded;
            self.audit(permit, event, request.mode.outcome(), object);
        }
        Some((request.mode == Mode::Enforce).then_some(Refusal::OverQuota { policy, retry_after }))
    }
}
