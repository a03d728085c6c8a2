//! What serves TLS for the names: proofs to the authority, and certificates.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use certificates::{ALPN, Challenges};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::Acceptor;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor, TlsConnector};

/// Answers authorities on a free port, as long as it is there.
pub(crate) struct Responder {
    pub(crate) port: u16,
    task: tokio::task::JoinHandle<()>,
}

impl Responder {
    /// Proofs come from here once there are some.
    pub(crate) async fn start(
        challenges: impl Fn() -> Option<Challenges> + Send + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Whoever does not get what it wants is closed on.
                let _ended = prove(stream, challenges()).await;
            }
        });
        Ok(Self { port, task })
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn prove(stream: TcpStream, challenges: Option<Challenges>) -> Result<()> {
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let hello = start.client_hello();
    let offered: Vec<_> = hello.alpn().context("no protocol")?.collect();
    let name = hello.server_name().context("no name")?;
    anyhow::ensure!(offered == [ALPN], "{offered:?}");
    let config = challenges.and_then(|found| found.proof_of(name)).context("no proof")?;
    start.into_stream(config).await?;
    Ok(())
}

/// Serves one handshake with the file and looks at it as somebody who trusts the root.
pub(crate) async fn is_trusted(file: &Path, root: &str, name: &'static str) -> Result<bool> {
    let text = std::fs::read(file)?;
    let chain = CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>()?;
    let server = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(&text)?)?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(root.as_bytes())?)?;
    let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (here, there) = tokio::io::duplex(1 << 16);
    let (_served, seen) = tokio::join!(
        TlsAcceptor::from(Arc::new(server)).accept(there),
        TlsConnector::from(Arc::new(client)).connect(ServerName::try_from(name)?, here)
    );
    Ok(seen.is_ok())
}
