//! What happened at the gate, in the words of the OWASP logging vocabulary.
//!
//! An event never carries a secret, and an address only as a keyed code that changes every month: enough to see that
//! two events have one origin, not enough to find it.

use jiff::Timestamp;

use crate::address::ClientAddress;
use crate::request_id::RequestId;
use crate::secret::{MacKey, hex};

/// The kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventName {
    /// Somebody signed in.
    AuthnLoginSuccess,
    /// Somebody signed in after failures.
    AuthnLoginSuccessafterfail,
    /// Somebody could not sign in.
    AuthnLoginFail,
    /// One failure too many: the account, address or pair is locked.
    AuthnLoginLock,
    /// An attempt met a lock.
    AuthnLoginFailMax,
    /// Somebody signed out or ended a session.
    AuthnSessionEnd,
    /// A password was changed.
    AuthnPasswordChange,
    /// A password change was refused.
    AuthnPasswordChangeFail,
    /// A key was made.
    AuthnTokenCreated,
    /// A key was taken back.
    AuthnTokenRevoked,
    /// A credential that is none was shown.
    AuthnTokenInvalid,
    /// Somebody asked for what they may not do.
    AuthzFail,
    /// Rights changed.
    AuthzChange,
    /// An administrator acted.
    AuthzAdmin,
    /// An account was made.
    UserCreated,
    /// An account was changed.
    UserUpdated,
    /// A limit was passed.
    ExcessRateLimitExceeded,
    /// A foreign page tried to act in somebody's name.
    MaliciousCsrf,
    /// Input that could not be read.
    InputValidationFail,
    /// The server itself failed.
    SysError,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
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
    /// To what, as kind and id.
    pub object: Option<String>,
    /// In which request.
    pub request_id: Option<RequestId>,
    /// From where, as a code.
    pub origin: Option<String>,
}

/// Where events go. It must not block for long and must not lose what it accepted.
pub trait AuditSink: Send + Sync + 'static {
    /// Takes one event.
    fn record(&self, event: &AuditEvent);
}

/// Writes events to the log under the target `audit`.
#[derive(Debug, Clone, Copy, Default)]
pub struct TracingSink;

impl AuditSink for TracingSink {
    fn record(&self, event: &AuditEvent) {
        tracing::event!(
            target: "audit",
            tracing::Level::INFO,
            audit.event = ?event.name,
            audit.outcome = ?event.outcome,
            actor = %event.actor,
            object = event.object.as_deref(),
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
