//! Heavy work is weighed, shared and queued.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt;

use super::*;
use crate::address::ClientAddress;
use crate::limits::subject::Databases;

fn caller(number: u8) -> Subject {
    let address = std::net::Ipv4Addr::new(192, 0, 2, number);
    Subject::address(ClientAddress::network(address.into()).block())
}

fn ask(number: u8, units: u32) -> HeavyAsk {
    HeavyAsk { subject: caller(number), database: DatabaseNumber::NONE, units }
}

fn alone(units: u32) -> Heavy {
    Heavy::new(HeavyConfig {
        units,
        per_database: units,
        wait_ms: 30_000,
        ..HeavyConfig::default()
    })
}

/// Enters without waiting.
fn enter(heavy: &Heavy, ask: HeavyAsk) -> Option<HeavyGuard> {
    heavy.enter(ask).now_or_never().and_then(Result::ok)
}

#[tokio::test]
async fn heavy_work_is_weighed() {
    let heavy = alone(10);
    let seven = enter(&heavy, ask(1, 7)).unwrap();
    assert!(enter(&heavy, ask(2, 4)).is_none());
    let three = enter(&heavy, ask(2, 3)).unwrap();
    assert_eq!(heavy.load(), (10, 0));
    drop(seven);
    assert_eq!(heavy.load().0, 3);
    drop(three);
    assert!(enter(&heavy, ask(1, 10)).is_some());
    assert!(enter(&heavy, ask(1, 99)).is_some(), "more than there are runs alone");
    assert_eq!(heavy.load(), (0, 0));
}

#[tokio::test]
async fn one_database_cannot_hold_everything() {
    let heavy = Heavy::new(HeavyConfig::default());
    let databases = Databases::default();
    let (web, net) = (databases.number("web"), databases.number("net"));
    let on = |database, units| HeavyAsk { subject: caller(1), database, units };
    let _six = enter(&heavy, on(web, 6)).unwrap();
    assert!(enter(&heavy, on(web, 1)).is_none());
    let _four = enter(&heavy, on(net, 4)).unwrap();
    assert!(enter(&heavy, on(net, 1)).is_none());
}

#[tokio::test]
async fn who_waits_too_long_is_told_to_come_back() {
    let heavy = Heavy::new(HeavyConfig { wait_ms: 10, ..HeavyConfig::default() });
    let running = enter(&heavy, ask(1, 6)).unwrap();
    assert!(heavy.enter(ask(2, 1)).await.is_err());
    assert_eq!(heavy.load(), (6, 0), "nobody waits any more");
    drop(running);
    assert!(enter(&heavy, ask(2, 1)).is_some());
}

#[tokio::test]
async fn the_queue_is_short_and_no_caller_fills_it() {
    let heavy =
        Heavy::new(HeavyConfig { queue_max: 10, wait_ms: 30_000, ..HeavyConfig::default() });
    let _running = enter(&heavy, ask(1, 6)).unwrap();
    let mut waiting = Vec::new();
    for _ in 0..WAITING_PER_CALLER_MAX {
        let mut one = Box::pin(heavy.enter(ask(2, 1)));
        assert!((&mut one).now_or_never().is_none());
        waiting.push(one);
    }
    assert!(heavy.enter(ask(2, 1)).now_or_never().unwrap().is_err(), "one caller");
    for _ in 0..2 {
        let mut one = Box::pin(heavy.enter(ask(3, 1)));
        assert!((&mut one).now_or_never().is_none());
        waiting.push(one);
    }
    assert!(heavy.enter(ask(3, 1)).now_or_never().unwrap().is_err(), "everybody");
    drop(waiting);
    assert_eq!(heavy.load().1, 0, "who goes away does not wait on");
}

#[tokio::test]
async fn units_go_to_who_holds_least_and_then_to_who_came_first() {
    let heavy = alone(4);
    let mut held: Vec<_> = (0..4).map(|_| enter(&heavy, ask(1, 1)).unwrap()).collect();
    let (order, mut tasks) = (Arc::new(Mutex::new(Vec::new())), Vec::new());
    for (place, who) in [1, 1, 2, 3, 2].into_iter().enumerate() {
        let (heavy, order) = (heavy.clone(), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            let guard = heavy.enter(ask(who, 1)).await.unwrap();
            order.lock().unwrap().push((place, who));
            guard
        }));
        tokio::task::yield_now().await;
    }
    while let Some(guard) = held.pop() {
        drop(guard);
        tokio::task::yield_now().await;
    }
    let order = order.lock().unwrap().clone();
    // At the third, callers 1, 2 and 3 hold one each, and caller 1 came first.
    assert_eq!(order, [(2, 2), (3, 3), (0, 1), (1, 1)]);
    for task in tasks {
        task.abort();
    }
}

#[tokio::test]
async fn a_dear_request_is_not_overtaken_for_ever() {
    let heavy = alone(4);
    let mut small: Vec<_> = (0..4).map(|_| enter(&heavy, ask(1, 1)).unwrap()).collect();
    let mut dear = Box::pin(heavy.enter(ask(2, 4)));
    assert!((&mut dear).now_or_never().is_none());
    for _ in 0..4 {
        small.pop();
        let mut next = Box::pin(heavy.enter(ask(1, 1)));
        assert!((&mut next).now_or_never().is_none(), "it stands behind the dear one");
    }
    assert!((&mut dear).now_or_never().is_some_and(|entered| entered.is_ok()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_happens_all_units_come_back() {
    let heavy = Heavy::new(HeavyConfig { wait_ms: 5, ..HeavyConfig::default() });
    let most = Arc::new(AtomicU32::new(0));
    let tasks: Vec<_> = (0..200_u32)
        .map(|number| {
            let (heavy, most) = (heavy.clone(), Arc::clone(&most));
            tokio::spawn(async move {
                let who = u8::try_from(number % 7).unwrap();
                let Ok(_guard) = heavy.enter(ask(who, number % 5 + 1)).await else { return };
                most.fetch_max(heavy.load().0, Ordering::SeqCst);
                assert!(number % 11 != 0, "a handler that panics");
                tokio::task::yield_now().await;
            })
        })
        .collect();
    for (place, task) in tasks.into_iter().enumerate() {
        if place % 13 == 0 {
            task.abort();
        }
        task.await.unwrap_or(());
    }
    assert_eq!(heavy.load(), (0, 0));
    assert!(heavy.lock().by_caller.is_empty() && heavy.lock().by_database.is_empty());
    let most = most.load(Ordering::SeqCst);
    assert!((1..=10).contains(&most), "{most} units were out");
}
