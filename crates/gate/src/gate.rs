//! The gate itself: its parts, made once and shared.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;

use crate::address::ClientAddress;
use crate::audit::patterns::{Pattern, Patterns};
use crate::audit::{AuditEvent, AuditSink, EventName, NotKept, Outcome, origin_code};
use crate::clock::Clock;
use crate::config::{ConfigFault, ConfigFaults, GateConfig};
use crate::enrol::PendingApps;
use crate::factor::passkey::{PasskeySite, Passkeys};
use crate::keyring::{Keyring, PurposeKeys};
use crate::limits::{
    Heavy, InFlight, InFlightGuard, Limiter, Shared, SharedCounters, Subject, TooMany,
};
use crate::live::Live;
use crate::lockout::Lockout;
use crate::password::{BreachedPasswords, HashError, Hasher, Rules};
use crate::permit::Permit;
use crate::policy::{Access, Policy};
use crate::principal::Principal;
use crate::random::{self, Random, RandomError};
use crate::request_id::{RequestId, RequestIds};
use crate::seal::{SealError, SealKeys};
use crate::secret::MacKey;
use crate::store::{Store, StoreError};
use crate::token::keys::{TokenKeyError, TokenKeys};
use crate::transaction::Transactions;
use crate::vocabulary::Vocabulary;

/// How long a change waits for its events to be on disk before it is answered with a failure.
const SETTLE_DEADLINE: Duration = Duration::from_secs(5);

/// Who signs access tokens where no public address is configured.
const NAMELESS_ISSUER: &str = "urn:shelduck:local";

/// What the gate is given: everything that is not a decision.
pub struct Environment {
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Where events go.
    pub audit: Arc<dyn AuditSink>,
    /// Passwords found in breaches, if the operator has a list of them.
    pub breached: Option<Arc<dyn BreachedPasswords>>,
    /// What all keys are derived from.
    pub keyring: Keyring,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Environment").finish_non_exhaustive()
    }
}

/// The gate could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The configuration is wrong.
    #[error("the configuration is wrong: {0}")]
    Config(#[source] ConfigFaults),
    /// The product's tables contradict themselves.
    #[error("the vocabulary is wrong: {0}")]
    Vocabulary(String),
    /// The store could not be read.
    #[error("the stored failure counters could not be read")]
    Store(#[from] StoreError),
    /// No randomness.
    #[error("the gate needs randomness")]
    Random(#[from] RandomError),
    /// Encryption of what is stored does not work.
    #[error("encryption does not work")]
    Seal(#[from] SealError),
    /// Password hashing does not work.
    #[error("password hashing does not work")]
    Hash(#[from] HashError),
    /// Access tokens cannot be signed.
    #[error("access tokens cannot be signed")]
    TokenKeys(#[from] TokenKeyError),
}

/// The gate. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Gate(Arc<Parts>);

/// What a gate is made of; all of it private.
pub struct Parts {
    pub(crate) config: GateConfig,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) audit: Arc<dyn AuditSink>,
    pub(crate) hasher: Hasher,
    pub(crate) rules: Rules,
    pub(crate) breached: Option<Arc<dyn BreachedPasswords>>,
    pub(crate) lockout: Lockout,
    pub(crate) limiter: Limiter,
    pub(crate) in_flight: InFlight,
    pub(crate) patterns: Patterns,
    pub(crate) heavy: Heavy,
    /// Set once, before the first request.
    pub(crate) shared: OnceLock<Shared>,
    shared_mac: MacKey,
    pub(crate) live: Live,
    /// Held by whoever reads a record to write it back.
    pub(crate) changing: Mutex<()>,
    ring: RwLock<Arc<Ring>>,
    pub(crate) transactions: Transactions,
    pub(crate) pending_apps: PendingApps,
    pub(crate) passkeys: Passkeys,
    pub(crate) passkey_site: PasskeySite,
    pub(crate) request_ids: RequestIds,
    pub(crate) public_origin: Option<String>,
    pub(crate) anonymous: Arc<Principal>,
    pub(crate) operator: Arc<Principal>,
}

/// The keys made from the server's secrets, one per purpose; replaced as a whole when the secrets are.
#[derive(Debug)]
pub(crate) struct Ring {
    pub(crate) api_keys: PurposeKeys,
    pub(crate) imported_keys: PurposeKeys,
    pub(crate) origins: MacKey,
    pub(crate) tokens: TokenKeys,
    pub(crate) recovery_codes: PurposeKeys,
    pub(crate) totp_secrets: SealKeys,
    pub(crate) devices: PurposeKeys,
}

impl Ring {
    fn new(keyring: &Keyring, config: &GateConfig) -> Result<Self, GateError> {
        let issuer = config.public_origin().unwrap_or_else(|| NAMELESS_ISSUER.to_owned());
        Ok(Self {
            api_keys: keyring.derive("api keys"),
            imported_keys: keyring.derive("names of imported keys"),
            origins: keyring.primary().derive("audit origins"),
            tokens: TokenKeys::new(config.tokens.algorithm, keyring, &issuer)?,
            recovery_codes: keyring.derive("recovery codes"),
            totp_secrets: SealKeys::derive(keyring, "totp secrets")?,
            devices: keyring.derive("device cookies"),
        })
    }
}

impl std::ops::Deref for Gate {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Gate").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Gate {
    /// Sets up the gate; blocks while the store is read and one password is hashed.
    ///
    /// # Errors
    /// A wrong configuration or vocabulary, with everything that is wrong, or a failing store.
    pub fn new(
        config: GateConfig,
        vocabulary: Vocabulary,
        environment: Environment,
    ) -> Result<Self, GateError> {
        let faults: Vec<ConfigFault> = config.faults();
        if !faults.is_empty() {
            return Err(GateError::Config(ConfigFaults(faults)));
        }
        let faults = vocabulary.faults();
        if !faults.is_empty() {
            return Err(GateError::Vocabulary(faults.join("; ")));
        }
        let Environment { store, clock, random, audit, breached, keyring } = environment;
        let lockout = Lockout::open(
            config.lockout.clone(),
            keyring.primary().derive("lockout"),
            Arc::clone(&store),
            clock.now(),
        )?
        .switched_off(config.off.lockout);
        let passkey_site = PasskeySite::of(config.public_url.as_deref());
        Ok(Self(Arc::new(Parts {
            hasher: Hasher::new(&config.passwords, &*random)?,
            rules: rules(&config, &vocabulary),
            breached,
            limiter: Limiter::new(config.limits.clone()),
            in_flight: InFlight::default(),
            patterns: Patterns::new(),
            heavy: Heavy::new(config.limits.heavy),
            shared: OnceLock::new(),
            shared_mac: keyring.primary().derive("shared counters"),
            live: Live::new(),
            changing: Mutex::new(()),
            ring: RwLock::new(Arc::new(Ring::new(&keyring, &config)?)),
            transactions: Transactions::new(),
            pending_apps: PendingApps::new(),
            passkeys: Passkeys::new(&passkey_site),
            passkey_site,
            request_ids: RequestIds::new(u64::from_be_bytes(random::array(&*random)?)),
            public_origin: config.public_origin(),
            anonymous: Arc::new(Principal::Anonymous),
            operator: Arc::new(Principal::Operator),
            lockout,
            config,
            vocabulary,
            store,
            clock,
            random,
            audit,
        })))
    }

    /// What the operator set.
    #[must_use]
    pub fn config(&self) -> &GateConfig {
        &self.0.config
    }

    /// The product's tables.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.0.vocabulary
    }

    /// Whether passkeys work here, and where.
    #[must_use]
    pub fn passkey_site(&self) -> &PasskeySite {
        &self.0.passkey_site
    }

    /// Goes over to other secrets: what was made under a secret that is no longer among them is dead at once.
    ///
    /// # Errors
    /// A key could not be made; everything stays as it was.
    pub fn set_keyring(&self, keyring: &Keyring) -> Result<(), GateError> {
        let _changing = self.change();
        let ring = Arc::new(Ring::new(keyring, &self.config)?);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        self.live.forget_all();
        Ok(())
    }

    pub(crate) fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A new request id.
    #[must_use]
    pub fn request_id(&self) -> RequestId {
        self.request_ids.make(self.clock.now())
    }

    /// How many password hashes were computed since the start.
    #[must_use]
    pub fn hashes_computed(&self) -> u64 {
        self.hasher.computed()
    }

    /// Counts quotas together with other servers from now on; only the first call does anything.
    pub fn share_counters(&self, counters: Arc<dyn SharedCounters>) {
        let servers_min = self.config.limits.servers_min;
        self.shared.get_or_init(|| Shared::new(counters, self.shared_mac.clone(), servers_min));
    }

    /// How many callers' quotas are remembered at the moment.
    #[must_use]
    pub fn callers_remembered(&self) -> usize {
        self.limiter.remembered()
    }

    /// Records an event of the product's own in somebody's request.
    pub fn audit(
        &self,
        permit: &Permit,
        name: EventName,
        outcome: Outcome,
        object: Option<String>,
    ) {
        self.record(name, outcome, &Trace::of(permit), object);
    }

    /// Records an event of the server itself, outside any request.
    pub fn audit_system(&self, name: EventName, outcome: Outcome, object: Option<String>) {
        self.audit.record(&AuditEvent {
            at: self.now(),
            name,
            outcome,
            actor: "system".to_owned(),
            action: None,
            object,
            database: None,
            request_id: None,
            origin: None,
            client: ClientAddress::LOCAL,
        });
    }

    /// Waits until everything recorded so far is on disk.
    ///
    /// # Errors
    /// It cannot be put there, or not in time.
    pub async fn audit_settled(&self) -> Result<(), NotKept> {
        let settled = tokio::time::timeout(SETTLE_DEADLINE, self.audit.settled()).await;
        settled.unwrap_or(Err(NotKept))
    }

    /// Counts what one address does too often; says whether it is worth a record.
    pub(crate) fn is_told(&self, pattern: Pattern, client: &ClientAddress) -> bool {
        self.patterns.count(pattern, client, self.clock.elapsed())
    }

    /// Takes a place among a caller's running queries, and looks out for any that never ended.
    pub(crate) fn enter_query(
        &self,
        subject: Subject,
        most: u32,
    ) -> Result<InFlightGuard, TooMany> {
        let now = self.clock.elapsed();
        let longest = Duration::from_secs(u64::from(self.config.limits.in_flight.overdue_s));
        let overdue = self.in_flight.overdue(longest, now);
        if overdue > 0 {
            metrics::counter!("shelduck_in_flight_overdue_total").increment(overdue);
            tracing::error!(queries = overdue, "queries hold their places for far too long");
        }
        self.in_flight.enter(subject, most, now)
    }

    /// Keeps every other change of users, sessions and keys out until dropped.
    pub(crate) fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present in whole milliseconds: no store keeps more, and what is read back is compared with what was written.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    pub(crate) fn record(
        &self,
        name: EventName,
        outcome: Outcome,
        trace: &Trace<'_>,
        object: Option<String>,
    ) {
        let at = self.now();
        self.audit.record(&AuditEvent {
            at,
            name,
            outcome,
            actor: trace.principal.label(),
            action: Some(trace.operation.to_owned()),
            object,
            database: trace.database().map(str::to_owned),
            request_id: Some(trace.request_id),
            origin: trace
                .client
                .expose()
                .map(|_| origin_code(&self.ring().origins, trace.client, at)),
            client: *trace.client,
        });
    }
}

/// The rules for passwords, with the words of the product and of the server's own address.
fn rules(config: &GateConfig, vocabulary: &Vocabulary) -> Rules {
    let address = config.public_origin();
    let words = vocabulary.password_words.iter().copied().chain(address.as_deref());
    Rules::new(&config.passwords, words)
}

/// Whose event it is.
pub(crate) struct Trace<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) client: &'a ClientAddress,
    pub(crate) request_id: RequestId,
    pub(crate) policy: &'a Policy,
    pub(crate) operation: &'a str,
}

impl<'a> Trace<'a> {
    pub(crate) fn of(permit: &'a Permit) -> Self {
        Self {
            principal: &permit.0.principal,
            client: &permit.0.client,
            request_id: permit.0.request_id,
            policy: &permit.0.policy,
            operation: &permit.0.operation,
        }
    }

    /// The database the route asks about; none when it asks about all or none.
    const fn database(&self) -> Option<&'static str> {
        match self.policy.access {
            Access::Requires(required) => required.database,
            Access::Public | Access::SignedIn | Access::Operator => None,
        }
    }
}
