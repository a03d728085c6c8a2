//! Signing in and out.
//!
//! All of these block: they wait for a disk and most for a password hash. A door calls them on a thread where that is
//! allowed (see [`crate::door::on_blocking_thread`]).

use jiff::Timestamp;
use uuid::Uuid;

use crate::audit::{EventName, Outcome};
use crate::gate::{Gate, Trace};
use crate::lockout::{Attempt, Locked};
use crate::name::canonical;
use crate::password::{Busy, HashError, Password, PasswordFault, Verdict};
use crate::permit::Permit;
use crate::principal::SessionId;
use crate::random::{self, RandomError};
use crate::requirement::Requirements;
use crate::scope::Scope;
use crate::session::SessionToken;
use crate::store::{PasswordHashText, SessionRecord, SessionsAfter, StoreError, UserRecord};

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
    /// The session's public id.
    pub session: SessionId,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// What it must do before anything else.
    pub required: Requirements,
}

/// An account operation that was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Name or password is wrong, or the account is shut: which, is nobody's business.
    #[error("wrong name or password")]
    WrongCredentials,
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
    /// Checks name and password and begins a session.
    ///
    /// # Errors
    /// [`AccountError::WrongCredentials`], `Locked`, `Busy`, or a failing store.
    // Never inlined: `tests/it/timing.rs` counts the instructions spent in it.
    #[inline(never)]
    pub fn log_in(&self, permit: &Permit, form: &LogIn) -> Result<SignedIn, AccountError> {
        let name = canonical(&form.username);
        let mut attempt = self.attempt(permit, Some(&name))?;
        let user = undecided(&mut attempt, self.store.user_by_name(&name))?;
        let kept = user.as_ref().and_then(|user| user.password.as_ref());
        let verdict = undecided(&mut attempt, self.hasher.verify(&form.password, kept))?;
        let object = user.as_ref().map(|user| format!("user:{}", user.id));
        let user = user.filter(|user| !user.disabled && verdict != Verdict::Wrong);
        let Some(user) = user else {
            let event = match attempt.failed().began_lock {
                true => EventName::AuthnLoginLock,
                false => EventName::AuthnLoginFail,
            };
            self.record(event, Outcome::Denied, &Trace::of(permit), object);
            return Err(AccountError::WrongCredentials);
        };
        let stronger = match verdict {
            Verdict::RightButWeak => {
                Some(undecided(&mut attempt, self.hasher.hash(&form.password, &*self.random))?)
            }
            Verdict::Right | Verdict::Wrong => None,
        };
        let after_failures = attempt.succeeded();
        self.look_at_imported(&user, &form.password)?;
        self.log_out(permit)?;
        let signed_in = self.begin_session(&user, stronger, form.user_agent.as_deref())?;
        let event = match after_failures {
            true => EventName::AuthnLoginSuccessafterfail,
            false => EventName::AuthnLoginSuccess,
        };
        self.record(event, Outcome::Success, &Trace::of(permit), object);
        Ok(signed_in)
    }

    /// Takes a place for a guess at that account, or tells of the lock.
    pub(crate) fn attempt(
        &self,
        permit: &Permit,
        account: Option<&str>,
    ) -> Result<Attempt<'_>, AccountError> {
        self.lockout.attempt(account, &permit.client, self.now()).map_err(|locked| {
            self.record(EventName::AuthnLoginFailMax, Outcome::Denied, &Trace::of(permit), None);
            locked.into()
        })
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
        proved: &UserRecord,
        stronger: Option<PasswordHashText>,
        user_agent: Option<&str>,
    ) -> Result<SignedIn, AccountError> {
        let _changing = self.change();
        let user = self.unchanged(proved)?;
        if let Some(stronger) = stronger {
            self.store.set_password(user.id, &stronger, None, SessionsAfter::Keep)?;
        }
        let role = self.vocabulary.role(&user.role).ok_or(AccountError::Role)?;
        let now = self.now();
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
        })?;
        self.store.note_login(user.id, now)?;
        if surplus > 0 {
            self.live.forget_all();
        }
        let scopes = self.effective(role, &user.grants);
        let required = self.requirements(&user, now);
        Ok(SignedIn { user, token, session, expires_at, scopes, required })
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
        if let Some(hash) = &permit.session {
            self.store.delete_session(hash)?;
            self.live.forget_all();
            self.record(EventName::SessionExpired, Outcome::Success, &Trace::of(permit), None);
        }
        if let Some(token) = &permit.token {
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
    fn look_at_imported(&self, user: &UserRecord, password: &Password) -> Result<(), AccountError> {
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
