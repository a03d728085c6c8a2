//! Signing in, staying in, going out.

use gate::AccountError;
use gate::password::PasswordFault;
use gate::store::{PasswordHashText, SessionsAfter, Store};

use crate::support::{Call, PASSWORD, Reply, World, get, new_user, password, permit_of, post};

fn log_in(name: &str, secret: &str) -> Call {
    let body = serde_json::json!({ "username": name, "password": secret }).to_string();
    post("/v1/auth/login").json(&body).own()
}

fn roomy() -> World {
    World::with(|config| config.limits.auth = 10_000)
}

/// The cookie an answer sets, as the browser would send it.
fn cookie(reply: &Reply) -> String {
    let set = reply.header("set-cookie").unwrap();
    set.split(';').next().unwrap().to_owned()
}

async fn who(world: &World, cookie: &str) -> u16 {
    world.status(get("/v1/me").cookie(cookie)).await
}

#[tokio::test]
async fn the_server_is_set_up_once() {
    let world = World::new();
    assert!(world.gate.setup_required().unwrap());
    assert!(matches!(world.set_up("guess"), Err(AccountError::SetupClosed)));
    let old = world.gate.offer_setup().unwrap();
    let secret = world.gate.offer_setup().unwrap();
    assert_ne!(old, secret);
    assert!(matches!(world.set_up(&old), Err(AccountError::WrongSetupSecret)));
    let root = world.set_up(&secret).unwrap();
    assert_eq!((root.user.name.as_str(), root.user.role.as_str()), ("root", "admin"));
    assert!(matches!(world.set_up(&secret), Err(AccountError::SetupClosed)));
    assert!(matches!(world.gate.offer_setup(), Err(AccountError::SetupClosed)));
    assert!(!world.gate.setup_required().unwrap());
}

#[tokio::test]
async fn a_session_begins_lives_and_ends() {
    let world = roomy();
    world.session("ada", "viewer");
    let reply = world.send(log_in(" ADA ", PASSWORD)).await;
    let set = reply.header("set-cookie").unwrap();
    assert!(
        set.starts_with("__Host-shelduck=")
            && set.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict"),
        "{set}"
    );
    let cookie = cookie(&reply);
    assert_eq!(who(&world, &cookie).await, 200);
    let out = world.send(post("/v1/auth/logout").cookie(&cookie).own()).await;
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(out.header("clear-site-data"), Some("\"cache\", \"storage\""));
    assert_eq!(who(&world, &cookie).await, 401);
}

#[tokio::test]
async fn signing_in_again_ends_the_session_that_was_there() {
    let world = roomy();
    let old = world.session("ada", "viewer");
    let new = cookie(&world.send(log_in("ada", PASSWORD).cookie(&old)).await);
    assert_ne!(old, new);
    assert_eq!((who(&world, &old).await, who(&world, &new).await), (401, 200));
}

#[tokio::test]
async fn a_session_ends_when_idle_and_at_its_end() {
    for (role, idle, absolute) in [("viewer", 3_600, 86_400), ("admin", 1_800, 43_200)] {
        let world = World::with(|config| config.limits.pre_auth = 1_000_000);
        let cookie = world.session("ada", role);
        world.clock.forward(idle - 1);
        assert_eq!(who(&world, &cookie).await, 200);
        let mut lived = idle - 1;
        while lived + idle / 2 < absolute {
            world.clock.forward(idle / 2);
            lived += idle / 2;
            assert_eq!(who(&world, &cookie).await, 200, "{role} after {lived}");
        }
        world.clock.forward(absolute - lived);
        assert_eq!(who(&world, &cookie).await, 401);
        let cookie = world.session("ada", role);
        assert_eq!(who(&world, &cookie).await, 200);
        world.clock.forward(idle);
        assert_eq!(who(&world, &cookie).await, 401, "{role} idle");
    }
}

#[tokio::test]
async fn the_eleventh_session_ends_the_first() {
    let world = World::new();
    let mut cookies = Vec::new();
    for _ in 0..11 {
        world.clock.forward(1);
        cookies.push(world.session("ada", "viewer"));
    }
    assert_eq!(who(&world, &cookies[0]).await, 401);
    for cookie in &cookies[1..] {
        assert_eq!(who(&world, cookie).await, 200);
    }
}

#[tokio::test]
async fn known_and_unknown_names_are_answered_alike() {
    let world = roomy();
    world.session("ada", "viewer");
    let body = async |name: &str, secret: &str| {
        let reply = world.send(log_in(name, secret)).await;
        let mut json = reply.json();
        json["request_id"].take();
        (reply.status, json, reply.header("retry-after").map(str::to_owned))
    };
    for round in 0..7 {
        let (known, unknown) = (body("ada", "wrong").await, body("nobody", "wrong").await);
        assert_eq!(known, unknown, "round {round}");
        assert_eq!(known.0, if round < 5 { 401 } else { 429 });
    }
    assert_eq!(body("ada", PASSWORD).await.0, 429, "during a lock nothing is checked");
    world.clock.forward(300);
    assert_eq!(world.status(log_in("ada", PASSWORD)).await, 204);
    assert!(world.audit.take().contains(&"authn_login_successafterfail".to_owned()));
}

#[tokio::test]
async fn every_spelling_of_a_name_is_one_counter() {
    let world = roomy();
    world.session("ada", "viewer");
    for (place, name) in ["ada", "ADA", " ada", "ＡＤＡ", "ada\u{a0}"].into_iter().enumerate() {
        assert_eq!(
            world.status(log_in(name, "wrong").from(&format!("192.0.2.{place}"))).await,
            401
        );
    }
    let reply = world.send(log_in("Ada", PASSWORD).from("198.51.100.1")).await;
    assert_eq!((reply.status, reply.problem().as_str(), reply.retry_after()), (429, "locked", 300));
}

#[tokio::test]
async fn a_restart_keeps_sessions_and_locks() {
    let world = roomy();
    let cookie = world.session("ada", "viewer");
    for _ in 0..5 {
        assert_eq!(world.status(log_in("ada", "wrong")).await, 401);
    }
    let again =
        World::on(world.store.clone(), world.clock.clone(), |config| config.limits.auth = 10_000);
    assert_eq!(who(&again, &cookie).await, 200);
    assert_eq!(again.status(log_in("ada", PASSWORD)).await, 429);
}

#[tokio::test]
async fn a_restart_that_shall_forget_sessions_ends_all_of_them_and_says_so() {
    let world = roomy();
    let cookies = [world.session("ada", "viewer"), world.session("bob", "admin")];
    let key = world.key(&["read:web"]);
    let again =
        World::on(world.store.clone(), world.clock.clone(), |config| config.limits.auth = 10_000);
    assert_eq!(who(&again, &cookies[0]).await, 200);
    assert_eq!(again.gate.forget_sessions().unwrap(), 2);
    let events = again.audit.take_events();
    let said: Vec<_> =
        events.iter().map(|event| (event.name.name(), event.actor.as_str())).collect();
    assert_eq!(said, [("session_expired", "system")]);
    assert_eq!(events[0].object.as_deref(), Some("restart"));
    for cookie in &cookies {
        assert_eq!(who(&again, cookie).await, 401);
    }
    assert_eq!(again.status(get("/v1/things").key(&key)).await, 200, "keys are no sessions");
    assert_eq!(again.gate.forget_sessions().unwrap(), 0);
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once() {
    let world = roomy();
    let cookie = world.session("ada", "viewer");
    assert_eq!(who(&world, &cookie).await, 200);
    let ada = world.store.user_by_name("ada").unwrap().unwrap();
    let operator = gate::local::operator(&world.gate);
    let change =
        |disabled| gate::UserChange { disabled: Some(disabled), ..gate::UserChange::default() };
    world.gate.update_user(&operator, ada.id, &change(true)).unwrap();
    assert_eq!(who(&world, &cookie).await, 401);
    assert_eq!(world.status(log_in("ada", PASSWORD)).await, 401);
    world.gate.update_user(&operator, ada.id, &change(false)).unwrap();
    assert_eq!(who(&world, &cookie).await, 401);
    assert_eq!(world.status(log_in("ada", PASSWORD)).await, 204);
}

#[tokio::test]
async fn a_new_role_ends_sessions_and_somebody_must_administer() {
    let world = roomy();
    let cookie = world.session("ada", "admin");
    let ada = world.store.user_by_name("ada").unwrap().unwrap();
    let operator = gate::local::operator(&world.gate);
    let role = |role: &str| gate::UserChange {
        role: Some(role.to_owned()),
        ..gate::UserChange::default()
    };
    let refused = world.gate.update_user(&operator, ada.id, &role("viewer"));
    assert!(matches!(refused, Err(AccountError::LastAdministrator)));
    world.session("grace", "admin");
    world.gate.update_user(&operator, ada.id, &role("viewer")).unwrap();
    assert_eq!(who(&world, &cookie).await, 401);
    assert!(matches!(
        world.gate.update_user(&operator, ada.id, &role("king")),
        Err(AccountError::Role)
    ));
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_the_old_one() {
    let world = roomy();
    let (here, there) = (world.session("ada", "viewer"), world.session("ada", "viewer"));
    let permit = permit_of(&world, &here).await;
    let change =
        |old: &str, new: &str| world.gate.change_password(&permit, &password(old), &password(new));
    let new = "nine green umbrellas sing quietly";
    assert!(matches!(change("wrong", new), Err(AccountError::WrongCredentials)));
    assert!(matches!(
        change(PASSWORD, "short"),
        Err(AccountError::Password(PasswordFault::TooShort))
    ));
    change(PASSWORD, new).unwrap();
    assert_eq!((who(&world, &here).await, who(&world, &there).await), (200, 401));
    assert_eq!(world.status(log_in("ada", PASSWORD)).await, 401);
    assert_eq!(world.status(log_in("ada", new)).await, 204);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_only() {
    let world = roomy();
    let (ada, grace) = (world.session("ada", "viewer"), world.session("grace", "viewer"));
    world.clock.forward(1);
    let other = world.session("ada", "viewer");
    let permit = permit_of(&world, &ada).await;
    let foreign = permit_of(&world, &grace).await;
    let sessions = world.gate.sessions(&permit).unwrap();
    assert_eq!(sessions.len(), 2);
    let ended = sessions[1].id;
    assert!(matches!(world.gate.end_session(&foreign, ended), Err(AccountError::NotFound)));
    assert_eq!(who(&world, &other).await, 200);
    world.gate.end_session(&permit, ended).unwrap();
    assert_eq!((who(&world, &ada).await, who(&world, &other).await), (200, 401));
    assert!(matches!(
        world.gate.sessions(&gate::local::operator(&world.gate)),
        Err(AccountError::NotForCaller)
    ));
}

#[tokio::test]
async fn a_weak_hash_is_replaced_at_the_next_login() {
    let world = roomy();
    world.session("ada", "viewer");
    let weak = world.store.user_by_name("ada").unwrap().unwrap().password.unwrap();
    let stronger =
        World::on(world.store.clone(), world.clock.clone(), |config| config.passwords.passes = 3);
    assert_eq!(stronger.status(log_in("ada", PASSWORD)).await, 204);
    let mut ada = world.store.user_by_name("ada").unwrap().unwrap();
    assert!(weak.0.contains("t=2") && ada.password.unwrap().0.contains("t=3"));
    assert_eq!(stronger.status(log_in("ada", PASSWORD)).await, 204);
    ada.password = Some(PasswordHashText("not a hash".to_owned()));
    world.store.update_user(&ada, SessionsAfter::Keep).unwrap();
    assert_eq!(stronger.status(log_in("ada", PASSWORD)).await, 500);
}

#[tokio::test]
async fn names_are_unique_and_only_administrators_make_them() {
    let world = roomy();
    let cookie = world.session("ada", "editor");
    let operator = gate::local::operator(&world.gate);
    let create = |permit: &gate::Permit, name: &str| {
        world.gate.create_user(permit, &new_user(name, "viewer"))
    };
    assert!(matches!(create(&operator, "ADA"), Err(AccountError::NameTaken)));
    assert!(matches!(create(&operator, "a b"), Err(AccountError::Name)));
    let permit = permit_of(&world, &cookie).await;
    assert!(matches!(create(&permit, "grace"), Err(AccountError::NotForCaller)));
}
