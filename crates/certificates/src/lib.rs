//! Certificates for the server's names, ordered and renewed by ACME (RFC 8555).
//!
//! In flow the names, the authority and the time; out flows one file with a certificate chain and its key, which whoever serves
//! TLS reads when it changes, as it reads a file that somebody else put there. That the names are ours is proved with tls-alpn-01
//! (RFC 8737): in a handshake on the port that is served anyway, so neither a second port nor anything of HTTP is opened.
//!
//! # Invariants
//! - At every moment after [`Keeper::open`] the file holds a chain and a key that fit each other. It is replaced in one step,
//!   and only by a certificate that was looked at: for our names, valid, of the key.
//! - Nothing is proved but names of an order in progress: [`Challenges`] forgets each proof when its order ends.
//! - How often the authority is asked is bounded on disk: before each try it is written when the next may come, so that no
//!   number of restarts asks more often ([`Turn::Waiting`]).
//! - The account's key and the certificates' keys are in files of mode 0600 and nowhere else.
//!
//! # Failure
//! Whatever fails leaves the certificate that is there in use, and is tried again after a minute, ten, a hundred, then once a
//! day, or when the authority says (`Retry-After`). [`Turn`] tells; what of it is recorded is the caller's matter.
//!
//! # Deployment
//! The authority connects to port 443 of each name. Whatever ends TLS in front of this server has the certificates, and makes
//! this crate useless there.

mod account;
mod challenges;
mod config;
mod files;
mod held;
mod keeper;
mod order;
mod pause;
mod transport;

pub use self::challenges::{ALPN, Challenges};
pub use self::config::{Config, LETS_ENCRYPT, NAMES_MAX, Unfit};
pub use self::keeper::{CertificateError, Keeper, Turn, check_authorities};
pub use self::order::OrderError;
