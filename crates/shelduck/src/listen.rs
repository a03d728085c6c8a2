//! The accept loop: nobody can hold the server by being slow, silent or many.
//!
//! Connections flow in, requests flow out to one `tower` service. hyper parses; everything about time and number is
//! decided here, because neither hyper nor axum has a deadline for the first byte, for a keep-alive pause or for a
//! client that stops reading, and a timeout layer above them cannot see a request whose head never arrives.
//!
//! Each connection is one task that runs hyper and one timer. What the client last did is noted by the stream wrapper
//! ([`stream`]) and the service wrapper ([`connection`]) in [`activity`], which names the deadline that is in force.
//! The protocol is never guessed from bytes: ALPN decides on TLS, plain connections speak HTTP/1.1.
//!
//! # Invariants
//! - At every moment a connection is under a deadline or has a request at work: handshake, first byte, head, body
//!   (total and rate), pause between requests, write stall (tests below, one each).
//! - A connection over a cap is accepted and reset at once; it holds no task.
//! - Strangers never use up the places: the newest displaces the oldest that has shown nothing, and what is left when
//!   anonymous callers have their half is for callers who proved who they are ([`caps`]).
//! - On HTTP/2 whatever is neither request nor body is paid from a budget ([`frames`]), and an answer that is not taken is
//!   under the write stall deadline stream by stream.
//! - An authority that asks for the proof of a name gets that handshake and nothing else; the protocol it asks in is never spoken
//!   with anybody who has no order in progress ([`handshake`]).
//! - With the PROXY protocol on, a connection without a header that a declared proxy wrote gets no answer.
//! - Every request carries the [`Peer`](gate::http::Peer) at the other end; the gate refuses one without.
//!
//! # Not here
//! Body sizes, authentication, client addresses behind proxies: the gate. How long a handler may work: the handler.
//!
//! # Failure
//! Certificates that cannot be read after a change keep the old ones in use, and are logged. Running out of file
//! descriptors pauses accepting for a moment. A panic in a handler is answered with 500.
//!
//! # Deployment
//! Behind a proxy all connections have its address: name it in [`ListenConfig::uncapped`], or the cap per address
//! becomes the cap for everyone. The open-files limit must exceed [`ListenConfig::connections_max`].

mod activity;
mod body;
mod caps;
mod config;
mod connection;
mod frames;
mod handshake;
mod head;
mod stream;
mod tasks;
mod tcp;
mod tls;
mod unix;

#[cfg(test)]
mod tests;

#[cfg(any(test, feature = "acme"))]
pub(crate) use config::Prover;
pub(crate) use config::{ListenConfig, TlsConfig};
pub(crate) use tcp::{Listener, Reload};
pub(crate) use tls::certificate_end;
pub(crate) use unix::UnixSocketListener;
