//! The network listener: bind, accept, TLS, drain.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gate::http::Peer;
use gate::proxy_protocol::{self, Announced, PREFIX_BYTES};
use jiff::Timestamp;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::activity::Protocol;
use super::caps::{Caps, Slot};
use super::config::ListenConfig;
use super::connection::{Handler, Server};
use super::handshake;
use super::tls::{ALPN_HTTP2, Certificates, TlsError};

/// Connections the kernel may hold for us before they are accepted.
const BACKLOG: u32 = 1024;
/// How long accepting rests when the process is out of descriptors or memory.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Why a listener could not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] TlsError),
    /// Another process answers on the local socket.
    #[error("another process listens on {}", .0.display())]
    SocketInUse(std::path::PathBuf),
    /// The local socket cannot be made.
    #[error("cannot {step} {}", .path.display())]
    Socket {
        /// What was being done.
        step: &'static str,
        /// The socket.
        path: std::path::PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Asks a listener to look at its certificate files now.
#[derive(Clone, Default)]
pub(crate) struct Reload(Arc<Notify>);

impl Reload {
    /// Asks; what comes of it is logged.
    pub(crate) fn ask(&self) {
        self.0.notify_one();
    }
}

/// A bound network listener.
pub(crate) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    config: Arc<ListenConfig>,
    certificates: Option<Arc<Certificates>>,
    reload: Reload,
}

impl Listener {
    /// Binds the address and reads the certificate. Must run inside a tokio runtime.
    pub(crate) fn bind(config: ListenConfig) -> Result<Self, ListenError> {
        let certificates = config.tls.clone().map(Certificates::load).transpose()?.map(Arc::new);
        let unbound = |source| ListenError::Bind { address: config.address, source };
        let socket = bind(config.address).map_err(unbound)?;
        let address = socket.local_addr().map_err(unbound)?;
        let reload = Reload::default();
        Ok(Self { socket, address, config: Arc::new(config), certificates, reload })
    }

    /// What makes it look at its certificate files before the time.
    pub(crate) fn reload(&self) -> Reload {
        self.reload.clone()
    }

    /// The address in use, with the port that was picked.
    pub(crate) fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `drain` is cancelled, then finishes what is at work; gives how many tasks had to be cut off.
    ///
    /// Long answers (event streams) should watch the same token and end themselves.
    pub(crate) async fn serve<S: Handler>(self, service: S, drain: CancellationToken) -> usize {
        let Self { socket, address, config, certificates, reload } = self;
        let server = Server::new(service, Arc::clone(&config), drain.clone());
        let caps = Caps::new(&config);
        if let Some(certificates) = &certificates {
            let every = config.certificate_check_interval;
            server.spawn(keep_fresh(Arc::clone(certificates), every, reload, drain.clone()));
        }
        while let Some(accepted) = drain.run_until_cancelled(socket.accept()).await {
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    rest_if_exhausted(&error).await;
                    continue;
                }
            };
            // Anybody may write a PROXY header, so that only the proxies' are read.
            if config.proxy_protocol && !caps.is_uncapped(peer.ip()) {
                refuse(&stream, "not_a_proxy");
                continue;
            }
            match caps.take(Some(peer.ip())) {
                Ok(slot) => {
                    metrics::counter!("shelduck_connections_accepted_total").increment(1);
                    let (slot, certificates) = (Arc::new(slot), certificates.clone());
                    let held = Arc::clone(&slot);
                    let connection = Connection { stream, peer, certificates, slot };
                    let server_of_task = Arc::clone(&server);
                    held.is_held_by(server.spawn(connection.serve(server_of_task)));
                }
                Err(over) => refuse(&stream, over.label()),
            }
        }
        drop(socket);
        tracing::info!(listener.address = %address, "listener drains");
        server.finish().await
    }
}

/// An accepted connection that has not said anything yet.
struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    certificates: Option<Arc<Certificates>>,
    slot: Arc<Slot>,
}

impl Connection {
    async fn serve<S: Handler>(self, server: Arc<Server<S>>) {
        let Self { mut stream, peer, certificates, slot } = self;
        // Without it small answers wait for acknowledgements; failing only costs latency.
        let _ = stream.set_nodelay(true);
        let mut peer = Peer::network(peer, certificates.is_some());
        let config = server.config();
        if config.proxy_protocol {
            let announced = announced(&mut stream, &slot, peer);
            match server.wait("proxy_header", config.first_byte_deadline, announced).await {
                Some(Some(client)) => peer = client,
                Some(None) => return refuse(&stream, "proxy_header"),
                None => return,
            }
        }
        let Some(certificates) = certificates else {
            // A silent connection costs a task and a timer, no buffers. Peeking, because a fresh socket may be called
            // readable when it is not. No byte is a client that left without a word, or stayed without one.
            let mut first = [0];
            let peek = stream.peek(&mut first);
            if let Some(Ok(1..)) = server.wait("first_byte", config.first_byte_deadline, peek).await
            {
                server.serve(stream, peer, Protocol::Http1, slot).await;
            }
            return;
        };
        let handshake = handshake::accept(stream, certificates.current(), config.prover.as_ref());
        match server.wait("handshake", config.handshake_deadline, handshake).await {
            Some(Ok(None)) => {}
            Some(Ok(Some(stream))) => {
                let is_http2 = stream.get_ref().1.alpn_protocol() == Some(ALPN_HTTP2);
                let protocol = if is_http2 { Protocol::Http2 } else { Protocol::Http1 };
                server.serve(stream, peer, protocol, slot).await;
            }
            Some(Err(error)) => {
                metrics::counter!("shelduck_tls_handshakes_failed_total").increment(1);
                tracing::debug!(error = &error as &dyn std::error::Error, "TLS handshake failed");
            }
            None => {}
        }
    }
}

/// Reads the PROXY header and no byte more; none when there is no whole and true one, or its client is over its share.
async fn announced(stream: &mut TcpStream, slot: &Slot, proxy: Peer) -> Option<Peer> {
    let mut prefix = [0; PREFIX_BYTES];
    stream.read_exact(&mut prefix).await.ok()?;
    let mut rest = vec![0; proxy_protocol::rest_bytes(&prefix).ok()?];
    stream.read_exact(&mut rest).await.ok()?;
    match proxy_protocol::read(&prefix, &rest).ok()? {
        Announced::Itself => Some(proxy),
        Announced::Client { address, tls } => {
            slot.is_from(address.ip()).ok()?;
            Some(Peer::network(address, proxy.tls || tls))
        }
    }
}

/// Closes with a reset: no state is left on our side.
fn refuse(stream: &TcpStream, cap: &'static str) {
    metrics::counter!("shelduck_connections_refused_total", "cap" => cap).increment(1);
    let _ = stream.set_zero_linger();
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A failed accept usually concerns one connection that is gone already; without descriptors it would repeat at once.
pub(super) async fn rest_if_exhausted(error: &io::Error) {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionReset, Interrupted, NetworkDown, NetworkUnreachable, TimedOut,
    };
    match error.kind() {
        ConnectionAborted | ConnectionReset | Interrupted | NetworkDown | NetworkUnreachable
        | TimedOut => {}
        _ => {
            metrics::counter!("shelduck_accept_errors_total").increment(1);
            tracing::error!(error = error as &dyn std::error::Error, "cannot accept connections");
            tokio::time::sleep(EXHAUSTED_PAUSE).await;
        }
    }
}

/// Looks at the certificate files now and then and when asked, until the drain.
async fn keep_fresh(
    certificates: Arc<Certificates>,
    every: Duration,
    reload: Reload,
    drain: CancellationToken,
) {
    let next = async || {
        // Asked or not, what follows is the same.
        let _elapsed = tokio::time::timeout(every, reload.0.notified()).await;
    };
    while drain.run_until_cancelled(next()).await.is_some() {
        let certificates = Arc::clone(&certificates);
        let refreshed = tokio::task::spawn_blocking(move || {
            certificates.watch_expiry(Timestamp::now());
            certificates.refresh()
        });
        match refreshed.await {
            Ok(Ok(true)) => tracing::info!("new certificate in use"),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "certificate not reloaded, the old one stays in use"
                );
            }
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "certificate check failed"
            ),
        }
    }
}
