//! Passwords: the former ones, and one-time links.

use control::{FORMER_PASSWORDS_MAX, PasswordReset, SessionsAfter, User, UserError};

use crate::{add_session, add_user, at, new_user, store};

fn reset(user: &User, secret: u8) -> PasswordReset {
    PasswordReset { secret_hash: [secret; 32], user_id: user.id, expires_at: at(86_400) }
}

#[test]
fn former_passwords_are_kept_newest_first_and_only_so_many() {
    let store = store();
    let (ada, bob) =
        (add_user(&store.control, "ada", "admin"), add_user(&store.control, "bob", "viewer"));
    let set = |number: u32, changed| {
        let phc = format!("$argon2id${number}");
        store.control.set_password(ada.id, &phc, changed, SessionsAfter::Keep).unwrap();
    };
    set(1, None);
    assert!(store.control.former_passwords(ada.id, 9).unwrap().is_empty(), "only hashed anew");
    set(2, Some(at(1)));
    set(3, Some(at(1)));
    assert_eq!(store.control.former_passwords(ada.id, 9).unwrap(), ["$argon2id$2", "$argon2id$1"]);
    assert_eq!(store.control.former_passwords(ada.id, 1).unwrap(), ["$argon2id$2"]);
    for number in 4..40 {
        set(number, Some(at(2)));
    }
    let former = store.control.former_passwords(ada.id, 100).unwrap();
    assert_eq!(former.len(), usize::try_from(FORMER_PASSWORDS_MAX).unwrap());
    assert_eq!(former[0], "$argon2id$38");
    assert!(store.control.former_passwords(bob.id, 9).unwrap().is_empty());
}

#[test]
fn no_password_is_no_former_one() {
    let store = store();
    let ada = User { password_phc: None, ..new_user("ada", "viewer") };
    store.control.insert_user(&ada).unwrap();
    store.control.set_password(ada.id, "$first", Some(at(1)), SessionsAfter::Keep).unwrap();
    assert!(store.control.former_passwords(ada.id, 9).unwrap().is_empty());
    let nobody = new_user("eve", "viewer");
    let error =
        store.control.set_password(nobody.id, "$x", Some(at(1)), SessionsAfter::Keep).unwrap_err();
    assert!(matches!(error, UserError::Unknown), "{error}");
}

#[test]
fn a_link_is_used_once_with_all_it_does() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    add_session(&store.control, &ada, 1, 0);
    store.control.demand_password_change(ada.id).unwrap();
    let link = reset(&ada, 7);
    store.control.save_password_reset(&link).unwrap();
    assert_eq!(store.control.password_reset(&[7; 32]).unwrap(), Some(link));
    assert!(store.control.use_password_reset(&link, "$second", at(5)).unwrap());
    let after = store.control.user(ada.id).unwrap().unwrap();
    assert_eq!(after.password_phc.as_deref(), Some("$second"));
    assert_eq!((after.password_changed_at, after.must_change_password), (at(5), false));
    assert!(store.control.sessions_of(ada.id).unwrap().is_empty());
    assert_eq!(store.control.former_passwords(ada.id, 9).unwrap(), ["$argon2id$first"]);
    assert!(!store.control.use_password_reset(&link, "$third", at(6)).unwrap());
    assert_eq!(store.control.user(ada.id).unwrap().unwrap(), after);
}

#[test]
fn of_many_who_use_a_link_at_once_one_does() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    let link = reset(&ada, 7);
    store.control.save_password_reset(&link).unwrap();
    let used = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|number| {
                let control = store.control.clone();
                let phc = format!("$argon2id${number}");
                scope.spawn(move || control.use_password_reset(&link, &phc, at(5)).unwrap())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|used| *used).count()
    });
    assert_eq!(used, 1);
    assert_eq!(store.control.former_passwords(ada.id, 100).unwrap().len(), 1);
}

#[test]
fn a_link_ends_with_a_newer_one_with_the_password_and_with_the_account() {
    let store = store();
    let (ada, bob) =
        (add_user(&store.control, "ada", "admin"), add_user(&store.control, "bob", "viewer"));
    let there = |secret: u8| store.control.password_reset(&[secret; 32]).unwrap().is_some();
    store.control.save_password_reset(&reset(&bob, 9)).unwrap();
    store.control.save_password_reset(&reset(&ada, 1)).unwrap();
    store.control.save_password_reset(&reset(&ada, 2)).unwrap();
    assert!(!there(1) && there(2));
    store.control.set_password(ada.id, "$anew", None, SessionsAfter::Keep).unwrap();
    assert!(there(2), "the same password, hashed anew");
    store.control.set_password(ada.id, "$new", Some(at(1)), SessionsAfter::Keep).unwrap();
    assert!(!there(2));
    store.control.save_password_reset(&reset(&ada, 3)).unwrap();
    let shut = User { disabled: true, ..ada };
    store.control.update_user(&shut, SessionsAfter::Keep, None, at(2)).unwrap();
    assert!(!there(3) && there(9));
    let nobody = new_user("eve", "viewer");
    let error = store.control.save_password_reset(&reset(&nobody, 4)).unwrap_err();
    assert!(matches!(error, UserError::Unknown), "{error}");
    assert!(!format!("{:?}", reset(&bob, 171)).contains("171"));
}
