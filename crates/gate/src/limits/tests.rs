//! The limiter against an exact log, whatever the mix of classes, costs, tiers
//! and moments.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::address::ClientAddress;
use crate::key::KeyId;
use crate::policy::{Class, Policy};
use crate::principal::Principal;

const WINDOW_MS: u64 = 60_000;
const SUB_BUCKET_MS: u64 = 5_000;

/// Every call that was let in: when, and what it cost.
#[derive(Default)]
struct ExactLog(Vec<(u64, u32)>);

impl ExactLog {
    /// What was let in within that span before a moment.
    fn within(&self, now: u64, span: u64) -> u32 {
        self.0.iter().filter(|(at, _)| at + span > now).map(|(_, cost)| cost).sum()
    }

    /// The first moment from then on at which a perfect limiter would let that much in.
    fn opens(&self, from: u64, cost: u32, quota: u32) -> u64 {
        let fits = |now: u64| self.within(now, WINDOW_MS) + cost <= quota;
        let leaves = self.0.iter().map(|(at, _)| at + WINDOW_MS);
        std::iter::once(from).chain(leaves).filter(|at| *at >= from && fits(*at)).min().unwrap()
    }
}

#[derive(Debug, Clone)]
struct Step {
    gap: u64,
    cost: u32,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (prop_oneof![Just(0_u64), 1_u64..400, 1_u64..20_000], 1_u32..4)
        .prop_map(|(gap, cost)| Step { gap, cost });
    prop::collection::vec(step, 1..300)
}

fn anonymous() -> Principal {
    Principal::Anonymous
}

fn key() -> Principal {
    Principal::Key {
        id: KeyId::parse("abcdefgh12345678").unwrap(),
        name: Arc::from("k"),
        scopes: Arc::from([]),
        owner: None,
    }
}

fn request(limiter: &Limiter, class: Class, cost: u32, principal: &Principal) -> Request {
    let client = ClientAddress::network("192.0.2.1".parse().unwrap());
    limiter.request(&Policy::public(class).cost(cost), principal, &client, None).unwrap()
}

fn config(quota: u32, burst: Option<Burst>, mode: Mode) -> LimitsConfig {
    LimitsConfig {
        read: quota,
        auth: quota,
        api_burst: burst,
        auth_burst: burst,
        mode,
        ..LimitsConfig::default()
    }
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap()
}

proptest! {
    /// Never more than the quota in any minute; what is refused is refused at most one sub-bucket too long, and not at all
    /// too long where every call is remembered.
    #[test]
    fn no_minute_holds_more_than_the_quota(
        quota in 1_u32..60,
        exact in any::<bool>(),
        tier in any::<bool>(),
        steps in steps(),
    ) {
        let limiter = Limiter::new(config(quota, None, Mode::Enforce));
        let (class, slack) = if exact { (Class::Auth, 0) } else { (Class::Read, SUB_BUCKET_MS) };
        let principal = if tier && !exact { key() } else { anonymous() };
        let quota = if tier && !exact { quota * 5 } else { quota };
        let (mut log, mut now) = (ExactLog::default(), 1_000_000);
        for Step { gap, cost } in steps {
            now += gap;
            let cost = cost.min(quota);
            let request = request(&limiter, class, cost, &principal);
            let standing = limiter.count(&request, Duration::from_millis(now));
            prop_assert_eq!(standing.quota, quota);
            match standing.retry_after {
                None => {
                    prop_assert!(log.within(now, WINDOW_MS) + cost <= quota, "more than the quota");
                    log.0.push((now, cost));
                }
                Some(wait) => {
                    let opens = log.opens(now, cost, quota);
                    let told = now + millis(wait);
                    prop_assert!(told >= opens, "too early: {} before {}", told, opens);
                    prop_assert!(told <= opens + slack, "too late: {} after {}", told, opens);
                    prop_assert!(slack > 0 || opens > now, "refused without need");
                }
            }
        }
    }

    /// Whoever comes back exactly when told is let in, and a moment before is not; bursts included.
    #[test]
    fn the_wait_is_true(
        quota in 1_u32..40,
        interval_ms in 1_u32..4_000,
        size in 1_u32..20,
        exact in any::<bool>(),
        steps in steps(),
    ) {
        let config = config(quota, Some(Burst { interval_ms, size }), Mode::Enforce);
        let limiter = Limiter::new(config.clone());
        let class = if exact { Class::Auth } else { Class::Read };
        let (mut now, mut taken) = (1_000_000, Vec::new());
        for Step { gap, cost } in steps {
            now += gap;
            let asked = request(&limiter, class, cost, &anonymous());
            let Some(wait) = limiter.count(&asked, Duration::from_millis(now)).retry_after else {
                taken.push((now, cost));
                continue;
            };
            for (at, expected) in [(now + millis(wait), true), (now + millis(wait) - 1, false)] {
                // A limiter in the same state, asked at that moment.
                let twin = Limiter::new(config.clone());
                for (at, cost) in &taken {
                    let asked = request(&twin, class, *cost, &anonymous());
                    prop_assert!(twin.count(&asked, Duration::from_millis(*at)).retry_after.is_none());
                }
                let later = twin.count(&request(&twin, class, cost, &anonymous()), Duration::from_millis(at));
                prop_assert_eq!(later.retry_after.is_none(), expected);
            }
            break;
        }
    }

    /// A limit that only watches decides, counts and tells exactly as one that refuses.
    #[test]
    fn watching_is_counting(quota in 1_u32..40, size in 1_u32..20, steps in steps()) {
        let burst = Some(Burst { interval_ms: 700, size });
        let [enforce, shadow] =
            [Mode::Enforce, Mode::Shadow].map(|mode| Limiter::new(config(quota, burst, mode)));
        let mut now = 1_000_000;
        let (mut refused, mut watched) = (0, 0);
        for Step { gap, cost } in steps {
            now += gap;
            for class in [Class::Read, Class::Auth] {
                let [one, other] = [&enforce, &shadow].map(|limiter| {
                    limiter.count(&request(limiter, class, cost, &anonymous()), Duration::from_millis(now))
                });
                prop_assert_eq!(one, other);
                refused += u32::from(one.retry_after.is_some());
            }
            let (seen, _) = shadow.fullest(9, Duration::from_millis(now));
            watched = watched.max(seen.iter().map(|seen| seen.shadow).sum());
            prop_assert!(seen.iter().all(|seen| seen.refused == 0));
        }
        prop_assert!(watched <= refused);
    }

    /// What was given back can be taken again, and no minute holds more for it.
    #[test]
    fn corrections_never_open_more_than_the_quota(
        quota in 2_u32..40,
        steps in prop::collection::vec((0_u64..9_000, 1_u32..6, 0_u64..12_000), 1..200),
    ) {
        let limiter = Limiter::new(config(quota, None, Mode::Enforce));
        let (mut log, mut now) = (ExactLog::default(), 1_000_000);
        for (gap, cost, ran) in steps {
            now += gap;
            let cost = cost.min(quota);
            let asked = request(&limiter, Class::Read, cost, &anonymous());
            let standing = limiter.count(&asked, Duration::from_millis(now));
            if standing.retry_after.is_some() {
                continue;
            }
            prop_assert!(log.within(now, WINDOW_MS) + cost <= quota, "more than the quota");
            // It turns out to have cost one, some time later.
            let began = now;
            now += ran;
            limiter.give_back(&asked, cost - 1, standing.mark);
            log.0.push((began, 1));
        }
    }
}
