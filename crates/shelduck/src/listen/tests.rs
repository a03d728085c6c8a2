//! Clients that are slow, silent, many, or fine; all over real sockets.
//!
//! Deadlines under test are short and the others long, so the end that is seen can only have the one cause.

mod caps;
mod drain;
mod flood;
mod http;
mod proof;
mod proxy;
mod reports;
mod slow;
mod tls;
mod unix;

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ::http::{Request, Response, StatusCode};
use bytes::Bytes;
use gate::http::{Body, BodyError, Peer};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::connection::Handler;
use super::{ListenConfig, Listener};

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// A listener on a free port whose deadlines never strike by themselves.
fn patient() -> ListenConfig {
    ListenConfig {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        handshake_deadline: PATIENCE,
        first_byte_deadline: PATIENCE,
        head_deadline: PATIENCE,
        body_deadline: PATIENCE,
        body_grace: PATIENCE,
        idle_deadline: PATIENCE,
        write_stall_deadline: PATIENCE,
        drain_deadline: PATIENCE,
        ..ListenConfig::default()
    }
}

const SHORT: Duration = Duration::from_millis(200);

struct Running {
    address: SocketAddr,
    drain: CancellationToken,
    served: JoinHandle<usize>,
}

impl Running {
    fn start(config: ListenConfig) -> Self {
        Self::start_with(config, service(answer))
    }

    fn start_with(config: ListenConfig, service: impl Handler) -> Self {
        let listener = Listener::bind(config).unwrap();
        let address = listener.local_address();
        let drain = CancellationToken::new();
        let served = tokio::spawn(listener.serve(service, drain.clone()));
        Self { address, drain, served }
    }

    async fn connect(&self) -> Client {
        Client { stream: TcpStream::connect(self.address).await.unwrap() }
    }

    /// Connects from another address of this machine.
    async fn connect_from(&self, from: [u8; 4]) -> Client {
        self.try_connect_from(from).await.unwrap()
    }

    /// As [`connect_from`](Self::connect_from); over a cap the reset may come before the connect is done.
    async fn try_connect_from(&self, from: [u8; 4]) -> io::Result<Client> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::from(from), 0)).unwrap();
        Ok(Client { stream: socket.connect(self.address).await? })
    }

    /// Whether a connection from this address is let in.
    async fn lets_in(&self, from: [u8; 4]) -> bool {
        let Ok(mut client) = self.try_connect_from(from).await else { return false };
        // Nobody reads this if the connection was reset.
        let _ = client.stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        client.stream.read(&mut [0]).await.is_ok_and(|count| count > 0)
    }
}

/// A client that says exactly what it is told to.
struct Client {
    stream: TcpStream,
}

impl Client {
    async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Sends a request and reads its answer: the status line, and everything up to the end of the body.
    async fn get(&mut self, path: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        self.answer().await
    }

    /// Reads one answer that has a length.
    async fn answer(&mut self) -> String {
        let mut text = String::new();
        loop {
            let mut buffer = [0; 4096];
            let count = self.stream.read(&mut buffer).await.unwrap_or(0);
            assert!(count > 0, "the connection ended after: {text:?}");
            text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            if body.len() >= length.parse().unwrap() {
                return text;
            }
        }
    }

    /// Waits until the server ends the connection; gives what it said before.
    async fn ended(&mut self) -> String {
        let mut said = Vec::new();
        let end = tokio::time::timeout(PATIENCE, self.stream.read_to_end(&mut said)).await;
        assert!(end.is_ok(), "the connection is still open");
        String::from_utf8(said).unwrap()
    }

    /// Sends the same byte until the server ends the connection; gives what it said before.
    async fn drip(mut self, byte: u8) -> String {
        let (mut read, mut write) = self.stream.split();
        let drip = async {
            while write.write_all(&[byte]).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            std::future::pending::<()>().await;
        };
        let mut said = Vec::new();
        let end = async {
            tokio::select! {
                _ = read.read_to_end(&mut said) => {}
                () = drip => {}
            }
        };
        assert!(tokio::time::timeout(PATIENCE, end).await.is_ok(), "the connection is still open");
        String::from_utf8(said).unwrap()
    }
}

/// A service from a function.
fn service<F, A>(answer: F) -> impl Handler
where
    F: Fn(Request<Body>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response<Body>> + Send,
{
    tower::service_fn(move |request| {
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    })
}

async fn answer(request: Request<Body>) -> Response<Body> {
    match request.uri().path() {
        "/" => text("fine".to_owned()),
        "/peer" => text(format!("{:?}", request.extensions().get::<Peer>())),
        "/panic" => panic!("on purpose"),
        "/body" => length_of(request.into_body()).await,
        _ => status(StatusCode::NOT_FOUND),
    }
}

fn text(text: String) -> Response<Body> {
    Response::new(Body::from(text))
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Answers with the length of the body, or 408 when it was late: as the gate does.
async fn length_of(body: Body) -> Response<Body> {
    match body.collect().await {
        Ok(body) => text(format!("{} bytes", body.to_bytes().len())),
        Err(error) if BodyError::within(&error) == Some(BodyError::TooSlow) => {
            status(StatusCode::REQUEST_TIMEOUT)
        }
        Err(_) => status(StatusCode::BAD_REQUEST),
    }
}
