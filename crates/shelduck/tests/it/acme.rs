//! The real server with certificates of a real authority.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use testkit::{Options, Pebble, REFUSED_NAME, Server, binary};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const NAME: &str = "stats.example";

/// A port that was free a moment ago: the authority has to know it before the server listens.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn options(pebble: &Pebble, port: u16, names: &str) -> Options {
    Options::default()
        .with("HTTP__LISTEN", &format!("127.0.0.1:{port}"))
        .with("SERVER__PUBLIC_URL", &format!("https://{NAME}"))
        .with("LOG__LEVEL", "info")
        .with("HTTP__TLS__ACME_DOMAINS", names)
        .with("HTTP__TLS__ACME_TERMS_ACCEPTED", "true")
        .with("HTTP__TLS__ACME_CONTACT", "admin@stats.example")
        .with("HTTP__TLS__ACME_DIRECTORY", &pebble.directory())
        .with("HTTP__TLS__ACME_CA", &pebble.authorities().display().to_string())
}

/// The certificate that the server shows to whoever trusts the root; none when that is not trusted.
async fn shown(port: u16, root: &str) -> Result<Option<CertificateDer<'static>>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(root.as_bytes())?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let connector = TlsConnector::from(Arc::new(config));
    let Ok(stream) = connector.connect(ServerName::try_from(NAME)?, stream).await else {
        return Ok(None);
    };
    let chain = stream.get_ref().1.peer_certificates().context("no certificate")?;
    Ok(chain.first().map(|own| own.clone().into_owned()))
}

/// What it shows as soon as it shows one that is trusted.
async fn trusted(port: u16, root: &str) -> Result<CertificateDer<'static>> {
    loop {
        if let Some(found) = shown(port, root).await? {
            return Ok(found);
        }
        tokio::task::yield_now().await;
    }
}

fn audited(server: &Server) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for file in fs::read_dir(server.data_dir().join("audit"))? {
        let text = fs::read_to_string(file?.path()).unwrap_or_default();
        lines.extend(
            text.lines().filter(|line| line.contains("sys_certificate")).map(str::to_owned),
        );
    }
    Ok(lines)
}

/// The files of the one authority.
fn kept(server: &Server) -> Result<PathBuf> {
    let mut folders = fs::read_dir(server.data_dir().join("certificates"))?;
    Ok(folders.next().context("no folder")??.path())
}

#[tokio::test]
async fn the_server_gets_its_certificate_serves_with_it_and_keeps_it() -> Result<()> {
    let port = free_port()?;
    let pebble = Pebble::start(port, &[])?;
    let root = pebble.root().await?;
    let server = Server::start(options(&pebble, port, NAME))?;
    let first = trusted(port, &root).await?;
    let server = server.kill_and_restart()?;
    ensure!(trusted(port, &root).await? == first, "another certificate after the restart");
    ensure!(pebble.requests("/order-plz")? == 1, "ordered again");
    let lines = audited(&server)?;
    ensure!(
        lines.len() == 1 && lines[0].contains("success") && lines[0].contains(NAME),
        "{lines:?}"
    );
    // Nothing of the keys is anywhere but in their files.
    let text = fs::read_to_string(kept(&server)?.join("certificate.pem"))?;
    let key = text.split("PRIVATE KEY-----\n").nth(1).context("no key")?;
    let account = fs::read_to_string(kept(&server)?.join("account.json"))?;
    let account: serde_json::Value = serde_json::from_str(&account)?;
    let account = account["credentials"]["key_pkcs8"].as_str().context("no account key")?;
    let log = server.log()?;
    for secret in [key.lines().next().context("an empty key")?, account] {
        ensure!(secret.len() > 40 && !log.contains(secret), "a key is in the log");
    }
    Ok(())
}

#[tokio::test]
async fn a_refused_order_is_recorded_and_the_server_goes_on() -> Result<()> {
    let port = free_port()?;
    let pebble = Pebble::start(port, &[])?;
    let mut server = Server::start(options(&pebble, port, REFUSED_NAME))?;
    while audited(&server)?.is_empty() {
        tokio::task::yield_now().await;
    }
    let lines = audited(&server)?;
    ensure!(lines.len() == 1 && lines[0].contains("failure"), "{lines:?}");
    ensure!(server.log()?.contains("rejectedIdentifier"), "{}", server.log()?);
    ensure!(shown(port, &pebble.root().await?).await?.is_none(), "trusted without an order");
    let mut operator = testkit::Client::anonymous(server.admin_address()?);
    let metrics = operator.get("/metrics").await?.text();
    ensure!(metrics.contains("shelduck_certificate_order_failures_total 1"), "{metrics}");
    // Who has mended the cause says so, and need not wait.
    let id = rustix::process::Pid::from_raw(i32::try_from(server.id())?).context("no process")?;
    rustix::process::kill_process(id, rustix::process::Signal::HUP)?;
    while audited(&server)?.len() < 2 {
        tokio::task::yield_now().await;
    }
    ensure!(pebble.requests("/order-plz")? == 2, "asked more often than it was told to");
    ensure!(server.stop()?.success());
    Ok(())
}

#[tokio::test]
async fn the_server_renews_its_certificate_while_it_serves() -> Result<()> {
    let port = free_port()?;
    let pebble = Pebble::start_giving(Duration::from_secs(30), port, &[])?;
    let root = pebble.root().await?;
    let server = Server::start(options(&pebble, port, NAME))?;
    let first = trusted(port, &root).await?;
    let begun = Instant::now();
    // The second comes after twenty seconds, before the first has ended: at no moment is there none.
    loop {
        let now = shown(port, &root).await?.context("no valid certificate")?;
        if now != first {
            break;
        }
        ensure!(begun.elapsed() < Duration::from_secs(60), "not renewed");
        tokio::task::yield_now().await;
    }
    while audited(&server)?.len() < 2 {
        tokio::task::yield_now().await;
    }
    ensure!(pebble.requests("/order-plz")? == 2, "ordered more than once");
    Ok(())
}

#[test]
fn what_is_missing_is_said_by_check() -> Result<()> {
    let output = Command::new(binary()?)
        .arg("check")
        .env_clear()
        .env("SHELDUCK_HTTP__TLS__ACME_DOMAINS", "*.example.com")
        .output()?;
    let said = String::from_utf8(output.stdout)?;
    ensure!(output.status.code() == Some(1), "{said}");
    for part in ["REFUSED  Certificates are ordered", "`*.example.com`", "terms are not agreed to"]
    {
        ensure!(said.contains(part), "{part}: {said}");
    }
    Ok(())
}
