//! How often what may be done, through the door.

use futures_util::FutureExt;
use gate::config::Mode;

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
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
    let reply = world.send(quick()).await;
    assert_eq!((reply.status, reply.problem().as_str()), (429, "too-many-at-a-time"));
    drop(one);
    assert_eq!(world.status(quick()).await, 200);
    assert_eq!(world.status(quick()).await, 200);
    drop(two);
}
