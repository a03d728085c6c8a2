//! The gate's HTTP door: routes that cannot exist without a policy, and the
//! one pipeline they run in.
//!
//! ```text
//! client address -> request id -> head/body limits -> [crate::door::check] -> handler -> problem -> headers
//! ```
//!
//! # Invariants
//! - A handler takes a [`Permit`](crate::Permit) first; only the pipeline has one to give.
//! - Every answer, errors and unknown paths included, carries the header set and a request id.
//! - A caller sees problem details made of fixed texts; what an inner error says goes to the log only.
//!
//! # Not here
//! - Accepting connections, TLS, deadlines of the request head: the accept loop, which puts [`Peer`] into each request.

mod answer;
mod body;
mod cookie;
mod cors;
mod credential;
mod exchange;
mod extract;
mod handler;
mod headers;
mod openapi;
mod peer;
mod pipeline;
mod problem;
mod route;
mod routes;

pub use answer::{Answer, Created, NoContent, Raw, Session, Text};
pub use axum::body::Body;
pub use axum::extract::{FromRequest, FromRequestParts, Request};
pub use axum::response::Response;
pub use body::BodyError;
pub use cookie::{DEVICE_COOKIE, SESSION_COOKIE};
pub use extract::{Described, Headers, Json, Path, Query, RawRequest, UserAgent};
pub use handler::Handler;
pub use openapi::{ApiTitle, Operation};
pub use peer::{Peer, PeerAddress, is_for_known};
pub use pipeline::refuse;
pub use problem::{Kind, Problem, kind};
pub use route::{Route, RouteRow};
pub use routes::{Routes, RoutesError};
