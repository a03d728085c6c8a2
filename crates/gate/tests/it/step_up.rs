//! Dangerous things ask who is there once more.

use gate::store::Store;
use gate::{AccountError, Factor, SecondFactor, StepUp};

use crate::support::person::{code_at, cookie_of, wrong_code};
use crate::support::{Call, PASSWORD, World, delete, get, password, permit_of};

fn danger() -> Call {
    delete("/v1/me/account")
}

async fn dare(world: &World, cookie: &str) -> (u16, String) {
    let reply = world.send(danger().cookie(cookie).own()).await;
    let problem = if reply.status == 403 { reply.problem() } else { String::new() };
    (reply.status, problem)
}

fn stale() -> (u16, String) {
    (403, "step-up-required".to_owned())
}

fn done() -> (u16, String) {
    (204, String::new())
}

#[tokio::test]
async fn a_proof_is_fresh_for_five_minutes_and_renews_the_token() {
    let world = World::new();
    let old = world.session("ada", "viewer");
    world.clock.forward(299);
    assert_eq!(dare(&world, &old).await, done());
    world.clock.forward(1);
    assert_eq!(dare(&world, &old).await, stale());
    assert_eq!(world.status(get("/v1/things").cookie(&old)).await, 200, "the rest goes on");
    let permit = permit_of(&world, &old).await;
    let before = world.gate.current_session(&permit).unwrap();
    let shown = StepUp::Password(password(PASSWORD));
    let new = cookie_of(world.gate.step_up(&permit, &shown).unwrap().expose());
    assert_ne!(old, new);
    assert_eq!(world.status(get("/v1/me").cookie(&old)).await, 401, "the old token is dead");
    assert_eq!(dare(&world, &new).await, done());
    let after = world.gate.current_session(&permit_of(&world, &new).await).unwrap();
    assert_eq!(before.id, after.id, "it is the same session");
    assert!(after.authenticated_at > before.authenticated_at);
    world.clock.forward(300);
    assert_eq!(dare(&world, &new).await, stale());
    let events = world.audit.take();
    assert!(events.contains(&"authn_step_up".to_owned()), "{events:?}");
}

#[tokio::test]
async fn a_fresh_proof_survives_a_restart_and_a_stale_one_does_too() {
    let world = World::new();
    let cookie = world.session("ada", "viewer");
    let again = World::on(world.store.clone(), world.clock.clone(), |_| ());
    assert_eq!(dare(&again, &cookie).await, done());
    world.clock.forward(300);
    let again = World::on(world.store.clone(), world.clock.clone(), |_| ());
    assert_eq!(dare(&again, &cookie).await, stale());
}

#[tokio::test]
async fn the_strongest_enrolled_factor_is_what_counts() {
    let world = World::new();
    let ada = world.enrolled("ada", "viewer").await;
    assert_eq!(dare(&world, &ada.cookie).await, done(), "its enrolment was a proof");
    world.clock.forward(300);
    assert_eq!(dare(&world, &ada.cookie).await, stale());
    let permit = permit_of(&world, &ada.cookie).await;
    let weak = world.gate.step_up(&permit, &StepUp::Password(password(PASSWORD)));
    assert!(matches!(weak, Err(AccountError::WeakFactor)));
    let shown = StepUp::Factor(ada.code(&world));
    let cookie = cookie_of(world.gate.step_up(&permit, &shown).unwrap().expose());
    assert_eq!(dare(&world, &cookie).await, done());
    world.clock.forward(300);
    let permit = permit_of(&world, &cookie).await;
    let shown = StepUp::Factor(ada.recovery_code(0));
    let cookie = cookie_of(world.gate.step_up(&permit, &shown).unwrap().expose());
    assert_eq!(dare(&world, &cookie).await, done(), "a lost app must not shut its owner out");
    let session = world.gate.current_session(&permit_of(&world, &cookie).await).unwrap();
    assert!(session.factors.contains(Factor::RecoveryCode));
}

#[tokio::test]
async fn what_is_enrolled_later_makes_an_older_proof_too_weak() {
    let world = World::new();
    let cookie = world.session("ada", "viewer");
    let permit = permit_of(&world, &cookie).await;
    let offer = world.gate.offer_app(&permit).unwrap();
    let code = code_at(&offer.secret, world.second());
    let enrolled = world.gate.confirm_app(&permit, &code).unwrap();
    assert_eq!(dare(&world, &cookie).await.0, 401);
    assert_eq!(dare(&world, &cookie_of(enrolled.token.expose())).await, done());
    // A session that proved the password alone, as one begun before the app would be if it had lived on.
    let user = world.store.user_by_name("ada").unwrap().unwrap();
    let mut session = world.store.sessions_of(user.id).unwrap().remove(0);
    session.factors = Factor::Password.into();
    let hash = session.hash;
    assert!(world.store.renew_session(&hash, &session).unwrap());
    world.clock.forward(31);
    assert_eq!(dare(&world, &cookie_of(enrolled.token.expose())).await, stale());
}

#[tokio::test]
async fn wrong_proofs_feed_the_lockout() {
    let world = World::with(|config| config.limits.auth = 10_000);
    let ada = world.enrolled("ada", "viewer").await;
    let permit = permit_of(&world, &ada.cookie).await;
    for _ in 0..5 {
        let wrong = world.gate.step_up(&permit, &StepUp::Factor(wrong_code()));
        assert!(matches!(wrong, Err(AccountError::WrongFactor)));
    }
    let locked = world.gate.step_up(&permit, &StepUp::Factor(ada.code(&world)));
    assert!(matches!(locked, Err(AccountError::Locked(_))));
    assert!(matches!(world.log_in("ada"), Err(AccountError::Locked(_))), "at every door");
    assert!(world.audit.take().contains(&"authn_step_up_fail".to_owned()));
}

#[tokio::test]
async fn keys_and_the_operator_have_nobody_to_ask() {
    let world = World::new();
    let key = world.key(&["admin:*"]);
    world.clock.forward(100_000);
    assert_eq!(world.status(danger().key(&key)).await, 204);
    assert_eq!(world.status(danger().through_the_socket()).await, 204);
    assert_eq!(world.status(danger()).await, 401);
}

#[tokio::test]
async fn a_session_ended_meanwhile_does_not_come_back() {
    let world = World::new();
    let ada = world.enrolled("ada", "viewer").await;
    let permit = permit_of(&world, &ada.cookie).await;
    world.gate.reset_factors(&gate::local::operator(&world.gate), ada.id).unwrap();
    let shown = StepUp::Password(password(PASSWORD));
    assert!(matches!(world.gate.step_up(&permit, &shown), Err(AccountError::NotForCaller)));
    let shown = StepUp::Factor(SecondFactor::clone(&ada.recovery_code(0)));
    assert!(matches!(world.gate.step_up(&permit, &shown), Err(AccountError::NotForCaller)));
}
