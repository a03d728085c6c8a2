//! How often in a row each way of proving who one is has failed.

use control::AUTHENTICATORS_PER_USER_MAX;

use crate::{add_user, store};

#[test]
fn tries_are_counted_up_to_a_number_and_forgotten() {
    let store = store();
    let (ada, eve) =
        (add_user(&store.control, "ada", "viewer"), add_user(&store.control, "eve", "viewer"));
    let control = &store.control;
    let count = |user, name| control.count_try(user, name, 3).unwrap();
    assert_eq!([(); 5].map(|()| count(ada.id, "password")), [true, true, true, false, false]);
    assert!(count(eve.id, "password") && count(ada.id, "password@1"));
    control.uncount_try(ada.id, "password").unwrap();
    assert!(count(ada.id, "password") && !count(ada.id, "password"));
    assert_eq!(control.forget_tries(ada.id, "password").unwrap(), 3);
    assert_eq!(control.forget_tries(ada.id, "password").unwrap(), 0);
    assert!(count(ada.id, "password"));
    control.uncount_try(ada.id, "password@1").unwrap();
    control.uncount_try(ada.id, "password@1").unwrap();
    assert_eq!(control.forget_tries(ada.id, "password@1").unwrap(), 0);
    assert!(count(ada.id, "password@2") && count(ada.id, "other"));
    control.forget_tries_like(ada.id, "password").unwrap();
    let left = ["password", "password@2", "other"];
    assert_eq!(left.map(|name| control.forget_tries(ada.id, name).unwrap()), [0, 0, 1]);
    assert_eq!(control.forget_tries(eve.id, "password").unwrap(), 1);
}

#[test]
fn there_is_a_bound_and_who_failed_least_makes_room() {
    let store = store();
    let ada = add_user(&store.control, "ada", "viewer");
    for _ in 0..3 {
        assert!(store.control.count_try(ada.id, "password", 100).unwrap());
    }
    for number in 0..AUTHENTICATORS_PER_USER_MAX + 20 {
        let name = format!("password@{number:05}");
        assert!(store.control.count_try(ada.id, &name, 100).unwrap(), "{number}");
    }
    let other = rusqlite::Connection::open(store.folder.path().join("control.sqlite")).unwrap();
    let kept: u32 =
        other.query_row("SELECT count(*) FROM authenticator_tries", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, AUTHENTICATORS_PER_USER_MAX);
    assert_eq!(store.control.forget_tries(ada.id, "password").unwrap(), 3);
}
