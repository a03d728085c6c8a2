//! Who guesses is locked out, whatever the mix of names, addresses and moments.

use jiff::SignedDuration;

use super::*;
use crate::memory::MemoryStore;
use crate::secret::RootSecret;

struct Door {
    store: Arc<MemoryStore>,
    lockout: Lockout,
    now: Timestamp,
}

impl Door {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let lockout = Self::open(&store, LockoutConfig::default(), now);
        Self { store, lockout, now }
    }

    fn open(store: &Arc<MemoryStore>, config: LockoutConfig, now: Timestamp) -> Lockout {
        let key = RootSecret::from_random([9; 32]).derive("lockout");
        Lockout::open(config, key, Arc::<MemoryStore>::clone(store), now).unwrap()
    }

    fn wait(&mut self, seconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }

    /// One failed guess; says how long it was told to wait instead.
    fn guess(&self, account: &str, address: &str) -> Result<bool, u64> {
        match self.lockout.attempt(Some(account), &client(address), self.now) {
            Ok(attempt) => Ok(attempt.failed().began_lock),
            Err(locked) => Err(locked.retry_after.as_secs()),
        }
    }

    /// One failed guess of a browser that the account was opened from before.
    fn guess_recognised(&self, account: &str, by: u8) -> Result<bool, u64> {
        let client = client("192.0.2.1");
        let recognised = Some([by; 16]);
        let guess = Guess { account: Some(account), client: &client, recognised };
        match self.lockout.guess(&guess, self.now) {
            Ok(attempt) => Ok(attempt.failed().began_lock),
            Err(locked) => Err(locked.retry_after.as_secs()),
        }
    }

    fn succeed(&self, account: &str, address: &str) -> bool {
        self.lockout.attempt(Some(account), &client(address), self.now).unwrap().succeeded()
    }
}

fn client(address: &str) -> ClientAddress {
    ClientAddress::network(address.parse().unwrap())
}

#[test]
fn five_failures_lock_an_account_and_each_lock_lasts_twice_as_long() {
    let mut door = Door::new();
    for (round, lock) in [300, 600, 1_200, 2_400, 3_600, 3_600].into_iter().enumerate() {
        for failure in 1..=5 {
            assert_eq!(door.guess("ada", &format!("192.0.{round}.{failure}")), Ok(failure == 5));
        }
        assert_eq!(door.guess("ada", "198.51.100.1"), Err(lock));
        door.wait(i64::try_from(lock).unwrap() - 1);
        assert_eq!(door.guess("ada", "198.51.100.1"), Err(1));
        door.wait(1);
    }
}

#[test]
fn a_success_clears_the_account_but_not_the_address() {
    let door = Door::new();
    for round in 0..4 {
        for _ in 0..4 {
            assert_eq!(door.guess(&format!("name{round}"), "192.0.2.1"), Ok(false));
        }
        assert!(door.succeed(&format!("name{round}"), "192.0.2.1"));
    }
    assert!(!door.succeed("name0", "192.0.2.1"));
    for _ in 0..3 {
        assert_eq!(door.guess("another", "192.0.2.1"), Ok(false));
    }
    assert_eq!(door.guess("another", "192.0.2.1"), Ok(true));
    assert_eq!(door.guess("third", "192.0.2.1"), Err(300));
    assert_eq!(door.guess("third", "192.0.2.2"), Ok(false));
}

#[test]
fn a_v6_network_is_one_address() {
    let door = Door::new();
    for place in 0..20 {
        assert_eq!(
            door.guess(&format!("n{place}"), &format!("2001:db8::{place}")),
            Ok(place == 19)
        );
    }
    assert_eq!(door.guess("other", "2001:db8::ffff:ffff"), Err(300));
    assert_eq!(door.guess("other", "2001:db8:1::1"), Ok(false));
}

#[test]
fn the_network_around_a_v6_network_is_counted_too() {
    let door = Door::new();
    for place in 0..20 {
        let address = format!("2001:db8:7:{place:x}::1");
        assert_eq!(door.guess(&format!("n{place}"), &address), Ok(place == 19));
    }
    assert_eq!(door.guess("other", "2001:db8:7:ffff::1"), Err(300));
    assert_eq!(door.guess("other", "2001:db8:8::1"), Ok(false));
}

#[test]
fn strangers_neither_lock_out_who_is_recognised_nor_are_let_in_by_it() {
    let mut door = Door::new();
    for _ in 0..5 {
        door.guess("ada", "192.0.2.1").ok();
    }
    assert_eq!(door.guess("ada", "192.0.2.1"), Err(300));
    assert_eq!(door.guess_recognised("ada", 1), Ok(false));
    let client = client("192.0.2.1");
    let owner = Guess { account: Some("ada"), client: &client, recognised: Some([1; 16]) };
    assert!(door.lockout.guess(&owner, door.now).unwrap().succeeded());
    assert_eq!(door.guess("ada", "198.51.100.1"), Err(300), "the owner forgave a stranger");
    door.wait(300);
    assert_eq!(door.guess("ada", "198.51.100.1"), Ok(false));
}

#[test]
fn who_is_recognised_and_guesses_locks_every_door() {
    let mut door = Door::new();
    for failure in 1..=5 {
        assert_eq!(door.guess_recognised("ada", 1), Ok(failure == 5));
    }
    for restarted in [false, true] {
        assert_eq!(door.guess_recognised("ada", 1), Err(300), "{restarted}");
        assert_eq!(door.guess("ada", "198.51.100.1"), Err(300), "{restarted}");
        assert_eq!(door.guess("grace", "198.51.100.1"), Ok(false), "{restarted}");
        door.lockout = Door::open(&door.store, LockoutConfig::default(), door.now);
    }
    assert_eq!(door.guess_recognised("ada", 2), Ok(false), "another browser of the owner");
}

#[test]
fn an_address_that_tries_many_different_guesses_is_locked_for_an_hour() {
    let mut door = Door::new();
    let config = LockoutConfig { address_failures: 1_000, ..LockoutConfig::default() };
    door.lockout = Door::open(&door.store, config.clone(), door.now);
    let try_pair = |door: &Door, pair: u32, address: &str| {
        let name = format!("n{pair}");
        let mut attempt = door.lockout.attempt(Some(&name), &client(address), door.now)?;
        attempt.guesses(&[name.as_bytes(), b"a stolen password"]);
        Ok::<bool, Locked>(attempt.failed().began_lock)
    };
    let hour = Err(Locked { retry_after: Duration::from_secs(3_600) });
    for pair in 0..29 {
        // The same guess made again is no other.
        assert_eq!(try_pair(&door, pair, "192.0.2.1"), Ok(false));
        assert_eq!(try_pair(&door, pair, "192.0.2.1"), Ok(false));
        door.wait(61);
    }
    assert_eq!(try_pair(&door, 29, "192.0.2.1"), Ok(true));
    assert_eq!(try_pair(&door, 99, "192.0.2.1"), hour);
    door.lockout = Door::open(&door.store, config, door.now);
    assert_eq!(try_pair(&door, 99, "192.0.2.1"), hour, "a restart forgave it");
    assert_eq!(try_pair(&door, 99, "192.0.2.2"), Ok(false));
    door.wait(3_600);
    assert_eq!(try_pair(&door, 99, "192.0.2.1"), Ok(false));
}

#[test]
fn whoever_is_right_or_could_not_be_looked_at_does_not_stuff() {
    let door = Door::new();
    for person in 0..200 {
        let name = format!("n{person}");
        for is_right in [true, false] {
            let mut attempt =
                door.lockout.attempt(Some(&name), &client("192.0.2.1"), door.now).unwrap();
            attempt.guesses(&[name.as_bytes(), b"a password of one's own"]);
            if is_right {
                attempt.succeeded();
            } else {
                attempt.release();
            }
        }
    }
    assert_eq!(door.guess("other", "192.0.2.1"), Ok(false));
}

#[test]
fn an_address_fails_at_most_twenty_times_before_a_pause_of_five_minutes() {
    let mut door = Door::new();
    let mut failures: Vec<Timestamp> = Vec::new();
    for place in 0..2_000 {
        door.wait(7);
        if door.guess(&format!("n{place}"), "192.0.2.1").is_ok() {
            failures.push(door.now);
        }
    }
    assert!(failures.len() > 100);
    for window in failures.windows(21) {
        assert!(window[20].duration_since(window[0]) >= SignedDuration::from_mins(5));
    }
}

#[test]
fn only_the_last_quarter_of_an_hour_counts_against_an_address() {
    for (pause, locked) in [(30, true), (44, true), (64, false)] {
        let mut door = Door::new();
        let began = (0..200).any(|place| {
            door.wait(pause);
            door.guess(&format!("n{place}"), "192.0.2.1") == Ok(true)
        });
        assert_eq!(began, locked, "one failure every {pause} s");
    }
}

#[test]
fn guesses_sent_at_the_same_moment_count_each() {
    let door = Door::new();
    let (tried, refused) =
        (std::sync::atomic::AtomicU32::new(0), std::sync::atomic::AtomicU32::new(0));
    let barrier = std::sync::Barrier::new(64);
    std::thread::scope(|scope| {
        for place in 0..64 {
            let (door, tried, refused, barrier) = (&door, &tried, &refused, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let attempt = door.lockout.attempt(
                    Some("ada"),
                    &client(&format!("192.0.2.{place}")),
                    door.now,
                );
                match attempt {
                    Ok(attempt) => {
                        tried.fetch_add(1, Ordering::SeqCst);
                        std::thread::yield_now();
                        attempt.failed();
                    }
                    Err(_) => {
                        refused.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert_eq!((tried.into_inner(), refused.into_inner()), (5, 59));
    assert_eq!(door.guess("ada", "198.51.100.1"), Err(300));
}

#[test]
fn an_attempt_nobody_decided_is_a_failure_and_one_given_back_is_none() {
    let door = Door::new();
    for _ in 0..30 {
        let mut attempt =
            door.lockout.attempt(Some("ada"), &client("192.0.2.1"), door.now).unwrap();
        attempt.release();
    }
    for _ in 0..5 {
        drop(door.lockout.attempt(Some("ada"), &client("192.0.2.1"), door.now).unwrap());
    }
    assert_eq!(door.guess("ada", "192.0.2.1"), Err(300));
}

#[test]
fn a_restart_changes_nothing() {
    let mut door = Door::new();
    for failure in 1..=5 {
        assert_eq!(door.guess("ada", "192.0.2.1"), Ok(failure == 5));
    }
    for _ in 0..4 {
        assert_eq!(door.guess("grace", "192.0.2.1"), Ok(false));
    }
    door.lockout = Door::open(&door.store, LockoutConfig::default(), door.now);
    assert_eq!(door.guess("ada", "198.51.100.1"), Err(300));
    assert_eq!(door.guess("grace", "198.51.100.1"), Ok(true));
    door.wait(300);
    for failure in 1..=5 {
        assert_eq!(door.guess("ada", &format!("198.51.100.{failure}")), Ok(failure == 5));
    }
    assert_eq!(door.guess("ada", "198.51.100.9"), Err(600));
    assert!(door.succeed("grace", "203.0.113.1"));
    let stored = door.store.locks().unwrap().len();
    door.lockout = Door::open(&door.store, LockoutConfig::default(), door.now);
    assert_eq!(door.store.locks().unwrap().len(), stored);
    assert!(!door.succeed("grace", "203.0.113.1"));
}

#[test]
fn invented_names_take_no_memory_and_free_nobody() {
    let mut door = Door::new();
    door.lockout = Door::open(
        &door.store,
        LockoutConfig { counters_max: 1_024, ..LockoutConfig::default() },
        door.now,
    );
    for _ in 0..5 {
        door.guess("ada", "192.0.2.1").ok();
    }
    for place in 0..20_000_u32 {
        let address = Ipv4Addr::from(0x0a00_0000 + place).to_string();
        door.guess(&format!("invented{place}"), &address).ok();
    }
    assert!(door.lockout.counters.len() <= 1_024);
    assert!(door.store.locks().unwrap().len() <= 1_024);
    assert_eq!(door.guess("ada", "198.51.100.1"), Err(300));
}

/// Pages of memory this process has.
fn resident_pages() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn made_up_names_by_the_million_take_as_much_memory_as_the_first_of_them() {
    let (settled, all) = match std::env::var_os("SHELDUCK_LONG") {
        Some(_) => (100_000, 1_000_000),
        None => (30_000, 60_000),
    };
    let door = Door::new();
    let counters_max = LockoutConfig::default().counters_max;
    for _ in 0..5 {
        door.guess("ada", "192.0.2.1").ok();
    }
    let guess = |place: u32| {
        let (name, address) = (format!("invented{place}"), Ipv4Addr::from(0x0a00_0000 + place));
        let client = client(&address.to_string());
        let mut attempt = door.lockout.attempt(Some(&name), &client, door.now).unwrap();
        attempt.guesses(&[name.as_bytes(), b"a password"]);
        attempt.failed();
    };
    (0..settled).for_each(guess);
    assert_eq!(door.lockout.counters.len(), counters_max, "all places are taken");
    let before = resident_pages();
    (settled..all).for_each(guess);
    let grown = resident_pages().saturating_sub(before) * 4;
    assert!(grown < 8 << 10, "{grown} KiB more after {all} names");
    assert_eq!(door.lockout.counters.len(), counters_max);
    assert!(door.lockout.pairs.len() <= PAIRS_ADDRESSES_MAX);
    assert!(door.store.locks().unwrap().len() <= counters_max);
    assert_eq!(door.guess("ada", "198.51.100.1"), Err(300), "a lock made room");
}

#[test]
fn an_administrator_can_end_a_lock() {
    let door = Door::new();
    for _ in 0..5 {
        door.guess("ada", "192.0.2.1").ok();
    }
    door.lockout.pardon("ada").unwrap();
    assert_eq!(door.guess("ada", "198.51.100.1"), Ok(false));
}

#[test]
fn the_local_socket_has_no_address_to_lock() {
    let door = Door::new();
    for place in 0..50 {
        let attempt =
            door.lockout.attempt(Some(&format!("n{place}")), &ClientAddress::LOCAL, door.now);
        attempt.unwrap().failed();
    }
}

#[test]
fn neither_names_nor_addresses_are_stored() {
    let door = Door::new();
    door.guess("ada", "192.0.2.1").ok();
    let stored = format!("{:?}", door.store);
    assert!(!stored.contains("ada") && !stored.contains("192.0.2"), "{stored}");
    assert_eq!(door.store.locks().unwrap().len(), 3);
}

#[test]
fn a_day_without_failures_is_forgotten_also_across_a_restart() {
    let mut door = Door::new();
    for failure in 1..=5 {
        assert_eq!(door.guess("ada", "192.0.2.1"), Ok(failure == 5));
    }
    door.wait(24 * 3_600 - 1);
    door.lockout = Door::open(&door.store, LockoutConfig::default(), door.now);
    assert_eq!(door.store.locks().unwrap().len(), 3);
    door.wait(1);
    door.lockout = Door::open(&door.store, LockoutConfig::default(), door.now);
    assert_eq!(door.store.locks().unwrap().len(), 0);
    for failure in 1..=5 {
        assert_eq!(door.guess("ada", "192.0.2.1"), Ok(failure == 5));
    }
    assert_eq!(door.guess("ada", "192.0.2.1"), Err(300));
}
