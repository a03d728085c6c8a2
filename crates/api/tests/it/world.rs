//! A server without a socket: real stores, a clock that stands still, callers.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::{App, Options, Parts};
use axum::body::Body;
use control::{Control, Hostname, NewSite, SiteSettings, TimeZoneName};
use gate::clock::Clock;
use gate::config::{GateConfig, LimitsConfig, MfaConfig, MfaRule, PasswordConfig};
use gate::emergency::{KeeperError, SecretKeeper};
use gate::http::Peer;
use gate::session::SessionToken;
use gate::store::{SessionRecord, Store, UserRecord};
use gate::{Environment, Factor, Gate, Keyring, RootSecret, SessionId, UserId};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use journal::{Journal, Offset};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use uuid::Uuid;
use warehouse::Warehouse;
use web::identity::VisitorSecret;
use web::ingest::{Ingest, IngestConfig};
use web::live::LiveFeed;
use web::loader::{Loader, LoaderConfig};
use web::report::ReportConfig;
use web::sites::SiteDirectory;

/// The site every world has.
pub(crate) const SITE: &str = "shop.example";

/// The origin the server is reached at.
pub(crate) const ORIGIN: &str = "http://127.0.0.1:8080";

/// When every world begins.
pub(crate) const NOW: &str = "2026-11-22T12:00:00Z";

/// A server without a socket.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) gate: Gate,
    pub(crate) control: Control,
    pub(crate) journal: Journal,
    pub(crate) loader: Loader,
    pub(crate) drain: CancellationToken,
    router: axum::Router,
    admin: axum::Router,
    store: Arc<api::store::ControlStore>,
    clock: Arc<StandingClock>,
    sessions: AtomicU64,
    folder: TempDir,
}

/// Root secrets in memory, the primary first.
struct Drawer(Mutex<Vec<u8>>);

impl Drawer {
    fn ring(secrets: &[u8]) -> Keyring {
        let mut roots = secrets.iter().map(|byte| RootSecret::from_random([*byte; 32]));
        Keyring::new(roots.next().unwrap(), roots.collect()).unwrap()
    }

    fn keep(&self, predecessors: usize) -> Keyring {
        let mut secrets = self.0.lock().unwrap();
        let next = secrets[0] + 1;
        secrets.insert(0, next);
        secrets.truncate(1 + predecessors);
        Self::ring(&secrets)
    }
}

impl SecretKeeper for Drawer {
    fn rotate(&self) -> Result<Keyring, KeeperError> {
        Ok(self.keep(4))
    }

    fn replace(&self) -> Result<Keyring, KeeperError> {
        Ok(self.keep(1))
    }

    fn forget_predecessors(&self) -> Result<Keyring, KeeperError> {
        let mut secrets = self.0.lock().unwrap();
        secrets.truncate(1);
        Ok(Self::ring(&secrets))
    }
}

/// A clock that stands still until it is moved.
struct StandingClock(AtomicI64);

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).unwrap()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

impl World {
    /// A server with one site, without users.
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    /// A server whose options are changed first.
    pub(crate) fn with(change: impl FnOnce(&mut Options)) -> Self {
        Self::build(change, |_| ())
    }

    /// A server whose gate is set up differently.
    pub(crate) fn guarded(change: impl FnOnce(&mut GateConfig)) -> Self {
        Self::build(|_| (), change)
    }

    fn build(change: impl FnOnce(&mut Options), change_gate: impl FnOnce(&mut GateConfig)) -> Self {
        let folder = TempDir::new().unwrap();
        let start: Timestamp = NOW.parse().unwrap();
        let clock = Arc::new(StandingClock(AtomicI64::new(start.as_microsecond())));
        let (control, _) = Control::open(&folder.path().join("control.sqlite")).unwrap();
        let store = Arc::new(api::store::ControlStore::new(control.clone(), clock.clone()));
        let gate = gate(&store, &clock, change_gate);
        let config = warehouse::Config::for_test(&folder.path().join("warehouse"));
        let (warehouse, incidents) = Warehouse::open(config, &[web::schema::DATABASE]).unwrap();
        assert!(incidents.is_empty());
        let writer = warehouse.writer("web").unwrap();
        let mut config = journal::Config::new(folder.path().join("journal"));
        config.first_offset = writer.offset();
        let (journal, opened) = Journal::open(config).unwrap();
        let (sites, live) = (SiteDirectory::default(), LiveFeed::default());
        let loader = LoaderConfig {
            interval: Duration::from_millis(10),
            ..LoaderConfig::new(folder.path())
        };
        let loader = Loader::start(loader, journal.clone(), &opened, writer, live.clone()).unwrap();
        let secret = VisitorSecret::new(vec![7; 32]).unwrap();
        let config = IngestConfig::for_test(folder.path());
        let ingest =
            Ingest::open(&config, secret, sites.clone(), journal.clone(), start.as_microsecond())
                .unwrap();
        let mut options = Options {
            public_url: ORIGIN.parse().unwrap(),
            demo_site: None,
            reports: ReportConfig::default(),
            security_contact: None,
            audit_dir: None,
            posture: Arc::new(Vec::new),
            metrics: Arc::new(|| "shelduck_up 1\n".to_owned()),
        };
        change(&mut options);
        let drain = CancellationToken::new();
        let app = App::new(Parts {
            gate: gate.clone(),
            secrets: Arc::new(Drawer(Mutex::new(vec![9]))),
            control: control.clone(),
            warehouse,
            ingest,
            live,
            progress: loader.progress(),
            sites,
            clock: clock.clone(),
            drain: drain.clone(),
            options,
        });
        app.refresh_sites().unwrap();
        let router = api::router(&gate, &app).unwrap();
        let admin = api::admin_router(&gate, &app).unwrap();
        let sessions = AtomicU64::new(0);
        let world = Self {
            app,
            gate,
            control,
            journal,
            loader,
            drain,
            router,
            admin,
            store,
            clock,
            sessions,
            folder,
        };
        world.add_site(SITE, "UTC");
        world
    }

    /// Adds a site past the API.
    pub(crate) fn add_site(&self, domain: &str, time_zone: &str) {
        let site = NewSite {
            domain: domain.parse::<Hostname>().unwrap(),
            time_zone: time_zone.parse::<TimeZoneName>().unwrap(),
            settings: SiteSettings::default(),
        };
        self.control.create_site(&site, self.clock.now()).unwrap();
        self.app.refresh_sites().unwrap();
    }

    /// Adds the site every world has again, if a request removed it.
    pub(crate) fn restore_site(&self) {
        if self.control.site(&SITE.parse().unwrap()).unwrap().is_none() {
            self.add_site(SITE, "UTC");
        }
    }

    /// Where everything is kept.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// A new user of this role and a session of theirs: the cookie. There is no password.
    pub(crate) fn session(&self, role: &str) -> String {
        self.session_with(role, &["*"])
    }

    /// The same, of a role that counts only there.
    pub(crate) fn session_with(&self, role: &str, grants: &[&str]) -> String {
        let now = self.clock.now();
        let number = self.sessions.fetch_add(1, Ordering::SeqCst);
        let token = SessionToken::parse(&format!("{number:064x}")).unwrap();
        let user = UserRecord {
            id: UserId(Uuid::new_v4()),
            name: format!("{role}-{number}"),
            role: role.to_owned(),
            grants: grants.iter().map(|grant| (*grant).to_owned()).collect(),
            password: None,
            must_change_password: false,
            disabled: false,
            created_at: now,
            password_changed_at: now,
            last_login_at: None,
        };
        let session = SessionRecord {
            hash: token.hash(),
            id: SessionId(Uuid::new_v4()),
            user: user.id,
            created_at: now,
            last_seen_at: now,
            expires_at: now + SignedDuration::from_hours(12),
            user_agent: None,
            factors: Factor::Password.into(),
            authenticated_at: now,
        };
        self.store.insert_user(&user).unwrap();
        self.store.insert_session(&session).unwrap();
        format!("{}={}", gate::http::SESSION_COOKIE, token.expose())
    }

    /// A key of the operator's with these scopes.
    pub(crate) fn key(&self, scopes: &[&str]) -> String {
        let new = gate::NewKey {
            name: "test".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            ..gate::NewKey::default()
        };
        let issued = self.gate.create_key(&gate::local::operator(&self.gate), &new).unwrap();
        issued.key.expose().to_owned()
    }

    /// Waits until everything acknowledged is in the warehouse.
    pub(crate) async fn loaded(&self) {
        let Offset(durable) = self.journal.durable();
        let mut progress = self.loader.progress();
        let all = progress.wait_for(|progress| progress.committed >= durable);
        tokio::time::timeout(Duration::from_secs(20), all).await.unwrap().unwrap();
    }

    /// Sends a request to the public listener.
    pub(crate) async fn send(&self, ask: Ask) -> Answer {
        answer(self.router.clone(), ask).await
    }

    /// Sends a request to the admin listener.
    pub(crate) async fn send_admin(&self, ask: Ask) -> Answer {
        answer(self.admin.clone(), ask).await
    }

    /// Sends a request and leaves the body to be read piece by piece.
    pub(crate) async fn open(&self, ask: Ask) -> http::Response<Body> {
        self.router.clone().oneshot(ask.0).await.unwrap()
    }
}

fn gate(
    store: &Arc<api::store::ControlStore>,
    clock: &Arc<StandingClock>,
    change: impl FnOnce(&mut GateConfig),
) -> Gate {
    let mut config = GateConfig {
        // The floor, so that a test with a real password does not take long.
        passwords: PasswordConfig { memory_kib: 19 * 1024, passes: 2, ..PasswordConfig::default() },
        // Most tests are about something else; those about second factors ask for the rule they need.
        mfa: MfaConfig { required: MfaRule::None, ..MfaConfig::default() },
        limits: LimitsConfig {
            read: 10_000,
            write: 10_000,
            auth: 10_000,
            ingest: 10_000,
            monitoring: 10_000,
            static_files: 10_000,
            other: 10_000,
            api_burst: None,
            auth_burst: None,
            ..LimitsConfig::default()
        },
        public_url: Some(ORIGIN.to_owned()),
        ..GateConfig::default()
    };
    change(&mut config);
    let environment = Environment {
        store: store.clone(),
        clock: clock.clone(),
        random: Arc::new(gate::random::SystemRandom),
        audit: Arc::new(gate::audit::TracingSink),
        breached: None,
        keyring: RootSecret::from_random([9; 32]).into(),
    };
    Gate::new(config, api::policy::VOCABULARY, environment).unwrap()
}

async fn answer(router: axum::Router, ask: Ask) -> Answer {
    let response = router.oneshot(ask.0).await.unwrap();
    let (head, body) = response.into_parts();
    let is_stream =
        head.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
    let body =
        if is_stream { Vec::new() } else { body.collect().await.unwrap().to_bytes().to_vec() };
    Answer { status: head.status, headers: head.headers, body }
}

/// A request.
pub(crate) struct Ask(Request<Body>);

impl Ask {
    /// A request from an address of the documentation range.
    pub(crate) fn new(method: Method, path: &str) -> Self {
        let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let address: SocketAddr = "203.0.113.9:40000".parse().unwrap();
        request.extensions_mut().insert(Peer::network(address, false));
        Self(request).header("host", "127.0.0.1:8080")
    }

    /// A `GET`.
    pub(crate) fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    /// A `POST` of JSON.
    pub(crate) fn post(path: &str, body: &Value) -> Self {
        Self::new(Method::POST, path).json(body)
    }

    /// With a header; a second of the same name is added.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.0.headers_mut().append(name, value.parse().unwrap());
        self
    }

    /// With a JSON body.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// With a body of this type.
    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        self = self
            .header("content-type", content_type)
            .header("content-length", &body.len().to_string());
        *self.0.body_mut() = Body::from(body);
        self
    }

    /// As a page of ours sends it, with a session.
    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie).header("sec-fetch-site", "same-origin")
    }

    /// As a program sends it, with a key.
    pub(crate) fn key(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// Over the local socket.
    pub(crate) fn local(mut self) -> Self {
        self.0.extensions_mut().insert(Peer::local());
        self
    }

    /// From another address.
    pub(crate) fn from(mut self, address: &str) -> Self {
        let address: SocketAddr = format!("{address}:40000").parse().unwrap();
        self.0.extensions_mut().insert(Peer::network(address, false));
        self
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON, after making sure of the status.
    #[track_caller]
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Makes sure of the status and that there is no body.
    #[track_caller]
    pub(crate) fn nothing(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert!(self.body.is_empty(), "{}", self.text());
    }

    /// The problem: its slug and its fields, after making sure that it is one.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> String {
        let problem = self.json(status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(problem["status"], status);
        assert!(problem["request_id"].is_string() && problem["title"].is_string(), "{problem}");
        let slug = problem["type"].as_str().unwrap().strip_prefix("urn:shelduck:problem:").unwrap();
        let fields = problem["errors"].as_array().into_iter().flatten();
        fields.fold(slug.to_owned(), |text, error| {
            format!("{text} {}", error["field"].as_str().unwrap())
        })
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
