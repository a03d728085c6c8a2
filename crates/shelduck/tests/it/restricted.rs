//! A running server has given up what it does not need: by the kernel's word,
//! and by what it cannot do any more.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use testkit::{Client, Options, Server, binary};

use crate::tls::{ask, hang_up, new_certificate, with_tls};

/// What the kernel says of each thread of a process.
fn threads(id: u32) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for task in fs::read_dir(format!("/proc/{id}/task"))? {
        // A thread may end while the others are looked at.
        all.extend(fs::read_to_string(task?.path().join("status")).ok());
    }
    Ok(all)
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim())
}

/// Whether every thread is under a filter of system calls, and none can gain a right.
fn is_sealed(id: u32) -> Result<bool> {
    let threads = threads(id)?;
    ensure!(threads.len() > 5, "{} threads", threads.len());
    Ok(threads.iter().all(|status| {
        field(status, "Seccomp") == Some("2")
            && field(status, "Seccomp_filters") == Some("1")
            && field(status, "NoNewPrivs") == Some("1")
    }))
}

async fn posture(client: &mut Client, id: &str) -> Result<Value> {
    let found = client.get("/v1/posture").await?.json()?;
    let items = found["items"].as_array().context("items")?;
    let item = items.iter().find(|item| item["id"] == id);
    Ok(item.with_context(|| format!("no {id}: {found}"))?.clone())
}

const WHOLE: &str = "files, cutting files off, TCP ports, devices, signals to others, system calls";

#[tokio::test]
async fn every_thread_of_a_running_server_is_restricted_by_the_kernels_word() -> Result<()> {
    let server = Server::start(Options::default().with("SERVER__RESTRICT", "required"))?;
    ensure!(is_sealed(server.id())?, "{:?}", threads(server.id())?);
    let mut admin = server.admin().await?;
    // Threads that came with the work are under it, too: the password was hashed by threads of their own.
    ensure!(is_sealed(server.id())?, "{:?}", threads(server.id())?);
    let item = posture(&mut admin, "restriction").await?;
    ensure!(item["detail"] == format!("in force: {WHOLE}"), "{item}");
    ensure!(item["verdict"] == "pass", "{item}");
    ensure!(posture(&mut admin, "restriction_kernel").await?["verdict"] == "pass");
    Ok(())
}

#[tokio::test]
async fn a_server_can_be_told_to_keep_everything_and_says_so() -> Result<()> {
    let server = Server::start(Options::default().with("SERVER__RESTRICT", "off"))?;
    let mut admin = server.admin().await?;
    let threads = threads(server.id())?;
    ensure!(threads.iter().all(|status| field(status, "Seccomp") == Some("0")), "{threads:?}");
    ensure!(posture(&mut admin, "restriction").await?["verdict"] == "warn");
    ensure!(server.log()?.contains("server.restrict is off"), "{}", server.log()?);
    Ok(())
}

/// Waits until the log says it.
async fn logged(server: &Server, said: &str) -> Result<()> {
    while !server.log()?.contains(said) {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Every other way to the file is open: we are its owner, and its mode lets us.
#[tokio::test]
async fn a_running_server_reads_its_certificates_folder_and_no_other() -> Result<()> {
    let (dir, other) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let old = new_certificate(dir.path())?;
    let mut server = Server::start(with_tls(dir.path()))?;
    ensure!(ask(&server, &old, "/health").await?.starts_with("HTTP/1.1 200"));
    new_certificate(other.path())?;
    let link = |from: &Path| -> Result<()> {
        for name in ["certificate.pem", "key.pem"] {
            let (at, new): (PathBuf, _) = (dir.path().join(name), dir.path().join("new"));
            std::os::unix::fs::symlink(from.join(name), &new)?;
            fs::rename(new, at)?;
        }
        Ok(())
    };
    link(other.path())?;
    hang_up(&server)?;
    logged(&server, "Permission denied").await?;
    ensure!(ask(&server, &old, "/health").await?.starts_with("HTTP/1.1 200"));

    let archive = dir.path().join("archive");
    fs::create_dir(&archive)?;
    let new = new_certificate(&archive)?;
    link(Path::new("archive"))?;
    hang_up(&server)?;
    while ask(&server, &new, "/health").await.is_err() {
        tokio::task::yield_now().await;
    }
    ensure!(server.stop()?.success(), "the signal did not end it");
    Ok(())
}

#[tokio::test]
async fn the_demo_is_restricted_too_and_leaves_nothing_behind() -> Result<()> {
    let place = tempfile::tempdir()?;
    let mut demo = Command::new(binary()?)
        .args(["demo", "--json", "--listen", "127.0.0.1:0"])
        .current_dir(place.path())
        .env_clear()
        .env("TMPDIR", place.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(demo.stdout.take().context("no output")?).read_line(&mut line)?;
    let ready: Value = serde_json::from_str(&line)?;
    let dir = PathBuf::from(ready["data_dir"].as_str().context("data_dir")?);
    ensure!(dir.starts_with(place.path()) && dir.exists(), "{ready}");
    let sealed = is_sealed(demo.id())?;
    let id = rustix::process::Pid::from_child(&demo);
    rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
    let status = demo.wait()?;
    ensure!(sealed, "it is not restricted");
    ensure!(status.success() && !dir.exists(), "{status}");
    ensure!(fs::read_dir(place.path())?.next().is_none());
    Ok(())
}
