//! The real server, and what stands for a Sentry server.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use testkit::{Options, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const KEY: &str = "5e4752aa90d1c0de";

/// Takes one request and gives its head and body.
async fn next(listener: &TcpListener) -> Result<(String, String)> {
    let (mut stream, _) = listener.accept().await?;
    let mut said = Vec::new();
    loop {
        ensure!(stream.read_buf(&mut said).await? > 0, "it broke off");
        let text = String::from_utf8_lossy(&said);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() < length.context("no length")?.parse()? {
            continue;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
        return Ok((head.to_owned(), body.to_owned()));
    }
}

/// Changes a record of the audit log, which the next start has to say as an error.
fn tamper(server: &Server) -> Result<()> {
    for file in fs::read_dir(server.data_dir().join("audit"))? {
        let path = file?.path();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if text.contains("sys_startup") {
            fs::write(&path, text.replacen("sys_startup", "sys_startuq", 1))?;
            return Ok(());
        }
    }
    anyhow::bail!("no record of the start")
}

#[tokio::test]
async fn an_error_arrives_with_its_place_and_nothing_arrives_unasked() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let dir = tempfile::tempdir()?;
    let dsn = dir.path().join("dsn");
    fs::write(&dsn, format!("http://{KEY}@{}/42", listener.local_addr()?))?;
    fs::set_permissions(&dsn, fs::Permissions::from_mode(0o600))?;
    let mut server = Server::start(Options::default())?;
    ensure!(server.stop()?.success());
    // Without an address the error is a line of the log and no more.
    tamper(&server)?;
    let mut server = server.restart()?;
    ensure!(server.log()?.contains("the audit log was changed"), "{}", server.log()?);
    ensure!(server.stop()?.success());
    tamper(&server)?;
    // Reported whatever the log is told to leave out.
    let options = Options::default()
        .with("SENTRY__DSN_FILE", &dsn.display().to_string())
        .with("LOG__LEVEL", "off");
    let server = server.restart_with(options)?;
    let (head, body) = next(&listener).await?;
    ensure!(head.starts_with("POST /api/42/envelope/ HTTP/1.1\r\n"), "{head}");
    ensure!(head.contains(&format!("x-sentry-auth: Sentry sentry_key={KEY},")), "{head}");
    let lines: Vec<Value> = body.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let [envelope, item, event] = &lines[..] else { anyhow::bail!("{body}") };
    ensure!(item["type"] == "event" && envelope["event_id"] == event["event_id"], "{body}");
    let place = event["exception"]["values"][0]["value"].as_str().context("no place")?;
    ensure!(place.starts_with("crates/shelduck/src/runtime.rs:"), "{place}");
    let release = format!("shelduck@{}", env!("CARGO_PKG_VERSION"));
    ensure!(event["release"] == *release, "{body}");
    let mut keys: Vec<&String> = event.as_object().context("no event")?.keys().collect();
    keys.sort();
    ensure!(
        keys == ["event_id", "exception", "level", "platform", "release", "timestamp"],
        "{keys:?}"
    );
    let data = server.data_dir().display().to_string();
    ensure!(!body.contains(&data) && !body.contains(KEY) && !body.contains("audit log"), "{body}");
    Ok(())
}
