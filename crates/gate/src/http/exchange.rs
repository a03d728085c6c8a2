//! What is known about a request before anything is decided.

use std::net::IpAddr;

use axum::extract::Request;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HOST, ORIGIN, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::cookie;
use super::extract::says_json;
use super::peer::{Peer, PeerAddress};
use super::problem::{Problem, kind};
use crate::address::ClientAddress;
use crate::door::Provenance;
use crate::forwarded;
use crate::gate::Gate;
use crate::policy::{CsrfRule, Policy};
use crate::request_id::RequestId;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Longest address line.
pub(super) const URI_BYTES_MAX: usize = 8 * 1024;
/// Most header fields.
pub(super) const HEADERS_MAX: usize = 64;

/// A request on its way through.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) request_id: RequestId,
    pub(super) client: ClientAddress,
    pub(super) local: bool,
    /// Whether the client's own connection is encrypted, to us or to a proxy we trust.
    pub(super) encrypted: bool,
    /// Whether browsers may be told to come back encrypted only; never for a host that is each visitor's own machine.
    pub(super) hsts: bool,
    pub(super) origin: Option<HeaderValue>,
}

impl Exchange {
    /// Finds out where the request comes from and gives it an id.
    pub(super) fn begin(gate: &Gate, request: &Request) -> (Self, Result<(), Problem>) {
        let peer = request.extensions().get::<Peer>().copied();
        let headers = request.headers();
        let origin = super::cors::origin(headers).cloned();
        let request_id = gate.request_id();
        let (client, local, encrypted) = match peer {
            Some(Peer { address: PeerAddress::Network(socket), tls }) => {
                let (client, encrypted) = client(gate, headers, socket.ip(), tls);
                (client, false, encrypted)
            }
            Some(Peer { address: PeerAddress::Local, .. }) => (ClientAddress::LOCAL, true, false),
            None => (ClientAddress::LOCAL, false, false),
        };
        let checked = match peer {
            Some(_) => head(gate, request, local),
            None => Err(Problem::new(kind::INTERNAL)),
        };
        let hsts = encrypted && !host(request).is_some_and(is_own_machine);
        (Self { request_id, client, local, encrypted, hsts, origin }, checked)
    }

    /// Which page made the browser send it.
    pub(super) fn provenance(&self, gate: &Gate, request: &Request) -> Provenance {
        let headers = request.headers();
        let cookie = || cookie::is_shown(headers);
        let mut sites = headers.get_all(FETCH_SITE).into_iter();
        match (sites.next(), sites.next()) {
            (Some(site), None) if site.as_bytes() == b"same-origin" => Provenance::SameOrigin,
            (Some(_), _) => Provenance::CrossOrigin,
            (None, _) => {
                let mut origins = headers.get_all(ORIGIN).into_iter();
                match (origins.next(), origins.next()) {
                    (None, _) => Provenance::Unknown { cookie: cookie() },
                    (Some(origin), None) if self.is_own(gate, request, origin) => {
                        Provenance::SameOrigin
                    }
                    (Some(_), _) => Provenance::CrossOrigin,
                }
            }
        }
    }

    /// Whether that origin is ours: the one of the public address, or the one the request was sent to.
    fn is_own(&self, gate: &Gate, request: &Request, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        if gate.public_origin.as_deref() == Some(origin) {
            return true;
        }
        let scheme = if self.encrypted { "https" } else { "http" };
        let rest = origin.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
        rest.is_some_and(|rest| host(request).is_some_and(|host| host.eq_ignore_ascii_case(rest)))
    }
}

/// The client and whether its connection is encrypted, asking the proxies that are trusted.
fn client(gate: &Gate, headers: &HeaderMap, socket: IpAddr, tls: bool) -> (ClientAddress, bool) {
    let trusted = &gate.config().trusted_proxies;
    if trusted.is_empty() || !forwarded::is_trusted(socket.to_canonical(), trusted) {
        return (ClientAddress::network(socket), tls);
    }
    // A line that is no text is as malformed as one that is no address.
    let lines =
        headers.get_all(FORWARDED_FOR).into_iter().map(|line| line.to_str().unwrap_or("malformed"));
    let walked = forwarded::walk(socket, lines, trusted);
    if walked.malformed {
        tracing::warn!("a trusted proxy sent a malformed x-forwarded-for");
    }
    let mut protocols = headers.get_all(FORWARDED_PROTO).into_iter();
    let encrypted = match (protocols.next(), protocols.next()) {
        (Some(protocol), None) => protocol.as_bytes().eq_ignore_ascii_case(b"https"),
        (None, _) => tls,
        (Some(_), Some(_)) => false,
    };
    (ClientAddress::network(walked.client), encrypted)
}

/// Checks what can be checked about the head alone.
fn head(gate: &Gate, request: &Request, local: bool) -> Result<(), Problem> {
    if request.uri().path_and_query().map_or(0, |line| line.as_str().len()) > URI_BYTES_MAX {
        return Err(Problem::new(kind::URI_TOO_LONG));
    }
    if request.headers().len() > HEADERS_MAX {
        return Err(Problem::new(kind::HEADERS_TOO_LARGE));
    }
    let hosts = &gate.config().hosts;
    if !local && !hosts.is_empty() && !host(request).is_some_and(|host| is_listed(host, hosts)) {
        return Err(Problem::new(kind::MISDIRECTED));
    }
    Ok(())
}

fn host(request: &Request) -> Option<&str> {
    let named = request.uri().authority().map(http::uri::Authority::as_str);
    let mut lines = request.headers().get_all(HOST).into_iter();
    match (named, lines.next(), lines.next()) {
        (Some(named), ..) => Some(named),
        (None, Some(line), None) => line.to_str().ok(),
        _ => None,
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => host,
    }
}

fn is_own_machine(host: &str) -> bool {
    let bare = without_port(host).to_ascii_lowercase();
    bare == "localhost" || bare.ends_with(".localhost")
}

/// Compares with and without the port.
fn is_listed(host: &str, hosts: &[String]) -> bool {
    let bare = without_port(host);
    hosts.iter().any(|one| one.eq_ignore_ascii_case(host) || one.eq_ignore_ascii_case(bare))
}

/// Checks a body's announced size and type before any of it is read.
pub(super) fn announced_body(request: &Request, policy: &Policy) -> Result<(), Problem> {
    let headers = request.headers();
    let length = headers.get(CONTENT_LENGTH);
    let length =
        match length.map(|value| value.to_str().ok().and_then(|text| text.parse::<usize>().ok())) {
            None => None,
            Some(None) => {
                return Err(
                    Problem::new(kind::BAD_REQUEST).detail("The content length is not a number.")
                );
            }
            Some(Some(length)) => Some(length),
        };
    if length.is_some_and(|length| length > policy.body_bytes_max) {
        return Err(Problem::new(kind::TOO_LARGE));
    }
    let has_body =
        length.map_or_else(|| headers.contains_key(TRANSFER_ENCODING), |length| length > 0);
    if !has_body {
        return Ok(());
    }
    if policy.body_bytes_max == 0 {
        return Err(Problem::new(kind::TOO_LARGE));
    }
    let encoded =
        headers.get(CONTENT_ENCODING).is_some_and(|value| value.as_bytes() != b"identity");
    if encoded {
        return Err(Problem::new(kind::UNSUPPORTED_TYPE)
            .detail("Send the body without a content encoding."));
    }
    let unsafe_method = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if unsafe_method && policy.csrf != CsrfRule::Exempt && !says_json(headers) {
        return Err(Problem::new(kind::UNSUPPORTED_TYPE)
            .detail("Send JSON with Content-Type: application/json."));
    }
    Ok(())
}
