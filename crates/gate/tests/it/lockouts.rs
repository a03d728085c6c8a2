//! Strangers who guess, and owners who must not suffer for it.

use gate::http::DEVICE_COOKIE;
use gate::store::{AUTHENTICATORS_PER_USER_MAX, AuthenticatorStore, Store};
use gate::{AccountError, GateConfig, LogIn, TokenError, UserId};

use crate::support::{Call, PASSWORD, Reply, World, password, post};

const WRONG: &str = "not the password at all";

fn log_in(name: &str, secret: &str) -> Call {
    let body = serde_json::json!({ "username": name, "password": secret }).to_string();
    post("/v1/auth/login").json(&body).own()
}

/// What a browser is recognised by from then on, as it would send it.
fn device(reply: &Reply) -> String {
    assert_eq!(reply.status, 204, "{}", reply.text());
    let mut set = reply.headers.get_all("set-cookie").into_iter();
    let set = set.find(|line| line.to_str().unwrap().starts_with(DEVICE_COOKIE)).unwrap();
    let set = set.to_str().unwrap();
    assert!(set.contains("; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age="), "{set}");
    set.split(';').next().unwrap().to_owned()
}

fn roomy(config: &mut GateConfig) {
    config.limits.auth = 10_000;
    config.limits.auth_burst = None;
}

fn world() -> World {
    World::with(roomy)
}

/// What a restart makes of it.
fn restarted(world: &World) -> World {
    World::on(world.store.clone(), world.clock.clone(), roomy)
}

#[tokio::test]
async fn strangers_who_guess_do_not_lock_out_the_owners_browser() {
    let world = world();
    world.session("ada", "viewer");
    world.session("eve", "viewer");
    let ada = device(&world.send(log_in("ada", PASSWORD)).await);
    let eve = device(&world.send(log_in("eve", PASSWORD)).await);
    for _ in 0..5 {
        assert_eq!(world.status(log_in("ada", WRONG).from("198.51.100.1")).await, 401);
    }
    for address in ["198.51.100.1", "203.0.113.1", "192.0.2.1"] {
        let right = || log_in("ada", PASSWORD).from(address);
        assert_eq!(world.send(right()).await.problem(), "locked", "{address}");
        assert_eq!(world.send(right().cookie(&eve)).await.problem(), "locked", "of another");
        let end = if ada.ends_with('0') { '1' } else { '0' };
        let forged = format!("{}{end}", &ada[..ada.len() - 1]);
        assert_eq!(world.send(right().cookie(&forged)).await.problem(), "locked", "forged");
        assert_eq!(world.status(right().cookie(&ada)).await, 204, "{address}");
    }
    let stranger = world.send(log_in("ada", PASSWORD).from("203.0.113.1")).await;
    assert_eq!(stranger.problem(), "locked", "the owner's success opened the way");
}

#[tokio::test]
async fn a_recognised_browser_that_guesses_is_locked_and_every_door_with_it() {
    let world = world();
    world.session("ada", "viewer");
    let ada = device(&world.send(log_in("ada", PASSWORD)).await);
    let other = device(&world.send(log_in("ada", PASSWORD)).await);
    for _ in 0..5 {
        assert_eq!(world.status(log_in("ada", WRONG).cookie(&ada)).await, 401);
    }
    assert_eq!(world.send(log_in("ada", PASSWORD).cookie(&ada)).await.problem(), "locked");
    assert_eq!(world.send(log_in("ada", PASSWORD)).await.problem(), "locked");
    assert_eq!(world.status(log_in("ada", PASSWORD).cookie(&other)).await, 204);
    world.clock.forward(301);
    assert_eq!(world.status(log_in("ada", PASSWORD).cookie(&ada)).await, 204);
}

#[tokio::test]
async fn a_new_password_ends_the_lock_of_a_recognised_browser_too() {
    let world = world();
    for name in ["ada", "eve"] {
        world.session(name, "viewer");
    }
    let devices = [
        ("ada", device(&world.send(log_in("ada", PASSWORD)).await)),
        ("eve", device(&world.send(log_in("eve", PASSWORD)).await)),
    ];
    for (name, cookie) in &devices {
        for _ in 0..5 {
            assert_eq!(world.status(log_in(name, WRONG).cookie(cookie)).await, 401);
        }
        assert_eq!(world.status(log_in(name, PASSWORD).cookie(cookie)).await, 429);
    }
    let id = world.store.user_by_name("ada").unwrap().unwrap().id;
    let (operator, new) = (gate::local::operator(&world.gate), "a heron stands in the estuary");
    world.gate.set_password(&operator, id, &password(new)).unwrap();
    let [(_, ada), (_, eve)] = &devices;
    assert_eq!(world.status(log_in("ada", new).cookie(ada)).await, 204);
    assert_eq!(world.status(log_in("eve", PASSWORD).cookie(eve)).await, 429, "of another");
}

#[tokio::test]
async fn who_administers_ends_a_lock_of_an_account_and_of_the_machine_itself() {
    let world = world();
    world.session("ada", "viewer");
    let id = world.store.user_by_name("ada").unwrap().unwrap().id;
    let operator = gate::local::operator(&world.gate);
    for _ in 0..5 {
        assert_eq!(world.status(log_in("ada", WRONG).from("198.51.100.1")).await, 401);
    }
    for stranger in 0..40 {
        let name = format!("nobody{stranger}");
        world.send(log_in(&name, WRONG).from("127.0.0.1")).await;
    }
    let from = |address: &str| log_in("ada", PASSWORD).from(address);
    for address in ["198.51.100.2", "127.0.0.1"] {
        assert_eq!(world.send(from(address)).await.problem(), "locked", "{address}");
    }
    let other = log_in("eve", WRONG).from("127.0.0.1");
    assert_eq!(world.send(other).await.problem(), "locked", "the address itself is locked");
    world.audit.take();
    world.gate.unlock(&operator, id).unwrap();
    assert_eq!(world.audit.take(), ["authn_login_unlock"]);
    // Sign-ins from one address also have a rate, which is over in two minutes; the locks would last five.
    world.clock.forward(120);
    let again = restarted(&world);
    for one in [&world, &again] {
        for address in ["127.0.0.1", "198.51.100.2"] {
            let reply = one.send(from(address)).await;
            assert_eq!(reply.status, 204, "{address}: {}", reply.text());
        }
    }
    let nobody = UserId(uuid::Uuid::from_u128(1));
    assert!(matches!(world.gate.unlock(&operator, nobody), Err(AccountError::NotFound)));
}

#[tokio::test]
async fn signing_out_leaves_a_browser_recognised() {
    let world = world();
    world.session("ada", "viewer");
    let begun = world.send(log_in("ada", PASSWORD)).await;
    let session = begun.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let out = world.send(post("/v1/auth/logout").cookie(&session).own()).await;
    let ended: Vec<&str> =
        out.headers.get_all("set-cookie").into_iter().map(|line| line.to_str().unwrap()).collect();
    assert_eq!(ended.len(), 1);
    assert!(ended[0].starts_with("__Host-shelduck=;"), "{ended:?}");
    assert!(!out.header("clear-site-data").unwrap().contains("cookies"));
}

/// Wrong passwords of strangers, as slowly as the locks allow.
async fn guess(world: &World, name: &str, times: usize) {
    for place in 0..times {
        if place % 5 == 0 {
            world.clock.forward(3_601);
        }
        let address = format!("198.51.{}.{}", place / 200, place % 200);
        assert_eq!(world.status(log_in(name, WRONG).from(&address)).await, 401, "{place}");
    }
    world.clock.forward(3_601);
}

#[tokio::test]
async fn a_hundred_failures_in_a_row_end_a_password_until_it_is_bound_anew() {
    let world = world();
    world.session("ada", "viewer");
    world.session("eve", "viewer");
    let ada = device(&world.send(log_in("ada", PASSWORD)).await);
    guess(&world, "ada", 99).await;
    assert_eq!(world.status(log_in("ada", PASSWORD)).await, 204, "the hundredth was right");
    guess(&world, "ada", 100).await;
    let refused = world.send(log_in("ada", PASSWORD)).await;
    assert_eq!((refused.status, refused.problem()), (401, "wrong-credentials".to_owned()));
    assert_eq!(world.status(log_in("eve", PASSWORD)).await, 204);

    // Who is recognised is counted apart, so the owner is not shut out, and what it proves forgives.
    guess(&world, "eve", 100).await;
    assert_eq!(world.status(log_in("ada", PASSWORD).cookie(&ada)).await, 204);
    assert_eq!(world.status(log_in("ada", PASSWORD)).await, 204);

    // An administrator's link binds another password.
    let id = world.store.user_by_name("eve").unwrap().unwrap().id;
    assert_eq!(world.status(log_in("eve", PASSWORD)).await, 401);
    let operator = gate::local::operator(&world.gate);
    world.gate.set_password(&operator, id, &password("a heron stands in the estuary")).unwrap();
    assert_eq!(world.status(log_in("eve", "a heron stands in the estuary")).await, 204);
}

/// How many guesses the locks leave in so many seconds: five, then a lock of five minutes that doubles up to an hour.
fn guesses_within(seconds: u64) -> usize {
    let (mut at, mut lock, mut guesses) = (0, 300, 0);
    while at < seconds {
        guesses += 5;
        at += lock;
        lock = (2 * lock).min(3_600);
    }
    guesses
}

/// One guess as ada, by one of the spellings and doors, from an address nobody used before; whether it was looked at.
async fn is_looked_at(world: &World, guess: usize) -> bool {
    let spelling = ["ada", "ADA", " ada", "\u{ff41}da"][guess % 4];
    let address = match guess % 3 {
        0 => format!("2001:db8:{:x}::{:x}", guess >> 8, guess & 0xff),
        _ => format!("198.18.{}.{}", guess >> 8, guess & 0xff),
    };
    if guess.is_multiple_of(2) {
        let forged = format!("203.0.113.{}", guess % 250);
        let call = log_in(spelling, WRONG).from(&address).header("x-forwarded-for", &forged);
        return match world.status(call).await {
            401 => true,
            429 => false,
            other => panic!("{other}"),
        };
    }
    let permit = crate::tokens::visitor(world, &address).await;
    let form = LogIn { username: spelling.to_owned(), password: password(WRONG), user_agent: None };
    match world.gate.issue_tokens(&permit, &form, None).unwrap_err() {
        TokenError::Account(AccountError::WrongCredentials) => true,
        TokenError::Account(AccountError::Locked(_)) => false,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_day_of_guessing_at_every_door_is_as_many_guesses_as_the_locks_leave() {
    // The rest of the day goes on like its first hours.
    let hours = if std::env::var_os("SHELDUCK_LONG").is_some() { 24 } else { 5 };
    let mut world = world();
    world.session("ada", "viewer");
    let ada = device(&world.send(log_in("ada", PASSWORD)).await);
    let (mut sent, mut looked_at) = (0, 0);
    for minute in (0..hours * 60).step_by(5) {
        // As many at a time as are looked at; the first that is refused ends it for this moment.
        while is_looked_at(&world, sent).await {
            (sent, looked_at) = (sent + 1, looked_at + 1);
        }
        sent += 1;
        if minute % 60 == 30 {
            let own = log_in("ada", PASSWORD).from("198.51.100.1").cookie(&ada);
            assert_eq!(world.status(own).await, 204, "the owner is locked out in minute {minute}");
        }
        if minute == 205 {
            world = restarted(&world);
        }
        world.clock.forward(300);
    }
    assert_eq!(looked_at, guesses_within(hours * 3_600));
}

#[test]
fn the_authenticators_counted_apart_have_a_bound_and_none_is_shut_by_the_others() {
    let store = gate::memory::MemoryStore::new();
    let user = UserId(uuid::Uuid::from_u128(1));
    for _ in 0..3 {
        assert!(store.count_try(user, "password", 100).unwrap());
    }
    for number in 0..2 * AUTHENTICATORS_PER_USER_MAX {
        assert!(store.count_try(user, &format!("password@{number}"), 100).unwrap(), "{number}");
    }
    assert_eq!(store.forget_tries(user, "password").unwrap(), 3, "who failed most is kept");
}
