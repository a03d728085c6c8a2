//! How a request stands with the limits on its way in.

use super::{Ask, Credential, Refusal, Refused, trace};
use crate::audit::EventName;
use crate::device::Device;
use crate::gate::Gate;
use crate::limits::{self, Charge, HeavyAsk, Mode, Request, Standing};
use crate::permit::Held;
use crate::policy::Class;
use crate::principal::Principal;

/// What the limits found out about a request on its way.
#[derive(Debug, Default)]
pub(super) struct Quota {
    pub(super) standing: Option<Standing>,
    pub(super) charge: Option<Charge>,
    pub(super) shadow: Option<&'static str>,
}

impl Quota {
    /// Counts a showing of credentials, before they are looked at.
    pub(super) fn pre_auth(&mut self, gate: &Gate, ask: &Ask) -> Result<(), Refused> {
        if matches!(ask.credential, Credential::Local) || gate.config().off.limits {
            return Ok(());
        }
        let request = gate.limiter.pre_auth(&ask.client);
        let standing = gate.count_here(&request);
        self.judge(gate, ask, &gate.anonymous, (&request, standing))
    }

    /// Counts a request on its caller's quota.
    pub(super) async fn take(
        &mut self,
        gate: &Gate,
        ask: &Ask,
        caller: &Principal,
    ) -> Result<(), Refused> {
        if gate.config().off.limits {
            return Ok(());
        }
        let device = ask.device.as_ref().map(Device::nonce);
        let Some(request) = gate.limiter.request(&ask.policy, caller, &ask.client, device) else {
            return Ok(());
        };
        let standing = gate.count(&request).await;
        self.standing = Some(standing);
        self.judge(gate, ask, caller, (&request, standing))?;
        if standing.retry_after.is_none() {
            self.charge = Some(Charge::new(request, standing.mark));
        }
        Ok(())
    }

    /// Refuses who is over its quota, unless the limit only watches; reports the first refusal of a minute.
    fn judge(
        &mut self,
        gate: &Gate,
        ask: &Ask,
        caller: &Principal,
        (request, standing): (&Request, Standing),
    ) -> Result<(), Refused> {
        let Some(retry_after) = standing.retry_after else {
            return Ok(());
        };
        let policy = request.policy(&standing);
        if standing.first_refusal {
            record_over(gate, ask, caller, (policy, request.mode));
        }
        if request.mode == Mode::Shadow {
            self.shadow.get_or_insert(policy);
            return Ok(());
        }
        let refusal = Refusal::OverQuota { policy, retry_after };
        Err(Refused { refusal, standing: Some(Box::new(standing)) })
    }

    /// Takes the caller's place among what runs, and the units of heavy work its route needs.
    pub(super) async fn enter(
        &mut self,
        gate: &Gate,
        ask: &Ask,
        caller: &Principal,
    ) -> Result<Held, Refused> {
        let mut held = Held::default();
        let policy = &ask.policy;
        if matches!(caller, Principal::Operator) || gate.config().off.limits {
            return Ok(held);
        }
        let subject = gate.limiter.subject(caller, &ask.client);
        if policy.class == Class::Query {
            let most = gate.limiter.config().in_flight_max(caller);
            match gate.enter_query(subject, most) {
                Ok(guard) => held.in_flight = Some(guard),
                Err(_) => self.too_many(gate, ask, caller, "in-flight")?,
            }
        }
        if policy.heavy_units > 0 {
            let database = policy.database().map(|name| gate.limiter.partition(name));
            let database = database.unwrap_or_default();
            let units = policy.heavy_units;
            match gate.heavy.enter(HeavyAsk { subject, database, units }).await {
                Ok(guard) => held.heavy = Some(guard),
                Err(_) => self.too_many(gate, ask, caller, "heavy")?,
            }
        }
        Ok(held)
    }

    fn too_many(
        &mut self,
        gate: &Gate,
        ask: &Ask,
        caller: &Principal,
        limit: &'static str,
    ) -> Result<(), Refused> {
        let mode = gate.limiter.config().mode_of(ask.policy.class);
        limits::report_refusal(limit, mode);
        let request = self.charge.map(|charge| charge.request);
        let now = gate.clock.elapsed();
        if request.is_some_and(|request| gate.limiter.note_refusal(&request, now)) {
            record_over(gate, ask, caller, (limit, mode));
        }
        if mode == Mode::Shadow {
            self.shadow.get_or_insert(limit);
            return Ok(());
        }
        let refusal = Refusal::TooMany { retry_after: limits::TOO_MANY_RETRY_AFTER };
        Err(Refused { refusal, standing: self.standing.map(Box::new) })
    }
}

/// A sample of what is over a limit: one line for each caller and minute.
fn record_over(gate: &Gate, ask: &Ask, principal: &Principal, (policy, mode): (&str, Mode)) {
    let object = Some(format!("limit:{policy}"));
    let trace = trace(ask, principal);
    gate.record(EventName::ExcessRateLimitExceeded, mode.outcome(), &trace, object);
}
