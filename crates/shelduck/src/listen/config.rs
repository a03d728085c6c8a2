//! Where to listen and every bound a connection is under.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use rustls::ServerConfig;

/// The certificate of a TLS listener; both files are PEM and are read again when they change.
#[derive(Debug, Clone)]
pub(crate) struct TlsConfig {
    /// The certificate chain, the server's own first.
    pub(crate) certificate: PathBuf,
    /// The private key.
    pub(crate) key: PathBuf,
}

/// What a handshake for a name is answered with; none when nobody has reason to ask.
type ProofOf = dyn Fn(&str) -> Option<Arc<ServerConfig>> + Send + Sync;

/// Proves our names to an authority that makes certificates.
#[derive(Clone)]
pub(crate) struct Prover {
    /// The protocol in which it asks.
    pub(crate) protocol: &'static [u8],
    /// The proofs.
    pub(crate) proof_of: Arc<ProofOf>,
}

impl fmt::Debug for Prover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prover").finish_non_exhaustive()
    }
}

/// A listener's address and bounds.
#[derive(Debug, Clone)]
pub(crate) struct ListenConfig {
    /// Where to listen; port 0 picks a free one. Default `127.0.0.1:8000`.
    pub(crate) address: SocketAddr,
    /// TLS 1.3 and 1.2 with this certificate; plain HTTP/1.1 without. Default none.
    pub(crate) tls: Option<TlsConfig>,
    /// What proves our names in handshakes. Default nothing.
    pub(crate) prover: Option<Prover>,
    /// Open connections in all; one more is reset. Default 8192.
    pub(crate) connections_max: usize,
    /// Open connections per client address (IPv6: per /64); one more is reset. Default 256.
    pub(crate) connections_per_address_max: usize,
    /// Addresses the cap per address does not count: the declared proxies. Default none.
    pub(crate) uncapped: Vec<IpNet>,
    /// Whether each connection begins with a PROXY protocol header (version 2). Only the proxies may connect then.
    /// Default no.
    pub(crate) proxy_protocol: bool,
    /// From accept to the end of the TLS handshake. Default 10 s.
    pub(crate) handshake_deadline: Duration,
    /// From accept (or handshake) to the first byte. Default 10 s.
    pub(crate) first_byte_deadline: Duration,
    /// From the first byte of a request to the end of its head (HTTP/1.1). Default 10 s.
    pub(crate) head_deadline: Duration,
    /// From the first look at a request's body to its end. Default 30 s.
    pub(crate) body_deadline: Duration,
    /// What a body must bring per second, counted after [`body_grace`](Self::body_grace). Default 512 bytes.
    pub(crate) body_bytes_per_second_min: u64,
    /// How long a body may be slower than that. Default 5 s.
    pub(crate) body_grace: Duration,
    /// Between two requests of a connection. Default 60 s.
    pub(crate) idle_deadline: Duration,
    /// How long a client may take nothing of what is being sent to it. Default 30 s.
    pub(crate) write_stall_deadline: Duration,
    /// How long requests at work may finish after the drain began. Default 20 s.
    pub(crate) drain_deadline: Duration,
    /// Request line and headers together, and the read buffer of an HTTP/1.1 connection is twice that. At least
    /// 4 KiB. Default 32 KiB; more is 431.
    pub(crate) head_bytes_max: usize,
    /// Headers of a request. Default 64; more is 431. (hyper itself stops at 100.)
    pub(crate) headers_max: usize,
    /// Path and query of a request. Default 8 KiB; more is 414.
    pub(crate) uri_bytes_max: usize,
    /// Requests a connection may carry before it is closed in an orderly way. Default 100 000.
    pub(crate) requests_per_connection_max: u32,
    /// Requests at work at once on one HTTP/2 connection. Default 100.
    pub(crate) streams_max: u32,
    /// How often an HTTP/2 connection is pinged; one that does not answer for as long again is closed. Default 20 s.
    pub(crate) ping_interval: Duration,
    /// How often the certificate files are looked at. Default 1 s.
    pub(crate) certificate_check_interval: Duration,
}

impl ListenConfig {
    /// Open connections that have not had an answer yet; one more ends the oldest of them. A quarter of all.
    pub(super) fn new_max(&self) -> usize {
        self.connections_max.div_ceil(4)
    }

    /// Open connections whose callers have not proved who they are; further ones get their answer and are closed. Half of
    /// all.
    pub(super) fn anonymous_max(&self) -> usize {
        self.connections_max.div_ceil(2)
    }
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
            tls: None,
            prover: None,
            connections_max: 8192,
            connections_per_address_max: 256,
            uncapped: Vec::new(),
            proxy_protocol: false,
            handshake_deadline: Duration::from_secs(10),
            first_byte_deadline: Duration::from_secs(10),
            head_deadline: Duration::from_secs(10),
            body_deadline: Duration::from_secs(30),
            body_bytes_per_second_min: 512,
            body_grace: Duration::from_secs(5),
            idle_deadline: Duration::from_secs(60),
            write_stall_deadline: Duration::from_secs(30),
            drain_deadline: Duration::from_secs(20),
            head_bytes_max: 32 << 10,
            headers_max: 64,
            uri_bytes_max: 8 << 10,
            requests_per_connection_max: 100_000,
            streams_max: 100,
            ping_interval: Duration::from_secs(20),
            certificate_check_interval: Duration::from_secs(1),
        }
    }
}
