//! What a restart keeps, and what it forgets where that is wanted.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use http::Method;
use serde_json::json;
use testkit::{Client, Options, Server};

use crate::sites::generous;

/// Signs in, restarts the server, and asks who the cookie of before belongs to; says the status and the audit log.
async fn after_a_restart(options: Options) -> Result<(u16, String)> {
    let mut server = Server::start(options)?;
    let mut before = server.admin().await?;
    let answer = before.get("/v1/auth/session").await?;
    ensure!(answer.status == 200, "{}", answer.text());
    let cookie = before.cookie().context("no cookie")?.parse()?;
    ensure!(server.stop()?.success());
    let server = server.restart()?;
    let mut after = Client::anonymous(server.address()?);
    after.headers.insert("cookie", cookie);
    let status = after.get("/v1/auth/session").await?.status.as_u16();
    let mut admin = server.admin().await?;
    let log = admin.get("/v1/audit?event=session_expired").await?.text();
    Ok((status, log))
}

#[tokio::test]
async fn sessions_survive_a_restart_unless_it_shall_forget_them() -> Result<()> {
    let cheap = Options::default()
        .with("AUTH__PASSWORDS__MEMORY", "19MiB")
        .with("AUTH__PASSWORDS__ITERATIONS", "2");
    let (status, log) = after_a_restart(cheap.clone()).await?;
    ensure!(status == 200 && !log.contains("restart"), "{status} {log}");
    let forgetting = cheap.with("AUTH__SESSIONS__FORGET_ON_RESTART", "true");
    let (status, log) = after_a_restart(forgetting).await?;
    ensure!(status == 401 && log.contains("\"object\":\"restart\""), "{status} {log}");
    Ok(())
}

#[tokio::test]
async fn a_key_that_ends_soon_is_told_of_once_however_often_the_server_starts() -> Result<()> {
    let mut server = Server::start(generous())?;
    let mut admin = server.admin().await?;
    for (name, days) in [("soon", 10), ("later", 90)] {
        let new = json!({"name": name, "scopes": ["read:web"], "expires_in_days": days});
        let made = admin.send_json(Method::POST, "/v1/keys", &new).await?;
        ensure!(made.status == 201, "{}", made.text());
    }
    for _ in 0..2 {
        ensure!(server.stop()?.success());
        server = server.restart()?;
        let mut admin = server.admin().await?;
        let begun = Instant::now();
        loop {
            let log = admin.get("/v1/audit?event=authn_token_expiring").await?.json()?;
            let told = log["items"].as_array().context("items")?.len();
            ensure!(told <= 1, "{log}");
            if told == 1 {
                break;
            }
            ensure!(begun.elapsed() < Duration::from_secs(60), "{}", server.log()?);
        }
    }
    Ok(())
}
