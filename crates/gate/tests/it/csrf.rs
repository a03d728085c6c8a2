//! No foreign page acts in somebody's name.

use crate::support::{Call, World, delete, get, post};

const BODY: &str = r#"{"name":"x","weight":1}"#;

/// A change with a session, as browsers would send it with these headers.
async fn check(world: &World, cookie: &str, headers: &[(&'static str, &str)], expected: u16) {
    let mut call = post("/v1/things").json(BODY).cookie(cookie);
    for (name, value) in headers {
        call = call.header(name, value);
    }
    let reply = world.send(call).await;
    assert_eq!(reply.status, expected, "{headers:?}: {}", reply.text());
    if expected == 403 {
        assert_eq!(reply.problem(), "cross-origin");
        assert_eq!(world.audit.take(), ["malicious_csrf"]);
    }
}

fn roomy() -> World {
    World::with(|config| {
        config.limits.write = 10_000;
        config.limits.auth = 10_000;
        config.public_url = Some("https://stats.example/dashboard".to_owned());
    })
}

#[tokio::test]
async fn a_session_changes_things_from_our_own_pages_only() {
    let world = roomy();
    let cookie = world.session("ada", "editor");
    world.audit.take();
    let site = "sec-fetch-site";
    check(&world, &cookie, &[(site, "same-origin")], 201).await;
    for other in ["same-site", "cross-site", "none", "", "Same-Origin", "same-origin, cross-site"] {
        check(&world, &cookie, &[(site, other)], 403).await;
        check(&world, &cookie, &[(site, other), ("origin", "http://stats.test")], 403).await;
    }
    check(&world, &cookie, &[(site, "same-origin"), (site, "cross-site")], 403).await;
    check(&world, &cookie, &[], 403).await;
    check(&world, &cookie, &[("referer", "http://stats.test/")], 403).await;
}

#[tokio::test]
async fn an_older_browser_is_known_by_its_origin() {
    let world = roomy();
    let cookie = world.session("ada", "editor");
    world.audit.take();
    check(&world, &cookie, &[("origin", "http://stats.test")], 201).await;
    check(&world, &cookie, &[("origin", "https://stats.example")], 201).await;
    for other in [
        "https://stats.test",
        "http://stats.test:8080",
        "http://evil.test",
        "null",
        "",
        "http://stats.test.evil.test",
        "http://stats.test/",
        "http://stats.test@evil.test",
        "https://stats.example.evil.test",
    ] {
        check(&world, &cookie, &[("origin", other)], 403).await;
    }
    check(&world, &cookie, &[("origin", "http://stats.test"), ("origin", "http://evil.test")], 403)
        .await;
}

#[tokio::test]
async fn looking_needs_no_proof_and_every_change_does() {
    let world = roomy();
    let cookie = world.session("ada", "editor");
    assert_eq!(world.status(get("/v1/things").cookie(&cookie)).await, 200);
    assert_eq!(world.status(delete("/v1/things/1").cookie(&cookie)).await, 403);
    assert_eq!(world.status(delete("/v1/things/1").cookie(&cookie).own()).await, 204);
    assert_eq!(world.status(post("/v1/auth/logout").cookie(&cookie)).await, 403);
    assert_eq!(world.status(post("/v1/auth/logout").cookie(&cookie).own()).await, 204);
}

#[tokio::test]
async fn a_key_needs_no_proof_because_no_browser_adds_it_by_itself() {
    let world = roomy();
    let key = world.key(&["write:web"]);
    let call = || post("/v1/things").json(BODY).key(&key);
    assert_eq!(world.status(call()).await, 201);
    assert_eq!(world.status(call().header("sec-fetch-site", "cross-site")).await, 201);
}

#[tokio::test]
async fn a_form_of_a_foreign_page_is_the_wrong_type_whatever_it_carries() {
    let world = roomy();
    let cookie = world.session("ada", "editor");
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    {
        let call = post("/v1/things")
            .header("content-type", kind)
            .header("content-length", "2")
            .body("{}");
        let reply = world.send(call.cookie(&cookie).own()).await;
        assert_eq!((reply.status, reply.problem().as_str()), (415, "unsupported-type"));
    }
}

#[tokio::test]
async fn the_door_itself_is_not_opened_by_foreign_pages() {
    let world = roomy();
    let cookie = world.session("ada", "editor");
    let log_in = || -> Call {
        let body = format!(r#"{{"username":"ada","password":"{}"}}"#, crate::support::PASSWORD);
        post("/v1/auth/login").json(&body)
    };
    assert_eq!(world.status(log_in().header("sec-fetch-site", "cross-site")).await, 403);
    assert_eq!(world.status(log_in().header("origin", "http://evil.test")).await, 403);
    assert_eq!(world.status(log_in().header("origin", "null")).await, 403);
    assert_eq!(world.status(log_in().cookie(&cookie)).await, 403);
    assert_eq!(world.status(log_in().own()).await, 204);
    assert_eq!(world.status(log_in().header("origin", "http://stats.test")).await, 204);
    assert_eq!(world.status(log_in()).await, 204, "a program has neither header nor cookie");
}
