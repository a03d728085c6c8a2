//! Two real servers and a real Redis.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use testkit::{Client, Options, Redis, Server, binary};

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// How each of several servers is started: with one root secret, by which they name the counters alike.
fn options(redis: &Redis) -> Result<Options> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)?;
    let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Options::default()
        .with("SCALE__REDIS_URL", &redis.url())
        .with("SERVER__SECRET", &secret)
        .with("SERVER__TRUSTED_PROXIES", "127.0.0.1/32")
        .with("SERVER__PUBLIC_URL", "https://stats.test")
        .with("LIMITS__CATEGORIES__MONITORING", "10")
        .with("LOG__LEVEL", "info"))
}

/// How many of eight requests of one address each server lets through, asked by turns.
async fn through(servers: &[Server], address: &str) -> Result<Vec<u32>> {
    let mut through = vec![0; servers.len()];
    for _ in 0..8 {
        for (server, through) in servers.iter().zip(&mut through) {
            let mut client = Client::anonymous(server.address()?);
            client.headers.insert("x-forwarded-for", address.parse()?);
            client.headers.insert("x-forwarded-proto", "https".parse()?);
            *through += u32::from(client.get("/health").await?.status == 200);
        }
    }
    Ok(through)
}

/// Waits until every server says so of its connection.
async fn until(servers: &[Server], connected: bool) -> Result<()> {
    let begun = Instant::now();
    let wanted = format!("shelduck_shared_counters_connected {}\n", u8::from(connected));
    for server in servers {
        let mut operator = Client::anonymous(server.admin_address()?);
        while !operator.get("/metrics").await?.text().contains(&wanted) {
            ensure!(begun.elapsed() < PATIENCE, "no server said {wanted}");
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

#[tokio::test]
async fn servers_on_one_redis_allow_one_quota_and_each_its_part_without_it() -> Result<()> {
    let mut redis = Redis::start()?;
    let options = options(&redis)?;
    let servers = [Server::start(options.clone())?, Server::start(options)?];
    until(&servers, true).await?;
    ensure!(through(&servers, "198.51.100.1").await? == [5, 5]);
    redis.kill()?;
    ensure!(through(&servers, "198.51.100.2").await? == [5, 5], "half of it each");
    until(&servers, false).await?;
    redis.restart()?;
    until(&servers, true).await?;
    let [first, second] = servers;
    ensure!(through(std::slice::from_ref(&first), "198.51.100.3").await? == [8]);
    ensure!(through(std::slice::from_ref(&second), "198.51.100.3").await? == [2]);
    for server in [first, second] {
        let log = server.log()?;
        ensure!(log.contains("Redis cannot be asked"), "{log}");
        ensure!(!log.contains("198.51.100"), "{log}");
    }
    Ok(())
}

#[tokio::test]
async fn a_server_starts_without_its_redis_and_says_so() -> Result<()> {
    let mut redis = Redis::start()?;
    redis.kill()?;
    let server = Server::start(options(&redis)?)?;
    let servers = [server];
    ensure!(through(&servers, "198.51.100.1").await? == [5], "its part of ten");
    let [server] = servers;
    ensure!(server.log()?.contains("Redis cannot be asked"), "{}", server.log()?);
    Ok(())
}

fn run(dir: &Path, verb: &str, url: &str) -> Result<(Option<i32>, String)> {
    let output = Command::new(binary()?)
        .arg(verb)
        .current_dir(dir)
        .env_clear()
        .env("SHELDUCK_SERVER__DATA_DIR", dir.join("data"))
        .env("SHELDUCK_HTTP__LISTEN", "127.0.0.1:0")
        .env("SHELDUCK_ADMIN__LISTEN", "127.0.0.1:0")
        .env("SHELDUCK_SCALE__REDIS_URL_FILE", url)
        .output()?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8_lossy(&said).into_owned()))
}

#[test]
fn an_address_that_cannot_be_one_is_refused_and_never_shown() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("url");
    for url in ["http://:hunter2@redis.example:6379", "rediss://:hunter2@redis.example/#insecure"] {
        std::fs::write(&file, url)?;
        set_private(&file)?;
        for verb in ["check", "serve"] {
            let (code, said) = run(dir.path(), verb, &file.display().to_string())?;
            ensure!(code == Some(1), "{verb}: {code:?} {said}");
            ensure!(said.contains("scale.redis_url is"), "{verb}: {said}");
            ensure!(!said.contains("hunter2"), "{verb}: {said}");
        }
    }
    Ok(())
}

fn set_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?)
}
