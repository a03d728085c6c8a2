//! Who is at the other end of a connection, as the accept loop knows it.

use std::net::SocketAddr;

use axum::response::Response;

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

/// Marks the answers to callers who proved who they are.
#[derive(Debug, Clone, Copy)]
struct Known;

/// Marks an answer as one to a caller who proved who they are.
pub(super) fn mark_known(response: &mut Response) {
    response.extensions_mut().insert(Known);
}

/// Whether the answer is one to a caller who proved who they are; the accept loop keeps places for them.
#[must_use]
pub fn is_for_known(response: &Response) -> bool {
    response.extensions().get::<Known>().is_some()
}
