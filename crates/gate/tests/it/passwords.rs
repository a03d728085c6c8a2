//! Which passwords are taken, which hashes compared, and how many.

use gate::password::PasswordFault;
use gate::store::{PasswordHashText, PasswordStore, Store};
use gate::{AccountError, ImportedUser, LogIn, NewUser, Requirement, UserChange};

use crate::support::{
    BREACHED, CANARY, PASSWORD, UNREADABLE, World, new_user, password, permit_of, post,
};

/// Bcrypt of [`OLD`] with cost 10, made by the reference implementation.
const OLD: &str = "heron-lantern-quiet-72";
const OLD_HASH: &str = include_str!("../fixtures/passwords/bcrypt_of_a_long_one.txt");
/// Bcrypt of `short`, the same.
const SHORT_HASH: &str = include_str!("../fixtures/passwords/bcrypt_of_a_short_one.txt");
/// Argon2id of [`OLD`], made by the reference implementation with 8 MiB and one pass.
const ARGON2_HASH: &str = include_str!("../fixtures/passwords/argon2id_of_a_long_one.txt");

fn log_in(world: &World, name: &str, secret: &str) -> Result<gate::SignedIn, AccountError> {
    let form = LogIn { username: name.to_owned(), password: password(secret), user_agent: None };
    let entered = world.gate.log_in(&gate::local::operator(&world.gate), &form)?;
    Ok(entered.signed_in().expect("nobody here has a second factor"))
}

fn import(world: &World, name: &str, hash: &str) -> Result<gate::store::UserRecord, AccountError> {
    let imported = ImportedUser {
        name: name.to_owned(),
        role: "viewer".to_owned(),
        grants: Some(vec!["web".to_owned()]),
        hash: hash.trim().to_owned(),
    };
    world.gate.import_user(&gate::local::operator(&world.gate), imported)
}

#[tokio::test]
async fn whoever_is_refused_costs_the_same_hashes() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    for name in ["ada", "shut"] {
        world.session(name, "viewer");
    }
    let shut = world.store.user_by_name("shut").unwrap().unwrap();
    let change = UserChange { disabled: Some(true), ..UserChange::default() };
    world.gate.update_user(&operator, shut.id, &change).unwrap();
    let without = NewUser { password: None, ..new_user("without", "viewer") };
    world.gate.create_user(&operator, &without).unwrap();
    import(&world, "imported", OLD_HASH).unwrap();
    for (name, secret) in [
        ("nobody", PASSWORD),
        ("no body\u{0}", PASSWORD),
        ("ada", "wrong"),
        ("shut", PASSWORD),
        ("shut", "wrong"),
        ("without", PASSWORD),
        ("without", ""),
        ("imported", "wrong"),
    ] {
        let before = world.gate.hashes_computed();
        assert!(matches!(log_in(&world, name, secret), Err(AccountError::WrongCredentials)));
        assert_eq!(world.gate.hashes_computed() - before, 1, "{name} {secret}");
    }
    let endless = "x".repeat(1_000);
    for name in ["nobody", "ada"] {
        let before = world.gate.hashes_computed();
        assert!(matches!(log_in(&world, name, &endless), Err(AccountError::WrongCredentials)));
        assert_eq!(world.gate.hashes_computed() - before, 0, "{name}");
    }
}

#[tokio::test]
async fn the_last_twelve_passwords_are_not_taken_again_and_each_costs_a_hash() {
    let world = World::with(|config| config.passwords.hashes_at_a_time = 2);
    let permit = permit_of(&world, &world.session("ada", "viewer")).await;
    let numbered = |number: usize| format!("{number} green umbrellas sing quietly");
    let change = |old: &str, new: &str| {
        let before = world.gate.hashes_computed();
        let changed = world.gate.change_password(&permit, &password(old), &password(new));
        (changed, world.gate.hashes_computed() - before)
    };
    let mut current = PASSWORD.to_owned();
    for number in 0..12 {
        let (changed, hashes) = change(&current, &numbered(number));
        changed.unwrap();
        // The old one is proved, the new one compared with it and the former ones, and then hashed.
        assert_eq!(hashes, 2 + 1 + u64::try_from(number).unwrap(), "change {number}");
        current = numbered(number);
    }
    for number in 0..12 {
        let (refused, hashes) = change(&current, &numbered(number));
        assert!(
            matches!(refused, Err(AccountError::Password(PasswordFault::Former))),
            "number {number}"
        );
        assert!(hashes <= 13, "{hashes}");
    }
    change(&current, PASSWORD).0.unwrap();
    let ada = world.store.user_by_name("ada").unwrap().unwrap().id;
    assert_eq!(world.store.former_passwords(ada, 100).unwrap().len(), 13);
}

#[tokio::test]
async fn no_more_former_passwords_are_kept_than_can_be_compared() {
    let world = World::new();
    world.session("ada", "viewer");
    let ada = world.store.user_by_name("ada").unwrap().unwrap().id;
    for number in 0..30 {
        let hash = PasswordHashText(format!("$hash{number}"));
        let keep = gate::store::SessionsAfter::Keep;
        let at = Some(jiff::Timestamp::from_second(number).unwrap());
        world.store.set_password(ada, &hash, at, keep).unwrap();
    }
    let former = world.store.former_passwords(ada, 100).unwrap();
    assert_eq!(former.len(), gate::password::FORMER_MAX);
    assert_eq!(former[0].0, "$hash28");
    assert_eq!(world.store.former_passwords(ada, 3).unwrap().len(), 3);
}

#[tokio::test]
async fn a_breached_password_is_refused_and_an_unreadable_list_lets_none_pass() {
    let world = World::new();
    let permit = permit_of(&world, &world.session("ada", "viewer")).await;
    let change =
        |new: &str| world.gate.change_password(&permit, &password(PASSWORD), &password(new));
    assert!(matches!(change(BREACHED), Err(AccountError::Password(PasswordFault::Breached))));
    let failed = change(UNREADABLE).unwrap_err();
    assert!(matches!(failed, AccountError::Breached(_)));
    let problem = gate::http::Problem::from(failed);
    assert_eq!(problem.status(), 503);
    assert!(log_in(&world, "ada", PASSWORD).is_ok());
}

#[tokio::test]
async fn an_imported_password_gets_a_hash_of_ours_at_the_first_sign_in() {
    let world = World::new();
    for (name, hash) in [("ada", OLD_HASH), ("grace", ARGON2_HASH)] {
        let made = import(&world, name, hash).unwrap();
        assert_eq!(made.grants, ["web"]);
        assert!(matches!(log_in(&world, name, "wrong"), Err(AccountError::WrongCredentials)));
        let kept = || world.store.user_by_name(name).unwrap().unwrap().password.unwrap().0;
        assert_eq!(kept(), hash.trim(), "a wrong password replaces nothing");
        let signed_in = log_in(&world, name, OLD).unwrap();
        assert_eq!(signed_in.required, gate::Requirements::NONE);
        assert!(kept().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", kept());
        log_in(&world, name, OLD).unwrap();
    }
}

#[tokio::test]
async fn an_imported_password_that_our_rules_refuse_must_be_changed() {
    let world = World::new();
    import(&world, "ada", SHORT_HASH).unwrap();
    let signed_in = log_in(&world, "ada", "short").unwrap();
    assert!(signed_in.required.has(Requirement::ChangePassword));
    let again = log_in(&world, "ada", "short").unwrap();
    assert!(again.required.has(Requirement::ChangePassword), "and goes on to be demanded");
}

#[tokio::test]
async fn only_the_operator_imports_and_only_known_hashes() {
    let world = World::new();
    for hash in ["", "plain", "$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"] {
        assert!(matches!(import(&world, "ada", hash), Err(AccountError::ImportedHash)));
    }
    let admin = permit_of(&world, &world.session("root", "admin")).await;
    let imported = ImportedUser {
        name: "ada".to_owned(),
        role: "viewer".to_owned(),
        grants: None,
        hash: OLD_HASH.trim().to_owned(),
    };
    let refused = world.gate.import_user(&admin, imported);
    assert!(matches!(refused, Err(AccountError::NotForCaller)));
    assert!(world.store.user_by_name("ada").unwrap().is_none());
}

#[tokio::test]
async fn what_went_wrong_inside_does_not_show() {
    let world = World::with(|config| config.limits.auth = 10_000);
    world.session("ada", "viewer");
    let body = serde_json::json!({ "username": "ada", "password": CANARY }).to_string();
    let reply = world.send(post("/v1/auth/login").json(&body).own()).await;
    assert_eq!(reply.status, 401);
    assert!(!reply.text().contains(CANARY));
}
