//! A thousand slow clients and more: others are served, each of them ends.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use testkit::{Client, Options, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(120);
/// What the server may grow by; each connection has 64 KiB of head and body at worst, and few get that far.
const GROWTH_BYTES_MAX: u64 = 96 << 20;

/// How a client is slow.
#[derive(Debug, Clone, Copy)]
enum Slowness {
    Silent,
    FirstByte,
    Head,
    Body,
    Read,
}

const ALL: [Slowness; 5] =
    [Slowness::Silent, Slowness::FirstByte, Slowness::Head, Slowness::Body, Slowness::Read];

fn clients() -> usize {
    if std::env::var_os("SHELDUCK_LONG").is_some() { 2_000 } else { 1_000 }
}

fn impatient() -> Options {
    let mut options = Options::default()
        .with("LIMITS__CATEGORIES__MONITORING", "100000")
        .with("LIMITS__CATEGORIES__INGEST", "100000")
        .with("LIMITS__CATEGORIES__OTHER", "100000");
    for name in ["FIRST_BYTE", "HEAD", "BODY", "IDLE", "WRITE"] {
        options = options.with(&format!("HTTP__{name}_TIMEOUT"), "3s");
    }
    options
}

/// Connects from one of many addresses, with little room for answers.
async fn connect(server: SocketAddr, number: usize) -> Result<TcpStream> {
    let [.., high, low] = u32::try_from(number / 50)?.to_be_bytes();
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 1, high, low)), 0))?;
    Ok(socket.connect(server).await?)
}

/// Holds on until the server lets go.
async fn hold(mut stream: TcpStream, slowness: Slowness, file: &str) {
    let begin = match slowness {
        Slowness::Silent => String::new(),
        Slowness::FirstByte => "G".to_owned(),
        Slowness::Head => "GET /health HTTP/1.1\r\nHost: a\r\nX: ".to_owned(),
        Slowness::Body => {
            "POST /api/event HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 60000\r\n\r\n".to_owned()
        }
        // So much that no buffer of the system takes it all.
        Slowness::Read => format!("GET {file} HTTP/1.1\r\nHost: a\r\n\r\n").repeat(200),
    };
    let mut is_open = stream.write_all(begin.as_bytes()).await.is_ok();
    if let Slowness::Read = slowness {
        // Nothing is read; that the server let go shows when something is sent.
        while is_open {
            tokio::time::sleep(Duration::from_millis(200)).await;
            is_open = stream.write_all(b"\r\n").await.is_ok();
        }
        return;
    }
    let drips = matches!(slowness, Slowness::Head | Slowness::Body);
    let (mut read, mut write) = stream.split();
    let drip = async {
        while drips && write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut rest = Vec::new();
    tokio::select! {
        // An end and a reset are the same here.
        _ = read.read_to_end(&mut rest) => {}
        () = drip => {}
    }
}

/// The largest file of the dashboard.
async fn largest_file(client: &mut Client) -> Result<String> {
    let page = client.send(http::Method::GET, "/", None).await?.text();
    let mut largest = (0, String::new());
    for path in page.split('"').filter(|part| part.starts_with("/assets/")) {
        let bytes = client.get(path).await?.body.len();
        largest = largest.max((bytes, path.to_owned()));
    }
    ensure!(largest.0 > 10_000, "no file is large: {page}");
    Ok(largest.1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_clients_keep_nobody_out_and_are_gone_by_their_deadlines() -> Result<()> {
    // Inherited by the server, which must have room for all of them.
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    let server = Server::start(impatient())?;
    let address = server.address()?;
    let mut client = Client::anonymous(address);
    client.headers.insert("accept", "text/html".parse()?);
    let file = largest_file(&mut client).await?;
    let before = server.resident_bytes()?;

    let mut slow = JoinSet::new();
    for number in 0..clients() {
        let slowness = ALL[number % ALL.len()];
        let (stream, file) = (connect(address, number).await?, file.clone());
        slow.spawn(async move { hold(stream, slowness, &file).await });
        if number % 50 == 0 {
            let answer = Client::anonymous(address).get("/health").await?;
            ensure!(answer.status == 200, "after {number}: {}", answer.status);
        }
    }
    let growth = server.resident_bytes()?.saturating_sub(before);
    ensure!(growth < GROWTH_BYTES_MAX, "{} clients cost {growth} bytes", clients());

    let gone = async {
        while let Some(done) = slow.join_next().await {
            done?;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, gone).await.context("some are still there")??;
    ensure!(Client::anonymous(address).get("/health").await?.status == 200);
    let metrics = Client::anonymous(server.admin_address()?).get("/metrics").await?.text();
    let late = metrics.lines().filter(|line| line.starts_with("shelduck_connections_late_total"));
    ensure!(late.count() >= 3, "first byte, head, write stall: {metrics}");
    ensure!(metrics.contains("shelduck_request_bodies_late_total "), "{metrics}");
    Ok(())
}
