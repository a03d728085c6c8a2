//! The way of the command line to the product: its own API, as the operator of
//! this machine.
//!
//! On a running server a request goes through the Unix socket in the data folder, which only the server's own user can open; on
//! a stopped one the same router answers inside this process. There is one way to change a thing, and it is the API.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use api::Router;
use bytes::Bytes;
use gate::http::{Body, Peer};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;
use tower::ServiceExt;

use crate::Refused;
use crate::config::Config;
use crate::output::Format;
use crate::runtime::{Folder, Runtime};

/// The name of the socket in the data folder.
pub(crate) const SOCKET: &str = "admin.sock";

/// A way to the API.
pub(crate) enum Local {
    /// The socket of a running server.
    Running(PathBuf),
    /// The router of this process; the runtime keeps the folder locked.
    Stopped {
        /// Where the requests go.
        router: Router,
        /// What is behind it.
        runtime: Box<Runtime>,
    },
}

impl Local {
    /// Finds the running server of the data folder, else opens the folder.
    pub(crate) async fn open(config: &Config) -> Result<Self> {
        let socket = config.server.data_dir.join(SOCKET);
        if UnixStream::connect(&socket).await.is_ok() {
            return Ok(Self::Running(socket));
        }
        let folder = Folder::take(&config.server.data_dir)?;
        let url = format!("http://{}", config.http.listen);
        let runtime = Box::new(Runtime::open(&config.clone().into(), folder, &url, None).await?);
        Ok(Self::Stopped { router: runtime.router()?, runtime })
    }

    /// Asks, and answers the body of a success.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        let bytes = body.map(serde_json::to_vec).transpose()?.unwrap_or_default();
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let (status, bytes) = match self {
            Self::Running(socket) => {
                over_socket(socket, request.body(Full::new(Bytes::from(bytes)))?).await?
            }
            Self::Stopped { router, .. } => {
                let mut request = request.body(Body::from(bytes))?;
                request.extensions_mut().insert(Peer::local());
                collect(router.clone().oneshot(request).await?).await?
            }
        };
        answer(status, &bytes)
    }

    /// Puts everything away.
    pub(crate) async fn close(self) -> Result<()> {
        match self {
            Self::Running(_) => Ok(()),
            Self::Stopped { router, runtime } => {
                drop(router);
                runtime.close().await
            }
        }
    }
}

/// Asks the running server of the data folder whether it is ready.
pub(crate) async fn health(config: &Config, format: Format) -> Result<()> {
    let socket = config.server.data_dir.join(SOCKET);
    if UnixStream::connect(&socket).await.is_err() {
        let folder = config.server.data_dir.display();
        return Err(Refused(format!("no server answers in {folder}")).into());
    }
    let answer = Local::Running(socket).call(Method::GET, "/health/ready", None).await?;
    format.print(&answer, |_| "ready".to_owned())
}

async fn over_socket(
    socket: &PathBuf,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, Bytes)> {
    let stream = UnixStream::connect(socket).await.context("the server's admin socket")?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async move { collect(sender.send_request(request).await?).await };
    let (answer, _ended) = tokio::join!(exchange, connection);
    answer
}

async fn collect<B>(response: Response<B>) -> Result<(StatusCode, Bytes)>
where
    B: http_body::Body,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    let status = response.status();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}

fn answer(status: StatusCode, bytes: &[u8]) -> Result<Value> {
    if bytes.is_empty() && status.is_success() {
        return Ok(Value::Null);
    }
    let value: Value = serde_json::from_slice(bytes)
        .with_context(|| format!("the server answered {status} without JSON"))?;
    if status.is_success() {
        return Ok(value);
    }
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let mut message =
        text("detail").or_else(|| text("title")).unwrap_or("the server refused").to_owned();
    for error in value.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let part = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        message.push_str(&format!("\n  {}: {}", part("field"), part("message")));
    }
    if status.is_client_error() {
        return Err(Refused(message).into());
    }
    bail!(message)
}
