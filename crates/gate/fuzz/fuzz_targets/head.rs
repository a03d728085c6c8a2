//! Sends requests with arbitrary heads: cookies, credentials, origins, hosts.
//!
//! The first line is method and path, the others are header fields; `$SESSION` and `$KEY` in a field stand for credentials
//! that are good. Nobody gets in without one, and with a session nobody changes anything unless the browser vouches, by the
//! two rules as the documentation states them, that the request comes from a page of ours.

#![no_main]

use axum::body::Body;
use gate_fuzz::{LISTED_ORIGIN, PRODUCT, PUBLIC_ORIGIN, peer};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let product = &*PRODUCT;
    let mut lines = text.lines();
    let Some((method, path)) = lines.next().and_then(|line| line.split_once(' ')) else { return };
    let Ok(method) = method.parse::<Method>() else { return };
    let mut headers = HeaderMap::new();
    for line in lines.take(60) {
        let Some((name, value)) = line.split_once(": ") else { continue };
        let value = value.replace("$SESSION", &product.session).replace("$KEY", &product.key);
        let (Ok(name), Ok(value)) =
            (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes()))
        else {
            continue;
        };
        headers.append(name, value);
    }
    let body = if method == Method::POST { r#"{"name":"a","weight":1}"# } else { "" };
    let Ok(mut request) = Request::builder().method(method).uri(path).body(Body::from(body)) else {
        return;
    };
    *request.headers_mut() = headers.clone();
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let asks = *request.method() == Method::OPTIONS;
    let authority = request.uri().authority().map(ToString::to_string);
    let reply = product.send(request, peer(text.as_bytes()));

    if let Some(allowed) = reply.headers.get("access-control-allow-origin") {
        assert_eq!(allowed.as_bytes(), LISTED_ORIGIN.as_bytes());
        assert!(headers.get_all("origin").iter().any(|origin| origin == allowed));
    }
    if !(200..300).contains(&reply.status) || asks {
        return;
    }
    let shows_session = shown(&headers, "cookie").any(|line| line.contains(&product.session));
    let shows_key = shown(&headers, "authorization")
        .chain(shown(&headers, "x-api-key"))
        .any(|line| line.contains(&product.key));
    assert!(shows_session || shows_key, "nobody gets in without a credential");
    if changes && !shows_key {
        assert!(vouched(&headers, authority.as_deref()), "a foreign page changed something");
    }
});

fn shown<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter().collect::<Vec<_>>();
    values.into_iter().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok())
}

/// Fetch metadata where it is sent, else the exact origin: ours, or that of the host the request was sent to.
fn vouched(headers: &HeaderMap, authority: Option<&str>) -> bool {
    let sites: Vec<_> = headers.get_all("sec-fetch-site").into_iter().collect();
    if !sites.is_empty() {
        return sites.len() == 1 && sites[0] == "same-origin";
    }
    let origins: Vec<_> = headers.get_all("origin").into_iter().collect();
    let [origin] = origins.as_slice() else { return false };
    let Ok(origin) = origin.to_str() else { return false };
    let hosts: Vec<_> = headers.get_all("host").into_iter().collect();
    let host = match (authority, hosts.as_slice()) {
        (Some(authority), _) => authority,
        (None, [host]) => host.to_str().unwrap_or_default(),
        _ => "",
    };
    origin == PUBLIC_ORIGIN
        || !host.is_empty()
            && origin.to_ascii_lowercase() == format!("https://{host}").to_ascii_lowercase()
}
