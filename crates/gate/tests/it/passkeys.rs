//! Passkeys, made and used by an authenticator that is not our code.

use gate::factor::passkey::{PasskeyAnswer, PasskeyObstacle, PasskeySite};
use gate::store::factors::PASSKEYS_MAX;
use gate::{
    AccountError, Factor, FactorError, LoggedIn, PasskeyAdded, SecondFactor, SecondStep, StepUp,
    TransactionToken,
};
use serde_json::{Value, json};
use testkit::Device;

use crate::support::person::{BROWSER, cookie_of};
use crate::support::{PASSWORD, World, delete, password, permit_of};

const ORIGIN: &str = "https://stats.example.org";

fn world_at(url: &str) -> World {
    World::with(|config| {
        config.public_url = Some(url.to_owned());
        config.lockout.account_failures = 20;
        config.lockout.address_failures = 1_000;
        config.limits.auth = 10_000;
        config.limits.bad_credentials = 10_000;
        config.limits.pre_auth = 10_000;
    })
}

fn world() -> World {
    world_at(ORIGIN)
}

fn new_device() -> Device {
    Device::at(ORIGIN).unwrap()
}

/// What a browser sends, as the gate takes it.
fn answer(json: Value) -> PasskeyAnswer {
    PasskeyAnswer::new(json)
}

fn step<T>(transaction: &TransactionToken, shown: T) -> SecondStep<T> {
    let user_agent = Some(BROWSER.to_owned());
    SecondStep { transaction: transaction.clone(), shown, user_agent }
}

/// Adds a passkey made by that device.
async fn add(world: &World, cookie: &str, device: &mut Device) -> PasskeyAdded {
    let permit = permit_of(world, cookie).await;
    let offer = world.gate.offer_passkey(&permit, Some(BROWSER)).unwrap();
    let made = answer(device.make(&offer.options).unwrap());
    world.gate.add_passkey(&permit, &step(&offer.transaction, made), "laptop").unwrap()
}

/// A user with a passkey, the device that has it, and the session's cookie.
async fn with_passkey(world: &World, name: &str) -> (Device, String) {
    let mut device = new_device();
    let added = add(world, &world.session(name, "viewer"), &mut device).await;
    (device, cookie_of(added.token.expose()))
}

#[tokio::test]
async fn a_passkey_is_the_second_factor() {
    let world = world();
    let (mut device, _) = with_passkey(&world, "ada").await;
    let asked = world.asked("ada");
    assert_eq!(asked.methods, [Factor::Passkey, Factor::RecoveryCode]);
    let options = world.gate.challenge_second_step(&asked.transaction, Some(BROWSER)).unwrap();
    let shown = SecondFactor::Passkey(answer(device.answer(&options).unwrap()));
    let signed_in = world.second_step(&asked.transaction, shown.clone()).unwrap();
    let permit = permit_of(&world, &cookie_of(signed_in.token.expose())).await;
    let session = world.gate.current_session(&permit).unwrap();
    assert_eq!(session.factors.to_string(), "password,passkey");
    assert!(session.fresh_until.is_some());
    let again = world.asked("ada");
    world.gate.challenge_second_step(&again.transaction, Some(BROWSER)).unwrap();
    let replayed = world.second_step(&again.transaction, shown);
    assert!(matches!(replayed, Err(AccountError::WrongFactor)), "an answer is to one challenge");
    let listed = world.gate.passkeys(&permit).unwrap();
    assert_eq!((listed.len(), listed[0].name.as_str()), (1, "laptop"));
    assert!(listed[0].last_used_at.is_some());
}

#[tokio::test]
async fn a_passkey_signs_in_alone() {
    let world = world();
    let (mut device, _) = with_passkey(&world, "ada").await;
    let (transaction, options) = world.gate.begin_passkey_sign_in(Some(BROWSER)).unwrap();
    let shown = answer(device.answer(&options).unwrap());
    let sign_in = |shown| world.gate.passkey_sign_in(&world.visitor(), &step(&transaction, shown));
    let signed_in = sign_in(shown.clone()).unwrap();
    assert_eq!(signed_in.user.name, "ada");
    let permit = permit_of(&world, &cookie_of(signed_in.token.expose())).await;
    assert_eq!(world.gate.current_session(&permit).unwrap().factors.to_string(), "passkey");
    assert!(matches!(sign_in(shown), Err(AccountError::TransactionEnded)));
    let events = world.audit.take();
    assert!(events.contains(&"authn_login_success".to_owned()), "{events:?}");
}

#[tokio::test]
async fn guesses_at_a_password_do_not_keep_the_owner_of_a_passkey_out() {
    let world = world();
    let (mut device, _) = with_passkey(&world, "ada").await;
    let wrong = password("not the password at all");
    for place in 0..20 {
        let shown = gate::Shown { username: "ada", password: &wrong, factor: None };
        let guess = world.gate.prove(&world.visitor(), &shown);
        assert!(guess.is_err(), "{place}");
    }
    assert!(matches!(world.log_in("ada"), Err(AccountError::Locked(_))));
    let (transaction, options) = world.gate.begin_passkey_sign_in(Some(BROWSER)).unwrap();
    let shown = answer(device.answer(&options).unwrap());
    world.gate.passkey_sign_in(&world.visitor(), &step(&transaction, shown)).unwrap();
}

#[tokio::test]
async fn whose_passkey_it_is_decides_who_signs_in() {
    let world = world();
    let (mut device, _) = with_passkey(&world, "ada").await;
    with_passkey(&world, "eve").await;
    let asked = world.asked("eve");
    let options = world.gate.challenge_second_step(&asked.transaction, Some(BROWSER)).unwrap();
    let mut options = serde_json::to_value(options).unwrap();
    options["allowCredentials"] = json!([]);
    let foreign = SecondFactor::Passkey(answer(device.answer(options).unwrap()));
    let refused = world.second_step(&asked.transaction, foreign);
    assert!(matches!(refused, Err(AccountError::WrongFactor)));
    let (transaction, options) = world.gate.begin_passkey_sign_in(Some(BROWSER)).unwrap();
    let mut shown = device.answer(&options).unwrap();
    shown["response"]["userHandle"] = Value::Null;
    let nameless = world.gate.passkey_sign_in(&world.visitor(), &step(&transaction, answer(shown)));
    assert!(matches!(nameless, Err(AccountError::WrongFactor)), "it must say whose it is");
}

#[tokio::test]
async fn a_changed_answer_proves_nothing() {
    let world = world();
    let (device, _) = with_passkey(&world, "ada").await;
    let changes: [(&[&str], Value); 6] = [
        (&["response", "signature"], json!("MEUCIQ")),
        (&["response", "clientDataJSON"], json!("e30")),
        (&["response", "authenticatorData"], json!("AAAA")),
        (&["rawId"], json!("AAAA")),
        (&["rawId"], json!(7)),
        (&["response"], Value::Null),
    ];
    for (path, with) in changes {
        let mut device = device.clone();
        let (transaction, options) = world.gate.begin_passkey_sign_in(Some(BROWSER)).unwrap();
        let mut shown = device.answer(&options).unwrap();
        let place = path.iter().fold(&mut shown, |value, key| &mut value[*key]);
        *place = with;
        let sign_in =
            world.gate.passkey_sign_in(&world.visitor(), &step(&transaction, answer(shown)));
        assert!(matches!(sign_in, Err(AccountError::WrongFactor)), "{path:?}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_proves_nothing() {
    let world = world();
    let (device, _) = with_passkey(&world, "ada").await;
    for origin in ["https://evil.stats.example.org", "https://stats.example.org:8443"] {
        let mut there = device.clone().moved_to(origin).unwrap();
        let (transaction, options) = world.gate.begin_passkey_sign_in(Some(BROWSER)).unwrap();
        let shown = answer(there.answer(&options).unwrap());
        let phished = world.gate.passkey_sign_in(&world.visitor(), &step(&transaction, shown));
        assert!(matches!(phished, Err(AccountError::WrongFactor)), "{origin}");
        let permit = permit_of(&world, &world.session("bob", "viewer")).await;
        let offer = world.gate.offer_passkey(&permit, Some(BROWSER)).unwrap();
        let made = answer(Device::at(origin).unwrap().make(&offer.options).unwrap());
        let added = world.gate.add_passkey(&permit, &step(&offer.transaction, made), "x");
        assert!(matches!(added, Err(FactorError::Passkey(_))), "{origin}");
    }
}

#[tokio::test]
async fn an_authenticator_that_does_not_verify_its_user_proves_nothing() {
    let world = world();
    let (device, _) = with_passkey(&world, "ada").await;
    let careless = device.without_verification();
    let (transaction, options) = world.gate.begin_passkey_sign_in(Some(BROWSER)).unwrap();
    let mut options = serde_json::to_value(options).unwrap();
    assert_eq!(options["userVerification"], "required");
    options["userVerification"] = json!("discouraged");
    let shown = answer(careless.clone().answer(options).unwrap());
    let sign_in = world.gate.passkey_sign_in(&world.visitor(), &step(&transaction, shown));
    assert!(matches!(sign_in, Err(AccountError::WrongFactor)));
    let permit = permit_of(&world, &world.session("bob", "viewer")).await;
    let offer = world.gate.offer_passkey(&permit, Some(BROWSER)).unwrap();
    let mut options = serde_json::to_value(&offer.options).unwrap();
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    options["authenticatorSelection"]["userVerification"] = json!("discouraged");
    let made = new_device().without_verification().make(options).unwrap();
    let added = world.gate.add_passkey(&permit, &step(&offer.transaction, answer(made)), "x");
    assert!(matches!(added, Err(FactorError::Passkey(_))));
}

#[tokio::test]
async fn a_copied_authenticator_is_noticed_by_its_counter() {
    let world = world();
    let (mut device, _) = with_passkey(&world, "ada").await;
    let mut copy = device.clone();
    for (who, right) in [(&mut device, true), (&mut copy, false)] {
        let (transaction, options) = world.gate.begin_passkey_sign_in(Some(BROWSER)).unwrap();
        let shown = answer(who.answer(&options).unwrap());
        let sign_in = world.gate.passkey_sign_in(&world.visitor(), &step(&transaction, shown));
        assert_eq!(sign_in.is_ok(), right);
    }
    assert!(world.audit.take().contains(&"authn_passkey_cloned".to_owned()));
}

#[tokio::test]
async fn a_credential_is_enrolled_once_and_by_one() {
    let world = world();
    let (_, cookie) = with_passkey(&world, "ada").await;
    let permit = permit_of(&world, &cookie).await;
    let offer = world.gate.offer_passkey(&permit, Some(BROWSER)).unwrap();
    let options = serde_json::to_value(&offer.options).unwrap();
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
    let eve = permit_of(&world, &world.session("eve", "viewer")).await;
    let mut device = new_device();
    let made = answer(device.make(&offer.options).unwrap());
    let stolen = world.gate.add_passkey(&eve, &step(&offer.transaction, made.clone()), "x");
    assert!(matches!(stolen, Err(FactorError::Account(AccountError::TransactionEnded))));
    let used = world.gate.add_passkey(&permit, &step(&offer.transaction, made), "x");
    assert!(matches!(used, Err(FactorError::Account(AccountError::TransactionEnded))), "once");
    for name in ["", "   ", "a\u{7}b", &"x".repeat(101)] {
        let offer = world.gate.offer_passkey(&permit, Some(BROWSER)).unwrap();
        let made = answer(new_device().make(&offer.options).unwrap());
        let named = world.gate.add_passkey(&permit, &step(&offer.transaction, made), name);
        assert!(matches!(named, Err(FactorError::Name)), "{name:?}");
    }
}

#[tokio::test]
async fn an_account_has_so_many_passkeys() {
    let world = world();
    let (_, mut cookie) = with_passkey(&world, "ada").await;
    for _ in 1..PASSKEYS_MAX {
        let added = add(&world, &cookie, &mut new_device()).await;
        assert!(added.codes.is_none(), "recovery codes came with the first");
        cookie = cookie_of(added.token.expose());
    }
    let permit = permit_of(&world, &cookie).await;
    let offer = world.gate.offer_passkey(&permit, Some(BROWSER)).unwrap();
    let made = answer(new_device().make(&offer.options).unwrap());
    let one_more = world.gate.add_passkey(&permit, &step(&offer.transaction, made), "x");
    assert!(matches!(one_more, Err(FactorError::Taken)));
    let listed = world.gate.passkeys(&permit).unwrap();
    assert_eq!(listed.len(), PASSKEYS_MAX);
    let other = permit_of(&world, &world.session("eve", "viewer")).await;
    let foreign = world.gate.remove_passkey(&other, listed[0].id);
    assert!(matches!(foreign, Err(FactorError::Account(AccountError::NotFound))));
    for passkey in listed {
        world.gate.remove_passkey(&permit, passkey.id).unwrap();
    }
    assert!(matches!(world.log_in("ada").unwrap(), LoggedIn::SignedIn(_)));
}

#[tokio::test]
async fn stepping_up_asks_for_the_passkey_and_takes_its_own_challenge_only() {
    let world = world();
    let (mut device, cookie) = with_passkey(&world, "ada").await;
    world.clock.forward(300);
    let dare =
        async |cookie: &str| world.status(delete("/v1/me/account").cookie(cookie).own()).await;
    assert_eq!(dare(&cookie).await, 403);
    let permit = permit_of(&world, &cookie).await;
    let weak = world.gate.step_up(&permit, &StepUp::Password(password(PASSWORD)));
    assert!(matches!(weak, Err(AccountError::WeakFactor)));
    let shown = |transaction: &TransactionToken, json| StepUp::Transaction {
        transaction: transaction.clone(),
        factor: SecondFactor::Passkey(answer(json)),
        user_agent: Some(BROWSER.to_owned()),
    };
    let (elsewhere, options) = world.gate.begin_passkey_sign_in(Some(BROWSER)).unwrap();
    let json = device.answer(&options).unwrap();
    let foreign = world.gate.step_up(&permit, &shown(&elsewhere, json));
    assert!(matches!(foreign, Err(AccountError::TransactionEnded)));
    let without = SecondFactor::Passkey(answer(device.answer(&options).unwrap()));
    let bare = world.gate.step_up(&permit, &StepUp::Factor(without));
    assert!(matches!(bare, Err(AccountError::WrongFactor)), "an answer needs its challenge");
    let (transaction, options) = world.gate.challenge_step_up(&permit, Some(BROWSER)).unwrap();
    let json = device.answer(&options).unwrap();
    let token = world.gate.step_up(&permit, &shown(&transaction, json)).unwrap();
    assert_eq!(dare(&cookie_of(token.expose())).await, 204);
}

#[tokio::test]
async fn a_server_without_a_domain_says_that_it_has_no_passkeys() {
    for (url, obstacle) in [
        ("https://192.0.2.7", PasskeyObstacle::NoDomain),
        ("http://stats.example.org", PasskeyObstacle::NotEncrypted),
    ] {
        let world = world_at(url);
        assert_eq!(*world.gate.passkey_site(), PasskeySite::Unavailable(obstacle));
        let refused = world.gate.begin_passkey_sign_in(None);
        assert!(matches!(refused, Err(AccountError::NoPasskeys(found)) if found == obstacle));
        let permit = permit_of(&world, &world.session("ada", "viewer")).await;
        let offer = world.gate.offer_passkey(&permit, None);
        assert!(matches!(offer, Err(FactorError::Account(AccountError::NoPasskeys(_)))));
    }
}

#[tokio::test]
async fn on_this_machine_the_name_is_localhost() {
    let world = world_at("http://127.0.0.1:8080");
    let mut device = Device::at("http://localhost:8080").unwrap();
    add(&world, &world.session("ada", "viewer"), &mut device).await;
    let (transaction, options) = world.gate.begin_passkey_sign_in(Some(BROWSER)).unwrap();
    let shown = answer(device.answer(&options).unwrap());
    world.gate.passkey_sign_in(&world.visitor(), &step(&transaction, shown)).unwrap();
}

#[tokio::test]
async fn a_passkey_whose_server_has_moved_does_not_make_the_password_enough() {
    let world = world();
    with_passkey(&world, "ada").await;
    let moved = World::on(world.store.clone(), world.clock.clone(), |config| {
        config.public_url = Some("https://192.0.2.7".to_owned());
    });
    assert_eq!(moved.asked("ada").methods, [Factor::RecoveryCode]);
}
