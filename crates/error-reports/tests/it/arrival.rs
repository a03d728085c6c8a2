//! Reports on their way.
//!
//! The panic hook is the process's own, so these tests count on each having a process to itself, as `cargo nextest` gives it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use error_reports::{Address, ErrorLayer, QUEUE_MAX, Sender, channel, watch_panics};
use outbound::Client;
use sentry_types::Uuid;
use sentry_types::protocol::v7::{Envelope, Event};
use tokio::task::JoinHandle;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt;

use crate::receiver::Receiver;

const RELEASE: &str = "shelduck@1.2.3";
const CANARY: &str = "canary-9d41";

/// Reports go to that address from this thread's log and from panics, until it is dropped.
struct Reporting {
    _log: DefaultGuard,
    sender: JoinHandle<()>,
}

impl Reporting {
    fn to(dsn: &str) -> Self {
        let (reporter, waiting) = channel();
        watch_panics(reporter.clone());
        let layer = ErrorLayer::new(reporter);
        let log = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        let client = Client::new(None).expect("authorities of this machine (ca-certificates)");
        let address = Address::parse(dsn).unwrap();
        let sender = Sender::new(waiting, client, address, RELEASE.to_owned());
        Self { _log: log, sender: tokio::spawn(sender.run()) }
    }
}

impl Drop for Reporting {
    fn drop(&mut self) {
        self.sender.abort();
    }
}

fn event(request: &str) -> Event<'static> {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /api/42/envelope/ HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("x-sentry-auth: Sentry sentry_key=f00dfeed,"), "{head}");
    Envelope::from_slice(body.as_bytes()).unwrap().event().unwrap().clone()
}

fn panics() {
    let panicked = catch_unwind(AssertUnwindSafe(|| panic!("{CANARY}: what a visitor sent")));
    assert!(panicked.is_err());
}

#[tokio::test]
async fn a_panic_of_a_request_arrives_once_under_its_id_and_tells_nothing_of_it() {
    let mut receiver = Receiver::start(&[200]).await;
    let _reporting = Reporting::to(&receiver.dsn);
    let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
    panics();
    tracing::error!(
        request.id = %first,
        request.upstream_id = CANARY,
        cause = CANARY,
        user = CANARY,
        path = %format!("/v1/sites/{CANARY}?token={CANARY}"),
        "{CANARY} failed"
    );
    tracing::error!(request.id = %second, cause = CANARY, "{CANARY} failed too");
    tracing::warn!(request.id = %second, "{CANARY} is no error");
    for (id, kind) in [(first, "panic"), (second, "error")] {
        let request = receiver.next().await;
        assert!(!request.contains("canary") && !request.contains("visitor"), "{request}");
        let event = event(&request);
        assert_eq!((event.event_id, event.release.as_deref()), (id, Some(RELEASE)));
        let exception = &event.exception.values[0];
        assert_eq!(exception.ty, kind);
        let place = exception.value.as_deref().unwrap();
        assert!(place.starts_with("crates/error-reports/tests/it/arrival.rs:"), "{place}");
        assert!(event.request.is_none() && event.user.is_none() && event.message.is_none());
        assert!(event.tags.is_empty() && event.extra.is_empty() && event.server_name.is_none());
        assert!(event.contexts.is_empty() && event.breadcrumbs.values.is_empty());
    }
}

#[tokio::test]
async fn a_panic_beside_requests_arrives_too() {
    let mut receiver = Receiver::start(&[200]).await;
    let _reporting = Reporting::to(&receiver.dsn);
    std::thread::spawn(panics).join().unwrap();
    assert_eq!(event(&receiver.next().await).exception.values[0].ty, "panic");
}

#[tokio::test]
async fn what_is_refused_is_not_sent_again() {
    let mut receiver = Receiver::start(&[500, 429, 302, 200]).await;
    let _reporting = Reporting::to(&receiver.dsn);
    let ids = [(); 4].map(|()| Uuid::new_v4());
    for id in ids {
        tracing::error!(request.id = %id, "failed");
    }
    for id in ids {
        assert_eq!(event(&receiver.next().await).event_id, id);
    }
}

#[tokio::test]
async fn a_server_that_takes_all_and_says_nothing_costs_a_bounded_queue() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let reporting = Reporting::to(&format!("http://f00d@{}/1", silent.local_addr().unwrap()));
    // None of this waits: there is no await in it, and nobody else on this thread.
    for _ in 0..100 * QUEUE_MAX {
        tracing::error!(cause = CANARY, "failed");
    }
    panics();
    assert!(!reporting.sender.is_finished());
}
