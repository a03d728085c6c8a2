//! What the gate costs: the same handler bare and behind the gate, called in
//! turn, nanoseconds per request.

#![expect(clippy::expect_used, reason = "a benchmark that cannot start has nothing to say")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::Response;
use axum::routing::{get, post};
use gate::audit::TracingSink;
use gate::clock::SystemClock;
use gate::http::{NoContent, Peer, Raw, RawRequest, Route, Routes};
use gate::memory::MemoryStore;
use gate::random::SystemRandom;
use gate::{
    Action, ActionRow, Environment, Gate, GateConfig, LogIn, NewKey, NewUser, Password, Permit,
    Policy, RoleRow, RootSecret, Vocabulary,
};
use http::{Method, Request};
use tower::ServiceExt;

const VOCABULARY: Vocabulary = Vocabulary {
    actions: &[
        ActionRow { action: Action::READ, includes: &[] },
        ActionRow { action: Action::ADMIN, includes: &[] },
    ],
    roles: &[RoleRow { name: "admin", scopes: &[(Action::ADMIN, "*")], privileged: true }],
    administering: Action::ADMIN,
    second_factor_for: &[],
    first_role: "admin",
    password_words: &[],
    canonical_object: |text| Some(text.to_owned()),
};
const ROUNDS: usize = 15;
const REQUESTS: u32 = 20_000;

async fn list_things(_: Permit, (): ()) -> NoContent {
    NoContent
}

async fn record_event(_: Permit, (): (), request: RawRequest) -> Raw {
    Raw(Response::new(Body::from(request.body)))
}

fn gated() -> (axum::Router, String, String) {
    let mut config = GateConfig::default();
    (config.limits.read, config.limits.ingest, config.limits.pre_auth) =
        (100_000_000, 100_000_000, 100_000_000);
    let environment = Environment {
        store: Arc::new(MemoryStore::new()),
        clock: Arc::new(SystemClock::new()),
        random: Arc::new(SystemRandom),
        audit: Arc::new(TracingSink),
        breached: None,
        keyring: RootSecret::from_random([3; 32]).into(),
    };
    let gate = Gate::new(config, VOCABULARY, environment).expect("the defaults are right");
    let operator = gate::local::operator(&gate);
    let new = NewKey {
        name: "bench".to_owned(),
        scopes: vec!["read:web".to_owned()],
        ..NewKey::default()
    };
    let key = gate.create_key(&operator, &new).expect("a key").key.expose().to_owned();
    let password = || Password::new("violet tractor hums under seven bridges".to_owned());
    let user = NewUser {
        name: "ada".to_owned(),
        role: "admin".to_owned(),
        grants: None,
        password: Some(password()),
    };
    gate.create_user(&operator, &user).expect("a user");
    let form = LogIn { username: "ada".to_owned(), password: password(), user_agent: None };
    let signed_in = gate.log_in(&operator, &form).expect("a sign-in").signed_in();
    let session = signed_in.expect("a session").token.expose().to_owned();
    let routes = Routes::new()
        .add(Route::new(Method::GET, "/v1/things", Policy::read("web"), list_things))
        .add(Route::new(Method::POST, "/api/event", Policy::ingest(), record_event));
    (routes.into_router(&gate, &()).expect("routes"), key, session)
}

fn bare() -> axum::Router {
    let event = async |body: bytes::Bytes| Response::new(Body::from(body));
    axum::Router::new()
        .route("/v1/things", get(async || http::StatusCode::NO_CONTENT))
        .route("/api/event", post(event))
}

fn request(method: Method, path: &str, header: Option<(&str, &str)>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", "stats.test");
    for (name, value) in [
        (
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
        ),
        ("accept", "*/*"),
        ("accept-language", "de,en;q=0.8"),
        ("origin", "https://shop.test"),
        ("referer", "https://shop.test/"),
        ("content-type", "text/plain"),
    ] {
        request = request.header(name, value);
    }
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let mut request = request
        .body(Body::from(r#"{"n":"pageview","d":"shop.test","u":"https://shop.test/"}"#))
        .expect("a request");
    if *request.method() == Method::GET {
        *request.body_mut() = Body::empty();
    }
    request.extensions_mut().insert(Peer::network(([192, 0, 2, 1], 4711).into(), false));
    request
}

/// A name and how its requests are made.
type Case<'a> = (&'a str, Box<dyn Fn() -> Request<Body> + 'a>);

async fn measure(router: &axum::Router, make: &dyn Fn() -> Request<Body>) -> Duration {
    let requests: Vec<_> = (0..REQUESTS).map(|_| make()).collect();
    let started = Instant::now();
    for request in requests {
        let response = router.clone().oneshot(request).await.expect("infallible");
        assert!(response.status().is_success(), "{}", response.status());
    }
    started.elapsed() / REQUESTS
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn main() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let ((gated, key, session), bare) = (gated(), bare());
        let (bearer, cookie) = (format!("Bearer {key}"), format!("__Host-shelduck={session}"));
        let cases: [Case<'_>; 3] = [
            ("ingest", Box::new(|| request(Method::POST, "/api/event", None))),
            (
                "read with a session",
                Box::new(|| request(Method::GET, "/v1/things", Some(("cookie", &cookie)))),
            ),
            (
                "read with a key",
                Box::new(|| request(Method::GET, "/v1/things", Some(("authorization", &bearer)))),
            ),
        ];
        for (name, make) in &cases {
            let (mut with, mut without) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                without.push(measure(&bare, make).await);
                with.push(measure(&gated, make).await);
            }
            let (with, without) = (median(with), median(without));
            println!(
                "{name}: bare {without:?}, gated {with:?}, added {:?}",
                with.saturating_sub(without)
            );
        }
    });
}
