//! Who is at the other end of a connection, as the accept loop knows it.

use std::net::SocketAddr;

/// The other end of a connection. The accept loop puts one into the extensions of each request; a request without one
/// is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: PeerAddress,
    /// Whether the connection itself is encrypted.
    pub tls: bool,
}

/// Where a connection comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerAddress {
    /// The network.
    Network(SocketAddr),
    /// The local admin socket: whoever may open it is the operator.
    Local,
}

impl Peer {
    /// A connection from the network.
    #[must_use]
    pub const fn network(address: SocketAddr, tls: bool) -> Self {
        Self { address: PeerAddress::Network(address), tls }
    }

    /// A connection through the local admin socket.
    #[must_use]
    pub const fn local() -> Self {
        Self { address: PeerAddress::Local, tls: false }
    }
}
