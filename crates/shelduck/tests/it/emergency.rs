//! The acts for a bad day, and a new root secret on a good one.
//!
//! By the real command line, on a running server and on a stopped one.

use std::fs;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use http::Method;
use serde_json::{Value, json};
use testkit::{ADMIN, Client, Options, Server, binary};

use crate::sites::generous;

/// Runs a verb in the server's folder, whether it runs or not.
fn verb(server: &Server, arguments: &[&str]) -> Result<Output> {
    let data = server.data_dir();
    let mut command = Command::new(binary()?);
    command.args(arguments).current_dir(data.parent().context("no parent")?).env_clear();
    Ok(command.env("SHELDUCK_SERVER__DATA_DIR", &data).output()?)
}

fn json_of(server: &Server, arguments: &[&str]) -> Result<Value> {
    let output = verb(server, arguments)?;
    ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

pub(crate) fn new_key(server: &Server) -> Result<String> {
    let key = ["key", "create", "--name", "k", "--scope", "admin:*", "--json"];
    Ok(json_of(server, &key)?["secret"].as_str().context("secret")?.to_owned())
}

fn is_intact(server: &Server) -> Result<()> {
    let output = verb(server, &["audit", "verify"])?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}

/// Somebody signed in and a key, and whether each still opens something.
pub(crate) struct Held {
    pub(crate) cookie: String,
    pub(crate) key: String,
}

impl Held {
    pub(crate) async fn of(server: &Server) -> Result<Self> {
        let mut admin = Client::anonymous(server.address()?);
        let form = json!({"username": ADMIN.0, "password": ADMIN.1});
        if admin.send_json(Method::POST, "/v1/auth/login", &form).await?.status != 200 {
            // Nobody has set the server up yet.
            admin = server.admin().await?;
        }
        ensure!(admin.get("/v1/auth/session").await?.status == 200);
        let cookie = admin.cookie().context("no cookie")?.to_owned();
        Ok(Self { cookie, key: new_key(server)? })
    }

    /// The statuses of the session and of the key.
    pub(crate) async fn opens(&self, server: &Server) -> Result<[u16; 2]> {
        let mut session = Client::anonymous(server.address()?);
        session.headers.insert("cookie", self.cookie.parse()?);
        let mut program = Client::with_key(server.address()?, &self.key)?;
        Ok([
            session.get("/v1/auth/session").await?.status.as_u16(),
            program.get("/v1/users").await?.status.as_u16(),
        ])
    }
}

/// How often the audit has that act.
async fn recorded(server: &Server, event: &str, object: &str) -> Result<usize> {
    let mut program = Client::with_key(server.address()?, &new_key(server)?)?;
    let page = program.get(&format!("/v1/audit?event={event}&limit=100")).await?.json()?;
    let items = page["items"].as_array().context("items")?.clone();
    Ok(items.iter().filter(|item| item["object"] == object).count())
}

#[tokio::test]
async fn panic_stops_the_harm_on_a_running_server() -> Result<()> {
    let server = Server::start(generous())?;
    let held = Held::of(&server).await?;
    ensure!(held.opens(&server).await? == [200, 200]);
    ensure!(json_of(&server, &["panic", "revoke-keys", "--json"])?["keys"] == 1);
    ensure!(held.opens(&server).await? == [200, 401]);
    ensure!(recorded(&server, "authn_token_revoked", "panic:revoke-keys").await? == 1);

    ensure!(json_of(&server, &["panic", "end-sessions", "--json"])?["sessions"] == 1);
    ensure!(held.opens(&server).await? == [401, 401]);
    ensure!(recorded(&server, "session_expired", "panic:end-sessions").await? == 1);

    let held = Held::of(&server).await?;
    let secret = server.data_dir().join("secret");
    let before = fs::read_to_string(&secret)?;
    let ended = json_of(&server, &["panic", "rotate-secrets", "--json"])?;
    ensure!(ended["sessions"] == 1 && ended["keys"].as_u64() > Some(0), "{ended}");
    ensure!(held.opens(&server).await? == [401, 401]);
    let after = fs::read_to_string(&secret)?;
    ensure!(after.lines().count() == 1 && after != before, "the old secret is forgotten");
    ensure!(recorded(&server, "crypt_key_rotated", "panic:rotate-secrets").await? == 1);
    let said = verb(&server, &["panic", "revoke-keys"])?;
    ensure!(String::from_utf8_lossy(&said.stdout).contains("No API key works"), "{said:?}");
    is_intact(&server)
}

#[tokio::test]
async fn panic_works_on_a_stopped_server_and_holds_when_it_starts() -> Result<()> {
    let mut server = Server::start(generous())?;
    let held = Held::of(&server).await?;
    ensure!(server.stop()?.success());
    let ended = json_of(&server, &["panic", "rotate-secrets", "--json"])?;
    ensure!(ended == json!({"keys": 1, "sessions": 1}), "{ended}");
    is_intact(&server)?;
    let server = server.restart()?;
    ensure!(held.opens(&server).await? == [401, 401]);
    server.admin().await?;
    is_intact(&server)
}

#[tokio::test]
async fn sessions_and_keys_live_through_a_new_root_secret_and_unused_keys_end_with_the_old()
-> Result<()> {
    let mut server = Server::start(generous())?;
    let (held, unused) = (Held::of(&server).await?, new_key(&server)?);
    let secret = server.data_dir().join("secret");
    let before = fs::read_to_string(&secret)?;
    ensure!(verb(&server, &["secret", "rotate"])?.status.success());
    let between = fs::read_to_string(&secret)?;
    ensure!(between.lines().nth(1) == before.lines().next() && between.lines().count() == 2);
    ensure!(held.opens(&server).await? == [200, 200]);
    is_intact(&server)?;
    ensure!(server.stop()?.success());
    let mut server = server.restart()?;
    ensure!(held.opens(&server).await? == [200, 200], "after a restart too");

    ensure!(json_of(&server, &["secret", "retire", "--json"])?["keys"] == 1);
    let after = fs::read_to_string(&secret)?;
    ensure!(after.lines().eq(between.lines().take(1)), "the old secret has left");
    ensure!(held.opens(&server).await? == [200, 200], "what was used is made anew");
    let unused = Held { key: unused, ..held };
    ensure!(unused.opens(&server).await? == [200, 401]);
    ensure!(server.stop()?.success());
    is_intact(&server)?;
    let server = server.restart()?;
    ensure!(unused.opens(&server).await? == [200, 401]);
    Ok(())
}

#[tokio::test]
async fn a_root_secret_of_the_configuration_is_the_operators_to_replace() -> Result<()> {
    let secret = "0c8b52f1e6d94a37b05e7f21c3a8946dd27f60b19e4ac5358f7d102be693a4c6";
    let server = Server::start(generous().with("SERVER__SECRET", secret))?;
    let held = Held::of(&server).await?;
    for arguments in [["panic", "rotate-secrets"], ["secret", "rotate"], ["secret", "retire"]] {
        let refused = verb(&server, &arguments)?;
        ensure!(refused.status.code() == Some(1), "{arguments:?} {refused:?}");
        let said = String::from_utf8_lossy(&refused.stderr);
        ensure!(said.contains("configuration sets a root secret"), "{said}");
    }
    ensure!(held.opens(&server).await? == [200, 200], "nothing has ended");
    Ok(())
}

#[tokio::test]
async fn over_the_network_panic_is_for_administrators_who_just_proved_it() -> Result<()> {
    let server = Server::start(Options::default())?;
    let mut admin = server.admin().await?;
    let mut stranger = Client::anonymous(server.address()?);
    for path in ["/v1/panic/revoke-keys", "/v1/panic/end-sessions", "/v1/panic/rotate-secrets"] {
        ensure!(stranger.send(Method::POST, path, None).await?.status == 401, "{path}");
    }
    for path in ["/v1/secrets/rotate", "/v1/secrets/retire"] {
        ensure!(admin.send(Method::POST, path, None).await?.status == 403, "{path}");
    }
    let ended = admin.send(Method::POST, "/v1/panic/end-sessions", None).await?;
    ensure!(ended.status == 200 && ended.json()?["sessions"] == 1, "{}", ended.text());
    ensure!(admin.get("/v1/auth/session").await?.status == 401, "its own session too");
    Ok(())
}
