//! The one way in: every door asks here, in one order.
//!
//! ```text
//! pre-auth limit -> authenticate -> lockout -> authorise -> CSRF -> freshness -> audit -> quota and concurrency -> permit
//! ```
//!
//! A door (HTTP, a wire protocol, the local socket) turns what it received into an [`Ask`]; what comes back is a
//! [`Permit`] or a typed [`Refusal`]. Nothing here knows how either is written on the wire.

mod quota;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::address::ClientAddress;
use crate::audit::patterns::Pattern;
use crate::audit::{EventName, Outcome};
use crate::authenticate::ShownKey;
use crate::device::Device;
use crate::gate::{Gate, Trace};
use crate::key::{ApiKey, ImportedKey};
use crate::limits::Standing;
use crate::permit::{Granted, Permit};
use crate::policy::{Access, CsrfRule, Policy};
use crate::principal::{Principal, Right};
use crate::request_id::RequestId;
use crate::requirement::Requirement;
use crate::session::{SessionHash, SessionToken};
use crate::store::StoreError;
use crate::token::AccessToken;
use crate::tokens::TokenUse;
use quota::Quota;

/// What the caller shows to prove who it is.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Nothing.
    None,
    /// A browser's session.
    Session(SessionToken),
    /// A program's key.
    Key(ApiKey),
    /// What may be a key that was brought along from another system.
    Imported(ImportedKey),
    /// A program's access token.
    Token(AccessToken),
    /// Something that cannot be a key of this server.
    Unreadable,
    /// Two that differ.
    Conflicting,
    /// Its being on the local admin socket.
    Local,
}

/// What a door knows about the page that made a browser send the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provenance {
    /// Our own page.
    SameOrigin,
    /// A foreign page.
    CrossOrigin,
    /// It does not say. `cookie` tells whether it carries a session cookie, as only browsers do.
    Unknown {
        /// Whether a session cookie came along.
        cookie: bool,
    },
}

/// A request as far as the gate is concerned.
#[derive(Debug)]
pub struct Ask {
    /// Where it comes from.
    pub client: ClientAddress,
    /// Its id.
    pub request_id: RequestId,
    /// What it shows.
    pub credential: Credential,
    /// Which page sent it.
    pub provenance: Provenance,
    /// The proof that somebody signed in from this browser before, if it shows one.
    pub device: Option<Device>,
    /// What its route asks.
    pub policy: Policy,
    /// What it says for the object its policy is about; none when it says nothing readable.
    pub object: Option<String>,
    /// The name of its route's operation.
    pub operation: Arc<str>,
}

/// Why a request does not come in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// Two different credentials: nothing was tried.
    #[error("two different credentials")]
    TwoCredentials,
    /// Nothing that proves who it is.
    #[error("not authenticated")]
    Unauthenticated,
    /// Proved, but without the right.
    #[error("not allowed")]
    Forbidden,
    /// Proved, but without any right by which it may know of the thing.
    #[error("not visible")]
    Hidden,
    /// The account must do something else first.
    #[error("something is required of the account first")]
    Required(Requirement),
    /// Whoever asks must prove again who they are.
    #[error("the proof is too old or too weak")]
    NotFresh,
    /// A foreign page may have sent it.
    #[error("not provably from our own page")]
    CrossOrigin,
    /// Too often.
    #[error("over the quota")]
    OverQuota {
        /// Which quota.
        policy: &'static str,
        /// When it may be asked again.
        retry_after: Duration,
    },
    /// Too many at a time.
    #[error("too many at a time")]
    TooMany {
        /// When it may be asked again.
        retry_after: Duration,
    },
    /// Too many failures.
    #[error("locked after too many failures")]
    Locked {
        /// When it may be tried again.
        retry_after: Duration,
    },
    /// It would change something that could not be written into the audit log.
    #[error("events cannot be kept")]
    Unrecordable,
    /// The store cannot say who it is.
    #[error("credentials cannot be looked up")]
    Unavailable(#[source] StoreError),
}

/// A request that came in.
#[derive(Debug)]
pub struct Admitted {
    /// The proof.
    pub permit: Permit,
    /// Where the caller stands with its quota; none for the operator.
    pub standing: Option<Standing>,
    /// The limit that would have refused it, did it not only watch.
    pub shadow: Option<&'static str>,
    /// Since when and until when the credential lives on beside its successor.
    pub ending: Option<Ending>,
}

/// A credential that was replaced and still works for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// When it was replaced.
    pub since: Timestamp,
    /// When it stops working.
    pub until: Timestamp,
}

/// A request that did not.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// Where the caller stands with its quota, as far as that was asked.
    pub standing: Option<Box<Standing>>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, standing: None }
    }
}

/// Who it turned out to be.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) principal: Arc<Principal>,
    pub(crate) session: Option<SessionHash>,
    pub(crate) token: Option<TokenUse>,
    pub(crate) ending: Option<Ending>,
    /// Until when dangerous things may be done on the strength of what was proved.
    pub(crate) fresh_until: Option<Timestamp>,
}

impl Known {
    pub(crate) const fn without_session(principal: Arc<Principal>) -> Self {
        Self { principal, session: None, token: None, ending: None, fresh_until: None }
    }

    pub(crate) fn by_session(principal: Arc<Principal>, session: SessionHash) -> Self {
        Self { session: Some(session), ..Self::without_session(principal) }
    }

    pub(crate) fn by_token(principal: Arc<Principal>, token: TokenUse) -> Self {
        Self { token: Some(token), ..Self::without_session(principal) }
    }
}

/// Lets a request in, or says why not.
///
/// # Errors
/// The first rule it breaks, in the order above.
pub async fn check(gate: &Gate, ask: Ask) -> Result<Admitted, Refused> {
    let public = ask.policy.access == Access::Public;
    // A public route looks at no credential, so its quota can be taken at once, as a limit before anything else.
    let mut quota = Quota::default();
    let known = if public {
        quota.take(gate, &ask, &gate.anonymous).await?;
        Known { session: left_behind(&ask), ..Known::without_session(Arc::clone(&gate.anonymous)) }
    } else {
        quota.pre_auth(gate, &ask)?;
        // Boxed, so that requests of public routes do not carry the place for it.
        Box::pin(authenticate(gate, &ask)).await?
    };
    authorise(gate, &ask, &known.principal)?;
    origin(gate, &ask, &known)?;
    freshness(gate, &ask, &known)?;
    recordable(gate, &ask)?;
    if !public {
        quota.take(gate, &ask, &known.principal).await?;
    }
    let held = quota.enter(gate, &ask, &known.principal).await?;
    if gate.config().audit_decisions && !public {
        audit(gate, &ask, &known.principal, EventName::AuthzAllow, Outcome::Success);
    }
    let Quota { standing, charge, shadow } = quota;
    let permit = Permit(Box::new(Granted {
        principal: known.principal,
        request_id: ask.request_id,
        client: ask.client,
        policy: ask.policy,
        operation: ask.operation,
        vocabulary: gate.vocabulary,
        session: known.session,
        token: known.token,
        device: ask.device,
        charge,
        held,
    }));
    Ok(Admitted { permit, standing, shadow, ending: known.ending })
}

/// The session a browser still holds when it comes to a door again; whoever shows it may end it.
fn left_behind(ask: &Ask) -> Option<SessionHash> {
    match &ask.credential {
        Credential::Session(token) if ask.policy.csrf == CsrfRule::Door => Some(token.hash()),
        _ => None,
    }
}

async fn authenticate(gate: &Gate, ask: &Ask) -> Result<Known, Refused> {
    let known = match &ask.credential {
        Credential::None => Ok(Known::without_session(Arc::clone(&gate.anonymous))),
        Credential::Local => Ok(Known::without_session(Arc::clone(&gate.operator))),
        Credential::Conflicting => Err(Refusal::TwoCredentials),
        Credential::Unreadable => {
            let client = ask.client;
            look_up(gate, ask, move |gate| Err(gate.wrong_key(&client))).await
        }
        Credential::Session(token) => {
            let (hash, client) = (token.hash(), ask.client);
            match gate.session_in_memory(&hash) {
                Some(found) => found,
                None => look_up(gate, ask, move |gate| gate.look_up_session(&hash, &client)).await,
            }
        }
        Credential::Key(key) => by_key(gate, ask, key).await,
        Credential::Imported(key) => by_key(gate, ask, key).await,
        Credential::Token(token) => match gate.token_in_memory(token, &ask.client) {
            Some(found) => found,
            None => {
                let (token, client) = (token.clone(), ask.client);
                look_up(gate, ask, move |gate| gate.token_in_store(&token, &client)).await
            }
        },
    };
    if let Err(refusal) = &known
        && let Some(event) = failure(gate, ask, refusal)
    {
        audit(gate, ask, &gate.anonymous, event, Outcome::Denied);
    }
    known.map_err(Refused::from)
}

async fn by_key<K>(gate: &Gate, ask: &Ask, key: &K) -> Result<Known, Refusal>
where
    K: ShownKey + Clone + Send + 'static,
{
    if let Some(found) = gate.key_in_memory(key, &ask.client) {
        return found;
    }
    let (key, client) = (key.clone(), ask.client);
    look_up(gate, ask, move |gate| gate.key_in_store(&key, &client)).await
}

/// Looks into the store, unless that address has shown too many wrong credentials.
async fn look_up<F>(gate: &Gate, ask: &Ask, look: F) -> Result<Known, Refusal>
where
    F: FnOnce(&Gate) -> Result<Known, Refusal> + Send + 'static,
{
    gate.may_guess(&ask.client)?;
    on_blocking_thread(gate, look).await
}

/// The event of a credential that did not prove anything, if it is worth one.
fn failure(gate: &Gate, ask: &Ask, refusal: &Refusal) -> Option<EventName> {
    match (refusal, &ask.credential) {
        (Refusal::Unauthenticated, Credential::Session(_)) => gate
            .is_told(Pattern::StaleSession, &ask.client)
            .then_some(EventName::SessionUseAfterExpire),
        (Refusal::Unauthenticated, _) => Some(EventName::AuthnTokenInvalid),
        (Refusal::TwoCredentials, _) => {
            gate.is_told(Pattern::Unreadable, &ask.client).then_some(EventName::InputValidationFail)
        }
        _ => None,
    }
}

/// Runs what may wait for a disk or a hash where waiting is allowed; a panic goes on in the caller.
pub async fn on_blocking_thread<T, F>(gate: &Gate, work: F) -> T
where
    F: FnOnce(&Gate) -> T + Send + 'static,
    T: Send + 'static,
{
    let gate = gate.clone();
    match tokio::task::spawn_blocking(move || work(&gate)).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down and nobody waits for an answer any more.
            Err(_) => std::future::pending().await,
        },
    }
}

fn authorise(gate: &Gate, ask: &Ask, principal: &Principal) -> Result<(), Refused> {
    let policy = &ask.policy;
    if policy.access == Access::Public {
        return Ok(());
    }
    if !principal.is_known() {
        return Err(Refusal::Unauthenticated.into());
    }
    if let Some(first) = principal.required().iter().next().filter(|_| !policy.while_required) {
        return Err(Refusal::Required(first).into());
    }
    let right = match policy.access {
        Access::Public | Access::SignedIn => Right::Held,
        Access::Operator if matches!(principal, Principal::Operator) => Right::Held,
        Access::Operator => Right::Lacking,
        Access::Requires(required) => {
            principal.right(&gate.vocabulary, required, policy.reach, ask.object.as_deref())
        }
    };
    let refusal = match right {
        Right::Held => return Ok(()),
        Right::Lacking => Refusal::Forbidden,
        Right::Hidden => Refusal::Hidden,
    };
    audit(gate, ask, principal, EventName::AuthzFail, Outcome::Denied);
    Err(refusal.into())
}

fn origin(gate: &Gate, ask: &Ask, known: &Known) -> Result<(), Refused> {
    let passes = match (ask.policy.csrf, ask.provenance) {
        (CsrfRule::Exempt, _) | (_, Provenance::SameOrigin) => true,
        (CsrfRule::Cookie, _) => known.session.is_none(),
        (CsrfRule::Door, Provenance::CrossOrigin) => false,
        (CsrfRule::Door, Provenance::Unknown { cookie }) => !cookie,
    };
    if passes {
        return Ok(());
    }
    audit(gate, ask, &known.principal, EventName::MaliciousCsrf, Outcome::Denied);
    Err(Refusal::CrossOrigin.into())
}

/// A key and the operator have nobody behind them who could be asked again; everybody else has.
fn freshness(gate: &Gate, ask: &Ask, known: &Known) -> Result<(), Refused> {
    let exempt = matches!(&*known.principal, Principal::Key { .. } | Principal::Operator);
    if !ask.policy.fresh || exempt || known.fresh_until.is_some_and(|until| gate.now() < until) {
        return Ok(());
    }
    Err(Refusal::NotFresh.into())
}

/// Nobody changes what nobody could be told of: a full disk stops changes, not reading.
fn recordable(gate: &Gate, ask: &Ask) -> Result<(), Refused> {
    if ask.policy.changes() && !gate.audit.accepts() {
        return Err(Refusal::Unrecordable.into());
    }
    Ok(())
}

fn audit(gate: &Gate, ask: &Ask, principal: &Principal, name: EventName, outcome: Outcome) {
    gate.record(name, outcome, &trace(ask, principal), ask.object.clone());
}

fn trace<'a>(ask: &'a Ask, principal: &'a Principal) -> Trace<'a> {
    Trace {
        principal,
        client: &ask.client,
        request_id: ask.request_id,
        policy: &ask.policy,
        operation: &ask.operation,
    }
}
