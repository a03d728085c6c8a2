//! Counters in a real Redis, against a naive model.

use std::cell::RefCell;

use gate::limits::Burst;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use testkit::Redis;

use super::*;

const COARSE: (u64, u64) = (5_000, 13);
const EXACT: (u64, u64) = (1, 60_000);
const NOW: u64 = 1_764_000_000_000;

/// Counters that count by that time, connected; by Redis's own when it is zero.
async fn at(redis: &Redis, now_ms: u64) -> RedisCounters {
    let address = RedisAddress::parse(&redis.url()).unwrap();
    let counters = RedisCounters::new(&address, now_ms).unwrap();
    counters.turn().await;
    assert!(counters.is_connected());
    counters
}

/// Somebody who asks Redis directly.
async fn look(redis: &Redis) -> MultiplexedConnection {
    let client = RedisAddress::parse(&redis.url()).unwrap().client();
    client.get_multiplexed_async_connection().await.unwrap()
}

fn ask(name: u8, quota: u32, cost: u32, (step_ms, steps): (u64, u64)) -> SharedAsk {
    SharedAsk { name: [name; 16], quota, cost, step_ms, steps, burst: None }
}

/// An exact log of what was let in, forgotten as the ask says.
#[derive(Default)]
struct Model {
    taken: Vec<(u64, u32)>,
    tat: u64,
}

impl Model {
    fn used(&self, ask: &SharedAsk, now: u64) -> u32 {
        let alive = |at: &u64| at / ask.step_ms + ask.steps > now / ask.step_ms;
        self.taken.iter().filter(|(at, _)| alive(at)).map(|(_, cost)| cost).sum()
    }

    fn within_a_minute(&self, now: u64) -> u32 {
        self.taken.iter().filter(|(at, _)| at + 60_000 > now).map(|(_, cost)| cost).sum()
    }

    fn fits(&self, ask: &SharedAsk, now: u64) -> bool {
        let burst = ask.burst.is_none_or(|burst| {
            let interval = u64::from(burst.interval_ms);
            let paid_back = self.tat.max(now) + interval * u64::from(ask.cost.min(burst.size));
            paid_back <= now + interval * u64::from(burst.size)
        });
        burst && self.used(ask, now) + ask.cost <= ask.quota
    }

    fn take(&mut self, ask: &SharedAsk, now: u64) {
        self.taken.push((now, ask.cost));
        if let Some(burst) = ask.burst {
            let cost = u64::from(ask.cost.min(burst.size));
            self.tat = self.tat.max(now) + u64::from(burst.interval_ms) * cost;
        }
    }
}

#[test]
fn two_servers_decide_as_one_exact_log_would_and_the_wait_is_true() {
    let redis = Redis::start().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let servers = runtime.block_on(async { [at(&redis, NOW).await, at(&redis, NOW).await] });
    let servers = RefCell::new(servers);
    let steps = prop::collection::vec((0_u64..20_000, 1_u32..4, any::<bool>()), 1..60);
    let burst = prop::option::of((1_u32..4_000, 1_u32..20));
    let strategy = (1_u32..40, any::<bool>(), burst, steps, any::<[u8; 16]>());
    let mut runner = TestRunner::new(Config { cases: 48, ..Config::default() });
    let run = runner.run(&strategy, |(quota, exact, burst, steps, name)| {
        let (step_ms, window) = if exact { EXACT } else { COARSE };
        let burst = burst.map(|(interval_ms, size)| Burst { interval_ms, size });
        let (mut model, mut now) = (Model::default(), NOW);
        for (gap, cost, second) in steps {
            now += gap;
            let cost = cost.min(quota);
            let ask = SharedAsk { name, quota, cost, step_ms, steps: window, burst };
            let server = &mut servers.borrow_mut()[usize::from(second)];
            server.clock_ms = now;
            let standing = runtime.block_on(server.take(ask)).unwrap();
            prop_assert_eq!(standing.retry_after.is_none(), model.fits(&ask, now));
            prop_assert_eq!(standing.at_ms, now);
            if let Some(wait) = standing.retry_after {
                let wait = u64::try_from(wait.as_millis()).unwrap();
                prop_assert!(model.fits(&ask, now + wait), "the wait was too short");
                prop_assert!(!model.fits(&ask, now + wait - 1), "the wait was too long");
            } else {
                model.take(&ask, now);
            }
            prop_assert_eq!(standing.used, model.used(&ask, now));
            prop_assert!(model.within_a_minute(now) <= quota, "more than the quota in a minute");
        }
        Ok(())
    });
    run.unwrap();
}

#[tokio::test]
async fn two_servers_at_one_moment_never_share_the_last_place() {
    let redis = Redis::start().unwrap();
    let servers = [Arc::new(at(&redis, 0).await), Arc::new(at(&redis, 0).await)];
    let tasks: Vec<_> = (0..200)
        .map(|place| {
            let server = Arc::clone(&servers[place % 2]);
            tokio::spawn(async move { server.take(ask(1, 50, 1, COARSE)).await.unwrap() })
        })
        .collect();
    let mut through = 0;
    for task in tasks {
        through += usize::from(task.await.unwrap().retry_after.is_none());
    }
    assert_eq!(through, 50);
}

#[tokio::test]
async fn corrections_move_what_was_taken() {
    let redis = Redis::start().unwrap();
    let counters = at(&redis, NOW).await;
    let take = async |cost| counters.take(ask(1, 10, cost, COARSE)).await.unwrap();
    let first = take(4).await;
    assert_eq!(first.used, 4);
    counters.correct(ask(1, 10, 4, COARSE), Correction::More(5)).await.unwrap();
    assert_eq!(take(1).await.used, 10);
    assert!(take(1).await.retry_after.is_some());
    let less = Correction::Less { amount: 3, at_ms: first.at_ms };
    counters.correct(ask(1, 10, 4, COARSE), less).await.unwrap();
    assert_eq!(take(1).await.used, 8);
    let never = Correction::Less { amount: 3, at_ms: NOW - 100_000 };
    counters.correct(ask(1, 10, 4, COARSE), never).await.unwrap();
    assert_eq!(take(1).await.used, 9, "nothing was taken then");
    counters.correct(ask(1, 10, 1, COARSE), Correction::More(u32::MAX)).await.unwrap();
    assert_eq!(take(1).await.used, u32::MAX, "no more than can be said");
}

#[tokio::test]
async fn what_lies_in_redis_is_a_code_and_expires() {
    let redis = Redis::start().unwrap();
    let counters = at(&redis, 0).await;
    let burst = Some(Burst { interval_ms: 12_000, size: 10 });
    counters.take(SharedAsk { burst, ..ask(1, 10, 10, COARSE) }).await.unwrap();
    counters.take(ask(2, 10, 1, EXACT)).await.unwrap();
    counters.correct(ask(3, 10, 1, COARSE), Correction::More(1)).await.unwrap();
    let mut redis = look(&redis).await;
    let mut keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut redis).await.unwrap();
    keys.sort();
    let limit = |name: u8| format!("shelduck:limit:{}", format!("{name:02x}").repeat(16));
    assert_eq!(keys, [limit(1), limit(2), limit(3), SERVERS.to_owned()]);
    // A minute, its last step, a second more; a burst of ten every twelve seconds is paid back after two.
    for (key, most) in keys.iter().zip([121_000, 61_000, 66_000, SERVER_SILENT_MS]) {
        let left: i64 = redis::cmd("PTTL").arg(key).query_async(&mut redis).await.unwrap();
        assert!(u64::try_from(left).is_ok_and(|left| left <= most), "{key} ends in {left} ms");
    }
}

#[tokio::test]
async fn servers_notice_each_other() {
    let redis = Redis::start().unwrap();
    let one = at(&redis, 0).await;
    assert_eq!(one.servers(), 1);
    let two = at(&redis, 0).await;
    one.turn().await;
    assert_eq!((one.servers(), two.servers()), (2, 2));
}

#[tokio::test]
async fn without_redis_every_take_fails_at_once_and_with_it_again_none() {
    let mut redis = Redis::start().unwrap();
    let counters = at(&redis, 0).await;
    let take = async || counters.take(ask(1, 5, 1, COARSE)).await;
    assert!(take().await.is_ok());
    redis.kill().unwrap();
    assert!(take().await.is_err());
    let refused = take().await.unwrap_err();
    assert!(format!("{refused:?}").contains("NotConnected"), "{refused:?}");
    let correction = counters.correct(ask(1, 5, 1, COARSE), Correction::More(1)).await;
    assert!(correction.is_err());
    counters.turn().await;
    assert!(!counters.is_connected());
    assert_eq!(counters.servers(), 1, "as many as were there last");
    redis.restart().unwrap();
    counters.turn().await;
    assert_eq!(take().await.unwrap().used, 1, "it begins anew");
}

#[tokio::test]
async fn a_redis_that_hangs_is_waited_for_once_and_not_longer_than_may_be() {
    let redis = Redis::start().unwrap();
    let counters = at(&redis, 0).await;
    let take = async || counters.take(ask(1, 5, 1, COARSE)).await;
    redis.freeze().unwrap();
    // The bound is of the test alone: far from the quarter of a second, and from for ever.
    let waited = tokio::time::timeout(Duration::from_secs(60), take()).await.unwrap();
    assert!(format!("{:?}", waited.unwrap_err()).contains("Late"));
    assert!(format!("{:?}", take().await.unwrap_err()).contains("NotConnected"));
    tokio::time::timeout(Duration::from_secs(60), counters.turn()).await.unwrap();
    assert!(!counters.is_connected(), "a connection that nobody answers is none");
    redis.thaw().unwrap();
    counters.turn().await;
    assert!(take().await.is_ok());
}

#[tokio::test]
async fn a_redis_that_does_not_write_is_not_taken_up() {
    let redis = Redis::start().unwrap();
    let counters = at(&redis, 0).await;
    let mut operator = look(&redis).await;
    let mut set = async |replicas: u8| {
        let mut command = redis::cmd("CONFIG");
        command.arg("SET").arg("min-replicas-to-write").arg(replicas);
        command.exec_async(&mut operator).await.unwrap();
    };
    set(1).await;
    assert!(counters.take(ask(1, 5, 1, COARSE)).await.is_err());
    counters.turn().await;
    assert!(!counters.is_connected());
    set(0).await;
    counters.turn().await;
    assert!(counters.take(ask(1, 5, 1, COARSE)).await.is_ok());
}

#[tokio::test]
async fn with_tls_a_certificate_that_nobody_vouches_for_is_refused() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = made.signing_key.serialize_pem();
    let redis = Redis::start_with_tls(&made.cert.pem(), &key).unwrap();
    let url = redis.tls_url().unwrap();
    let known = RedisCounters::new(&RedisAddress::trusting(&url, made.cert.pem()), 0).unwrap();
    known.turn().await;
    assert_eq!(known.take(ask(1, 5, 1, COARSE)).await.unwrap().used, 1);
    let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = RedisAddress::trusting(&url, stranger.cert.pem());
    let other = RedisCounters::new(&other, 0).unwrap();
    other.turn().await;
    assert!(!other.is_connected());
}

#[tokio::test]
async fn a_redis_that_is_away_at_the_start_is_taken_up_when_it_comes() {
    let mut redis = Redis::start().unwrap();
    redis.kill().unwrap();
    let counters = RedisCounters::start(&RedisAddress::parse(&redis.url()).unwrap()).await.unwrap();
    assert!(!counters.is_connected());
    redis.restart().unwrap();
    let connected = async {
        while !counters.is_connected() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), connected).await.unwrap();
    assert_eq!(counters.take(ask(1, 5, 1, COARSE)).await.unwrap().used, 1);
}
