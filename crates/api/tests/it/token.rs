//! Tokens for programs, over HTTP.

use serde_json::json;

use crate::{Ask, World};

const PASSWORD: &str = "seven grey herons at low tide";

async fn with_ada() -> World {
    let world = World::new();
    let gate = world.gate.clone();
    let secret = tokio::task::spawn_blocking(move || gate.offer_setup().unwrap()).await.unwrap();
    let body = json!({"secret": secret, "username": "ada", "password": PASSWORD});
    let made = Ask::post("/v1/auth/setup", &body).header("sec-fetch-site", "same-origin");
    world.send(made).await.json(200);
    world
}

#[tokio::test]
async fn tokens_are_given_used_exchanged_and_revoked() {
    let world = with_ada().await;
    let login = json!({"username": "ada", "password": PASSWORD});
    let answer = world.send(Ask::post("/v1/auth/token", &login)).await;
    assert!(!answer.headers.contains_key("set-cookie"));
    let first = answer.json(200);
    assert_eq!((&first["token_type"], &first["expires_in_s"]), (&json!("Bearer"), &json!(900)));
    let access = first["access_token"].as_str().unwrap();
    world.send(Ask::get("/v1/sites").key(access)).await.json(200);
    let body = json!({"refresh_token": first["refresh_token"]});
    let second = world.send(Ask::post("/v1/auth/token/refresh", &body)).await.json(200);
    let body = json!({"refresh_token": second["refresh_token"]});
    world.send(Ask::post("/v1/auth/token/revoke", &body)).await.nothing(204);
    for token in [access, second["access_token"].as_str().unwrap()] {
        assert_eq!(
            world.send(Ask::get("/v1/sites").key(token)).await.problem(401),
            "unauthenticated"
        );
    }
    let again = world.send(Ask::post("/v1/auth/token/refresh", &body)).await;
    assert_eq!(again.problem(401), "unauthenticated");
    let keys = world.send(Ask::get("/v1/auth/jwks")).await.json(200);
    assert_eq!(keys["keys"][0]["kty"], "OKP");
    assert!(keys["keys"][0].get("d").is_none());
}
