//! The second step of a sign-in, and the sign-in that has only one: a passkey.

use crate::accounts::{AccountError, FactorAsked, LoggedIn, SignedIn, undecided};
use crate::audit::{EventName, Outcome};
use crate::factor::passkey::{PasskeyAnswer, PasskeyOptions};
use crate::factor::{Factor, Factors};
use crate::gate::{Gate, Trace};
use crate::permit::Permit;
use crate::prove::{HalfProved, Proved, SecondFactor};
use crate::store::UserRecord;
use crate::transaction::{Ceremony, Purpose, TransactionToken, Try};

/// The second step of something that has two.
#[derive(Debug)]
pub struct SecondStep<T> {
    /// What the first step handed out.
    pub transaction: TransactionToken,
    /// What is shown.
    pub shown: T,
    /// What the browser calls itself: the one that began calls itself the same.
    pub user_agent: Option<String>,
}

impl Gate {
    /// Begins to wait for the second factor.
    pub(crate) fn ask_for_factor(
        &self,
        half: HalfProved,
        browser: Option<&str>,
    ) -> Result<LoggedIn, AccountError> {
        let mut methods = half.enrolled.methods();
        methods.retain(|method| *method != Factor::Passkey || self.passkeys.work());
        let moment = (&*self.random, self.now());
        let transaction = self.transactions.begin(Purpose::LogIn(half), None, browser, moment)?;
        Ok(LoggedIn::NeedsFactor(FactorAsked { transaction, methods }))
    }

    /// Checks the second factor of a sign-in and begins the session.
    ///
    /// # Errors
    /// [`AccountError::WrongFactor`], `TransactionEnded` also after five wrong factors, `Locked`, `FactorMissing`, or a
    /// failing store.
    pub fn second_step(
        &self,
        permit: &Permit,
        step: &SecondStep<SecondFactor>,
    ) -> Result<SignedIn, AccountError> {
        let browser = step.user_agent.as_deref();
        let tried = self.transactions.attempt(&step.transaction, browser, self.now());
        let Some(Try { purpose: Purpose::LogIn(half), ceremony }) = tried else {
            return Err(AccountError::TransactionEnded);
        };
        let mut attempt = self.attempt(permit, Some(&half.user.name))?;
        undecided(&mut attempt, self.unchanged(&half.user))?;
        let checked = self.second_factor(permit, &half.user, &step.shown, ceremony.as_ref());
        let Some(factor) = undecided(&mut attempt, checked)? else {
            if attempt.failed().began_lock {
                let object = Some(format!("user:{}", half.user.id));
                let trace = Trace::of(permit);
                self.record(EventName::AuthnLoginLock, Outcome::Denied, &trace, object);
            }
            return Err(AccountError::WrongFactor);
        };
        if !self.transactions.end(&step.transaction) {
            attempt.succeeded();
            return Err(AccountError::TransactionEnded);
        }
        self.sign_in(permit, &half.complete(Some(factor), attempt), browser)
    }

    /// Asks the browser of a sign-in that waits to use one of the account's passkeys.
    ///
    /// # Errors
    /// [`AccountError::TransactionEnded`], `WrongFactor` for an account without passkeys, `NoPasskeys`, or a failing store.
    pub fn challenge_second_step(
        &self,
        transaction: &TransactionToken,
        user_agent: Option<&str>,
    ) -> Result<PasskeyOptions, AccountError> {
        let half = self.transactions.half_proved(transaction, user_agent, self.now());
        let half = half.ok_or(AccountError::TransactionEnded)?;
        let (options, ceremony) = self.challenge_of(&half.user)?;
        self.transactions.challenge(transaction, ceremony);
        Ok(options)
    }

    /// A challenge to that account's passkeys.
    pub(crate) fn challenge_of(
        &self,
        user: &UserRecord,
    ) -> Result<(PasskeyOptions, Ceremony), AccountError> {
        let passkeys = self.store.passkeys(user.id)?;
        if passkeys.is_empty() {
            return Err(AccountError::WrongFactor);
        }
        let (options, state) = self.passkeys.begin_proof(&passkeys, &*self.random)?;
        Ok((options, Ceremony::Proof(state)))
    }

    /// Asks a browser to sign in with whichever passkey it has.
    ///
    /// # Errors
    /// [`AccountError::NoPasskeys`], or no randomness.
    pub fn begin_passkey_sign_in(
        &self,
        user_agent: Option<&str>,
    ) -> Result<(TransactionToken, PasskeyOptions), AccountError> {
        let (options, state) = self.passkeys.begin_proof(&[], &*self.random)?;
        let ceremony = Some(Ceremony::Proof(state));
        let moment = (&*self.random, self.now());
        let begun = self.transactions.begin(Purpose::Passwordless, ceremony, user_agent, moment)?;
        Ok((begun, options))
    }

    /// Signs in with a passkey alone: its authenticator verified the user, so it is two factors in one.
    ///
    /// # Errors
    /// [`AccountError::WrongFactor`], `TransactionEnded`, `Locked`, or a failing store.
    pub fn passkey_sign_in(
        &self,
        permit: &Permit,
        step: &SecondStep<PasskeyAnswer>,
    ) -> Result<SignedIn, AccountError> {
        let browser = step.user_agent.as_deref();
        let tried = self.transactions.attempt(&step.transaction, browser, self.now());
        let Some(Try { purpose: Purpose::Passwordless, ceremony }) = tried else {
            return Err(AccountError::TransactionEnded);
        };
        // A signature cannot be guessed, so only the address can be locked: no stranger keeps the owner out by this door.
        let mut attempt = self.attempt(permit, None)?;
        let owner = undecided(&mut attempt, self.owner_of(&step.shown))?;
        let shown = SecondFactor::Passkey(step.shown.clone());
        let factor = match &owner {
            Some(user) => {
                let checked = self.second_factor(permit, user, &shown, ceremony.as_ref());
                undecided(&mut attempt, checked)?
            }
            None => None,
        };
        let Some((user, factor)) = owner.zip(factor) else {
            let _error = self.disproved(permit, attempt, Some("passkey".to_owned()));
            return Err(AccountError::WrongFactor);
        };
        let after_failures = attempt.succeeded();
        if !self.transactions.end(&step.transaction) {
            return Err(AccountError::TransactionEnded);
        }
        let enrolled = self.store.enrolled(user.id)?;
        let factors = Factors::from(factor);
        let proved = Proved { user, enrolled, factors, stronger: None, after_failures };
        self.sign_in(permit, &proved, browser)
    }

    /// Whose passkey that is, if it is anybody's who may sign in.
    fn owner_of(&self, answer: &PasskeyAnswer) -> Result<Option<UserRecord>, AccountError> {
        let Some(id) = answer.credential_id() else {
            return Ok(None);
        };
        let Some(passkey) = self.store.passkey(&id)? else {
            return Ok(None);
        };
        Ok(self.store.user(passkey.user)?.filter(|user| !user.disabled))
    }
}
