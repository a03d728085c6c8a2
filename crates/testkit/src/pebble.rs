//! A real authority that speaks ACME: Pebble, and the names it looks up.

use std::fs;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::Request;
use outbound::Client;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use tempfile::TempDir;

/// How long it may take to answer.
const READY_MAX: Duration = Duration::from_secs(20);
const HOST: &str = "127.0.0.1";
/// How long its certificates are valid, as those of the largest authority are.
const LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A name that Pebble does not give certificates for.
pub const REFUSED_NAME: &str = "refused.example";

/// A running authority that knows every name to be on this machine. Dropping it kills its processes.
pub struct Pebble {
    authority: Child,
    names: Child,
    dir: TempDir,
    environment: Vec<(String, String)>,
    port: u16,
    management_port: u16,
    dns_port: u16,
}

impl Pebble {
    /// Starts it; it asks for proofs of names at that port of this machine. The environment is Pebble's own.
    ///
    /// # Errors
    /// When there is no `pebble` on this machine, or it does not answer.
    pub fn start(tls_port: u16, environment: &[(&str, &str)]) -> Result<Self> {
        Self::start_giving(LIFE, tls_port, environment)
    }

    /// The same, giving certificates that are valid for so long.
    ///
    /// # Errors
    /// As [`Pebble::start`].
    pub fn start_giving(
        life: Duration,
        tls_port: u16,
        environment: &[(&str, &str)],
    ) -> Result<Self> {
        let dir = TempDir::new()?;
        let (port, management_port) = (free_port()?, free_port()?);
        let dns_port = UdpSocket::bind((HOST, 0))?.local_addr()?.port();
        write_certificates(&dir)?;
        let config = json!({"pebble": {
            "listenAddress": format!("{HOST}:{port}"),
            "managementListenAddress": format!("{HOST}:{management_port}"),
            "certificate": dir.path().join("certificate.pem"),
            "privateKey": dir.path().join("key.pem"),
            "httpPort": tls_port,
            "tlsPort": tls_port,
            "domainBlocklist": [REFUSED_NAME],
            "certificateValidityPeriod": life.as_secs(),
        }});
        fs::write(dir.path().join("config.json"), config.to_string())?;
        let names = Command::new("pebble-challtestsrv")
            .args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""])
            .args(["-defaultIPv4", HOST, "-dns01", &format!("{HOST}:{dns_port}")])
            .args(["-management", &format!("{HOST}:{}", free_port()?)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("these tests need pebble: `make pebble` (Debian: apt-get install pebble)")?;
        let mut started = environment.to_vec();
        // Whoever wants otherwise says so: no pauses, no refused nonces, every proof asked for.
        for (name, value) in [
            ("PEBBLE_VA_NOSLEEP", "1"),
            ("PEBBLE_WFE_NONCEREJECT", "0"),
            ("PEBBLE_AUTHZREUSE", "0"),
        ] {
            if !started.iter().any(|(other, _)| *other == name) {
                started.push((name, value));
            }
        }
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let environment: Vec<_> = started.into_iter().map(own).collect();
        let authority = launch(&dir, &environment, dns_port)?;
        let mut pebble =
            Self { authority, names, dir, environment, port, management_port, dns_port };
        pebble.wait()?;
        Ok(pebble)
    }

    /// Where its directory is.
    #[must_use]
    pub fn directory(&self) -> String {
        format!("https://{HOST}:{}/dir", self.port)
    }

    /// The file with the certificate that vouches for its own server.
    #[must_use]
    pub fn authorities(&self) -> PathBuf {
        self.dir.path().join("authority.pem")
    }

    /// The root (PEM) of the certificates that it gives.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn root(&self) -> Result<String> {
        let client = Client::new(Some(&self.authorities()))?;
        let address = format!("https://{HOST}:{}/roots/0", self.management_port);
        let answer = client.send(Request::get(address).body(Bytes::new())?).await?;
        ensure!(answer.status() == 200, "no root: {}", answer.status());
        Ok(String::from_utf8(answer.into_body().to_vec())?)
    }

    /// How many requests for this path of its own it has had, like `/order-plz`.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn requests(&self, path: &str) -> Result<usize> {
        let log = fs::read_to_string(self.dir.path().join("log"))?;
        let wanted = format!("POST {path} ");
        Ok(log.lines().filter(|line| line.contains(&wanted)).count())
    }

    /// Kills it at once; it forgets everything.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.authority.kill()?;
        self.authority.wait()?;
        Ok(())
    }

    /// Starts it again at the same place; it must have been killed.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn restart(&mut self) -> Result<()> {
        self.authority = launch(&self.dir, &self.environment, self.dns_port)?;
        self.wait()
    }

    fn wait(&mut self) -> Result<()> {
        let begun = Instant::now();
        while TcpStream::connect((HOST, self.port)).is_err() {
            if let Some(status) = self.authority.try_wait()? {
                let log = fs::read_to_string(self.dir.path().join("log"))?;
                bail!("pebble ended before it answered: {status}\n{log}");
            }
            ensure!(begun.elapsed() < READY_MAX, "pebble does not answer");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for child in [&mut self.authority, &mut self.names] {
            // It may have ended already.
            let _gone = child.kill();
            let _reaped = child.wait();
        }
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((HOST, 0))?.local_addr()?.port())
}

fn launch(dir: &TempDir, environment: &[(String, String)], dns_port: u16) -> Result<Child> {
    let log = fs::OpenOptions::new().create(true).append(true).open(dir.path().join("log"))?;
    Command::new("pebble")
        .arg("-config")
        .arg(dir.path().join("config.json"))
        .args(["-dnsserver", &format!("{HOST}:{dns_port}")])
        .envs(environment.iter().cloned())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("these tests need pebble: `make pebble` (Debian: apt-get install pebble)")
}

/// What its own server shows, and the authority that vouches for it.
fn write_certificates(dir: &TempDir) -> Result<()> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let own = CertificateParams::new([HOST.to_owned()])?.signed_by(&key, &authority)?;
    fs::write(dir.path().join("authority.pem"), authority.pem())?;
    fs::write(dir.path().join("certificate.pem"), own.pem())?;
    Ok(fs::write(dir.path().join("key.pem"), key.serialize_pem())?)
}
