//! Sends reports, one after the other.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{Request, Response, StatusCode};
use outbound::{Client, OutboundError};
use tokio::sync::mpsc;

use crate::address::Address;
use crate::envelope;
use crate::report::Report;

/// Between two reports; and so long a panic waits for the line that says which request it was.
const PAUSE: Duration = Duration::from_secs(1);
/// A server that wants more is not heeded for longer.
const PAUSE_MAX: Duration = Duration::from_secs(60 * 60);
/// When a server that has enough does not say for how long.
const PAUSE_ASKED: Duration = Duration::from_secs(60);

/// Sends what is reported to one address.
pub struct Sender {
    waiting: mpsc::Receiver<Report>,
    client: Client,
    address: Address,
    release: String,
    pause: Duration,
    is_failing: bool,
}

/// Why a report did not arrive.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("the request cannot be made")]
    Request(#[from] http::Error),
    #[error("the server cannot be reached")]
    Outbound(#[from] OutboundError),
    #[error("the server answers {0}")]
    Status(StatusCode),
}

impl Sender {
    /// For what waits, in the name of a release like `shelduck@1.2.3`.
    #[must_use]
    pub fn new(
        waiting: mpsc::Receiver<Report>,
        client: Client,
        address: Address,
        release: String,
    ) -> Self {
        Self { waiting, client, address, release, pause: PAUSE, is_failing: false }
    }

    /// Sends until nobody can report any more.
    pub async fn run(mut self) {
        while let Some(report) = self.waiting.recv().await {
            tokio::time::sleep(self.pause).await;
            self.pause = PAUSE;
            match self.send(&report).await {
                Ok(()) => {
                    self.is_failing = false;
                    metrics::counter!("shelduck_error_reports_sent_total").increment(1);
                }
                Err(error) => self.failed(&error),
            }
        }
    }

    async fn send(&mut self, report: &Report) -> Result<(), SendError> {
        let request = Request::post(self.address.endpoint())
            .header("x-sentry-auth", self.address.authentication())
            .header(CONTENT_TYPE, "application/x-sentry-envelope")
            .header(USER_AGENT, concat!("shelduck/", env!("CARGO_PKG_VERSION")))
            .body(envelope::write(report, &self.release))?;
        let answer = self.client.send(request).await?;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            self.pause = asked(&answer);
        }
        if answer.status().is_success() { Ok(()) } else { Err(SendError::Status(answer.status())) }
    }

    /// A warning, because an error would be reported; once, because it is the same for all that follow.
    fn failed(&mut self, error: &SendError) {
        metrics::counter!("shelduck_error_reports_dropped_total").increment(1);
        if !std::mem::replace(&mut self.is_failing, true) {
            let error = error as &dyn std::error::Error;
            tracing::warn!(
                error,
                "errors cannot be reported; until that changes they are in the log only"
            );
        }
    }
}

/// For how long a server that has enough wants to be left alone.
fn asked(answer: &Response<Bytes>) -> Duration {
    let field = answer.headers().get(RETRY_AFTER).and_then(|field| field.to_str().ok());
    let seconds = field.and_then(|field| field.trim().parse().ok()).map(Duration::from_secs);
    seconds.unwrap_or(PAUSE_ASKED).clamp(PAUSE, PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_has_enough_is_left_alone_within_bounds() {
        let check = |field: &str, expected: u64| {
            let answer = Response::builder().header(RETRY_AFTER, field).body(Bytes::new()).unwrap();
            assert_eq!(asked(&answer).as_secs(), expected, "{field}");
        };
        check("120", 120);
        check("0", 1);
        check("999999", 3600);
        check("soon", 60);
    }
}
