//! The limit table and what an operator can change in it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::burst::Burst;
use crate::audit::Outcome;
use crate::policy::Class;
use crate::principal::Principal;

/// Characters of SQL beyond which a query costs one more, and beyond which two more.
const LONG_SQL: usize = 2_000;
const VERY_LONG_SQL: usize = 5_000;
/// Dearest a query can become by the work it made.
const WORK_COST_MAX: u32 = 60;

/// What a query costs beyond its class by the length of its text: one more over 2,000 characters, two over 5,000.
#[must_use]
pub const fn query_cost(sql_characters: usize) -> u32 {
    if sql_characters > VERY_LONG_SQL {
        2
    } else if sql_characters > LONG_SQL {
        1
    } else {
        0
    }
}

/// What a query turned out to cost by the work it made: one for each second begun, a minute's worth at most.
#[must_use]
pub fn work_cost(work: Duration) -> u32 {
    let seconds = work.as_secs() + u64::from(work.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(WORK_COST_MAX).clamp(1, WORK_COST_MAX)
}

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

impl Mode {
    /// Its word in configuration, answers and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Shadow => "shadow",
        }
    }

    /// What the audit log says became of a call over the limit.
    pub(crate) const fn outcome(self) -> Outcome {
        match self {
            Self::Enforce => Outcome::Denied,
            Self::Shadow => Outcome::Shadow,
        }
    }
}

/// Who shares a quota among those that are signed in. Keys always have their own, strangers always share their address's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerScope {
    /// All sessions of a user share one.
    #[default]
    Address,
    /// Each session has its own.
    Session,
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

/// What one call of a class takes from its quota; a route may cost several times as much.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Costs {
    /// Looking.
    pub read: u32,
    /// Asking the warehouse, before the length of the question is known.
    pub query: u32,
    /// Changing.
    pub write: u32,
    /// Proving who one is.
    pub auth: u32,
    /// Health and metrics.
    pub monitoring: u32,
}

impl Default for Costs {
    fn default() -> Self {
        Self { read: 1, query: 1, write: 3, auth: 1, monitoring: 1 }
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
    /// A query that has run for longer is reported as a defect of the server.
    pub overdue_s: u32,
}

impl Default for InFlightMax {
    fn default() -> Self {
        Self { anonymous: 1, signed_in: 6, key: 12, overdue_s: 300 }
    }
}

/// How much heavy work may run at a time, of all callers together.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeavyConfig {
    /// Units in all.
    pub units: u32,
    /// Units that one database may hold.
    pub per_database: u32,
    /// Callers that may wait for units.
    pub queue_max: usize,
    /// How long each of them waits at most.
    pub wait_ms: u32,
}

impl Default for HeavyConfig {
    fn default() -> Self {
        Self { units: 10, per_database: 6, queue_max: 50, wait_ms: 2_000 }
    }
}

/// The limit table: calls per minute and caller, before the caller's tier multiplies them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Whether limits bite.
    pub mode: Mode,
    /// Classes whose limits only watch, whatever the mode.
    pub shadow: Vec<Class>,
    /// Who shares a quota.
    pub scope: CallerScope,
    /// Whether each database has quotas of its own.
    pub per_database: bool,
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
    /// Wrong credentials, per address, before anything is hashed; never only watched.
    pub bad_credentials: u32,
    /// What calls cost.
    pub costs: Costs,
    /// Shapes reads, queries and changes within the minute.
    pub api_burst: Option<Burst>,
    /// Shapes the attempts to sign in from one address within the minute.
    pub auth_burst: Option<Burst>,
    /// Multipliers.
    pub tiers: Tiers,
    /// Concurrent queries.
    pub in_flight: InFlightMax,
    /// Concurrent heavy work.
    pub heavy: HeavyConfig,
    /// Callers remembered at a time.
    pub callers_max: usize,
    /// Whether answers carry X-RateLimit-Limit, -Remaining and -Reset besides the standard's fields.
    pub compatibility_headers: bool,
    /// How many servers share their counters at least: while they cannot be asked, each allows that part of a quota.
    pub servers_min: u32,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            shadow: Vec::new(),
            scope: CallerScope::Address,
            per_database: true,
            read: 120,
            query: 80,
            write: 10,
            auth: 10,
            ingest: 600,
            monitoring: 120,
            static_files: 1_200,
            other: 100,
            pre_auth: 3_000,
            bad_credentials: 20,
            costs: Costs::default(),
            api_burst: Some(Burst::per_minute(600, 20)),
            auth_burst: Some(Burst::per_minute(5, 10)),
            tiers: Tiers::default(),
            in_flight: InFlightMax::default(),
            heavy: HeavyConfig::default(),
            callers_max: 1 << 17,
            compatibility_headers: false,
            servers_min: 1,
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

    /// What one call of a class costs.
    #[must_use]
    pub const fn cost(&self, class: Class) -> u32 {
        match class {
            Class::Read => self.costs.read,
            Class::Query => self.costs.query,
            Class::Write => self.costs.write,
            Class::Auth => self.costs.auth,
            Class::Monitoring => self.costs.monitoring,
            Class::Ingest | Class::Static | Class::Other => 1,
        }
    }

    /// Whether a class's limits refuse or watch.
    #[must_use]
    pub fn mode_of(&self, class: Class) -> Mode {
        if self.shadow.contains(&class) { Mode::Shadow } else { self.mode }
    }

    pub(crate) const fn burst(&self, class: Class) -> Option<Burst> {
        match class {
            Class::Read | Class::Query | Class::Write => self.api_burst,
            Class::Auth => self.auth_burst,
            // Pages send events, fetch files and ask before they read in bunches, and many people share an address.
            Class::Ingest | Class::Monitoring | Class::Static | Class::Other => None,
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
        let numbers = Class::ALL.map(|class| self.quota(class).min(self.cost(class)));
        let tiers = [self.tiers.anonymous, self.tiers.signed_in, self.tiers.key];
        let InFlightMax { anonymous, signed_in, key, overdue_s } = self.in_flight;
        let rest = [
            anonymous,
            signed_in,
            key,
            overdue_s,
            self.pre_auth,
            self.bad_credentials,
            self.servers_min,
        ];
        if numbers.into_iter().chain(tiers).chain(rest).any(|number| number == 0) {
            fault(
                "limits",
                "no limit may be zero; use limits.mode = \"shadow\" to only watch".to_owned(),
            );
        }
        let bursts = [self.api_burst, self.auth_burst];
        if bursts.into_iter().flatten().any(|burst| burst.interval_ms == 0 || burst.size == 0) {
            fault("limits", "a burst needs an interval and a size".to_owned());
        }
        let heavy = self.heavy;
        if heavy.per_database == 0 || heavy.per_database > heavy.units || heavy.units > 10_000 {
            fault(
                "limits.heavy",
                "one database's units must be at least 1 and no more than all units".to_owned(),
            );
        }
        if heavy.queue_max > 10_000 || heavy.wait_ms > 30_000 {
            fault("limits.heavy", "at most 10000 may wait, for at most 30 seconds".to_owned());
        }
        if self.callers_max < 1_024 {
            fault("limits.callers_max", "must be at least 1024".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_question_costs_more() {
        let costs = [0, 2_000, 2_001, 5_000, 5_001, usize::MAX].map(query_cost);
        assert_eq!(costs, [0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn work_costs_a_unit_for_each_second_begun() {
        let costs = [0, 1, 1_000, 1_001, 59_001, 3_600_000]
            .map(|millis| work_cost(Duration::from_millis(millis)));
        assert_eq!(costs, [1, 1, 1, 2, 60, 60]);
    }

    #[test]
    fn a_class_can_be_watched_alone() {
        let mut config = LimitsConfig { shadow: vec![Class::Query], ..LimitsConfig::default() };
        assert_eq!(config.mode_of(Class::Query), Mode::Shadow);
        assert_eq!(config.mode_of(Class::Read), Mode::Enforce);
        config.mode = Mode::Shadow;
        assert_eq!(config.mode_of(Class::Read), Mode::Shadow);
    }
}
