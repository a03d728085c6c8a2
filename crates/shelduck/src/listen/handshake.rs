//! The handshake: with a client, or with an authority that wants a name proved.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::Acceptor;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};

use super::config::Prover;

/// Shakes hands; nothing when that was all that was wanted.
pub(super) async fn accept(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    prover: Option<&Prover>,
) -> io::Result<Option<TlsStream<TcpStream>>> {
    let Some(prover) = prover else {
        return TlsAcceptor::from(config).accept(stream).await.map(Some);
    };
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let hello = start.client_hello();
    // An authority offers its protocol alone (RFC 8737 3); whoever offers others too is a client.
    let is_asked = hello.alpn().is_some_and(|offered| offered.eq([prover.protocol]));
    if !is_asked {
        return start.into_stream(config).await.map(Some);
    }
    let Some(proof) = hello.server_name().and_then(|name| (prover.proof_of)(name)) else {
        return Err(io::Error::other("nobody has reason to ask for a proof"));
    };
    start.into_stream(proof).await?;
    metrics::counter!("shelduck_certificate_proofs_total").increment(1);
    Ok(None)
}
