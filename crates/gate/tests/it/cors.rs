//! Which foreign pages may read what.

use http::Method;

use crate::support::{World, get, post, request};

const LISTED: &str = "https://shop.example:8443";

fn world() -> World {
    World::with(|config| config.cors.api_origins = vec![LISTED.to_owned()])
}

const STRANGERS: [&str; 10] = [
    "https://evil.example",
    "null",
    "https://shop.example",
    "https://shop.example:8443.evil.example",
    "https://evil-shop.example:8443",
    "http://shop.example:8443",
    "https://SHOP.example:8443",
    "https://shop.example:8443/",
    "https://user@shop.example:8443",
    "https://shop.example.:8443",
];

#[tokio::test]
async fn listed_pages_may_read_the_interface_and_no_others() {
    let world = world();
    let key = world.key(&["read:web"]);
    let reply = world.send(get("/v1/things").key(&key).header("origin", LISTED)).await;
    assert_eq!(reply.header("access-control-allow-origin"), Some(LISTED));
    for origin in STRANGERS {
        let reply = world.send(get("/v1/things").key(&key).header("origin", origin)).await;
        assert_eq!(
            (reply.status, reply.header("access-control-allow-origin")),
            (200, None),
            "{origin}"
        );
    }
}

#[tokio::test]
async fn errors_can_be_read_by_those_pages_too() {
    let reply = world().send(get("/v1/things").header("origin", LISTED)).await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (401, Some(LISTED)));
}

#[tokio::test]
async fn changes_and_accounts_are_for_our_own_pages() {
    let world = world();
    for call in [post("/v1/things").json("{}"), get("/v1/me"), get("/health"), get("/")] {
        let reply = world.send(call.header("origin", LISTED)).await;
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
}

#[tokio::test]
async fn events_come_from_everywhere_without_cookies() {
    let world = world();
    for origin in STRANGERS {
        let reply = world.send(post("/api/event").body("x").header("origin", origin)).await;
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, Some("*")));
    }
}

#[tokio::test]
async fn a_browser_that_asks_first_is_told() {
    let world = world();
    let ask = |path: &str, method: &str, origin: &str| {
        request(Method::OPTIONS, path)
            .header("origin", origin)
            .header("access-control-request-method", method)
    };
    let reply = world.send(ask("/v1/things", "GET", LISTED)).await;
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), Some(LISTED));
    assert_eq!(reply.header("access-control-allow-methods"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(
        reply.header("access-control-allow-headers"),
        Some("authorization, x-api-key, content-type, accept")
    );
    assert_eq!(reply.header("allow"), Some("GET, HEAD, OPTIONS, POST"));
    let reply = world.send(ask("/v1/things", "GET", "https://evil.example")).await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (204, None));
    let reply = world.send(ask("/v1/things", "POST", LISTED)).await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (204, None));
    let reply = world.send(ask("/v1/things", "DELETE", LISTED)).await;
    assert_eq!(reply.header("access-control-allow-methods"), None);
    let reply = world.send(ask("/api/event", "POST", "https://anyone.example")).await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert_eq!(reply.header("access-control-allow-methods"), Some("GET, POST, OPTIONS"));
    assert_eq!(reply.header("access-control-allow-headers"), Some("content-type"));
}

#[tokio::test]
async fn asking_first_is_counted_as_well() {
    let world = world();
    let ask = || request(Method::OPTIONS, "/v1/things");
    for _ in 0..100 {
        assert_eq!(world.status(ask()).await, 204);
    }
    assert_eq!(world.status(ask()).await, 429);
}

/// What the rules say, written down a second time and as plainly as possible.
fn may_read(origin: &str, path: &str, method: &Method) -> Option<&'static str> {
    let is_api = path == "/v1/things" && method != Method::POST;
    match path {
        "/api/event" | "/files/app.js" => Some("*"),
        _ if is_api && origin == LISTED => Some(LISTED),
        _ => None,
    }
}

fn unlimited() -> World {
    World::with(|config| {
        config.cors.api_origins =
            vec![LISTED.to_owned(), "https://xn--mnchen-3ya.example".to_owned()];
        let limits = &mut config.limits;
        for limit in [
            &mut limits.other,
            &mut limits.read,
            &mut limits.write,
            &mut limits.ingest,
            &mut limits.static_files,
            &mut limits.monitoring,
            &mut limits.auth,
        ] {
            *limit = 1_000_000;
        }
    })
}

/// Asks as a browser does before it sends; no answer promises more than the rules.
async fn ask_first(world: &World, origin: &str, path: &str, method: &Method) {
    let asked = [
        None,
        Some("authorization"),
        Some("x-api-key, content-type"),
        Some("cookie"),
        Some("x-evil"),
    ];
    for headers in asked {
        let mut ask = request(Method::OPTIONS, path)
            .header("origin", origin)
            .header("access-control-request-method", method.as_str());
        if let Some(headers) = headers {
            ask = ask.header("access-control-request-headers", headers);
        }
        let reply = world.send(ask).await;
        let names = reply.header("access-control-allow-headers").unwrap_or_default();
        assert!(!names.contains('*') && !names.contains("cookie") && !names.contains("evil"));
        let methods = reply.header("access-control-allow-methods").unwrap_or_default();
        let changes = methods.contains("POST") || methods.contains("DELETE");
        assert!(!changes || path == "/api/event", "{path}: {methods}");
        if reply.header("access-control-allow-origin").is_some() {
            assert!(may_read(origin, path, method).is_some(), "{method} {path} {origin}");
        }
    }
}

#[tokio::test]
async fn every_origin_class_method_and_question_is_answered_by_the_rules() {
    let world = unlimited();
    let key = world.key(&["read:web", "write:web"]);
    let others =
        ["https://xn--mnchen-3ya.example.evil.example", "https://shop.example:443", "file://", ""];
    let paths = [
        "/v1/things",
        "/v1/me",
        "/v1/auth/login",
        "/api/event",
        "/files/app.js",
        "/health",
        "/",
        "/nowhere.js",
    ];
    for origin in STRANGERS.into_iter().chain(others).chain([LISTED]) {
        for path in paths {
            for method in [Method::GET, Method::HEAD, Method::POST, Method::DELETE] {
                let call = request(method.clone(), path).header("origin", origin).key(&key);
                let reply = world.send(call).await;
                // What no route answers is nobody's to read.
                let rule = match reply.status {
                    404 | 405 => None,
                    _ => may_read(origin, path, &method),
                };
                let allowed = reply.header("access-control-allow-origin");
                assert_eq!(allowed, rule, "{method} {path} {origin}");
                ask_first(&world, origin, path, &method).await;
            }
        }
    }
}
