//! Health, metrics, limits, well-known files.

use crate::{Ask, World};

#[tokio::test]
async fn health_says_no_more_than_that() {
    let world = World::new();
    for path in ["/health", "/health/ready"] {
        assert_eq!(
            world.send(Ask::get(path)).await.json(200),
            serde_json::json!({"status": "ok"}),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_admin_listener_says_more() {
    let world = World::new();
    let detail = world.send_admin(Ask::get("/health/detail")).await.json(200);
    assert_eq!(
        (&detail["control"], &detail["warehouse"], &detail["loader_failing"]),
        (&true.into(), &true.into(), &false.into())
    );
    let metrics = world.send_admin(Ask::get("/metrics")).await;
    assert_eq!(metrics.text(), "shelduck_up 1\n");
    assert_eq!(world.send_admin(Ask::get("/v1/sites")).await.problem(404), "not-found");
}

#[tokio::test]
async fn the_limit_table_names_every_class() {
    let world = World::new();
    let cookie = world.session("admin");
    let limits = world.send(Ask::get("/v1/limits").cookie(&cookie)).await.json(200);
    assert_eq!(limits["mode"], "enforce");
    let classes: Vec<&str> = limits["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["class"].as_str().unwrap())
        .collect();
    assert_eq!(
        classes,
        ["read", "query", "write", "auth", "ingest", "monitoring", "static", "other"]
    );
    assert_eq!(
        limits["items"][0]["per_minute"],
        serde_json::json!({"anonymous": 10_000, "signed_in": 20_000, "key": 50_000})
    );
}

#[tokio::test]
async fn crawlers_and_finders_of_holes_get_their_files() {
    let world = World::with(|options| {
        options.security_contact = Some("mailto:holes@shop.example".to_owned())
    });
    assert_eq!(world.send(Ask::get("/robots.txt")).await.text(), "User-agent: *\nDisallow: /\n");
    let text = world.send(Ask::get("/.well-known/security.txt")).await.text();
    assert!(
        text.starts_with("Contact: mailto:holes@shop.example\nExpires: 2027-05-21T00:00:00Z\n"),
        "{text}"
    );
}
