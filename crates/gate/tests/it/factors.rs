//! Second factors that are typed: codes of an app, and recovery codes.

use std::sync::atomic::{AtomicUsize, Ordering};

use gate::config::MfaRule;
use gate::factor::code::OneTimeCode;
use gate::store::SessionsAfter;
use gate::store::factors::{FactorChange, FactorStore};
use gate::{
    AccountError, Factor, FactorError, Keyring, LogIn, LoggedIn, NewKey, Proof, Requirement,
    RootSecret, SecondFactor, SecondStep, Shown, StepUp, TokenError,
};

use crate::support::person::{BROWSER, code_at, cookie_of, wrong_code};
use crate::support::{PASSWORD, World, delete, get, new_user, password, permit_of};

/// So many failures allowed that the lockout stays out of a test about something else.
fn roomy() -> World {
    World::with(|config| {
        config.lockout.account_failures = 20;
        config.lockout.address_failures = 1_000;
        config.limits.auth = 10_000;
        config.limits.pre_auth = 10_000;
    })
}

fn required(rule: MfaRule) -> World {
    World::with(|config| {
        config.mfa.required = rule;
        config.limits.auth = 10_000;
    })
}

async fn reaches(world: &World, cookie: &str) -> u16 {
    world.status(get("/v1/things").cookie(cookie)).await
}

#[tokio::test]
async fn the_factor_is_asked_for_after_the_right_password_only() {
    let world = roomy();
    let ada = world.enrolled("ada", "viewer").await;
    let secret = password("not the password at all");
    for name in ["ada", "nobody"] {
        let shown = Shown { username: name, password: &secret, factor: None };
        let wrong = world.gate.prove(&world.visitor(), &shown);
        assert!(matches!(wrong, Err(AccountError::WrongCredentials)), "{name}");
    }
    let asked = world.asked("ada");
    assert_eq!(asked.methods, [Factor::Totp, Factor::RecoveryCode]);
    let signed_in = world.second_step(&asked.transaction, ada.code(&world)).unwrap();
    assert_eq!(signed_in.user.id, ada.id);
    assert_eq!(reaches(&world, &cookie_of(signed_in.token.expose())).await, 200);
    let events = world.audit.take();
    let login: Vec<_> = events.iter().filter(|name| name.contains("login_success")).collect();
    assert_eq!(login.len(), 2, "one each for the sign-in before the app and the one after it");
    assert!(events.contains(&"authn_factor_asked".to_owned()), "{events:?}");
}

#[tokio::test]
async fn a_code_works_once_across_every_door() {
    let world = roomy();
    let ada = world.enrolled("ada", "viewer").await;
    let secret = password(PASSWORD);
    let prove = |factor| {
        let shown = Shown { username: "ada", password: &secret, factor: Some(factor) };
        world.gate.prove(&world.visitor(), &shown)
    };
    let (one, two) = (world.asked("ada").transaction, world.asked("ada").transaction);
    let code = ada.code(&world);
    let signed_in = world.second_step(&one, code.clone()).unwrap();
    let permit = permit_of(&world, &cookie_of(signed_in.token.expose())).await;
    assert!(matches!(world.second_step(&two, code.clone()), Err(AccountError::WrongFactor)));
    assert!(matches!(prove(&code), Err(AccountError::WrongCredentials)));
    let again = world.gate.step_up(&permit, &StepUp::Factor(code.clone()));
    assert!(matches!(again, Err(AccountError::WrongFactor)));
    world.clock.forward(30);
    let next = ada.code(&world);
    assert!(matches!(prove(&next).unwrap(), Proof::Complete(_)));
    assert!(matches!(world.second_step(&two, next), Err(AccountError::WrongFactor)));
    assert!(
        matches!(world.second_step(&two, code), Err(AccountError::WrongFactor)),
        "the step before"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_uses_of_one_code_one_succeeds() {
    let world = roomy();
    let ada = world.enrolled("ada", "viewer").await;
    for shown in [ada.code(&world), ada.recovery_code(3)] {
        let transactions: Vec<_> = (0..8).map(|_| world.asked("ada").transaction).collect();
        let (successes, barrier) = (AtomicUsize::new(0), std::sync::Barrier::new(64));
        std::thread::scope(|scope| {
            for number in 0..64 {
                let (transaction, shown) = (&transactions[number % 8], shown.clone());
                let (world, successes, barrier) = (&world, &successes, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    let done = world.second_step(transaction, shown);
                    successes.fetch_add(usize::from(done.is_ok()), Ordering::SeqCst);
                });
            }
        });
        assert_eq!(successes.into_inner(), 1, "{shown:?}");
        world.clock.forward(30 * 60);
    }
}

#[tokio::test]
async fn five_wrong_codes_end_the_transaction() {
    let world = roomy();
    let ada = world.enrolled("ada", "viewer").await;
    let transaction = world.asked("ada").transaction;
    for _ in 0..5 {
        let wrong = world.second_step(&transaction, wrong_code());
        assert!(matches!(wrong, Err(AccountError::WrongFactor)));
    }
    let late = world.second_step(&transaction, ada.code(&world));
    assert!(matches!(late, Err(AccountError::TransactionEnded)));
    let fresh = world.asked("ada").transaction;
    world.second_step(&fresh, ada.code(&world)).unwrap();
    let used = world.second_step(&fresh, ada.recovery_code(0));
    assert!(matches!(used, Err(AccountError::TransactionEnded)), "a finished one is over");
}

#[tokio::test]
async fn wrong_codes_lock_the_account_and_a_restart_does_not_forgive() {
    let world = World::with(|config| config.limits.auth = 10_000);
    let ada = world.enrolled("ada", "viewer").await;
    let transaction = world.asked("ada").transaction;
    for _ in 0..5 {
        world.second_step(&transaction, wrong_code()).unwrap_err();
    }
    let again = World::on(world.store.clone(), world.clock.clone(), |config| {
        config.limits.auth = 10_000;
    });
    for world in [&world, &again] {
        assert!(matches!(world.log_in("ada"), Err(AccountError::Locked(_))));
    }
    assert!(world.audit.take().contains(&"authn_login_lock".to_owned()));
    again.clock.forward(300);
    let transaction = again.asked("ada").transaction;
    again.second_step(&transaction, ada.code(&again)).unwrap();
}

#[tokio::test]
async fn a_right_password_does_not_forgive_wrong_codes() {
    let world = World::with(|config| config.limits.auth = 10_000);
    let ada = world.enrolled("ada", "viewer").await;
    for _ in 0..5 {
        let transaction = world.asked("ada").transaction;
        world.second_step(&transaction, wrong_code()).unwrap_err();
    }
    assert!(matches!(world.log_in("ada"), Err(AccountError::Locked(_))));
    world.clock.forward(300);
    let transaction = world.asked("ada").transaction;
    world.second_step(&transaction, ada.code(&world)).unwrap();
    for _ in 0..4 {
        world.second_step(&world.asked("ada").transaction, wrong_code()).unwrap_err();
    }
    world.asked("ada");
}

#[tokio::test]
async fn a_transaction_belongs_to_its_browser_and_its_five_minutes() {
    let world = roomy();
    let ada = world.enrolled("ada", "viewer").await;
    let transaction = world.asked("ada").transaction;
    for user_agent in [Some("curl".to_owned()), None] {
        let shown = ada.code(&world);
        let step = SecondStep { transaction: transaction.clone(), shown, user_agent };
        let other = world.gate.second_step(&world.visitor(), &step);
        assert!(matches!(other, Err(AccountError::TransactionEnded)));
    }
    world.clock.forward(299);
    world.second_step(&transaction, ada.code(&world)).unwrap();
    let transaction = world.asked("ada").transaction;
    world.clock.forward(300);
    let late = world.second_step(&transaction, ada.code(&world));
    assert!(matches!(late, Err(AccountError::TransactionEnded)));
}

#[tokio::test]
async fn a_password_changed_in_between_ends_the_sign_in() {
    let world = roomy();
    let ada = world.enrolled("ada", "viewer").await;
    let transaction = world.asked("ada").transaction;
    world.clock.forward(1);
    let permit = permit_of(&world, &ada.cookie).await;
    let new = password("nine green umbrellas sing quietly");
    world.gate.change_password(&permit, &password(PASSWORD), &new).unwrap();
    let late = world.second_step(&transaction, ada.code(&world));
    assert!(matches!(late, Err(AccountError::WrongCredentials)));
}

#[tokio::test]
async fn a_recovery_code_works_once_and_for_its_owner() {
    let world = roomy();
    let ada = world.enrolled("ada", "viewer").await;
    let eve = world.enrolled("eve", "viewer").await;
    assert_eq!(ada.codes.len(), 10);
    let stolen = world.second_step(&world.asked("eve").transaction, ada.recovery_code(0));
    assert!(matches!(stolen, Err(AccountError::WrongFactor)));
    world.second_step(&world.asked("ada").transaction, ada.recovery_code(0)).unwrap();
    assert!(world.audit.take().contains(&"authn_recovery_code_used".to_owned()));
    let again = world.second_step(&world.asked("ada").transaction, ada.recovery_code(0));
    assert!(matches!(again, Err(AccountError::WrongFactor)));
    let permit = permit_of(&world, &eve.cookie).await;
    assert_eq!(world.gate.recovery_codes(&permit).unwrap().unwrap().remaining, 10);
}

#[tokio::test]
async fn new_recovery_codes_kill_the_old_set() {
    let world = roomy();
    let ada = world.enrolled("ada", "viewer").await;
    let permit = permit_of(&world, &ada.cookie).await;
    let new = world.gate.renew_recovery_codes(&permit).unwrap();
    assert_eq!(new.len(), 10);
    let old = world.second_step(&world.asked("ada").transaction, ada.recovery_code(1));
    assert!(matches!(old, Err(AccountError::WrongFactor)));
    let shown = SecondFactor::RecoveryCode(OneTimeCode::new(new[9].expose()));
    world.second_step(&world.asked("ada").transaction, shown).unwrap();
    let without = permit_of(&world, &world.session("bob", "viewer")).await;
    let none = world.gate.renew_recovery_codes(&without);
    assert!(matches!(none, Err(FactorError::NothingEnrolled)));
}

#[tokio::test]
async fn a_recovery_code_does_not_stand_in_for_the_password() {
    let world = roomy();
    let ada = world.enrolled("ada", "viewer").await;
    let (wrong, right) = (password("not the password at all"), password(PASSWORD));
    let code = ada.recovery_code(0);
    let prove = |secret| {
        let shown = Shown { username: "ada", password: secret, factor: Some(&code) };
        world.gate.prove(&world.visitor(), &shown)
    };
    assert!(matches!(prove(&wrong), Err(AccountError::WrongCredentials)));
    assert!(matches!(prove(&right).unwrap(), Proof::Complete(_)), "and it was not used up");
}

#[tokio::test]
async fn a_secret_moved_to_another_account_opens_nothing() {
    let world = roomy();
    let ada = world.enrolled("ada", "viewer").await;
    let eve = world.enrolled("eve", "viewer").await;
    let mut moved = world.store.totp(ada.id).unwrap().unwrap();
    moved.user = eve.id;
    let change = FactorChange { codes: None, sessions: SessionsAfter::Keep };
    world.store.set_totp(&moved, change).unwrap();
    let shown = world.second_step(&world.asked("eve").transaction, ada.code(&world));
    assert!(matches!(shown, Err(AccountError::Factor(_))), "{shown:?}");
    let kept = world.store.totp(ada.id).unwrap().unwrap().sealed;
    assert!(!kept.windows(8).any(|bytes| ada.secret.as_bytes().windows(8).any(|own| own == bytes)));
    world.second_step(&world.asked("ada").transaction, ada.code(&world)).unwrap();
}

#[tokio::test]
async fn the_code_before_the_present_one_is_taken_unless_told_otherwise() {
    for (steps_back, taken) in [(1, true), (0, false)] {
        let world = World::with(|config| config.mfa.steps_back = steps_back);
        let ada = world.enrolled("ada", "viewer").await;
        let code = ada.code(&world);
        world.clock.forward(30);
        let late = world.second_step(&world.asked("ada").transaction, code);
        assert_eq!(late.is_ok(), taken);
        let next = SecondFactor::Code(code_at(&ada.secret, world.second() + 30));
        world.second_step(&world.asked("ada").transaction, next).unwrap_err();
    }
}

#[tokio::test]
async fn a_hundred_failures_shut_an_app_out_until_it_is_enrolled_anew() {
    let world = roomy();
    let ada = world.enrolled("ada", "viewer").await;
    for _ in 0..99 {
        world.store.fail_totp(ada.id).unwrap();
    }
    let transaction = world.asked("ada").transaction;
    world.second_step(&transaction, wrong_code()).unwrap_err();
    let shut = world.second_step(&transaction, ada.code(&world));
    assert!(matches!(shut, Err(AccountError::WrongFactor)));
    let signed_in = world.second_step(&transaction, ada.recovery_code(0)).unwrap();
    let permit = permit_of(&world, &cookie_of(signed_in.token.expose())).await;
    let offer = world.gate.offer_app(&permit).unwrap();
    let confirmed = world.gate.confirm_app(&permit, &code_at(&offer.secret, world.second()));
    assert!(confirmed.unwrap().codes.is_none(), "there are recovery codes already");
    world.clock.forward(30);
    let shown = SecondFactor::Code(code_at(&offer.secret, world.second()));
    world.second_step(&world.asked("ada").transaction, shown).unwrap();
    let old = world.second_step(&world.asked("ada").transaction, ada.code(&world));
    assert!(matches!(old, Err(AccountError::WrongFactor)), "the old app is out");
}

#[tokio::test]
async fn an_app_counts_once_a_code_of_it_was_seen() {
    let world = roomy();
    let permit = permit_of(&world, &world.session("ada", "viewer")).await;
    let code = |secret: &str| code_at(secret, world.second());
    let confirm = |secret: &str| world.gate.confirm_app(&permit, &code(secret));
    assert!(matches!(
        confirm("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
        Err(FactorError::NothingPending)
    ));
    let first = world.gate.offer_app(&permit).unwrap();
    assert!(matches!(world.log_in("ada").unwrap(), LoggedIn::SignedIn(_)), "nothing counts yet");
    let second = world.gate.offer_app(&permit).unwrap();
    assert_ne!(*first.secret, *second.secret);
    assert!(second.url.contains(&*second.secret) && second.qr_svg.starts_with("<svg"));
    assert!(matches!(confirm(&first.secret), Err(FactorError::WrongCode)), "shown, then replaced");
    assert_eq!(world.gate.app(&permit).unwrap(), None);
    world.clock.forward(899);
    assert_eq!(confirm(&second.secret).unwrap().codes.unwrap().len(), 10);
    world.clock.forward(30);
    world.asked("ada");
}

#[tokio::test]
async fn an_app_waits_a_quarter_of_an_hour_and_five_tries() {
    let world = roomy();
    let permit = permit_of(&world, &world.session("ada", "viewer")).await;
    let offer = world.gate.offer_app(&permit).unwrap();
    let confirm = || world.gate.confirm_app(&permit, &code_at(&offer.secret, world.second()));
    world.clock.forward(900);
    assert!(matches!(confirm(), Err(FactorError::NothingPending)));
    let offer = world.gate.offer_app(&permit).unwrap();
    for _ in 0..5 {
        let wrong = world.gate.confirm_app(&permit, &OneTimeCode::new("000"));
        assert!(matches!(wrong, Err(FactorError::WrongCode)));
    }
    let late = world.gate.confirm_app(&permit, &code_at(&offer.secret, world.second()));
    assert!(matches!(late, Err(FactorError::NothingPending)));
}

#[tokio::test]
async fn the_confirming_code_does_not_sign_in() {
    let world = roomy();
    let permit = permit_of(&world, &world.session("ada", "viewer")).await;
    let offer = world.gate.offer_app(&permit).unwrap();
    let code = code_at(&offer.secret, world.second());
    world.gate.confirm_app(&permit, &code).unwrap();
    let again = world.second_step(&world.asked("ada").transaction, SecondFactor::Code(code));
    assert!(matches!(again, Err(AccountError::WrongFactor)));
}

#[tokio::test]
async fn a_change_of_factors_ends_the_other_sessions() {
    let world = roomy();
    let other = world.session("ada", "viewer");
    let ada = world.enrolled("ada", "viewer").await;
    assert_eq!((reaches(&world, &other).await, reaches(&world, &ada.cookie).await), (401, 200));
    let elsewhere = world.second_step(&world.asked("ada").transaction, ada.code(&world)).unwrap();
    let elsewhere = cookie_of(elsewhere.token.expose());
    let permit = permit_of(&world, &ada.cookie).await;
    world.gate.remove_app(&permit).unwrap();
    assert_eq!((reaches(&world, &elsewhere).await, reaches(&world, &ada.cookie).await), (401, 200));
    assert!(matches!(
        world.gate.remove_app(&permit),
        Err(FactorError::Account(AccountError::NotFound))
    ));
    assert_eq!(world.gate.recovery_codes(&permit).unwrap(), None, "they went with the app");
    let events = world.audit.take();
    for event in ["authn_factor_enrolled", "authn_factor_removed"] {
        assert!(events.contains(&event.to_owned()), "{event}: {events:?}");
    }
    assert!(matches!(world.log_in("ada").unwrap(), LoggedIn::SignedIn(_)));
}

#[tokio::test]
async fn an_administrator_resets_factors_and_ends_everything() {
    let world = roomy();
    let ada = world.enrolled("ada", "viewer").await;
    let stranger = permit_of(&world, &world.session("eve", "editor")).await;
    assert!(matches!(world.gate.reset_factors(&stranger, ada.id), Err(AccountError::NotForCaller)));
    let root = permit_of(&world, &world.session("root", "admin")).await;
    world.gate.reset_factors(&root, ada.id).unwrap();
    assert_eq!(reaches(&world, &ada.cookie).await, 401);
    assert!(matches!(world.log_in("ada").unwrap(), LoggedIn::SignedIn(_)));
    assert!(world.audit.take().contains(&"authn_factor_reset".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_succeeds_after_a_reset_was_acknowledged() {
    for _ in 0..10 {
        let world = roomy();
        let ada = world.enrolled("ada", "viewer").await;
        let transactions: Vec<_> = (0..4).map(|_| world.asked("ada").transaction).collect();
        let reset = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            for (number, transaction) in transactions.iter().enumerate() {
                let (world, ada, reset) = (&world, &ada, &reset);
                scope.spawn(move || {
                    let before = reset.load(Ordering::SeqCst);
                    let done = world.second_step(transaction, ada.recovery_code(number));
                    assert!(!(before && done.is_ok()), "used after the reset");
                });
            }
            world.gate.reset_factors(&gate::local::operator(&world.gate), ada.id).unwrap();
            reset.store(true, Ordering::SeqCst);
        });
        let late = world.second_step(&transactions[0], ada.recovery_code(9));
        assert!(late.is_err());
    }
}

#[tokio::test]
async fn who_must_have_a_factor_signs_in_once_without_and_can_only_enrol() {
    let world = required(MfaRule::Privileged);
    let operator = gate::local::operator(&world.gate);
    for (name, role, asked) in
        [("ada", "admin", true), ("ed", "editor", true), ("vi", "viewer", false)]
    {
        world.gate.create_user(&operator, &new_user(name, role)).unwrap();
        let signed_in = world.log_in(name).unwrap().signed_in().unwrap();
        assert_eq!(signed_in.required.has(Requirement::EnrolFactor), asked, "{name}");
        let cookie = cookie_of(signed_in.token.expose());
        assert_eq!(reaches(&world, &cookie).await, if asked { 403 } else { 200 }, "{name}");
        let again = world.log_in(name);
        assert_eq!(matches!(again, Err(AccountError::FactorMissing)), asked, "{name}");
        if !asked {
            continue;
        }
        let permit = permit_of(&world, &cookie).await;
        let offer = world.gate.offer_app(&permit).unwrap();
        let code = code_at(&offer.secret, world.second());
        let confirmed = world.gate.confirm_app(&permit, &code).unwrap();
        let renewed = cookie_of(confirmed.token.expose());
        assert_eq!((reaches(&world, &cookie).await, reaches(&world, &renewed).await), (401, 200));
        world.clock.forward(30);
        world.asked(name);
    }
}

#[tokio::test]
async fn a_reset_allows_one_more_sign_in_without() {
    let world = required(MfaRule::All);
    let operator = gate::local::operator(&world.gate);
    let ada = world.gate.create_user(&operator, &new_user("ada", "viewer")).unwrap();
    assert!(world.log_in("ada").is_ok());
    assert!(matches!(world.log_in("ada"), Err(AccountError::FactorMissing)));
    world.gate.reset_factors(&operator, ada.id).unwrap();
    assert!(world.log_in("ada").is_ok());
    assert!(matches!(world.log_in("ada"), Err(AccountError::FactorMissing)));
}

#[tokio::test]
async fn setting_the_server_up_is_not_the_one_sign_in() {
    let world = required(MfaRule::Privileged);
    let secret = world.gate.offer_setup().unwrap();
    let root = world.set_up(&secret).unwrap();
    assert!(root.required.has(Requirement::EnrolFactor));
    assert!(world.log_in("root").is_ok());
    assert!(matches!(world.log_in("root"), Err(AccountError::FactorMissing)));
}

#[tokio::test]
async fn a_database_can_ask_everybody_for_a_factor() {
    let world = World::with(|config| config.mfa.databases = vec!["web".to_owned()]);
    let operator = gate::local::operator(&world.gate);
    for (name, grants, asked) in
        [("ada", "web", true), ("bob", "net", false), ("cy", "web/hall.test", true)]
    {
        let new =
            gate::NewUser { grants: Some(vec![grants.to_owned()]), ..new_user(name, "viewer") };
        world.gate.create_user(&operator, &new).unwrap();
        let signed_in = world.log_in(name).unwrap().signed_in().unwrap();
        assert_eq!(signed_in.required.has(Requirement::EnrolFactor), asked, "{name}");
    }
}

#[tokio::test]
async fn whoever_hands_out_tokens_is_told_what_is_unmet() {
    let world = required(MfaRule::Privileged);
    let operator = gate::local::operator(&world.gate);
    world.gate.create_user(&operator, &new_user("ada", "admin")).unwrap();
    let secret = password(PASSWORD);
    let shown = Shown { username: "ada", password: &secret, factor: None };
    let Proof::Complete(proved) = world.gate.prove(&world.visitor(), &shown).unwrap() else {
        panic!("there is no factor to ask for");
    };
    assert!(world.gate.unmet(&proved).unwrap().has(Requirement::EnrolFactor));
    assert_eq!(proved.factors().to_string(), "password");
}

#[tokio::test]
async fn a_program_and_the_operator_have_no_factors() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    let refused =
        |error: FactorError| matches!(error, FactorError::Account(AccountError::NotForCaller));
    assert!(refused(world.gate.offer_app(&operator).unwrap_err()));
    assert!(refused(world.gate.renew_recovery_codes(&operator).unwrap_err()));
    assert!(refused(world.gate.offer_passkey(&operator, Some(BROWSER)).unwrap_err()));
    assert!(matches!(world.gate.current_session(&operator), Err(AccountError::NotForCaller)));
    let ada = world.enrolled("ada", "viewer").await;
    let permit = permit_of(&world, &ada.cookie).await;
    let new = NewKey {
        name: "program".to_owned(),
        scopes: vec!["read:web".to_owned()],
        ..NewKey::default()
    };
    let key = world.gate.create_key(&permit, &new).unwrap().key.expose().to_owned();
    assert_eq!(world.status(get("/v1/things").key(&key)).await, 200, "a key is asked for nothing");
}

#[tokio::test]
async fn tokens_are_given_for_password_and_factor_only() {
    let world = roomy();
    let ada = world.enrolled("ada", "viewer").await;
    let issue = |factor: Option<&SecondFactor>| {
        let form =
            LogIn { username: "ada".to_owned(), password: password(PASSWORD), user_agent: None };
        world.gate.issue_tokens(&world.visitor(), &form, factor)
    };
    assert!(matches!(issue(None), Err(TokenError::NeedsFactor)));
    let wrong = issue(Some(&wrong_code()));
    assert!(matches!(wrong, Err(TokenError::Account(AccountError::WrongCredentials))));
    let code = ada.code(&world);
    let issued = issue(Some(&code)).unwrap();
    let shown = issued.access.expose();
    let dare = || world.send(delete("/v1/me/account").key(shown));
    assert_eq!(world.status(get("/v1/things").key(shown)).await, 200);
    assert_eq!(dare().await.status, 204, "proved a moment ago");
    world.clock.forward(300);
    assert_eq!(dare().await.problem(), "step-up-required");
    let again = issue(Some(&code));
    assert!(matches!(again, Err(TokenError::Account(AccountError::WrongCredentials))));
    assert!(issue(Some(&ada.recovery_code(0))).is_ok());
}

#[tokio::test]
async fn who_must_have_a_factor_and_has_none_gets_no_tokens() {
    let world = required(MfaRule::Privileged);
    for (name, role) in [("ada", "viewer"), ("grace", "admin")] {
        let operator = gate::local::operator(&world.gate);
        world.gate.create_user(&operator, &new_user(name, role)).unwrap();
        let form =
            LogIn { username: name.to_owned(), password: password(PASSWORD), user_agent: None };
        let issued = world.gate.issue_tokens(&world.visitor(), &form, None);
        match role {
            "viewer" => assert!(issued.is_ok()),
            _ => assert!(matches!(issued, Err(TokenError::Account(AccountError::FactorMissing)))),
        }
    }
}

#[tokio::test]
async fn factors_outlive_a_root_secret_that_was_replaced_in_time() {
    let world = roomy();
    let ada = world.enrolled("ada", "viewer").await;
    let root = |byte: u8| RootSecret::from_random([byte; 32]);
    let both = Keyring::new(root(200), vec![root(3)]).unwrap();
    world.gate.set_keyring(&both).unwrap();
    let try_it = |factor| world.second_step(&world.asked("ada").transaction, factor);
    try_it(ada.recovery_code(0)).unwrap();
    try_it(ada.code(&world)).unwrap();
    world.clock.forward(60);
    world.gate.set_keyring(&Keyring::from(root(200))).unwrap();
    try_it(ada.code(&world)).unwrap();
    let dead = try_it(ada.recovery_code(1));
    assert!(matches!(dead, Err(AccountError::WrongFactor)), "made under a secret that is gone");
}
