//! What programs show.

use gate::store::Store;
use gate::{KeyError, KeyId, NewKey, Permit};

use crate::support::{Call, World, get, permit_of};

fn new_key(scopes: &[&str]) -> NewKey {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    NewKey { name: "program".to_owned(), scopes, ..NewKey::default() }
}

fn with(key: &str) -> Call {
    get("/v1/things").key(key)
}

fn id_of(key: &str) -> KeyId {
    gate::ApiKey::parse(key).unwrap().id().clone()
}

#[tokio::test]
async fn a_key_works_in_every_spelling_until_it_is_taken_back() {
    let world = World::new();
    let key = world.key(&["read:web"]);
    assert_eq!(world.status(with(&key)).await, 200);
    assert_eq!(world.status(get("/v1/things").header("x-api-key", &key)).await, 200);
    assert_eq!(
        world.status(get("/v1/things").header("authorization", &format!("ApiKey {key}"))).await,
        200
    );
    assert_eq!(world.status(get(&format!("/v1/things?api_key={key}"))).await, 401);
    let operator = gate::local::operator(&world.gate);
    world.gate.revoke_key(&operator, &id_of(&key)).unwrap();
    assert_eq!(world.status(with(&key)).await, 401);
    let again = World::on(world.store.clone(), world.clock.clone(), |_| ());
    for _ in 0..30 {
        assert_eq!(
            again.status(with(&key)).await,
            401,
            "an ended key is no guess and locks nobody"
        );
    }
}

#[tokio::test]
async fn two_credentials_are_not_tried() {
    let world = World::new();
    let (one, two) = (world.key(&["read:web"]), world.key(&["read:web"]));
    let cookie = world.session("ada", "viewer");
    for call in [with(&one).header("x-api-key", &two), with(&one).cookie(&cookie)] {
        let reply = world.send(call).await;
        assert_eq!((reply.status, reply.problem().as_str()), (400, "two-credentials"));
    }
}

#[tokio::test]
async fn wrong_keys_look_alike_and_lock_their_address() {
    let world = World::new();
    let key = world.key(&["read:web"]);
    let stranger = World::new().key(&["read:web"]);
    let mut answers = std::collections::HashSet::new();
    let last = if key.ends_with('x') { 'y' } else { 'x' };
    let mistyped = format!("{}{last}", &key[..key.len() - 1]);
    for wrong in [stranger.as_str(), mistyped.as_str(), "nonsense", "Basic"] {
        let mut json = world.send(with(wrong)).await.json();
        json["request_id"].take();
        answers.insert(json.to_string());
    }
    assert_eq!(answers.len(), 1);
    for _ in 4..20 {
        assert_eq!(world.status(with(&stranger)).await, 401);
    }
    let reply = world.send(with(&key)).await;
    assert_eq!((reply.status, reply.problem().as_str(), reply.retry_after()), (429, "locked", 300));
    assert_eq!(world.status(with(&key).from("192.0.2.2")).await, 200);
    world.clock.forward(300);
    assert_eq!(world.status(with(&key)).await, 200);
}

#[tokio::test]
async fn a_key_ends_when_it_should_and_works_where_it_should() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    let mut new = new_key(&["read:web"]);
    new.life_days = Some(2);
    new.cidrs = vec!["192.0.2.0/25".to_owned(), "2001:db8::7".to_owned()];
    let key = world.gate.create_key(&operator, &new).unwrap().key.expose().to_owned();
    assert_eq!(world.status(with(&key)).await, 200);
    assert_eq!(world.status(with(&key).from("2001:db8::7")).await, 200);
    assert_eq!(world.status(with(&key).from("192.0.2.200")).await, 401);
    assert_eq!(world.status(with(&key).from("2001:db8::8")).await, 401);
    world.clock.forward(2 * 86_400 - 1);
    assert_eq!(world.status(with(&key)).await, 200);
    world.clock.forward(1);
    assert_eq!(world.status(with(&key)).await, 401);
}

#[tokio::test]
async fn a_key_of_another_environment_is_no_key_here() {
    let world = World::new();
    let key = world.key(&["read:web"]);
    let production = World::on(world.store.clone(), world.clock.clone(), |config| {
        config.keys.environment = "prod".to_owned()
    });
    assert_eq!(production.status(with(&key)).await, 401);
}

#[tokio::test]
async fn rotating_leaves_both_working_for_the_overlap() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    let old = world.key(&["read:web"]);
    assert_eq!(world.status(with(&old)).await, 200);
    let new = world.gate.rotate_key(&operator, &id_of(&old)).unwrap().key.expose().to_owned();
    assert_eq!((world.status(with(&old)).await, world.status(with(&new)).await), (200, 200));
    world.clock.forward(24 * 3_600);
    assert_eq!((world.status(with(&old)).await, world.status(with(&new)).await), (401, 200));
    assert!(matches!(world.gate.rotate_key(&operator, &id_of(&old)), Err(KeyError::Ended)));
}

#[tokio::test]
async fn a_key_never_does_more_than_its_maker() {
    let world = World::with(|config| config.limits.pre_auth = 100_000);
    let cookie = world.session("ada", "editor");
    let ada = permit_of(&world, &cookie).await;
    for scopes in [&["admin:*"][..], &["write:web", "admin:web"]] {
        assert!(matches!(
            world.gate.create_key(&ada, &new_key(scopes)),
            Err(KeyError::MoreThanCaller)
        ));
    }
    let key = world
        .gate
        .create_key(&ada, &new_key(&["write:*", "read:web"]))
        .unwrap()
        .key
        .expose()
        .to_owned();
    let write = || crate::support::delete("/v1/things/1").key(&key);
    assert_eq!(world.status(write()).await, 204);
    let operator = gate::local::operator(&world.gate);
    let user = world.store.user_by_name("ada").unwrap().unwrap();
    let role = |role: &str| gate::UserChange {
        role: Some(role.to_owned()),
        ..gate::UserChange::default()
    };
    world.gate.update_user(&operator, user.id, &role("viewer")).unwrap();
    assert_eq!((world.status(write()).await, world.status(with(&key)).await), (403, 200));
    let disabled = gate::UserChange { disabled: Some(true), ..gate::UserChange::default() };
    world.gate.update_user(&operator, user.id, &disabled).unwrap();
    assert_eq!(world.status(with(&key)).await, 401);
}

#[tokio::test]
async fn keys_are_managed_by_their_owner_and_by_administrators() {
    let world = World::new();
    let ada = permit_of(&world, &world.session("ada", "editor")).await;
    let grace = permit_of(&world, &world.session("grace", "editor")).await;
    let root = permit_of(&world, &world.session("root", "admin")).await;
    let issued = world.gate.create_key(&ada, &new_key(&["read:web"])).unwrap();
    let seen = |permit: &Permit| world.gate.keys(permit).unwrap().len();
    assert_eq!((seen(&ada), seen(&grace), seen(&root)), (1, 0, 1));
    assert!(matches!(world.gate.revoke_key(&grace, &issued.record.id), Err(KeyError::NotFound)));
    world.gate.revoke_key(&root, &issued.record.id).unwrap();
    assert_eq!(world.status(with(issued.key.expose())).await, 401);
}

#[tokio::test]
async fn what_makes_no_key_is_said() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    let check =
        |new: &NewKey| world.gate.create_key(&operator, new).map(|_| ()).unwrap_err().to_string();
    let good = new_key(&["read:web"]);
    assert_eq!(check(&NewKey { name: " ".to_owned(), ..good.clone() }), "not a name for a key");
    assert_eq!(check(&new_key(&[])), "not scopes");
    assert_eq!(check(&new_key(&["fly:web"])), "not scopes");
    assert_eq!(check(&NewKey { life_days: Some(0), ..good.clone() }), "not a life for a key");
    assert_eq!(check(&NewKey { life_days: Some(367), ..good.clone() }), "not a life for a key");
    assert_eq!(check(&NewKey { cidrs: vec!["10.0.0.0/33".to_owned()], ..good }), "not networks");
}

#[tokio::test]
async fn the_secret_is_nowhere_but_in_the_answer() {
    let world = World::new();
    let key = world.key(&["read:web"]);
    let secret = key.split('_').nth(3).unwrap();
    let issued = world
        .gate
        .create_key(&gate::local::operator(&world.gate), &new_key(&["read:web"]))
        .unwrap();
    let text = format!("{:?} {issued:?} {:?}", world.store, world.gate);
    assert!(!text.contains(secret) && !text.contains(issued.key.expose()));
    let used = world.store.key(&id_of(&key)).unwrap().unwrap().last_used_at;
    assert_eq!(used, None);
    world.status(with(&key)).await;
    let used = world.store.key(&id_of(&key)).unwrap().unwrap().last_used_at.unwrap();
    assert_eq!(used.as_second() % 86_400, 0, "to the day only");
}
