//! Events in: the door for sites' trackers and other people's clients.
//!
//! The answer is Plausible's, so that its clients work unchanged: 202 and `ok` when the event is on disk, with a header that says
//! so when it is not counted. The pixel answers an image when its input was valid, whatever became of it.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use axum::response::Response;
use gate::http::{
    Answer, Described, FromRequest, Operation, Problem, RawRequest, Request, Route, kind,
};
use gate::{Permit, Policy};
use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderName, ORIGIN, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use web::identity::ClientAddress;
use web::ingest::{Outcome, RequestFacts};

use crate::app::App;
use crate::error::ApiError;

const CLIENT_HINT_BRANDS: HeaderName = HeaderName::from_static("sec-ch-ua");
const CLIENT_HINT_PLATFORM: HeaderName = HeaderName::from_static("sec-ch-ua-platform");
const CLIENT_HINT_MOBILE: HeaderName = HeaderName::from_static("sec-ch-ua-mobile");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DROPPED: HeaderName = HeaderName::from_static("x-shelduck-dropped");
const PLAUSIBLE_DROPPED: HeaderName = HeaderName::from_static("x-plausible-dropped");

/// The smallest image there is: one transparent dot.
const DOT: &[u8; 43] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        Route::new(Method::POST, "/api/event", Policy::ingest(), record_event).summary(
            "Takes an event in Plausible's or Mallard's shape; answered when it is on disk",
        ),
        Route::new(Method::GET, "/api/event", Policy::ingest().body_max(0), record_pixel)
            .summary("Takes an event by its query (d, u, n, r, w) and answers with a dot"),
    ]
}

async fn record_event(
    permit: Permit,
    app: App,
    EventRequest(RawRequest { head, body }): EventRequest,
) -> Result<Accepted, ApiError> {
    let outcome = app.ingest().accept(&body, &facts(&permit, &app, &head.headers)).await?;
    Ok(Accepted(outcome))
}

async fn record_pixel(
    permit: Permit,
    app: App,
    PixelRequest(RawRequest { head, .. }): PixelRequest,
) -> Result<Pixel, ApiError> {
    if head.method == Method::HEAD {
        // Who only asks about the image has not seen the page.
        return Ok(Pixel(Outcome::Accepted));
    }
    let query = head.uri.query().unwrap_or_default();
    let outcome = app.ingest().accept_pixel(query, &facts(&permit, &app, &head.headers)).await?;
    Ok(Pixel(outcome))
}

/// What is known of a request beside its event. The address goes from the permit into ingest's own type and nowhere else.
fn facts<'a>(permit: &Permit, app: &App, headers: &'a HeaderMap) -> RequestFacts<'a> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    RequestFacts {
        at_micros: app.now().as_microsecond(),
        // Who comes over the local socket has no address; none stands for it.
        address: ClientAddress::new(
            permit.client().expose().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        ),
        origin: text(&ORIGIN),
        user_agent: text(&USER_AGENT),
        accept_language: text(&ACCEPT_LANGUAGE),
        client_hint_brands: text(&CLIENT_HINT_BRANDS),
        client_hint_platform: text(&CLIENT_HINT_PLATFORM),
        client_hint_mobile: text(&CLIENT_HINT_MOBILE),
        fetch_mode: text(&FETCH_MODE),
    }
}

/// Trackers send `text/plain`, which needs no preflight; programs send JSON. Nothing else is an event.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    let essence = essence.trim();
    let known =
        ["text/plain", "application/json"].iter().any(|known| essence.eq_ignore_ascii_case(known));
    let charset = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let is_utf_8 = |(name, value): (&str, &str)| {
        !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    };
    if known && charset.into_iter().all(is_utf_8) {
        Ok(())
    } else {
        Err(Problem::new(kind::UNSUPPORTED_TYPE)
            .detail("Send the event as text/plain or application/json, in UTF-8."))
    }
}

/// A request whose body `web::event` reads.
struct EventRequest(RawRequest);

impl FromRequest<App> for EventRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        check_type(request.headers())?;
        RawRequest::from_request(request, app).await.map(Self)
    }
}

impl Described for EventRequest {
    fn describe(operation: &mut Operation<'_>) {
        operation.json_body(&schemars::json_schema!({
            "type": "object",
            "description": "Also sent as text/plain. Each key has a short and a long name; Mallard's ra and rc are understood. Unknown keys are ignored.",
            "required": ["n", "u"],
            "properties": {
                "n": {"type": "string", "description": "name: pageview, engagement, or one of your own"},
                "u": {"type": "string", "description": "url: the address of the page"},
                "d": {"type": "string", "description": "domain: the site, or several with commas; the host of u without it"},
                "r": {"type": ["string", "null"], "description": "referrer"},
                "p": {"type": ["object", "string", "null"], "description": "props: texts, numbers and booleans by name"},
                "$": {"type": ["object", "string", "null"], "description": "revenue: currency and amount"},
                "i": {"type": ["boolean", "integer"], "description": "interactive: whether it ends a bounce"},
                "h": {"type": ["boolean", "integer"], "description": "hashMode: whether the fragment is part of the page"},
                "w": {"type": "integer", "description": "width of the viewport in CSS pixels"},
                "sd": {"type": "integer", "description": "scroll depth in per cent, of an engagement"},
                "e": {"type": "integer", "description": "engaged time in milliseconds, of an engagement"},
            },
        }));
    }
}

/// A request whose query `web::event` reads.
struct PixelRequest(RawRequest);

impl FromRequest<App> for PixelRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        RawRequest::from_request(request, app).await.map(Self)
    }
}

impl Described for PixelRequest {
    fn describe(operation: &mut Operation<'_>) {
        operation.query_parameters(&schemars::json_schema!({
            "required": ["u"],
            "properties": {
                "d": {"type": "string", "description": "The site; the host of u without it."},
                "u": {"type": "string", "description": "The address of the page."},
                "n": {"type": "string", "description": "The name of the event; a page view without it."},
                "r": {"type": "string", "description": "The referrer."},
                "w": {"type": "integer", "description": "The width of the viewport in CSS pixels."},
            },
        }));
    }
}

/// The event is on disk.
struct Accepted(Outcome);

impl Answer for Accepted {
    fn answer(self) -> Result<Response, Problem> {
        let mut response = Response::new(Body::from("ok"));
        *response.status_mut() = StatusCode::ACCEPTED;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        tell_dropped(headers, &self.0);
        Ok(response)
    }

    fn describe(operation: &mut Operation<'_>) {
        operation.response(
            StatusCode::ACCEPTED,
            Some(("text/plain", schemars::json_schema!({"const": "ok"}))),
        );
    }
}

/// The event is on disk, and the page wants an image.
struct Pixel(Outcome);

impl Answer for Pixel {
    fn answer(self) -> Result<Response, Problem> {
        let mut response = Response::new(Body::from(DOT.as_slice()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/gif"));
        tell_dropped(headers, &self.0);
        Ok(response)
    }

    fn describe(operation: &mut Operation<'_>) {
        operation.response(
            StatusCode::OK,
            Some(("image/gif", schemars::json_schema!({"type": "string"}))),
        );
    }
}

fn tell_dropped(headers: &mut HeaderMap, outcome: &Outcome) {
    let reason = match outcome {
        Outcome::Accepted => return,
        Outcome::Dropped(Cow::Borrowed(reason)) => HeaderValue::from_str(reason),
        Outcome::Dropped(Cow::Owned(reason)) => HeaderValue::from_str(reason),
    };
    headers.insert(DROPPED, reason.unwrap_or(HeaderValue::from_static("dropped")));
    headers.insert(PLAUSIBLE_DROPPED, HeaderValue::from_static("1"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_as_text_or_json() {
        for (value, expected) in [
            ("text/plain", true),
            ("text/plain;charset=UTF-8", true),
            ("Application/JSON; charset=\"utf-8\"", true),
            ("application/json; charset=latin1", false),
            ("application/jsonp", false),
            ("application/x-www-form-urlencoded", false),
            ("multipart/form-data; boundary=x", false),
            ("", false),
        ] {
            let headers = [(CONTENT_TYPE, HeaderValue::from_static(value))].into_iter().collect();
            assert_eq!(check_type(&headers).is_ok(), expected, "{value}");
        }
        assert!(check_type(&HeaderMap::new()).is_err());
    }
}
