//! What happens while something else happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gate::store::Store;
use gate::{AccountError, LogIn, UserChange};

use crate::support::{World, get, password, post};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_succeeds_after_a_revocation_was_acknowledged() {
    for _ in 0..20 {
        let world = Arc::new(World::with(|config| config.limits.pre_auth = 1_000_000));
        let key = world.key(&["read:web"]);
        let id = gate::ApiKey::parse(&key).unwrap().id().clone();
        let revoked = Arc::new(AtomicBool::new(false));
        let users: Vec<_> = (0..4)
            .map(|_| {
                let (world, key, revoked) = (Arc::clone(&world), key.clone(), Arc::clone(&revoked));
                tokio::spawn(async move {
                    for _ in 0..50 {
                        let before = revoked.load(Ordering::SeqCst);
                        let status = world.status(get("/v1/things").key(&key)).await;
                        assert!(!(before && status == 200), "used after it was revoked");
                    }
                })
            })
            .collect();
        let gate = world.gate.clone();
        let revoke = tokio::task::spawn_blocking(move || {
            gate.revoke_key(&gate::local::operator(&gate), &id).unwrap();
        });
        revoke.await.unwrap();
        revoked.store(true, Ordering::SeqCst);
        for user in users {
            user.await.unwrap();
        }
        assert_ne!(world.status(get("/v1/things").key(&key).from("192.0.2.2")).await, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_setups_at_once_make_one_administrator() {
    let world = Arc::new(World::new());
    let secret = world.gate.offer_setup().unwrap();
    let tries: Vec<_> = (0..4)
        .map(|_| {
            let (world, secret) = (Arc::clone(&world), secret.clone());
            tokio::task::spawn_blocking(move || world.set_up(&secret).is_ok())
        })
        .collect();
    let mut done = 0;
    for one in tries {
        done += usize::from(one.await.unwrap());
    }
    assert_eq!((done, world.store.users().unwrap().len()), (1, 1));
}

#[test]
fn of_many_who_use_one_reset_link_at_once_one_does() {
    let world = World::with(|config| config.passwords.hashes_at_a_time = 8);
    world.session("ada", "viewer");
    let id = world.store.user_by_name("ada").unwrap().unwrap().id;
    let operator = gate::local::operator(&world.gate);
    let link = world.gate.offer_reset(&operator, id).unwrap();
    let barrier = std::sync::Barrier::new(64);
    let one = |number: usize| {
        let new = format!("{number} green umbrellas sing quietly");
        barrier.wait();
        match world.gate.reset_password(&operator, &password(link.expose()), &password(&new)) {
            Ok(()) => Some(new),
            Err(AccountError::WrongResetLink | AccountError::Busy(_)) => None,
            Err(error) => panic!("{error:?}"),
        }
    };
    let one = &one;
    let used: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64).map(|number| scope.spawn(move || one(number))).collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    let [new] = used.as_slice() else {
        panic!("used {} times", used.len());
    };
    let form = LogIn { username: "ada".to_owned(), password: password(new), user_agent: None };
    world.gate.log_in(&operator, &form).unwrap();
}

#[test]
fn a_full_pool_turns_away_instead_of_piling_up() {
    let world = World::with(|config| {
        config.passwords.hashes_at_a_time = 1;
        config.passwords.passes = 8;
    });
    world.session("ada", "viewer");
    let operator = gate::local::operator(&world.gate);
    let before = world.gate.hashes_computed();
    let barrier = std::sync::Barrier::new(64);
    let one = |number: usize| {
        let username = format!("nobody{number}");
        let form = LogIn { username, password: password("x"), user_agent: None };
        barrier.wait();
        match world.gate.log_in(&operator, &form) {
            Err(AccountError::WrongCredentials) => None,
            Err(AccountError::Busy(busy)) => Some(busy.retry_after),
            other => panic!("{other:?}"),
        }
    };
    let one = &one;
    let busy: Vec<std::time::Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64).map(|number| scope.spawn(move || one(number))).collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    let computed = usize::try_from(world.gate.hashes_computed() - before).unwrap();
    assert_eq!(computed + busy.len(), 64);
    assert!(!busy.is_empty() && busy.iter().all(|wait| !wait.is_zero()), "{computed} ran");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn over_http_that_is_503_with_a_time_to_come_back() {
    let world = Arc::new(World::with(|config| {
        config.passwords.hashes_at_a_time = 1;
        config.passwords.passes = 8;
    }));
    let tries: Vec<_> = (0..64)
        .map(|number| {
            let world = Arc::clone(&world);
            let body = format!(r#"{{"username":"nobody{number}","password":"x"}}"#);
            let call = post("/v1/auth/login").json(&body).own();
            tokio::spawn(
                async move { world.send(call.from(&format!("198.51.100.{number}"))).await },
            )
        })
        .collect();
    let mut busy = 0;
    for one in tries {
        let reply = one.await.unwrap();
        if reply.status == 503 {
            assert!(reply.retry_after() >= 1 && reply.problem() == "unavailable");
            busy += 1;
        } else {
            assert_eq!(reply.status, 401);
        }
    }
    assert!(busy > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_administrators_cannot_shut_each_other_out() {
    let world = Arc::new(World::new());
    for name in ["ada", "grace"] {
        world.session(name, "admin");
    }
    let changes: Vec<_> = ["ada", "grace"]
        .into_iter()
        .map(|name| {
            let world = Arc::clone(&world);
            let id = world.store.user_by_name(name).unwrap().unwrap().id;
            tokio::task::spawn_blocking(move || {
                let change = UserChange { disabled: Some(true), ..UserChange::default() };
                world.gate.update_user(&gate::local::operator(&world.gate), id, &change)
            })
        })
        .collect();
    let mut refused = 0;
    for change in changes {
        refused +=
            usize::from(matches!(change.await.unwrap(), Err(AccountError::LastAdministrator)));
    }
    assert_eq!(refused, 1);
    assert_eq!(world.store.users().unwrap().iter().filter(|user| !user.disabled).count(), 1);
}
