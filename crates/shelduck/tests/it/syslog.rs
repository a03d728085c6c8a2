//! The audit log sent on to a real rsyslog, which reads the messages with its
//! own parser.

use std::collections::BTreeMap;
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::Client;

use crate::sites::{generous, server_with_site};

/// How long a message may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A place for rsyslog and, once started, rsyslog.
struct Rsyslog {
    dir: TempDir,
    udp: u16,
    tcp: u16,
    tls: u16,
    child: Option<Child>,
}

impl Rsyslog {
    fn new() -> Result<Self> {
        let dir = TempDir::new()?;
        let free = || -> Result<u16> { Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port()) };
        let udp = UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port();
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()])?;
        fs::write(dir.path().join("ca.pem"), cert.pem())?;
        fs::write(dir.path().join("key.pem"), signing_key.serialize_pem())?;
        let made = Self { udp, tcp: free()?, tls: free()?, child: None, dir };
        fs::write(made.path("rsyslog.conf"), made.configuration())?;
        Ok(made)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn configuration(&self) -> String {
        let Self { udp, tcp, tls, .. } = self;
        let place = self.dir.path().display();
        let property =
            |name: &str| format!("property(outname=\"{name}\" name=\"{name}\" format=\"jsonf\")\n");
        let properties: String = [
            "pri",
            "protocol-version",
            "timereported",
            "app-name",
            "procid",
            "msgid",
            "structured-data",
            "msg",
        ]
        .map(property)
        .concat();
        format!(
            r#"
global(workDirectory="{place}" maxMessageSize="8k" defaultNetstreamDriver="ossl"
  defaultNetstreamDriverCAFile="{place}/ca.pem" defaultNetstreamDriverCertFile="{place}/ca.pem"
  defaultNetstreamDriverKeyFile="{place}/key.pem")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{place}/log" UseSpecialParser="off" RateLimit.Interval="0")
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="{udp}")
module(load="imptcp")
input(type="imptcp" address="127.0.0.1" port="{tcp}" supportOctetCountedFraming="on")
module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
input(type="imtcp" address="127.0.0.1" port="{tls}")
template(name="parsed" type="list" option.jsonf="on") {{
{properties}}}
action(type="omfile" file="{place}/received" template="parsed")
"#
        )
    }

    /// Starts it; what it receives from now on goes into an empty file.
    fn start(&mut self) -> Result<()> {
        // Debian keeps it where only root looks.
        let program = ["/usr/sbin/rsyslogd", "rsyslogd"]
            .into_iter()
            .find(|path| Path::new(path).exists())
            .unwrap_or("rsyslogd");
        let child = Command::new(program)
            .arg("-n")
            .arg("-f")
            .arg(self.path("rsyslog.conf"))
            .arg("-i")
            .arg(self.path("pid"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(self.path("errors"))?)
            .spawn()
            .context("these tests need rsyslog: `make rsyslog` (Debian: apt-get install rsyslog rsyslog-openssl)")?;
        self.child = Some(child);
        let begun = Instant::now();
        while !self.path("log").exists()
            || std::net::TcpStream::connect(("127.0.0.1", self.tls)).is_err()
        {
            ensure!(begun.elapsed() < PATIENCE, fs::read_to_string(self.path("errors"))?);
            std::thread::yield_now();
        }
        Ok(())
    }

    /// The messages so far, as its parser understood them.
    fn received(&self) -> Result<Vec<Value>> {
        let text = match fs::read_to_string(self.path("received")) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error.into()),
        };
        // The last line may be half written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    /// Waits for a message of that event and outcome; gives all messages.
    async fn until(&self, event: &str, outcome: &str) -> Result<Vec<Value>> {
        let begun = Instant::now();
        let outcome = format!("\"outcome\":\"{outcome}\"");
        loop {
            let received = self.received()?;
            let is_it = |message: &Value| {
                message["msgid"] == event
                    && message["msg"].as_str().is_some_and(|line| line.contains(&outcome))
            };
            if received.iter().any(is_it) {
                return Ok(received);
            }
            ensure!(begun.elapsed() < PATIENCE, "no {event} in {received:#?}");
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _gone = child.kill();
            let _ended = child.wait();
        }
    }
}

/// The lines of the log's files, by number. Small logs are one plain file.
fn written(data: &Path) -> Result<BTreeMap<u64, String>> {
    let mut lines = BTreeMap::new();
    for file in fs::read_dir(data.join("audit"))? {
        let path = file?.path();
        if path.extension().is_some_and(|ending| ending == "jsonl") {
            for line in fs::read_to_string(path)?.lines() {
                let record: Value = serde_json::from_str(line)?;
                lines.insert(record["sequence"].as_u64().context("sequence")?, line.to_owned());
            }
        }
    }
    Ok(lines)
}

/// Each message is the record of its number, and no record between the first and the last is missing.
fn compare(received: &[Value], data: &Path) -> Result<()> {
    let written = written(data)?;
    let mut numbers = Vec::new();
    for message in received {
        let line = message["msg"].as_str().context("msg")?.trim_start();
        let record: Value = serde_json::from_str(line)?;
        let number = record["sequence"].as_u64().context("sequence")?;
        ensure!(written.get(&number).map(String::as_str) == Some(line), "{line}");
        let severity = match record["outcome"].as_str() {
            Some("failure") => 3,
            Some("denied") => 4,
            Some("shadow") => 5,
            _ => 6,
        };
        let priority = format!("{}", 80 + severity);
        ensure!(message["pri"] == priority.as_str(), "{message}");
        ensure!(message["protocol-version"] == "1" && message["app-name"] == "shelduck");
        ensure!(message["msgid"] == record["event"], "{message}");
        let data = message["structured-data"].as_str().context("structured data")?;
        ensure!(data.contains(&format!("[meta sequenceId=\"{number}\"]")), "{data}");
        numbers.push(number);
    }
    numbers.sort_unstable();
    numbers.dedup();
    let (first, last) = (numbers.first().context("none")?, numbers.last().context("none")?);
    let between: Vec<u64> = written.range(first..=last).map(|(number, _)| *number).collect();
    ensure!(numbers == between, "{numbers:?} of {between:?}");
    Ok(())
}

/// A failed sign-in under a name that would like to be a message of its own.
async fn forge(address: std::net::SocketAddr) -> Result<()> {
    let mut stranger = Client::anonymous(address);
    let name = "x\n<0>1 - - - - - - forged\r\n\u{0}";
    let body = json!({"username": name, "password": "four words that are wrong"});
    let answer = stranger.send_json(http::Method::POST, "/v1/auth/login", &body).await?;
    ensure!(answer.status.is_client_error(), "{}", answer.text());
    Ok(())
}

#[tokio::test]
async fn rsyslog_gets_each_record_as_one_message_by_every_way() -> Result<()> {
    let mut rsyslog = Rsyslog::new()?;
    rsyslog.start()?;
    let ways = [
        format!("unix://{}", rsyslog.path("log").display()),
        format!("udp://127.0.0.1:{}", rsyslog.udp),
        format!("tcp://127.0.0.1:{}", rsyslog.tcp),
        format!("tls://localhost:{}", rsyslog.tls),
    ];
    let authority = rsyslog.path("ca.pem").display().to_string();
    let options =
        |way: &str| generous().with("AUDIT__SYSLOG", way).with("AUDIT__SYSLOG_CA", &authority);
    let (mut server, _) = server_with_site(options(&ways[0])).await?;
    for (number, way) in ways.iter().enumerate() {
        if number > 0 {
            server = server.restart_with(options(way))?;
            server.admin().await?;
        }
        forge(server.address()?).await?;
        ensure!(server.stop()?.success());
        let shutdowns = |received: &[Value]| {
            received.iter().filter(|message| message["msgid"] == "sys_shutdown").count()
        };
        let begun = Instant::now();
        while shutdowns(&rsyslog.received()?) <= number {
            ensure!(begun.elapsed() < PATIENCE, "{way}: {}", server.log()?);
        }
        compare(&rsyslog.received()?, &server.data_dir()).with_context(|| way.clone())?;
    }
    let received = rsyslog.received()?;
    for event in ["sys_startup", "authn_login_success", "sys_shutdown", "audit_head"] {
        ensure!(received.iter().any(|message| message["msgid"] == event), "no {event}");
    }
    Ok(())
}

#[tokio::test]
async fn a_receiver_that_was_away_gets_everything_and_nobody_waits_for_it() -> Result<()> {
    let mut rsyslog = Rsyslog::new()?;
    let way = format!("tcp://127.0.0.1:{}", rsyslog.tcp);
    let (mut server, _) = server_with_site(generous().with("AUDIT__SYSLOG", &way)).await?;
    // The site was made, so no act waits. That nobody listens is known, and recorded once.
    forge(server.address()?).await?;
    let metrics = |text: String| -> BTreeMap<String, f64> {
        let of_syslog = text.lines().filter(|line| line.starts_with("shelduck_syslog_"));
        let pairs = of_syslog.filter_map(|line| line.split_once(' '));
        pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
    };
    let begun = Instant::now();
    while !server.log()?.contains("the audit log does not get to syslog") {
        ensure!(begun.elapsed() < PATIENCE, "{}", server.log()?);
    }
    let mut operator = Client::anonymous(server.admin_address()?);
    let now = metrics(operator.get("/metrics").await?.text());
    ensure!(now["shelduck_syslog_connected"] == 0.0, "{now:?}");
    ensure!(now["shelduck_syslog_failures_total"] >= 1.0, "{now:?}");
    rsyslog.start()?;
    let received = rsyslog.until("sys_log_forward", "success").await?;
    let times = |event: &str| received.iter().filter(|message| message["msgid"] == event).count();
    ensure!((times("sys_startup"), times("sys_log_forward")) == (1, 2), "{received:#?}");
    let now = metrics(operator.get("/metrics").await?.text());
    ensure!(now["shelduck_syslog_connected"] == 1.0, "{now:?}");

    // Killed with something on its way, it goes on where it was.
    forge(server.address()?).await?;
    server = server.kill_and_restart()?;
    forge(server.address()?).await?;
    ensure!(server.stop()?.success());
    compare(&rsyslog.until("sys_shutdown", "success").await?, &server.data_dir())
}
