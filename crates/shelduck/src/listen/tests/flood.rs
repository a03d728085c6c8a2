//! HTTP/2 frames written by hand: floods end their own connection only.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::io::{ReadHalf, WriteHalf};
use tokio_rustls::client::TlsStream;

use super::super::frames::BUDGET_MAX;
use super::tls::{Files, connect};
use super::*;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// Far more frames than any budget; a flood that is not ended is a failure, not a hang.
const FRAMES: usize = 200_000;

/// `GET / https a`, in the static table's words.
const GET: &[u8] = &[0x82, 0x84, 0x87, 0x01, 1, b'a'];
/// `POST /body https a`
const POST: &[u8] = &[0x83, 0x04, 5, b'/', b'b', b'o', b'd', b'y', 0x87, 0x01, 1, b'a'];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header that is in no table, short enough that its lengths are one byte.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0x00], text(name), text(value)].concat()
}

/// Whether a head begins with `:status: 431`, whose digits Huffman's code makes these bytes.
fn says_431(head: &[u8]) -> bool {
    head.starts_with(&[0x48, 0x83, 0x69, 0x90, 0xff])
}

/// One frame that came back.
#[derive(Debug)]
struct Frame {
    kind: u8,
    stream: u32,
    payload: Vec<u8>,
}

struct Http2 {
    read: ReadHalf<TlsStream<TcpStream>>,
    write: WriteHalf<TlsStream<TcpStream>>,
}

impl Http2 {
    /// Connects and says the first settings.
    async fn connect(server: &Secure, settings: &[u8]) -> Self {
        let stream = connect(&server.running, &server.certificate, &[b"h2"]).await.unwrap();
        let (read, write) = tokio::io::split(stream);
        let mut client = Self { read, write };
        client.send(PREFACE).await;
        client.send(&frame(SETTINGS, 0, 0, settings)).await;
        client
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.write.write_all(bytes).await.unwrap();
        self.write.flush().await.unwrap();
    }

    /// The next frame; none when the server ended the connection.
    async fn next(&mut self) -> Option<Frame> {
        let read = async {
            let mut head = [0; 9];
            self.read.read_exact(&mut head).await.ok()?;
            let [high, middle, low, kind, _, stream @ ..] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, high, middle, low]) as usize];
            self.read.read_exact(&mut payload).await.ok()?;
            Some(Frame { kind, stream: u32::from_be_bytes(stream), payload })
        };
        tokio::time::timeout(PATIENCE, read).await.expect("neither a frame nor an end")
    }

    /// The next frame of that kind.
    async fn next_of(&mut self, kind: u8) -> Frame {
        loop {
            let frame = self.next().await.expect("the connection ended");
            if frame.kind == kind {
                return frame;
            }
        }
    }

    /// Sends what `make` gives until the server ends the connection; gives how many that were.
    async fn flood(self, make: impl Fn(usize) -> Vec<u8>) -> usize {
        let Self { mut read, mut write } = self;
        let end = tokio::spawn(async move {
            // What comes back is not looked at, but taken: the client is hostile, not slow.
            let _ = tokio::io::copy(&mut read, &mut tokio::io::sink()).await;
        });
        let mut sent = 0;
        while sent < FRAMES && !end.is_finished() {
            let chunk: Vec<u8> = (sent..sent + 50).flat_map(&make).collect();
            if write.write_all(&chunk).await.is_err() || write.flush().await.is_err() {
                break;
            }
            sent += 50;
            tokio::task::yield_now().await;
        }
        tokio::time::timeout(PATIENCE, end).await.expect("the connection is still open").unwrap();
        sent
    }
}

/// A server with TLS that counts its requests.
struct Secure {
    running: Running,
    certificate: rustls::pki_types::CertificateDer<'static>,
    served: Arc<AtomicUsize>,
    _files: Files,
}

impl Secure {
    fn start(config: ListenConfig) -> Self {
        let (files, certificate) = Files::new();
        let served = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&served);
        let counting = service(move |request: Request<Body>| {
            counter.fetch_add(1, SeqCst);
            async move {
                if request.uri().path() == "/big" {
                    return text("x".repeat(1 << 20));
                }
                answer(request).await
            }
        });
        let config = ListenConfig { tls: Some(files.config()), ..config };
        let running = Running::start_with(config, counting);
        Self { running, certificate, served, _files: files }
    }

    /// Somebody else is served as if nothing were.
    async fn serves_others(&self) {
        let mut other = Http2::connect(self, &[]).await;
        other.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, GET)).await;
        assert_eq!(other.next_of(DATA).await.payload, b"fine");
    }
}

/// A stream's number.
fn stream(place: usize) -> u32 {
    u32::try_from(2 * place + 1).unwrap()
}

async fn flooded(what: &str, make: impl Fn(usize) -> Vec<u8>) {
    let server = Secure::start(patient());
    let mut client = Http2::connect(&server, &[]).await;
    client.send(&frame(HEADERS, END_HEADERS, 1, POST)).await;
    let sent = client.flood(make).await;
    // What the server has not read yet is in the sockets' buffers.
    assert!(sent < FRAMES, "{what} went on");
    server.serves_others().await;
    assert!(server.served.load(SeqCst) <= 2, "{what}");
}

#[tokio::test]
async fn frames_that_ask_for_nothing_end_the_connection() {
    flooded("pings", |_| frame(PING, 0, 0, &[7; 8])).await;
    flooded("settings", |_| frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100])).await;
    flooded("empty data", |_| frame(DATA, 0, 1, &[])).await;
    flooded("data of one byte", |_| frame(DATA, 0, 1, b"x")).await;
    flooded("priorities", |_| frame(PRIORITY, 0, 3, &[0, 0, 0, 1, 0])).await;
    flooded("windows", |_| frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])).await;
    flooded("frames nobody knows", |_| frame(0xbe, 0, 0, &[])).await;
}

#[tokio::test]
async fn requests_that_are_reset_at_once_end_the_connection() {
    let server = Secure::start(patient());
    let client = Http2::connect(&server, &[]).await;
    let sent = client
        .flood(|place| {
            let request = frame(HEADERS, END_STREAM | END_HEADERS, stream(place), GET);
            [request, frame(RST_STREAM, 0, stream(place), &[0, 0, 0, 8])].concat()
        })
        .await;
    assert!(sent < FRAMES);
    let served = server.served.load(SeqCst);
    assert!(served <= BUDGET_MAX as usize / 2, "{served} of {sent} requests were worked on");
    server.serves_others().await;
}

#[tokio::test]
async fn resets_that_the_server_is_made_to_send_end_the_connection() {
    // A window update of zero is an error of its stream, which the server resets (RUSTSEC-2024-0003, MadeYouReset).
    let server = Secure::start(patient());
    let client = Http2::connect(&server, &[]).await;
    let sent = client
        .flood(|place| {
            let request = frame(HEADERS, END_HEADERS, stream(place), POST);
            [request, frame(WINDOW_UPDATE, 0, stream(place), &[0; 4])].concat()
        })
        .await;
    assert!(sent < FRAMES);
    assert!(server.served.load(SeqCst) <= BUDGET_MAX as usize);
    server.serves_others().await;
}

#[tokio::test]
async fn a_head_without_an_end_ends_the_connection() {
    let server = Secure::start(patient());
    let mut client = Http2::connect(&server, &[]).await;
    client.send(&frame(HEADERS, 0, 1, GET)).await;
    let sent = client.flood(|_| frame(CONTINUATION, 0, 1, &literal("x", "y"))).await;
    assert!(sent < FRAMES);
    let mut client = Http2::connect(&server, &[]).await;
    client.send(&frame(HEADERS, 0, 1, GET)).await;
    let sent = client.flood(|_| frame(CONTINUATION, 0, 1, &[])).await;
    assert!(sent < FRAMES, "empty ones");
    assert_eq!(server.served.load(SeqCst), 0);
    server.serves_others().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_431() {
    let server = Secure::start(patient());
    let mut client = Http2::connect(&server, &[]).await;
    let large: Vec<u8> = (0..400).flat_map(|_| literal("x", &"y".repeat(100))).collect();
    let (first, rest) = large.split_at(16_000);
    client.send(&frame(HEADERS, END_STREAM, 1, &[GET, first].concat())).await;
    for part in rest.chunks(16_000) {
        client.send(&frame(CONTINUATION, 0, 1, part)).await;
    }
    client.send(&frame(CONTINUATION, END_HEADERS, 1, &[])).await;
    let answer = client.next_of(HEADERS).await;
    assert!(says_431(&answer.payload), "{:?}", answer.payload);
    assert_eq!(server.served.load(SeqCst), 0);
}

#[tokio::test]
async fn one_header_named_a_thousand_times_is_refused() {
    let server = Secure::start(patient());
    let mut client = Http2::connect(&server, &[]).await;
    // Put into the dynamic table once, then named by its index: a byte for each 100.
    let once = [&[0x40, 1, b'x', 100][..], &[b'y'; 100]].concat();
    let head = [GET, &once, &vec![0x80 | 62; 15_000]].concat();
    client.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &head)).await;
    loop {
        match client.next().await {
            None => break,
            Some(Frame { kind: HEADERS, payload, .. }) => {
                assert!(says_431(&payload), "{payload:?}");
                break;
            }
            Some(Frame { kind: RST_STREAM | GOAWAY, .. }) => break,
            Some(_) => {}
        }
    }
    assert_eq!(server.served.load(SeqCst), 0);
    server.serves_others().await;
}

#[tokio::test]
async fn heads_that_http1_would_read_otherwise_are_refused() {
    let server = Secure::start(patient());
    let bad: [(&str, Vec<u8>); 12] = [
        ("connection", literal("connection", "close")),
        ("transfer-encoding", literal("transfer-encoding", "chunked")),
        ("keep-alive", literal("keep-alive", "1")),
        ("proxy-connection", literal("proxy-connection", "close")),
        ("upgrade", literal("upgrade", "h2c")),
        ("te", literal("te", "gzip")),
        ("upper case", literal("X-Upper", "1")),
        ("line end in a value", literal("x", "a\r\nhost: b")),
        ("nul in a value", literal("x", "a\0b")),
        ("space in a name", literal("x y", "1")),
        ("colon in a name", literal("x:y", "1")),
        ("a second path", vec![0x84]),
    ];
    for (what, header) in bad {
        let mut client = Http2::connect(&server, &[]).await;
        let head = [GET, &header].concat();
        client.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &head)).await;
        loop {
            match client.next().await {
                None | Some(Frame { kind: GOAWAY, .. }) => break,
                Some(Frame { kind: RST_STREAM, stream, .. }) => {
                    assert_eq!(stream, 1);
                    break;
                }
                Some(Frame { kind, payload, .. }) => {
                    let is_400 = kind == HEADERS && payload.first() == Some(&0x8c);
                    assert!(kind != HEADERS || is_400, "{what}: {payload:?}");
                    if is_400 {
                        break;
                    }
                }
            }
        }
    }
    assert_eq!(server.served.load(SeqCst), 0);
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_it_said_is_refused() {
    let server = Secure::start(patient());
    let mut client = Http2::connect(&server, &[]).await;
    let head = [POST, &literal("content-length", "5")].concat();
    client.send(&frame(HEADERS, END_HEADERS, 1, &head)).await;
    client.send(&frame(DATA, END_STREAM, 1, b"longer than five")).await;
    loop {
        match client.next().await {
            None | Some(Frame { kind: RST_STREAM | GOAWAY, .. }) => break,
            Some(Frame { kind: HEADERS, payload, .. }) => {
                assert_ne!(payload.first(), Some(&0x88), "200");
                break;
            }
            Some(_) => {}
        }
    }
}

#[tokio::test]
async fn streams_over_the_limit_are_refused() {
    let server = Secure::start(ListenConfig { streams_max: 3, ..patient() });
    let mut client = Http2::connect(&server, &[]).await;
    // Bodies that never come keep the streams open.
    for place in 0..5 {
        client.send(&frame(HEADERS, END_HEADERS, stream(place), POST)).await;
    }
    let refused = client.next_of(RST_STREAM).await;
    assert!(refused.stream >= stream(3), "{refused:?}");
}

#[tokio::test]
async fn an_answer_that_is_not_taken_ends_the_connection_though_pings_go_on() {
    let server = Secure::start(ListenConfig { write_stall_deadline: SHORT, ..patient() });
    // SETTINGS_INITIAL_WINDOW_SIZE 0: the head of the answer may come, its body may not.
    let mut client = Http2::connect(&server, &[0, 4, 0, 0, 0, 0]).await;
    let big = [&[0x82, 0x04, 4, b'/', b'b', b'i', b'g', 0x87, 0x01, 1, b'a'][..]].concat();
    client.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &big)).await;
    client.next_of(HEADERS).await;
    let Http2 { mut read, mut write } = client;
    let pinging = tokio::spawn(async move {
        while write.write_all(&frame(PING, 0, 0, &[1; 8])).await.is_ok() {
            let _ = write.flush().await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut rest = Vec::new();
    let end = tokio::time::timeout(PATIENCE, read.read_to_end(&mut rest)).await;
    assert!(end.is_ok(), "the connection is still open");
    pinging.await.unwrap();
    server.serves_others().await;
}

#[tokio::test]
async fn an_answer_that_is_taken_slowly_goes_on() {
    let server = Secure::start(ListenConfig { write_stall_deadline: 3 * SHORT, ..patient() });
    let mut client = Http2::connect(&server, &[0, 4, 0, 0, 0, 0]).await;
    let big = [&[0x82, 0x04, 4, b'/', b'b', b'i', b'g', 0x87, 0x01, 1, b'a'][..]].concat();
    client.send(&frame(WINDOW_UPDATE, 0, 0, &(4_u32 << 20).to_be_bytes())).await;
    client.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &big)).await;
    let mut received = 0;
    while received < 1 << 20 {
        client.send(&frame(WINDOW_UPDATE, 0, 1, &(300_000_u32).to_be_bytes())).await;
        received += client.next_of(DATA).await.payload.len();
    }
    assert_eq!(received, 1 << 20);
}
