//! A request body that arrives within its size and time, or not at all; and a
//! response body that holds a guard.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;

use crate::permit::Held;

/// Why a body did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It weighs more than the route allows.
    #[error("the body is too large")]
    TooLarge,
    /// It took longer than the route allows.
    #[error("the body did not arrive in time")]
    TooSlow,
}

impl BodyError {
    /// The reason inside an error of reading a body, if it is one of ours.
    #[must_use]
    pub fn within(error: &axum::Error) -> Option<Self> {
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(*found);
            }
            next = error.source();
        }
        None
    }
}

/// A request body under its route's limits. The timer starts with the first wait, so a body that came along with the
/// head costs nothing.
#[derive(Debug)]
pub(super) struct Arriving {
    inner: Body,
    left: usize,
    patience: Duration,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Arriving {
    pub(super) fn wrap(inner: Body, bytes_max: usize, patience: Duration) -> Body {
        Body::new(Self { inner, left: bytes_max, patience, alarm: None })
    }
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let weight = frame.data_ref().map_or(0, Bytes::len);
                let Some(left) = self.left.checked_sub(weight) else {
                    return Poll::Ready(Some(Err(axum::Error::new(BodyError::TooLarge))));
                };
                self.left = left;
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(end) => Poll::Ready(end),
            Poll::Pending => {
                let patience = self.patience;
                let alarm =
                    self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
                alarm
                    .as_mut()
                    .poll(context)
                    .map(|()| Some(Err(axum::Error::new(BodyError::TooSlow))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A response body that keeps what its request holds until it has been sent.
#[derive(Debug)]
pub(super) struct Guarded {
    inner: Body,
    _held: Held,
}

impl Guarded {
    pub(super) fn wrap(inner: Body, held: Held) -> Body {
        Body::new(Self { inner, _held: held })
    }
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
