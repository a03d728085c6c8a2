//! What stands for a Sentry server: takes requests whole, answers as told.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A server on a free port of this machine.
pub(crate) struct Receiver {
    pub(crate) dsn: String,
    requests: mpsc::Receiver<String>,
}

impl Receiver {
    /// Answers each request with the next of these statuses, then with the last of them.
    pub(crate) async fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::channel(64);
        tokio::spawn(async move {
            let mut statuses = statuses.iter().copied().peekable();
            while let Ok((stream, _)) = listener.accept().await {
                let status = statuses.next_if(|_| true).or(statuses.peek().copied());
                let request = take(stream, status.unwrap_or(200)).await;
                sender.send(request).await.unwrap();
            }
        });
        Self { dsn: format!("http://f00dfeed@{address}/42"), requests }
    }

    /// The next request: head and body.
    pub(crate) async fn next(&mut self) -> String {
        self.requests.recv().await.unwrap()
    }
}

async fn take(mut stream: TcpStream, status: u16) -> String {
    let mut said = Vec::new();
    loop {
        stream.read_buf(&mut said).await.unwrap();
        let text = String::from_utf8_lossy(&said);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() >= length.parse().unwrap() {
            break;
        }
    }
    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nretry-after: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
    String::from_utf8(said).unwrap()
}
