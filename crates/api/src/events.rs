//! Live pages: a stream of what happens on a site, as server-sent events.
//!
//! After a commit that touched the site there is an event, at most one a second; when nothing happens, a comment every fifteen
//! seconds says that the line is alive, or an event, when visitors have left. A stream ends after some minutes and the browser
//! opens it again. Before each piece it is made sure that whoever watches still may.
//!
//! # Invariants
//! - At most [`STREAMS_MAX`] streams, and [`STREAMS_PER_CALLER_MAX`] of one user or key; one more is told to come back.
//! - However many streams watch a site, it is asked about at most once a second.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use gate::http::{Answer, Operation, Problem, Query, Route, kind};
use gate::{Moment, Permit, Policy};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;
use web::report::realtime;
use web::sites::Site;

use crate::app::App;
use crate::sites::{may_see, seeing};
use crate::web::report_context;

/// How many live streams there are at a time.
pub const STREAMS_MAX: usize = 512;

/// How many of them one user or key may hold: a browser with many tabs, not everybody's place.
pub const STREAMS_PER_CALLER_MAX: usize = 32;

const PING_EVERY: Duration = Duration::from_secs(15);
const EVENT_EVERY: Duration = Duration::from_secs(1);
const LIFE: Duration = Duration::from_secs(10 * 60);
/// How long a browser waits before it opens an ended stream again.
const RETRY: &str = "retry: 2000\n\n";

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        Route::new(Method::GET, "/v1/events", Policy::read("web").listed(), stream_events)
            .summary("What happens on a site, as server-sent events"),
    ]
}

/// Which stream.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StreamParams {
    /// The domain of the site.
    site: String,
}

/// The data of an event named `site`.
#[derive(Debug, Serialize, JsonSchema)]
struct SiteNews {
    site: String,
    /// Visitors with a page view in the last five minutes.
    current_visitors: u64,
    /// When the last counted event happened; null until one does.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    last_event_at: Option<Timestamp>,
}

/// What all streams share.
#[derive(Default)]
pub(crate) struct Streams {
    places: Arc<Places>,
    presence: Mutex<HashMap<Box<str>, Arc<Presence>>>,
}

/// How many visitors a site has at the moment, as last asked.
#[derive(Default)]
struct Presence(tokio::sync::Mutex<Option<(Instant, u64)>>);

/// Who holds how many streams.
#[derive(Default)]
struct Places(Mutex<HashMap<String, usize>>);

/// One stream's place, given back when the stream ends.
struct Place {
    places: Arc<Places>,
    caller: String,
}

impl Places {
    fn take(self: &Arc<Self>, caller: String) -> Option<Place> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = held.values().sum();
        let own = held.entry(caller.clone()).or_default();
        if total >= STREAMS_MAX || *own >= STREAMS_PER_CALLER_MAX {
            if *own == 0 {
                held.remove(&caller);
            }
            return None;
        }
        *own += 1;
        Some(Place { places: Arc::clone(self), caller })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = held.get_mut(&self.caller) {
            *own -= 1;
            if *own == 0 {
                held.remove(&self.caller);
            }
        }
    }
}

impl Streams {
    fn presence(&self, domain: &str) -> Arc<Presence> {
        let mut sites = self.presence.lock().unwrap_or_else(PoisonError::into_inner);
        sites.retain(|_, presence| Arc::strong_count(presence) > 1);
        Arc::clone(sites.entry(domain.into()).or_default())
    }
}

async fn stream_events(
    permit: Permit,
    app: App,
    Query(params): Query<StreamParams>,
) -> Result<EventStream, Problem> {
    let site = app.site(&params.site).filter(|site| may_see(&permit, &site.domain));
    let site = site.ok_or_else(Problem::not_found)?;
    let place = app.streams().places.take(permit.principal().label()).ok_or_else(|| {
        Problem::new(kind::UNAVAILABLE)
            .detail("Too many pages are watching.")
            .retry_after(PING_EVERY)
    })?;
    let moment = app.gate().moment();
    let watcher = Watcher {
        news: app.live().subscribe(&site.domain),
        presence: app.streams().presence(&site.domain),
        ends_at: Instant::now() + LIFE,
        sent: None,
        domain: site.domain.clone(),
        permit: Arc::new(permit),
        moment,
        app,
        _place: place,
    };
    Ok(EventStream(watcher))
}

/// One stream.
struct Watcher {
    app: App,
    domain: Box<str>,
    news: watch::Receiver<Option<i64>>,
    presence: Arc<Presence>,
    ends_at: Instant,
    /// When an event was last sent, and with how many visitors.
    sent: Option<(Instant, u64)>,
    permit: Arc<Permit>,
    /// Up to when the permit is known to be good.
    moment: Moment,
    _place: Place,
}

impl Watcher {
    /// The next piece of the stream; `None` ends it.
    async fn next(&mut self) -> Option<Bytes> {
        let drain = self.app.drain().clone();
        tokio::select! {
            () = drain.cancelled() => None,
            piece = self.piece() => piece,
        }
    }

    async fn piece(&mut self) -> Option<Bytes> {
        let Some((sent_at, visitors)) = self.sent else {
            // The first piece comes at once: the page shows what is, not what changes.
            let event = self.event().await?;
            return Some(Bytes::from(format!("{RETRY}{event}")));
        };
        if Instant::now() >= self.ends_at {
            return None;
        }
        match tokio::time::timeout(PING_EVERY, self.news.changed()).await {
            Ok(Ok(())) => {
                tokio::time::sleep_until(sent_at + EVENT_EVERY).await;
                self.may_go_on().await?;
                Some(Bytes::from(self.event().await?))
            }
            Ok(Err(_)) => None,
            Err(_) => {
                self.may_go_on().await?;
                let event = self.event().await?;
                let changed = self.sent.is_some_and(|(_, now)| now != visitors);
                Some(if changed { Bytes::from(event) } else { Bytes::from_static(b": ping\n\n") })
            }
        }
    }

    /// Ends the stream of whoever was shut out meanwhile, or lost the right to see the site.
    async fn may_go_on(&mut self) -> Option<()> {
        let moment = self.app.gate().moment();
        if moment == self.moment {
            return Some(());
        }
        let (permit, wanted) = (Arc::clone(&self.permit), seeing(&self.domain));
        let allowed = self.app.blocking(move |app| app.gate().still_allows(&permit, &wanted)).await;
        let allowed = allowed.unwrap_or_else(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "a live stream ends");
            false
        });
        self.moment = moment;
        allowed.then_some(())
    }

    async fn event(&mut self) -> Option<String> {
        let site = self.app.site(&self.domain)?;
        let current_visitors = self.current_visitors(&site).await?;
        let micros = *self.news.borrow_and_update();
        let last_event_at = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        self.sent = Some((Instant::now(), current_visitors));
        let news = SiteNews { site: self.domain.to_string(), current_visitors, last_event_at };
        let data = serde_json::to_string(&news).ok()?;
        Some(format!("event: site\ndata: {data}\n\n"))
    }

    /// Asks the warehouse unless another stream did so within the second. A warehouse that cannot say ends the stream; the
    /// browser comes back.
    async fn current_visitors(&self, site: &Site) -> Option<u64> {
        let mut known = self.presence.0.lock().await;
        if let Some((asked_at, visitors)) = *known
            && asked_at.elapsed() < EVENT_EVERY
        {
            return Some(visitors);
        }
        match realtime::current_visitors(&report_context(&self.app, site)).await {
            Ok(visitors) => {
                *known = Some((Instant::now(), visitors));
                Some(visitors)
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a live stream ends");
                None
            }
        }
    }
}

/// A stream on its way out.
struct EventStream(Watcher);

impl Answer for EventStream {
    fn answer(self) -> Result<Response, Problem> {
        let pieces = stream::unfold(self.0, async |mut watcher| {
            let piece = watcher.next().await?;
            Some((Ok::<_, Infallible>(piece), watcher))
        });
        let mut response = Response::new(Body::from_stream(pieces));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        Ok(response)
    }

    fn describe(operation: &mut Operation<'_>) {
        let schema = operation.schema::<SiteNews>();
        operation.response(StatusCode::OK, Some(("text/event-stream", schema)));
    }
}
