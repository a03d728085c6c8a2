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
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::key::KeyId;
    use crate::limits::CallerScope;
    use crate::policy::Class;
    use crate::principal::{SessionId, UserId};

    /// Nothing but quotas: no bursts, and every call costs one.
    fn plain() -> LimitsConfig {
        let costs = crate::limits::Costs { write: 1, ..crate::limits::Costs::default() };
        LimitsConfig { api_burst: None, auth_burst: None, costs, ..LimitsConfig::default() }
    }

    /// Counts one call; none for who is not limited.
    fn take(
        limiter: &Limiter,
        policy: &Policy,
        principal: &Principal,
        address: &str,
        now: Duration,
    ) -> Option<Standing> {
        let request = limiter.request(policy, principal, &client(address), None)?;
        Some(limiter.count(&request, now))
    }

    fn client(address: &str) -> ClientAddress {
        ClientAddress::network(address.parse().unwrap())
    }

    fn user() -> Principal {
        Principal::User {
            id: UserId(Uuid::from_u128(7)),
            name: Arc::from("ada"),
            role: Arc::from("viewer"),
            scopes: Arc::from([]),
            session: SessionId(Uuid::from_u128(8)),
            required: crate::Requirements::NONE,
        }
    }

    fn key(id: &str) -> Principal {
        Principal::Key {
            id: KeyId::parse(id).unwrap(),
            name: Arc::from("k"),
            scopes: Arc::from([]),
            owner: None,
        }
    }

    /// How many calls of that class get through at one moment.
    fn capacity(limiter: &Limiter, class: Class, principal: &Principal, address: &str) -> u32 {
        let policy = Policy::public(class);
        let once = || take(limiter, &policy, principal, address, Duration::from_secs(100));
        let through = (0..100_000_u32)
            .take_while(|_| once().is_some_and(|standing| standing.retry_after.is_none()));
        through.last().map_or(0, |last| last + 1)
    }

    #[test]
    fn every_class_has_its_own_quota() {
        let limiter = Limiter::new(plain());
        let expected = [120, 80, 10, 10, 600, 120, 1_200, 100];
        for (class, quota) in Class::ALL.into_iter().zip(expected) {
            assert_eq!(
                capacity(&limiter, class, &Principal::Anonymous, "192.0.2.1"),
                quota,
                "{class:?}"
            );
        }
    }

    #[test]
    fn tiers_multiply_and_follow_the_caller_not_its_address() {
        let limiter = Limiter::new(plain());
        assert_eq!(capacity(&limiter, Class::Query, &user(), "192.0.2.1"), 160);
        assert_eq!(capacity(&limiter, Class::Query, &user(), "192.0.2.2"), 0);
        assert_eq!(capacity(&limiter, Class::Query, &key("abcdefgh12345678"), "192.0.2.1"), 400);
        assert_eq!(capacity(&limiter, Class::Query, &key("abcdefgh12345679"), "192.0.2.1"), 400);
        assert_eq!(capacity(&limiter, Class::Query, &Principal::Anonymous, "192.0.2.1"), 80);
        assert_eq!(capacity(&limiter, Class::Query, &Principal::Anonymous, "2001:db8::1"), 80);
        assert_eq!(capacity(&limiter, Class::Query, &Principal::Anonymous, "2001:db8::2"), 0);
        let write = Policy::public(Class::Write);
        let operator = take(&limiter, &write, &Principal::Operator, "192.0.2.9", Duration::ZERO);
        assert_eq!(operator, None);
    }

    #[test]
    fn a_cost_is_taken_whole_or_not_at_all() {
        let limiter = Limiter::new(plain());
        let write = |address: &str, cost| {
            let policy = Policy::public(Class::Write).cost(cost);
            take(&limiter, &policy, &Principal::Anonymous, address, Duration::ZERO).unwrap()
        };
        assert_eq!(write("192.0.2.1", 7).remaining, 3);
        let refused = write("192.0.2.1", 4);
        assert_eq!((refused.remaining, refused.retry_after), (3, Some(Duration::from_secs(65))));
        assert_eq!(write("192.0.2.1", 3).remaining, 0);
        let dear = write("192.0.2.2", 1_000);
        assert_eq!(dear.retry_after, None, "a call dearer than the quota takes all of it");
    }

    #[test]
    fn a_change_costs_three_times_as_much_as_a_look() {
        let limiter = Limiter::new(LimitsConfig::default());
        let key = key("abcdefgh12345678");
        assert_eq!(capacity(&limiter, Class::Write, &Principal::Anonymous, "192.0.2.1"), 3);
        assert_eq!(capacity(&limiter, Class::Write, &user(), "192.0.2.1"), 6);
        assert_eq!(capacity(&limiter, Class::Write, &key, "192.0.2.1"), 16);
    }

    #[test]
    fn the_first_refusal_of_a_minute_is_marked() {
        let limiter = Limiter::new(LimitsConfig { auth: 1, ..LimitsConfig::default() });
        let first = |second| {
            let now = Duration::from_secs(second);
            let policy = Policy::public(Class::Auth);
            let standing = take(&limiter, &policy, &Principal::Anonymous, "192.0.2.1", now);
            standing.unwrap().first_refusal
        };
        assert_eq!(
            [first(0), first(1), first(2), first(60), first(61), first(62)],
            [false, true, false, false, true, false]
        );
    }

    #[test]
    fn a_burst_is_shaped_within_the_quota() {
        let limiter = Limiter::new(LimitsConfig::default());
        let anonymous = Principal::Anonymous;
        assert_eq!(capacity(&limiter, Class::Read, &anonymous, "192.0.2.1"), 20);
        assert_eq!(capacity(&limiter, Class::Query, &anonymous, "192.0.2.1"), 20);
        assert_eq!(capacity(&limiter, Class::Read, &user(), "192.0.2.1"), 40);
        assert_eq!(capacity(&limiter, Class::Read, &key("abcdefgh12345678"), "192.0.2.1"), 100);
        assert_eq!(capacity(&limiter, Class::Static, &anonymous, "192.0.2.1"), 1_200);
        let refused = take(
            &limiter,
            &Policy::public(Class::Read),
            &anonymous,
            "192.0.2.1",
            Duration::from_secs(100),
        );
        let refused = refused.unwrap();
        assert_eq!(refused.retry_after, Some(Duration::from_millis(100)));
        assert_eq!(refused.burst.map(Burst::rate), Some((10, 1)));
        assert_eq!(refused.remaining, 100);
    }

    #[test]
    fn sign_ins_are_ten_at_once_and_five_a_minute() {
        let limiter = Limiter::new(LimitsConfig::default());
        let policy = Policy::public(Class::Auth);
        let through = (0..600).filter(|second| {
            let now = Duration::from_secs(*second);
            let standing = take(&limiter, &policy, &Principal::Anonymous, "192.0.2.1", now);
            standing.unwrap().retry_after.is_none()
        });
        let through: Vec<u64> = through.collect();
        assert_eq!(through[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(through.len(), 10 + 49, "one every twelve seconds after the burst");
        assert!(through.iter().all(|from| {
            through.iter().filter(|at| (*from..from + 60).contains(*at)).count() <= 10
        }));
    }

    #[test]
    fn each_database_has_its_own_quota_unless_told_otherwise() {
        for (per_database, expected) in [(true, [120, 120]), (false, [120, 0])] {
            let limiter = Limiter::new(LimitsConfig { per_database, ..plain() });
            let left = ["web", "net"].map(|database| {
                let policy = Policy::read(database);
                let once = || {
                    take(&limiter, &policy, &Principal::Anonymous, "192.0.2.1", Duration::ZERO)
                        .is_some_and(|standing| standing.retry_after.is_none())
                };
                (0..1_000).take_while(|_| once()).count()
            });
            assert_eq!(left, expected, "{per_database}");
        }
    }

    #[test]
    fn a_session_may_have_its_own_quota() {
        let other = match user() {
            Principal::User { id, name, role, scopes, required, .. } => Principal::User {
                id,
                name,
                role,
                scopes,
                required,
                session: SessionId(Uuid::from_u128(9)),
            },
            other => other,
        };
        for (scope, expected) in [(CallerScope::Address, 0), (CallerScope::Session, 240)] {
            let limiter = Limiter::new(LimitsConfig { scope, ..plain() });
            assert_eq!(capacity(&limiter, Class::Read, &user(), "192.0.2.1"), 240);
            assert_eq!(capacity(&limiter, Class::Read, &other, "192.0.2.1"), expected);
        }
    }

    #[test]
    fn a_browser_that_signed_in_before_does_not_stand_behind_strangers() {
        let limiter = Limiter::new(LimitsConfig::default());
        let policy = Policy::public(Class::Auth);
        assert_eq!(capacity(&limiter, Class::Auth, &Principal::Anonymous, "192.0.2.1"), 10);
        let own = |nonce| {
            let asked =
                limiter.request(&policy, &Principal::Anonymous, &client("192.0.2.1"), nonce);
            limiter.count(&asked.unwrap(), Duration::from_secs(100)).retry_after
        };
        assert!(own(None).is_some() && own(Some([1; 16])).is_none());
    }

    #[test]
    fn coming_near_is_noticed_at_four_fifths() {
        let limiter = Limiter::new(plain());
        let policy = Policy::public(Class::Write);
        let near = (1..=10).map(|_| {
            take(&limiter, &policy, &Principal::Anonymous, "192.0.2.1", Duration::ZERO)
                .unwrap()
                .near
        });
        let near: Vec<bool> = near.collect();
        assert_eq!(near.iter().position(|near| *near), Some(7), "the eighth of ten");
    }

    #[test]
    fn wrong_credentials_are_counted_and_right_ones_given_back() {
        let limiter = Limiter::new(LimitsConfig { mode: Mode::Shadow, ..LimitsConfig::default() });
        let request = limiter.bad_credentials(&client("192.0.2.1"));
        assert_eq!(request.mode, Mode::Enforce, "guessing is never only watched");
        for _ in 0..100 {
            let taken = limiter.count(&request, Duration::ZERO);
            assert_eq!(taken.retry_after, None);
            limiter.give_back(&request, 1, taken.mark);
        }
        for _ in 0..20 {
            assert_eq!(limiter.count(&request, Duration::ZERO).retry_after, None);
        }
        assert!(limiter.count(&request, Duration::from_secs(59)).retry_after.is_some());
    }

    #[test]
    fn one_of_several_servers_allows_its_part() {
        let limiter = Limiter::new(plain());
        let request = limiter
            .request(
                &Policy::public(Class::Read),
                &Principal::Anonymous,
                &client("192.0.2.1"),
                None,
            )
            .unwrap();
        let through = (0..200)
            .take_while(|_| limiter.count_alone(&request, 3, Duration::ZERO).retry_after.is_none());
        assert_eq!(through.count(), 40);
    }

    #[test]
    fn the_fullest_are_listed_first_and_not_all() {
        let limiter = Limiter::new(plain());
        let policy = Policy::public(Class::Write);
        for caller in 0..20_u8 {
            for _ in 0..=caller % 12 {
                let address = format!("192.0.2.{caller}");
                take(&limiter, &policy, &Principal::Anonymous, &address, Duration::ZERO).unwrap();
            }
        }
        let (fullest, omitted) = limiter.fullest(5, Duration::ZERO);
        let shown: Vec<(u32, u32)> = fullest.iter().map(|seen| (seen.used, seen.refused)).collect();
        assert_eq!((shown, omitted), (vec![(10, 2), (10, 1), (10, 0), (9, 0), (8, 0)], 15));
        assert_eq!(limiter.fullest(5, Duration::from_secs(66)).0.len(), 0, "a minute later");
    }

    #[test]
    fn a_hundred_thousand_addresses_take_a_bounded_number_of_places() {
        let limiter = Limiter::new(LimitsConfig { callers_max: 4_096, ..LimitsConfig::default() });
        for place in 0..100_000_u32 {
            let address =
                ClientAddress::network(std::net::Ipv4Addr::from(0x0a00_0000 + place).into());
            let request = limiter
                .request(&Policy::public(Class::Read), &Principal::Anonymous, &address, None)
                .unwrap();
            limiter.count(&request, Duration::from_millis(u64::from(place)));
        }
        assert!(limiter.remembered() <= 4_096);
        assert!(size_of::<(Bucket, Taken)>() <= 128);
    }
}
