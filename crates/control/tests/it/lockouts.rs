//! Lockout counters.

use control::{LOCKOUTS_MAX, Lockout};
use jiff::Timestamp;

use crate::{at, store};

fn counter(key: u32, seconds: i64, locked_until: Option<Timestamp>) -> Lockout {
    let mut code = [0; 16];
    code[..4].copy_from_slice(&key.to_be_bytes());
    Lockout { key: code, failures: 3, locks: 1, last_failure_at: at(seconds), locked_until }
}

#[test]
fn a_counter_is_replaced_whole_and_forgotten() {
    let store = store();
    store.control.save_lockouts(&[counter(1, 1, None)]).unwrap();
    let locked = Lockout { failures: 5, ..counter(1, 2, Some(at(300))) };
    store.control.save_lockouts(&[locked]).unwrap();
    store.control.save_lockouts(&[counter(2, 3, None)]).unwrap();
    assert_eq!(store.control.lockouts().unwrap(), [counter(2, 3, None), locked]);
    store.control.delete_lockout(&locked.key).unwrap();
    store.control.delete_lockout(&locked.key).unwrap();
    assert_eq!(store.control.lockouts().unwrap(), [counter(2, 3, None)]);
}

#[test]
fn the_table_has_a_bound_and_running_locks_go_last() {
    let store = store();
    // Filled from outside, in one transaction: through the store each counter is a commit of its own.
    let mut other = rusqlite::Connection::open(store.folder.path().join("control.sqlite")).unwrap();
    let transaction = other.transaction().unwrap();
    for number in 0..LOCKOUTS_MAX {
        let counter = counter(number, i64::from(number) - 200_000, None);
        let locked_until = (number == 0).then(|| at(900_000).as_millisecond());
        transaction
            .execute(
                "INSERT INTO lockouts (key, failures, locks, last_failure_at, locked_until) VALUES (?1, 1, 0, ?2, ?3)",
                rusqlite::params![counter.key, counter.last_failure_at.as_millisecond(), locked_until],
            )
            .unwrap();
    }
    transaction.commit().unwrap();
    assert_eq!(store.control.lockouts().unwrap().len(), LOCKOUTS_MAX as usize);

    store.control.save_lockouts(&[counter(u32::MAX, 0, None)]).unwrap();
    let kept: Vec<[u8; 16]> =
        store.control.lockouts().unwrap().into_iter().map(|lockout| lockout.key).collect();
    assert_eq!(kept.len(), LOCKOUTS_MAX as usize);
    assert!(kept.contains(&counter(u32::MAX, 0, None).key), "the new counter was not kept");
    assert!(kept.contains(&counter(0, 0, None).key), "a running lock was evicted");
    assert!(!kept.contains(&counter(1, 0, None).key), "the oldest idle counter stayed");
    assert!(kept.contains(&counter(2, 0, None).key));
}
