//! One request to somebody else's server, bounded in time and in size.
//!
//! The few parts that call out (an authority for certificates, a receiver of errors) do so seldom and with small bodies, so each
//! request has a connection of its own and nothing is pooled, retried or followed: what a failure means is the caller's matter.
//!
//! # Invariants
//! - What leaves the machine is encrypted, and to whom it goes is proved: plain HTTP is spoken with loopback addresses only.
//! - A redirect is an answer like any other.
//! - An answer is at most [`ANSWER_BYTES_MAX`] long, and a request with its answer takes at most [`REQUEST_TIME_MAX`].
//!
//! # Not here
//! Which addresses a caller may reach: they come from the operator, or from a server that the operator named.

mod target;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use self::target::Target;

/// Longest answer.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How long a request with its answer may take.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);
/// How long a connection to one address may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The authorities cannot be read.
    #[error("cannot read the certificates in {}", .path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rustls::pki_types::pem::Error,
    },
    /// There is nobody to trust.
    #[error("there are no certificates of authorities to trust")]
    NoAuthorities,
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
    /// The address is not one that may be asked.
    #[error("the address must be https, or http on this machine")]
    Address,
    /// There is no connection, or the other side is not who it should be.
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    /// The other side does not speak HTTP, or stopped speaking.
    #[error("the request failed")]
    Http(#[source] hyper::Error),
    /// The answer broke off, or is too long.
    #[error("the answer cannot be read")]
    Answer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It took too long.
    #[error("no answer in time")]
    Late,
}

/// Asks others.
#[derive(Clone)]
pub struct Client {
    tls: TlsConnector,
    time_max: Duration,
}

impl Client {
    /// Trusts the authorities in the file (PEM), or else those of the machine. Blocks.
    ///
    /// # Errors
    /// There are none, or they cannot be read.
    pub fn new(authorities: Option<&Path>) -> Result<Self, OutboundError> {
        let roots = match authorities {
            Some(path) => of_file(path)?,
            None => of_machine(),
        };
        if roots.is_empty() {
            return Err(OutboundError::NoAuthorities);
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(OutboundError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), time_max: REQUEST_TIME_MAX })
    }

    /// Sends a request with an absolute address, and gives the whole answer, whatever its status.
    ///
    /// # Errors
    /// There is no answer, or it is over a bound.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, OutboundError> {
        let exchange = Box::pin(self.exchange(request));
        tokio::time::timeout(self.time_max, exchange).await.unwrap_or(Err(OutboundError::Late))
    }

    async fn exchange(
        &self,
        mut request: Request<Bytes>,
    ) -> Result<Response<Bytes>, OutboundError> {
        let target = Target::of(request.uri()).ok_or(OutboundError::Address)?;
        let host = HeaderValue::from_str(&target.authority).map_err(|_| OutboundError::Address)?;
        request.headers_mut().insert(HOST, host);
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse::<Uri>().map_err(|_| OutboundError::Address)?;
        let stream = connect(&target.host, target.port).await.map_err(OutboundError::Connect)?;
        match target.name {
            Some(name) => {
                let stream = self.tls.connect(name, stream).await;
                speak(stream.map_err(OutboundError::Connect)?, request).await
            }
            None => speak(stream, request).await,
        }
    }
}

/// Whether an address is one that may be asked: `https`, or `http` on this machine.
#[must_use]
pub fn may_be_asked(address: &str) -> bool {
    address.parse::<Uri>().is_ok_and(|uri| Target::of(&uri).is_some())
}

/// Tries each address of a name, none of them for long: that of a broken network must not use up the time of the others.
async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in tokio::net::lookup_host((host, port)).await? {
        match tokio::time::timeout(CONNECT_TIME_MAX, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

async fn speak<S>(stream: S, request: Request<Bytes>) -> Result<Response<Bytes>, OutboundError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(OutboundError::Http)?;
    let exchange = async {
        let answer = sender.send_request(request.map(Full::new)).await;
        let (head, body) = answer.map_err(OutboundError::Http)?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        Ok(Response::from_parts(head, body.map_err(OutboundError::Answer)?.to_bytes()))
    };
    // A connection that ends tells the exchange, which then ends by itself.
    let connection = async {
        let _ended = connection.await;
        std::future::pending().await
    };
    tokio::select! {
        answer = exchange => answer,
        never = connection => never,
    }
}

fn of_file(path: &Path) -> Result<RootCertStore, OutboundError> {
    let unreadable = |source| OutboundError::Authorities { path: path.to_path_buf(), source };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        roots.add(certificate.map_err(unreadable)?).map_err(OutboundError::Tls)?;
    }
    Ok(roots)
}

/// A store may hold what rustls does not take; the others are as good without it.
fn of_machine() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

#[cfg(test)]
mod tests;
