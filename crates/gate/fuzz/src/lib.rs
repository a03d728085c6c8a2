//! A small product behind the gate, for targets that send whole requests.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::{Arc, LazyLock};

use axum::body::Body;
use gate::audit::TracingSink;
use gate::clock::SystemClock;
use gate::http::{Created, Json, NoContent, Path, Peer, Query, Route, Routes};
use gate::memory::MemoryStore;
use gate::random::SystemRandom;
use gate::{
    Action, ActionRow, Environment, Gate, GateConfig, LogIn, NewKey, NewUser, Password, Permit,
    Policy, RoleRow, RootSecret, Vocabulary,
};
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tower::ServiceExt;

/// How the product is reached from outside.
pub const PUBLIC_ORIGIN: &str = "https://stats.test";
/// A foreign page that may read.
pub const LISTED_ORIGIN: &str = "https://app.test";

/// The words of the product.
pub const VOCABULARY: Vocabulary = Vocabulary {
    actions: &[
        ActionRow { action: Action::READ, includes: &[] },
        ActionRow { action: Action::QUERY, includes: &[Action::READ] },
        ActionRow { action: Action::WRITE, includes: &[Action::READ] },
        ActionRow { action: Action::ADMIN, includes: &[] },
    ],
    roles: &[RoleRow { name: "admin", scopes: &[(Action::ADMIN, "*")], privileged: true }],
    administering: Action::ADMIN,
    second_factor_for: &[],
    first_role: "admin",
    password_words: &[],
    canonical_object: |text| {
        let name = text.to_lowercase();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
        (!name.is_empty() && name.chars().all(plain)).then_some(name)
    },
};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Thing {
    name: String,
    weight: u32,
    #[serde(default)]
    parts: Vec<Self>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListParams {
    limit: Option<u32>,
    after: Option<String>,
}

#[derive(Clone)]
struct App;

async fn list_things(_: Permit, _: App, Query(params): Query<ListParams>) -> Json<Vec<Thing>> {
    let name = params.after.unwrap_or_default();
    Json(vec![Thing { name, weight: params.limit.unwrap_or(9), parts: Vec::new() }])
}

async fn create_thing(_: Permit, _: App, Json(thing): Json<Thing>) -> Created<Thing> {
    Created(thing)
}

async fn delete_thing(_: Permit, _: App, Path(_): Path<u32>) -> NoContent {
    NoContent
}

/// The product, with somebody signed in and a key.
pub struct Product {
    router: axum::Router,
    runtime: tokio::runtime::Runtime,
    /// A session's token.
    pub session: String,
    /// A key that may do everything.
    pub key: String,
    /// A program's token that may do everything.
    pub access_token: String,
}

/// What came back.
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// What everything of the product is derived from.
pub fn root_secret() -> RootSecret {
    RootSecret::from_random([3; 32])
}

/// The one product of the process.
pub static PRODUCT: LazyLock<Product> = LazyLock::new(Product::start);

impl Product {
    fn start() -> Self {
        let mut config = GateConfig::default();
        config.public_url = Some(PUBLIC_ORIGIN.to_owned());
        config.cors.api_origins = vec![LISTED_ORIGIN.to_owned()];
        // A fuzzer asks more often than anybody may.
        config.limits.mode = gate::config::Mode::Shadow;
        // Or the one who is signed in could do nothing but get a second factor.
        config.mfa.required = gate::config::MfaRule::None;
        config.tokens.access_life_s = 3600;
        let environment = Environment {
            store: Arc::new(MemoryStore::new()),
            clock: Arc::new(SystemClock::new()),
            random: Arc::new(SystemRandom),
            audit: Arc::new(TracingSink),
            breached: None,
            keyring: root_secret().into(),
        };
        let gate = Gate::new(config, VOCABULARY, environment).expect("a gate");
        let operator = gate::local::operator(&gate);
        let password = || Password::new("violet tractor hums under seven bridges".to_owned());
        let user = NewUser {
            name: "grace".to_owned(),
            role: "admin".to_owned(),
            grants: None,
            password: Some(password()),
        };
        gate.create_user(&operator, &user).expect("a user");
        let form = LogIn { username: "grace".to_owned(), password: password(), user_agent: None };
        let signed_in = gate.log_in(&operator, &form).expect("a sign-in").signed_in();
        let session = signed_in.expect("a session").token.expose().to_owned();
        let tokens = gate.issue_tokens(&operator, &form, None).expect("tokens");
        let access_token = tokens.access.expose().to_owned();
        let scopes = vec!["admin:*".to_owned()];
        let new = NewKey { name: "program".to_owned(), scopes, ..NewKey::default() };
        let key = gate.create_key(&operator, &new).expect("a key").key.expose().to_owned();
        let routes = Routes::new()
            .add(Route::new(Method::GET, "/v1/things", Policy::read("web"), list_things))
            .add(Route::new(Method::POST, "/v1/things", Policy::write("web"), create_thing))
            .add(Route::new(
                Method::DELETE,
                "/v1/things/{id}",
                Policy::write("web").body_max(0),
                delete_thing,
            ));
        let router = routes.into_router(&gate, &App).expect("a router");
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { router, runtime, session, key, access_token }
    }

    /// Sends a request as from that socket and checks what holds for every answer.
    pub fn send(&self, mut request: Request<Body>, peer: Peer) -> Reply {
        request.extensions_mut().insert(peer);
        let reply = self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.expect("an answer");
            let (head, body) = response.into_parts();
            let body = body.collect().await.expect("a body").to_bytes().to_vec();
            Reply { status: head.status.as_u16(), headers: head.headers, body }
        });
        check(&reply);
        reply
    }
}

/// A socket that depends on the input only, so that failures of one input lock nobody else out.
pub fn peer(input: &[u8]) -> Peer {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let address = Ipv6Addr::from(0x2001_0db8_u128 << 96 | u128::from(hasher.finish()) << 32);
    Peer::network(SocketAddr::new(address.into(), 4711), true)
}

fn check(reply: &Reply) {
    assert_ne!(reply.status, 500, "something panicked inside");
    for name in ["x-content-type-options", "content-security-policy", "cache-control"] {
        assert!(reply.headers.contains_key(name), "{name} is missing");
    }
    for name in ["server", "access-control-allow-credentials"] {
        assert!(!reply.headers.contains_key(name), "{name} is there");
    }
    if reply.status >= 400 && !reply.body.is_empty() {
        let problem: serde_json::Value =
            serde_json::from_slice(&reply.body).expect("a problem is JSON");
        assert_eq!(problem["status"], reply.status);
    }
}
