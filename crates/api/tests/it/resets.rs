//! One-time links, and passwords set on the machine itself.

use http::Method;
use serde_json::{Value, json};

use crate::world::ORIGIN;
use crate::{Answer, Ask, World};

const PASSWORD: &str = "nine oystercatchers on the groyne";
const OTHER: &str = "the tern comes back in late april";
/// Bcrypt of `seven-sandbanks-at-dawn`, cost 10.
const BCRYPT: &str = "$2b$10$yTvFMzixcjCET2bPH1xciuRDW25LRqXUuMa7u1NxjY4RFNlYMUioi";

async fn made(world: &World, cookie: &str, name: &str) -> Value {
    let new = json!({"username": name, "role": "viewer", "grants": ["web"]});
    world.send(Ask::post("/v1/users", &new).cookie(cookie)).await.json(201)
}

/// The secret in a link, after making sure of the link.
fn token(reset: &Value) -> String {
    let url = reset["url"].as_str().unwrap();
    let token = url.strip_prefix(&format!("{ORIGIN}/reset#token=")).unwrap();
    assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{url}");
    assert_eq!(reset["expires_at"], "2026-11-23T12:00:00Z");
    token.to_owned()
}

async fn choose(world: &World, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "password": password});
    world.send(Ask::post("/v1/auth/reset", &body).header("sec-fetch-site", "same-origin")).await
}

async fn login(world: &World, name: &str, password: &str) -> Answer {
    let body = json!({"username": name, "password": password});
    world.send(Ask::post("/v1/auth/login", &body).header("sec-fetch-site", "same-origin")).await
}

#[tokio::test]
async fn an_account_without_a_password_comes_with_a_link() {
    let world = World::new();
    let admin = world.session("admin");
    let made = made(&world, &admin, "bob").await;
    assert_eq!(
        (&made["user"]["username"], &made["user"]["grants"]),
        (&json!("bob"), &json!(["web"]))
    );
    let token = token(&made["reset"]);
    assert_eq!(login(&world, "bob", PASSWORD).await.status, 401);
    assert_eq!(choose(&world, &token, "short").await.problem(422), "invalid password");
    choose(&world, &token, PASSWORD).await.nothing(204);
    assert_eq!(choose(&world, &token, OTHER).await.problem(401), "wrong-credentials");
    let signed_in = login(&world, "bob", PASSWORD).await.json(200);
    assert_eq!(signed_in["required"], json!([]));
}

#[tokio::test]
async fn an_admin_makes_a_link_and_never_a_password() {
    let world = World::new();
    let admin = world.session("admin");
    let made = made(&world, &admin, "bob").await;
    let id = made["user"]["id"].as_str().unwrap();
    choose(&world, &token(&made["reset"]), PASSWORD).await.nothing(204);
    let path = format!("/v1/users/{id}/reset-link");
    let ask = |cookie: &str| Ask::new(Method::POST, &path).cookie(cookie);
    let viewer = world.session("viewer");
    assert_eq!(world.send(ask(&viewer)).await.problem(403), "forbidden");
    let link = world.send(ask(&admin)).await.json(201);
    choose(&world, &token(&link), OTHER).await.nothing(204);
    assert_eq!(login(&world, "bob", PASSWORD).await.status, 401);
    login(&world, "bob", OTHER).await.json(200);

    let body = json!({"password": PASSWORD});
    let change = Ask::new(Method::PATCH, &format!("/v1/users/{id}")).json(&body).cookie(&admin);
    assert_eq!(world.send(change).await.problem(400), "bad-request password");
    let set = || Ask::new(Method::PUT, &format!("/v1/users/{id}/password")).json(&body);
    assert_eq!(world.send(set().cookie(&admin)).await.problem(403), "forbidden");
    assert_eq!(world.send(set().local()).await.problem(422), "invalid password", "a former one");
    let fresh = json!({"password": "six black swans on a frozen lake"});
    let set = Ask::new(Method::PUT, &format!("/v1/users/{id}/password")).json(&fresh);
    world.send(set.local()).await.nothing(204);
    login(&world, "bob", "six black swans on a frozen lake").await.json(200);
}

#[tokio::test]
async fn a_link_that_is_none_says_nothing_about_why() {
    let world = World::new();
    let admin = world.session("admin");
    let used = token(&made(&world, &admin, "bob").await["reset"]);
    choose(&world, &used, PASSWORD).await.nothing(204);
    let old = token(&made(&world, &admin, "mary").await["reset"]);
    world.pass(86_400);
    let mut bodies = Vec::new();
    for token in [used.as_str(), old.as_str(), &"0".repeat(64), "", "x"] {
        let mut body = choose(&world, token, OTHER).await.json(401);
        body.as_object_mut().unwrap().remove("request_id");
        bodies.push(body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn an_account_is_taken_over_on_the_machine_itself() {
    let world = World::new();
    let body =
        json!({"username": "Bob", "role": "analyst", "grants": ["web"], "password_hash": BCRYPT});
    let import = || Ask::post("/v1/users/import", &body);
    let admin = world.session("admin");
    assert_eq!(world.send(import().cookie(&admin)).await.problem(403), "forbidden");
    let made = world.send(import().local()).await.json(201);
    assert_eq!((&made["username"], &made["role"]), (&json!("bob"), &json!("analyst")));
    assert_eq!(world.send(import().local()).await.problem(409), "conflict username");
    login(&world, "bob", "seven-sandbanks-at-dawn").await.json(200);
    let kept = world.control.user_by_name("bob").unwrap().unwrap();
    assert!(kept.password_phc.unwrap().starts_with("$argon2id$"));
    let weak = json!({"username": "eve", "role": "viewer", "password_hash": "$2b$04$short"});
    assert_eq!(
        world.send(Ask::post("/v1/users/import", &weak).local()).await.problem(422),
        "invalid password_hash"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_use_a_link_at_once_one_does() {
    let world = std::sync::Arc::new(World::new());
    let admin = world.session("admin");
    let token = token(&made(&world, &admin, "bob").await["reset"]);
    let tries: Vec<_> = (0..64)
        .map(|number| {
            let (world, token) = (std::sync::Arc::clone(&world), token.clone());
            tokio::spawn(async move {
                let password = format!("{number} grey herons at low tide");
                let body = json!({"token": token, "password": password});
                let ask = Ask::post("/v1/auth/reset", &body).from(&format!("198.51.100.{number}"));
                let answer = world.send(ask.header("sec-fetch-site", "same-origin")).await;
                (answer.status.as_u16(), answer.headers.contains_key("retry-after"), password)
            })
        })
        .collect();
    let mut used = Vec::new();
    for one in tries {
        match one.await.unwrap() {
            (204, _, password) => used.push(password),
            (401, false, _) | (503, true, _) => {}
            other => panic!("{other:?}"),
        }
    }
    let [password] = used.as_slice() else {
        panic!("used {} times", used.len());
    };
    login(&world, "bob", password).await.json(200);
}
