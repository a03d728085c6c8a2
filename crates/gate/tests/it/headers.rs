//! The header set of every kind of answer.

use crate::support::{World, get, post};

const API_CSP: &str = "default-src 'none'; frame-ancestors 'none'";

#[tokio::test]
async fn a_page_gets_the_strict_set_of_a_page() {
    let reply = World::new().send(get("/anything")).await;
    let csp = reply.header("content-security-policy").unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types svelte-trusted-html",
    ] {
        assert!(csp.split("; ").any(|one| one == part), "{part} in {csp}");
    }
    assert!(!csp.contains("unsafe") && !csp.contains('*') && !csp.contains("  "));
    assert_eq!(reply.header("cross-origin-opener-policy"), Some("same-origin"));
    assert_eq!(reply.header("cross-origin-embedder-policy"), Some("require-corp"));
    assert_eq!(reply.header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn anything_else_gets_the_set_of_an_interface() {
    let world = World::new();
    for reply in [
        world.send(get("/health")).await,
        world.send(get("/v1/things")).await,
        world.send(get("/panic")).await,
    ] {
        assert_eq!(reply.header("content-security-policy"), Some(API_CSP));
        assert_eq!(reply.header("cross-origin-resource-policy"), Some("same-origin"));
        assert_eq!(reply.header("cross-origin-opener-policy"), None);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    let permissions =
        world.send(get("/health")).await.header("permissions-policy").unwrap().to_owned();
    for feature in ["geolocation=()", "microphone=()", "camera=()", "usb=()"] {
        assert!(permissions.split(", ").any(|one| one == feature), "{feature}");
    }
}

#[tokio::test]
async fn only_public_files_choose_their_own_caching() {
    let world = World::new();
    let public = world.send(get("/files/app.js")).await;
    assert_eq!(public.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(public.header("cross-origin-resource-policy"), Some("cross-origin"));
    let private = world.send(get("/private/app.js").key(&world.key(&["read:web"]))).await;
    assert_eq!((private.status, private.header("cache-control")), (200, Some("no-store")));
}

#[tokio::test]
async fn what_foreign_pages_embed_says_so() {
    let reply = World::new().send(post("/api/event").body("x")).await;
    let permissions = Some("geolocation=(), microphone=(), camera=()");
    assert_eq!(reply.header("permissions-policy"), permissions);
    assert_eq!(reply.header("cross-origin-resource-policy"), Some("cross-origin"));
    assert_eq!(reply.header("set-cookie"), None);
    assert_eq!(reply.header("ratelimit"), None);
}

#[tokio::test]
async fn encryption_is_burned_in_only_where_it_is() {
    let value = Some("max-age=63072000; includeSubDomains");
    let world = World::with(|config| config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()]);
    let hsts =
        async |call| world.send(call).await.header("strict-transport-security").map(str::to_owned);
    assert_eq!(hsts(get("/health")).await, None);
    assert_eq!(hsts(get("/health").over_tls()).await.as_deref(), value);
    assert_eq!(hsts(get("/nowhere").over_tls()).await.as_deref(), value);
    assert_eq!(hsts(get("/health").header("x-forwarded-proto", "https")).await, None);
    assert_eq!(
        hsts(get("/health").header("x-forwarded-proto", "https").from("10.0.0.1")).await.as_deref(),
        value
    );
    assert_eq!(
        hsts(get("/health").header("x-forwarded-proto", "http").from("10.0.0.1").over_tls()).await,
        None
    );
    let mut local = get("/health").over_tls();
    local = local.replace_host("localhost:8443");
    assert_eq!(hsts(local).await, None);
    let preload = World::with(|config| config.hsts_preload = true);
    let reply = preload.send(get("/health").over_tls()).await;
    assert!(reply.header("strict-transport-security").unwrap().ends_with("; preload"));
}

#[tokio::test]
async fn every_request_has_its_own_id() {
    let world = World::new();
    let mut ids = std::collections::HashSet::new();
    for path in ["/health", "/health", "/nowhere", "/v1/things", "/panic"] {
        ids.insert(
            world
                .send(get(path).header("x-request-id", "mine"))
                .await
                .header("x-request-id")
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(ids.len(), 5);
    assert!(!ids.contains("mine"));
}

#[tokio::test]
async fn the_handlers_own_server_header_is_taken_off() {
    let reply = World::new().send(post("/api/event").body("x")).await;
    let permissions = Some("geolocation=(), microphone=(), camera=()");
    assert_eq!(reply.header("permissions-policy"), permissions);
    assert_eq!((reply.status, reply.header("server")), (200, None));
}

#[tokio::test]
async fn a_head_request_is_answered_like_get_without_a_body() {
    let world = World::new();
    let head = world.send(crate::support::request(http::Method::HEAD, "/health")).await;
    assert_eq!((head.status, head.body.len(), head.header("content-length")), (200, 0, Some("2")));
}
