//! The real server as a child process.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Client;

/// The name and password of the admin that [`Server::admin`] makes.
pub const ADMIN: (&str, &str) = ("admin", "grebe.lagoon.7.tarpaulin.quince");

/// How the server is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Configuration as environment variables without the prefix, like `("LIMITS__MODE", "shadow")`.
    pub environment: BTreeMap<String, String>,
}

impl Options {
    /// Adds one option.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }
}

/// A running server in a folder of its own. Dropping it kills the process and removes the folder.
pub struct Server {
    child: Child,
    options: Options,
    dir: TempDir,
    ready: Value,
}

impl Server {
    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// When it ends or says nothing; the error holds what it wrote.
    pub fn start(options: Options) -> Result<Self> {
        Self::start_in(options, TempDir::new()?)
    }

    fn start_in(options: Options, dir: TempDir) -> Result<Self> {
        let (child, ready) = launch(&options, dir.path())?;
        Ok(Self { child, options, dir, ready })
    }

    /// Where the public listener is.
    ///
    /// # Errors
    /// When the server named no address.
    pub fn address(&self) -> Result<SocketAddr> {
        address_of(self.ready.get("url"))
    }

    /// Where `/metrics` and `/health/detail` are.
    ///
    /// # Errors
    /// When the server named no address.
    pub fn admin_address(&self) -> Result<SocketAddr> {
        address_of(self.ready.get("admin_url"))
    }

    /// Where pages are sent to HTTPS from.
    ///
    /// # Errors
    /// When the server named no address.
    pub fn redirect_address(&self) -> Result<SocketAddr> {
        address_of(self.ready.get("redirect_url"))
    }

    /// The secret by which the first admin is made; none when there is one.
    pub fn setup_secret(&self) -> Option<String> {
        let url = self.ready.get("setup_url").and_then(Value::as_str)?;
        url.split_once("#secret=").map(|(_, secret)| secret.to_owned())
    }

    /// The folder of its data.
    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// What it wrote to standard error so far.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.dir.path().join("log"))?)
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its resident memory.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        let kib: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
        Ok(kib * 1024)
    }

    /// Its processor time so far, in clock ticks of 10 ms.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn processor_ticks(&self) -> Result<u64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> =
            stat.rsplit(')').next().context("no fields")?.split_whitespace().collect();
        let field =
            |index: usize| -> Result<u64> { Ok(fields.get(index).context("too short")?.parse()?) };
        Ok(field(11)? + field(12)?)
    }

    /// Makes the first admin, or signs in when there is one.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn admin(&self) -> Result<Client> {
        let mut client = Client::anonymous(self.address()?);
        let (name, password) = ADMIN;
        let answer = match self.setup_secret() {
            Some(secret) => {
                let body = json!({"secret": secret, "username": name, "password": password});
                client.send_json(http::Method::POST, "/v1/auth/setup", &body).await?
            }
            None => {
                let body = json!({"username": name, "password": password});
                client.send_json(http::Method::POST, "/v1/auth/login", &body).await?
            }
        };
        ensure!(answer.status.is_success(), "sign-in: {} {}", answer.status, answer.text());
        Ok(client)
    }

    /// Kills it at once, as a power cut would, and starts it again in the same folder.
    ///
    /// # Errors
    /// When it does not start again.
    pub fn kill_and_restart(mut self) -> Result<Self> {
        self.kill()?;
        self.restart()
    }

    /// Kills it at once.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again in the same folder; it must have ended.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart(mut self) -> Result<Self> {
        let (child, ready) = launch(&self.options, self.dir.path())?;
        self.child = child;
        self.ready = ready;
        Ok(self)
    }

    /// Starts it in the same folder and kills it after the delay, ready or not; it must have ended.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_and_kill(&mut self, delay: Duration) -> Result<()> {
        self.child = command(&self.options, self.dir.path())?.stdout(Stdio::null()).spawn()?;
        std::thread::sleep(delay);
        self.kill()
    }

    /// Starts it again in the same folder, with other options; it must have ended.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart_with(mut self, options: Options) -> Result<Self> {
        self.options = options;
        self.restart()
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Errors
    /// When it does not end in a minute.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        let id = rustix::process::Pid::from_raw(i32::try_from(self.child.id())?)
            .context("no process")?;
        rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("it did not stop in a minute")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.kill();
    }
}

/// The binary, built beside the running test or benchmark.
///
/// # Errors
/// When it is not there.
pub fn binary() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let found =
        own.ancestors().skip(1).take(2).map(|dir| dir.join("shelduck")).find(|path| path.is_file());
    found.with_context(|| {
        format!("no `shelduck` beside {}; run `cargo build -p shelduck`", own.display())
    })
}

fn command(options: &Options, dir: &Path) -> Result<Command> {
    let log = fs::OpenOptions::new().create(true).append(true).open(dir.join("log"))?;
    let mut command = Command::new(binary()?);
    command
        .arg("serve")
        .arg("--json")
        .current_dir(dir)
        .env_clear()
        .env("SHELDUCK_SERVER__DATA_DIR", dir.join("data"))
        .env("SHELDUCK_HTTP__LISTEN", "127.0.0.1:0")
        .env("SHELDUCK_ADMIN__LISTEN", "127.0.0.1:0")
        // Most tests are about something else; those about second factors ask for the rule they need.
        .env("SHELDUCK_AUTH__MFA__REQUIRED", "none")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log);
    for (name, value) in &options.environment {
        command.env(format!("SHELDUCK_{name}"), value);
    }
    Ok(command)
}

fn launch(options: &Options, dir: &Path) -> Result<(Child, Value)> {
    let mut child = command(options, dir)?.spawn()?;
    let mut output = BufReader::new(child.stdout.take().context("no output")?);
    let mut line = String::new();
    output.read_line(&mut line)?;
    if line.is_empty() {
        child.wait()?;
        bail!("the server ended before it was ready:\n{}", fs::read_to_string(dir.join("log"))?);
    }
    // Whatever it says later must not fill the pipe.
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let _ended = output.read_to_end(&mut rest);
    });
    Ok((child, serde_json::from_str(&line)?))
}

fn address_of(url: Option<&Value>) -> Result<SocketAddr> {
    let url = url.and_then(Value::as_str).context("no address")?;
    let host = url.split("://").nth(1).unwrap_or(url).trim_end_matches('/');
    Ok(host.parse()?)
}
