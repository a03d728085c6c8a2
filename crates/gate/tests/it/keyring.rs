//! Keys under secrets that change, keys that were brought along, and keys that
//! end.

use gate::emergency::{EmergencyError, KeeperError, SecretKeeper};
use gate::store::{PasswordStore, Store};
use gate::{ApiKey, ImportError, KeyError, Keyring, NewKey, Password, RootSecret};

use crate::support::{Call, World, get};

const BROUGHT: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

fn root(byte: u8) -> RootSecret {
    RootSecret::from_random([byte; 32])
}

fn with(key: &str) -> Call {
    get("/v1/things").key(key)
}

fn typed(text: &str) -> Password {
    Password::new(text.to_owned())
}

fn new_key() -> NewKey {
    NewKey { name: "program".to_owned(), scopes: vec!["read:web".to_owned()], ..NewKey::default() }
}

/// Secrets in memory, which an emergency can replace.
struct Drawer(std::sync::Mutex<Vec<u8>>);

impl Drawer {
    fn new() -> Self {
        Self(std::sync::Mutex::new(vec![3]))
    }

    fn ring(secrets: &[u8]) -> Keyring {
        Keyring::new(root(secrets[0]), secrets[1..].iter().copied().map(root).collect()).unwrap()
    }
}

impl SecretKeeper for Drawer {
    fn rotate(&self) -> Result<Keyring, KeeperError> {
        let mut secrets = self.0.lock().unwrap();
        let next = secrets[0] + 1;
        secrets.insert(0, next);
        Ok(Self::ring(&secrets))
    }

    fn replace(&self) -> Result<Keyring, KeeperError> {
        let mut secrets = self.0.lock().unwrap();
        secrets.truncate(1);
        let next = secrets[0] + 1;
        secrets.insert(0, next);
        Ok(Self::ring(&secrets))
    }

    fn forget_predecessors(&self) -> Result<Keyring, KeeperError> {
        let mut secrets = self.0.lock().unwrap();
        secrets.truncate(1);
        Ok(Self::ring(&secrets))
    }
}

#[tokio::test]
async fn a_key_lives_through_a_gentle_rotation_and_is_made_anew_at_its_next_use() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    let (used, unused) = (world.key(&["read:web"]), world.key(&["read:web"]));
    let label = |key: &str| {
        let id = ApiKey::parse(key).unwrap().id().clone();
        world.store.key(&id).unwrap().unwrap().label.unwrap()
    };
    let before = label(&used);
    assert_eq!(world.status(with(&used)).await, 200);
    let keeper = Drawer::new();
    world.gate.rotate_secrets(&operator, &keeper).unwrap();
    assert!(world.audit.take().contains(&"crypt_key_rotated".to_owned()));
    assert_eq!(world.status(with(&used)).await, 200);
    assert_ne!(label(&used), before);
    assert_eq!(label(&unused), before);
    assert_eq!(world.status(with(&used)).await, 200);
    world.gate.set_keyring(&root(4).into()).unwrap();
    assert_eq!((world.status(with(&used)).await, world.status(with(&unused)).await), (200, 401));
}

#[tokio::test]
async fn an_emergency_ends_sessions_and_keys_and_their_secret() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    let (key, cookie) = (world.key(&["read:web"]), world.session("ada", "viewer"));
    assert_eq!(world.status(with(&key)).await, 200);
    let keeper = Drawer::new();
    let ended = world.gate.replace_secrets(&operator, &keeper).unwrap();
    assert_eq!((ended.sessions, ended.keys), (1, 1));
    assert_eq!(world.status(with(&key)).await, 401);
    assert_eq!(world.status(get("/v1/me").cookie(&cookie)).await, 401);
    assert_eq!(*keeper.0.lock().unwrap(), [4]);
    let fresh = world.key(&["read:web"]);
    assert_eq!(world.status(with(&fresh)).await, 200);
}

/// Secrets that the configuration sets.
struct Fixed;

impl SecretKeeper for Fixed {
    fn rotate(&self) -> Result<Keyring, KeeperError> {
        Err(KeeperError::Configured)
    }

    fn replace(&self) -> Result<Keyring, KeeperError> {
        Err(KeeperError::Configured)
    }

    fn forget_predecessors(&self) -> Result<Keyring, KeeperError> {
        Err(KeeperError::Configured)
    }
}

#[tokio::test]
async fn nothing_has_ended_when_the_secrets_cannot_be_replaced() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    let (key, cookie) = (world.key(&["read:web"]), world.session("ada", "viewer"));
    world.audit.take();
    let refused = world.gate.replace_secrets(&operator, &Fixed);
    assert!(matches!(refused, Err(EmergencyError::Keeper(KeeperError::Configured))));
    assert_eq!(world.status(with(&key)).await, 200);
    assert_eq!(world.status(get("/v1/me").cookie(&cookie)).await, 200);
    assert!(!world.audit.take().contains(&"crypt_key_rotated".to_owned()));
}

#[tokio::test]
async fn a_retired_secret_takes_along_the_keys_that_only_it_knows() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    let (used, unused) = (world.key(&["read:web"]), world.key(&["read:web"]));
    let keeper = Drawer::new();
    world.gate.rotate_secrets(&operator, &keeper).unwrap();
    assert_eq!(world.status(with(&used)).await, 200);
    assert_eq!(world.gate.retire_secrets(&operator, &keeper).unwrap(), 1);
    assert_eq!((world.status(with(&used)).await, world.status(with(&unused)).await), (200, 401));
    let id = ApiKey::parse(&unused).unwrap().id().clone();
    assert!(world.store.key(&id).unwrap().unwrap().revoked_at.is_some(), "and lists say so");
    assert_eq!(*keeper.0.lock().unwrap(), [4]);
}

#[tokio::test]
async fn an_emergency_ends_links_that_reset_a_password() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    world.session("ada", "viewer");
    let user = world.store.user_by_name("ada").unwrap().unwrap();
    let link = world.gate.offer_reset(&operator, user.id).unwrap();
    let secret = gate::secret::Fingerprint::of(link.expose().as_bytes());
    assert!(world.store.reset(&secret).unwrap().is_some());
    world.gate.end_everything(&operator).unwrap();
    assert!(world.store.reset(&secret).unwrap().is_none());
}

#[tokio::test]
async fn the_acts_of_a_bad_day_are_for_who_administers() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    let issued = world.gate.create_key(&operator, &new_key()).unwrap();
    let ask = gate::door::Ask {
        client: gate::ClientAddress::network("192.0.2.1".parse().unwrap()),
        request_id: world.gate.request_id(),
        credential: gate::door::Credential::Key(issued.key),
        provenance: gate::door::Provenance::Unknown { cookie: false },
        device: None,
        policy: gate::Policy::signed_in(gate::Class::Read),
        operation: "test".into(),
        object: None,
    };
    let reader = gate::door::check(&world.gate, ask).await.unwrap().permit;
    let keeper = Drawer::new();
    let refused = [
        world.gate.revoke_all_keys(&reader).map(|_| ()),
        world.gate.end_everything(&reader).map(|_| ()),
        world.gate.rotate_secrets(&reader, &keeper),
        world.gate.replace_secrets(&reader, &keeper).map(|_| ()),
        world.gate.retire_secrets(&reader, &keeper).map(|_| ()),
    ];
    for one in refused {
        assert!(matches!(one, Err(EmergencyError::NotForCaller)));
    }
    assert_eq!(world.gate.revoke_all_keys(&operator).unwrap(), 1);
    assert_eq!(world.gate.revoke_all_keys(&operator).unwrap(), 0);
}

#[tokio::test]
async fn a_key_that_was_brought_along_works_in_every_spelling_and_through_rotations() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    assert_eq!(world.status(with(BROUGHT)).await, 401);
    world.audit.take();
    let record = world.gate.import_key(&operator, &new_key(), &typed(BROUGHT)).unwrap();
    assert_eq!(world.audit.take(), ["authn_token_created"]);
    assert!(record.imported && !format!("{record:?}").contains(BROUGHT));
    for call in [with(BROUGHT), get("/v1/things").header("x-api-key", BROUGHT)] {
        assert_eq!(world.status(call).await, 200);
    }
    assert_eq!(world.status(with(&BROUGHT.to_uppercase())).await, 401);
    assert!(matches!(
        world.gate.import_key(&operator, &new_key(), &typed(BROUGHT)),
        Err(KeyError::Known)
    ));
    world.gate.rotate_secrets(&operator, &Drawer::new()).unwrap();
    assert_eq!(world.status(with(BROUGHT)).await, 200);
    assert!(matches!(
        world.gate.import_key(&operator, &new_key(), &typed(BROUGHT)),
        Err(KeyError::Known)
    ));
    world.gate.revoke_key(&operator, &record.id).unwrap();
    assert_eq!(world.status(with(BROUGHT)).await, 401);
}

#[tokio::test]
async fn short_keys_are_brought_along_only_where_that_is_allowed() {
    let strict = World::new();
    let lax = World::with(|config| config.keys.short_imports = true);
    let import = |world: &World, text: &str| {
        let operator = gate::local::operator(&world.gate);
        world.gate.import_key(&operator, &new_key(), &typed(text)).map(|_| ())
    };
    let weak = import(&strict, &BROUGHT[..40]);
    assert!(matches!(weak, Err(KeyError::Import(ImportError::Weak))));
    import(&lax, &BROUGHT[..40]).unwrap();
    assert_eq!(lax.status(with(&BROUGHT[..40])).await, 200);
    let short = import(&lax, &BROUGHT[..31]);
    assert!(matches!(short, Err(KeyError::Import(ImportError::Short))));
}

#[tokio::test]
async fn a_replaced_key_says_so_and_its_successor_does_not() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    let old = world.key(&["read:web"]);
    let before = world.send(with(&old)).await;
    assert!(before.header("deprecation").is_none() && before.header("sunset").is_none());
    let id = ApiKey::parse(&old).unwrap().id().clone();
    let new = world.gate.rotate_key(&operator, &id).unwrap();
    for _ in 0..2 {
        let reply = world.send(with(&old)).await;
        assert_eq!(reply.header("deprecation"), Some("@1800000000"));
        assert_eq!(reply.header("sunset"), Some("Sat, 16 Jan 2027 08:00:00 GMT"));
    }
    let refused = world.send(get("/v1/users").key(&old)).await;
    assert!(refused.header("deprecation").is_none(), "what is refused tells nothing of the key");
    let reply = world.send(with(new.key.expose())).await;
    assert!(reply.header("deprecation").is_none());
    assert!(matches!(world.gate.rotate_key(&operator, &id), Err(KeyError::Ended)));
}

#[tokio::test]
async fn reminders_come_once_each() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    world.key(&["read:web"]);
    let remind = |days: u64| {
        world.clock.forward(days * 86_400);
        let reminded = world.gate.remind_of_ending_keys(&operator).unwrap();
        assert_eq!(world.gate.remind_of_ending_keys(&operator).unwrap(), 0);
        reminded
    };
    world.audit.take();
    assert_eq!(
        [remind(75), remind(1), remind(3), remind(4), remind(6), remind(2)],
        [0, 1, 0, 1, 1, 0]
    );
    assert_eq!(world.audit.take(), ["authn_token_expiring"; 3]);
}

#[tokio::test]
async fn the_kind_of_network_a_key_was_used_from_is_noted() {
    let world = World::new();
    let key = world.key(&["read:web"]);
    let id = ApiKey::parse(&key).unwrap().id().clone();
    let from = || world.store.key(&id).unwrap().unwrap().last_used_from.map(|class| class.name());
    assert_eq!(from(), None);
    for (address, class) in
        [("192.0.2.1", "public"), ("10.1.1.1", "private"), ("127.0.0.1", "machine")]
    {
        world.status(with(&key).from(address)).await;
        assert_eq!(from(), Some(class));
        world.clock.forward(31);
    }
}
