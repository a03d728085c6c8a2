//! Signing in and out.
//!
//! All of these block: they wait for a disk and most for a password hash. A door calls them on a thread where that is
//! allowed (see [`crate::door::on_blocking_thread`]).

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::address::ClientAddress;
use crate::audit::{EventName, Outcome};
use crate::device::DeviceToken;
use crate::factor::Factor;
use crate::factor::passkey::{PasskeyError, PasskeyObstacle};
use crate::gate::{Gate, Trace};
use crate::lockout::{Attempt, BadCredential, Guess, Locked, PASSWORD};
use crate::password::{Busy, HashError, Password, PasswordFault, Verdict};
use crate::permit::Permit;
use crate::principal::{Principal, SessionId};
use crate::prove::{Proof, Proved, Shown};
use crate::random::{self, RandomError};
use crate::requirement::{Requirement, Requirements};
use crate::scope::Scope;
use crate::seal::SealError;
use crate::session::SessionToken;
use crate::store::{PasswordHashText, SessionRecord, SessionsAfter, StoreError, UserRecord};
use crate::transaction::TransactionToken;

/// Most characters kept of what a browser calls itself.
pub(crate) const USER_AGENT_CHARACTERS_MAX: usize = 256;

/// Somebody who wants to sign in.
#[derive(Debug)]
pub struct LogIn {
    /// The name as typed.
    pub username: String,
    /// The password as typed.
    pub password: Password,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
}

/// A session that just began.
#[derive(Debug)]
pub struct SignedIn {
    /// Whose.
    pub user: UserRecord,
    /// What the browser keeps.
    pub token: SessionToken,
    /// What the browser is recognised by when somebody signs in again.
    pub device: DeviceToken,
    /// The session's public id.
    pub session: SessionId,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// What it must do before anything else.
    pub required: Requirements,
}

/// What came of a name and a password that are right.
#[derive(Debug)]
pub enum LoggedIn {
    /// A session began.
    SignedIn(Box<SignedIn>),
    /// The second factor is asked for.
    NeedsFactor(FactorAsked),
}

impl LoggedIn {
    /// The session, if it began.
    #[must_use]
    pub fn signed_in(self) -> Option<SignedIn> {
        match self {
            Self::SignedIn(signed_in) => Some(*signed_in),
            Self::NeedsFactor(_) => None,
        }
    }
}

/// A sign-in that waits for its second factor.
#[derive(Debug)]
pub struct FactorAsked {
    /// What the browser shows along with the factor.
    pub transaction: TransactionToken,
    /// What may be shown, the strongest first.
    pub methods: Vec<Factor>,
}

/// Whether a session may begin that lacks the second factor it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grace {
    /// Once, and then not again.
    IfLeft,
    /// This once, and it does not count: it was begun by more than a password.
    Free,
}

/// An account operation that was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Name or password is wrong, or the account is shut: which, is nobody's business.
    #[error("wrong name or password")]
    WrongCredentials,
    /// The second factor is wrong, used before, or not that account's.
    #[error("wrong second factor")]
    WrongFactor,
    /// What was shown is weaker than what the account has enrolled.
    #[error("the account has a stronger factor")]
    WeakFactor,
    /// There is no such transaction any more, or another browser began it.
    #[error("the transaction has ended")]
    TransactionEnded,
    /// The account must have a second factor, has none, and had its one sign-in without.
    #[error("the account must have a second factor")]
    FactorMissing,
    /// Passkeys do not work at the server's address.
    #[error("passkeys do not work here")]
    NoPasskeys(PasskeyObstacle),
    /// Too many failures.
    #[error(transparent)]
    Locked(#[from] Locked),
    /// Too many passwords are being checked.
    #[error(transparent)]
    Busy(Busy),
    /// The server has been set up, or was never offered to be.
    #[error("there is nothing to set up")]
    SetupClosed,
    /// The setup secret is wrong.
    #[error("wrong setup secret")]
    WrongSetupSecret,
    /// Not a user name.
    #[error("not a user name")]
    Name,
    /// The name is taken.
    #[error("the name is taken")]
    NameTaken,
    /// No such role.
    #[error("no such role")]
    Role,
    /// No grants, too many, or one that names no place.
    #[error("not grants")]
    Grants,
    /// Less than everything for a role that administers.
    #[error("who administers does so everywhere")]
    GrantsOfAdministrator,
    /// The one-time link is wrong, used up or too old.
    #[error("wrong one-time link")]
    WrongResetLink,
    /// The account is shut.
    #[error("the account is shut")]
    Shut,
    /// Not a hash that can be taken over.
    #[error("not a password hash that can be taken over")]
    ImportedHash,
    /// The list of breached passwords cannot be read.
    #[error("the list of breached passwords cannot be read")]
    Breached(#[source] std::io::Error),
    /// The new password will not do.
    #[error("the password will not do")]
    Password(PasswordFault),
    /// No such user or session, as far as the caller may know.
    #[error("no such thing")]
    NotFound,
    /// The caller is not somebody who has this.
    #[error("not for this caller")]
    NotForCaller,
    /// Nobody would be left to administer.
    #[error("the last administrator must stay")]
    LastAdministrator,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Hashing failed.
    #[error("hashing failed")]
    Hash(#[source] HashError),
    /// What is stored of a factor cannot be read.
    #[error("a stored factor cannot be read")]
    Factor(#[source] StoredFactorError),
}

/// Why what is stored of a factor cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StoredFactorError {
    /// The secret of an app does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No app shows codes of that kind.
    #[error("an app that cannot be")]
    App,
    /// A passkey, or what is asked of one.
    #[error(transparent)]
    Passkey(PasskeyError),
}

impl From<SealError> for AccountError {
    fn from(error: SealError) -> Self {
        Self::Factor(error.into())
    }
}

impl From<PasskeyError> for AccountError {
    fn from(error: PasskeyError) -> Self {
        match error {
            PasskeyError::Unavailable(obstacle) => Self::NoPasskeys(obstacle),
            PasskeyError::Random(error) => Self::Random(error),
            error => Self::Factor(StoredFactorError::Passkey(error)),
        }
    }
}

impl From<HashError> for AccountError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy(busy) => Self::Busy(busy),
            other => Self::Hash(other),
        }
    }
}

impl Gate {
    /// Checks name and password, and begins a session or asks for the second factor.
    ///
    /// # Errors
    /// [`AccountError::WrongCredentials`], `Locked`, `Busy`, `FactorMissing`, or a failing store.
    // Never inlined: `tests/it/timing.rs` counts the instructions spent in it.
    #[inline(never)]
    pub fn log_in(&self, permit: &Permit, form: &LogIn) -> Result<LoggedIn, AccountError> {
        let LogIn { username, password, user_agent } = form;
        let browser = user_agent.as_deref();
        match self.prove(permit, &Shown { username, password, factor: None })? {
            Proof::Complete(proved) => {
                self.sign_in(permit, &proved, browser).map(|begun| LoggedIn::SignedIn(begun.into()))
            }
            Proof::NeedsFactor(half) => self.ask_for_factor(*half, browser),
        }
    }

    /// Begins the session of who just proved to be somebody, in place of the one the browser still held.
    pub(crate) fn sign_in(
        &self,
        permit: &Permit,
        proved: &Proved,
        browser: Option<&str>,
    ) -> Result<SignedIn, AccountError> {
        self.log_out(permit)?;
        let signed_in = self.begin_session(proved, Grace::IfLeft, browser)?;
        let event = match proved.after_failures {
            true => EventName::AuthnLoginSuccessafterfail,
            false => EventName::AuthnLoginSuccess,
        };
        let object = Some(format!("user:{}", signed_in.user.id));
        self.record(event, Outcome::Success, &Trace::of(permit), object);
        Ok(signed_in)
    }

    /// Takes a place for a guess at that account, or tells of the lock.
    pub(crate) fn attempt(
        &self,
        permit: &Permit,
        account: Option<&str>,
    ) -> Result<Attempt<'_>, AccountError> {
        self.try_attempt(permit, account).map_err(|locked| {
            self.record(EventName::AuthnLoginFailMax, Outcome::Denied, &Trace::of(permit), None);
            if account.is_some() {
                self.hasher.pass_the_time();
            }
            locked.into()
        })
    }

    fn try_attempt(&self, permit: &Permit, account: Option<&str>) -> Result<Attempt<'_>, Locked> {
        let client = &permit.0.client;
        let recognised = account.and_then(|account| self.recognised(permit, account));
        let guess = Guess { account, client, recognised };
        let mut attempt = self.lockout.guess(&guess, self.now())?;
        if !attempt.is_strangers() {
            return Ok(attempt);
        }
        match self.bad_credential(client) {
            Ok(place) => attempt.hold(place),
            Err(retry_after) => {
                attempt.release();
                return Err(Locked { retry_after });
            }
        }
        Ok(attempt)
    }

    /// Takes a place in an address's bucket of wrong credentials, or says how long to wait.
    pub(crate) fn bad_credential(
        &self,
        client: &ClientAddress,
    ) -> Result<BadCredential<'_>, Duration> {
        let request = self.limiter.bad_credentials(client);
        let standing = self.count_here(&request);
        match standing.retry_after.filter(|_| !self.config().off.lockout) {
            Some(wait) => Err(wait),
            None => Ok(BadCredential { limiter: &self.limiter, request, mark: standing.mark }),
        }
    }

    /// What the caller is recognised by as one who opened that account before: its browser, or the session it is in.
    fn recognised(&self, permit: &Permit, account: &str) -> Option<[u8; 16]> {
        match (permit.principal(), &permit.0.device) {
            (Principal::User { name, session, .. }, _) if **name == *account => {
                Some(session.0.into_bytes())
            }
            (_, Some(device)) if self.is_device_of(device, account) => Some(device.nonce()),
            _ => None,
        }
    }

    /// Forgets locks and failures of an account whose password was bound anew by somebody who may.
    pub(crate) fn rebound(&self, user: &UserRecord) -> Result<(), StoreError> {
        self.lockout.pardon(&user.name)?;
        self.store.forget_tries_like(user.id, PASSWORD)
    }

    /// The account as it is now, unless it was shut or got another password while one was being hashed.
    pub(crate) fn unchanged(&self, proved: &UserRecord) -> Result<UserRecord, AccountError> {
        let same = |user: &UserRecord| {
            !user.disabled && user.password_changed_at == proved.password_changed_at
        };
        self.store.user(proved.id)?.filter(same).ok_or(AccountError::WrongCredentials)
    }

    /// Begins a session of who just proved to be that user.
    pub(crate) fn begin_session(
        &self,
        proved: &Proved,
        grace: Grace,
        user_agent: Option<&str>,
    ) -> Result<SignedIn, AccountError> {
        let _changing = self.change();
        let user = self.unchanged(&proved.user)?;
        let role = self.vocabulary.role(&user.role).ok_or(AccountError::Role)?;
        let now = self.now();
        let scopes = self.effective(role, &user.grants);
        let enrolled = self.store.enrolled(user.id)?;
        let required = self.requirements(&user, &scopes, &enrolled, now);
        let graced = required.has(Requirement::EnrolFactor) && grace == Grace::IfLeft;
        if graced && !self.store.take_grace(user.id, now)? {
            return Err(AccountError::FactorMissing);
        }
        if let Some(stronger) = &proved.stronger {
            self.store.set_password(user.id, stronger, None, SessionsAfter::Keep)?;
        }
        let absolute = self.session_rule(role).absolute;
        let expires_at = now.checked_add(absolute).unwrap_or(now);
        let token = SessionToken::generate(&*self.random)?;
        let session = SessionId(self.uuid()?);
        self.store.delete_expired_sessions(now)?;
        let running = self.store.sessions_of(user.id)?;
        let surplus = (running.len() + 1).saturating_sub(self.config().sessions.per_user_max);
        for oldest in running.iter().take(surplus) {
            self.store.delete_session(&oldest.hash)?;
        }
        self.store.insert_session(&SessionRecord {
            hash: token.hash(),
            id: session,
            user: user.id,
            created_at: now,
            last_seen_at: now,
            expires_at,
            user_agent: user_agent
                .map(|text| text.chars().take(USER_AGENT_CHARACTERS_MAX).collect()),
            factors: proved.factors,
            authenticated_at: now,
        })?;
        self.store.note_login(user.id, now)?;
        if surplus > 0 {
            self.live.forget_all();
        }
        let device = self.new_device(&user.name)?;
        Ok(SignedIn { user, token, device, session, expires_at, scopes, required })
    }

    pub(crate) fn uuid(&self) -> Result<Uuid, RandomError> {
        let millis = u64::try_from(self.now().as_millisecond()).unwrap_or(0);
        let tail = random::array::<10>(&*self.random)?;
        Ok(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
    }

    /// Ends the caller's session, or its token and that one's family; nothing happens to a caller without one.
    ///
    /// # Errors
    /// The store failed.
    pub fn log_out(&self, permit: &Permit) -> Result<(), AccountError> {
        if let Some(hash) = &permit.0.session {
            self.store.delete_session(hash)?;
            self.live.forget_all();
            self.record(EventName::SessionExpired, Outcome::Success, &Trace::of(permit), None);
        }
        if let Some(token) = &permit.0.token {
            self.end_token(permit, token)?;
        }
        Ok(())
    }

    pub(crate) fn new_password(
        &self,
        name: &str,
        password: &Password,
    ) -> Result<PasswordHashText, AccountError> {
        self.check_password(name, password)?;
        Ok(self.hasher.hash(password, &*self.random)?)
    }

    /// Looks at a password of somebody of that name as a new one.
    fn check_password(&self, name: &str, password: &Password) -> Result<(), AccountError> {
        self.rules.check(password, &[name]).map_err(AccountError::Password)?;
        let (Some(breached), Some(normal)) = (&self.breached, password.normal()) else {
            return Ok(());
        };
        match breached.holds(normal.as_bytes()) {
            Ok(false) => Ok(()),
            Ok(true) => Err(AccountError::Password(PasswordFault::Breached)),
            Err(error) => Err(AccountError::Breached(error)),
        }
    }

    /// Checks and hashes a password for an account that may have had others. Each one it may not be costs a hash.
    pub(crate) fn replacement_password(
        &self,
        user: &UserRecord,
        new: &Password,
    ) -> Result<PasswordHashText, AccountError> {
        self.check_password(&user.name, new)?;
        let former = self.config().passwords.history.saturating_sub(1);
        let former = self.store.former_passwords(user.id, former)?;
        for kept in user.password.iter().chain(&former) {
            if self.hasher.verify(new, Some(kept))? != Verdict::Wrong {
                return Err(AccountError::Password(PasswordFault::Former));
            }
        }
        Ok(self.hasher.hash(new, &*self.random)?)
    }

    /// At the first sign-in the password is there for the first time when its hash came from another system: one that our
    /// rules refuse must be changed.
    pub(crate) fn look_at_imported(
        &self,
        user: &UserRecord,
        password: &Password,
    ) -> Result<(), AccountError> {
        if user.last_login_at.is_some() {
            return Ok(());
        }
        match self.check_password(&user.name, password) {
            Err(AccountError::Password(_)) => Ok(self.store.demand_password_change(user.id)?),
            other => other,
        }
    }
}

/// Gives the place of an attempt back when nothing was learnt about the credential.
pub(crate) fn undecided<T, E>(attempt: &mut Attempt<'_>, result: Result<T, E>) -> Result<T, E> {
    if result.is_err() {
        attempt.release();
    }
    result
}
