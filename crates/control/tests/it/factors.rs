//! Second factors.

use std::sync::atomic::{AtomicUsize, Ordering};

use control::{
    FactorCounts, FactorError, PASSKEYS_PER_USER_MAX, Passkey, PasskeyId, RecoveryCodes, Session,
    SessionsAfter, Totp, User,
};
use uuid::Uuid;

use crate::{Store, add_session, add_user, at, new_user, store};

const KEEP: SessionsAfter = SessionsAfter::Keep;

fn totp(user: &User) -> Totp {
    Totp {
        user_id: user.id,
        sealed: vec![1, 2, 3],
        algorithm: "sha1".to_owned(),
        digits: 6,
        created_at: at(0),
        last_step: 100,
        failures: 0,
    }
}

fn codes(user: &User, first: u8) -> RecoveryCodes {
    let macs = (first..first + 10).map(|number| [number; 32]).collect();
    RecoveryCodes { user_id: user.id, macs, created_at: at(i64::from(first)) }
}

fn passkey(user: &User, number: u8) -> Passkey {
    Passkey {
        id: PasskeyId(Uuid::from_u128(number.into())),
        user_id: user.id,
        name: format!("key {number}"),
        credential_id: vec![number; 16],
        credential: "{}".to_owned(),
        counter: 5,
        created_at: at(number.into()),
        last_used_at: None,
    }
}

/// Sixty-four at once; how many were let through.
fn race(work: impl Fn() -> bool + Sync) -> usize {
    let through = AtomicUsize::new(0);
    let barrier = std::sync::Barrier::new(64);
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                barrier.wait();
                through.fetch_add(usize::from(work()), Ordering::SeqCst);
            });
        }
    });
    through.into_inner()
}

fn counts(store: &Store, user: &User) -> (u32, u32, u32) {
    let FactorCounts { totp, passkeys, recovery_codes } =
        store.control.factor_counts(user.id).unwrap();
    (totp, passkeys, recovery_codes)
}

#[test]
fn a_step_is_used_once_and_none_before_it_again() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    assert!(!store.control.use_totp(ada.id, 101).unwrap(), "there is no app");
    store.control.set_totp(&totp(&ada), None, KEEP).unwrap();
    assert_eq!(store.control.totp(ada.id).unwrap(), Some(totp(&ada)));
    for (step, usable) in [(99, false), (100, false), (102, true), (102, false), (101, false)] {
        assert_eq!(store.control.use_totp(ada.id, step).unwrap(), usable, "{step}");
    }
    assert_eq!(race(|| store.control.use_totp(ada.id, 103).unwrap()), 1);
}

#[test]
fn failures_are_counted_and_a_success_forgets_them() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    store.control.fail_totp(ada.id).unwrap();
    store.control.set_totp(&totp(&ada), None, KEEP).unwrap();
    let failures = || store.control.totp(ada.id).unwrap().unwrap().failures;
    for _ in 0..3 {
        store.control.fail_totp(ada.id).unwrap();
    }
    assert_eq!(failures(), 3);
    assert!(!store.control.use_totp(ada.id, 100).unwrap());
    assert_eq!(failures(), 3, "a code used before is no success");
    assert!(store.control.use_totp(ada.id, 101).unwrap());
    assert_eq!(failures(), 0);
}

#[test]
fn a_recovery_code_is_used_once_and_by_its_owner() {
    let store = store();
    let (ada, bob) =
        (add_user(&store.control, "ada", "admin"), add_user(&store.control, "bob", "admin"));
    assert_eq!(store.control.recovery_codes(ada.id).unwrap(), None);
    for user in [&ada, &bob] {
        store.control.set_totp(&totp(user), None, KEEP).unwrap();
    }
    store.control.set_recovery_codes(&codes(&ada, 1), KEEP).unwrap();
    assert_eq!(store.control.recovery_codes(ada.id).unwrap(), Some((10, at(1))));
    assert!(!store.control.use_recovery_code(bob.id, &[3; 32], at(9)).unwrap());
    assert_eq!(race(|| store.control.use_recovery_code(ada.id, &[3; 32], at(9)).unwrap()), 1);
    assert!(!store.control.use_recovery_code(ada.id, &[99; 32], at(9)).unwrap());
    assert_eq!(store.control.recovery_codes(ada.id).unwrap(), Some((9, at(1))));
    store.control.set_recovery_codes(&codes(&ada, 51), KEEP).unwrap();
    assert!(!store.control.use_recovery_code(ada.id, &[4; 32], at(9)).unwrap(), "the old set");
    assert_eq!(store.control.recovery_codes(ada.id).unwrap(), Some((10, at(51))));
}

#[test]
fn a_passkey_is_found_by_its_credential_and_its_counter_moves_on() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    for number in [2, 1] {
        store.control.insert_passkey(&passkey(&ada, number), None, KEEP).unwrap();
    }
    let listed = store.control.passkeys_of(ada.id).unwrap();
    assert_eq!(listed, [passkey(&ada, 1), passkey(&ada, 2)], "oldest first");
    assert_eq!(store.control.passkey(&[2; 16]).unwrap(), Some(passkey(&ada, 2)));
    assert_eq!(store.control.passkey(&[3; 16]).unwrap(), None);
    let id = passkey(&ada, 1).id;
    assert_eq!(race(|| store.control.use_passkey(id, (5, 6), at(9)).unwrap()), 1);
    assert!(!store.control.use_passkey(id, (5, 7), at(9)).unwrap());
    assert!(store.control.use_passkey(id, (6, 6), at(10)).unwrap(), "one that does not count");
    let used = store.control.passkey(&[1; 16]).unwrap().unwrap();
    assert_eq!((used.counter, used.last_used_at), (6, Some(at(10))));
}

#[test]
fn a_credential_has_one_owner_and_an_owner_so_many() {
    let store = store();
    let (ada, bob) =
        (add_user(&store.control, "ada", "admin"), add_user(&store.control, "bob", "admin"));
    let insert = |one: &Passkey| store.control.insert_passkey(one, None, KEEP);
    for number in 1..=u8::try_from(PASSKEYS_PER_USER_MAX).unwrap() {
        insert(&passkey(&ada, number)).unwrap();
    }
    assert!(matches!(insert(&passkey(&ada, 99)), Err(FactorError::TooMany)));
    let stolen = Passkey { credential_id: vec![1; 16], ..passkey(&bob, 98) };
    assert!(matches!(insert(&stolen), Err(FactorError::Taken)));
    let nobody = passkey(&new_user("eve", "admin"), 97);
    assert!(matches!(insert(&nobody), Err(FactorError::Unknown)));
    let nobody = totp(&new_user("eve", "admin"));
    assert!(matches!(store.control.set_totp(&nobody, None, KEEP), Err(FactorError::Unknown)));
    assert!(!store.control.delete_passkey(bob.id, passkey(&ada, 1).id, KEEP).unwrap());
    assert_eq!(counts(&store, &ada), (0, PASSKEYS_PER_USER_MAX, 0));
}

#[test]
fn recovery_codes_come_with_the_first_factor_and_go_with_the_last() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    store.control.set_totp(&totp(&ada), Some(&codes(&ada, 1)), KEEP).unwrap();
    store.control.insert_passkey(&passkey(&ada, 1), None, KEEP).unwrap();
    assert_eq!(counts(&store, &ada), (1, 1, 10));
    assert!(store.control.delete_totp(ada.id, KEEP).unwrap());
    assert!(!store.control.delete_totp(ada.id, KEEP).unwrap());
    assert_eq!(counts(&store, &ada), (0, 1, 10));
    assert!(store.control.delete_passkey(ada.id, passkey(&ada, 1).id, KEEP).unwrap());
    assert_eq!(counts(&store, &ada), (0, 0, 0));
}

#[test]
fn a_change_of_factors_ends_the_sessions_it_is_told_to() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    let hashes = || {
        let sessions = store.control.sessions_of(ada.id).unwrap();
        sessions.iter().map(|session| session.token_hash[0]).collect::<Vec<_>>()
    };
    let but_one = SessionsAfter::EndAllBut([1; 32]);
    add_session(&store.control, &ada, 1, 0);
    add_session(&store.control, &ada, 2, 1);
    store.control.set_totp(&totp(&ada), Some(&codes(&ada, 1)), but_one).unwrap();
    assert_eq!(hashes(), [1]);
    add_session(&store.control, &ada, 3, 2);
    assert!(!store.control.delete_passkey(ada.id, passkey(&ada, 7).id, but_one).unwrap());
    assert_eq!(hashes(), [1, 3], "what changed nothing ends nothing");
    assert!(store.control.take_factor_grace(ada.id, at(1)).unwrap());
    store.control.reset_factors(ada.id).unwrap();
    assert_eq!((hashes(), counts(&store, &ada)), (Vec::new(), (0, 0, 0)));
    assert!(store.control.take_factor_grace(ada.id, at(2)).unwrap(), "a reset gives another");
}

#[test]
fn a_grace_is_taken_once() {
    let store = store();
    let (ada, bob) =
        (add_user(&store.control, "ada", "admin"), add_user(&store.control, "bob", "admin"));
    assert_eq!(race(|| store.control.take_factor_grace(ada.id, at(1)).unwrap()), 1);
    assert!(store.control.take_factor_grace(bob.id, at(1)).unwrap());
}

#[test]
fn a_renewed_session_is_found_by_its_new_hash_alone() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    let old = add_session(&store.control, &ada, 1, 0);
    let renewed = Session {
        token_hash: [2; 32],
        last_seen_at: at(30),
        factors: "password,totp".to_owned(),
        authenticated_at: at(30),
        ..old
    };
    assert!(store.control.renew_session(&[1; 32], &renewed).unwrap());
    assert!(!store.control.renew_session(&[1; 32], &renewed).unwrap());
    assert_eq!(store.control.session(&[1; 32]).unwrap(), None);
    assert_eq!(store.control.session(&[2; 32]).unwrap(), Some(renewed));
}
