//! Users.

use control::{SessionsAfter, StoreError, USERS_MAX, User, UserError, UserId};
use uuid::Uuid;

use crate::{add_session, add_user, at, fill, new_key, new_user, store};

#[test]
fn a_name_is_unique() {
    let store = store();
    add_user(&store.control, "ada", "admin");
    let error = store.control.insert_user(&new_user("ada", "viewer")).unwrap_err();
    assert!(matches!(error, UserError::Taken), "{error}");
    let bob = add_user(&store.control, "bob", "viewer");
    let renamed = User { name: "ada".to_owned(), ..bob };
    let error = store.control.update_user(&renamed, SessionsAfter::Keep, None, at(1)).unwrap_err();
    assert!(matches!(error, UserError::Taken), "{error}");
    assert_eq!(store.control.users().unwrap().len(), 2);
}

#[test]
fn of_many_who_take_one_name_at_once_one_gets_it() {
    let store = store();
    let made = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let control = store.control.clone();
                scope.spawn(move || control.insert_user(&new_user("ada", "viewer")).is_ok())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|made| *made).count()
    });
    assert_eq!(made, 1);
}

#[test]
fn users_are_found_by_id_and_by_name() {
    let store = store();
    assert!(!store.control.has_users().unwrap());
    let bob = add_user(&store.control, "bob", "viewer");
    let ada = add_user(&store.control, "ada", "admin");
    assert!(store.control.has_users().unwrap());
    assert_eq!(store.control.user(ada.id).unwrap().as_ref(), Some(&ada));
    assert_eq!(store.control.user_by_name("bob").unwrap().as_ref(), Some(&bob));
    assert_eq!(store.control.user_by_name("Bob").unwrap(), None);
    assert_eq!(store.control.user(UserId(Uuid::new_v4())).unwrap(), None);
    assert_eq!(store.control.users().unwrap(), [ada, bob]);
}

#[test]
fn there_are_so_many_users() {
    let store = store();
    fill(
        &store,
        USERS_MAX - 1,
        "INSERT INTO users (id, name, password_phc, role, created_at, password_changed_at) VALUES (?1, 'user-' || ?1, '', 'viewer', 0, 0)",
    );
    add_user(&store.control, "last", "viewer");
    let error = store.control.insert_user(&new_user("one-more", "viewer")).unwrap_err();
    assert!(matches!(error, UserError::TooMany), "{error}");
}

#[test]
fn a_change_ends_the_sessions_it_is_told_to() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    let bob = add_user(&store.control, "bob", "viewer");
    add_session(&store.control, &bob, 9, 0);
    let changed = User {
        grants: vec!["web".to_owned(), "web/shop.example".to_owned()],
        password_phc: Some("$argon2id$second".to_owned()),
        must_change_password: true,
        password_changed_at: at(5),
        ..ada.clone()
    };
    let left = |after| {
        for token in 1..=3 {
            store.control.delete_session(&[token; 32]).unwrap();
            add_session(&store.control, &ada, token, 0);
        }
        store.control.update_user(&changed, after, None, at(5)).unwrap();
        let sessions = store.control.sessions_of(ada.id).unwrap();
        let mut left: Vec<u8> = sessions.iter().map(|session| session.token_hash[0]).collect();
        left.sort_unstable();
        left
    };
    assert_eq!(left(SessionsAfter::Keep), [1, 2, 3]);
    assert_eq!(left(SessionsAfter::EndAllBut([2; 32])), [2]);
    assert_eq!(left(SessionsAfter::End), [0; 0]);
    assert!(store.control.session(&[9; 32]).unwrap().is_some(), "another user's session ended");
    assert_eq!(store.control.user(ada.id).unwrap(), Some(changed));
    let absent = new_user("eve", "viewer");
    let error = store.control.update_user(&absent, SessionsAfter::End, None, at(5)).unwrap_err();
    assert!(matches!(error, UserError::Unknown), "{error}");
}

#[test]
fn disabling_a_user_revokes_the_keys_for_good() {
    let store = store();
    let ada = add_user(&store.control, "ada", "analyst");
    let bob = add_user(&store.control, "bob", "analyst");
    store.control.insert_key(&new_key("a", Some(ada.id))).unwrap();
    store.control.insert_key(&new_key("b", Some(bob.id))).unwrap();
    let disabled = User { disabled: true, ..ada.clone() };
    store.control.update_user(&disabled, SessionsAfter::End, None, at(9)).unwrap();
    assert_eq!(store.control.key("a").unwrap().unwrap().revoked_at, Some(at(9)));
    assert_eq!(store.control.key("b").unwrap().unwrap().revoked_at, None);
    store.control.update_user(&ada, SessionsAfter::End, None, at(10)).unwrap();
    let key = store.control.key("a").unwrap().unwrap();
    assert_eq!(key.revoked_at, Some(at(9)), "enabling a user brought a key back");
}

#[test]
fn an_account_without_a_password_stays_without_one() {
    let store = store();
    let ada = User { password_phc: None, ..new_user("ada", "viewer") };
    store.control.insert_user(&ada).unwrap();
    assert_eq!(store.control.user(ada.id).unwrap(), Some(ada.clone()));
    store.control.update_user(&ada, SessionsAfter::Keep, None, at(1)).unwrap();
    assert_eq!(store.control.user(ada.id).unwrap(), Some(ada));
}

#[test]
fn a_changed_password_need_not_be_changed_and_one_hashed_anew_must() {
    let store = store();
    let ada = User { must_change_password: true, ..new_user("ada", "viewer") };
    store.control.insert_user(&ada).unwrap();
    let set = |changed_at| {
        store.control.set_password(ada.id, "$new", changed_at, SessionsAfter::Keep).unwrap();
        store.control.user(ada.id).unwrap().unwrap().must_change_password
    };
    assert!(set(None));
    assert!(!set(Some(at(3))));
}

#[test]
fn the_last_sign_in_is_kept_whatever_else_changes() {
    let store = store();
    let ada = add_user(&store.control, "ada", "viewer");
    let last = || store.control.user(ada.id).unwrap().unwrap().last_login_at;
    assert_eq!(last(), None);
    store.control.note_login(ada.id, at(7)).unwrap();
    store.control.note_login(ada.id, at(6)).unwrap();
    store.control.update_user(&ada, SessionsAfter::Keep, None, at(8)).unwrap();
    assert_eq!(last(), Some(at(7)));
}

#[test]
fn the_last_of_a_kept_role_stays() {
    let store = store();
    let update =
        |user: &User| store.control.update_user(user, SessionsAfter::End, Some("admin"), at(1));
    let ada = add_user(&store.control, "ada", "admin");
    let bob = add_user(&store.control, "bob", "admin");
    add_session(&store.control, &ada, 1, 0);
    update(&User { disabled: true, ..bob.clone() }).unwrap();
    let demoted = User { role: "viewer".to_owned(), ..ada.clone() };
    let disabled = User { disabled: true, ..ada.clone() };
    for change in [demoted, disabled] {
        let error = update(&change).unwrap_err();
        assert!(matches!(error, UserError::LastOfRole), "{error}");
    }
    assert_eq!(store.control.user(ada.id).unwrap(), Some(ada.clone()));
    assert_eq!(
        store.control.sessions_of(ada.id).unwrap().len(),
        1,
        "a refused change ended a session"
    );
    update(&User { role: "viewer".to_owned(), ..bob }).unwrap();
    update(&ada).unwrap();
}

#[test]
fn two_admins_cannot_demote_each_other_at_once() {
    let store = store();
    let users = ["ada", "bob"].map(|name| add_user(&store.control, name, "admin"));
    std::thread::scope(|scope| {
        for user in &users {
            let control = store.control.clone();
            let demoted = User { role: "viewer".to_owned(), ..user.clone() };
            scope.spawn(move || {
                control.update_user(&demoted, SessionsAfter::End, Some("admin"), at(1))
            });
        }
    });
    let users = store.control.users().unwrap();
    assert_eq!(users.iter().filter(|user| user.role == "admin").count(), 1);
}

#[test]
fn a_failure_does_not_show_the_statement() {
    let store = store();
    add_user(&store.control, "ada", "admin");
    let path = store.folder.path().join("control.sqlite");
    let other = rusqlite::Connection::open(path).unwrap();
    other.execute("UPDATE users SET created_at = 9223372036854775807", []).unwrap();
    let error = store.control.users().unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
    let shown = format!("{error} {error:?} {}", std::error::Error::source(&error).unwrap());
    assert!(
        !shown.contains("SELECT") && !shown.contains("ada") && !shown.contains("argon2"),
        "{shown}"
    );
}

#[test]
fn secrets_do_not_print() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    let session = add_session(&store.control, &ada, 171, 0);
    let shown = format!("{ada:?} {session:?} {:?}", new_key("k", None));
    assert!(
        !shown.contains("argon2") && !shown.contains("171") && !shown.contains("7, 7"),
        "{shown}"
    );
}
