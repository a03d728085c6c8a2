//! The limit table, one's own standing, and everybody's.

use serde_json::{Value, json};

use crate::{Ask, World};

/// The item of that kind of subject and class.
fn find<'a>(live: &'a Value, kind: &str, class: &str) -> Option<&'a Value> {
    live["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["class"] == class && item["subject"].as_str().unwrap().starts_with(kind))
}

#[tokio::test]
async fn an_administrator_sees_who_uses_how_much() {
    let world = World::new();
    let (admin, key) = (world.session("admin"), world.key(&["read:web"]));
    let id = gate::ApiKey::parse(&key).unwrap().id().to_string();
    let shop = "/v1/sites/shop.example/realtime";
    for _ in 0..7 {
        world.send(Ask::get(shop).key(&key)).await.json(200);
    }
    world.send(Ask::get("/health").from("198.51.100.77")).await;
    let answer = world.send(Ask::get("/v1/limits/live").cookie(&admin)).await;
    let live = answer.json(200);
    let own = find(&live, &format!("key:{id}"), "read").unwrap();
    let expected = json!({
        "subject": format!("key:{id}"), "class": "read", "database": "web", "used": 7,
        "quota": 50_000, "refused": 0, "shadow": 0, "in_flight": 0,
    });
    assert_eq!(own, &expected);
    assert_eq!(find(&live, "address:", "monitoring").unwrap()["used"], 1);
    assert!(find(&live, "user:", "read").is_some());
    assert!(!answer.text().contains("198.51.100"), "an address was told");
    assert_eq!(live["heavy"], json!({"units": 0, "units_max": 10, "waiting": 0}));

    world.pass(70);
    let live = world.send(Ask::get("/v1/limits/live").cookie(&admin)).await.json(200);
    assert!(find(&live, "key:", "read").is_none(), "nothing is used any more: {live}");
}

#[tokio::test]
async fn only_administrators_see_others_and_everybody_sees_its_own() {
    let world = World::new();
    let viewer = world.session("viewer");
    assert_eq!(
        world.send(Ask::get("/v1/limits/live").cookie(&viewer)).await.problem(403),
        "forbidden"
    );
    assert_eq!(world.send(Ask::get("/v1/limits")).await.problem(401), "unauthenticated");
    world.send(Ask::get("/v1/sites/shop.example/realtime").cookie(&viewer)).await.json(200);
    let limits = world.send(Ask::get("/v1/limits").cookie(&viewer)).await.json(200);
    let own = limits["own"].as_array().unwrap();
    let reads: Vec<(&Value, &Value, &Value)> =
        own.iter().map(|one| (&one["class"], &one["database"], &one["used"])).collect();
    let none = Value::Null;
    assert_eq!(
        reads,
        [(&json!("read"), &none, &json!(1)), (&json!("read"), &json!("web"), &json!(1))]
    );
    assert!(own.iter().all(|one| one.get("subject").is_none()));
}

#[tokio::test]
async fn the_list_is_bounded() {
    let world = World::new();
    let admin = world.session("admin");
    for caller in 0..300_u32 {
        let address = std::net::Ipv4Addr::from(0xc612_0000 + caller).to_string();
        world.send(Ask::get("/health").from(&address)).await;
    }
    let live = world.send(Ask::get("/v1/limits/live").cookie(&admin)).await.json(200);
    assert_eq!(live["items"].as_array().unwrap().len(), gate::limits::LIVE_ITEMS_MAX);
    assert!(live["omitted"].as_u64().unwrap() >= 100, "{}", live["omitted"]);
}
