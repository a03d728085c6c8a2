//! Requests that could be read in two ways get one answer.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use testkit::{Options, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(60);
/// A request that an attacker would like to put in front of somebody else's; its answer begins like this.
const SMUGGLED: &str = "GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n";
const SMUGGLED_ANSWER: &str = "User-agent:";
const GET: &str = "GET /health HTTP/1.1\r\n";
const POST: &str = "POST /api/event HTTP/1.1\r\nContent-Type: text/plain\r\n";

/// Limits that a hundred requests from one address do not meet; what goes on after its answer ends soon.
fn roomy() -> Options {
    Options::default()
        .with("HTTP__IDLE_TIMEOUT", "1s")
        .with("HTTP__HEAD_TIMEOUT", "1s")
        .with("LIMITS__CATEGORIES__INGEST", "100000")
        .with("LIMITS__CATEGORIES__MONITORING", "100000")
        .with("LIMITS__CATEGORIES__OTHER", "100000")
}

/// Everything the server says until it closes.
async fn say(server: &Server, bytes: &[u8]) -> Result<String> {
    let mut stream = TcpStream::connect(server.address()?).await?;
    // The server may have answered and closed before all of it was sent.
    let _sent = stream.write_all(bytes).await;
    let mut said = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut said)).await;
    // A reset after the answer is an end too.
    let _end = read.context("the connection is still open")?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

fn statuses(said: &str) -> Vec<&str> {
    said.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)).collect()
}

/// These bytes, and behind them a smuggled request, get one answer with one of the statuses, and the connection ends.
async fn refused(server: &Server, what: &str, bytes: &str, expected: &[&str]) -> Result<()> {
    let said = say(server, format!("{bytes}{SMUGGLED}").as_bytes()).await?;
    let statuses = statuses(&said);
    ensure!(
        matches!(statuses[..], [one] if expected.contains(&one)),
        "{what}: {statuses:?} instead of one of {expected:?}: {said:?}"
    );
    ensure!(!said.contains(SMUGGLED_ANSWER), "{what}: {said:?}");
    Ok(())
}

#[tokio::test]
async fn lengths_that_contradict_each_other_get_one_answer() -> Result<()> {
    let server = Server::start(roomy())?;
    let both = "Content-Length: 44\r\nTransfer-Encoding: chunked\r\n";
    let reversed = "Transfer-Encoding: chunked\r\nContent-Length: 44\r\n";
    for head in [both, reversed] {
        let bytes = format!("{POST}Host: a\r\n{head}\r\n0\r\n\r\n");
        refused(&server, head, &bytes, &["400"]).await?;
    }
    for lengths in [
        "Content-Length: 0\r\nContent-Length: 44\r\n",
        "Content-Length: 44\r\nContent-Length: 0\r\n",
        "Content-Length: 0, 44\r\n",
        "Content-Length: +0\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x0\r\n",
        "Content-Length: 0;a=b\r\n",
        "Content-Length: 1 1\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Content-Length:\r\n",
    ] {
        refused(&server, lengths, &format!("{POST}Host: a\r\n{lengths}\r\n"), &["400", "413"])
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn codings_other_than_chunked_get_one_answer() -> Result<()> {
    let server = Server::start(roomy())?;
    for coding in [
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked;q=1\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding\t: chunked\r\n",
        " Transfer-Encoding: chunked\r\n",
        "X: y\r\n Transfer-Encoding: chunked\r\n",
        "X: y\nTransfer-Encoding: chunked\r\n",
        "X: y\rTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\0\r\n",
        "Transfer-Encoding: \u{b}chunked\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
    ] {
        let bytes = format!("{POST}Host: a\r\n{coding}\r\n0\r\n\r\n");
        refused(&server, coding, &bytes, &["400", "501"]).await?;
    }
    let old = "POST /api/event HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    refused(&server, "HTTP/1.0", old, &["400"]).await?;
    for chunks in [
        "5\n12345\r\n0\r\n\r\n",
        "0x5\r\n12345\r\n0\r\n\r\n",
        "+5\r\n12345\r\n0\r\n\r\n",
        "-1\r\n12345\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFFF\r\n1\r\n0\r\n\r\n",
        "5\r\n1234567\r\n0\r\n\r\n",
        "5\r\n123450\r\n\r\n",
        "g\r\n12345\r\n0\r\n\r\n",
    ] {
        let bytes = format!("{POST}Host: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        refused(&server, chunks, &bytes, &["400"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn nothing_comes_after_a_body_in_chunks() -> Result<()> {
    let server = Server::start(roomy())?;
    // Accepted or refused, the body is read and the connection ends with its answer.
    let bytes =
        format!("{POST}Host: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n");
    refused(&server, "whole", &bytes, &["400"]).await?;
    let trailer = format!(
        "{POST}Host: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\nContent-Length: 44\r\nHost: b\r\n\r\n"
    );
    refused(&server, "trailer", &trailer, &["400"]).await
}

#[tokio::test]
async fn line_ends_and_characters_that_are_read_in_two_ways_get_one_answer() -> Result<()> {
    let server = Server::start(roomy())?;
    for head in [
        "GET /health HTTP/1.1\nHost: a\n\n",
        "GET /health HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nX y: z\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\n: z\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
        "GET /hea lth HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /health\tHTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  /health HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /health HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET /health HTTP/1.2\r\nHost: a\r\n\r\n",
        "GET /health HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET /health http/1.1\r\nHost: a\r\n\r\n",
        "GET /health\r\n\r\n",
        "G\0T /health HTTP/1.1\r\nHost: a\r\n\r\n",
        "\0GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        refused(&server, head, head, &["400", "505"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_request_names_one_host() -> Result<()> {
    let server = Server::start(roomy())?;
    let close = "Connection: close\r\n";
    for head in [
        GET.to_owned(),
        format!("{GET}Host: a\r\nHost: a\r\n"),
        format!("{GET}Host: a\r\nHost: b\r\n"),
        "GET http://a/health HTTP/1.1\r\nHost: b\r\n".to_owned(),
        "GET http://a/health HTTP/1.1\r\n".to_owned(),
        "GET http://a@b/health HTTP/1.1\r\nHost: b\r\n".to_owned(),
    ] {
        let said = say(&server, format!("{head}{close}\r\n").as_bytes()).await?;
        ensure!(statuses(&said) == ["400"], "{head:?}: {said:?}");
    }
    for head in [
        format!("{GET}Host: a\r\n"),
        "GET http://a/health HTTP/1.1\r\nHost: a\r\n".to_owned(),
        "GET /health HTTP/1.0\r\n".to_owned(),
    ] {
        let said = say(&server, format!("{head}{close}\r\n").as_bytes()).await?;
        ensure!(said.starts_with("HTTP/1.1 200") || said.starts_with("HTTP/1.0 200"), "{said:?}");
    }
    Ok(())
}

#[tokio::test]
async fn underscores_are_not_hyphens() -> Result<()> {
    let server = Server::start(
        roomy()
            .with("SERVER__TRUSTED_PROXIES", "127.0.0.0/8")
            .with("SERVER__PUBLIC_URL", "https://a"),
    )?;
    // An underscored spelling of a length is no length: what follows is read as a request, and is none.
    let said = say(
        &server,
        format!("{GET}Host: a\r\nTransfer_Encoding: chunked\r\n\r\n0\r\n\r\n").as_bytes(),
    )
    .await?;
    ensure!(statuses(&said) == ["200", "400"], "{said:?}");
    // Nor is one of a credential a credential.
    let key = "Authorization_: Bearer x\r\nX_API_KEY: x\r\n";
    let said = say(
        &server,
        format!("GET /v1/sites HTTP/1.1\r\nHost: a\r\n{key}Connection: close\r\n\r\n").as_bytes(),
    )
    .await?;
    ensure!(statuses(&said) == ["401"], "{said:?}");
    let https = "X_Forwarded_Proto: https\r\n";
    let said = say(&server, format!("{GET}Host: a\r\n{https}Connection: close\r\n\r\n").as_bytes())
        .await?;
    ensure!(!said.contains("strict-transport-security"), "{said:?}");
    Ok(())
}

#[tokio::test]
async fn what_is_too_long_says_so() -> Result<()> {
    let server = Server::start(roomy())?;
    let check = async |bytes: String, expected: &str| -> Result<()> {
        let said = say(&server, bytes.as_bytes()).await?;
        ensure!(statuses(&said) == [expected], "{expected}: {said:?}");
        Ok(())
    };
    let path = |length: usize| {
        format!("GET /{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "x".repeat(length - 1))
    };
    check(path(8 << 10), "404").await?;
    check(path((8 << 10) + 1), "414").await?;
    check(path(100 << 10), "431").await?;
    let many = |count: usize| {
        format!("{GET}Host: a\r\nConnection: close\r\n{}\r\n", "X: 1\r\n".repeat(count - 2))
    };
    check(many(64), "200").await?;
    check(many(65), "431").await?;
    check(many(200), "431").await?;
    let large = |bytes: usize| {
        format!("{GET}Host: a\r\nConnection: close\r\nX: {}\r\n\r\n", "x".repeat(bytes))
    };
    check(large(31 << 10), "200").await?;
    check(large(33 << 10), "431").await?;
    check(
        format!("{} /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "X".repeat(1000)),
        "405",
    )
    .await?;
    let deep = "[".repeat(10_000);
    check(
        format!(
            "POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{deep}",
            deep.len()
        ),
        "400",
    )
    .await?;
    let event = "{\"a\":".repeat(10_000);
    check(
        format!(
            "{POST}Host: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{event}",
            event.len()
        ),
        "400",
    )
    .await
}

#[tokio::test]
async fn methods_and_upgrades_lead_nowhere() -> Result<()> {
    let server = Server::start(roomy())?;
    for (head, expected) in [
        ("TRACE /v1/sites HTTP/1.1\r\nHost: a\r\nCookie: x=canary\r\n", "405"),
        ("CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n", "404"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n", "204"),
        (
            "GET /health HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nConnection: Upgrade, HTTP2-Settings\r\n",
            "200",
        ),
        ("GET /health HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", "200"),
        ("PROPFIND / HTTP/1.1\r\nHost: a\r\n", "405"),
        ("get /health HTTP/1.1\r\nHost: a\r\n", "405"),
    ] {
        let said = say(&server, format!("{head}Connection: close\r\n\r\n").as_bytes()).await?;
        ensure!(statuses(&said) == [expected], "{head:?}: {said:?}");
        ensure!(!said.contains("canary"), "{said:?}");
        ensure!(!said.to_ascii_lowercase().contains("\nserver:"), "{said:?}");
    }
    let said =
        say(&server, b"HEAD /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await?;
    let (head, body) = said.split_once("\r\n\r\n").context("no head")?;
    ensure!(
        head.starts_with("HTTP/1.1 200") && head.contains("content-length: 15") && body.is_empty(),
        "{said:?}"
    );
    Ok(())
}
