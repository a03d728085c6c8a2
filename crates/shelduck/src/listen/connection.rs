//! One connection: hyper, the deadlines around it, and its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use gate::RequestId;
use gate::http::{Body, Kind, Peer, is_for_known, kind};
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};

use super::activity::{Activity, Late, Protocol};
use super::body::{Answer, DeadlineBody};
use super::caps::Slot;
use super::config::ListenConfig;
use super::stream::Watched;
use super::tasks::Tasks;

/// What answers requests.
pub(crate) trait Handler:
    Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Handler for S where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// What all connections of a listener share.
pub(super) struct Server<S> {
    service: S,
    config: Arc<ListenConfig>,
    http1: http1::Builder,
    http2: http2::Builder<TrackedExecutor>,
    tasks: Tasks,
    /// No more connections.
    drain: CancellationToken,
    /// No more requests; those at work finish. Looked at on every poll of every connection, which a flag makes cheap; who
    /// waits is woken by the bell.
    is_finishing: AtomicBool,
    bell: Notify,
}

impl<S: Handler> Server<S> {
    pub(super) fn new(
        service: S,
        config: Arc<ListenConfig>,
        drain: CancellationToken,
    ) -> Arc<Self> {
        let tasks = Tasks::default();
        let (http1, http2) = (http1_builder(&config), http2_builder(&config, &tasks));
        let (is_finishing, bell) = (AtomicBool::new(false), Notify::new());
        Arc::new(Self { service, config, http1, http2, tasks, drain, is_finishing, bell })
    }

    pub(super) fn config(&self) -> &ListenConfig {
        &self.config
    }

    /// Runs a connection's task; the drain waits for it, and ends it when it takes too long.
    pub(super) fn spawn(
        &self,
        connection: impl Future<Output = ()> + Send + 'static,
    ) -> AbortHandle {
        self.tasks.spawn(connection)
    }

    /// Waits for `event` until the deadline or the drain.
    pub(super) async fn wait<T>(
        &self,
        deadline: &'static str,
        limit: Duration,
        event: impl Future<Output = T>,
    ) -> Option<T> {
        let in_time = tokio::time::timeout(limit, event);
        let outcome = self.drain.run_until_cancelled(in_time).await?.ok();
        if outcome.is_none() {
            count_late(deadline);
        }
        outcome
    }

    /// Serves one connection to its end.
    pub(super) async fn serve<IO>(
        self: &Arc<Self>,
        io: IO,
        peer: Peer,
        protocol: Protocol,
        slot: Arc<Slot>,
    ) where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Activity::new(protocol);
        let io = TokioIo::new(Watched::new(io, Arc::clone(&activity)));
        let service = {
            let (server, activity) = (Arc::clone(self), Arc::clone(&activity));
            let slot = Arc::clone(&slot);
            service_fn(move |request: Request<Incoming>| {
                let in_flight = activity.begin();
                let is_last = activity.requests() >= server.config.requests_per_connection_max;
                // Where a length was announced too, hyper goes by the chunks, and nothing may come after them
                // (RFC 9112 6.1).
                let is_last = is_last || request.headers().contains_key(TRANSFER_ENCODING);
                let (server, activity) = (Arc::clone(&server), Arc::clone(&activity));
                let slot = Arc::clone(&slot);
                async move {
                    let mut response = server.answer(request, peer).await;
                    let is_kept = slot.answered(is_for_known(&response));
                    if !is_kept {
                        activity.end_soon();
                    }
                    if protocol == Protocol::Http1 && (is_last || !is_kept) {
                        response
                            .headers_mut()
                            .insert(CONNECTION, HeaderValue::from_static("close"));
                    }
                    Ok::<_, Infallible>(response.map(|body| Answer::new(body, in_flight)))
                }
            })
        };
        // Boxed, so that a connection that has not said anything yet does not hold what only speaking needs.
        let run: Pin<Box<dyn Future<Output = ()> + Send + '_>> = match protocol {
            Protocol::Http1 => {
                Box::pin(self.supervise(self.http1.serve_connection(io, service), &activity))
            }
            Protocol::Http2 => {
                Box::pin(self.supervise(self.http2.serve_connection(io, service), &activity))
            }
        };
        run.await;
    }

    async fn answer(&self, request: Request<Incoming>, peer: Peer) -> Response<Body> {
        let (mut parts, incoming) = request.into_parts();
        if parts.headers.len() > self.config.headers_max {
            return refuse(kind::HEADERS_TOO_LARGE);
        }
        if parts
            .uri
            .path_and_query()
            .is_some_and(|uri| uri.as_str().len() > self.config.uri_bytes_max)
        {
            return refuse(kind::URI_TOO_LONG);
        }
        parts.extensions.insert(peer);
        let body = if hyper::body::Body::is_end_stream(&incoming) {
            Body::empty()
        } else {
            Body::new(DeadlineBody::new(incoming, Arc::clone(&self.config)))
        };
        let answer = self.service.clone().oneshot(Request::from_parts(parts, body));
        match AssertUnwindSafe(answer).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => {
                metrics::counter!("shelduck_handler_panics_total").increment(1);
                tracing::error!("a request handler panicked");
                refuse(kind::INTERNAL)
            }
        }
    }

    async fn supervise<C>(&self, connection: C, activity: &Activity)
    where
        C: GracefulConnection,
        C::Error: std::error::Error + 'static,
    {
        let mut bell = pin!(self.bell.notified());
        let mut is_waiting = false;
        let mut connection = pin!(connection);
        let mut timer = pin!(sleep_until(Instant::now() + self.config.idle_deadline));
        let mut is_closing = false;
        let end = poll_fn(|cx| {
            if !is_waiting {
                is_waiting = true;
                // Leaves the waker; whether it has rung is told by the flag.
                let _rung = bell.as_mut().poll(cx);
            }
            loop {
                if let Poll::Ready(outcome) = connection.as_mut().poll(cx) {
                    return Poll::Ready(Ok(outcome));
                }
                let is_used_up = activity.is_ending()
                    || activity.requests() >= self.config.requests_per_connection_max;
                if is_closing || !(is_used_up || self.is_finishing.load(Acquire)) {
                    break;
                }
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
            poll_late(timer.as_mut(), cx, activity, &self.config).map(Err)
        });
        match end.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "connection ended")
            }
            Err(late) => {
                count_late(late.label());
                tracing::debug!(deadline = late.label(), "connection closed on a slow client");
            }
        }
    }

    /// Waits for all connections, at most the drain deadline, then ends the rest; gives how many that were.
    pub(super) async fn finish(&self) -> usize {
        self.is_finishing.store(true, Release);
        self.bell.notify_waiters();
        self.tasks.finish(self.config.drain_deadline).await
    }
}

/// Ready when the deadline in force is over.
///
/// A deadline that moved away, as with every request of a busy connection, costs nothing: the connection's one timer
/// stays where it is and looks again when it fires. It looks at least once per idle deadline, since requests on HTTP/2
/// end in tasks of their own.
fn poll_late(
    mut timer: Pin<&mut Sleep>,
    cx: &mut Context<'_>,
    activity: &Activity,
    config: &ListenConfig,
) -> Poll<Late> {
    let due = activity.deadline(config);
    if let Some((due, _)) = due
        && due < timer.deadline()
    {
        timer.as_mut().reset(due);
    }
    while timer.as_mut().poll(cx).is_ready() {
        let now = Instant::now();
        match due {
            Some((due, late)) if due <= now => return Poll::Ready(late),
            Some((due, _)) => timer.as_mut().reset(due),
            None => timer.as_mut().reset(now + config.idle_deadline),
        }
    }
    Poll::Pending
}

fn http1_builder(config: &ListenConfig) -> http1::Builder {
    let head_bytes_max = config.head_bytes_max.max(HEAD_BYTES_LEAST);
    let mut builder = http1::Builder::new();
    // hyper's own head timer would count the pause between requests too; the watchdog knows the difference.
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(None::<Duration>)
        // Most answers are small: one buffer in one plain write costs less than two in a list.
        .writev(false)
        .max_header_size(head_bytes_max)
        .max_buf_size(2 * head_bytes_max);
    builder
}

/// hyper refuses a read buffer under 8 KiB.
const HEAD_BYTES_LEAST: usize = 4 << 10;

fn http2_builder(config: &ListenConfig, tasks: &Tasks) -> http2::Builder<TrackedExecutor> {
    let mut builder = http2::Builder::new(TrackedExecutor(tasks.clone()));
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(config.streams_max)
        .max_header_list_size(u32::try_from(config.head_bytes_max).unwrap_or(u32::MAX))
        .keep_alive_interval(config.ping_interval)
        .keep_alive_timeout(config.ping_interval)
        // Streams reset before they were accepted, and by our own protocol errors (RUSTSEC-2024-0003).
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(64)
        .initial_stream_window_size(256 << 10)
        .initial_connection_window_size(1 << 20)
        .max_send_buf_size(128 << 10);
    builder
}

/// Runs the requests of HTTP/2 connections where the drain sees them.
#[derive(Clone)]
struct TrackedExecutor(Tasks);

impl<F> Executor<F> for TrackedExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        self.0.spawn(stream);
    }
}

fn count_late(deadline: &'static str) {
    metrics::counter!("shelduck_connections_late_total", "deadline" => deadline).increment(1);
}

/// An answer given before the gate sees the request, which looks like one of the gate's.
fn refuse(kind: Kind) -> Response<Body> {
    let mut tail = [0; 10];
    // Ids need not be secret; without randomness they are less far apart.
    let _filled = getrandom::fill(&mut tail);
    gate::http::refuse(kind, RequestId::from_parts(Timestamp::now(), tail))
}
