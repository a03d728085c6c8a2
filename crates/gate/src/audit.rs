//! What happened at the gate, in the words of the OWASP logging vocabulary.
//!
//! An event never carries a secret, and in writing an address only as a keyed code that changes every month: enough to
//! see that two events have one origin, not enough to find it. Where events go is the product's business ([`AuditSink`]);
//! that they can be kept is asked before anything is changed.
//!
//! # Invariants
//! - Nobody changes anything while events cannot be kept: [`crate::door::check`] asks [`AuditSink::accepts`] first.
//! - A change is acknowledged when its events are on disk ([`AuditSink::settled`]).

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::address::ClientAddress;
use crate::request_id::RequestId;
use crate::secret::{MacKey, hex};

mod name;
pub(crate) mod patterns;

pub use name::{EventName, Kinship};

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done.
    Success,
    /// Refused.
    Denied,
    /// Would have been refused, but the limit only watches.
    Shadow,
    /// Could not be done.
    Failure,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Success, Self::Denied, Self::Shadow, Self::Failure];

    /// Its written name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Shadow => "shadow",
            Self::Failure => "failure",
        }
    }
}

/// One event.
#[derive(Clone, Debug, serde::Serialize)]
pub struct AuditEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub name: EventName,
    /// How it ended.
    pub outcome: Outcome,
    /// Who, as kind and id.
    pub actor: String,
    /// What was asked: the name of the route's operation.
    pub action: Option<String>,
    /// To what, as kind and id.
    pub object: Option<String>,
    /// In which database.
    pub database: Option<String>,
    /// In which request.
    pub request_id: Option<RequestId>,
    /// From where, as a code.
    pub origin: Option<String>,
    /// From where; it neither prints nor serialises, and is for the sink's own rule about addresses.
    #[serde(skip)]
    pub client: ClientAddress,
}

/// Events cannot be kept at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("events cannot be kept")]
pub struct NotKept;

/// Where events go.
///
/// An event that [`AuditSink::record`] took is kept, or its loss is itself kept: never silence.
pub trait AuditSink: Send + Sync + 'static {
    /// Takes one event, without waiting for a disk.
    fn record(&self, event: &AuditEvent);

    /// Whether events of changes made now would be kept.
    fn accepts(&self) -> bool {
        true
    }

    /// Resolves when everything recorded before is on disk, or cannot be put there.
    fn settled(&self) -> BoxFuture<'static, Result<(), NotKept>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Writes events to the log under the target `audit`.
#[derive(Debug, Clone, Copy, Default)]
pub struct TracingSink;

impl AuditSink for TracingSink {
    fn record(&self, event: &AuditEvent) {
        tracing::event!(
            target: "audit",
            tracing::Level::INFO,
            audit.event = event.name.name(),
            audit.outcome = event.outcome.name(),
            actor = %event.actor,
            action = event.action.as_deref(),
            object = event.object.as_deref(),
            database = event.database.as_deref(),
            request.id = event.request_id.map(tracing::field::display),
            origin = event.origin.as_deref(),
            "an event at the gate"
        );
    }
}

/// The code of an address: equal for equal addresses of one month, and no way back.
pub(crate) fn origin_code(key: &MacKey, client: &ClientAddress, now: Timestamp) -> String {
    let month = now.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m").to_string();
    let code = key.mac(&[b"origin", month.as_bytes(), &client.block().bytes()]);
    hex(&code.half())
}
