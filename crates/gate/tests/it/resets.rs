//! Passwords that are set without the old one.

use gate::password::PasswordFault;
use gate::store::Store;
use gate::{AccountError, LogIn, NewUser, ResetLink, UserChange, UserId};

use crate::support::{PASSWORD, World, get, new_user, password, permit_of};

const NEW: &str = "nine green umbrellas sing quietly";
const NEWER: &str = "the tern comes back in late april";

fn ada(world: &World) -> UserId {
    world.session("ada", "viewer");
    world.store.user_by_name("ada").unwrap().unwrap().id
}

fn offer(world: &World, id: UserId) -> ResetLink {
    world.gate.offer_reset(&gate::local::operator(&world.gate), id).unwrap()
}

fn use_link(world: &World, link: &ResetLink, new: &str) -> Result<(), AccountError> {
    let operator = gate::local::operator(&world.gate);
    world.gate.reset_password(&operator, &password(link.expose()), &password(new))
}

fn signs_in(world: &World, secret: &str) -> bool {
    let form = LogIn { username: "ada".to_owned(), password: password(secret), user_agent: None };
    world.gate.log_in(&gate::local::operator(&world.gate), &form).is_ok()
}

#[tokio::test]
async fn a_link_works_once_and_ends_sessions() {
    let world = World::new();
    let id = ada(&world);
    let cookie = world.session("ada", "viewer");
    let link = offer(&world, id);
    assert_eq!((link.expose().len(), link.expires_at.as_second()), (64, 1_800_000_000 + 86_400));
    assert!(signs_in(&world, PASSWORD), "until it is used the old password works");
    use_link(&world, &link, NEW).unwrap();
    assert_eq!(world.status(get("/v1/me").cookie(&cookie)).await, 401);
    assert!(!signs_in(&world, PASSWORD) && signs_in(&world, NEW));
    assert!(matches!(use_link(&world, &link, NEWER), Err(AccountError::WrongResetLink)));
    assert!(signs_in(&world, NEW));
    let events = world.audit.take();
    assert!(events.contains(&"authn_password_change".to_owned()), "{events:?}");
    assert!(events.contains(&"authn_password_change_fail".to_owned()), "{events:?}");
}

#[tokio::test]
async fn a_link_ends_after_a_day_with_a_newer_one_and_with_the_password() {
    let world = World::new();
    let id = ada(&world);
    let wrong = |link: &ResetLink| {
        assert!(matches!(use_link(&world, link, NEW), Err(AccountError::WrongResetLink)));
    };
    let old = offer(&world, id);
    let link = offer(&world, id);
    wrong(&old);
    world.clock.forward(86_400 - 1);
    let almost = use_link(&world, &link, "short");
    assert!(matches!(almost, Err(AccountError::Password(PasswordFault::TooShort))));
    world.clock.forward(1);
    wrong(&link);

    let link = offer(&world, id);
    let permit = permit_of(&world, &world.session("ada", "viewer")).await;
    world.gate.change_password(&permit, &password(PASSWORD), &password(NEWER)).unwrap();
    wrong(&link);

    let link = offer(&world, id);
    let operator = gate::local::operator(&world.gate);
    world.gate.set_password(&operator, id, &password(PASSWORD_OF_THE_OPERATOR)).unwrap();
    wrong(&link);
    assert!(signs_in(&world, PASSWORD_OF_THE_OPERATOR));
}

const PASSWORD_OF_THE_OPERATOR: &str = "six black swans on a frozen lake";

#[tokio::test]
async fn a_bad_password_does_not_use_the_link_up() {
    let world = World::new();
    let link = offer(&world, ada(&world));
    for (bad, expected) in [
        ("short", PasswordFault::TooShort),
        (PASSWORD, PasswordFault::Former),
        ("shelduck shelduck shelduck", PasswordFault::Guessable),
    ] {
        let refused = use_link(&world, &link, bad);
        assert!(matches!(refused, Err(AccountError::Password(fault)) if fault == expected));
    }
    use_link(&world, &link, NEW).unwrap();
}

#[tokio::test]
async fn a_link_opens_no_account_that_was_shut() {
    let world = World::new();
    let id = ada(&world);
    let operator = gate::local::operator(&world.gate);
    let link = offer(&world, id);
    let shut = |disabled| {
        let change = UserChange { disabled: Some(disabled), ..UserChange::default() };
        world.gate.update_user(&operator, id, &change).unwrap();
    };
    shut(true);
    assert!(matches!(use_link(&world, &link, NEW), Err(AccountError::WrongResetLink)));
    assert!(matches!(world.gate.offer_reset(&operator, id), Err(AccountError::Shut)));
    shut(false);
    assert!(matches!(use_link(&world, &link, NEW), Err(AccountError::WrongResetLink)));
}

#[tokio::test]
async fn a_link_ends_a_lock_and_a_demand() {
    let world = World::new();
    let id = ada(&world);
    let operator = gate::local::operator(&world.gate);
    let change = UserChange { must_change_password: Some(true), ..UserChange::default() };
    world.gate.update_user(&operator, id, &change).unwrap();
    for _ in 0..5 {
        assert!(!signs_in(&world, "wrong"));
    }
    assert!(!signs_in(&world, PASSWORD), "locked");
    use_link(&world, &offer(&world, id), NEW).unwrap();
    let cookie = {
        let form = LogIn { username: "ada".to_owned(), password: password(NEW), user_agent: None };
        let signed_in = world.gate.log_in(&operator, &form).unwrap().signed_in().unwrap();
        assert_eq!(signed_in.required, gate::Requirements::NONE);
        format!("__Host-shelduck={}", signed_in.token.expose())
    };
    assert_eq!(world.status(get("/v1/things").cookie(&cookie)).await, 200);
}

#[tokio::test]
async fn the_first_password_comes_by_a_link() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    let new = NewUser { password: None, ..new_user("ada", "viewer") };
    let id = world.gate.create_user(&operator, &new).unwrap().id;
    use_link(&world, &offer(&world, id), NEW).unwrap();
    assert!(signs_in(&world, NEW));
}

#[tokio::test]
async fn only_who_administers_makes_links_and_only_the_operator_sets_passwords() {
    let world = World::new();
    let id = ada(&world);
    let editor = permit_of(&world, &world.session("mary", "editor")).await;
    let admin = permit_of(&world, &world.session("root", "admin")).await;
    assert!(matches!(world.gate.offer_reset(&editor, id), Err(AccountError::NotForCaller)));
    world.gate.offer_reset(&admin, id).unwrap();
    for permit in [&editor, &admin] {
        let refused = world.gate.set_password(permit, id, &password(NEW));
        assert!(matches!(refused, Err(AccountError::NotForCaller)));
    }
    let nobody = UserId(uuid::Uuid::nil());
    assert!(matches!(world.gate.offer_reset(&admin, nobody), Err(AccountError::NotFound)));
}

#[tokio::test]
async fn who_guesses_links_is_locked_out_by_address() {
    let world = World::new();
    let id = ada(&world);
    let link = offer(&world, id);
    let permit = permit_of(&world, &world.session("mary", "viewer")).await;
    let guess =
        |secret: &str| world.gate.reset_password(&permit, &password(secret), &password(NEW));
    for _ in 0..20 {
        assert!(matches!(guess(&"0".repeat(64)), Err(AccountError::WrongResetLink)));
    }
    assert!(matches!(guess(link.expose()), Err(AccountError::Locked(_))));
    use_link(&world, &link, NEW).unwrap();
}

#[tokio::test]
async fn the_secret_is_nowhere_but_in_the_link() {
    let world = World::new();
    let link = offer(&world, ada(&world));
    let text = format!("{:?} {link:?} {:?}", world.store, world.gate);
    assert!(!text.contains(link.expose()));
}
