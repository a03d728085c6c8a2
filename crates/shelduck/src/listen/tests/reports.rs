//! A panic in a handler behind the gate, reported.
//!
//! Everything a request can carry is planted, and nothing of it arrives.
//!
//! The panic hook is the process's own: these tests count on each having a process to itself, as `cargo nextest` gives it.

use std::sync::Arc;

use ::http::Method;
use api::policy::VOCABULARY;
use error_reports::{Address, ErrorLayer, Sender, channel, watch_panics};
use gate::audit::TracingSink;
use gate::clock::SystemClock;
use gate::http::{Problem, Raw, RawRequest, Route, Routes};
use gate::memory::MemoryStore;
use gate::random::SystemRandom;
use gate::{Environment, Gate, GateConfig, Permit, Policy, RootSecret};
use tokio::sync::mpsc;
use tracing_subscriber::layer::SubscriberExt;

use super::*;

const CANARY: &str = "canary-4b7e";

/// Dies of everything it was sent.
async fn panic_inside(_: Permit, (): (), request: RawRequest) -> Result<Raw, Problem> {
    tracing::error!(request = ?request, "{CANARY}");
    panic!("{CANARY} {request:?}");
}

fn panicking() -> Gate {
    let environment = Environment {
        store: Arc::new(MemoryStore::new()),
        clock: Arc::new(SystemClock::new()),
        random: Arc::new(SystemRandom),
        audit: Arc::new(TracingSink),
        breached: None,
        keyring: RootSecret::from_random([3; 32]).into(),
    };
    Gate::new(GateConfig::default(), VOCABULARY, environment).unwrap()
}

/// A server whose one route panics.
fn start() -> Running {
    let route = Route::new(Method::POST, "/api/event", Policy::ingest(), panic_inside);
    let router = Routes::new().add(route).into_router(&panicking(), &()).unwrap();
    Running::start_with(patient(), router)
}

/// What stands for a Sentry server; what it is sent, whole.
fn sentry() -> (Running, mpsc::Receiver<String>) {
    let (sender, arrived) = mpsc::channel(8);
    let take = move |request: Request<Body>| {
        let sender = sender.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let text =
                format!("{} {:?}\n\n{}", head.uri, head.headers, String::from_utf8_lossy(&body));
            sender.send(text).await.unwrap();
            status(StatusCode::OK)
        }
    };
    (Running::start_with(patient(), service(take)), arrived)
}

fn report_to(address: &str) -> tracing::subscriber::DefaultGuard {
    let (reporter, waiting) = channel();
    watch_panics(reporter.clone());
    let client =
        outbound::Client::new(None).expect("authorities of this machine (ca-certificates)");
    let address = Address::parse(address).unwrap();
    tokio::spawn(Sender::new(waiting, client, address, "shelduck@1.2.3".to_owned()).run());
    tracing::subscriber::set_default(tracing_subscriber::registry().with(ErrorLayer::new(reporter)))
}

/// Sends a request full of canaries; gives the id in the answer.
async fn fail(server: &Running) -> String {
    let body = format!(r#"{{"n":"{CANARY}","u":"https://{CANARY}.example/?q={CANARY}"}}"#);
    let mut client = server.connect_from([127, 0, 0, 77]).await;
    client
        .send(&format!(
            "POST /api/event?token={CANARY} HTTP/1.1\r\nHost: {CANARY}.example\r\nUser-Agent: {CANARY}\r\n\
             X-Request-Id: {CANARY}\r\nReferer: https://{CANARY}.example/\r\nX-Forwarded-For: 203.0.113.77\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await;
    let answer = client.answer().await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    let id = answer.split(r#""request_id":""#).nth(1).and_then(|rest| rest.split('"').next());
    id.unwrap().to_owned()
}

#[tokio::test]
async fn a_panic_in_a_handler_arrives_once_with_id_and_release_and_nothing_of_the_request() {
    let (sentry, mut arrived) = sentry();
    let _reporting = report_to(&format!("http://f00d@{}/42", sentry.address));
    let server = start();
    let (first, second) = (fail(&server).await, fail(&server).await);
    // Each time the line that the handler wrote, and the panic: the line of the failed request is the same panic.
    let mut reports = Vec::new();
    for _ in 0..4 {
        reports.push(arrived.recv().await.unwrap());
    }
    for report in &reports {
        for planted in [CANARY, "canary", "203.0.113", "127.0.0.77", "/api/event", "token"] {
            assert!(!report.contains(planted), "{planted}: {report}");
        }
        assert!(report.contains(r#""release":"shelduck@1.2.3""#), "{report}");
    }
    let panics: Vec<&String> =
        reports.iter().filter(|report| report.contains(r#""type":"panic""#)).collect();
    assert_eq!(panics.len(), 2, "{reports:?}");
    for (panic, id) in panics.iter().zip([first, second]) {
        assert!(panic.contains(&id.replace('-', "")), "{id}: {panic}");
        assert!(panic.contains("listen/tests/reports.rs:"), "{panic}");
    }
}

#[tokio::test]
async fn a_silent_sentry_server_delays_no_answer() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let _reporting = report_to(&format!("http://f00d@{}/42", silent.local_addr().unwrap()));
    let server = start();
    // More than can wait to be reported; each is answered all the same.
    for _ in 0..2 * error_reports::QUEUE_MAX {
        fail(&server).await;
    }
}
