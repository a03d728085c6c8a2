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
