//! A small HTTP client that keeps one connection, its cookies and a credential.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A persona: who calls, and with what.
pub struct Client {
    address: SocketAddr,
    connection: Option<SendRequest<Full<Bytes>>>,
    /// Sent with every request.
    pub headers: HeaderMap,
    cookie: Option<String>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; a body that is none is a failure of the test.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header as text; empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Client {
    /// Somebody nobody knows.
    pub fn anonymous(address: SocketAddr) -> Self {
        Self { address, connection: None, headers: HeaderMap::new(), cookie: None }
    }

    /// A program with an API key.
    ///
    /// # Errors
    /// When the key cannot be a header.
    pub fn with_key(address: SocketAddr, key: &str) -> Result<Self> {
        let mut client = Self::anonymous(address);
        client.headers.insert("authorization", format!("Bearer {key}").parse()?);
        Ok(client)
    }

    /// The cookie it has, as it sends it.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// Sends `GET`.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&mut self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, None).await
    }

    /// Sends a JSON body.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send_json(&mut self, method: Method, path: &str, body: &Value) -> Result<Answer> {
        self.send(method, path, Some(("application/json", serde_json::to_vec(body)?.into()))).await
    }

    /// Sends a request. Requests that change something carry what a browser on the same origin would send.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<(&str, Bytes)>,
    ) -> Result<Answer> {
        let mut request =
            Request::builder().method(&method).uri(path).header("host", self.address.to_string());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        if method != Method::GET
            && !self.headers.contains_key("sec-fetch-site")
            && !self.headers.contains_key("origin")
        {
            request = request.header("sec-fetch-site", "same-origin");
        }
        let body = match body {
            Some((kind, bytes)) => {
                request = request.header("content-type", kind);
                bytes
            }
            None => Bytes::new(),
        };
        let answer = self.exchange(request.body(Full::new(body))?).await?;
        if let Some(cookie) = answer.headers.get("set-cookie").and_then(|value| value.to_str().ok())
        {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        Ok(answer)
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer> {
        let mut sender = match self.connection.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => self.connect().await?,
        };
        sender.ready().await?;
        let response = sender.send_request(request).await.context("no answer")?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        self.connection = Some(sender);
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.address)
            .await
            .with_context(|| format!("connect to {}", self.address))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // The sender sees how the connection ended.
            let _ended = connection.await;
        });
        Ok(sender)
    }
}
