//! Proving who one is: the one function behind every door that takes a
//! password.
//!
//! Signing in, getting a token and whatever else begins with a name and a password come here, so a guess costs the same at each
//! door and a code that was used at one is used at all. Where an account has a second factor, the password alone proves half.
//!
//! # Invariants
//! - Wrong name, wrong password and shut account are one answer; whether there is a second factor is said after the right
//!   password only.
//! - The right password alone does not forgive failures: between it and the second factor the counters stand, so codes
//!   cannot be guessed in between (`a_right_password_does_not_forgive_wrong_codes`).

use crate::accounts::{AccountError, StoredFactorError, undecided};
use crate::audit::{EventName, Outcome};
use crate::factor::code::OneTimeCode;
use crate::factor::passkey::{PasskeyAnswer, PasskeyError};
use crate::factor::totp::{App, FAILURES_MAX};
use crate::factor::{Enrolled, Factor, Factors};
use crate::gate::{Gate, Trace};
use crate::lockout::{Attempt, PASSWORD};
use crate::name::canonical;
use crate::password::{Password, Verdict};
use crate::permit::Permit;
use crate::principal::UserId;
use crate::requirement::Requirements;
use crate::seal::Place;
use crate::store::factors::TotpRecord;
use crate::store::{PasswordHashText, UserRecord};
use crate::transaction::Ceremony;

/// What somebody shows to prove who they are.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The name as typed.
    pub username: &'a str,
    /// The password as typed.
    pub password: &'a Password,
    /// The second factor, where it is shown along.
    pub factor: Option<&'a SecondFactor>,
}

/// A second factor, as shown.
#[derive(Debug, Clone)]
pub enum SecondFactor {
    /// A code from an authenticator app.
    Code(OneTimeCode),
    /// A recovery code.
    RecoveryCode(OneTimeCode),
    /// What a passkey answered to the challenge of a transaction.
    Passkey(PasskeyAnswer),
}

/// Whoever proved to be that user.
#[derive(Debug, Clone)]
pub struct Proved {
    pub(crate) user: UserRecord,
    pub(crate) enrolled: Enrolled,
    pub(crate) factors: Factors,
    /// The password's hash by today's parameters, when the stored one is weaker.
    pub(crate) stronger: Option<PasswordHashText>,
    pub(crate) after_failures: bool,
}

impl Proved {
    /// The account as it was when it was proved.
    #[must_use]
    pub const fn user(&self) -> &UserRecord {
        &self.user
    }

    /// By what it was proved.
    #[must_use]
    pub const fn factors(&self) -> Factors {
        self.factors
    }

    /// What the account has enrolled.
    #[must_use]
    pub const fn enrolled(&self) -> &Enrolled {
        &self.enrolled
    }
}

/// Whoever showed the right password of an account with a second factor.
#[derive(Debug, Clone)]
pub struct HalfProved {
    pub(crate) user: UserRecord,
    pub(crate) enrolled: Enrolled,
    pub(crate) stronger: Option<PasswordHashText>,
}

/// What came of it.
#[derive(Debug)]
pub enum Proof {
    /// All that is asked of the account.
    Complete(Box<Proved>),
    /// The password is right, and a second factor is missing.
    NeedsFactor(Box<HalfProved>),
}

impl Gate {
    /// Checks name, password and, where the account has one, the second factor.
    ///
    /// Whoever hands out something that acts in the user's name afterwards asks [`Gate::unmet`] whether it may.
    ///
    /// # Errors
    /// [`AccountError::WrongCredentials`] also for a wrong second factor shown along, `Locked`, `Busy`, or a failing store.
    pub fn prove(&self, permit: &Permit, shown: &Shown<'_>) -> Result<Proof, AccountError> {
        let name = canonical(shown.username);
        let mut attempt = self.attempt(permit, Some(&name))?;
        attempt.guesses(&[name.as_bytes(), shown.password.expose().as_bytes()]);
        let found = undecided(&mut attempt, self.store.user_by_name(&name))?;
        let kept = attempt.tries_password(found.as_ref());
        let kept = undecided(&mut attempt, kept)?;
        let verdict = undecided(&mut attempt, self.hasher.verify(shown.password, kept))?;
        let object = found.as_ref().map(|user| format!("user:{}", user.id));
        let user = found.filter(|user| !user.disabled && verdict != Verdict::Wrong);
        let Some(user) = user else {
            return Err(self.disproved(permit, attempt, object));
        };
        undecided(&mut attempt, self.look_at_imported(&user, shown.password))?;
        let stronger = match verdict {
            Verdict::RightButWeak => {
                Some(undecided(&mut attempt, self.hasher.hash(shown.password, &*self.random))?)
            }
            Verdict::Right | Verdict::Wrong => None,
        };
        let enrolled = undecided(&mut attempt, self.store.enrolled(user.id))?;
        let half = HalfProved { user, enrolled, stronger };
        if !enrolled.has_second() {
            return Ok(Proof::Complete(Box::new(half.complete(None, attempt))));
        }
        let Some(factor) = shown.factor else {
            attempt.release();
            self.record(EventName::AuthnFactorAsked, Outcome::Success, &Trace::of(permit), object);
            return Ok(Proof::NeedsFactor(Box::new(half)));
        };
        let checked = self.second_factor(permit, &half.user, factor, None);
        match undecided(&mut attempt, checked)? {
            Some(factor) => Ok(Proof::Complete(Box::new(half.complete(Some(factor), attempt)))),
            None => Err(self.disproved(permit, attempt, object)),
        }
    }

    /// What that account must do before anything may act in its name.
    ///
    /// # Errors
    /// The store failed.
    pub fn unmet(&self, proved: &Proved) -> Result<Requirements, AccountError> {
        let user = self.unchanged(&proved.user)?;
        let role = self.vocabulary.role(&user.role).ok_or(AccountError::Role)?;
        let enrolled = self.store.enrolled(user.id)?;
        let scopes = self.effective(role, &user.grants);
        Ok(self.requirements(&user, &scopes, &enrolled, self.now()))
    }

    /// Counts and records that somebody is not who they say.
    pub(crate) fn disproved(
        &self,
        permit: &Permit,
        attempt: Attempt<'_>,
        object: Option<String>,
    ) -> AccountError {
        let event = match attempt.failed().began_lock {
            true => EventName::AuthnLoginLock,
            false => EventName::AuthnLoginFail,
        };
        self.record(event, Outcome::Denied, &Trace::of(permit), object);
        AccountError::WrongCredentials
    }

    /// Looks at a second factor and uses it up; none when it is wrong, used, or not that user's.
    ///
    /// To be called inside of an attempt at that account.
    pub(crate) fn second_factor(
        &self,
        permit: &Permit,
        user: &UserRecord,
        shown: &SecondFactor,
        ceremony: Option<&Ceremony>,
    ) -> Result<Option<Factor>, AccountError> {
        let (factor, right) = match shown {
            SecondFactor::Code(code) => (Factor::Totp, self.use_totp(permit, user, code)?),
            SecondFactor::RecoveryCode(code) => {
                (Factor::RecoveryCode, self.use_recovery_code(user, code)?)
            }
            SecondFactor::Passkey(answer) => {
                (Factor::Passkey, self.use_passkey(permit, user, answer, ceremony)?)
            }
        };
        let event = match (factor, right) {
            (Factor::RecoveryCode, true) => EventName::AuthnRecoveryCodeUsed,
            (_, true) => return Ok(Some(factor)),
            (_, false) => EventName::AuthnFactorFail,
        };
        let outcome = if right { Outcome::Success } else { Outcome::Denied };
        let object = Some(format!("user:{} {}", user.id, factor.name()));
        self.record(event, outcome, &Trace::of(permit), object);
        Ok(right.then_some(factor))
    }

    fn use_totp(
        &self,
        permit: &Permit,
        user: &UserRecord,
        code: &OneTimeCode,
    ) -> Result<bool, AccountError> {
        let Some(record) = self.store.totp(user.id)? else {
            return Ok(false);
        };
        if record.failures >= FAILURES_MAX {
            return Ok(false);
        }
        let now_s = u64::try_from(self.now().as_second()).unwrap_or(0);
        let (app, resealed) = self.stored_app(permit, &record, &user.name)?;
        let step = app.step_of(code, now_s, self.config().mfa.steps_back);
        let used = match step {
            Some(step) => self.store.use_totp(user.id, step)?,
            None => false,
        };
        match resealed {
            _ if !used => self.store.fail_totp(user.id)?,
            Some(resealed) => self.store.reseal_totp(user.id, &record.sealed, &resealed)?,
            None => {}
        }
        Ok(used)
    }

    /// The app whose secret is stored there; with the secret sealed anew when an older root secret sealed it.
    fn stored_app(
        &self,
        permit: &Permit,
        record: &TotpRecord,
        name: &str,
    ) -> Result<(App, Option<Vec<u8>>), AccountError> {
        let ring = self.ring();
        let (keys, place) = (&ring.totp_secrets, totp_place(&record.user));
        let opened = keys.open(place, &record.sealed).inspect_err(|_| {
            let object = Some(format!("user:{} {}", record.user, Factor::Totp.name()));
            self.record(EventName::CryptDecryptFail, Outcome::Failure, &Trace::of(permit), object);
        })?;
        let app = App::new(&opened.value, record.algorithm, record.digits, name)
            .map_err(|_| AccountError::Factor(StoredFactorError::App))?;
        let resealed =
            opened.stale.then(|| keys.seal(place, &opened.value, &*self.random)).transpose()?;
        Ok((app, resealed))
    }

    fn use_recovery_code(
        &self,
        user: &UserRecord,
        code: &OneTimeCode,
    ) -> Result<bool, AccountError> {
        for (_, key) in self.ring().recovery_codes.iter() {
            if let Some(code) = code.fingerprint(key, user.id)
                && self.store.use_recovery_code(user.id, &code, self.now())?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn use_passkey(
        &self,
        permit: &Permit,
        user: &UserRecord,
        answer: &PasskeyAnswer,
        ceremony: Option<&Ceremony>,
    ) -> Result<bool, AccountError> {
        let Some(Ceremony::Proof(state)) = ceremony else {
            return Ok(false);
        };
        let Some(id) = answer.credential_id() else {
            return Ok(false);
        };
        let Some(passkey) = self.store.passkey(&id)?.filter(|passkey| passkey.user == user.id)
        else {
            return Ok(false);
        };
        match self.passkeys.finish_proof(answer, state, &passkey) {
            Ok(counter) => Ok(self.store.use_passkey(&passkey, counter, self.now())?),
            Err(PasskeyError::Refused(error)) => {
                tracing::debug!(?error, "a passkey's answer proves nothing");
                Ok(false)
            }
            Err(PasskeyError::Cloned) => {
                let object = Some(format!("passkey:{}", passkey.id));
                let trace = Trace::of(permit);
                self.record(EventName::AuthnPasskeyCloned, Outcome::Denied, &trace, object);
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl HalfProved {
    /// With the second factor, if there is one; the failures before are forgiven now.
    pub(crate) fn complete(self, second: Option<Factor>, mut attempt: Attempt<'_>) -> Proved {
        attempt.completes(self.user.id, PASSWORD);
        let factors = second.into_iter().fold(Factors::from(Factor::Password), Factors::with);
        Proved {
            user: self.user,
            enrolled: self.enrolled,
            factors,
            stronger: self.stronger,
            after_failures: attempt.succeeded(),
        }
    }
}

/// Where an app's secret is stored.
pub(crate) fn totp_place(user: &UserId) -> Place<'_> {
    Place { table: "totp", column: "sealed", owner: user.0.as_bytes() }
}
