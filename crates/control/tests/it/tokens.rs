//! Families of tokens, epochs and denied tokens.

use control::{
    Control, DENIED_TOKENS_MAX, Epochs, SessionId, SessionsAfter, TokenFamily, User, UserId,
};
use uuid::Uuid;

use crate::{add_session, add_user, at, fill, store};

fn family(user: &User, name: &str, seconds: i64) -> TokenFamily {
    TokenFamily {
        id: SessionId(Uuid::new_v4()),
        name: name.to_owned(),
        user_id: user.id,
        refresh_hash: [1; 32],
        created_at: at(seconds),
        factors: vec!["password".to_owned()],
        refreshed_at: at(seconds),
        expires_at: at(seconds + 1_000),
        ended: false,
        epochs: Epochs { era: 0, user: 0 },
        user_agent: Some("curl".to_owned()),
    }
}

fn add(control: &Control, user: &User, name: &str, seconds: i64) -> TokenFamily {
    let family = family(user, name, seconds);
    control.insert_family(&family, 10).unwrap();
    family
}

fn has_ended(control: &Control, name: &str) -> bool {
    control.family(name).unwrap().unwrap().ended
}

#[test]
fn a_family_keeps_what_it_was_given() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    let family = add(&store.control, &ada, "f1", 0);
    assert_eq!(store.control.family("f1").unwrap().as_ref(), Some(&family));
    assert_eq!(store.control.family_by_id(family.id).unwrap().as_ref(), Some(&family));
    assert_eq!(store.control.family("f2").unwrap(), None);
    let other = add(&store.control, &add_user(&store.control, "eve", "viewer"), "f2", 5);
    assert_eq!(store.control.families(Some(ada.id)).unwrap(), std::slice::from_ref(&family));
    assert_eq!(store.control.families(None).unwrap(), [family, other]);
}

#[test]
fn a_refresh_token_is_exchanged_once() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    add(&store.control, &ada, "f1", 0);
    let exchange = |shown: u8, next: u8| {
        store.control.refresh_family("f1", &[shown; 32], &[next; 32], at(7)).unwrap()
    };
    assert!(exchange(1, 2));
    assert!(!exchange(1, 3));
    assert!(exchange(2, 3));
    let kept = store.control.family("f1").unwrap().unwrap();
    assert_eq!((kept.refresh_hash, kept.refreshed_at), ([3; 32], at(7)));
    store.control.end_family(kept.id).unwrap();
    assert!(!exchange(3, 4));
    assert_eq!(store.control.families(None).unwrap(), []);
}

#[test]
fn the_oldest_family_ends_when_there_are_too_many() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    for number in 0..4 {
        let one = family(&ada, &format!("f{number}"), number);
        store.control.insert_family(&one, 3).unwrap();
    }
    let ended: Vec<bool> =
        ["f0", "f1", "f2", "f3"].iter().map(|name| has_ended(&store.control, name)).collect();
    assert_eq!(ended, [true, false, false, false]);
}

#[test]
fn whatever_ends_sessions_ends_tokens() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    let eve = add_user(&store.control, "eve", "viewer");
    let change = |sessions| {
        store.control.set_password(ada.id, "$argon2id$second", Some(at(1)), sessions).unwrap();
        store.control.epochs(ada.id).unwrap().user
    };
    add(&store.control, &ada, "f1", 0);
    add(&store.control, &eve, "f2", 0);
    assert_eq!(change(SessionsAfter::Keep), 0);
    assert!(!has_ended(&store.control, "f1"));
    assert_eq!(change(SessionsAfter::EndAllBut([7; 32])), 1);
    assert!(has_ended(&store.control, "f1"));
    assert_eq!(change(SessionsAfter::End), 2);
    let disabled = User { disabled: true, ..ada.clone() };
    store.control.update_user(&disabled, SessionsAfter::End, None, at(1)).unwrap();
    assert_eq!(store.control.epochs(ada.id).unwrap().user, 3);
    assert!(!has_ended(&store.control, "f2"));
    assert_eq!(store.control.epochs(eve.id).unwrap(), Epochs { era: 0, user: 0 });
    assert_eq!(store.control.epochs(UserId(Uuid::new_v4())).unwrap().user, 0);
}

#[test]
fn a_new_era_ends_everything_of_everybody() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    add_session(&store.control, &ada, 3, 0);
    add(&store.control, &ada, "f1", 0);
    assert_eq!(store.control.end_everything(at(1)).unwrap(), 2);
    assert_eq!(store.control.end_everything(at(2)).unwrap(), 0);
    assert_eq!(store.control.epochs(ada.id).unwrap(), Epochs { era: 2, user: 0 });
    assert!(has_ended(&store.control, "f1"));
    assert_eq!(store.control.sessions(at(0)).unwrap(), []);
}

#[test]
fn what_is_over_is_forgotten() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    add(&store.control, &ada, "f1", 0);
    add(&store.control, &ada, "f2", 500);
    let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
    assert!(store.control.deny_token(one, at(900)).unwrap());
    assert!(store.control.deny_token(two, at(1_100)).unwrap());
    store.control.forget_old_tokens(at(1_000)).unwrap();
    assert_eq!(store.control.family("f1").unwrap(), None);
    assert!(store.control.family("f2").unwrap().is_some());
    assert!(!store.control.is_denied(one).unwrap());
    assert!(store.control.is_denied(two).unwrap());
}

#[test]
fn so_many_tokens_are_denied_one_by_one() {
    let store = store();
    let sql = "INSERT INTO denied_tokens (id, until) VALUES ('filler-' || ?1, 4000000000000)";
    fill(&store, DENIED_TOKENS_MAX - 1, sql);
    let last = Uuid::new_v4();
    assert!(store.control.deny_token(last, at(1)).unwrap());
    assert!(!store.control.deny_token(Uuid::new_v4(), at(1)).unwrap());
    assert!(store.control.deny_token(last, at(2)).unwrap(), "one that is there stays denied");
}

#[test]
fn families_go_with_their_user_and_nobody_elses_survives_a_name() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    add(&store.control, &ada, "f1", 0);
    let again = family(&ada, "f1", 1);
    assert!(store.control.insert_family(&again, 10).is_err(), "a name is taken once");
    assert!(!has_ended(&store.control, "f1"));
}
