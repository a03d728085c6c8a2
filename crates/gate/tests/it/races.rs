//! What happens while something else happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gate::store::Store;
use gate::{AccountError, UserChange};

use crate::support::{World, get};

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
