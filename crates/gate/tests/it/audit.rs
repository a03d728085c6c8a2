//! What is recorded, and that nothing changes which cannot be.

use std::sync::atomic::Ordering;

use gate::audit::{AuditEvent, EventName, Outcome};
use http::Method;

use crate::support::{Call, World, get, post, request};

fn thing() -> Call {
    post("/v1/things").json("{\"name\":\"x\",\"weight\":1}")
}

fn said(event: &AuditEvent) -> (&'static str, &'static str, &str, Option<&str>) {
    (
        event.name.name(),
        event.outcome.name(),
        event.action.as_deref().unwrap_or_default(),
        event.database.as_deref(),
    )
}

#[tokio::test]
async fn nothing_is_changed_while_events_cannot_be_kept_and_reading_goes_on() {
    let world = World::new();
    let key = world.key(&["write:web", "query:web"]);
    world.audit.is_full.store(true, Ordering::SeqCst);
    let refused = world.send(thing().key(&key)).await;
    assert_eq!((refused.status, refused.problem().as_str()), (503, "audit-unavailable"));
    assert!(refused.retry_after() > 0);
    let body = "{\"username\":\"ada\",\"password\":\"x\"}";
    assert_eq!(world.status(post("/v1/auth/login").json(body).own()).await, 503);
    assert_eq!(world.status(get("/v1/things").key(&key)).await, 200);
    assert_eq!(world.status(get("/health")).await, 200);
    assert!(world.status(post("/api/event").json("{}")).await < 300);
    world.audit.is_full.store(false, Ordering::SeqCst);
    assert_eq!(world.status(thing().key(&key)).await, 201);
}

#[tokio::test]
async fn who_may_not_change_it_hears_that_first() {
    let world = World::new();
    let key = world.key(&["read:web"]);
    world.audit.is_full.store(true, Ordering::SeqCst);
    assert_eq!(world.status(thing()).await, 401);
    assert_eq!(world.status(thing().key(&key)).await, 403);
}

#[tokio::test]
async fn a_change_is_acknowledged_only_when_its_events_are_on_disk() {
    let world = World::new();
    let key = world.key(&["write:web"]);
    world.audit.is_stuck.store(true, Ordering::SeqCst);
    let reply = world.send(thing().key(&key)).await;
    assert_eq!((reply.status, reply.problem().as_str()), (503, "audit-unavailable"));
    assert!(reply.json()["detail"].as_str().unwrap().contains("may have been made"));
    assert_eq!(world.status(get("/v1/things").key(&key)).await, 200);
}

#[tokio::test]
async fn an_event_says_who_did_what_to_what_and_where() {
    let world = World::new();
    let key = world.key(&["read:web"]);
    let id = gate::ApiKey::parse(&key).unwrap().id().to_string();
    let made = world.audit.take_events();
    assert_eq!(said(&made[0]), ("authn_token_created", "success", "command_line", None));
    assert_eq!(made[0].actor, "operator");
    assert_eq!(made[0].object, Some(format!("key:{id}")));
    assert_eq!((&made[0].origin, made[0].request_id.is_some()), (&None, true));

    let refused = world.send(thing().key(&key).from("192.0.2.9")).await;
    let events = world.audit.take_events();
    assert_eq!(said(&events[0]), ("authz_fail", "denied", "create_thing", Some("web")));
    assert_eq!(events[0].actor, format!("key:{id}"));
    assert_eq!(events[0].request_id.unwrap().to_string(), refused.header("x-request-id").unwrap());
    let origin = events[0].origin.clone().unwrap();
    assert_eq!(origin.len(), 32);

    world.send(thing().key(&key).from("192.0.2.9")).await;
    assert_eq!(world.audit.take_events()[0].origin, Some(origin.clone()), "one origin, one code");
    world.send(thing().key(&key).from("192.0.2.10")).await;
    assert_ne!(world.audit.take_events()[0].origin, Some(origin.clone()));
    world.clock.forward(32 * 24 * 3600);
    world.send(thing().key(&key).from("192.0.2.9")).await;
    assert_ne!(world.audit.take_events()[0].origin, Some(origin), "another month, another code");
}

#[tokio::test]
async fn credentials_that_prove_nothing_are_recorded() {
    let world = World::new();
    let unknown = format!("__Host-shelduck={}", "0".repeat(64));
    world.status(get("/v1/things").cookie(&unknown)).await;
    assert_eq!(world.audit.take(), ["session_use_after_expire"]);
    world.status(get("/v1/things").cookie(&unknown)).await;
    assert_eq!(world.audit.take(), Vec::<String>::new(), "the second within a minute is not told");
    world.status(get("/v1/things").key("not-a-key")).await;
    assert_eq!(world.audit.take(), ["authn_token_invalid"]);
    world.status(get("/v1/things").key("one").header("x-api-key", "other")).await;
    assert_eq!(world.audit.take(), ["input_validation_fail"]);
}

#[tokio::test]
async fn probing_is_recorded_once_and_not_each_time() {
    let world = World::with(|config| config.limits.other = 10_000);
    for _ in 0..200 {
        assert_eq!(world.status(post("/wp-admin/setup.php")).await, 404);
    }
    assert_eq!(world.audit.take(), ["malicious_excess_404"]);
    let key = world.key(&["write:web"]);
    world.audit.take();
    for _ in 0..5 {
        assert_eq!(world.status(post("/v1/things").json("{").key(&key)).await, 400);
    }
    let events = world.audit.take_events();
    assert_eq!(events.len(), 1);
    assert_eq!(said(&events[0]), ("input_validation_fail", "denied", "create_thing", Some("web")));
    assert_eq!(events[0].object.as_deref(), Some("problem:bad-request"));
    for _ in 0..5 {
        let event = request(Method::POST, "/api/event").json("{}");
        assert_eq!(world.status(event.header("content-encoding", "gzip")).await, 415);
    }
    assert_eq!(world.audit.take(), Vec::<String>::new(), "visitors' events are not people's input");
}

#[tokio::test]
async fn every_decision_is_recorded_when_the_operator_asks_for_it() {
    let quiet = World::new();
    let key = quiet.key(&["read:web"]);
    quiet.audit.take();
    quiet.status(get("/v1/things").key(&key)).await;
    assert_eq!(quiet.audit.take(), Vec::<String>::new());

    let world = World::with(|config| config.audit_decisions = true);
    let key = world.key(&["read:web"]);
    world.audit.take();
    world.status(get("/v1/things").key(&key)).await;
    let events = world.audit.take_events();
    assert_eq!(said(&events[0]), ("authz_allow", "success", "list_things", Some("web")));
    world.status(get("/health")).await;
    assert_eq!(world.audit.take(), Vec::<String>::new(), "nothing is decided about public routes");
}

#[tokio::test]
async fn layers_are_off_only_where_they_are_switched_off() {
    let guess = || {
        let body = "{\"username\":\"ada\",\"password\":\"wrong\"}";
        post("/v1/auth/login").json(body).own()
    };
    let open = World::with(|config| {
        config.off.limits = true;
        config.off.lockout = true;
    });
    for _ in 0..30 {
        assert_eq!(open.status(guess()).await, 401);
    }
    let bare = World::with(|config| config.off.headers = true);
    let closed = World::new();
    for (world, has) in [(&bare, false), (&closed, true)] {
        let reply = world.send_bare(get("/health")).await;
        assert_eq!(reply.header("content-security-policy").is_some(), has);
        assert!(reply.header("x-request-id").is_some());
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    let mut refused = 0;
    for _ in 0..30 {
        refused += u32::from(closed.status(guess()).await == 429);
    }
    assert!(refused > 0);
}

#[tokio::test]
async fn the_server_itself_is_an_actor() {
    let world = World::new();
    world.gate.audit_system(EventName::SysStartup, Outcome::Success, None);
    let events = world.audit.take_events();
    assert_eq!((events[0].actor.as_str(), events[0].name), ("system", EventName::SysStartup));
}
