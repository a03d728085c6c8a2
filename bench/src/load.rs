//! A load generator: many connections, one request at a time on each, requests
//! made beforehand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
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
    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index from a share"
        )]
        let index =
            ((self.latencies_us.len().saturating_sub(1)) as f64 * quantile).round() as usize;
        self.latencies_us.get(index).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

/// Sends the requests in turn over this many connections for this long.
pub(crate) async fn run(
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
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
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let mut buffer = vec![0_u8; 8192];
            let mut next = number * 7919;
            while begun.elapsed() < duration {
                let request = requests.get(next % requests.len()).context("no requests")?;
                next += 1;
                let sent = Instant::now();
                stream.write_all(request).await?;
                let status = answer(&mut stream, &mut buffer).await?;
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

/// Reads one answer and returns its status.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<u16> {
    let mut length = 0;
    loop {
        let free = buffer.get_mut(length..).context("answer too long")?;
        let read = stream.read(free).await?;
        ensure!(read > 0, "the server closed the connection");
        length += read;
        let so_far = buffer.get(..length).unwrap_or_default();
        let Some(head) = find(so_far, b"\r\n\r\n") else { continue };
        let body = content_length(so_far.get(..head).unwrap_or_default())?;
        if length >= head + 4 + body {
            let status = std::str::from_utf8(so_far.get(9..12).unwrap_or_default())?.parse()?;
            return Ok(status);
        }
    }
}

fn content_length(head: &[u8]) -> Result<usize> {
    let head = std::str::from_utf8(head)?;
    let line = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then_some(value)
    });
    Ok(line.context("no content-length")?.trim().parse()?)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
