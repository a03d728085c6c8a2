//! A byte stream that notes its traffic and looks at its framing.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::{Activity, Protocol};
use super::frames::Frames;
use super::head::HeadLines;

/// The stream hyper reads from and writes to.
pub(super) struct Watched<IO> {
    inner: IO,
    activity: Arc<Activity>,
    framing: Framing,
}

/// What is followed of the bytes that come in.
enum Framing {
    Http1(HeadLines),
    Http2(Frames),
}

impl<IO> Watched<IO> {
    pub(super) fn new(inner: IO, activity: Arc<Activity>) -> Self {
        let framing = match activity.protocol {
            Protocol::Http1 => Framing::Http1(HeadLines::default()),
            Protocol::Http2 => Framing::Http2(Frames::new()),
        };
        Self { inner, activity, framing }
    }

    fn look_at(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        match &mut self.framing {
            Framing::Http1(lines) => {
                // While a request is at work bytes are its body, or of one that waits its turn.
                if self.activity.is_idle() {
                    if lines.has_ended() {
                        *lines = HeadLines::default();
                    }
                    lines.check(bytes);
                }
                Ok(())
            }
            Framing::Http2(frames) => {
                frames.received(bytes, self.activity.elapsed()).map_err(|flood| {
                    metrics::counter!("shelduck_connections_flooding_total").increment(1);
                    io::Error::other(flood)
                })
            }
        }
    }

    fn wrote(&mut self, outcome: &Poll<io::Result<usize>>) {
        if let (Framing::Http2(frames), Poll::Ready(Ok(bytes))) = (&mut self.framing, outcome) {
            frames.sent(*bytes);
        }
    }

    fn note<T>(&self, outcome: Poll<T>) -> Poll<T> {
        match &outcome {
            Poll::Pending => self.activity.blocked(),
            Poll::Ready(_) => self.activity.flowing(),
        }
        outcome
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Watched<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let outcome = Pin::new(&mut self.inner).poll_read(cx, into);
        if let Some(bytes @ [_, ..]) = into.filled_mut().get_mut(before..) {
            self.activity.received();
            self.look_at(bytes)?;
        }
        outcome
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Watched<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.wrote(&outcome);
        self.note(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.wrote(&outcome);
        self.note(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes only when every byte was taken by `poll_write`, so a plain socket's ready flush is no false all-clear.
        let outcome = Pin::new(&mut self.inner).poll_flush(cx);
        self.note(outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.note(outcome)
    }
}
