//! One call and its answer, whose headers are checked every time.

use std::net::SocketAddr;

use axum::body::Body;
use gate::http::Peer;
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// A call to the product.
pub(crate) struct Call {
    request: Request<Body>,
    peer: Option<Peer>,
}

pub(crate) fn request(method: Method, path: &str) -> Call {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "stats.test")
        .body(Body::empty())
        .unwrap();
    Call { request, peer: None }.from("192.0.2.1")
}

pub(crate) fn get(path: &str) -> Call {
    request(Method::GET, path)
}

pub(crate) fn post(path: &str) -> Call {
    request(Method::POST, path)
}

pub(crate) fn delete(path: &str) -> Call {
    request(Method::DELETE, path)
}

impl Call {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().append(name, value.parse().unwrap());
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    pub(crate) fn json(self, text: &str) -> Self {
        let length = text.len().to_string();
        self.header("content-type", "application/json")
            .header("content-length", &length)
            .body(text.to_owned())
    }

    pub(crate) fn replace_host(mut self, host: &str) -> Self {
        self.request.headers_mut().insert("host", host.parse().unwrap());
        self
    }

    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
    }

    /// As a page of ours sends it.
    pub(crate) fn own(self) -> Self {
        self.header("sec-fetch-site", "same-origin")
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    pub(crate) fn from(mut self, address: &str) -> Self {
        self.peer = Some(Peer::network(SocketAddr::new(address.parse().unwrap(), 4711), false));
        self
    }

    pub(crate) fn over_tls(mut self) -> Self {
        self.peer = self.peer.map(|peer| Peer { tls: true, ..peer });
        self
    }

    pub(crate) fn through_the_socket(mut self) -> Self {
        self.peer = Some(Peer::local());
        self
    }

    pub(crate) fn without_peer(mut self) -> Self {
        self.peer = None;
        self
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).into_iter();
        let first = values.next().map(|value| value.to_str().unwrap());
        assert!(values.next().is_none() || name == "set-cookie", "{name} is there twice");
        first
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    /// The last part of a problem's type.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        kind.strip_prefix("urn:shelduck:problem:").unwrap().to_owned()
    }

    pub(crate) fn retry_after(&self) -> u64 {
        self.header("retry-after").unwrap().parse().unwrap()
    }
}

pub(crate) async fn send(router: &axum::Router, call: Call) -> Reply {
    let reply = send_bare(router, call).await;
    check(&reply);
    reply
}

pub(crate) async fn open(router: &axum::Router, call: Call) -> gate::http::Response {
    let Call { mut request, peer } = call;
    if let Some(peer) = peer {
        request.extensions_mut().insert(peer);
    }
    router.clone().oneshot(request).await.unwrap()
}

pub(crate) async fn send_bare(router: &axum::Router, call: Call) -> Reply {
    let response = open(router, call).await;
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Reply { status: head.status.as_u16(), headers: head.headers, body }
}

/// What holds for every answer whatever the question.
fn check(reply: &Reply) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("vary", "origin"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{reply:?}");
    }
    for name in [
        "content-security-policy",
        "permissions-policy",
        "cross-origin-resource-policy",
        "cache-control",
    ] {
        assert!(reply.header(name).is_some(), "{name}: {reply:?}");
    }
    for name in ["server", "x-powered-by", "access-control-allow-credentials"] {
        assert!(reply.header(name).is_none(), "{name}: {reply:?}");
    }
    let id = reply.header("x-request-id").unwrap();
    assert_eq!((id.len(), id.as_bytes()[14]), (36, b'7'), "{id}");
    if reply.status >= 400 {
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply:?}");
        if !reply.body.is_empty() {
            let problem = reply.json();
            assert_eq!(problem["request_id"], id);
            assert_eq!(problem["status"], reply.status);
            assert!(problem["title"].is_string() && !reply.problem().is_empty());
            assert!(!reply.text().contains(super::CANARY), "{}", reply.text());
        }
    }
    if reply.status == 429 {
        assert!(reply.retry_after() >= 1);
    }
    if reply.status == 401 {
        assert!(reply.header("www-authenticate").is_some());
    }
}
