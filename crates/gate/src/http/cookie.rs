//! The session cookie, and the one by which a browser is recognised.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::device::DeviceToken;
use crate::session::SessionToken;

/// The session cookie's name. Browsers take a cookie of that prefix only when it is secure, for this host alone and for
/// every path, so no sibling host can plant one.
pub const SESSION_COOKIE: &str = "__Host-shelduck";

/// The name of the cookie by which a browser is recognised that somebody signed in from before.
pub const DEVICE_COOKIE: &str = "__Host-shelduck-device";

/// Browsers keep no cookie for longer; how long it is believed is the gate's business.
const DEVICE_AGE_S: u32 = 400 * 24 * 3_600;
const ATTRIBUTES: &str = "; Path=/; Secure; HttpOnly; SameSite=Strict";

/// What the request's cookies say about a session.
#[derive(Debug)]
pub(super) enum Shown {
    Nothing,
    One(SessionToken),
    /// A cookie of our name that is not a token, or several that differ.
    Unclear,
}

/// Reads the session cookie.
pub(super) fn read(headers: &HeaderMap) -> Shown {
    let mut values = session_values(headers);
    let Some(first) = values.next() else {
        return Shown::Nothing;
    };
    if values.any(|other| other != first) {
        return Shown::Unclear;
    }
    SessionToken::parse(first).map_or(Shown::Unclear, Shown::One)
}

/// Whether there is a session cookie at all.
pub(super) fn is_shown(headers: &HeaderMap) -> bool {
    session_values(headers).next().is_some()
}

/// What the browser is recognised by, if it shows one thing.
pub(super) fn device(headers: &HeaderMap) -> Option<&str> {
    let mut values = values(headers, DEVICE_COOKIE);
    values.next().filter(|first| values.all(|other| other == *first))
}

fn session_values(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    values(headers, SESSION_COOKIE)
}

fn values<'a>(headers: &'a HeaderMap, wanted: &'static str) -> impl Iterator<Item = &'a str> {
    headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok()).flat_map(
        move |line| {
            line.split(';').filter_map(move |pair| {
                let (name, value) = pair.trim().split_once('=')?;
                (name == wanted).then_some(value)
            })
        },
    )
}

/// The header that gives the browser its token. Without an age: it goes when the browser closes, or when the server
/// says so.
pub(super) fn begin(token: &SessionToken) -> Option<HeaderValue> {
    let mut value =
        HeaderValue::try_from(format!("{SESSION_COOKIE}={}{ATTRIBUTES}", token.expose())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The header that gives the browser what it is recognised by. It outlives the session and the browser's closing.
pub(super) fn recognise(device: &DeviceToken) -> Option<HeaderValue> {
    let text = format!("{DEVICE_COOKIE}={}{ATTRIBUTES}; Max-Age={DEVICE_AGE_S}", device.expose());
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The header that takes it back.
pub(super) fn end() -> HeaderValue {
    HeaderValue::from_static(
        "__Host-shelduck=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_str(line).unwrap());
        }
        match read(&headers) {
            Shown::Nothing => "nothing".to_owned(),
            Shown::One(token) => token.expose()[..4].to_owned(),
            Shown::Unclear => "unclear".to_owned(),
        }
    }

    #[test]
    fn the_session_cookie_is_found_among_others() {
        let (one, two) = ("ab".repeat(32), "cd".repeat(32));
        assert_eq!(check(&[]), "nothing");
        assert_eq!(check(&["theme=dark; lang=en"]), "nothing");
        assert_eq!(check(&["__host-shelduck=abab"]), "nothing");
        assert_eq!(check(&[&format!("theme=dark; __Host-shelduck={one}")]), "abab");
        assert_eq!(check(&["theme=dark", &format!("__Host-shelduck={one}")]), "abab");
        assert_eq!(check(&[&format!("__Host-shelduck={one}; __Host-shelduck={one}")]), "abab");
        assert_eq!(check(&[&format!("__Host-shelduck={one}; __Host-shelduck={two}")]), "unclear");
        assert_eq!(check(&["__Host-shelduck=nonsense"]), "unclear");
    }
}
