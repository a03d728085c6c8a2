//! Request bodies under a deadline and a rate; answers that mark their end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use gate::http::{Body, BodyError};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::activity::InFlight;
use super::config::ListenConfig;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body that ends with [`BodyError::TooSlow`] when its client is too slow; the gate answers that with 408.
pub(super) struct DeadlineBody<B> {
    inner: B,
    config: Arc<ListenConfig>,
    received: u64,
    start: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<B> DeadlineBody<B> {
    pub(super) fn new(inner: B, config: Arc<ListenConfig>) -> Self {
        Self { inner, config, received: 0, start: None, sleep: None }
    }

    /// When what came so far is too little.
    fn due(&self, start: Instant) -> Instant {
        let earned = self
            .received
            .checked_div(self.config.body_bytes_per_second_min)
            .map(Duration::from_secs);
        let total = start + self.config.body_deadline;
        earned.map_or(total, |earned| total.min(start + self.config.body_grace + earned))
    }

    /// Ready when the client is late.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let start = *self.start.get_or_insert_with(Instant::now);
        let due = self.due(start);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(due)));
        // The timer is moved only when it fires too early: data never makes it earlier.
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() >= due {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(due);
        }
        Poll::Pending
    }
}

impl<B> HttpBody for DeadlineBody<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.received = self.received.saturating_add(bytes as u64);
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(other) => Poll::Ready(other.map(|frame| frame.map_err(Into::into))),
            Poll::Pending if self.poll_late(cx).is_ready() => {
                metrics::counter!("shelduck_request_bodies_late_total").increment(1);
                Poll::Ready(Some(Err(BodyError::TooSlow.into())))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer's body; the request counts as at work until this is dropped.
pub(super) struct Answer {
    inner: Body,
    in_flight: InFlight,
}

impl Answer {
    pub(super) fn new(inner: Body, in_flight: InFlight) -> Self {
        // Before the first part is asked for, the client's window must be open.
        in_flight.handed_over();
        Self { inner, in_flight }
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = <Body as HttpBody>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.in_flight.asked_for();
        let outcome = Pin::new(&mut self.inner).poll_frame(cx);
        if outcome.is_ready() {
            self.in_flight.handed_over();
        }
        outcome
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
