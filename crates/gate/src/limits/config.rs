//! The limit table and what an operator can change in it.

use serde::{Deserialize, Serialize};

use super::burst::Burst;
use crate::policy::Class;
use crate::principal::Principal;

/// What happens to who passes a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Refused.
    #[default]
    Enforce,
    /// Let through, counted and reported exactly as if refused.
    Shadow,
}

/// How many times the anonymous quota others get.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tiers {
    /// Nobody in particular.
    pub anonymous: u32,
    /// A session.
    pub signed_in: u32,
    /// An API key.
    pub key: u32,
}

impl Default for Tiers {
    fn default() -> Self {
        Self { anonymous: 1, signed_in: 2, key: 5 }
    }
}

/// How many queries of one caller may run at a time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InFlightMax {
    /// Nobody in particular.
    pub anonymous: u32,
    /// A session.
    pub signed_in: u32,
    /// An API key.
    pub key: u32,
}

impl Default for InFlightMax {
    fn default() -> Self {
        Self { anonymous: 1, signed_in: 6, key: 12 }
    }
}

/// The limit table: calls per minute and caller, before the caller's tier multiplies them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Whether limits bite.
    pub mode: Mode,
    /// Looking.
    pub read: u32,
    /// Asking the warehouse.
    pub query: u32,
    /// Changing.
    pub write: u32,
    /// Proving who one is.
    pub auth: u32,
    /// Events, per address.
    pub ingest: u32,
    /// Health and metrics.
    pub monitoring: u32,
    /// Files.
    #[serde(rename = "static")]
    pub static_files: u32,
    /// Anything else.
    pub other: u32,
    /// Requests with credentials, per address, before the credentials are looked at.
    pub pre_auth: u32,
    /// Shapes the reads of one caller within the minute.
    pub read_burst: Option<Burst>,
    /// Shapes the attempts to sign in from one address within the minute.
    pub auth_burst: Option<Burst>,
    /// Multipliers.
    pub tiers: Tiers,
    /// Concurrent queries.
    pub in_flight: InFlightMax,
    /// Callers remembered at a time.
    pub callers_max: usize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            read: 120,
            query: 80,
            write: 10,
            auth: 10,
            ingest: 600,
            monitoring: 120,
            static_files: 1_200,
            other: 100,
            pre_auth: 3_000,
            read_burst: None,
            auth_burst: None,
            tiers: Tiers::default(),
            in_flight: InFlightMax::default(),
            callers_max: 1 << 17,
        }
    }
}

impl LimitsConfig {
    /// The anonymous quota of a class.
    #[must_use]
    pub const fn quota(&self, class: Class) -> u32 {
        match class {
            Class::Read => self.read,
            Class::Query => self.query,
            Class::Write => self.write,
            Class::Auth => self.auth,
            Class::Ingest => self.ingest,
            Class::Monitoring => self.monitoring,
            Class::Static => self.static_files,
            Class::Other => self.other,
        }
    }

    pub(crate) const fn burst(&self, class: Class) -> Option<Burst> {
        match class {
            Class::Read => self.read_burst,
            Class::Auth => self.auth_burst,
            _ => None,
        }
    }

    pub(crate) const fn tier(&self, principal: &Principal) -> u32 {
        match principal {
            Principal::Anonymous => self.tiers.anonymous,
            Principal::User { .. } => self.tiers.signed_in,
            Principal::Key { .. } | Principal::Operator => self.tiers.key,
        }
    }

    pub(crate) const fn in_flight_max(&self, principal: &Principal) -> u32 {
        match principal {
            Principal::Anonymous => self.in_flight.anonymous,
            Principal::User { .. } => self.in_flight.signed_in,
            Principal::Key { .. } | Principal::Operator => self.in_flight.key,
        }
    }

    pub(crate) fn faults(&self, fault: &mut impl FnMut(&'static str, String)) {
        let quotas = Class::ALL.map(|class| self.quota(class));
        let tiers = [self.tiers.anonymous, self.tiers.signed_in, self.tiers.key];
        let in_flight = [self.in_flight.anonymous, self.in_flight.signed_in, self.in_flight.key];
        if quotas
            .into_iter()
            .chain(tiers)
            .chain(in_flight)
            .chain([self.pre_auth])
            .any(|number| number == 0)
        {
            fault(
                "limits",
                "no limit may be zero; use limits.mode = \"shadow\" to only watch".to_owned(),
            );
        }
        let bursts = [self.read_burst, self.auth_burst];
        if bursts.into_iter().flatten().any(|burst| burst.interval_ms == 0 || burst.size == 0) {
            fault("limits", "a burst needs an interval and a size".to_owned());
        }
        if self.callers_max < 1_024 {
            fault("limits.callers_max", "must be at least 1024".to_owned());
        }
    }
}
