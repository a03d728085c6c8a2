//! Sites.

use http::Method;
use serde_json::{Value, json};

use crate::{Ask, World};

fn strip(mut site: Value) -> Value {
    site.as_object_mut().unwrap().remove("created_at").unwrap();
    site
}

#[tokio::test]
async fn a_site_is_added_changed_and_removed() {
    let world = World::new();
    let key = world.key(&["write:web"]);
    let new = json!({"domain": "https://x"});
    assert_eq!(
        world.send(Ask::post("/v1/sites", &new).key(&key)).await.problem(422),
        "invalid domain"
    );

    let new = json!({"domain": "WWW.Bücher.example", "time_zone": "europe/berlin", "allowed_hostnames": ["M.Example"]});
    let made = world.send(Ask::post("/v1/sites", &new).key(&key)).await.json(201);
    assert_eq!(made["created_at"], crate::world::NOW);
    let expected = json!({
        "domain": "xn--bcher-kva.example", "time_zone": "Europe/Berlin", "allowed_hostnames": ["m.example"], "visitors_24h": 0,
    });
    assert_eq!(strip(made.clone()), expected);
    let path = "/v1/sites/xn--bcher-kva.example";
    assert_eq!(world.send(Ask::get(path).key(&key)).await.json(200), made);
    assert_eq!(
        world.send(Ask::get("/v1/sites/www.B%C3%BCcher.example").key(&key)).await.json(200),
        made
    );
    assert_eq!(
        world.send(Ask::post("/v1/sites", &new).key(&key)).await.problem(409),
        "site-exists domain"
    );

    let change = Ask::new(Method::PATCH, path).json(&json!({"time_zone": "Asia/Kolkata"}));
    let changed = world.send(change.key(&key)).await.json(200);
    assert_eq!(
        (&changed["time_zone"], &changed["allowed_hostnames"]),
        (&json!("Asia/Kolkata"), &json!(["m.example"]))
    );

    let listed = world.send(Ask::get("/v1/sites").key(&key)).await.json(200);
    assert_eq!(listed["next_cursor"], Value::Null);
    let domains: Vec<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|site| site["domain"].as_str().unwrap())
        .collect();
    assert_eq!(domains, ["shop.example", "xn--bcher-kva.example"]);

    world.send(Ask::new(Method::DELETE, path).key(&key)).await.nothing(204);
    for answer in [
        world.send(Ask::get(path).key(&key)).await,
        world.send(Ask::new(Method::DELETE, path).key(&key)).await,
    ] {
        assert_eq!(answer.problem(404), "not-found");
    }
    let overview = world.send(Ask::get(&format!("{path}/overview")).key(&key)).await;
    assert_eq!(overview.problem(404), "not-found", "the reports of a removed site are still there");
}

#[tokio::test]
async fn every_fault_of_a_request_is_named_at_once() {
    let world = World::new();
    let key = world.key(&["write:web"]);
    for (body, expected) in [
        (json!({}), (400, "bad-request domain")),
        (json!({"domain": "a.example", "other": 1}), (400, "bad-request other")),
        (json!({"domain": 7}), (400, "bad-request domain")),
        (
            json!({"domain": "a b", "time_zone": "Mars", "allowed_hostnames": ["x:1"]}),
            (422, "invalid domain time_zone allowed_hostnames"),
        ),
        (
            json!({"domain": "a.example", "allowed_hostnames": vec!["b.example"; 51]}),
            (422, "invalid allowed_hostnames"),
        ),
    ] {
        let answer = world.send(Ask::post("/v1/sites", &body).key(&key)).await;
        assert_eq!(answer.problem(expected.0), expected.1, "{body}");
    }
    for body in ["", "{", "[]", "\"x\"", "{\"domain\":\"a.example\"}x"] {
        let answer = world
            .send(Ask::new(Method::POST, "/v1/sites").body("application/json", body).key(&key))
            .await;
        assert!(answer.problem(400).starts_with("bad-request"), "{body}");
    }
    let text = Ask::new(Method::POST, "/v1/sites").body("text/plain", "{\"domain\":\"a.example\"}");
    assert_eq!(world.send(text.key(&key)).await.problem(415), "unsupported-type");
    assert_eq!(world.control.sites().unwrap().len(), 1, "a refused request added a site");
}

#[tokio::test]
async fn a_site_that_was_added_takes_events_at_once_and_a_removed_one_none() {
    let world = World::new();
    let key = world.key(&["write:web"]);
    let event = || {
        let body = json!({"n": "pageview", "u": "https://new.example/", "d": "new.example"});
        Ask::new(Method::POST, "/api/event")
            .body("text/plain", body.to_string())
            .header("user-agent", crate::ingest::FIREFOX)
    };
    assert_eq!(world.send(event()).await.problem(400), "unknown-site domain");
    world.send(Ask::post("/v1/sites", &json!({"domain": "new.example"})).key(&key)).await.json(201);
    assert_eq!(world.send(event()).await.status, 202);
    world.send(Ask::new(Method::DELETE, "/v1/sites/new.example").key(&key)).await.nothing(204);
    assert_eq!(world.send(event()).await.problem(400), "unknown-site domain");
}

#[tokio::test]
async fn the_installation_check_names_what_to_do_and_what_came() {
    let world = World::new();
    let key = world.key(&["read:web"]);
    let path = "/v1/sites/shop.example/status";
    let status = world.send(Ask::get(path).key(&key)).await.json(200);
    assert_eq!((&status["first_event_at"], &status["events_24h"]), (&Value::Null, &json!(0)));
    assert_eq!(status["script_url"], "http://127.0.0.1:8080/js/script.js");
    let snippet = "<script defer data-domain=\"shop.example\" src=\"http://127.0.0.1:8080/js/script.js\"></script>";
    assert_eq!(status["snippet"], snippet);
    assert_eq!(
        world.send(Ask::get("/v1/sites/other.example/status").key(&key)).await.problem(404),
        "not-found"
    );
}
