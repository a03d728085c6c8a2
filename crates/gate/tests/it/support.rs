//! A small product behind the gate, a clock that stands still, and callers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use gate::audit::{AuditEvent, AuditSink, NotKept};
use gate::clock::Clock;
use gate::config::MfaRule;
use gate::memory::MemoryStore;
use gate::password::BreachedPasswords;
use gate::random::SystemRandom;
use gate::store::Store;
use gate::{Environment, Gate, GateConfig, LogIn, NewKey, NewUser, Password, RootSecret, SetUp};
use jiff::{SignedDuration, Timestamp};

pub(crate) use call::{Call, Reply, delete, get, post, request};
pub(crate) use product::{App, VOCABULARY, routes};

mod call;
pub(crate) mod person;
mod product;

pub(crate) const PASSWORD: &str = "violet tractor hums under seven bridges";
pub(crate) const BREACHED: &str = "a kestrel over the marsh at noon";
pub(crate) const UNREADABLE: &str = "a page that nobody can turn over";
pub(crate) const CANARY: &str = "canary-7c1e";

/// A clock that moves when told.
#[derive(Debug, Default)]
pub(crate) struct FakeClock(Mutex<Duration>);

impl FakeClock {
    pub(crate) fn forward(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        start.checked_add(SignedDuration::try_from(self.elapsed()).unwrap()).unwrap()
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

/// Keeps what was recorded, on a disk that may be full.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    events: Mutex<Vec<AuditEvent>>,
    /// Nothing more is taken.
    pub(crate) is_full: AtomicBool,
    /// What was taken does not reach the disk.
    pub(crate) is_stuck: AtomicBool,
}

impl Recorder {
    /// The names of the events so far, which are then forgotten.
    pub(crate) fn take(&self) -> Vec<String> {
        self.take_events().iter().map(|event| event.name.name().to_owned()).collect()
    }

    /// The events so far, which are then forgotten.
    pub(crate) fn take_events(&self) -> Vec<AuditEvent> {
        std::mem::take(&mut *self.events.lock().unwrap())
    }
}

impl AuditSink for Recorder {
    fn record(&self, event: &AuditEvent) {
        let text = serde_json::to_string(event).unwrap() + &format!("{event:?}");
        assert!(!text.contains(PASSWORD) && !text.contains("192.0.2."), "{text}");
        self.events.lock().unwrap().push(event.clone());
    }

    fn accepts(&self) -> bool {
        !self.is_full.load(Ordering::SeqCst)
    }

    fn settled(&self) -> BoxFuture<'static, Result<(), NotKept>> {
        let is_stuck = self.is_stuck.load(Ordering::SeqCst);
        Box::pin(std::future::ready(if is_stuck { Err(NotKept) } else { Ok(()) }))
    }
}

/// A list of breached passwords with one in it, and one at which it cannot be read.
#[derive(Debug)]
struct Breached;

impl BreachedPasswords for Breached {
    fn holds(&self, password: &[u8]) -> std::io::Result<bool> {
        match password {
            _ if password == UNREADABLE.as_bytes() => Err(std::io::Error::other(CANARY)),
            _ => Ok(password == BREACHED.as_bytes()),
        }
    }
}

/// The product, running.
pub(crate) struct World {
    pub(crate) gate: Gate,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) audit: Arc<Recorder>,
    pub(crate) store: Arc<MemoryStore>,
    router: axum::Router,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut GateConfig)) -> Self {
        Self::on(Arc::new(MemoryStore::new()), Arc::new(FakeClock::default()), change)
    }

    /// Over a store that exists already, as after a restart.
    pub(crate) fn on(
        store: Arc<MemoryStore>,
        clock: Arc<FakeClock>,
        change: impl FnOnce(&mut GateConfig),
    ) -> Self {
        let mut config = GateConfig::default();
        config.passwords.memory_kib = 19 * 1024;
        config.passwords.passes = 2;
        // Most tests are about something else; those about second factors ask for the rule they need.
        config.mfa.required = MfaRule::None;
        change(&mut config);
        // Who asks for that much room does not mean to be shaped within it.
        let limits = &mut config.limits;
        limits.auth_burst = limits.auth_burst.filter(|_| limits.auth < 10_000);
        limits.api_burst = limits.api_burst.filter(|_| limits.read < 10_000);
        let audit = Arc::new(Recorder::default());
        let environment = Environment {
            store: Arc::<MemoryStore>::clone(&store),
            clock: Arc::<FakeClock>::clone(&clock),
            random: Arc::new(SystemRandom),
            audit: Arc::<Recorder>::clone(&audit),
            breached: Some(Arc::new(Breached)),
            keyring: RootSecret::from_random([3; 32]).into(),
        };
        let gate = Gate::new(config, VOCABULARY, environment).unwrap();
        let router = routes().into_router(&gate, &App { gate: gate.clone() }).unwrap();
        Self { gate, clock, audit, store, router }
    }

    pub(crate) async fn send(&self, call: Call) -> Reply {
        call::send(&self.router, call).await
    }

    /// The answer as the accept loop gets it.
    pub(crate) async fn open(&self, call: Call) -> gate::http::Response {
        call::open(&self.router, call).await
    }

    /// Sends without looking at the headers of the answer.
    pub(crate) async fn send_bare(&self, call: Call) -> Reply {
        call::send_bare(&self.router, call).await
    }

    /// The status a call is answered with.
    pub(crate) async fn status(&self, call: Call) -> u16 {
        self.send(call).await.status
    }

    fn operator(&self) -> gate::Permit {
        gate::local::operator(&self.gate)
    }

    /// Makes a user of that role and a session of it; gives the cookie.
    pub(crate) fn session(&self, name: &str, role: &str) -> String {
        self.session_with(name, role, &["*"])
    }

    /// The same, of a role that counts only there.
    pub(crate) fn session_with(&self, name: &str, role: &str, grants: &[&str]) -> String {
        let operator = self.operator();
        if self.store.user_by_name(name).unwrap().is_none() {
            let grants = grants.iter().map(|grant| (*grant).to_owned()).collect();
            let new = NewUser { grants: Some(grants), ..new_user(name, role) };
            self.gate.create_user(&operator, &new).unwrap();
        }
        let form =
            LogIn { username: name.to_owned(), password: password(PASSWORD), user_agent: None };
        let signed_in = self.gate.log_in(&operator, &form).unwrap().signed_in().unwrap();
        format!("__Host-shelduck={}", signed_in.token.expose())
    }

    /// Makes a key with those scopes.
    pub(crate) fn key(&self, scopes: &[&str]) -> String {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let new = NewKey { name: "program".to_owned(), scopes, ..NewKey::default() };
        self.gate.create_key(&self.operator(), &new).unwrap().key.expose().to_owned()
    }

    /// Sets the server up as its first administrator.
    pub(crate) fn set_up(&self, secret: &str) -> Result<gate::SignedIn, gate::AccountError> {
        let account =
            LogIn { username: "root".to_owned(), password: password(PASSWORD), user_agent: None };
        self.gate.set_up(&self.operator(), &SetUp { secret: password(secret), account })
    }
}

/// The permit of a session, as a handler for everybody who is signed in has it.
pub(crate) async fn permit_of(world: &World, cookie: &str) -> gate::Permit {
    let token = cookie.split_once('=').unwrap().1;
    let ask = gate::door::Ask {
        client: gate::ClientAddress::network("192.0.2.1".parse().unwrap()),
        request_id: world.gate.request_id(),
        credential: gate::door::Credential::Session(
            gate::session::SessionToken::parse(token).unwrap(),
        ),
        provenance: gate::door::Provenance::SameOrigin,
        device: None,
        policy: gate::Policy::signed_in(gate::Class::Read).while_required(),
        object: None,
        operation: "test".into(),
    };
    gate::door::check(&world.gate, ask).await.unwrap().permit
}

pub(crate) fn new_user(name: &str, role: &str) -> NewUser {
    NewUser {
        name: name.to_owned(),
        role: role.to_owned(),
        grants: None,
        password: Some(password(PASSWORD)),
    }
}

pub(crate) fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}
