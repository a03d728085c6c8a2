//! How much gets through, for whom, and when.

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
        let asked = limiter.request(&policy, &Principal::Anonymous, &client("192.0.2.1"), nonce);
        limiter.count(&asked.unwrap(), Duration::from_secs(100)).retry_after
    };
    assert!(own(None).is_some() && own(Some([1; 16])).is_none());
}

#[test]
fn coming_near_is_noticed_at_four_fifths() {
    let limiter = Limiter::new(plain());
    let policy = Policy::public(Class::Write);
    let near = (1..=10).map(|_| {
        take(&limiter, &policy, &Principal::Anonymous, "192.0.2.1", Duration::ZERO).unwrap().near
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
        .request(&Policy::public(Class::Read), &Principal::Anonymous, &client("192.0.2.1"), None)
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
        let address = ClientAddress::network(std::net::Ipv4Addr::from(0x0a00_0000 + place).into());
        let request = limiter
            .request(&Policy::public(Class::Read), &Principal::Anonymous, &address, None)
            .unwrap();
        limiter.count(&request, Duration::from_millis(u64::from(place)));
    }
    assert!(limiter.remembered() <= 4_096);
    assert!(size_of::<(Bucket, Taken)>() <= 128);
}
