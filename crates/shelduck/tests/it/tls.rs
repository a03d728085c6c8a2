//! The real server with a certificate: redirect, HSTS, SIGHUP.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use testkit::{Client, Options, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const HOST: &str = "stats.test";

/// Puts a new certificate for the host in place.
pub(crate) fn new_certificate(dir: &Path) -> Result<CertificateDer<'static>> {
    let made = rcgen::generate_simple_self_signed([HOST.to_owned()])?;
    fs::write(dir.join("certificate.pem"), made.cert.pem())?;
    fs::write(dir.join("key.pem"), made.signing_key.serialize_pem())?;
    set_private(&dir.join("key.pem"))?;
    Ok(made.cert.der().clone())
}

fn set_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o600))?)
}

pub(crate) fn with_tls(dir: &Path) -> Options {
    Options::default()
        .with("HTTP__TLS__CERTIFICATE", &dir.join("certificate.pem").display().to_string())
        .with("HTTP__TLS__KEY", &dir.join("key.pem").display().to_string())
        .with("HTTP__REDIRECT_LISTEN", "127.0.0.1:0")
        .with("SERVER__PUBLIC_URL", &format!("https://{HOST}:8443"))
}

/// Asks it to read its files again.
pub(crate) fn hang_up(server: &Server) -> Result<()> {
    let id = rustix::process::Pid::from_raw(i32::try_from(server.id())?).context("no process")?;
    Ok(rustix::process::kill_process(id, rustix::process::Signal::HUP)?)
}

/// Sends one request over TLS and gives the whole answer.
pub(crate) async fn ask(
    server: &Server,
    trusted: &CertificateDer<'static>,
    path: &str,
) -> Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone())?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(server.address()?).await?;
    let connector = TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(ServerName::try_from(HOST)?, stream).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {HOST}:8443\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut said = Vec::new();
    stream.read_to_end(&mut said).await?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
async fn https_is_burned_in_on_every_answer_and_plain_http_leads_pages_there() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let certificate = new_certificate(dir.path())?;
    let server = Server::start(with_tls(dir.path()))?;
    for path in ["/", "/health", "/v1/sites", "/nowhere", "/js/script.js"] {
        let said = ask(&server, &certificate, path).await?;
        let hsts = "strict-transport-security: max-age=63072000; includeSubDomains\r\n";
        ensure!(said.contains(hsts), "{path}: {said}");
    }
    let mut plain = Client::anonymous(server.redirect_address()?);
    for (path, target) in [
        ("/", "https://stats.test:8443/"),
        ("/sites/shop.example?period=7d", "https://stats.test:8443/sites/shop.example?period=7d"),
        ("//evil.example/", "https://stats.test:8443//evil.example/"),
    ] {
        let answer = plain.get(path).await?;
        ensure!(answer.status == 308 && answer.header("location") == target, "{path}: {answer:?}");
        ensure!(answer.header("strict-transport-security").is_empty());
        ensure!(answer.header("x-content-type-options") == "nosniff");
    }
    for path in ["/v1/sites", "/v1/nothing", "/api/event", "/health", "/js/script.js", "/.env"] {
        let answer = plain.get(path).await?;
        ensure!(answer.status == 403 && answer.header("location").is_empty(), "{path}: {answer:?}");
        ensure!(answer.json()?["type"] == "urn:shelduck:problem:https-only");
    }
    let secret = serde_json::json!({"username": "a", "password": "b"});
    let answer = plain.send_json(http::Method::POST, "/v1/auth/login", &secret).await?;
    ensure!(answer.status == 404 && answer.header("location").is_empty(), "{answer:?}");
    Ok(())
}

#[tokio::test]
async fn a_hang_up_signal_reads_the_certificate_again() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let old = new_certificate(dir.path())?;
    let mut server = Server::start(with_tls(dir.path()))?;
    ensure!(ask(&server, &old, "/health").await?.starts_with("HTTP/1.1 200"));
    let new = new_certificate(dir.path())?;
    hang_up(&server)?;
    while ask(&server, &new, "/health").await.is_err() {
        tokio::task::yield_now().await;
    }
    let mut operator = Client::anonymous(server.admin_address()?);
    let metrics = operator.get("/metrics").await?.text();
    ensure!(metrics.contains("shelduck_certificate_expiry_timestamp_seconds "), "{metrics}");
    ensure!(server.stop()?.success(), "the signal did not end it");
    Ok(())
}
