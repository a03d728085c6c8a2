//! Problem details (RFC 9457), made of fixed texts only.
//!
//! # Invariants
//! - Every text in a body is a literal of our own source: constructors take `&'static str`. The one exception is the
//!   name of a field in the caller's own input, which is cut down to the characters of a name.
//! - The cause of a problem goes to the log with the request id and never into the body.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::request_id::{RequestId, UpstreamId};

mod from;
pub mod kind;

type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// A kind of problem: its stable name, title and status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The stable part of its type, `urn:shelduck:problem:<slug>`.
    pub slug: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// Its HTTP status.
    pub status: StatusCode,
}

impl Kind {
    /// A kind of the product's own.
    #[must_use]
    pub const fn new(slug: &'static str, status: StatusCode, title: &'static str) -> Self {
        Self { slug, title, status }
    }
}

/// Something the caller must be told instead of an answer.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: Kind,
    detail: Option<&'static str>,
    errors: Vec<FieldError>,
    violated_policy: Option<&'static str>,
    retry_after: Option<Duration>,
    header: Option<(HeaderName, HeaderValue)>,
    cause: Option<Cause>,
}

#[derive(Debug, Clone, Serialize)]
struct FieldError {
    field: Cow<'static, str>,
    message: &'static str,
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
    request_id: RequestId,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(rename = "violated-policies", skip_serializing_if = "Option::is_none")]
    violated_policies: Option<[&'static str; 1]>,
}

impl Problem {
    /// A problem of that kind.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self(Box::new(Inner {
            kind,
            detail: None,
            errors: Vec::new(),
            violated_policy: None,
            retry_after: None,
            header: None,
            cause: None,
        }))
    }

    /// There is no such thing, or none the caller may know of.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(kind::NOT_FOUND)
    }

    /// One value in the request will not do.
    #[must_use]
    pub fn invalid(field: &'static str, message: &'static str) -> Self {
        Self::new(kind::INVALID).field(field, message)
    }

    /// The server itself failed; the cause is logged.
    #[must_use]
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(kind::INTERNAL).because(cause)
    }

    /// The server cannot do it now; the cause is logged.
    #[must_use]
    pub fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(kind::UNAVAILABLE).because(cause)
    }

    /// Says more, in fixed words.
    #[must_use]
    pub fn detail(mut self, detail: &'static str) -> Self {
        self.0.detail = Some(detail);
        self
    }

    /// Names a value that will not do.
    #[must_use]
    pub fn field(mut self, field: &'static str, message: &'static str) -> Self {
        self.0.errors.push(FieldError { field: Cow::Borrowed(field), message });
        self
    }

    /// Names a field of the caller's own input.
    pub(super) fn input_field(mut self, field: &str, message: &'static str) -> Self {
        let plain = |letter: &char| {
            letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.' | '[' | ']')
        };
        let field = field.chars().filter(plain).take(64).collect::<String>();
        self.0.errors.push(FieldError { field: Cow::Owned(field), message });
        self
    }

    /// Says when to come back.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.cause = Some(Arc::new(cause));
        self
    }

    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }

    /// Says how one would prove who one is, as every 401 must.
    fn challenge(self) -> Self {
        self.header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"shelduck\""))
    }

    fn violated(mut self, policy: &'static str) -> Self {
        self.0.violated_policy = Some(policy);
        self
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.0.kind
    }

    /// Its status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.0.kind.status
    }

    /// Writes the cause to the log, once, with everything behind it.
    pub(super) fn log(&self, request_id: RequestId, upstream_id: Option<&UpstreamId>) {
        let kind = self.0.kind.slug;
        let upstream = upstream_id.map(UpstreamId::as_str);
        let cause = self.0.cause.as_deref().map(|cause| cause as &dyn std::error::Error);
        if self.status().is_server_error() {
            let chain = cause.map(chain);
            tracing::error!(request.id = %request_id, request.upstream_id = upstream, problem = kind, cause = chain, "a request failed");
        } else {
            let chain = cause.map(chain);
            tracing::debug!(request.id = %request_id, request.upstream_id = upstream, problem = kind, cause = chain, "a request was refused");
        }
    }

    /// The answer as the caller sees it.
    pub(super) fn write(&self, request_id: RequestId) -> Response {
        let inner = &self.0;
        let written = Written {
            kind: format!("urn:shelduck:problem:{}", inner.kind.slug),
            title: inner.kind.title,
            status: inner.kind.status.as_u16(),
            detail: inner.detail,
            request_id,
            errors: &inner.errors,
            violated_policies: inner.violated_policy.map(|policy| [policy]),
        };
        let body = serde_json::to_vec(&written).unwrap_or_default();
        let mut response = Response::new(body.into());
        *response.status_mut() = inner.kind.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = inner.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if let Some((name, value)) = &inner.header {
            headers.insert(name.clone(), value.clone());
        }
        response
    }
}

/// Whole seconds, never too few and never none.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

/// Only for extractors' rejections; the pipeline writes it out.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = self.status();
        response.extensions_mut().insert(self);
        response
    }
}
