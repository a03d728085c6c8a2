//! The headers every answer carries.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, SERVER,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::problem::whole_seconds;
use crate::door::Ending;
use crate::limits::Standing;
use crate::policy::{Access, Class, CorsClass, Policy};
use crate::request_id::RequestId;

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");
const EMBEDDER_POLICY: HeaderName = HeaderName::from_static("cross-origin-embedder-policy");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const X_RATELIMIT_SHADOW: HeaderName = HeaderName::from_static("x-ratelimit-shadow-would-block");

const API_CSP: &str = "default-src 'none'; frame-ancestors 'none'";
/// Scripts and styles from our own files only. The dashboard's framework makes its templates through one named policy.
const HTML_CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; \
    trusted-types svelte-trusted-html";
/// Everything off, but what the dashboard itself uses: copying text and passkeys. Only names that browsers know: an
/// unknown one makes them complain on every page.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), bluetooth=(), camera=(), clipboard-read=(), \
    clipboard-write=(self), compute-pressure=(), display-capture=(), encrypted-media=(), fullscreen=(self), \
    gamepad=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), \
    microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-create=(self), \
    publickey-credentials-get=(self), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";
/// For what pages of other sites ask for: no document, so that browsers ignore it. The whole list would be half of the answer to
/// an event.
const FOREIGN_PERMISSIONS: &str = "geolocation=(), microphone=(), camera=()";
const HSTS: &str = "max-age=63072000; includeSubDomains";
const HSTS_PRELOAD: &str = "max-age=63072000; includeSubDomains; preload";

/// What decides an answer's headers besides the answer itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dress<'a> {
    pub(super) request_id: RequestId,
    pub(super) policy: &'a Policy,
    pub(super) hsts: bool,
    pub(super) hsts_preload: bool,
    /// Whether the headers that protect browsers are switched off.
    pub(super) is_bare: bool,
    pub(super) ending: Option<Ending>,
    pub(super) limits: Told,
    /// Whether the fields that came before the standard's are also given.
    pub(super) compatibility: bool,
    pub(super) failed: bool,
}

/// What the limits have to tell.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    /// Where the caller stands.
    pub(super) standing: Option<Standing>,
    /// The limit that would have refused the request, did it not only watch.
    pub(super) shadow: Option<&'static str>,
}

/// Puts the header set on an answer.
pub(super) fn put_on(headers: &mut HeaderMap, dress: &Dress<'_>) {
    headers.reserve(16);
    headers.remove(SERVER);
    if let Some(id) = id_value(dress.request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
    if !dress.is_bare {
        protect(headers, dress);
    }
    let own_caching = dress.policy.access == Access::Public
        && !dress.failed
        && headers.contains_key(CACHE_CONTROL);
    if !own_caching {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Some(limit) = dress.limits.shadow {
        headers.insert(X_RATELIMIT_SHADOW, HeaderValue::from_static(limit));
    }
    if let Some(standing) = dress.limits.standing {
        limits(headers, &standing);
        if dress.compatibility {
            compatibility(headers, &standing);
        }
    }
    if let Some(ending) = dress.ending {
        replaced(headers, &ending);
    }
}

/// Tells a program that its key was replaced (RFC 9745) and until when it works (RFC 8594).
fn replaced(headers: &mut HeaderMap, ending: &Ending) {
    let since = format!("@{}", ending.since.as_second());
    let until =
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&ending.until);
    let until = until.ok().and_then(|until| HeaderValue::try_from(until).ok());
    if let (Ok(since), Some(until)) = (HeaderValue::try_from(since), until) {
        headers.insert(DEPRECATION, since);
        headers.insert(SUNSET, until);
    }
}

/// Tells browsers what they must not do with the answer.
fn protect(headers: &mut HeaderMap, dress: &Dress<'_>) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    let html =
        headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(if html { HTML_CSP } else { API_CSP }),
    );
    if html {
        headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
        headers.insert(EMBEDDER_POLICY, HeaderValue::from_static("require-corp"));
    }
    let foreign = dress.policy.cors == CorsClass::Ingest;
    let (permissions, embedders) =
        if foreign { (FOREIGN_PERMISSIONS, "cross-origin") } else { (PERMISSIONS, "same-origin") };
    headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static(permissions));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static(embedders));
    if dress.hsts {
        let value = if dress.hsts_preload { HSTS_PRELOAD } else { HSTS };
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(value));
    }
}

/// The draft's two fields. Left out of accepted events: the page that sent one cannot read them and nobody waits for
/// them, while they would be the dearest part of the answer.
fn limits(headers: &mut HeaderMap, standing: &Standing) {
    let name = standing.name;
    if name == Class::Ingest.name() && standing.retry_after.is_none() {
        return;
    }
    let reset = whole_seconds(standing.retry_after.unwrap_or(standing.reset));
    let mut policy = format!("\"{name}\";q={};w=60", standing.quota);
    let mut state = format!("\"{name}\";r={};t={reset}", standing.remaining);
    // The burst limit is only spoken of when it is what refused.
    if let Some(burst) = standing.burst {
        let (calls, seconds) = burst.rate();
        policy = format!("{policy}, \"{name}-burst\";q={calls};w={seconds}");
        state = format!("\"{name}-burst\";r=0;t={reset}");
    }
    for (name, text) in [(RATELIMIT_POLICY, policy), (RATELIMIT, state)] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
}

/// The fields that programs written before the draft know; the reset is in seconds from now.
fn compatibility(headers: &mut HeaderMap, standing: &Standing) {
    let reset = whole_seconds(standing.retry_after.unwrap_or(standing.reset));
    headers.insert(X_RATELIMIT_LIMIT, HeaderValue::from(standing.quota));
    headers.insert(X_RATELIMIT_REMAINING, HeaderValue::from(standing.remaining));
    headers.insert(X_RATELIMIT_RESET, HeaderValue::from(reset));
}

fn id_value(id: RequestId) -> Option<HeaderValue> {
    let mut buffer = uuid::Uuid::encode_buffer();
    HeaderValue::from_str(id.uuid().hyphenated().encode_lower(&mut buffer)).ok()
}
