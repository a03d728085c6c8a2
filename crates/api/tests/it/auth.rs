//! Signing in and out, the first account, one's own password and sessions.

use http::Method;
use serde_json::{Value, json};

use crate::{Answer, Ask, World};

const PASSWORD: &str = "seven grey herons at low tide";
const OTHER: &str = "the estuary freezes twice a year";

/// The cookie an answer sets, after making sure of its attributes.
#[track_caller]
fn cookie_of(answer: &Answer) -> String {
    let set = answer.headers["set-cookie"].to_str().unwrap();
    for attribute in ["__Host-shelduck=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"]
    {
        assert!(set.contains(attribute), "{set}");
    }
    assert!(!set.contains("Domain"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

fn login(username: &str, password: &str) -> Ask {
    Ask::post("/v1/auth/login", &json!({"username": username, "password": password}))
        .header("sec-fetch-site", "same-origin")
}

/// Sets the server up with an admin called ada.
async fn set_up(world: &World) -> Answer {
    let gate = world.gate.clone();
    let secret = tokio::task::spawn_blocking(move || gate.offer_setup().unwrap()).await.unwrap();
    let body = json!({"secret": secret, "username": "Ada", "password": PASSWORD});
    world.send(Ask::post("/v1/auth/setup", &body).header("sec-fetch-site", "same-origin")).await
}

async fn is_signed_in(world: &World, cookie: &str) -> bool {
    world.send(Ask::get("/v1/auth/session").cookie(cookie)).await.status == 200
}

#[tokio::test]
async fn the_first_account_is_made_once() {
    let world = World::new();
    let state = async || world.send(Ask::get("/v1/auth/state")).await.json(200);
    assert_eq!(state().await["setup_required"], true);
    let wrong = json!({"secret": "0".repeat(64), "username": "eve", "password": PASSWORD});
    let wrong = Ask::post("/v1/auth/setup", &wrong).header("sec-fetch-site", "same-origin");
    assert!(world.send(wrong).await.status.is_client_error());

    let answer = set_up(&world).await;
    let user = answer.json(200)["user"].clone();
    assert_eq!((&user["username"], &user["role"]), (&json!("ada"), &json!("admin")));
    assert!(user["scopes"].as_array().unwrap().contains(&json!("admin:*")));
    assert!(is_signed_in(&world, &cookie_of(&answer)).await);
    assert_eq!(state().await["setup_required"], false);

    let again = json!({"secret": "0".repeat(64), "username": "eve", "password": PASSWORD});
    let again = Ask::post("/v1/auth/setup", &again).header("sec-fetch-site", "same-origin");
    assert!(world.send(again).await.status.is_client_error());
    assert_eq!(world.control.users().unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_begins_says_who_and_ends() {
    let world = World::new();
    set_up(&world).await.json(200);
    let answer = world.send(login(" ADA ", PASSWORD)).await;
    let cookie = cookie_of(&answer);
    let shown = world.send(Ask::get("/v1/auth/session").cookie(&cookie)).await.json(200);
    let begun = answer.json(200);
    assert_eq!((&shown["user"], &shown["required"]), (&begun["user"], &begun["required"]));
    assert_eq!(shown["session"]["factors"], json!(["password"]));
    assert!(shown["session"]["fresh_until"].is_string(), "{shown}");
    let out = world.send(Ask::new(Method::POST, "/v1/auth/logout").cookie(&cookie)).await;
    out.nothing(204);
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert!(out.headers.contains_key("clear-site-data"));
    assert_eq!(
        world.send(Ask::get("/v1/auth/session").cookie(&cookie)).await.problem(401),
        "unauthenticated"
    );
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_look_the_same() {
    let world = World::new();
    set_up(&world).await.json(200);
    let mut bodies = Vec::new();
    for (name, password) in [("ada", OTHER), ("nobody", PASSWORD), ("nobody\u{0}", PASSWORD)] {
        let answer = world.send(login(name, password)).await;
        assert!(!answer.headers.contains_key("set-cookie"));
        let mut problem = answer.json(401);
        problem.as_object_mut().unwrap().remove("request_id");
        bodies.push(problem);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn five_wrong_passwords_lock_the_account_and_a_restart_does_not_forgive() {
    let world = World::new();
    set_up(&world).await.json(200);
    for _ in 0..5 {
        world.send(login("ada", OTHER)).await.json(401);
    }
    let locked = world.send(login("ada", PASSWORD)).await;
    assert_eq!(locked.problem(429), "locked");
    assert!(locked.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 200);
    assert!(world.control.lockouts().unwrap().iter().any(|lockout| lockout.locked_until.is_some()));
    world.pass(301);
    world.send(login("ada", PASSWORD)).await.json(200);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_only() {
    let world = World::new();
    let here = cookie_of(&set_up(&world).await);
    let there = cookie_of(&world.send(login("ada", PASSWORD)).await);
    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        Ask::post("/v1/me/password", &body).cookie(&here)
    };
    assert_eq!(world.send(change(OTHER, PASSWORD)).await.problem(422), "invalid current_password");
    assert_eq!(world.send(change(PASSWORD, "short")).await.problem(422), "invalid new_password");
    assert!(is_signed_in(&world, &there).await, "a refused change ended a session");
    world.send(change(PASSWORD, OTHER)).await.nothing(204);
    assert!(is_signed_in(&world, &here).await);
    assert!(!is_signed_in(&world, &there).await);
    world.send(login("ada", PASSWORD)).await.json(401);
    world.send(login("ada", OTHER)).await.json(200);
}

#[tokio::test]
async fn own_sessions_are_listed_and_ended() {
    let world = World::new();
    let here = cookie_of(&set_up(&world).await);
    world.pass(60);
    let there = cookie_of(
        &world.send(login("ada", PASSWORD).header("user-agent", "Firefox on a phone")).await,
    );
    let stranger = world.session("viewer");
    let listed = world.send(Ask::get("/v1/me/sessions").cookie(&here)).await.json(200);
    let sessions = listed["items"].as_array().unwrap();
    let current: Vec<&Value> = sessions.iter().map(|session| &session["current"]).collect();
    assert_eq!(current, [&json!(false), &json!(true)], "newest first: {listed}");
    assert_eq!(sessions[0]["user_agent"], "Firefox on a phone");
    let id = sessions[0]["id"].as_str().unwrap();
    let end =
        |cookie: &str| Ask::new(Method::DELETE, &format!("/v1/me/sessions/{id}")).cookie(cookie);
    assert_eq!(world.send(end(&stranger)).await.problem(404), "not-found");
    world.send(end(&here)).await.nothing(204);
    assert!(!is_signed_in(&world, &there).await);
    assert!(is_signed_in(&world, &here).await);
}

#[tokio::test]
async fn a_program_has_no_session_and_no_password() {
    let world = World::new();
    let key = world.key(&["admin:*"]);
    for ask in [Ask::get("/v1/auth/session"), Ask::get("/v1/me/sessions")] {
        assert_eq!(world.send(ask.key(&key)).await.problem(403), "forbidden");
    }
}
