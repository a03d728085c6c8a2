//! Giving tokens to programs, exchanging them and taking them back.
//!
//! All of these block, as those of [`crate::accounts`] do.
//!
//! # Invariants
//! - Every rule of signing in holds at every exchange too: a family whose user was shut, got another role, password or factor, or
//!   whose epoch is over, gives nothing more.
//! - A refresh token is exchanged once, however many ask at a time; whoever shows a used one ends its family.
//! - After an end was acknowledged, no token it ended opens anything: [`crate::live`] forgets before it is acknowledged.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::accounts::{AccountError, LogIn, USER_AGENT_CHARACTERS_MAX};
use crate::audit::{EventName, Outcome};
use crate::door::Refusal;
use crate::gate::{Gate, Trace};
use crate::permit::Permit;
use crate::principal::SessionId;
use crate::prove::{Proof, Proved, SecondFactor, Shown};
use crate::random::RandomError;
use crate::requirement::Requirement;
use crate::store::{FamilyRecord, SessionsAfter, StoreError, UserRecord};
use crate::token::claims::Claims;
use crate::token::keys::{TokenKeyError, VerifyingKey};
use crate::token::{AccessToken, RefreshToken, TokenId, verify};

/// Tokens that were just made.
#[derive(Debug)]
pub struct IssuedTokens {
    /// Whose they are.
    pub user: UserRecord,
    /// What opens doors for a few minutes.
    pub access: AccessToken,
    /// How long it does.
    pub access_life: SignedDuration,
    /// What is exchanged for the next pair.
    pub refresh: RefreshToken,
    /// When the family ends whatever happens; unused, it ends before.
    pub refresh_expires_at: Timestamp,
}

/// A token operation that was not done.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The refresh token is unknown, used, ended, or its user may no longer sign in: which, is nobody's business.
    #[error("not a good refresh token")]
    NotGood,
    /// The door refuses.
    #[error(transparent)]
    Refused(Refusal),
    /// The password is right, and the account has a second factor that was not shown.
    #[error("a second factor is missing")]
    NeedsFactor,
    /// The account cannot have tokens.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The token could not be signed.
    #[error(transparent)]
    Key(#[from] TokenKeyError),
}

/// The token that carried a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TokenUse {
    pub(crate) id: TokenId,
    pub(crate) family: SessionId,
    pub(crate) expires_at: Timestamp,
}

impl Gate {
    /// Checks name, password and, where the account has one, the second factor, and begins a family of tokens.
    ///
    /// # Errors
    /// Those of [`Gate::prove`]; [`TokenError::NeedsFactor`] when a factor is missing that the account has, `FactorMissing` when
    /// it has none and must.
    pub fn issue_tokens(
        &self,
        permit: &Permit,
        form: &LogIn,
        factor: Option<&SecondFactor>,
    ) -> Result<IssuedTokens, TokenError> {
        let LogIn { username, password, user_agent } = form;
        match self.prove(permit, &Shown { username, password, factor })? {
            Proof::Complete(proved) => self.begin_family(permit, &proved, user_agent.as_deref()),
            Proof::NeedsFactor(_) => Err(TokenError::NeedsFactor),
        }
    }

    /// Begins a family for who just proved to be that user.
    pub(crate) fn begin_family(
        &self,
        permit: &Permit,
        proved: &Proved,
        user_agent: Option<&str>,
    ) -> Result<IssuedTokens, TokenError> {
        let _changing = self.change();
        let user = self.unchanged(&proved.user)?;
        let now = self.now();
        let scopes = self.user_scopes(&user).ok_or(AccountError::Role)?;
        let enrolled = self.store.enrolled(user.id)?;
        if self.requirements(&user, &scopes, &enrolled, now).has(Requirement::EnrolFactor) {
            return Err(AccountError::FactorMissing.into());
        }
        if let Some(stronger) = &proved.stronger {
            self.store.set_password(user.id, stronger, None, SessionsAfter::Keep)?;
        }
        self.store.forget_old_tokens(now)?;
        let config = &self.config().tokens;
        let refresh = RefreshToken::generate(&self.config().keys.environment, &*self.random)?;
        let cut = |text: &str| text.chars().take(USER_AGENT_CHARACTERS_MAX).collect();
        let family = FamilyRecord {
            name: refresh.family(),
            id: SessionId(self.uuid()?),
            user: user.id,
            refresh: refresh.hash(),
            created_at: now,
            factors: proved.factors.iter().map(|factor| factor.name().to_owned()).collect(),
            refreshed_at: now,
            expires_at: later(now, config.refresh_absolute_s),
            ended: false,
            epochs: self.store.epochs(user.id)?,
            user_agent: user_agent.map(cut),
        };
        self.store.insert_family(&family, config.per_user_max)?;
        self.live.forget_all();
        let issued = self.issued(user, &family, refresh, now)?;
        let object = Some(format!("tokens:{}", family.id));
        self.record(EventName::AuthnTokenCreated, Outcome::Success, &Trace::of(permit), object);
        Ok(issued)
    }

    /// Exchanges a refresh token for the next pair of its family.
    ///
    /// # Errors
    /// [`TokenError::NotGood`], `Refused` for a locked address, or a failing store.
    pub fn refresh_tokens(
        &self,
        permit: &Permit,
        shown: &RefreshToken,
    ) -> Result<IssuedTokens, TokenError> {
        let now = self.now();
        self.lockout
            .stands(permit.client(), now)
            .map_err(|locked| TokenError::Refused(locked.into()))?;
        let _changing = self.change();
        let ours = shown.environment() == self.config().keys.environment;
        let family = self.store.family(&shown.family())?.filter(|_| ours);
        let Some(family) = family else {
            self.record(EventName::AuthnTokenInvalid, Outcome::Denied, &Trace::of(permit), None);
            return Err(not_good(self.wrong_key(permit.client())));
        };
        let Some(user) = self.running(&family, now)? else {
            self.end_running(&family)?;
            return Err(TokenError::NotGood);
        };
        let next = shown.successor(&*self.random)?;
        if !self.store.refresh_family(&family.name, &shown.hash(), &next.hash(), now)? {
            self.end_running(&family)?;
            let object = Some(format!("tokens:{}", family.id));
            self.record(EventName::AuthnTokenReuse, Outcome::Denied, &Trace::of(permit), object);
            return Err(TokenError::NotGood);
        }
        self.issued(user, &family, next, now)
    }

    /// Ends the family of a refresh token; a token that belongs to none is no error, so that nothing is learnt by asking.
    ///
    /// # Errors
    /// [`TokenError::Refused`] for a locked address, or a failing store.
    pub fn revoke_tokens(&self, permit: &Permit, shown: &RefreshToken) -> Result<(), TokenError> {
        self.lockout
            .stands(permit.client(), self.now())
            .map_err(|locked| TokenError::Refused(locked.into()))?;
        let _changing = self.change();
        let Some(family) = self.store.family(&shown.family())? else {
            // Counted like every wrong credential, and answered like a right one.
            let _counted = self.wrong_key(permit.client());
            return Ok(());
        };
        self.end_running(&family)?;
        let object = Some(format!("tokens:{}", family.id));
        self.record(EventName::AuthnTokenRevoked, Outcome::Success, &Trace::of(permit), object);
        Ok(())
    }

    /// The public keys by which others verify access tokens; none when the server signs with a secret.
    #[must_use]
    pub fn verifying_keys(&self) -> Vec<VerifyingKey> {
        self.ring().tokens.published()
    }

    /// Ends the access token that carried a request, and its family.
    pub(crate) fn end_token(&self, permit: &Permit, token: &TokenUse) -> Result<(), StoreError> {
        let _changing = self.change();
        if !self.store.deny_token(token.id, token.expires_at)?
            && let Some(user) = permit.principal().user()
        {
            // More ended than are remembered one by one: then everything of this user ends.
            self.store.raise_epoch(user)?;
        }
        self.store.end_family(token.family)?;
        self.live.forget_all();
        let object = Some(format!("tokens:{}", token.family));
        self.record(EventName::AuthnTokenRevoked, Outcome::Success, &Trace::of(permit), object);
        Ok(())
    }

    /// The user of a family that may go on; none when its time is over or the user may no longer sign in like this.
    fn running(
        &self,
        family: &FamilyRecord,
        now: Timestamp,
    ) -> Result<Option<UserRecord>, StoreError> {
        let idle = SignedDuration::from_secs(i64::from(self.config().tokens.refresh_idle_s));
        let over = family.ended
            || now >= family.expires_at
            || now.duration_since(family.refreshed_at) >= idle;
        if over || self.store.epochs(family.user)? != family.epochs {
            return Ok(None);
        }
        Ok(self.store.user(family.user)?.filter(|user| !user.disabled))
    }

    fn end_running(&self, family: &FamilyRecord) -> Result<(), StoreError> {
        self.store.end_family(family.id)?;
        self.live.forget_all();
        Ok(())
    }

    fn issued(
        &self,
        user: UserRecord,
        family: &FamilyRecord,
        refresh: RefreshToken,
        now: Timestamp,
    ) -> Result<IssuedTokens, TokenError> {
        let life = self.config().tokens.access_life_s;
        // Tokens know whole seconds; the end is never later than what was promised.
        let made_at = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let scopes = self.user_scopes(&user).ok_or(AccountError::Role)?;
        let claims = Claims {
            user: user.id,
            made_at,
            expires_at: later(made_at, life),
            id: TokenId(Uuid::from_bytes(crate::random::array(&*self.random)?)),
            family: family.id,
            authenticated_at: family.created_at,
            factors: family.factors.clone(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            epochs: family.epochs,
        };
        let access = verify::sign(&self.ring().tokens, &claims)?;
        Ok(IssuedTokens {
            user,
            access,
            access_life: SignedDuration::from_secs(i64::from(life)),
            refresh,
            refresh_expires_at: family.expires_at,
        })
    }
}

fn not_good(refusal: Refusal) -> TokenError {
    match refusal {
        Refusal::Locked { .. } => TokenError::Refused(refusal),
        _ => TokenError::NotGood,
    }
}

fn later(now: Timestamp, seconds: u32) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(now)
}
