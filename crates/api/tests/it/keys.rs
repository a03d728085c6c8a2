//! API keys.

use http::Method;
use serde_json::{Value, json};

use crate::{Ask, World};

async fn create(world: &World, cookie: &str, body: Value) -> crate::Answer {
    world.send(Ask::post("/v1/keys", &body).cookie(cookie)).await
}

#[tokio::test]
async fn a_key_works_until_it_is_taken_back() {
    let world = World::new();
    let cookie = world.session("analyst");
    let body = json!({"name": "ci", "scopes": ["read:web"], "expires_in_days": 10});
    let made = create(&world, &cookie, body).await.json(201);
    assert_eq!((&made["name"], &made["scopes"]), (&json!("ci"), &json!(["read:web"])));
    assert_eq!(made["expires_at"], "2026-12-02T12:00:00Z");
    let secret = made["secret"].as_str().unwrap();
    world.send(Ask::get("/v1/sites").key(secret)).await.json(200);
    world.send(Ask::get("/v1/sites").header("x-api-key", secret)).await.json(200);

    let listed = world.send(Ask::get("/v1/keys").cookie(&cookie)).await.json(200);
    assert_eq!(listed["items"][0]["name"], "ci");
    assert!(!listed.to_string().contains(secret));

    let path = format!("/v1/keys/{}", made["id"].as_str().unwrap());
    world.send(Ask::new(Method::DELETE, &path).cookie(&cookie)).await.nothing(204);
    assert_eq!(world.send(Ask::get("/v1/sites").key(secret)).await.problem(401), "unauthenticated");
}

#[tokio::test]
async fn a_key_can_do_no_more_than_its_maker() {
    let world = World::new();
    let viewer = world.session("viewer");
    for scopes in
        [json!(["query:web"]), json!(["write:*"]), json!(["admin:*"]), json!(["read:*", "agent:*"])]
    {
        let answer = create(&world, &viewer, json!({"name": "x", "scopes": scopes})).await;
        assert_eq!(answer.problem(403), "forbidden scopes", "{scopes}");
    }
    for (body, expected) in [
        (json!({"name": "", "scopes": ["read:*"]}), "invalid name"),
        (json!({"name": "x", "scopes": []}), "invalid scopes"),
        (json!({"name": "x", "scopes": ["read"]}), "invalid scopes"),
        (
            json!({"name": "x", "scopes": ["read:*"], "expires_in_days": 0}),
            "invalid expires_in_days",
        ),
        (json!({"name": "x", "scopes": ["read:*"], "cidrs": ["everywhere"]}), "invalid cidrs"),
    ] {
        assert_eq!(create(&world, &viewer, body.clone()).await.problem(422), expected, "{body}");
    }
    assert_eq!(world.control.keys().unwrap().len(), 0);
}

#[tokio::test]
async fn a_key_is_bound_to_its_networks() {
    let world = World::new();
    let cookie = world.session("viewer");
    let body = json!({"name": "office", "scopes": ["read:*"], "cidrs": ["198.51.100.0/24"]});
    let made = create(&world, &cookie, body).await.json(201);
    let secret = made["secret"].as_str().unwrap();
    world.send(Ask::get("/v1/sites").key(secret).from("198.51.100.7")).await.json(200);
    assert_eq!(world.send(Ask::get("/v1/sites").key(secret)).await.problem(401), "unauthenticated");
}

#[tokio::test]
async fn rotation_overlaps_and_then_only_the_successor_works() {
    let world = World::new();
    let cookie = world.session("viewer");
    let old = create(&world, &cookie, json!({"name": "ci", "scopes": ["read:*"]})).await.json(201);
    let path = format!("/v1/keys/{}/rotate", old["id"].as_str().unwrap());
    let fresh = world.send(Ask::new(Method::POST, &path).cookie(&cookie)).await.json(201);
    let works = async |key: &Value| {
        world.send(Ask::get("/v1/sites").key(key["secret"].as_str().unwrap())).await.status == 200
    };
    assert!(works(&old).await && works(&fresh).await);
    world.pass(25 * 3600);
    assert!(!works(&old).await);
    assert!(works(&fresh).await);
}

#[tokio::test]
async fn a_strangers_key_is_not_there() {
    let world = World::new();
    let (ada, eve) = (world.session("viewer"), world.session("viewer"));
    let made = create(&world, &ada, json!({"name": "ci", "scopes": ["read:*"]})).await.json(201);
    let path = format!("/v1/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(
        world.send(Ask::new(Method::DELETE, &path).cookie(&eve)).await.problem(404),
        "not-found"
    );
    assert_eq!(
        world
            .send(Ask::new(Method::POST, &format!("{path}/rotate")).cookie(&eve))
            .await
            .problem(404),
        "not-found"
    );
    assert_eq!(world.send(Ask::get("/v1/keys").cookie(&eve)).await.json(200)["items"], json!([]));
    let admin = world.session("admin");
    assert_eq!(
        world.send(Ask::get("/v1/keys").cookie(&admin)).await.json(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    world.send(Ask::new(Method::DELETE, &path).cookie(&admin)).await.nothing(204);
}

const BROUGHT: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

#[tokio::test]
async fn a_key_that_programs_know_is_taken_over_by_an_administrator() {
    let world = World::new();
    let admin = world.session("admin");
    let body = json!({"name": "old", "scopes": ["read:web"], "secret": BROUGHT});
    let import =
        |cookie: &str, body: &Value| world.send(Ask::post("/v1/keys/import", body).cookie(cookie));
    let analyst = world.session("analyst");
    assert_eq!(import(&analyst, &body).await.problem(403), "forbidden");
    assert_eq!(
        world.send(Ask::get("/v1/sites").key(BROUGHT)).await.problem(401),
        "unauthenticated"
    );

    let taken = import(&admin, &body).await.json(201);
    assert_eq!((&taken["name"], &taken["imported"]), (&json!("old"), &json!(true)));
    assert!(!taken.to_string().contains(BROUGHT));
    world.send(Ask::get("/v1/sites").key(BROUGHT)).await.json(200);
    assert_eq!(import(&admin, &body).await.problem(409), "conflict secret");

    for (secret, expected) in [
        (&BROUGHT[..31], "invalid secret"),
        (&BROUGHT[..63], "invalid secret"),
        (&"0".repeat(64), "invalid secret"),
        ("", "invalid secret"),
    ] {
        let body = json!({"name": "old", "scopes": ["read:web"], "secret": secret});
        let refused = import(&admin, &body).await;
        assert!(secret.is_empty() || !refused.text().contains(secret));
        assert_eq!(refused.problem(422), expected, "{secret}");
    }
}

#[tokio::test]
async fn a_list_says_where_a_key_was_used_from_and_that_it_was_replaced() {
    let world = World::new();
    let cookie = world.session("viewer");
    let old = create(&world, &cookie, json!({"name": "ci", "scopes": ["read:*"]})).await.json(201);
    let listed = async || world.send(Ask::get("/v1/keys").cookie(&cookie)).await.json(200);
    let fresh = listed().await["items"][0].clone();
    assert_eq!(fresh["imported"], false);
    assert!(fresh["last_used_from"].is_null() && fresh["replaced_at"].is_null());
    let secret = old["secret"].as_str().unwrap();
    world.send(Ask::get("/v1/sites").key(secret).from("10.1.2.3")).await.json(200);
    let path = format!("/v1/keys/{}/rotate", old["id"].as_str().unwrap());
    world.send(Ask::new(Method::POST, &path).cookie(&cookie)).await.json(201);
    let items = listed().await["items"].clone();
    let find = |name: &str| {
        items.as_array().unwrap().iter().find(|item| item["id"] == old["id"]).unwrap()[name].clone()
    };
    assert_eq!(find("last_used_from"), "private");
    assert_eq!(find("replaced_at"), "2026-11-22T12:00:00Z");
    assert!(!items.to_string().contains("10.1.2.3"));
}
