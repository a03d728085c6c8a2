//! A server nobody talks to: what it costs to have it.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use testkit::{Options, Server};

const SECONDS: u64 = 20;

/// Memory after the start and processor time while nothing happens.
pub(crate) async fn run() -> Result<Value> {
    let server = Server::start(Options::default())?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = server.processor_ticks()?;
    tokio::time::sleep(Duration::from_secs(SECONDS)).await;
    let ticks = server.processor_ticks()? - before;
    let resident = server.resident_bytes()?;
    #[expect(clippy::cast_precision_loss, reason = "a share for a report")]
    let percent = ticks as f64 / SECONDS as f64;
    eprintln!("idle: {} MB resident, {percent:.2} % of one processor", resident / 1_000_000);
    Ok(json!({
        "resident_bytes": resident,
        "resident_bytes_allowed": 100_000_000,
        "processor_percent": percent,
    }))
}
