//! What is known about a request before anything is decided.

use std::net::IpAddr;

use axum::extract::Request;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, FORWARDED, HOST, ORIGIN, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};

use super::cookie;
use super::extract::says_json;
use super::headers::X_REQUEST_ID;
use super::peer::{Peer, PeerAddress};
use super::problem::{Problem, kind};
use crate::address::ClientAddress;
use crate::door::Provenance;
use crate::forwarded::{self, ForwardedHeader, element};
use crate::gate::Gate;
use crate::policy::{CsrfRule, Policy};
use crate::request_id::{RequestId, UpstreamId};

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
    /// What a trusted proxy calls the request; for the log only.
    pub(super) upstream_id: Option<UpstreamId>,
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
        let from_proxy = peer.is_some_and(|peer| match peer.address {
            PeerAddress::Network(socket) => is_proxy(gate, socket.ip()),
            PeerAddress::Local => false,
        });
        let upstream_id = upstream_id(headers, from_proxy);
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
        (Self { request_id, upstream_id, client, local, encrypted, hsts, origin }, checked)
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
    let config = gate.config();
    let trusted = &config.trusted_proxies;
    if !is_proxy(gate, socket) {
        return (ClientAddress::network(socket), tls);
    }
    // A line that is no text is as malformed as one that is no address.
    let lines =
        |name| headers.get_all(name).into_iter().map(|line| line.to_str().unwrap_or("malformed"));
    let (client, encrypted, malformed) = match config.forwarded_header {
        ForwardedHeader::XForwardedFor => {
            let walked = forwarded::walk(socket, lines(FORWARDED_FOR), trusted);
            (walked.client, protocol(headers), walked.malformed)
        }
        ForwardedHeader::Forwarded => {
            let walked = element::walk(socket, lines(FORWARDED), trusted);
            (walked.client, walked.encrypted, walked.malformed)
        }
    };
    if malformed {
        metrics::counter!("shelduck_forwarded_malformed_total").increment(1);
        tracing::warn!("a trusted proxy sent a malformed forwarding header");
    }
    (ClientAddress::network(client), encrypted.unwrap_or(tls))
}

/// What the proxy says about its client's connection; nothing certain when it says two things.
fn protocol(headers: &HeaderMap) -> Option<bool> {
    let mut protocols = headers.get_all(FORWARDED_PROTO).into_iter();
    let first = protocols.next()?;
    Some(protocols.next().is_none() && first.as_bytes().eq_ignore_ascii_case(b"https"))
}

/// Whether a trusted proxy is at the other end.
fn is_proxy(gate: &Gate, socket: IpAddr) -> bool {
    let trusted = &gate.config().trusted_proxies;
    !trusted.is_empty() && forwarded::is_trusted(socket.to_canonical(), trusted)
}

/// The id a trusted proxy gave the request, if it looks like one.
fn upstream_id(headers: &HeaderMap, from_proxy: bool) -> Option<UpstreamId> {
    let mut lines = headers.get_all(X_REQUEST_ID).into_iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) if from_proxy => UpstreamId::parse(line.to_str().ok()?),
        _ => None,
    }
}

/// Checks what can be checked about the head alone.
///
/// What proxies and servers have been known to read in different ways is not interpreted but refused.
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
    if !names_one_host(request) {
        return Err(
            Problem::new(kind::BAD_REQUEST).detail("Name one host, and the same everywhere.")
        );
    }
    let codings = request.headers().get_all(TRANSFER_ENCODING).into_iter();
    if codings.enumerate().any(|(place, coding)| place > 0 || !is_chunked(coding)) {
        return Err(Problem::new(kind::BAD_REQUEST).detail("Send the body plain or chunked."));
    }
    Ok(())
}

/// RFC 9112 3.2: HTTP/1.1 names its host exactly once; where the address line names one too, they agree.
fn names_one_host(request: &Request) -> bool {
    let mut lines = request.headers().get_all(HOST).into_iter();
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    match (lines.next(), lines.next(), authority) {
        (None, ..) => request.version() != Version::HTTP_11,
        (Some(_), Some(_), _) => false,
        (Some(line), None, None) => line.to_str().is_ok(),
        (Some(line), None, Some(authority)) => {
            line.to_str().is_ok_and(|line| line.eq_ignore_ascii_case(authority))
        }
    }
}

fn is_chunked(coding: &HeaderValue) -> bool {
    coding.as_bytes().eq_ignore_ascii_case(b"chunked")
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

/// Whether the name is each visitor's own machine, or no name at all: browsers ignore the promise for an address.
fn is_own_machine(host: &str) -> bool {
    let bare = without_port(host).to_ascii_lowercase();
    let address = bare.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    address || bare == "localhost" || bare.ends_with(".localhost")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_proxys_own_id_for_the_request_is_kept() {
        let check = |lines: &[&'static str], from_proxy| {
            let lines = lines.iter().map(|line| (X_REQUEST_ID, HeaderValue::from_static(line)));
            upstream_id(&lines.collect(), from_proxy).map(|id| id.as_str().to_owned())
        };
        assert_eq!(check(&["edge-1"], true).as_deref(), Some("edge-1"));
        assert_eq!(check(&["edge-1"], false), None);
        assert_eq!(check(&["edge 1"], true), None);
        assert_eq!(check(&[], true), None);
        let mut twice = HeaderMap::new();
        twice.append(X_REQUEST_ID, HeaderValue::from_static("a"));
        twice.append(X_REQUEST_ID, HeaderValue::from_static("b"));
        assert_eq!(upstream_id(&twice, true), None);
    }
}
