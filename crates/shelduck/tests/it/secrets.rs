//! Secrets that come from outside: credentials, commands, and reading them
//! again at a signal.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::fs::{XattrFlags, setxattr};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use serde_json::Value;
use testkit::{Client, Redis, Server, binary};

use crate::emergency::{Held, new_key};
use crate::sites::generous;

const FIRST: &str = "0c8b52f1e6d94a37b05e7f21c3a8946dd27f60b19e4ac5358f7d102be693a4c6";
const SECOND: &str = "b91e04d7c25f683aa4f07c1e5d92863be80d3f5617ca294bf3b8650d1e47a92c";
const THIRD: &str = "6ea3f5907b2cd4188d51b0e3fc7a6294179e8d40a5c3f26b0f94dcb7521e38a6";
/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(60);

fn private(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text)?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o600))?)
}

fn hang_up(server: &Server) -> Result<()> {
    let id = Pid::from_raw(i32::try_from(server.id())?).context("no process")?;
    Ok(kill_process(id, Signal::HUP)?)
}

/// How often a secret was read again with that outcome.
async fn recorded(server: &Server, key: &str, object: &str, outcome: &str) -> Result<usize> {
    let mut program = Client::with_key(server.address()?, key)?;
    let page = program.get("/v1/audit?event=crypt_key_rotated&limit=100").await?.json()?;
    let items = page["items"].as_array().context("items")?;
    let is_it = |item: &&Value| item["object"] == object && item["outcome"] == outcome;
    Ok(items.iter().filter(is_it).count())
}

/// Asks to read again, and waits until that is recorded once more.
async fn read_again(server: &Server, key: &str, object: &str, outcome: &str) -> Result<()> {
    let before = recorded(server, key, object, outcome).await?;
    hang_up(server)?;
    let begun = Instant::now();
    while recorded(server, key, object, outcome).await? == before {
        ensure!(begun.elapsed() < PATIENCE, "{object} {outcome}: {}", server.log()?);
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn until_logged(server: &Server, text: &str) -> Result<()> {
    let begun = Instant::now();
    while !server.log()?.contains(text) {
        ensure!(begun.elapsed() < PATIENCE, "no `{text}`: {}", server.log()?);
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_signal_takes_over_a_root_secret_that_knows_the_one_in_force_and_no_other() -> Result<()>
{
    let dir = tempfile::tempdir()?;
    let (secret, previous) = (dir.path().join("secret"), dir.path().join("previous"));
    let write = |new: &str, before: &str| -> Result<()> {
        private(&secret, new)?;
        private(&previous, before)
    };
    write(FIRST, THIRD)?;
    let options = generous()
        .with("SERVER__SECRET_FILE", &secret.display().to_string())
        .with("SERVER__PREVIOUS_SECRET_FILE", &previous.display().to_string());
    let mut server = Server::start(options)?;
    let held = Held::of(&server).await?;

    write(SECOND, THIRD)?;
    read_again(&server, &held.key, "server.secret", "failure").await?;
    ensure!(held.opens(&server).await? == [200, 200], "the one before is in force");
    write("changeme", FIRST)?;
    read_again(&server, &held.key, "configuration", "failure").await?;
    private(&secret, "")?;
    read_again(&server, &held.key, "configuration", "failure").await?;
    let unread = new_key(&server)?;
    let log = server.log()?;
    ensure!(log.contains("must become server.previous_secret"), "{log}");
    ensure!([FIRST, SECOND, THIRD].iter().all(|secret| !log.contains(secret)), "{log}");

    write(SECOND, FIRST)?;
    read_again(&server, &held.key, "server.secret", "success").await?;
    ensure!(held.opens(&server).await? == [200, 200]);
    let made_after = new_key(&server)?;
    ensure!(server.stop()?.success());
    let verified = Command::new(binary()?)
        .args(["audit", "verify"])
        .current_dir(dir.path())
        .env_clear()
        .env("SHELDUCK_SERVER__DATA_DIR", server.data_dir())
        .env("SHELDUCK_SERVER__SECRET", SECOND)
        .output()?;
    ensure!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));

    let server = server.restart()?;
    for key in [held.key.clone(), made_after, unread] {
        let held = Held { key, cookie: held.cookie.clone() };
        ensure!(held.opens(&server).await? == [200, 200], "a restart changes nothing more");
    }
    Ok(())
}

/// Whether a server has said to that Redis that it is there.
fn is_known_to(redis: &Redis) -> Result<bool> {
    let socket = redis.url();
    let mut stream = UnixStream::connect(socket.trim_start_matches("unix://"))?;
    stream.write_all(b"EXISTS shelduck:servers\r\n")?;
    let mut said = [0; 4];
    stream.read_exact(&mut said)?;
    Ok(&said == b":1\r\n")
}

#[tokio::test]
async fn a_signal_goes_over_to_another_redis_that_can_be_reached() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let url = dir.path().join("url");
    let (first, second) = (Redis::start()?, Redis::start()?);
    private(&url, &first.url())?;
    let options = generous()
        .with("SCALE__REDIS_URL_FILE", &url.display().to_string())
        .with("LOG__LEVEL", "info");
    let server = Server::start(options)?;
    server.admin().await?;
    let key = new_key(&server)?;
    ensure!(is_known_to(&first)? && !is_known_to(&second)?);

    private(&url, "rediss://:hunter2hunter2@127.0.0.1:1/0")?;
    read_again(&server, &key, "scale.redis_url", "failure").await?;
    ensure!(!server.log()?.contains("hunter2"), "{}", server.log()?);
    private(&url, &second.url())?;
    read_again(&server, &key, "scale.redis_url", "success").await?;
    ensure!(is_known_to(&second)?);
    let mut operator = Client::anonymous(server.admin_address()?);
    let metrics = operator.get("/metrics").await?.text();
    ensure!(metrics.contains("shelduck_shared_counters_connected 1\n"), "{metrics}");
    Ok(())
}

#[tokio::test]
async fn a_command_prints_the_root_secret_once_for_each_start() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let count = dir.path().join("count");
    let environment = dir.path().join("environment");
    let script = format!(
        "echo x >> {}; env > {}; echo {FIRST}; echo hunter2 >&2",
        count.display(),
        environment.display()
    );
    let command = serde_json::json!(["/bin/sh", "-c", script]).to_string();
    let options = generous().with("SERVER__SECRET_COMMAND", &command).with("LOG__LEVEL", "info");
    let mut server = Server::start(options)?;
    let held = Held::of(&server).await?;
    let environment = fs::read_to_string(environment)?;
    ensure!(environment.contains("PWD=") && !environment.contains("SHELDUCK_"), "{environment}");
    hang_up(&server)?;
    until_logged(&server, "restart to have it printed again").await?;
    ensure!(fs::read_to_string(&count)? == "x\n");
    ensure!(server.stop()?.success());
    let server = server.restart()?;
    ensure!(held.opens(&server).await? == [200, 200]);
    ensure!(fs::read_to_string(&count)? == "x\nx\n");
    ensure!(!server.log()?.contains("hunter2") && !server.data_dir().join("secret").exists());
    Ok(())
}

/// The access control list by which systemd lets one user read (`fd_add_uid_acl_permission`).
fn let_read(path: &Path, user: u32, rights: u16) -> Result<()> {
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (kind, rights, id) in [
        (0x01_u16, rights, u32::MAX),
        (0x02, rights, user),
        (0x04, 0, u32::MAX),
        (0x10, rights, u32::MAX),
        (0x20, 0, u32::MAX),
    ] {
        list.extend(kind.to_le_bytes());
        list.extend(rights.to_le_bytes());
        list.extend(id.to_le_bytes());
    }
    Ok(setxattr(path, "system.posix_acl_access", &list, XattrFlags::empty())?)
}

fn check(dir: &Path, credentials: &Path) -> Result<(bool, String)> {
    let output = Command::new(binary()?)
        .arg("check")
        .current_dir(dir)
        .env_clear()
        .env("CREDENTIALS_DIRECTORY", credentials)
        .output()?;
    Ok((output.status.success(), String::from_utf8(output.stdout)?))
}

#[test]
fn a_credential_as_systemd_writes_it_is_a_secret_file_that_nobody_else_reads() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let credentials: PathBuf = dir.path().join("credentials");
    fs::create_dir(&credentials)?;
    let file = credentials.join("shelduck.server.secret");
    fs::write(&file, FIRST)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400))?;
    fs::set_permissions(&credentials, fs::Permissions::from_mode(0o700))?;
    let us = geteuid().as_raw();
    let_read(&file, us, 4)?;
    let_read(&credentials, us, 5)?;
    ensure!(fs::metadata(&file)?.permissions().mode() & 0o777 == 0o440);
    let (may_start, said) = check(dir.path(), &credentials)?;
    ensure!(
        may_start && said.contains("shelduck.server.secret can be read by its owner"),
        "{said}"
    );
    ensure!(said.contains("server.secret is long and random"), "{said}");
    let_read(&credentials, us + 54_321, 5)?;
    ensure!(check(dir.path(), &credentials)?.0, "the file itself is still closed");
    let_read(&file, us + 54_321, 4)?;
    let (may_start, said) = check(dir.path(), &credentials)?;
    ensure!(!may_start && said.contains("can be read by others"), "{said}");
    Ok(())
}
