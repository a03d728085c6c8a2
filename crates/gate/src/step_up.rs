//! Proving oneself again in a session, before something dangerous.

use jiff::Timestamp;

use crate::accounts::{AccountError, undecided};
use crate::audit::{EventName, Outcome};
use crate::factor::passkey::PasskeyOptions;
use crate::factor::{Factor, Factors};
use crate::gate::{Gate, Trace};
use crate::password::{Password, Verdict};
use crate::permit::Permit;
use crate::principal::{Principal, SessionId};
use crate::prove::SecondFactor;
use crate::requirement::Requirements;
use crate::session::{SessionHash, SessionToken};
use crate::store::{SessionRecord, UserRecord};
use crate::transaction::{Ceremony, Purpose, TransactionToken, Try};

/// What somebody shows to prove themselves again.
#[derive(Debug)]
pub enum StepUp {
    /// The password: enough where nothing stronger is enrolled.
    Password(Password),
    /// A second factor.
    Factor(SecondFactor),
    /// A second factor of a transaction, as a passkey's answer is.
    Transaction {
        /// What the challenge came with.
        transaction: TransactionToken,
        /// The factor.
        factor: SecondFactor,
        /// What the browser calls itself.
        user_agent: Option<String>,
    },
}

impl StepUp {
    /// What it will have proved if it is right.
    fn factor(&self) -> Factor {
        match self {
            Self::Password(_) => Factor::Password,
            Self::Factor(shown) | Self::Transaction { factor: shown, .. } => match shown {
                SecondFactor::Code(_) => Factor::Totp,
                SecondFactor::RecoveryCode(_) => Factor::RecoveryCode,
                SecondFactor::Passkey(_) => Factor::Passkey,
            },
        }
    }
}

/// The session that carries a request.
#[derive(Debug)]
pub struct CurrentSession {
    /// Its public id.
    pub id: SessionId,
    /// What was proved in it.
    pub factors: Factors,
    /// When it was last proved.
    pub authenticated_at: Timestamp,
    /// Until when dangerous things may be done; none when the account has a stronger factor than was proved.
    pub fresh_until: Option<Timestamp>,
    /// What must be done before anything else.
    pub required: Requirements,
    /// When the password must be changed, where passwords expire.
    pub password_expires_at: Option<Timestamp>,
}

impl Gate {
    /// The session that carries the request.
    ///
    /// # Errors
    /// [`AccountError::NotForCaller`] for programs and the operator.
    pub fn current_session(&self, permit: &Permit) -> Result<CurrentSession, AccountError> {
        let (user, session) = self.caller_in_session(permit)?;
        let enrolled = self.store.enrolled(user.id)?;
        Ok(CurrentSession {
            id: session.id,
            factors: session.factors,
            authenticated_at: session.authenticated_at,
            fresh_until: enrolled.fresh_until(session.factors, session.authenticated_at),
            required: permit.required(),
            password_expires_at: self.password_expires_at(&user),
        })
    }

    /// Proves again who the caller is; the session goes on under another token.
    ///
    /// # Errors
    /// [`AccountError::WrongFactor`], `WeakFactor` when the account has something stronger, `TransactionEnded`, `Locked`,
    /// `Busy`, `NotForCaller`, or a failing store.
    pub fn step_up(&self, permit: &Permit, shown: &StepUp) -> Result<SessionToken, AccountError> {
        let (mut user, session) = self.caller_in_session(permit)?;
        let enrolled = self.store.enrolled(user.id)?;
        let proved = Factors::from(shown.factor());
        if enrolled.fresh_until(proved, self.now()).is_none() {
            return Err(AccountError::WeakFactor);
        }
        let ceremony = self.stepping(shown, session.id)?;
        let mut attempt = self.attempt(permit, Some(&user.name))?;
        if matches!(shown, StepUp::Password(_)) {
            let kept = attempt.tries_password(Some(&user)).map(|kept| kept.cloned());
            user.password = undecided(&mut attempt, kept)?;
        }
        let checked = self.shows(permit, &user, shown, ceremony.as_ref());
        if !undecided(&mut attempt, checked)? {
            attempt.failed();
            self.record(EventName::AuthnStepUpFail, Outcome::Denied, &Trace::of(permit), None);
            return Err(AccountError::WrongFactor);
        }
        attempt.succeeded();
        let token = self.renew_session(&session, shown.factor())?;
        self.record(EventName::AuthnStepUp, Outcome::Success, &Trace::of(permit), None);
        Ok(token)
    }

    /// Asks the caller's browser to use one of the account's passkeys.
    ///
    /// # Errors
    /// [`AccountError::WrongFactor`] for an account without passkeys, `NoPasskeys`, `NotForCaller`, or a failing store.
    pub fn challenge_step_up(
        &self,
        permit: &Permit,
        user_agent: Option<&str>,
    ) -> Result<(TransactionToken, PasskeyOptions), AccountError> {
        let (user, session) = self.caller_in_session(permit)?;
        let (options, ceremony) = self.challenge_of(&user)?;
        let moment = (&*self.random, self.now());
        let purpose = Purpose::StepUp(session.id);
        let begun = self.transactions.begin(purpose, Some(ceremony), user_agent, moment)?;
        Ok((begun, options))
    }

    /// The challenge of the transaction it names, which then has ended.
    fn stepping(&self, shown: &StepUp, own: SessionId) -> Result<Option<Ceremony>, AccountError> {
        let StepUp::Transaction { transaction, user_agent, .. } = shown else {
            return Ok(None);
        };
        let tried = self.transactions.attempt(transaction, user_agent.as_deref(), self.now());
        match tried {
            Some(Try { purpose: Purpose::StepUp(session), ceremony }) if session == own => {
                self.transactions.end(transaction);
                Ok(ceremony)
            }
            _ => Err(AccountError::TransactionEnded),
        }
    }

    /// Whether what is shown is right.
    fn shows(
        &self,
        permit: &Permit,
        user: &UserRecord,
        shown: &StepUp,
        ceremony: Option<&Ceremony>,
    ) -> Result<bool, AccountError> {
        match shown {
            StepUp::Password(password) => {
                let verdict = self.hasher.verify(password, user.password.as_ref())?;
                Ok(verdict != Verdict::Wrong)
            }
            StepUp::Factor(factor) | StepUp::Transaction { factor, .. } => {
                Ok(self.second_factor(permit, user, factor, ceremony)?.is_some())
            }
        }
    }

    /// Gives the session another token and notes what was just proved in it.
    pub(crate) fn renew_session(
        &self,
        session: &SessionRecord,
        proved: Factor,
    ) -> Result<SessionToken, AccountError> {
        let token = SessionToken::generate(&*self.random)?;
        let now = self.now();
        let renewed = SessionRecord {
            hash: token.hash(),
            last_seen_at: now,
            factors: session.factors.with(proved),
            authenticated_at: now,
            ..session.clone()
        };
        let found = self.store.renew_session(&session.hash, &renewed)?;
        self.live.forget_all();
        if found { Ok(token) } else { Err(AccountError::NotForCaller) }
    }

    /// The caller's account and session.
    pub(crate) fn caller_in_session(
        &self,
        permit: &Permit,
    ) -> Result<(UserRecord, SessionRecord), AccountError> {
        let user = self.caller(permit)?;
        let hash: &SessionHash = permit.0.session.as_ref().ok_or(AccountError::NotForCaller)?;
        let session = self.store.session(hash)?.ok_or(AccountError::NotForCaller)?;
        let own = matches!(permit.principal(), Principal::User { id, .. } if *id == session.user);
        if own { Ok((user, session)) } else { Err(AccountError::NotForCaller) }
    }
}
