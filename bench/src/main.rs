//! `make bench`: every figure of the documentation, made here and now, each
//! beside what it is compared with.
//!
//! Comparisons run interleaved in one run and are given as medians of pairs. Results go to standard error as they come and to
//! `bench/results.json` at the end. Nothing here asserts a time.

#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a report for whoever runs it")]
#![expect(clippy::indexing_slicing, reason = "assigning to a key of a JSON object cannot fail")]

mod gate;
mod idle;
mod ingest;
mod load;
mod reports;

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::json;

#[tokio::main]
async fn main() -> Result<()> {
    let only = std::env::args().nth(1);
    if only.as_deref() == Some(ingest::BARE_HANDLER) {
        return ingest::serve_bare_handler().await;
    }
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let mut results = json!({
        "made_at": jiff::Timestamp::now().to_string(),
        "processors": std::thread::available_parallelism()?.get(),
    });
    if wanted("ingest") {
        results["ingest"] = ingest::run().await?;
    }
    if wanted("gate") {
        results["gate"] = gate::run().await?;
    }
    if wanted("reports") {
        results["reports"] = reports::run().await?;
    }
    if wanted("idle") {
        results["idle"] = idle::run().await?;
    }
    let text = serde_json::to_string_pretty(&results)?;
    println!("{text}");
    if only.is_none() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("results.json"), text + "\n")?;
    }
    Ok(())
}

/// The median; 0 of nothing.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
