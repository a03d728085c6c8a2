//! The live stream.

use std::time::Duration;

use api::{STREAMS_MAX, STREAMS_PER_CALLER_MAX};
use axum::body::Body;
use http::Method;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use crate::{Ask, World};

async fn piece(body: &mut Body) -> Option<String> {
    let frame = tokio::time::timeout(Duration::from_secs(20), body.frame()).await.unwrap()?;
    Some(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
}

fn data(piece: &str) -> Value {
    assert!(piece.contains("event: site\n"), "{piece}");
    let line = piece.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    serde_json::from_str(line).unwrap()
}

async fn visit(world: &World) {
    let body = json!({"n": "pageview", "u": "https://shop.example/", "d": "shop.example"});
    let ask = Ask::new(Method::POST, "/api/event").body("text/plain", body.to_string());
    let ask = ask.header("user-agent", crate::ingest::FIREFOX).header("accept-language", "en");
    assert_eq!(world.send(ask).await.status, 202);
}

#[tokio::test]
async fn a_visit_shows_on_the_stream() {
    let world = World::new();
    let cookie = world.session("viewer");
    let response = world.open(Ask::get("/v1/events?site=shop.example").cookie(&cookie)).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let mut body = response.into_body();
    let first = piece(&mut body).await.unwrap();
    assert!(first.starts_with("retry: "), "{first}");
    assert_eq!(
        data(&first),
        json!({"site": "shop.example", "current_visitors": 0, "last_event_at": null})
    );
    visit(&world).await;
    let next = piece(&mut body).await.unwrap();
    assert_eq!(
        data(&next),
        json!({"site": "shop.example", "current_visitors": 1, "last_event_at": crate::world::NOW})
    );
}

#[tokio::test]
async fn a_stream_ends_with_the_server_and_with_the_site() {
    let world = World::new();
    let key = world.key(&["read:web", "write:web"]);
    let open = async || {
        let mut body =
            world.open(Ask::get("/v1/events?site=shop.example").key(&key)).await.into_body();
        piece(&mut body).await.unwrap();
        body
    };
    let mut of_the_site = open().await;
    visit(&world).await;
    world.send(Ask::new(Method::DELETE, "/v1/sites/shop.example").key(&key)).await.nothing(204);
    while piece(&mut of_the_site).await.is_some() {}
    world.add_site("shop.example", "UTC");
    let mut of_the_server = open().await;
    world.drain.cancel();
    while piece(&mut of_the_server).await.is_some() {}
}

#[tokio::test]
async fn a_stream_ends_when_its_watcher_may_not_watch_any_more() {
    let world = World::new();
    world.add_site("other.example", "UTC");
    let operator = gate::local::operator(&world.gate);
    let granted = |grant: &str| gate::UserChange {
        grants: Some(vec![grant.to_owned()]),
        ..gate::UserChange::default()
    };
    let shut = gate::UserChange { disabled: Some(true), ..gate::UserChange::default() };
    let other = granted("web/other.example");
    for (name, change) in [("viewer-0", shut), ("viewer-1", other)] {
        let cookie = world.session_with("viewer", &["web/shop.example"]);
        let stream = Ask::get("/v1/events?site=shop.example").cookie(&cookie);
        let mut body = world.open(stream).await.into_body();
        piece(&mut body).await.unwrap();
        let user = world.control.user_by_name(name).unwrap().unwrap();
        world.gate.update_user(&operator, gate::UserId(user.id.0), &change).unwrap();
        visit(&world).await;
        assert_eq!(piece(&mut body).await, None, "{name} watches on");
    }
    let key = world.key(&["read:web/shop.example"]);
    let mut body = world.open(Ask::get("/v1/events?site=shop.example").key(&key)).await.into_body();
    piece(&mut body).await.unwrap();
    let mine = gate::ApiKey::parse(&key).unwrap().id().clone();
    let another = world.key(&["read:web"]);
    let another = gate::ApiKey::parse(&another).unwrap().id().clone();
    world.gate.revoke_key(&operator, &another).unwrap();
    visit(&world).await;
    assert!(piece(&mut body).await.is_some(), "a change of something else ends no stream");
    world.gate.revoke_key(&operator, &mine).unwrap();
    visit(&world).await;
    assert_eq!(piece(&mut body).await, None);
}

#[tokio::test]
async fn a_caller_has_so_many_streams_and_all_together_have_so_many() {
    let world = World::new();
    let ask = |key: &str| Ask::get("/v1/events?site=shop.example").key(key);
    let refused = async |key: &str| {
        let answer = world.send(ask(key)).await;
        assert_eq!(answer.problem(503), "unavailable");
        assert_eq!(answer.headers["retry-after"], "15");
    };
    let mut streams = Vec::new();
    for _ in 0..STREAMS_MAX / STREAMS_PER_CALLER_MAX {
        let key = world.key(&["read:web"]);
        for _ in 0..STREAMS_PER_CALLER_MAX {
            let response = world.open(ask(&key)).await;
            assert_eq!(response.status(), 200);
            streams.push(response);
        }
        refused(&key).await;
    }
    let late = world.key(&["read:web"]);
    refused(&late).await;
    streams.pop();
    assert_eq!(world.open(ask(&late)).await.status(), 200);
}
