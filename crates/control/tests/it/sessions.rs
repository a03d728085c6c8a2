//! Sessions.

use control::Session;

use crate::{add_session, add_user, at, new_user, store};

#[test]
fn a_session_is_found_by_its_hash_only() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    let made = add_session(&store.control, &ada, 1, 0);
    assert_eq!(store.control.session(&[1; 32]).unwrap(), Some(made));
    assert_eq!(store.control.session(&[2; 32]).unwrap(), None);
}

#[test]
fn a_session_needs_a_user_and_a_hash_of_its_own() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    let made = add_session(&store.control, &ada, 1, 0);
    store.control.insert_session(&made).unwrap_err();
    let orphan = Session { token_hash: [2; 32], user_id: new_user("eve", "admin").id, ..made };
    store.control.insert_session(&orphan).unwrap_err();
    assert_eq!(store.control.session(&[2; 32]).unwrap(), None);
}

#[test]
fn sessions_are_listed_oldest_first_and_end_one_by_one() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    let bob = add_user(&store.control, "bob", "viewer");
    let second = add_session(&store.control, &ada, 2, 20);
    let first = add_session(&store.control, &ada, 1, 10);
    add_session(&store.control, &bob, 3, 0);
    assert_eq!(store.control.sessions_of(ada.id).unwrap(), [first, second.clone()]);
    store.control.delete_session(&[1; 32]).unwrap();
    store.control.delete_session(&[1; 32]).unwrap();
    assert_eq!(store.control.sessions_of(ada.id).unwrap(), [second]);
    assert_eq!(store.control.sessions_of(bob.id).unwrap().len(), 1);
}

#[test]
fn expired_sessions_go() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    add_session(&store.control, &ada, 1, 0);
    add_session(&store.control, &ada, 2, 1);
    assert_eq!(store.control.delete_expired_sessions(at(599)).unwrap(), 0);
    assert_eq!(store.control.delete_expired_sessions(at(600)).unwrap(), 1);
    assert_eq!(store.control.session(&[1; 32]).unwrap(), None);
    assert!(store.control.session(&[2; 32]).unwrap().is_some());
}

#[test]
fn the_last_use_only_moves_forward() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    let made = add_session(&store.control, &ada, 1, 0);
    store.control.touch_session(&[1; 32], at(30)).unwrap();
    store.control.touch_session(&[1; 32], at(20)).unwrap();
    store.control.touch_session(&[2; 32], at(20)).unwrap();
    let touched = store.control.session(&[1; 32]).unwrap();
    assert_eq!(touched, Some(Session { last_seen_at: at(30), ..made }));
}
