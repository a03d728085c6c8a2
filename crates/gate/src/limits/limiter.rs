//! The quotas of all callers, in bounded memory.

use std::time::Duration;

use super::burst::{Burst, Cell};
use super::config::{LimitsConfig, Mode};
use super::meter::{Grain, Mark, Meter};
use super::shared::SharedStanding;
use super::standing::Standing;
use super::subject::{Bucket, Counted, DatabaseNumber, Databases, Subject};
use super::window::WINDOW_MS;
use crate::address::ClientAddress;
use crate::policy::Policy;
use crate::principal::Principal;
use crate::table::{Entry, Full, Table};

/// What a caller may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) quota: u32,
    pub(crate) burst: Option<Burst>,
}

impl Limit {
    /// The part of it that one of several servers allows when they cannot ask each other.
    pub(crate) fn shared_by(self, servers: u32) -> Self {
        Self {
            quota: (self.quota / servers.max(1)).max(1),
            burst: self.burst.map(|burst| burst.shared_by(servers)),
        }
    }
}

/// One request as its quota sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    pub(crate) bucket: Bucket,
    pub(crate) limit: Limit,
    pub(crate) cost: u32,
    pub(crate) mode: Mode,
}

impl Request {
    /// The name of its quota.
    pub(crate) const fn name(&self) -> &'static str {
        self.bucket.counted.name()
    }

    /// The name of the limit a standing speaks of.
    pub(crate) const fn policy(&self, standing: &Standing) -> &'static str {
        match standing.burst {
            Some(_) => self.bucket.counted.burst_name(),
            None => self.bucket.counted.name(),
        }
    }

    /// How finely it is counted.
    pub(crate) fn grain(&self) -> Grain {
        Grain::of(self.bucket.counted.class(), self.limit.quota)
    }
}

#[derive(Debug)]
pub(crate) struct Taken {
    meter: Meter,
    cell: Cell,
    used_at: u64,
    quota: u32,
    /// What all servers together had counted when last asked.
    shared: u32,
    over: Over,
}

/// Refusals within a minute.
#[derive(Debug, Clone, Copy, Default)]
struct Over {
    since: u64,
    refused: u32,
    shadow: u32,
}

impl Over {
    /// Counts one; says whether it is the first of a minute.
    const fn count(&mut self, mode: Mode, now_ms: u64) -> bool {
        let first = (self.refused == 0 && self.shadow == 0) || self.is_past(now_ms);
        if first {
            *self = Self { since: now_ms, refused: 0, shadow: 0 };
        }
        match mode {
            Mode::Enforce => self.refused = self.refused.saturating_add(1),
            Mode::Shadow => self.shadow = self.shadow.saturating_add(1),
        }
        first
    }

    const fn is_past(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.since) >= WINDOW_MS
    }
}

/// A quota as a list of them shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) bucket: Bucket,
    pub(crate) used: u32,
    pub(crate) quota: u32,
    pub(crate) refused: u32,
    pub(crate) shadow: u32,
}

impl Seen {
    const fn is_in_use(&self) -> bool {
        self.used > 0 || self.refused > 0 || self.shadow > 0
    }
}

impl Entry for Taken {
    fn idleness(&self, now: u64) -> Option<u64> {
        Some(now.saturating_sub(self.used_at))
    }
}

#[derive(Debug)]
pub(crate) struct Limiter {
    config: LimitsConfig,
    callers: Table<Bucket, Taken>,
    databases: Databases,
}

impl Limiter {
    pub(crate) fn new(config: LimitsConfig) -> Self {
        let callers = Table::new(config.callers_max);
        Self { config, callers, databases: Databases::default() }
    }

    pub(crate) const fn config(&self) -> &LimitsConfig {
        &self.config
    }

    pub(crate) const fn databases(&self) -> &Databases {
        &self.databases
    }

    /// How many quotas are remembered.
    pub(crate) fn remembered(&self) -> usize {
        self.callers.len()
    }

    /// Whose quota a caller's requests are counted on.
    pub(crate) fn subject(&self, principal: &Principal, client: &ClientAddress) -> Subject {
        Subject::scoped(principal, client, self.config.scope)
    }

    /// What a call under a policy asks; none for the operator, who is not limited.
    ///
    /// `device` is a browser that signed in before, which has its own quota at the doors.
    pub(crate) fn request(
        &self,
        policy: &Policy,
        principal: &Principal,
        client: &ClientAddress,
        device: Option<[u8; 16]>,
    ) -> Option<Request> {
        let subject = match (principal, device) {
            (Principal::Operator, _) => return None,
            (Principal::Anonymous, Some(nonce)) => Subject::device(nonce),
            _ => self.subject(principal, client),
        };
        let class = policy.class;
        let tier = self.config.tier(principal);
        let database = policy.database().map_or(DatabaseNumber::NONE, |name| self.partition(name));
        Some(Request {
            bucket: Bucket { subject, counted: Counted::Class(class), database },
            limit: Limit {
                quota: self.config.quota(class).saturating_mul(tier),
                burst: self.config.burst(class).map(|burst| burst.times(tier)),
            },
            cost: self.config.cost(class).saturating_mul(policy.cost),
            mode: self.config.mode_of(class),
        })
    }

    /// What one showing of credentials asks.
    pub(crate) fn pre_auth(&self, client: &ClientAddress) -> Request {
        for_address(client, Counted::PreAuth, self.config.pre_auth, self.config.mode)
    }

    /// What one wrong credential asks; guessing is never only watched.
    pub(crate) fn bad_credentials(&self, client: &ClientAddress) -> Request {
        let quota = self.config.bad_credentials;
        for_address(client, Counted::BadCredentials, quota, Mode::Enforce)
    }

    /// The number under which a database is counted.
    pub(crate) fn partition(&self, name: &str) -> DatabaseNumber {
        if self.config.per_database { self.databases.number(name) } else { DatabaseNumber::NONE }
    }

    /// Counts a request, or says when it may be made again.
    pub(crate) fn count(&self, request: &Request, now: Duration) -> Standing {
        self.count_within(request, request.limit, now)
    }

    /// Counts a request as one of several servers that cannot ask each other.
    pub(crate) fn count_alone(&self, request: &Request, servers: u32, now: Duration) -> Standing {
        self.count_within(request, request.limit.shared_by(servers), now)
    }

    fn count_within(&self, request: &Request, limit: Limit, now: Duration) -> Standing {
        let now_ms = millis(now);
        let counted = self.work(request, now_ms, |taken| {
            let standing = taken.count(limit, request.cost.min(limit.quota), now_ms);
            let name = request.bucket.counted.name();
            Standing { name, ..standing }.told(taken, request.mode, now_ms)
        });
        // Quotas never have to stay, so there is always room; if not, nobody is let in for free.
        counted.unwrap_or_else(|Full| Standing::shut(request, limit.quota, now_ms))
    }

    /// Takes over what all servers together have counted, and keeps this server's part of it for when they cannot be
    /// asked.
    pub(crate) fn note(
        &self,
        request: &Request,
        shared: &SharedStanding,
        now: Duration,
    ) -> Standing {
        let now_ms = millis(now);
        let quota = request.limit.quota;
        let noted = self.work(request, now_ms, |taken| {
            taken.meter.advance(now_ms);
            if shared.retry_after.is_none() {
                taken.force(request.limit, request.cost.min(quota), now_ms);
            }
            taken.shared = shared.used;
            let near = is_near(shared.used, quota);
            Standing {
                name: request.bucket.counted.name(),
                quota,
                remaining: quota.saturating_sub(shared.used),
                reset: shared.reset,
                retry_after: shared.retry_after,
                burst: if shared.by_burst { request.limit.burst } else { None },
                near,
                first_refusal: false,
                mark: Mark { at_ms: now_ms, shared_at_ms: Some(shared.at_ms) },
            }
            .told(taken, request.mode, now_ms)
        });
        noted.unwrap_or_else(|Full| Standing::shut(request, quota, now_ms))
    }

    /// Counts more for a request that was let in, whatever its quota says.
    pub(crate) fn charge(&self, request: &Request, more: u32, now: Duration) {
        let now_ms = millis(now);
        let charged = self.work(request, now_ms, |taken| {
            taken.meter.advance(now_ms);
            taken.meter.take(more, now_ms);
        });
        // Without a place there is nothing that could be charged either.
        charged.unwrap_or(());
    }

    /// How long to wait until a request could be counted, without counting it.
    pub(crate) fn wait(&self, request: &Request, now: Duration) -> Option<Duration> {
        let (now_ms, quota) = (millis(now), request.limit.quota);
        let wait = self.callers.get(&request.bucket, |taken| {
            taken.meter.advance(now_ms);
            let over = taken.meter.taken().saturating_add(request.cost) > quota;
            over.then(|| taken.meter.wait_until(quota - request.cost.min(quota), now_ms))
        });
        wait.flatten()
    }

    /// Notes a refusal that another limit than the quota made; says whether it is the first in a minute.
    pub(crate) fn note_refusal(&self, request: &Request, now: Duration) -> bool {
        let now_ms = millis(now);
        let first = self.work(request, now_ms, |taken| taken.over.count(request.mode, now_ms));
        first.unwrap_or(false)
    }

    /// Gives back what was counted at that moment.
    pub(crate) fn give_back(&self, request: &Request, less: u32, mark: Mark) {
        let given = self.callers.get(&request.bucket, |taken| taken.meter.give_back(less, mark));
        given.unwrap_or(());
    }

    /// Looks at every quota that is used at the moment.
    pub(crate) fn each(&self, now: Duration, mut look: impl FnMut(Seen)) {
        let now_ms = millis(now);
        self.callers.each(|bucket, taken| {
            let seen = taken.seen(*bucket, now_ms);
            if seen.is_in_use() {
                look(seen);
            }
        });
    }

    /// One quota as it is used at the moment, without counting anything.
    pub(crate) fn seen(&self, bucket: Bucket, now: Duration) -> Option<Seen> {
        let now_ms = millis(now);
        let seen = self.callers.get(&bucket, |taken| taken.seen(bucket, now_ms));
        seen.filter(Seen::is_in_use)
    }

    fn work<R>(
        &self,
        request: &Request,
        now_ms: u64,
        work: impl FnOnce(&mut Taken) -> R,
    ) -> Result<R, Full> {
        let make = || Taken {
            meter: Meter::new(request.grain()),
            cell: Cell::default(),
            used_at: now_ms,
            quota: request.limit.quota,
            shared: 0,
            over: Over::default(),
        };
        let worked = self.callers.upsert(&request.bucket, now_ms, make, |taken| {
            taken.used_at = now_ms;
            work(taken)
        });
        worked.map(|(result, _)| result)
    }
}

fn for_address(client: &ClientAddress, counted: Counted, quota: u32, mode: Mode) -> Request {
    let subject = Subject::address(client.block());
    Request {
        bucket: Bucket { subject, counted, database: DatabaseNumber::NONE },
        limit: Limit { quota, burst: None },
        cost: 1,
        mode,
    }
}

fn millis(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

fn is_near(used: u32, quota: u32) -> bool {
    u64::from(used) * 5 >= u64::from(quota) * 4
}

impl Standing {
    /// Notes a refusal in the caller's place.
    const fn told(mut self, taken: &mut Taken, mode: Mode, now_ms: u64) -> Self {
        self.first_refusal = self.retry_after.is_some() && taken.over.count(mode, now_ms);
        self
    }
}

impl Taken {
    fn count(&mut self, limit: Limit, cost: u32, now_ms: u64) -> Standing {
        let Limit { quota, burst } = limit;
        self.meter.advance(now_ms);
        let mut retry_after = None;
        if self.meter.taken().saturating_add(cost) > quota {
            retry_after = Some(self.meter.wait_until(quota - cost, now_ms));
        }
        let cell = burst.map(|burst| (burst, self.cell.peek(burst, now_ms, cost)));
        let mut by_burst = None;
        if let Some((burst, Err(wait))) = cell
            && retry_after.is_none_or(|other| wait > other)
        {
            (retry_after, by_burst) = (Some(wait), Some(burst));
        }
        if retry_after.is_none() {
            self.meter.take(cost, now_ms);
            if let Some((_, Ok(cell))) = cell {
                self.cell = cell;
            }
        }
        let used = self.meter.taken();
        let reset = match used {
            0 => Duration::ZERO,
            _ => self.meter.wait_until(used - 1, now_ms),
        };
        Standing {
            name: "",
            quota,
            remaining: quota.saturating_sub(used),
            reset,
            retry_after,
            burst: by_burst,
            near: is_near(used, quota),
            first_refusal: false,
            mark: Mark::here(now_ms),
        }
    }

    fn force(&mut self, limit: Limit, cost: u32, now_ms: u64) {
        self.meter.take(cost, now_ms);
        if let Some(burst) = limit.burst {
            self.cell = self.cell.force(burst, now_ms, cost);
        }
    }

    fn seen(&mut self, bucket: Bucket, now_ms: u64) -> Seen {
        self.meter.advance(now_ms);
        let fresh = now_ms.saturating_sub(self.used_at) < WINDOW_MS;
        let shared = if fresh { self.shared } else { 0 };
        let over = if self.over.is_past(now_ms) { Over::default() } else { self.over };
        Seen {
            bucket,
            used: self.meter.taken().max(shared),
            quota: self.quota,
            refused: over.refused,
            shadow: over.shadow,
        }
    }
}

#[cfg(test)]
mod tests;
