//! Killed at the worst moment: whatever was acknowledged is there, once.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use testkit::Server;
use warehouse::{Config, Warehouse};

use crate::sites::{browser, generous, page_view, server_with_site};

/// How many seeds each of the two tests goes through.
fn seeds() -> u64 {
    if std::env::var_os("SHELDUCK_LONG").is_some() { 3000 } else { 150 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_event_is_there_exactly_once_after_any_number_of_kills() -> Result<()> {
    kills_lose_and_double_nothing(0..seeds()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_so_it_is_with_other_moments() -> Result<()> {
    kills_lose_and_double_nothing(1_000_000..1_000_000 + seeds()).await
}

/// What a seed decides.
struct Plan {
    connections: u64,
    /// How long the server is loaded before it is killed.
    load: Duration,
    /// When the server is killed once more while it starts, before it said that it is ready.
    start: Option<Duration>,
}

impl Plan {
    fn of(seed: u64) -> Self {
        let mut value = seed;
        let mut below = |end: u64| {
            value = mix(value);
            value % end
        };
        Self {
            connections: 1 + below(12),
            load: Duration::from_micros(below(120_000)),
            start: (below(3) == 0).then(|| Duration::from_micros(below(150_000))),
        }
    }
}

/// One data folder lives through all seeds, so that each finds what those before it left behind; every path names the seed
/// that sent it.
async fn kills_lose_and_double_nothing(seeds: Range<u64>) -> Result<()> {
    let (mut server, _) = server_with_site(generous()).await?;
    let mut sent = HashMap::new();
    for seed in seeds {
        let plan = Plan::of(seed);
        let (acknowledged, unanswered) = load_until_killed(&mut server, seed, &plan).await?;
        sent.extend(acknowledged.into_iter().map(|path| (path, true)));
        sent.extend(unanswered.into_iter().map(|path| (path, false)));
        if let Some(delay) = plan.start {
            server.start_and_kill(delay)?;
        }
        server = server.restart()?;
    }
    let status = server.stop()?;
    ensure!(status.success(), "a clean stop after the kills: {status}\n{}", server.log()?);
    let acknowledged = sent.values().filter(|acknowledged| **acknowledged).count();
    ensure!(
        acknowledged > 1000,
        "only {acknowledged} events were acknowledged; the test did not load the server"
    );

    let found = paths_in_the_warehouse(&server)?;
    for (path, acknowledged) in &sent {
        let times = found.get(path).copied().unwrap_or(0);
        ensure!(times <= 1, "{path} (/seed/connection/number) is there {times} times");
        ensure!(
            times == 1 || !acknowledged,
            "{path} (/seed/connection/number) was acknowledged and is lost"
        );
    }
    ensure!(found.keys().all(|path| sent.contains_key(path)), "events nobody sent");
    Ok(())
}

/// Sends from several connections until the process is killed; tells what was acknowledged and what had no answer.
async fn load_until_killed(
    server: &mut Server,
    seed: u64,
    plan: &Plan,
) -> Result<(Vec<String>, Vec<String>)> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for connection in 0..plan.connections {
        let mut client = browser(server)?;
        let stop = Arc::clone(&stop);
        tasks.push(tokio::spawn(async move {
            let (mut acknowledged, mut unanswered) = (Vec::new(), Vec::new());
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                let path = format!("/{seed}/{connection}/{number}");
                number += 1;
                match page_view(&mut client, &path).await {
                    Ok(answer) if answer.status == 202 => acknowledged.push(path),
                    Ok(_) => {}
                    Err(_) => {
                        unanswered.push(path);
                        break;
                    }
                }
            }
            (acknowledged, unanswered)
        }));
    }
    tokio::time::sleep(plan.load).await;
    server.kill()?;
    stop.store(true, Ordering::Relaxed);
    let (mut acknowledged, mut unanswered) = (Vec::new(), Vec::new());
    for task in tasks {
        let (answered, not_answered) = task.await?;
        acknowledged.extend(answered);
        unanswered.extend(not_answered);
    }
    Ok((acknowledged, unanswered))
}

/// Asked of the engine directly, not of the product.
fn paths_in_the_warehouse(server: &Server) -> Result<HashMap<String, u64>> {
    let (warehouse, incidents) = Warehouse::open(
        Config::for_test(&server.data_dir().join("warehouse")),
        &[web::schema::DATABASE],
    )?;
    ensure!(incidents.is_empty(), "{incidents:?}");
    let rows = warehouse
        .read_blocking("SELECT pathname, count(*) FROM web.events GROUP BY pathname", &[])?;
    let pairs = rows
        .rows
        .iter()
        .filter_map(|row| Some((row.first()?.as_text()?.to_owned(), row.get(1)?.as_u64()?)));
    Ok(pairs.collect())
}

/// A number from a number (`SplitMix64`), so that a failed run can be run again.
fn mix(seed: u64) -> u64 {
    let mut value = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
