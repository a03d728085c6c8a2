//! The audit log of the real server: its keys, its reader, its full disk.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use http::Method;
use serde_json::{Value, json};
use testkit::{Client, binary};

use crate::disk::{SmallDisk, fill};
use crate::sites::{SITE, generous, server_with_site};

const FIRST: &str = "0c8b52f1e6d94a37b05e7f21c3a8946dd27f60b19e4ac5358f7d102be693a4c6";
const SECOND: &str = "b91e04d7c25f683aa4f07c1e5d92863be80d3f5617ca294bf3b8650d1e47a92c";
const THIRD: &str = "6ea3f5907b2cd4188d51b0e3fc7a6294179e8d40a5c3f26b0f94dcb7521e38a6";

fn verb(data: &Path, secret: &str, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(binary()?);
    command
        .arg("audit")
        .args(arguments)
        .current_dir(data.parent().context("no parent")?)
        .env_clear()
        .env("SHELDUCK_SERVER__DATA_DIR", data)
        .env("SHELDUCK_SERVER__SECRET", secret);
    Ok(command)
}

/// What is wrong with the log in the eyes of who has that secret.
fn findings(data: &Path, secret: &str) -> Result<Vec<Value>> {
    let Output { status, stdout, stderr } = verb(data, secret, &["verify", "--json"])?.output()?;
    let report: Value = serde_json::from_slice(&stdout)
        .with_context(|| String::from_utf8_lossy(&stderr).into_owned())?;
    ensure!(status.success() == (report["intact"] == true), "{status} {report}");
    Ok(report["report"]["findings"].as_array().context("findings")?.clone())
}

#[tokio::test]
async fn a_log_is_verified_with_the_newest_secret_after_it_was_replaced() -> Result<()> {
    let options = |secret: &str| generous().with("SERVER__SECRET", secret);
    let (mut server, _) = server_with_site(options(FIRST)).await?;
    ensure!(server.stop()?.success());
    let data = server.data_dir();
    ensure!(findings(&data, FIRST)? == [] as [Value; 0]);
    ensure!(!findings(&data, SECOND)?.is_empty(), "another secret vouches for nothing by itself");
    for (secret, previous) in [(SECOND, FIRST), (THIRD, SECOND)] {
        let next = options(secret).with("SERVER__PREVIOUS_SECRET", previous);
        server = server.restart_with(next)?;
        // Signing in is an event, and the account is the one of before.
        server.admin().await?;
        ensure!(server.stop()?.success());
        ensure!(findings(&data, secret)? == [] as [Value; 0], "{:?}", findings(&data, secret)?);
    }
    ensure!(!findings(&data, FIRST)?.is_empty());
    Ok(())
}

/// Ends a program that would go on.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}

#[tokio::test]
async fn the_log_can_be_read_as_it_grows() -> Result<()> {
    let (server, _) = server_with_site(generous().with("SERVER__SECRET", FIRST)).await?;
    let arguments = ["tail", "--follow", "--lines", "1", "--json"];
    let mut command = verb(&server.data_dir(), FIRST, &arguments)?;
    let mut running = Running(command.stdout(Stdio::piped()).spawn()?);
    let mut lines = BufReader::new(running.0.stdout.take().context("no output")?).lines();
    let mut next =
        || -> Result<Value> { Ok(serde_json::from_str(&lines.next().context("it ended")??)?) };
    let mut last = next()?["sequence"].as_u64().context("sequence")?;
    let mut stranger = Client::anonymous(server.address()?);
    for _ in 0..3 {
        let wrong = json!({"username": "nobody", "password": "four words that are wrong"});
        let answer = stranger.send_json(Method::POST, "/v1/auth/login", &wrong).await?;
        ensure!(answer.status == 401, "{}", answer.text());
        loop {
            let record = next()?;
            ensure!(record["sequence"] == last + 1, "{record} after {last}");
            last += 1;
            if record["event"] == "authn_login_fail" {
                break;
            }
        }
    }
    Ok(())
}

/// Changes the site's name once more; whether that was done.
async fn change(admin: &mut Client, number: u32) -> Result<bool> {
    let zone = if number.is_multiple_of(2) { "Europe/Berlin" } else { "Europe/Paris" };
    let body = json!({"time_zone": zone});
    let answer = admin.send_json(Method::PATCH, &format!("/v1/sites/{SITE}"), &body).await?;
    match answer.status.as_u16() {
        200 => Ok(true),
        503 => {
            ensure!(answer.text().contains("audit-unavailable"), "{}", answer.text());
            Ok(false)
        }
        other => bail!("{other} {}", answer.text()),
    }
}

/// How many changes of sites are recorded, in all files.
fn recorded(data: &Path) -> Result<u32> {
    let mut log = ::audit::Follow::after(data.join("audit"), 0);
    let mut changes = 0;
    loop {
        let records = log.more()?;
        if records.is_empty() {
            return Ok(changes);
        }
        let is_change = |record: &&::audit::Record| record.action.as_deref() == Some("update_site");
        changes += u32::try_from(records.iter().filter(is_change).count())?;
    }
}

/// Most changes until a file of 1 MiB is full.
const CHANGES_MAX: u32 = 8_000;

#[tokio::test]
async fn a_full_disk_stops_changes_and_nothing_recorded_is_lost() -> Result<()> {
    let place = tempfile::tempdir()?;
    let data = place.path().join("data");
    fs::create_dir_all(data.join("audit"))?;
    // Only root may mount; the gate's own tests refuse changes without a disk.
    let Ok(_disk) = SmallDisk::mount(&data.join("audit"), 16) else {
        eprintln!("this user may not mount a file system");
        return Ok(());
    };
    fs::set_permissions(&data, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    let options = generous()
        .with("SERVER__DATA_DIR", &data.display().to_string())
        .with("SERVER__SECRET", FIRST)
        .with("LIMITS__CATEGORIES__PRE_AUTH", "4000000000")
        .with("AUDIT__ROTATE_SIZE", "1MiB");
    let (mut server, mut admin) = server_with_site(options).await?;
    ensure!(change(&mut admin, 0).await?);
    let ballast = data.join("audit/ballast");
    fill(&ballast)?;
    // What the log had reserved is enough for the rest of its file; the next one has no place.
    let (mut done, mut refused) = (1, 0);
    while refused < 20 {
        match change(&mut admin, done).await? {
            true => done += 1,
            false => refused += 1,
        }
        ensure!(done < CHANGES_MAX, "the disk was never full");
    }
    let before = admin.get(&format!("/v1/sites/{SITE}")).await?;
    ensure!(before.status == 200, "reading goes on: {}", before.text());
    ensure!(!change(&mut admin, done).await?);
    let after = admin.get(&format!("/v1/sites/{SITE}")).await?;
    ensure!(before.json()? == after.json()?, "nothing was changed");
    ensure!(admin.get("/health").await?.status == 200);

    fs::remove_file(&ballast)?;
    let begun = Instant::now();
    while !change(&mut admin, done).await? {
        ensure!(begun.elapsed() < Duration::from_secs(60), "{}", server.log()?);
    }
    done += 1;
    for _ in 0..50 {
        ensure!(change(&mut admin, done).await?);
        done += 1;
    }
    ensure!(server.stop()?.success());
    ensure!(findings(&data, FIRST)? == [] as [Value; 0], "{:?}", findings(&data, FIRST)?);
    // A change that was under way when the disk filled up is recorded, and whoever made it was told that it is not certain.
    let kept = recorded(&data)?;
    ensure!(kept >= done && kept <= done + 1, "{kept} records of {done} changes");
    Ok(())
}
