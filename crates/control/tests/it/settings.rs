//! Settings and the first user.

use control::SETTING_BYTES_MAX;

use crate::{add_user, at, new_user, store};

#[test]
fn a_setting_is_set_and_replaced() {
    let store = store();
    assert_eq!(store.control.setting("salt").unwrap(), None);
    assert_eq!(store.control.setting_or("salt", b"one", at(0)).unwrap(), b"one");
    assert_eq!(store.control.setting_or("salt", b"two", at(1)).unwrap(), b"one");
    store.control.set_setting("salt", b"three", at(2)).unwrap();
    assert_eq!(store.control.setting("salt").unwrap().as_deref(), Some(&b"three"[..]));
}

#[test]
fn a_setting_has_a_length() {
    let store = store();
    store.control.set_setting("large", &vec![1; SETTING_BYTES_MAX], at(0)).unwrap();
    store.control.set_setting("large", &vec![2; SETTING_BYTES_MAX + 1], at(0)).unwrap_err();
    assert_eq!(store.control.setting("large").unwrap().unwrap()[0], 1);
}

#[test]
fn setup_makes_one_user_once_and_forgets_its_secret() {
    let store = store();
    store.control.set_setup_secret(&[9; 32], at(0)).unwrap();
    assert_eq!(store.control.setup_secret().unwrap(), Some([9; 32]));
    let ada = new_user("ada", "admin");
    assert!(store.control.insert_first_user(&ada).unwrap());
    assert_eq!(store.control.user(ada.id).unwrap(), Some(ada));
    assert_eq!(store.control.setup_secret().unwrap(), None);
    assert!(!store.control.insert_first_user(&new_user("eve", "admin")).unwrap());
    assert_eq!(store.control.users().unwrap().len(), 1);
}

#[test]
fn a_user_made_otherwise_closes_setup() {
    let store = store();
    store.control.set_setup_secret(&[9; 32], at(0)).unwrap();
    add_user(&store.control, "ada", "admin");
    assert!(!store.control.insert_first_user(&new_user("eve", "admin")).unwrap());
}

#[test]
fn of_two_setups_at_once_one_succeeds() {
    let store = store();
    let made = std::thread::scope(|scope| {
        let threads = ["ada", "eve"].map(|name| {
            let control = store.control.clone();
            scope.spawn(move || control.insert_first_user(&new_user(name, "admin")).unwrap())
        });
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|made| *made).count()
    });
    assert_eq!(made, 1);
    assert_eq!(store.control.users().unwrap().len(), 1);
}
