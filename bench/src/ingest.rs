//! Durable ingest beside a bare handler that only parses the same JSON: the
//! price of everything the product does for an event. Each is a process of its own; the load comes from a third.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use http::Request;
use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HOST, ORIGIN, USER_AGENT};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Value, json};
use testkit::{Options, Server};

use crate::load::{self, Load};
use crate::median;

const CONNECTIONS: usize = 256;
const PAIRS: usize = 5;
const PAIR_SECONDS: u64 = 20;
const SETTLE_SECONDS_MAX: u64 = 60;
const STEADY_SECONDS: u64 = 60;
const PEAK_SECONDS: u64 = 20;
/// The argument that makes this program the bare handler.
pub(crate) const BARE_HANDLER: &str = "bare-handler";
const SITE: &str = "bench.example";

/// Runs the pairs, then a minute of steady load.
pub(crate) async fn run() -> Result<Value> {
    let requests = Arc::new(requests()?);
    let bare_handler = BareHandler::start()?;
    let bare = bare_handler.address;
    let server = start().await?;
    let ours = server.address()?;
    // Caches, connections and the engine warm up on both sides alike.
    for address in [bare, ours] {
        load::run(address, Arc::clone(&requests), CONNECTIONS, Duration::from_secs(2)).await?;
    }
    settle(&server).await?;
    let (mut ratios, mut bare_rates, mut our_rates) = (Vec::new(), Vec::new(), Vec::new());
    let mut our_costs = Vec::new();
    for pair in 1..=PAIRS {
        let duration = Duration::from_secs(PAIR_SECONDS);
        let bare = load::run(bare, Arc::clone(&requests), CONNECTIONS, duration).await?;
        let ticks = server.processor_ticks()?;
        let ours = load::run(ours, Arc::clone(&requests), CONNECTIONS, duration).await?;
        // What is done for these events after their answers belongs to them, and must not slow the other's next turn down.
        settle(&server).await?;
        let cost = micros_per_event(server.processor_ticks()? - ticks, ours.accepted);
        report(pair, &bare, &ours, cost);
        our_costs.push(cost);
        ratios.push(ours.rate() / bare.rate());
        bare_rates.push(bare.rate());
        our_rates.push(ours.rate());
    }
    drop(bare_handler);

    eprintln!("ingest: {STEADY_SECONDS} s of steady load ...");
    let (steady, peaks) = tokio::join!(
        load::run(ours, Arc::clone(&requests), CONNECTIONS, Duration::from_secs(STEADY_SECONDS)),
        resident_peaks(&server),
    );
    let (steady, peaks) = (steady?, peaks?);
    ensure!(steady.refused == 0, "{} requests were refused under steady load", steady.refused);
    Ok(json!({
        "connections": CONNECTIONS,
        "bare_handler_per_s": median(&mut bare_rates),
        "durable_ingest_per_s": median(&mut our_rates),
        "durable_ingest_processor_us_per_event": median(&mut our_costs),
        "ratio": median(&mut ratios),
        "ratio_required": 0.5,
        "steady": {
            "seconds": steady.seconds,
            "accepted": steady.accepted,
            "per_s": steady.rate(),
            "latency_ms": {"p50": steady.quantile_ms(0.5), "p99": steady.quantile_ms(0.99), "max": steady.quantile_ms(1.0)},
            "longest_stall_ms": steady.stall_ms_max,
            "longest_stall_ms_allowed": 250,
            "resident_bytes_peaks": peaks,
        },
    }))
}

/// Waits until the server uses no more than a tenth of a processor.
async fn settle(server: &Server) -> Result<()> {
    let mut before = server.processor_ticks()?;
    for _ in 0..SETTLE_SECONDS_MAX {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = server.processor_ticks()?;
        // A tick is a hundredth of a second on Linux.
        if now - before <= 10 {
            return Ok(());
        }
        before = now;
    }
    bail!("the server is still at work after {SETTLE_SECONDS_MAX} s")
}

/// The highest resident memory in each part of the steady load: commits come and go, so that two moments would say nothing.
async fn resident_peaks(server: &Server) -> Result<Vec<u64>> {
    let mut peaks = Vec::new();
    for _ in 0..STEADY_SECONDS / PEAK_SECONDS {
        let mut peak = 0;
        for _ in 0..PEAK_SECONDS * 4 {
            tokio::time::sleep(Duration::from_millis(250)).await;
            peak = peak.max(server.resident_bytes()?);
        }
        peaks.push(peak);
    }
    Ok(peaks)
}

/// A tick is a hundredth of a second on Linux.
#[expect(clippy::cast_precision_loss, reason = "a mean for a report")]
fn micros_per_event(ticks: u64, events: u64) -> f64 {
    ticks as f64 * 10_000.0 / events as f64
}

fn report(pair: usize, bare: &Load, ours: &Load, cost: f64) {
    eprintln!(
        "ingest pair {pair}: bare {:.0}/s, durable {:.0}/s, ratio {:.2}, {cost:.1} us of processor per event, p99 {:.1} ms, refused {}",
        bare.rate(),
        ours.rate(),
        ours.rate() / bare.rate(),
        ours.quantile_ms(0.99),
        ours.refused
    );
}

/// What an event looks like to the bare handler.
#[derive(serde::Deserialize)]
struct Event {
    n: String,
    u: String,
    d: String,
}

/// The bare handler in a process of its own, as the server is.
struct BareHandler {
    process: Child,
    address: SocketAddr,
}

impl BareHandler {
    fn start() -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(BARE_HANDLER)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("no output")?).read_line(&mut line)?;
        Ok(Self { process, address: line.trim().parse()? })
    }
}

impl Drop for BareHandler {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// Serves the bare handler until the process is ended; its address is the one line it prints.
pub(crate) async fn serve_bare_handler() -> Result<()> {
    let router = Router::new().route(
        "/api/event",
        post(|body: Bytes| async move {
            match serde_json::from_slice::<Event>(&body) {
                Ok(event) if !(event.n.is_empty() || event.u.is_empty() || event.d.is_empty()) => {
                    (StatusCode::ACCEPTED, "ok")
                }
                _ => (StatusCode::BAD_REQUEST, "no"),
            }
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

/// The real server, believing the load generator's forwarding header so that visitors differ, with limits that a benchmark from
/// one machine does not trip.
async fn start() -> Result<Server> {
    let options = Options::default()
        .with("SERVER__TRUSTED_PROXIES", "127.0.0.1/32")
        .with("SERVER__PUBLIC_URL", "https://bench.example")
        .with("HTTP__CONNECTIONS_PER_ADDRESS_MAX", "2000")
        .with("LIMITS__CATEGORIES__INGEST", "4000000000")
        .with("LOG__LEVEL", "warn");
    let server = Server::start(options)?;
    let mut admin = server.admin().await?;
    let made = admin.send_json(http::Method::POST, "/v1/sites", &json!({"domain": SITE})).await?;
    ensure!(made.status.is_success(), "{}", made.text());
    Ok(server)
}

/// 20,000 different requests from 5,000 visitors over 200 pages.
fn requests() -> Result<Vec<Request<Full<Bytes>>>> {
    const AGENTS: [&str; 4] = [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    ];
    (0..20_000_usize)
        .map(|number| {
            let visitor = number % 5_000;
            let body = format!(
                r#"{{"n":"pageview","u":"https://{SITE}/page/{}?utm_source=newsletter","d":"{SITE}","r":"https://www.google.com/"}}"#,
                number % 200
            );
            let client = format!("11.{}.{}.{}", visitor / 250, visitor % 250, number % 3 + 1);
            Ok(Request::post("/api/event")
                .header(HOST, "bench.example")
                .header(USER_AGENT, *AGENTS.get(visitor % AGENTS.len()).unwrap_or(&""))
                .header(ACCEPT_LANGUAGE, "en-GB,en;q=0.9")
                .header("x-forwarded-for", client)
                .header(ORIGIN, format!("https://{SITE}"))
                .header(CONTENT_TYPE, "text/plain")
                .body(Full::new(Bytes::from(body)))?)
        })
        .collect()
}
