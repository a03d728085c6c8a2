//! Numbers that could be set so that a defence is none.

use std::time::Duration;

use api::PostureItem;

use super::super::{Config, LimitsMode};
use super::Subject;
use crate::wiring;

const LIMITS: Subject = Subject::new("limits", "Callers over their limits are refused");
const ENGINE: Subject = Subject::new("engine", "Memory, threads and queues have bounds");
const AUDIT: Subject = Subject::new("audit", "The audit log is kept long enough, in whole files");

pub(super) fn limits(config: &Config) -> PostureItem {
    let limits = &config.limits;
    let all = [
        limits.read,
        limits.query,
        limits.write,
        limits.auth,
        limits.monitoring,
        limits.ingest,
        limits.other,
    ];
    if all.contains(&0) {
        return LIMITS
            .refused("a limit of 0 would refuse everything", "set limits.categories.* above 0");
    }
    if [limits.api_per_second, limits.login_per_minute].contains(&0) {
        return LIMITS
            .refused("a burst limit of 0 would refuse everything", "set limits.bursts.* above 0");
    }
    if let Some(fault) = gate_fault(config, "limits") {
        return LIMITS.refused(fault, "set limits.* within their bounds");
    }
    match limits.mode {
        LimitsMode::Enforce if !limits.shadow.is_empty() => LIMITS.warned(
            "limits.shadow names categories in which nothing is refused, only counted",
            "empty limits.shadow when the counts look right",
        ),
        LimitsMode::Enforce => LIMITS.passed("limits.mode is `enforce`"),
        LimitsMode::Shadow => LIMITS.warned(
            "limits.mode is `shadow`: nothing is refused, only counted",
            "set limits.mode to `enforce` when the counts look right",
        ),
    }
}

/// What the gate itself would refuse of the part of its configuration of that name, or of the setting of that path.
pub(super) fn gate_fault(config: &Config, part: &str) -> Option<String> {
    let faults = wiring::gate(config).faults();
    let is_of = |key: &str| key == part || key.split('.').next() == Some(part);
    let fault = faults.iter().find(|fault| is_of(fault.key))?;
    Some(format!("{}: {}", fault.key, fault.message))
}

pub(super) fn engine(config: &Config) -> PostureItem {
    let query = &config.query;
    if query.memory.0 < 128 << 20
        || query.threads == 0
        || query.concurrency == 0
        || query.timeout.is_zero()
    {
        return ENGINE.refused(
            "a number of query.* is too low",
            "query.memory must be at least 128MiB, the other numbers above 0",
        );
    }
    if config.web.journal_queue.0 < 1 << 20
        || config.web.batch_interval.is_zero()
        || config.web.range_days_max == 0
    {
        return ENGINE.refused(
            "a number of web.* is too low",
            "web.journal_queue must be at least 1MiB, the other numbers above 0",
        );
    }
    ENGINE.passed(format!(
        "{} MiB, {} threads, {} statements at once",
        query.memory.0 >> 20,
        query.threads,
        query.concurrency
    ))
}

/// A month is the least that helps after an intrusion is noticed.
const AUDIT_KEEP_MIN: Duration = Duration::from_secs(30 * 86_400);

pub(super) fn audit(config: &Config) -> PostureItem {
    let audit = &config.audit;
    if audit.rotate_size.0 < 1 << 20 || audit.rotate_size.0 > 64 << 20 {
        return AUDIT.refused(
            "audit.rotate_size is out of bounds",
            "audit.rotate_size must be from 1MiB to 64MiB",
        );
    }
    if audit.rotate_age < Duration::from_secs(60) || audit.files_max < 2 {
        return AUDIT.refused(
            "audit.rotate_age or audit.files_max is too low",
            "audit.rotate_age must be at least 1m, audit.files_max at least 2",
        );
    }
    if audit.keep < AUDIT_KEEP_MIN {
        return AUDIT.warned(
            "audit.keep is shorter than 30 days, which is sooner than most break-ins are noticed",
            "set audit.keep to a year",
        );
    }
    AUDIT.passed(format!(
        "always on; kept for {} days in up to {} files",
        audit.keep.as_secs() / 86_400,
        audit.files_max
    ))
}
