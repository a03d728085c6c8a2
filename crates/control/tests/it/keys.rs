//! API keys.

use control::{ApiKey, KEYS_PER_OWNER_MAX, KeyError, KeyUse, SessionsAfter, User, UserId};
use uuid::Uuid;

use crate::{add_user, at, new_key, store};

#[test]
fn a_key_keeps_what_it_was_given() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    let key = new_key("k1", Some(ada.id));
    store.control.insert_key(&key).unwrap();
    assert_eq!(store.control.key("k1").unwrap().as_ref(), Some(&key));
    assert_eq!(store.control.key("k2").unwrap(), None);
    let error = store.control.insert_key(&key).unwrap_err();
    assert!(matches!(error, KeyError::Taken), "{error}");
}

#[test]
fn a_key_needs_an_enabled_owner_or_the_operator() {
    let store = store();
    let ada = add_user(&store.control, "ada", "viewer");
    let disabled = User { disabled: true, ..ada.clone() };
    store.control.update_user(&disabled, SessionsAfter::End, None, at(1)).unwrap();
    for owner in [ada.id, UserId(Uuid::new_v4())] {
        let error = store.control.insert_key(&new_key("k1", Some(owner))).unwrap_err();
        assert!(matches!(error, KeyError::NoOwner), "{error}");
    }
    assert_eq!(store.control.keys().unwrap(), []);
    store.control.insert_key(&new_key("k1", None)).unwrap();
    assert_eq!(store.control.key("k1").unwrap().unwrap().owner_id, None);
}

#[test]
fn keys_are_listed_newest_first() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    let older = new_key("a", Some(ada.id));
    let newer = ApiKey { created_at: at(5), ..new_key("b", None) };
    store.control.insert_key(&older).unwrap();
    store.control.insert_key(&newer).unwrap();
    assert_eq!(store.control.keys().unwrap(), [newer, older]);
}

#[test]
fn an_update_cannot_widen_or_revive_a_key() {
    let store = store();
    let key = new_key("k1", None);
    store.control.insert_key(&key).unwrap();
    let changed = ApiKey {
        name: "build".to_owned(),
        expires_at: Some(at(500)),
        last_used_at: Some(at(3)),
        revoked_at: Some(at(4)),
        ..key
    };
    store.control.update_key(&changed).unwrap();
    assert_eq!(store.control.key("k1").unwrap(), Some(changed.clone()));
    let wide = ApiKey {
        scopes: vec!["admin:*".to_owned()],
        mac: [8; 32],
        revoked_at: None,
        ..changed.clone()
    };
    store.control.update_key(&wide).unwrap();
    assert_eq!(store.control.key("k1").unwrap().as_ref(), Some(&changed));
    let stale = ApiKey { name: "build".to_owned(), revoked_at: None, ..new_key("k1", None) };
    for expires_at in [None, Some(at(2_000))] {
        store.control.update_key(&ApiKey { expires_at, ..stale.clone() }).unwrap();
        assert_eq!(store.control.key("k1").unwrap().as_ref(), Some(&changed), "{expires_at:?}");
    }
    let error = store.control.update_key(&new_key("absent", None)).unwrap_err();
    assert!(matches!(error, KeyError::Unknown), "{error}");
}

#[test]
fn a_use_changes_only_the_day_of_use() {
    let store = store();
    let key = new_key("k1", None);
    store.control.insert_key(&key).unwrap();
    let used = |seconds| KeyUse { at: at(seconds), from: "public", mac: None };
    for seconds in [5, 9, 7] {
        store.control.touch_key("k1", &used(seconds)).unwrap();
    }
    store.control.touch_key("absent", &used(1)).unwrap();
    let from = Some("public".to_owned());
    let touched = ApiKey { last_used_at: Some(at(9)), last_used_from: from, ..key };
    assert_eq!(store.control.keys().unwrap(), [touched]);
}

#[test]
fn a_key_without_an_end_can_be_given_one() {
    let store = store();
    let endless = ApiKey { expires_at: None, ..new_key("k1", None) };
    store.control.insert_key(&endless).unwrap();
    store.control.update_key(&ApiKey { last_used_at: Some(at(1)), ..endless.clone() }).unwrap();
    assert_eq!(store.control.key("k1").unwrap().unwrap().expires_at, None);
    store.control.update_key(&ApiKey { expires_at: Some(at(5)), ..endless }).unwrap();
    assert_eq!(store.control.key("k1").unwrap().unwrap().expires_at, Some(at(5)));
}

#[test]
fn a_key_rotates_once() {
    let store = store();
    let old = new_key("old", None);
    store.control.insert_key(&old).unwrap();
    let ending = ApiKey { expires_at: Some(at(100)), ..old };
    store.control.rotate_key(&new_key("fresh", None), &ending).unwrap();
    let stored = store.control.key("old").unwrap().unwrap();
    assert_eq!((stored.expires_at, stored.successor_id.as_deref()), (Some(at(100)), Some("fresh")));
    let error = store.control.rotate_key(&new_key("third", None), &ending).unwrap_err();
    assert!(matches!(error, KeyError::AlreadyRotated), "{error}");
    let revoked = ApiKey { revoked_at: Some(at(2)), ..new_key("fresh", None) };
    store.control.update_key(&revoked).unwrap();
    let error = store.control.rotate_key(&new_key("third", None), &revoked).unwrap_err();
    assert!(matches!(error, KeyError::Unknown), "{error}");
    assert_eq!(store.control.key("third").unwrap(), None, "a refused rotation left a key");
}

#[test]
fn an_owner_has_so_many_keys_and_can_still_rotate() {
    let store = store();
    let ada = add_user(&store.control, "ada", "admin");
    for number in 0..KEYS_PER_OWNER_MAX {
        store.control.insert_key(&new_key(&format!("k{number}"), Some(ada.id))).unwrap();
    }
    let more = new_key("more", Some(ada.id));
    let error = store.control.insert_key(&more).unwrap_err();
    assert!(matches!(error, KeyError::TooMany), "{error}");
    store.control.insert_key(&new_key("of-the-operator", None)).unwrap();
    let fresh = new_key("fresh", Some(ada.id));
    store.control.rotate_key(&fresh, &new_key("k0", Some(ada.id))).unwrap();
    let revoked = ApiKey { revoked_at: Some(at(1)), ..new_key("k1", Some(ada.id)) };
    store.control.update_key(&revoked).unwrap();
    store.control.insert_key(&more).unwrap();
}

#[test]
fn a_code_is_made_anew_with_its_label_and_reminders_are_noted() {
    let store = store();
    store.control.insert_key(&new_key("k1", None)).unwrap();
    let mac = Some(("fedcba9876543210", &[9; 32]));
    store.control.touch_key("k1", &KeyUse { at: at(1), from: "machine", mac }).unwrap();
    store.control.note_reminder("k1", 14).unwrap();
    store.control.note_reminder("absent", 1).unwrap();
    let key = store.control.key("k1").unwrap().unwrap();
    assert_eq!((key.mac, key.label.as_deref()), ([9; 32], Some("fedcba9876543210")));
    assert_eq!(key.reminded_days, Some(14));
}

#[test]
fn all_keys_are_revoked_at_once_and_once() {
    let store = store();
    for id in ["k1", "k2"] {
        store.control.insert_key(&new_key(id, None)).unwrap();
    }
    let early = ApiKey { revoked_at: Some(at(1)), ..new_key("k1", None) };
    store.control.update_key(&early).unwrap();
    assert_eq!(store.control.revoke_keys(at(5)).unwrap(), 1);
    assert_eq!(store.control.revoke_keys(at(6)).unwrap(), 0);
    let revoked = |id: &str| store.control.key(id).unwrap().unwrap().revoked_at;
    assert_eq!((revoked("k1"), revoked("k2")), (Some(at(1)), Some(at(5))));
}
