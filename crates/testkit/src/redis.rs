//! A real Redis server in a folder of its own.

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long it may take to answer.
const READY_MAX: Duration = Duration::from_secs(20);
const SOCKET: &str = "redis.sock";
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// A running Redis that keeps nothing. Dropping it kills the process.
pub struct Redis {
    child: Child,
    dir: TempDir,
    tls_port: Option<u16>,
}

impl Redis {
    /// Starts it on a Unix socket and waits until it answers.
    ///
    /// # Errors
    /// When there is no `redis-server` on this machine, or it does not answer.
    pub fn start() -> Result<Self> {
        Self::start_in(TempDir::new()?, None)
    }

    /// The same, and on a free loopback port with TLS.
    ///
    /// # Errors
    /// As [`Redis::start`].
    pub fn start_with_tls(certificate: &str, key: &str) -> Result<Self> {
        let dir = TempDir::new()?;
        fs::write(dir.path().join(CERTIFICATE), certificate)?;
        fs::write(dir.path().join(KEY), key)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Self::start_in(dir, Some(port))
    }

    fn start_in(dir: TempDir, tls_port: Option<u16>) -> Result<Self> {
        let child = launch(dir.path(), tls_port)?;
        Ok(Self { child, dir, tls_port })
    }

    /// Where its socket is, as a configuration names it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("unix://{}", self.dir.path().join(SOCKET).display())
    }

    /// Where it speaks TLS, as a configuration names it; none when it does not.
    #[must_use]
    pub fn tls_url(&self) -> Option<String> {
        self.tls_port.map(|port| format!("rediss://localhost:{port}/0"))
    }

    /// Kills it at once. Whoever is connected notices.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again at the same place, empty; it must have been killed.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn restart(&mut self) -> Result<()> {
        self.child = launch(self.dir.path(), self.tls_port)?;
        Ok(())
    }

    /// Stops it where it stands: connections stay, answers do not come.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let id = Pid::from_raw(i32::try_from(self.child.id())?).context("no process")?;
        Ok(kill_process(id, signal)?)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have been killed already.
        let _gone = self.kill();
    }
}

fn launch(dir: &Path, tls_port: Option<u16>) -> Result<Child> {
    let socket = dir.join(SOCKET);
    let mut command = Command::new("redis-server");
    command.args(["--port", "0", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.arg("--unixsocket").arg(&socket).arg("--dir").arg(dir);
    if let Some(port) = tls_port {
        command.arg("--tls-port").arg(port.to_string());
        command.arg("--tls-cert-file").arg(dir.join(CERTIFICATE));
        command.arg("--tls-key-file").arg(dir.join(KEY));
        command.args(["--tls-auth-clients", "no"]);
    }
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().context(
            "these tests need redis-server: `make redis` (Debian: apt-get install redis-server)",
        )?;
    let begun = Instant::now();
    while UnixStream::connect(&socket).is_err() {
        if let Some(status) = child.try_wait()? {
            bail!("redis-server ended before it answered: {status}");
        }
        if begun.elapsed() > READY_MAX {
            child.kill()?;
            bail!("redis-server does not answer");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(child)
}
