//! What a restart keeps, and what it forgets where that is wanted.

use anyhow::{Context, Result, ensure};
use testkit::{Client, Options, Server};

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
