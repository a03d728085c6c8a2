//! What the gate costs.
//!
//! Requests through all its layers beside the same handlers without them, memory after a million strangers, and
//! what signing in does to everybody else.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::Body;
use gate::audit::{AuditEvent, AuditSink};
use gate::clock::SystemClock;
use gate::http::{Json, Peer, Raw, RawRequest, Route, Routes};
use gate::memory::MemoryStore;
use gate::random::SystemRandom;
use gate::{
    Action, ActionRow, Environment, Gate, GateConfig, LogIn, NewKey, NewUser, Password, Permit,
    Policy, RoleRow, RootSecret, Vocabulary,
};
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderName, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use serde_json::{Value, json};
use testkit::{Client, Options, Server};
use tower::ServiceExt;

use crate::load::{self, quantile};

const CALLS: usize = 50_000;
const ROUNDS: usize = 4;
const EVENT: &str = r#"{"n":"pageview","d":"shop.example","u":"https://shop.example/"}"#;
const STRANGERS: u32 = 100_000;
const STRANGE_REQUESTS: u64 = 1_000_000;
const STRANGE_CONNECTIONS: usize = 64;
const LOGINS_AT_A_TIME: usize = 16;
const READERS: usize = 4;
const READ_EVERY: Duration = Duration::from_millis(5);
const READ_SECONDS: u64 = 15;
/// As in testkit, whose admin this is.
const ADMIN: (&str, &str) = testkit::ADMIN;

/// Runs all three.
pub(crate) async fn run() -> Result<Value> {
    Ok(json!({
        "request": cost().await?,
        "strangers": strangers().await?,
        "logins": logins().await?,
    }))
}

const VOCABULARY: Vocabulary = Vocabulary {
    actions: &[
        ActionRow { action: Action::READ, includes: &[] },
        ActionRow { action: Action::ADMIN, includes: &[] },
    ],
    roles: &[RoleRow { name: "admin", scopes: &[(Action::ADMIN, "*")], privileged: true }],
    administering: Action::ADMIN,
    first_role: "admin",
    password_words: &[],
    second_factor_for: &[],
    canonical_object: |_| None,
};

/// What is recorded goes to a thread of its own in the product; here it goes nowhere.
struct Nowhere;

impl AuditSink for Nowhere {
    fn record(&self, _: &AuditEvent) {}
}

async fn list_things(_: Permit, (): ()) -> Json<[u32; 3]> {
    Json([1, 2, 3])
}

async fn list_things_bare() -> axum::Json<[u32; 3]> {
    axum::Json([1, 2, 3])
}

async fn record_event(_: Permit, (): (), request: RawRequest) -> Raw {
    Raw(Response::new(Body::from(request.body)))
}

async fn record_event_bare(body: Bytes) -> Response<Body> {
    Response::new(Body::from(body))
}

/// One kind of request: its name, method, path, and the header that says who asks.
type Case = (&'static str, Method, &'static str, Option<(HeaderName, String)>);

/// Both routers, and what is sent to each.
fn routers() -> Result<(Router, Router, [Case; 3])> {
    let mut config = GateConfig::default();
    (config.limits.read, config.limits.ingest, config.limits.pre_auth) =
        (100_000_000, 100_000_000, 100_000_000);
    config.limits.api_burst = None;
    let environment = Environment {
        store: Arc::new(MemoryStore::new()),
        clock: Arc::new(SystemClock::new()),
        random: Arc::new(SystemRandom),
        audit: Arc::new(Nowhere),
        breached: None,
        keyring: RootSecret::from_random([3; 32]).into(),
    };
    let gate = Gate::new(config, VOCABULARY, environment)?;
    let operator = gate::local::operator(&gate);
    let new = NewKey {
        name: "bench".to_owned(),
        scopes: vec!["read:web".to_owned()],
        ..NewKey::default()
    };
    let key = format!("Bearer {}", gate.create_key(&operator, &new)?.key.expose());
    let password = || Password::new(ADMIN.1.to_owned());
    let user = NewUser {
        name: ADMIN.0.to_owned(),
        role: "admin".to_owned(),
        grants: None,
        password: Some(password()),
    };
    gate.create_user(&operator, &user)?;
    let form = LogIn { username: ADMIN.0.to_owned(), password: password(), user_agent: None };
    let signed_in = gate.log_in(&operator, &form)?.signed_in().context("no session")?;
    let session = format!("__Host-shelduck={}", signed_in.token.expose());
    let guarded = Routes::new()
        .add(Route::new(Method::GET, "/things", Policy::read("web"), list_things))
        .add(Route::new(Method::POST, "/api/event", Policy::ingest(), record_event))
        .into_router(&gate, &())?;
    let bare = Router::new()
        .route("/things", axum::routing::get(list_things_bare))
        .route("/api/event", axum::routing::post(record_event_bare));
    let cases = [
        ("event", Method::POST, "/api/event", None),
        ("read_with_session", Method::GET, "/things", Some((COOKIE, session))),
        ("read_with_key", Method::GET, "/things", Some((AUTHORIZATION, key))),
    ];
    Ok((guarded, bare, cases))
}

/// The same calls through the gate and without it, in turns, on one thread.
async fn cost() -> Result<Value> {
    let (guarded, bare, cases) = routers()?;
    let mut all = json!({"added_us_allowed": {"p50": 10, "p99": 50}});
    for case in &cases {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let bare = timed(&bare, case).await?;
            let guarded = timed(&guarded, case).await?;
            // The first round warms up both sides.
            if round > 0 {
                without.extend(bare);
                with.extend(guarded);
            }
        }
        with.sort_unstable();
        without.sort_unstable();
        let micros = |sorted: &[u32], share: f64| quantile(sorted, share) / 1000.0;
        let added = |share: f64| micros(&with, share) - micros(&without, share);
        let (median, p99) = (added(0.5), added(0.99));
        eprintln!("gate: {}: {median:.1} us added at the median, {p99:.1} us at p99", case.0);
        all[case.0] = json!({
            "calls": with.len(),
            "bare_us": {"p50": micros(&without, 0.5), "p99": micros(&without, 0.99)},
            "guarded_us": {"p50": micros(&with, 0.5), "p99": micros(&with, 0.99)},
            "added_us": {"p50": median, "p99": p99},
        });
    }
    Ok(all)
}

/// The nanoseconds of each call.
async fn timed(router: &Router, (_, method, path, who): &Case) -> Result<Vec<u32>> {
    let peer = Peer::network(SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 4711)), false);
    let mut all = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let mut request = Request::builder()
            .method(method)
            .uri(*path)
            .header("host", "bench.example")
            .header(
                "user-agent",
                "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
            )
            .header("accept-language", "de,en;q=0.8")
            .header("origin", "https://shop.example")
            .header("content-type", "text/plain");
        if let Some((name, value)) = who {
            request = request.header(name, value);
        }
        let body = if *method == Method::POST { Body::from(EVENT) } else { Body::empty() };
        let mut request = request.body(body)?;
        request.extensions_mut().insert(peer);
        let begun = Instant::now();
        let answer = router.clone().oneshot(request).await?;
        let status = answer.status();
        answer.into_body().collect().await?;
        all.push(u32::try_from(begun.elapsed().as_nanos()).unwrap_or(u32::MAX));
        ensure!(status.is_success(), "the gate refused: {status}");
    }
    Ok(all)
}

/// A million requests without a credential, from a hundred thousand addresses.
async fn strangers() -> Result<Value> {
    let options = Options::default()
        .with("SERVER__TRUSTED_PROXIES", "127.0.0.1/32")
        .with("SERVER__PUBLIC_URL", "https://bench.example")
        .with("LOG__LEVEL", "error");
    let server = Server::start(options)?;
    let address = server.address()?;
    drop(server.admin().await?);
    let requests: Result<Vec<_>, _> = (0..STRANGERS)
        .map(|number| {
            let client = Ipv4Addr::from(u32::from(Ipv4Addr::new(11, 0, 0, 0)) + number * 3);
            Request::get("/v1/sites")
                .header("host", "bench.example")
                .header("x-forwarded-for", client.to_string())
                .body(Full::new(Bytes::new()))
        })
        .collect();
    let requests = Arc::new(requests?);
    // What the first connections need is not what strangers leave behind.
    load::count(address, Arc::clone(&requests), STRANGE_CONNECTIONS, 1_000).await?;
    let before = server.resident_bytes()?;
    let begun = Instant::now();
    let statuses = load::count(address, requests, STRANGE_CONNECTIONS, STRANGE_REQUESTS).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let after = server.resident_bytes()?;
    let grown = after.saturating_sub(before);
    eprintln!("gate: {} MB more after a million strangers, in {seconds:.0} s", grown / 1_000_000);
    Ok(json!({
        "requests": STRANGE_REQUESTS,
        "addresses": STRANGERS,
        "seconds": seconds,
        "answers_by_status": statuses,
        "resident_bytes": {"before": before, "after": after, "growth": grown, "growth_allowed": 64 << 20},
    }))
}

/// What others' reads take while sixteen people sign in all the time.
async fn logins() -> Result<Value> {
    let options = Options::default()
        .with("SERVER__TRUSTED_PROXIES", "127.0.0.1/32")
        .with("SERVER__PUBLIC_URL", "https://bench.example")
        .with("LIMITS__CATEGORIES__AUTH", "1000000")
        .with("LIMITS__CATEGORIES__WRITE", "1000000")
        .with("LIMITS__CATEGORIES__READ", "10000000")
        .with("LIMITS__CATEGORIES__PRE_AUTH", "10000000")
        .with("LIMITS__BURSTS__API_PER_SECOND", "100000")
        .with("LIMITS__BURSTS__API_SIZE", "100000")
        .with("LIMITS__BURSTS__LOGIN_PER_MINUTE", "100000")
        .with("LIMITS__BURSTS__LOGIN_SIZE", "100000")
        .with("LOG__LEVEL", "error");
    let server = Server::start(options)?;
    let address = server.address()?;
    let mut admin = server.admin().await?;
    let made = json!({"name": "bench", "scopes": ["read:web"]});
    let made = admin.send_json(Method::POST, "/v1/keys", &made).await?;
    ensure!(made.status.is_success(), "{}", made.text());
    let key = made.json()?.get("secret").and_then(Value::as_str).context("no key")?.to_owned();
    let quiet = read(address, &key).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let (done, busy) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut people = Vec::new();
    for number in 0..LOGINS_AT_A_TIME {
        let form = person(&mut admin, number).await?;
        let (stop, done, busy) = (Arc::clone(&stop), Arc::clone(&done), Arc::clone(&busy));
        people.push(tokio::spawn(async move {
            let mut connection = load::connect(address).await?;
            while !stop.load(Ordering::Relaxed) {
                if connection.is_closed() {
                    connection = load::connect(address).await?;
                }
                match load::exchange(&mut connection, &form).await? {
                    200 => done.fetch_add(1, Ordering::Relaxed),
                    503 => busy.fetch_add(1, Ordering::Relaxed),
                    other => anyhow::bail!("signing in: {other}"),
                };
            }
            Ok(())
        }));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let crowded = read(address, &key).await?;
    stop.store(true, Ordering::Relaxed);
    for person in people {
        person.await??;
    }
    let ratio = quantile(&crowded, 0.99) / quantile(&quiet, 0.99);
    let (done, busy) = (done.load(Ordering::Relaxed), busy.load(Ordering::Relaxed));
    eprintln!("gate: p99 of reads beside sign-ins {ratio:.2} times as long; {done} signed in");
    Ok(json!({
        "at_a_time": LOGINS_AT_A_TIME,
        "signed_in": done,
        "told_to_come_back": busy,
        "reads_us": {
            "quiet": {"p50": quantile(&quiet, 0.5), "p99": quantile(&quiet, 0.99)},
            "beside_logins": {"p50": quantile(&crowded, 0.5), "p99": quantile(&crowded, 0.99)},
        },
        "p99_ratio": ratio,
        "p99_ratio_allowed": 1.5,
    }))
}

/// Makes a user, and the form this one signs in with from an address of its own.
async fn person(admin: &mut Client, number: usize) -> Result<Request<Full<Bytes>>> {
    let name = format!("person{number}");
    let user = json!({"username": name, "role": "viewer", "password": ADMIN.1});
    let made = admin.send_json(Method::POST, "/v1/users", &user).await?;
    ensure!(made.status.is_success(), "{}", made.text());
    let form = serde_json::to_vec(&json!({"username": name, "password": ADMIN.1}))?;
    Ok(Request::post("/v1/auth/login")
        .header("host", "bench.example")
        .header("content-type", "application/json")
        .header("sec-fetch-site", "same-origin")
        .header("x-forwarded-for", format!("11.{number}.0.1"))
        .body(Full::new(Bytes::from(form)))?)
}

/// The microseconds of reads at a steady pace, sorted.
async fn read(address: SocketAddr, key: &str) -> Result<Vec<u32>> {
    let end = Instant::now() + Duration::from_secs(READ_SECONDS);
    let mut tasks = Vec::new();
    for _ in 0..READERS {
        let mut client = Client::with_key(address, key)?;
        tasks.push(tokio::spawn(async move {
            let mut all = Vec::new();
            let mut pace = tokio::time::interval(READ_EVERY);
            pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            while Instant::now() < end {
                pace.tick().await;
                let begun = Instant::now();
                let answer = client.get("/v1/sites").await?;
                all.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
                ensure!(answer.status.is_success(), "reading: {}", answer.text());
            }
            anyhow::Ok(all)
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await??);
    }
    all.sort_unstable();
    Ok(all)
}
