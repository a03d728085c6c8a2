//! Accounts.

use http::Method;
use serde_json::json;

use crate::{Ask, World};

const PASSWORD: &str = "nine oystercatchers on the groyne";
const OWN_PASSWORD: &str = "the tern comes back in late april";

#[tokio::test]
async fn an_account_is_made_changed_and_shut() {
    let world = World::new();
    let admin = world.session("admin");
    let new = json!({"username": "Bob", "password": PASSWORD, "role": "viewer"});
    let made = world.send(Ask::post("/v1/users", &new).cookie(&admin)).await.json(201);
    assert_eq!(
        (&made["username"], &made["role"], &made["disabled"]),
        (&json!("bob"), &json!("viewer"), &json!(false))
    );
    assert_eq!(
        world.send(Ask::post("/v1/users", &new).cookie(&admin)).await.problem(409),
        "conflict username"
    );

    let login = |password: &str| {
        let body = json!({"username": "bob", "password": password});
        Ask::post("/v1/auth/login", &body).header("sec-fetch-site", "same-origin")
    };
    let signed_in = world.send(login(PASSWORD)).await;
    assert_eq!(signed_in.json(200)["required"], json!(["change_password"]));
    let cookie =
        signed_in.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(
        world.send(Ask::get("/v1/users").cookie(&cookie)).await.problem(403),
        "action-required"
    );
    let own = json!({"current_password": PASSWORD, "new_password": OWN_PASSWORD});
    world.send(Ask::post("/v1/me/password", &own).cookie(&cookie)).await.nothing(204);
    assert_eq!(world.send(Ask::get("/v1/users").cookie(&cookie)).await.problem(403), "forbidden");

    let path = format!("/v1/users/{}", made["id"].as_str().unwrap());
    let change = |body| Ask::new(Method::PATCH, &path).json(&body).cookie(&admin);
    let changed = world.send(change(json!({"role": "analyst"}))).await.json(200);
    assert_eq!(changed["role"], "analyst");
    assert_eq!(
        world.send(Ask::get("/v1/auth/session").cookie(&cookie)).await.status,
        401,
        "a role changed under a session"
    );
    world.send(login(OWN_PASSWORD)).await.json(200);
    world.send(change(json!({"disabled": true}))).await.json(200);
    world.send(login(OWN_PASSWORD)).await.json(401);
    let listed = world.send(Ask::get("/v1/users").cookie(&admin)).await.json(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains("argon2"));
}

#[tokio::test]
async fn grants_say_where_a_role_counts() {
    let world = World::new();
    let admin = world.session("admin");
    let create = async |body: serde_json::Value| {
        world.send(Ask::post("/v1/users", &body).cookie(&admin)).await
    };
    let user = |name: &str, role: &str, grants: serde_json::Value| json!({"username": name, "password": PASSWORD, "role": role, "grants": grants});
    let made = create(user("bob", "viewer", json!(["web/WWW.Shop.example", "net"]))).await;
    let made = made.json(201);
    assert_eq!(made["grants"], json!(["net", "web/shop.example"]));
    assert_eq!(
        (&made["last_login_at"], &made["must_change_password"]),
        (&json!(null), &json!(true))
    );
    for (role, grants) in
        [("viewer", json!([])), ("viewer", json!(["read:web"])), ("admin", json!(["web"]))]
    {
        let refused = create(user("eve", role, grants)).await;
        assert_eq!(refused.problem(422), "invalid grants", "{role}");
    }
    let path = format!("/v1/users/{}", made["id"].as_str().unwrap());
    let change = async |body: serde_json::Value| {
        world.send(Ask::new(Method::PATCH, &path).json(&body).cookie(&admin)).await.json(200)
    };
    assert_eq!(change(json!({"grants": ["web"]})).await["grants"], json!(["web"]));
    assert_eq!(change(json!({"role": "admin"})).await["grants"], json!(["*"]));
    let other = create(user("mary", "viewer", json!(null))).await.json(201);
    assert_eq!(other["grants"], json!(["*"]));
}

#[tokio::test]
async fn what_cannot_be_an_account_is_refused() {
    let world = World::new();
    let admin = world.session("admin");
    for (body, expected) in [
        (json!({"username": "bob", "password": PASSWORD}), (400, "bad-request role")),
        (json!({"username": "a b", "role": "viewer"}), (422, "invalid username")),
        (
            json!({"username": "a b", "password": PASSWORD, "role": "viewer"}),
            (422, "invalid username"),
        ),
        (json!({"username": "bob", "password": PASSWORD, "role": "king"}), (422, "invalid role")),
        (
            json!({"username": "bob", "password": "short", "role": "viewer"}),
            (422, "invalid password"),
        ),
        (
            json!({"username": "bob", "password": "shelduck shelduck shelduck", "role": "viewer"}),
            (422, "invalid password"),
        ),
    ] {
        let answer = world.send(Ask::post("/v1/users", &body).cookie(&admin)).await;
        assert_eq!(answer.problem(expected.0), expected.1, "{body}");
    }
    let absent = Ask::new(Method::PATCH, "/v1/users/00000000-0000-4000-8000-000000000000");
    assert_eq!(
        world.send(absent.json(&json!({"disabled": true})).cookie(&admin)).await.problem(404),
        "not-found"
    );
    assert_eq!(world.control.users().unwrap().len(), 1);
}

#[tokio::test]
async fn the_last_admin_stays() {
    let world = World::new();
    let admin = world.session("admin");
    let id = world.control.users().unwrap()[0].id;
    for body in [json!({"disabled": true}), json!({"role": "viewer"})] {
        let ask = Ask::new(Method::PATCH, &format!("/v1/users/{id}")).json(&body).cookie(&admin);
        assert_eq!(world.send(ask).await.problem(409), "conflict", "{body}");
    }
}
