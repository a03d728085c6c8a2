//! How often what may be done, through the door.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use gate::config::Mode;
use gate::door::Refusal;
use gate::limits::{
    Correction, SharedAsk, SharedCounters, SharedCountersError, SharedFuture, SharedStanding,
    query_cost, work_cost,
};
use gate::{Action, Class, Policy};

use crate::support::{World, get, post};

#[tokio::test]
async fn over_the_quota_says_when_to_come_back_and_means_it() {
    let world = World::with(|config| config.limits.read = 3);
    let key = world.key(&["read:web"]);
    let call = || get("/v1/things").key(&key);
    world.clock.forward(3);
    world.audit.take();
    for left in (0..15).rev() {
        let reply = world.send(call()).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("ratelimit-policy"), Some("\"read\";q=15;w=60"));
        assert!(reply.header("ratelimit").unwrap().starts_with(&format!("\"read\";r={left};t=")));
    }
    let reply = world.send(call()).await;
    assert_eq!((reply.status, reply.problem().as_str()), (429, "quota-exceeded"));
    assert_eq!(reply.json()["violated-policies"], serde_json::json!(["read"]));
    assert_eq!(
        reply.header("ratelimit"),
        Some(format!("\"read\";r=0;t={}", reply.retry_after()).as_str())
    );
    world.clock.forward(reply.retry_after() - 1);
    assert_eq!(world.status(call()).await, 429);
    world.clock.forward(1);
    assert_eq!(world.status(call()).await, 200);
    assert_eq!(world.audit.take(), ["excess_rate_limit_exceeded", "excess_rate_limit_exceeded"]);
}

#[tokio::test]
async fn watching_counts_what_enforcing_would_and_lets_it_through() {
    let shadow = World::with(|config| {
        config.limits.read = 2;
        config.limits.mode = Mode::Shadow;
    });
    let key = shadow.key(&["read:web"]);
    shadow.audit.take();
    for place in 0..30 {
        let reply = shadow.send(get("/v1/things").key(&key)).await;
        let left = 9_u32.saturating_sub(place);
        assert_eq!(reply.status, 200);
        assert!(reply.header("ratelimit").unwrap().starts_with(&format!("\"read\";r={left};")));
    }
    assert_eq!(shadow.audit.take(), ["excess_rate_limit_exceeded"]);
}

#[tokio::test]
async fn addresses_behind_a_proxy_are_told_apart_and_cannot_be_invented() {
    let world = World::with(|config| {
        config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        config.limits.monitoring = 1;
    });
    let through =
        |forwarded: &str| get("/health").from("10.0.0.1").header("x-forwarded-for", forwarded);
    assert_eq!(world.status(through("198.51.100.1")).await, 200);
    assert_eq!(world.status(through("198.51.100.2")).await, 200);
    assert_eq!(world.status(through("1.2.3.4, 198.51.100.1")).await, 429);
    assert_eq!(world.status(get("/health").header("x-forwarded-for", "198.51.100.9")).await, 200);
    assert_eq!(world.status(get("/health").header("x-forwarded-for", "198.51.100.8")).await, 429);
}

#[tokio::test]
async fn the_handler_sees_the_client_and_not_the_proxy() {
    let world = World::with(|config| config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()]);
    let call = post("/api/event")
        .body("abc")
        .from("10.0.0.1")
        .header("x-forwarded-for", "6.6.6.6, 198.51.100.1, 10.2.2.2");
    assert_eq!(world.send(call).await.text(), "198.51.100.1 3");
}

#[tokio::test]
async fn events_have_a_quota_of_their_own_for_each_address() {
    let world = World::new();
    for _ in 0..600 {
        assert_eq!(world.status(post("/api/event").body("x")).await, 200);
    }
    let refused = world.send(post("/api/event").body("x")).await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (429, Some("*")));
    assert_eq!(world.status(post("/api/event").body("x").from("192.0.2.2")).await, 200);
    assert_eq!(world.status(get("/health")).await, 200);
}

#[tokio::test]
async fn credentials_are_counted_before_they_are_looked_at() {
    let world = World::with(|config| config.limits.pre_auth = 5);
    for _ in 0..5 {
        assert_eq!(
            world
                .status(get("/v1/things").cookie(&format!("__Host-shelduck={}", "ab".repeat(32))))
                .await,
            401
        );
    }
    let reply = world.send(get("/v1/things")).await;
    assert_eq!(
        (reply.status, reply.json()["violated-policies"][0].as_str()),
        (429, Some("pre-auth"))
    );
    assert_eq!(world.status(get("/v1/things").from("192.0.2.2")).await, 401);
    assert_eq!(world.status(get("/v1/things").through_the_socket()).await, 200);
}

#[tokio::test]
async fn one_caller_runs_so_many_queries_at_a_time() {
    let world = World::with(|config| config.limits.in_flight.key = 2);
    let key = world.key(&["query:web"]);
    let slow = || {
        let body = axum::body::Body::from_stream(futures_util::stream::pending::<
            Result<bytes::Bytes, std::io::Error>,
        >());
        post("/v1/query")
            .key(&key)
            .header("content-type", "application/json")
            .header("transfer-encoding", "chunked")
            .body(body)
    };
    let quick = || post("/v1/query").key(&key).json(r#"{"name":"x","weight":1}"#);
    let (mut one, mut two) = (Box::pin(world.send(slow())), Box::pin(world.send(slow())));
    for running in [&mut one, &mut two] {
        for _ in 0..100 {
            assert!((&mut *running).now_or_never().is_none());
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let reply = world.send(quick()).await;
    assert_eq!((reply.status, reply.problem().as_str()), (429, "too-many-at-a-time"));
    drop(one);
    assert_eq!(world.status(quick()).await, 200);
    assert_eq!(world.status(quick()).await, 200);
    drop(two);
}

#[tokio::test]
async fn a_class_that_only_watches_says_what_it_would_have_refused() {
    let world = World::with(|config| {
        config.limits.read = 1;
        config.limits.shadow = vec![Class::Read];
        config.limits.other = 1;
    });
    let key = world.key(&["read:web"]);
    let said = async || {
        let reply = world.send(get("/v1/things").key(&key)).await;
        assert_eq!(reply.status, 200);
        reply.header("x-ratelimit-shadow-would-block").map(str::to_owned)
    };
    for _ in 0..5 {
        assert_eq!(said().await, None);
    }
    assert_eq!(said().await.as_deref(), Some("read"));
}

#[tokio::test]
async fn the_older_fields_come_where_they_are_asked_for() {
    for asked in [false, true] {
        let world = World::with(|config| {
            config.limits.read = 1;
            config.limits.compatibility_headers = asked;
        });
        let key = world.key(&["read:web"]);
        for left in [4, 3, 2, 1, 0, 0] {
            let reply = world.send(get("/v1/things").key(&key)).await;
            let shown = ["x-ratelimit-limit", "x-ratelimit-remaining"]
                .map(|name| reply.header(name).map(|text| text.parse::<u32>().unwrap()));
            assert_eq!(shown, if asked { [Some(5), Some(left)] } else { [None, None] });
            let reset = reply.header("x-ratelimit-reset").map(str::to_owned);
            assert_eq!(reset.is_some(), asked);
            if reply.status == 429 && asked {
                assert_eq!(reset, Some(reply.retry_after().to_string()));
            }
        }
    }
}

#[tokio::test]
async fn so_many_wrong_credentials_a_minute_are_looked_at_whatever_the_mode() {
    let world = World::with(|config| {
        config.limits.mode = Mode::Shadow;
        config.lockout.address_failures = 1_000;
    });
    let wrong = || get("/v1/things").cookie(&format!("__Host-shelduck={}", "ab".repeat(32)));
    for _ in 0..20 {
        assert_eq!(world.status(wrong()).await, 401);
    }
    let reply = world.send(wrong()).await;
    assert_eq!((reply.status, reply.problem().as_str()), (429, "quota-exceeded"));
    assert_eq!(reply.json()["violated-policies"], serde_json::json!(["bad-credentials"]));
    assert_eq!(world.status(get("/v1/things").key("nonsense")).await, 429, "of any kind");
    assert_eq!(world.status(wrong().from("192.0.2.200")).await, 401);
    world.clock.forward(reply.retry_after() - 1);
    assert_eq!(world.status(wrong()).await, 429);
    world.clock.forward(1);
    assert_eq!(world.status(wrong()).await, 401);
}

/// The permit of a key for a route that asks whatever database its caller names.
async fn permit_to_query(world: &World, key: &str) -> gate::Permit {
    let ask = gate::door::Ask {
        client: gate::ClientAddress::network("192.0.2.1".parse().unwrap()),
        request_id: world.gate.request_id(),
        credential: gate::door::Credential::Key(gate::ApiKey::parse(key).unwrap()),
        provenance: gate::door::Provenance::Unknown { cookie: false },
        device: None,
        policy: Policy::signed_in(Class::Query),
        object: None,
        operation: "test".into(),
    };
    gate::door::check(&world.gate, ask).await.unwrap().permit
}

#[tokio::test]
async fn a_database_is_counted_once_it_is_clear_that_it_may_be_asked() {
    let world = World::with(|config| config.limits.query = 2);
    let key = world.key(&["query:web"]);
    let database = |permit: &gate::Permit, name: &str, exists: bool| {
        world.gate.database(permit, Action::QUERY, name, |_| exists)
    };
    let permit = permit_to_query(&world, &key).await;
    assert!(database(&permit, "invented", false).is_none());
    assert!(database(&permit, "net", true).is_none(), "of others");
    assert!(database(&permit, "web", false).is_none());
    assert!(database(&permit, "web", true).is_some());
    drop(permit);
    // A key has five times the quota; the question that got no database stays counted on that of none.
    let ask = async |extra| {
        let permit = permit_to_query(&world, &key).await;
        let web = database(&permit, "web", true).unwrap();
        world.gate.charge(&permit, &web, extra).await.map(Option::unwrap)
    };
    let long = ask(query_cost(2_001)).await.unwrap();
    assert_eq!(long.cost(), 2);
    world.gate.settle(&long, work_cost(Duration::from_millis(4_100))).await;
    let very_long = ask(query_cost(5_001)).await.unwrap();
    assert_eq!(very_long.cost(), 3);
    world.gate.settle(&very_long, work_cost(Duration::from_millis(1))).await;
    for used in [7, 8, 9, 10] {
        assert_eq!(ask(0).await.unwrap().cost(), 1, "{used}");
    }
    assert!(matches!(ask(0).await, Err(Refusal::OverQuota { policy: "query", .. })));
}

/// Counters that two servers share, as simple as can be; or that nobody can ask.
#[derive(Default)]
struct Together {
    used: Mutex<HashMap<[u8; 16], u32>>,
    broken: AtomicBool,
}

impl SharedCounters for Together {
    fn take(&self, ask: SharedAsk) -> SharedFuture<'_, SharedStanding> {
        if self.broken.load(Ordering::SeqCst) {
            let gone = SharedCountersError::new(std::io::Error::other("gone"));
            return Box::pin(std::future::ready(Err(gone)));
        }
        let mut kept = self.used.lock().unwrap();
        let used = kept.entry(ask.name).or_default();
        let fits = *used + ask.cost <= ask.quota;
        *used += if fits { ask.cost } else { 0 };
        let minute = Duration::from_secs(60);
        Box::pin(std::future::ready(Ok(SharedStanding {
            used: *used,
            reset: minute,
            retry_after: (!fits).then_some(minute),
            by_burst: false,
            at_ms: 0,
        })))
    }

    fn correct(&self, _: SharedAsk, _: Correction) -> SharedFuture<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn servers(&self) -> u32 {
        2
    }
}

#[tokio::test]
async fn servers_that_share_counters_allow_one_quota_and_each_its_part_when_they_cannot() {
    let together = Arc::new(Together::default());
    let servers = [(); 2].map(|()| World::with(|config| config.limits.monitoring = 10));
    for world in &servers {
        world.gate.share_counters(Arc::<Together>::clone(&together));
    }
    let through = async |address: &str| {
        let mut through = [0; 2];
        for (world, through) in servers.iter().zip(&mut through) {
            for _ in 0..12 {
                let status = world.status(get("/health").from(address)).await;
                *through += u32::from(status == 200);
            }
        }
        through
    };
    assert_eq!(through("192.0.2.7").await, [10, 0]);
    together.broken.store(true, Ordering::SeqCst);
    assert_eq!(through("192.0.2.8").await, [5, 5], "half of it each, never all");
    assert_eq!(through("192.0.2.7").await, [0, 5], "what was counted together is remembered");
    together.broken.store(false, Ordering::SeqCst);
    assert_eq!(through("192.0.2.9").await, [10, 0]);
}
