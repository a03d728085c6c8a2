//! What must not be on the disk is not on the disk.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use http::Method;
use serde_json::json;

use crate::sites::{SITE, browser, generous, page_view, server_with_site};

/// Addresses no other part of the test uses, in every spelling they could be written in.
const V4: &str = "203.0.113.77";
const V6: &str = "2001:db8:5a:9d21::c3f7";

#[tokio::test]
async fn a_visitors_address_and_agent_are_nowhere_in_the_data_folder_or_the_log() -> Result<()> {
    let options = generous()
        .with("SERVER__TRUSTED_PROXIES", "127.0.0.1/32")
        .with("SERVER__PUBLIC_URL", "https://stats.example")
        .with("LOG__LEVEL", "trace");
    let (mut server, _) = server_with_site(options).await?;
    let canary_agent = "Mozilla/5.0 (X11; Linux x86_64; canary-7f3a) Gecko/20100101 Firefox/143.0";
    for address in [V4, V6] {
        let mut client = browser(&server)?;
        client.headers.insert("x-forwarded-for", address.parse()?);
        client.headers.insert("user-agent", canary_agent.parse()?);
        ensure!(page_view(&mut client, "/found").await?.status == 202);
        let bad = client.send(Method::POST, "/api/event", Some(("text/plain", "{".into()))).await?;
        ensure!(bad.status == 400, "{}", bad.text());
        let login = json!({"username": "nobody", "password": "wrong-password-wrong-password"});
        ensure!(
            !client.send_json(Method::POST, "/v1/auth/login", &login).await?.status.is_success()
        );
    }
    ensure!(server.stop()?.success());
    let v6: std::net::Ipv6Addr = V6.parse()?;
    let v4: std::net::Ipv4Addr = V4.parse()?;
    let planted: Vec<Vec<u8>> = vec![
        V4.into(),
        V6.into(),
        v6.segments().map(|part| format!("{part:04x}")).join(":").into(),
        v6.octets().to_vec(),
        format!(
            "{:02x}{:02x}{:02x}{:02x}",
            v4.octets()[0],
            v4.octets()[1],
            v4.octets()[2],
            v4.octets()[3]
        )
        .into(),
        "canary-7f3a".into(),
    ];
    let mut files = 0;
    let base = server.data_dir();
    search(base.parent().unwrap_or(&base), &planted, &mut files)?;
    ensure!(files >= 5, "only {files} files were searched");
    let found = fs::read(base.join("warehouse/web.duckdb"))?;
    ensure!(
        contains(&found, b"/found") || contains(&found, SITE.as_bytes()),
        "the search looks at the right files"
    );
    Ok(())
}

fn search(dir: &Path, planted: &[Vec<u8>], files: &mut u32) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            search(&path, planted, files)?;
        } else if path.is_file() {
            *files += 1;
            let bytes = fs::read(&path)?;
            for needle in planted {
                ensure!(
                    !contains(&bytes, needle),
                    "{} holds {}",
                    path.display(),
                    String::from_utf8_lossy(needle)
                );
            }
        }
    }
    Ok(())
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn nothing_sets_a_cookie_on_a_visitor() -> Result<()> {
    let (server, _) = server_with_site(generous()).await?;
    let mut client = browser(&server)?;
    let event = page_view(&mut client, "/").await?;
    let pixel =
        client.get(&format!("/api/event?d={SITE}&u=https%3A%2F%2F{SITE}%2F&n=pageview")).await?;
    let script = client.get("/js/script.js").await?;
    for answer in [&event, &pixel, &script] {
        ensure!(answer.status.is_success(), "{} {}", answer.status, answer.text());
        ensure!(answer.header("set-cookie").is_empty());
    }
    ensure!(pixel.header("content-type") == "image/gif");
    ensure!(pixel.body.len() == 43);
    Ok(())
}
