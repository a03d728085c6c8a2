//! A load generator on hyper's client: many connections, one request at a time
//! on each, requests made beforehand.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What a run showed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Load {
    /// Answers 202 or 200.
    pub(crate) accepted: u64,
    /// Answers 429 or 503: the server said it was too much.
    pub(crate) refused: u64,
    /// How long it ran.
    pub(crate) seconds: f64,
    /// Every latency in microseconds, sorted.
    pub(crate) latencies_us: Vec<u32>,
    /// The longest time in which no connection got an answer.
    pub(crate) stall_ms_max: f64,
}

impl Load {
    /// Accepted requests per second.
    pub(crate) fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let accepted = self.accepted as f64;
        accepted / self.seconds
    }

    /// A latency quantile in milliseconds.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        quantile(&self.latencies_us, share) / 1000.0
    }
}

/// A quantile of sorted values; 0 of none.
pub(crate) fn quantile(sorted: &[u32], share: f64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index from a share"
    )]
    let index = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
    sorted.get(index).copied().map_or(0.0, f64::from)
}

/// Sends so many requests in turn over this many connections; how many answers there were of each status.
pub(crate) async fn count(
    address: SocketAddr,
    requests: Arc<Vec<Request<Full<Bytes>>>>,
    connections: usize,
    total: u64,
) -> Result<BTreeMap<u16, u64>> {
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
        tasks.push(tokio::spawn(async move {
            let mut statuses = BTreeMap::new();
            let mut connection = connect(address).await?;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= total {
                    return anyhow::Ok(statuses);
                }
                let place = usize::try_from(number)? % requests.len();
                let request = requests.get(place).context("no requests")?;
                if connection.is_closed() {
                    connection = connect(address).await?;
                }
                let status = exchange(&mut connection, request).await?;
                *statuses.entry(status).or_insert(0) += 1;
            }
        }));
    }
    let mut all = BTreeMap::new();
    for task in tasks {
        for (status, answers) in task.await?? {
            *all.entry(status).or_insert(0) += answers;
        }
    }
    Ok(all)
}

/// Sends the requests in turn over this many connections for this long.
pub(crate) async fn run(
    address: SocketAddr,
    requests: Arc<Vec<Request<Full<Bytes>>>>,
    connections: usize,
    duration: Duration,
) -> Result<Load> {
    let begun = Instant::now();
    let last_answer_us = Arc::new(AtomicU64::new(0));
    let stall_us = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for number in 0..connections {
        let requests = Arc::clone(&requests);
        let (last, stall) = (Arc::clone(&last_answer_us), Arc::clone(&stall_us));
        tasks.push(tokio::spawn(async move {
            let mut done = Load::default();
            let mut connection = connect(address).await?;
            let mut next = number * 7919;
            while begun.elapsed() < duration {
                let request = requests.get(next % requests.len()).context("no requests")?;
                next += 1;
                let sent = Instant::now();
                let status = exchange(&mut connection, request).await?;
                done.latencies_us
                    .push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
                match status {
                    200 | 202 => done.accepted += 1,
                    429 | 503 => done.refused += 1,
                    other => bail!("status {other}"),
                }
                let now = u64::try_from(begun.elapsed().as_micros())?;
                let gap = now.saturating_sub(last.swap(now, Ordering::Relaxed));
                stall.fetch_max(gap, Ordering::Relaxed);
            }
            Ok(done)
        }));
    }
    let mut total = Load::default();
    for task in tasks {
        let done = task.await??;
        total.accepted += done.accepted;
        total.refused += done.refused;
        total.latencies_us.extend(done.latencies_us);
    }
    ensure!(total.accepted > 0, "nothing was accepted, {} refused", total.refused);
    total.seconds = begun.elapsed().as_secs_f64();
    total.latencies_us.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds for a report")]
    let stall_ms = stall_us.load(Ordering::Relaxed) as f64 / 1000.0;
    total.stall_ms_max = stall_ms;
    Ok(total)
}

/// A new connection.
pub(crate) async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // How it ended is seen by whoever sends on it.
        let _ended = connection.await;
    });
    Ok(sender)
}

/// Sends the request and reads the whole answer; its status.
pub(crate) async fn exchange(
    connection: &mut SendRequest<Full<Bytes>>,
    request: &Request<Full<Bytes>>,
) -> Result<u16> {
    let answer = connection.send_request(request.clone()).await?;
    let status = answer.status().as_u16();
    answer.into_body().collect().await?;
    Ok(status)
}
