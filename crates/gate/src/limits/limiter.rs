//! The quotas of all callers, in bounded memory.

use std::time::Duration;

use super::burst::{Burst, Cell};
use super::config::LimitsConfig;
use super::window::{WINDOW_S, Window};
use crate::address::{AddressBlock, ClientAddress};
use crate::key::KeyId;
use crate::policy::Policy;
use crate::principal::{Principal, UserId};
use crate::table::{Entry, Full, Table};

/// Whose quota it is: the key, else the user, else the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    kind: u8,
    id: [u8; 16],
}

impl Subject {
    /// Whose quota a request is counted on.
    #[must_use]
    pub fn of(principal: &Principal, client: &ClientAddress) -> Self {
        match principal {
            Principal::Key { id, .. } => Self::key(id),
            Principal::User { id, .. } => Self::user(*id),
            Principal::Anonymous | Principal::Operator => Self::address(client.block()),
        }
    }

    pub(crate) const fn address(block: AddressBlock) -> Self {
        Self { kind: 0, id: block.bytes() }
    }

    const fn user(id: UserId) -> Self {
        Self { kind: 1, id: *id.0.as_bytes() }
    }

    fn key(id: &KeyId) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(id.as_str().bytes()) {
            *to = from;
        }
        Self { kind: 2, id: bytes }
    }
}

/// Where a caller stands after a request was counted, or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The class's quota for this caller per minute.
    pub quota: u32,
    /// What is left of it.
    pub remaining: u32,
    /// When something comes back.
    pub reset: Duration,
    /// When the refused request may be made again; none when it was counted.
    pub retry_after: Option<Duration>,
    /// Whether this is the caller's first refusal in a minute, worth a line in a log.
    pub first_refusal: bool,
}

/// Which of a caller's quotas.
type Bucket = (Subject, u8);

/// The quota of credentials shown by one address, before they are looked at.
const PRE_AUTH: u8 = u8::MAX;

/// What a caller may take.
#[derive(Debug, Clone, Copy)]
struct Limit {
    quota: u32,
    burst: Option<Burst>,
}

#[derive(Debug)]
struct Taken {
    window: Window,
    cell: Cell,
    used_at: u64,
    refused_at: Option<u64>,
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
}

impl Limiter {
    pub(crate) fn new(config: LimitsConfig) -> Self {
        let callers = Table::new(config.callers_max);
        Self { config, callers }
    }

    pub(crate) const fn config(&self) -> &LimitsConfig {
        &self.config
    }

    /// How many quotas are remembered.
    pub(crate) fn remembered(&self) -> usize {
        self.callers.len()
    }

    /// Counts one call under a policy; the operator is not limited.
    pub(crate) fn take(
        &self,
        policy: &Policy,
        principal: &Principal,
        client: &ClientAddress,
        now: Duration,
    ) -> Option<Standing> {
        if matches!(principal, Principal::Operator) {
            return None;
        }
        let class = policy.class;
        let quota = self.config.quota(class).saturating_mul(self.config.tier(principal));
        let bucket = (Subject::of(principal, client), class as u8);
        Some(self.count(bucket, Limit { quota, burst: self.config.burst(class) }, policy.cost, now))
    }

    /// Counts one showing of credentials.
    pub(crate) fn take_pre_auth(&self, client: &ClientAddress, now: Duration) -> Standing {
        let bucket = (Subject::address(client.block()), PRE_AUTH);
        self.count(bucket, Limit { quota: self.config.pre_auth, burst: None }, 1, now)
    }

    fn count(&self, bucket: Bucket, limit: Limit, cost: u32, now: Duration) -> Standing {
        let quota = limit.quota;
        let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let make = || Taken {
            window: Window::default(),
            cell: Cell::default(),
            used_at: now_ms,
            refused_at: None,
        };
        let counted = self.callers.upsert(&bucket, now_ms, make, |taken| {
            taken.used_at = now_ms;
            taken.count(limit, cost.min(quota), now_ms)
        });
        match counted {
            Ok((standing, _)) => standing,
            // Quotas never have to stay, so there is always room; if not, nobody is let in for free.
            Err(Full) => {
                let wait = Duration::from_secs(u64::from(WINDOW_S));
                Standing {
                    quota,
                    remaining: 0,
                    reset: wait,
                    retry_after: Some(wait),
                    first_refusal: false,
                }
            }
        }
    }
}

impl Taken {
    fn count(&mut self, limit: Limit, cost: u32, now_ms: u64) -> Standing {
        let Limit { quota, burst } = limit;
        self.window.advance(now_ms);
        let taken = self.window.taken();
        let mut retry_after = None;
        if taken.saturating_add(cost) > quota {
            retry_after = Some(self.window.wait_until(quota - cost, now_ms));
        }
        let cell = match burst.map(|burst| self.cell.peek(burst, now_ms, cost)) {
            Some(Err(wait)) => {
                retry_after = Some(retry_after.map_or(wait, |other| other.max(wait)));
                None
            }
            Some(Ok(cell)) => Some(cell),
            None => None,
        };
        if retry_after.is_none() {
            self.window.take(cost);
            self.cell = cell.unwrap_or(self.cell);
        }
        let taken = self.window.taken();
        let reset = match taken {
            0 => Duration::ZERO,
            _ => self.window.wait_until(taken - 1, now_ms),
        };
        let first_refusal = retry_after.is_some() && self.is_first_refusal(now_ms);
        Standing {
            quota,
            remaining: quota.saturating_sub(taken),
            reset,
            retry_after,
            first_refusal,
        }
    }

    fn is_first_refusal(&mut self, now_ms: u64) -> bool {
        let first = self.refused_at.is_none_or(|at| now_ms.saturating_sub(at) >= 60_000);
        if first {
            self.refused_at = Some(now_ms);
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::policy::Class;
    use crate::principal::SessionId;

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
        let take = || limiter.take(&policy, principal, &client(address), Duration::from_secs(100));
        let through = (0..100_000_u32)
            .take_while(|_| take().is_some_and(|standing| standing.retry_after.is_none()));
        through.last().map_or(0, |last| last + 1)
    }

    #[test]
    fn every_class_has_its_own_quota() {
        let limiter = Limiter::new(LimitsConfig::default());
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
        let limiter = Limiter::new(LimitsConfig::default());
        assert_eq!(capacity(&limiter, Class::Query, &user(), "192.0.2.1"), 160);
        assert_eq!(capacity(&limiter, Class::Query, &user(), "192.0.2.2"), 0);
        assert_eq!(capacity(&limiter, Class::Query, &key("abcdefgh12345678"), "192.0.2.1"), 400);
        assert_eq!(capacity(&limiter, Class::Query, &key("abcdefgh12345679"), "192.0.2.1"), 400);
        assert_eq!(capacity(&limiter, Class::Query, &Principal::Anonymous, "192.0.2.1"), 80);
        assert_eq!(capacity(&limiter, Class::Query, &Principal::Anonymous, "2001:db8::1"), 80);
        assert_eq!(capacity(&limiter, Class::Query, &Principal::Anonymous, "2001:db8::2"), 0);
        let operator = limiter.take(
            &Policy::public(Class::Write),
            &Principal::Operator,
            &ClientAddress::LOCAL,
            Duration::ZERO,
        );
        assert_eq!(operator, None);
    }

    #[test]
    fn a_cost_is_taken_whole_or_not_at_all() {
        let limiter = Limiter::new(LimitsConfig::default());
        let take = |cost| {
            limiter.take(
                &Policy::public(Class::Write).cost(cost),
                &Principal::Anonymous,
                &client("192.0.2.1"),
                Duration::ZERO,
            )
        };
        assert_eq!(take(7).unwrap().remaining, 3);
        let refused = take(4).unwrap();
        assert_eq!((refused.remaining, refused.retry_after), (3, Some(Duration::from_secs(65))));
        assert_eq!(take(3).unwrap().remaining, 0);
        let other = |cost| {
            limiter.take(
                &Policy::public(Class::Write).cost(cost),
                &Principal::Anonymous,
                &client("192.0.2.2"),
                Duration::ZERO,
            )
        };
        assert_eq!(
            other(1_000).unwrap().retry_after,
            None,
            "a call dearer than the quota takes all of it"
        );
    }

    #[test]
    fn the_first_refusal_of_a_minute_is_marked() {
        let limiter = Limiter::new(LimitsConfig { auth: 1, ..LimitsConfig::default() });
        let take = |second| {
            let now = Duration::from_secs(second);
            limiter
                .take(
                    &Policy::public(Class::Auth),
                    &Principal::Anonymous,
                    &client("192.0.2.1"),
                    now,
                )
                .unwrap()
                .first_refusal
        };
        assert_eq!(
            [take(0), take(1), take(2), take(61), take(62)],
            [false, true, false, true, false]
        );
    }

    #[test]
    fn a_burst_is_shaped_within_the_quota() {
        let burst = Some(Burst { interval_ms: 100, size: 20 });
        let limiter = Limiter::new(LimitsConfig { read_burst: burst, ..LimitsConfig::default() });
        assert_eq!(capacity(&limiter, Class::Read, &Principal::Anonymous, "192.0.2.1"), 20);
        assert_eq!(capacity(&limiter, Class::Query, &Principal::Anonymous, "192.0.2.1"), 80);
    }

    #[test]
    fn a_hundred_thousand_addresses_take_a_bounded_number_of_places() {
        let limiter = Limiter::new(LimitsConfig { callers_max: 4_096, ..LimitsConfig::default() });
        for place in 0..100_000_u32 {
            let address =
                ClientAddress::network(std::net::Ipv4Addr::from(0x0a00_0000 + place).into());
            limiter.take(
                &Policy::public(Class::Read),
                &Principal::Anonymous,
                &address,
                Duration::from_millis(u64::from(place)),
            );
        }
        assert!(limiter.remembered() <= 4_096);
        assert!(size_of::<(Bucket, Taken)>() <= 128);
    }
}
