//! A session whose account must do something first.

use gate::store::Store;
use gate::{AccountError, NewUser, UserChange};

use crate::support::{PASSWORD, World, get, new_user, password, permit_of, post};

fn must_change(world: &World, name: &str) {
    let user = world.store.user_by_name(name).unwrap().unwrap();
    let change = UserChange { must_change_password: Some(true), ..UserChange::default() };
    let operator = gate::local::operator(&world.gate);
    world.gate.update_user(&operator, user.id, &change).unwrap();
}

#[tokio::test]
async fn it_reaches_only_what_says_so_until_it_is_done() {
    let world = World::with(|config| config.limits.auth = 10_000);
    let cookie = world.session("ada", "admin");
    must_change(&world, "ada");
    let mine = || get("/v1/mine").cookie(&cookie);
    for path in ["/v1/mine", "/v1/things", "/v1/rooms/hall.test", "/v1/rooms/none", "/v1/users"] {
        let reply = world.send(get(path).cookie(&cookie)).await;
        assert_eq!((reply.status, reply.problem().as_str()), (403, "action-required"), "{path}");
    }
    assert_eq!(world.status(get("/v1/me").cookie(&cookie)).await, 200);
    assert_eq!(world.status(get("/health").cookie(&cookie)).await, 200);
    let permit = permit_of(&world, &cookie).await;
    assert_eq!(permit.required().iter().collect::<Vec<_>>(), [gate::Requirement::ChangePassword]);
    let new = password("nine green umbrellas sing quietly");
    world.gate.change_password(&permit, &password(PASSWORD), &new).unwrap();
    assert_eq!(world.status(mine()).await, 200, "in the same session, at once");
}

#[tokio::test]
async fn an_expired_password_leaves_a_session_that_can_only_change_it() {
    let world = World::with(|config| config.passwords.expiry_days = 90);
    world.session("ada", "viewer");
    world.clock.forward(90 * 86_400 - 1);
    let cookie = world.session("ada", "viewer");
    assert_eq!(world.status(get("/v1/things").cookie(&cookie)).await, 200);
    world.clock.forward(1);
    let again = world.session("ada", "viewer");
    for cookie in [&cookie, &again] {
        world.clock.forward(31);
        let reply = world.send(get("/v1/things").cookie(cookie)).await;
        assert_eq!((reply.status, reply.problem().as_str()), (403, "action-required"));
    }
    let permit = permit_of(&world, &again).await;
    let new = password("nine green umbrellas sing quietly");
    world.gate.change_password(&permit, &password(PASSWORD), &new).unwrap();
    assert_eq!(world.status(get("/v1/things").cookie(&again)).await, 200);
}

#[tokio::test]
async fn a_key_is_not_asked_to_change_a_password() {
    let world = World::new();
    let permit = permit_of(&world, &world.session("ada", "viewer")).await;
    let new = gate::NewKey {
        name: "program".to_owned(),
        scopes: vec!["read:web".to_owned()],
        ..gate::NewKey::default()
    };
    let key = world.gate.create_key(&permit, &new).unwrap().key.expose().to_owned();
    must_change(&world, "ada");
    assert_eq!(world.status(get("/v1/things").key(&key)).await, 200);
}

#[tokio::test]
async fn a_password_chosen_by_somebody_else_is_changed_first() {
    let world = World::new();
    let admin = permit_of(&world, &world.session("root", "admin")).await;
    assert!(
        world.gate.create_user(&admin, &new_user("ada", "viewer")).unwrap().must_change_password
    );
    let operator = gate::local::operator(&world.gate);
    let own = world.gate.create_user(&operator, &new_user("grace", "viewer")).unwrap();
    assert!(!own.must_change_password);
    let without = NewUser { password: None, ..new_user("mary", "viewer") };
    assert!(!world.gate.create_user(&admin, &without).unwrap().must_change_password);
}

#[tokio::test]
async fn without_a_password_nobody_signs_in() {
    let world = World::with(|config| config.limits.auth = 10_000);
    let operator = gate::local::operator(&world.gate);
    let new = NewUser { password: None, ..new_user("ada", "viewer") };
    world.gate.create_user(&operator, &new).unwrap();
    for secret in ["", PASSWORD] {
        let form = gate::LogIn {
            username: "ada".to_owned(),
            password: password(secret),
            user_agent: None,
        };
        let refused = world.gate.log_in(&operator, &form);
        assert!(matches!(refused, Err(AccountError::WrongCredentials)));
    }
    assert_eq!(world.status(post("/v1/auth/logout")).await, 401);
}

#[tokio::test]
async fn the_last_sign_in_is_noted() {
    let world = World::new();
    let last = || world.store.user_by_name("ada").unwrap().unwrap().last_login_at;
    world.session("ada", "viewer");
    let first = last().unwrap();
    world.clock.forward(60);
    assert_eq!(last(), Some(first));
    world.session("ada", "viewer");
    assert_eq!(last().unwrap().duration_since(first).as_secs(), 60);
}
