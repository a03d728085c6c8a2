//! Where messages go: the receiver's address, and a connection to it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket, UnixDatagram};
use tokio_rustls::TlsConnector;
use url::Url;

use super::Authorities;

/// How long a connection may take to come about, and a message to be taken.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long what was sent may stay without an acknowledgement before the connection is given up.
const ACKNOWLEDGED_MS_MAX: u32 = 2_000;

/// Where a syslog receiver is: `unix:///dev/log`, `udp://host:514`, `tcp://host:601`, `tls://host:6514`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    way: Way,
    host: String,
    port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Unix,
    Udp,
    Tcp,
    Tls,
}

/// It is not the address of a syslog receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a syslog receiver")]
pub struct BadAddress;

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let url = Url::parse(text).map_err(|_| BadAddress)?;
        let (way, port) = match url.scheme() {
            "unix" => (Way::Unix, 0),
            "udp" => (Way::Udp, 514),
            "tcp" => (Way::Tcp, 601),
            "tls" => (Way::Tls, 6514),
            _ => return Err(BadAddress),
        };
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(BadAddress);
        }
        let host = url.host_str().unwrap_or_default();
        if way == Way::Unix {
            let is_path = host.is_empty() && url.path().len() > 1 && url.port().is_none();
            let host = url.path().to_owned();
            return if is_path { Ok(Self { way, host, port }) } else { Err(BadAddress) };
        }
        if host.is_empty() || !matches!(url.path(), "" | "/") || url.password().is_some() {
            return Err(BadAddress);
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { way, host, port: url.port().unwrap_or(port) })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { way, host, port } = self;
        match way {
            Way::Unix => write!(formatter, "unix://{host}"),
            Way::Udp => write!(formatter, "udp {host} port {port}"),
            Way::Tcp => write!(formatter, "tcp {host} port {port}"),
            Way::Tls => write!(formatter, "tls {host} port {port}"),
        }
    }
}

impl Address {
    /// Whether it is spoken to with TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.way == Way::Tls
    }

    /// Whether what is sent there crosses a network that others could read.
    #[must_use]
    pub fn is_readable_on_the_way(&self) -> bool {
        let is_here = self.host == "localhost"
            || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        matches!(self.way, Way::Udp | Way::Tcp) && !is_here
    }
}

/// A receiver, and what its certificate is checked with.
#[derive(Clone)]
pub(super) struct Receiver {
    pub(super) address: Address,
    pub(super) authorities: Authorities,
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A way to the receiver on which messages can be sent.
pub(super) enum Connection {
    Unix(UnixDatagram),
    Udp(UdpSocket),
    Stream(Box<dyn Stream>),
}

impl Receiver {
    pub(super) async fn connect(&self) -> io::Result<Connection> {
        within(self.connected()).await
    }

    async fn connected(&self) -> io::Result<Connection> {
        let Address { way, host, port } = &self.address;
        match way {
            Way::Unix => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(PathBuf::from(host))?;
                Ok(Connection::Unix(socket))
            }
            Way::Udp => {
                let found = tokio::net::lookup_host((host.as_str(), *port)).await?.next();
                let to = found.ok_or(io::ErrorKind::NotFound)?;
                let any: &str = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(any).await?;
                socket.connect(to).await?;
                Ok(Connection::Udp(socket))
            }
            Way::Tcp => Ok(Connection::Stream(Box::new(dial(host, *port).await?))),
            Way::Tls => {
                let config = self.authorities.current().ok_or(io::ErrorKind::InvalidInput)?;
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                let stream = dial(host, *port).await?;
                let stream = TlsConnector::from(config).connect(name, stream).await?;
                Ok(Connection::Stream(Box::new(stream)))
            }
        }
    }
}

async fn dial(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    rustix::net::sockopt::set_tcp_user_timeout(&stream, ACKNOWLEDGED_MS_MAX)?;
    Ok(stream)
}

impl Connection {
    /// Sends one message; over a stream with its length in front (RFC 6587, 3.4.1; RFC 5425).
    pub(super) async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match self {
            Self::Unix(socket) => within(socket.send(message)).await.map(|_| ()),
            Self::Udp(socket) => within(socket.send(message)).await.map(|_| ()),
            Self::Stream(stream) => {
                let mut frame = format!("{} ", message.len()).into_bytes();
                frame.extend_from_slice(message);
                within(stream.write_all(&frame)).await?;
                within(stream.flush()).await
            }
        }
    }

    /// Whether the other end is still there, as far as this one knows.
    pub(super) async fn still_open(&mut self) -> io::Result<()> {
        let stream = match self {
            Self::Stream(stream) => stream,
            // Whether a datagram was refused is known a moment later.
            Self::Udp(socket) => return socket.take_error()?.map_or(Ok(()), Err),
            Self::Unix(_) => return Ok(()),
        };
        let mut said = [0; 256];
        // A receiver has nothing to say: whatever comes is dropped, and an end is an end.
        tokio::select! {
            biased;
            read = stream.read(&mut said) => match read? {
                0 => Err(io::ErrorKind::ConnectionReset.into()),
                _ => Ok(()),
            },
            () = std::future::ready(()) => Ok(()),
        }
    }

    /// Says that nothing more comes.
    pub(super) async fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Stream(stream) => within(stream.shutdown()).await,
            Self::Unix(_) | Self::Udp(_) => Ok(()),
        }
    }
}

async fn within<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_everything_else_is_refused() {
        let shown = |text: &str| text.parse::<Address>().map(|address| address.to_string());
        assert_eq!(shown("unix:///dev/log"), Ok("unix:///dev/log".to_owned()));
        assert_eq!(shown("udp://log.example.com"), Ok("udp log.example.com port 514".to_owned()));
        assert_eq!(shown("tcp://[::1]:1601"), Ok("tcp ::1 port 1601".to_owned()));
        assert_eq!(shown("tls://10.0.0.1"), Ok("tls 10.0.0.1 port 6514".to_owned()));
        for wrong in [
            "",
            "/dev/log",
            "unix://dev/log",
            "unix:///",
            "http://log.example.com",
            "udp://",
            "tcp://log.example.com/x",
            "tcp://user:word@log.example.com",
            "tls://log.example.com?verify=none",
            "tls://log.example.com#insecure",
        ] {
            assert_eq!(shown(wrong), Err(BadAddress), "{wrong}");
        }
    }

    #[test]
    fn what_crosses_a_network_in_the_clear_is_known() {
        let readable = |text: &str| text.parse::<Address>().unwrap().is_readable_on_the_way();
        for safe in
            ["unix:///dev/log", "udp://127.0.0.1", "tcp://localhost", "tls://log.example.com"]
        {
            assert!(!readable(safe), "{safe}");
        }
        assert!(readable("udp://10.0.0.1") && readable("tcp://log.example.com"));
    }
}
