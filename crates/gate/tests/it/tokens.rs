//! Tokens for programs: given, used, exchanged, ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gate::store::{PasswordHashText, SessionsAfter, Store, TokenStore};
use gate::token::TokenAlgorithm;
use gate::{
    AccessToken, AccountError, IssuedTokens, Keyring, LogIn, Permit, RefreshToken, RootSecret,
    TokenError, UserChange,
};

use crate::support::{Call, PASSWORD, World, get, password, post};

mod corpus;

/// A world with ada, and room for many requests of one address.
fn world() -> World {
    world_with(|_| ())
}

fn world_with(change: impl FnOnce(&mut gate::GateConfig)) -> World {
    let world = World::with(|config| {
        config.public_url = Some("https://stats.test".to_owned());
        config.limits.pre_auth = 1_000_000;
        config.limits.read = 1_000_000;
        change(config);
    });
    world.session("ada", "editor");
    world.session("grace", "viewer");
    world
}

/// Whoever comes to a public route from that address.
pub(crate) async fn visitor(world: &World, address: &str) -> Permit {
    let ask = gate::door::Ask {
        client: gate::ClientAddress::network(address.parse().unwrap()),
        request_id: world.gate.request_id(),
        credential: gate::door::Credential::None,
        provenance: gate::door::Provenance::Unknown { cookie: false },
        device: None,
        policy: gate::Policy::public(gate::Class::Other),
        operation: "test".into(),
        object: None,
    };
    gate::door::check(&world.gate, ask).await.unwrap().permit
}

fn form(secret: &str) -> LogIn {
    LogIn {
        username: "ada".to_owned(),
        password: password(secret),
        user_agent: Some("curl".to_owned()),
    }
}

async fn issue(world: &World) -> IssuedTokens {
    issue_to(world, "ada").await
}

async fn issue_to(world: &World, name: &str) -> IssuedTokens {
    let permit = visitor(world, "192.0.2.1").await;
    let form = LogIn { username: name.to_owned(), ..form(PASSWORD) };
    world.gate.issue_tokens(&permit, &form, None).unwrap()
}

async fn refresh(world: &World, token: &RefreshToken) -> Result<IssuedTokens, TokenError> {
    let permit = visitor(world, "192.0.2.1").await;
    world.gate.refresh_tokens(&permit, token)
}

fn with(token: &AccessToken) -> Call {
    get("/v1/me").key(token.expose())
}

async fn opens(world: &World, token: &AccessToken) -> bool {
    world.status(with(token)).await == 200
}

async fn is_dead(world: &World, tokens: &IssuedTokens) -> bool {
    let refused = refresh(world, &tokens.refresh).await;
    !opens(world, &tokens.access).await && matches!(refused, Err(TokenError::NotGood))
}

#[tokio::test]
async fn a_token_opens_what_its_user_may_and_nothing_for_long() {
    let world = world();
    let tokens = issue(&world).await;
    let me = world.send(with(&tokens.access)).await;
    assert_eq!(me.status, 200);
    let ada = world.store.user_by_name("ada").unwrap().unwrap();
    assert_eq!(me.json()["who"], format!("user:{}", ada.id));
    assert_eq!(world.status(get("/v1/users").key(tokens.access.expose())).await, 403);
    let write = post("/v1/things").key(tokens.access.expose()).json(r#"{"name":"x","weight":1}"#);
    assert_eq!(world.status(write).await, 201, "no cookie, so no proof of origin is asked");
    world.clock.forward(899);
    assert!(opens(&world, &tokens.access).await);
    world.clock.forward(1);
    assert!(!opens(&world, &tokens.access).await);
}

#[tokio::test]
async fn wrong_passwords_for_tokens_lock_as_everywhere() {
    let world = world();
    for _ in 0..5 {
        let permit = visitor(&world, "192.0.2.1").await;
        let refused = world.gate.issue_tokens(&permit, &form("wrong"), None).unwrap_err();
        assert!(matches!(refused, TokenError::Account(AccountError::WrongCredentials)));
    }
    let permit = visitor(&world, "198.51.100.9").await;
    let locked = world.gate.issue_tokens(&permit, &form(PASSWORD), None).unwrap_err();
    assert!(matches!(locked, TokenError::Account(AccountError::Locked(_))));
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_reuse_ends_the_family() {
    let world = world();
    let first = issue(&world).await;
    let other = issue(&world).await;
    world.clock.forward(60);
    let second = refresh(&world, &first.refresh).await.unwrap();
    assert!(opens(&world, &first.access).await && opens(&world, &second.access).await);
    let third = refresh(&world, &second.refresh).await.unwrap();
    world.audit.take();
    assert!(matches!(refresh(&world, &first.refresh).await, Err(TokenError::NotGood)));
    assert_eq!(world.audit.take(), ["authn_token_reuse"]);
    for tokens in [&first, &second, &third] {
        assert!(is_dead(&world, tokens).await);
    }
    assert!(opens(&world, &other.access).await, "another sign-in is another family");
}

#[tokio::test]
async fn a_family_ends_unused_and_ends_at_last() {
    let day = 86_400;
    let world = world();
    let idle = issue(&world).await;
    let mut tokens = issue(&world).await;
    world.clock.forward(7 * day - 1);
    for days in [7, 14, 21, 28] {
        tokens = refresh(&world, &tokens.refresh).await.unwrap();
        if days == 7 {
            world.clock.forward(1);
            assert!(matches!(refresh(&world, &idle.refresh).await, Err(TokenError::NotGood)));
            world.clock.forward(7 * day - 2);
        } else if days < 28 {
            world.clock.forward(7 * day - 1);
        }
    }
    world.clock.forward(2 * day + 10);
    assert!(matches!(refresh(&world, &tokens.refresh).await, Err(TokenError::NotGood)));
}

#[tokio::test]
async fn every_change_of_the_account_ends_its_tokens_at_once() {
    let operator = |world: &World| gate::local::operator(&world.gate);
    type Change = fn(&World, gate::UserId, &Permit);
    let changes: [Change; 4] = [
        |world, id, permit| {
            let change = UserChange { disabled: Some(true), ..UserChange::default() };
            world.gate.update_user(permit, id, &change).unwrap();
        },
        |world, id, permit| {
            let change = UserChange { role: Some("viewer".to_owned()), ..UserChange::default() };
            world.gate.update_user(permit, id, &change).unwrap();
        },
        |world, id, _| {
            let hash = PasswordHashText("$argon2id$other".to_owned());
            let now = jiff::Timestamp::from_second(1_800_000_001).unwrap();
            world.store.set_password(id, &hash, Some(now), SessionsAfter::End).unwrap();
        },
        |world, _, permit| {
            world.gate.end_everything(permit).unwrap();
        },
    ];
    for change in changes {
        let world = world();
        let tokens = issue(&world).await;
        let ada = world.store.user_by_name("ada").unwrap().unwrap();
        change(&world, ada.id, &operator(&world));
        // What was looked up a moment ago is only forgotten by changes that go through the gate.
        world.clock.forward(31);
        assert!(is_dead(&world, &tokens).await);
    }
}

#[tokio::test]
async fn a_disabled_users_token_does_not_wait_for_any_memory_to_pass() {
    let world = world();
    let tokens = issue(&world).await;
    assert!(opens(&world, &tokens.access).await);
    let ada = world.store.user_by_name("ada").unwrap().unwrap();
    let operator = gate::local::operator(&world.gate);
    for disabled in [true, false] {
        let change = UserChange { disabled: Some(disabled), ..UserChange::default() };
        world.gate.update_user(&operator, ada.id, &change).unwrap();
        assert!(is_dead(&world, &tokens).await, "disabled: {disabled}");
    }
}

#[tokio::test]
async fn a_family_is_revoked_with_any_of_its_tokens_and_unknown_ones_tell_nothing() {
    let world = world();
    let permit = visitor(&world, "192.0.2.1").await;
    let tokens = issue(&world).await;
    let next = refresh(&world, &tokens.refresh).await.unwrap();
    world.gate.revoke_tokens(&permit, &next.refresh).unwrap();
    assert!(is_dead(&world, &next).await && is_dead(&world, &tokens).await);
    let stranger = issue(&world_with(|_| ())).await;
    world.gate.revoke_tokens(&permit, &stranger.refresh).unwrap();
    world.gate.revoke_tokens(&permit, &next.refresh).unwrap();
}

#[tokio::test]
async fn signing_out_with_a_token_ends_its_family() {
    let world = world();
    let tokens = issue(&world).await;
    let other = issue(&world).await;
    assert!(opens(&world, &tokens.access).await);
    assert_eq!(world.status(post("/v1/auth/logout").key(tokens.access.expose())).await, 204);
    assert!(is_dead(&world, &tokens).await);
    assert!(opens(&world, &other.access).await);
}

#[tokio::test]
async fn the_eleventh_family_ends_the_first() {
    let world = world();
    let mut all = Vec::new();
    for _ in 0..11 {
        world.clock.forward(1);
        all.push(issue(&world).await);
    }
    assert!(is_dead(&world, &all[0]).await);
    assert!(opens(&world, &all[1].access).await && opens(&world, &all[10].access).await);
}

#[tokio::test]
async fn a_restart_keeps_tokens_and_a_new_secret_keeps_them_gently() {
    let world = world();
    let tokens = issue(&world).await;
    let url =
        |config: &mut gate::GateConfig| config.public_url = Some("https://stats.test".to_owned());
    let again = World::on(world.store.clone(), world.clock.clone(), url);
    assert!(opens(&again, &tokens.access).await);
    let old = || RootSecret::from_random([3; 32]);
    let new = || RootSecret::from_random([4; 32]);
    again.gate.set_keyring(&Keyring::new(new(), vec![old()]).unwrap()).unwrap();
    assert!(opens(&again, &tokens.access).await, "made under a predecessor");
    let next = refresh(&again, &tokens.refresh).await.unwrap();
    assert!(opens(&again, &next.access).await);
    again.gate.set_keyring(&new().into()).unwrap();
    assert!(!opens(&again, &tokens.access).await, "its secret is gone");
    assert!(opens(&again, &next.access).await);
    assert_eq!(again.gate.verifying_keys().len(), 1);
}

#[tokio::test]
async fn a_server_with_a_shared_secret_signs_with_it_and_publishes_nothing() {
    let world = world_with(|config| config.tokens.algorithm = TokenAlgorithm::Hs256);
    let tokens = issue(&world).await;
    assert!(opens(&world, &tokens.access).await);
    assert_eq!(world.gate.verifying_keys(), []);
    let ed25519 = World::on(world.store.clone(), world.clock.clone(), |config| {
        config.public_url = Some("https://stats.test".to_owned());
    });
    assert!(!opens(&ed25519, &tokens.access).await, "never both kinds for one issuer");
}

#[tokio::test]
async fn a_guessed_refresh_token_counts_against_its_address() {
    let world = world();
    let stranger = issue(&world_with(|_| ())).await;
    let permit = visitor(&world, "203.0.113.5").await;
    for _ in 0..20 {
        let refused = world.gate.refresh_tokens(&permit, &stranger.refresh);
        assert!(matches!(refused, Err(TokenError::NotGood)));
    }
    let refused = world.gate.refresh_tokens(&permit, &stranger.refresh);
    assert!(matches!(refused, Err(TokenError::Refused(gate::door::Refusal::Locked { .. }))));
    let own = issue(&world).await;
    assert!(refresh(&world, &own.refresh).await.is_ok(), "another address is not locked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_uses_of_one_refresh_token_one_succeeds_and_the_family_is_dead() {
    let world = Arc::new(world());
    let first = issue(&world).await;
    let mut permits = Vec::new();
    for number in 0..64 {
        permits.push(visitor(&world, &format!("192.0.2.{number}")).await);
    }
    let barrier = Arc::new(std::sync::Barrier::new(64));
    let uses: Vec<_> = permits
        .into_iter()
        .map(|permit| {
            let (gate, barrier) = (world.gate.clone(), Arc::clone(&barrier));
            let token = first.refresh.clone();
            std::thread::spawn(move || {
                barrier.wait();
                gate.refresh_tokens(&permit, &token)
            })
        })
        .collect();
    let mut given = Vec::new();
    for one in uses {
        match one.join().unwrap() {
            Ok(tokens) => given.push(tokens),
            Err(error) => assert!(matches!(error, TokenError::NotGood), "{error}"),
        }
    }
    assert_eq!(given.len(), 1);
    assert!(is_dead(&world, &given[0]).await && is_dead(&world, &first).await);
    assert!(world.audit.take().contains(&"authn_token_reuse".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_token_opens_anything_after_its_end_was_acknowledged() {
    for _ in 0..20 {
        let world = Arc::new(world());
        let tokens = issue(&world).await;
        let permit = visitor(&world, "192.0.2.1").await;
        let ended = Arc::new(AtomicBool::new(false));
        let users: Vec<_> = (0..4)
            .map(|_| {
                let (world, ended) = (Arc::clone(&world), Arc::clone(&ended));
                let token = tokens.access.clone();
                tokio::spawn(async move {
                    for _ in 0..50 {
                        let before = ended.load(Ordering::SeqCst);
                        let opened = opens(&world, &token).await;
                        assert!(!(before && opened), "used after it was ended");
                    }
                })
            })
            .collect();
        let gate = world.gate.clone();
        let refresh = tokens.refresh.clone();
        let revoke =
            tokio::task::spawn_blocking(move || gate.revoke_tokens(&permit, &refresh).unwrap());
        revoke.await.unwrap();
        ended.store(true, Ordering::SeqCst);
        for user in users {
            user.await.unwrap();
        }
        assert!(is_dead(&world, &tokens).await);
    }
}

#[tokio::test]
async fn when_too_many_tokens_are_ended_one_by_one_all_of_the_user_end() {
    let world = world();
    let (one, other) = (issue(&world).await, issue(&world).await);
    let later = jiff::Timestamp::from_second(1_900_000_000).unwrap();
    for number in 0..gate::store::DENIED_TOKENS_MAX {
        let id = gate::token::TokenId(uuid::Uuid::from_u128(number as u128));
        assert!(world.store.deny_token(id, later).unwrap());
    }
    assert_eq!(world.status(post("/v1/auth/logout").key(one.access.expose())).await, 204);
    assert!(is_dead(&world, &one).await && is_dead(&world, &other).await);
}

#[tokio::test]
async fn sessions_and_tokens_are_listed_and_ended_together() {
    let world = world();
    let cookie = world.session("ada", "editor");
    let one = issue(&world).await;
    world.clock.forward(1);
    let other = issue(&world).await;
    let token = gate::session::SessionToken::parse(cookie.split_once('=').unwrap().1).unwrap();
    let ask = gate::door::Ask {
        client: gate::ClientAddress::network("192.0.2.1".parse().unwrap()),
        request_id: world.gate.request_id(),
        credential: gate::door::Credential::Session(token),
        provenance: gate::door::Provenance::SameOrigin,
        device: None,
        policy: gate::Policy::signed_in(gate::Class::Read),
        operation: "test".into(),
        object: None,
    };
    let permit = gate::door::check(&world.gate, ask).await.unwrap().permit;
    let families = world.gate.families(&permit).unwrap();
    assert_eq!((families.len(), families[0].user_agent.as_deref()), (2, Some("curl")));
    world.gate.end_session(&permit, families[0].id).unwrap();
    assert!(is_dead(&world, &one).await && opens(&world, &other.access).await);
    // ada's first session was begun when the world was.
    assert_eq!(world.gate.end_other_sessions(&permit).unwrap(), 2);
    assert!(is_dead(&world, &other).await);
    assert_eq!(world.status(get("/v1/me").cookie(&cookie)).await, 200);
    let operator = gate::local::operator(&world.gate);
    let all = world.gate.all_sessions(&operator).unwrap();
    let ada = permit.principal().user();
    let own: Vec<_> = all.sessions.iter().filter(|one| Some(one.user) == ada).collect();
    assert_eq!((own.len(), all.sessions.len(), all.families.len()), (1, 2, 0));
    assert!(matches!(world.gate.all_sessions(&permit), Err(AccountError::NotForCaller)));
    world.gate.end_any_session(&operator, own[0].id).unwrap();
    assert_eq!(world.status(get("/v1/me").cookie(&cookie)).await, 401);
    let gone = world.gate.end_any_session(&operator, own[0].id);
    assert!(matches!(gone, Err(AccountError::NotFound)));
}

#[tokio::test]
async fn neither_token_is_stored_or_printed() {
    let world = world();
    let tokens = issue(&world).await;
    let text = format!("{tokens:?} {:?} {:?}", world.store, world.gate);
    let secret = tokens.refresh.expose().split('_').nth(3).unwrap();
    let family = tokens.refresh.expose().split('_').nth(2).unwrap();
    for hidden in [tokens.access.expose(), tokens.refresh.expose(), secret, family] {
        assert!(!text.contains(hidden));
    }
}
