//! Which foreign pages may read an answer.
//!
//! No class ever allows cookies: a foreign page may read what anybody with a key may read, or hand in events.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method};

use crate::policy::CorsClass;

const ANY: HeaderValue = HeaderValue::from_static("*");
const API_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
const API_HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, x-api-key, content-type, accept");
const API_EXPOSED: HeaderValue =
    HeaderValue::from_static("ratelimit, ratelimit-policy, retry-after, x-request-id");
const INGEST_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");
const EMBEDDED_METHODS: HeaderValue = HeaderValue::from_static("GET, OPTIONS");
const INGEST_HEADERS: HeaderValue = HeaderValue::from_static("content-type");
const DAY: HeaderValue = HeaderValue::from_static("86400");

/// The page the request says it comes from.
pub(super) fn origin(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(ORIGIN)
}

/// The value that lets the page read, if it may.
pub(super) fn allowed(
    class: CorsClass,
    origin: Option<&HeaderValue>,
    listed: &[String],
) -> Option<HeaderValue> {
    match class {
        CorsClass::SameOrigin => None,
        CorsClass::Ingest => Some(ANY),
        CorsClass::Api => origin
            .filter(|origin| listed.iter().any(|one| one.as_bytes() == origin.as_bytes()))
            .cloned(),
    }
}

/// Lets the page read.
pub(super) fn answer(headers: &mut HeaderMap, class: CorsClass, allowed: Option<HeaderValue>) {
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if class == CorsClass::Api {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, API_EXPOSED);
        }
    }
}

/// Answers a browser that asks before it sends. `methods` are those the path has routes for.
pub(super) fn preflight<'a>(
    headers: &mut HeaderMap,
    class: CorsClass,
    mut methods: impl Iterator<Item = &'a Method>,
) {
    let (methods, names) = match class {
        CorsClass::SameOrigin => return,
        CorsClass::Api => (API_METHODS, API_HEADERS),
        CorsClass::Ingest if methods.any(|method| *method == Method::POST) => {
            (INGEST_METHODS, INGEST_HEADERS)
        }
        CorsClass::Ingest => (EMBEDDED_METHODS, INGEST_HEADERS),
    };
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names);
    headers.insert(ACCESS_CONTROL_MAX_AGE, DAY);
}
