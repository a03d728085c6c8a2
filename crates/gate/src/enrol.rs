//! Getting and giving up factors, by their owner; taking them away, by who
//! administers.
//!
//! An app is enrolled in two steps: the secret is drawn and shown, and only a code of it makes it count. Until then it is in
//! memory and nowhere else. The first factor of an account brings its recovery codes; the last one takes them along.
//!
//! # Invariants
//! - Every change ends the account's other sessions, and gives the one that made it another token where something was proved.

use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use crate::accounts::{AccountError, StoredFactorError};
use crate::audit::{EventName, Outcome};
use crate::config::MfaConfig;
use crate::factor::code::{OneTimeCode, RECOVERY_CODES, RecoveryCode};
use crate::factor::passkey::{PasskeyAnswer, PasskeyError, PasskeyId, PasskeyOptions};
use crate::factor::totp::{App, TotpAlgorithm};
use crate::factor::{Factor, svg};
use crate::gate::{Gate, Trace};
use crate::permit::Permit;
use crate::principal::{SessionId, UserId};
use crate::prove::totp_place;
use crate::second_step::SecondStep;
use crate::session::SessionToken;
use crate::store::factors::{
    FactorChange, PasskeyRecord, RecoveryRecord, RecoveryState, TotpRecord,
};
use crate::store::{SessionRecord, SessionsAfter, StoreError, UserRecord};
use crate::table::{Entry, Table};
use crate::transaction::{Ceremony, Purpose, TransactionToken, Try};

/// How long an app that was shown may wait for its first code.
const PENDING_LIFE: SignedDuration = SignedDuration::from_mins(15);
/// How many wrong codes end the waiting.
const PENDING_TRIES_MAX: u32 = 5;
/// How many apps may wait at a time.
const PENDING_MAX: usize = 1_024;
/// Most characters of a passkey's name.
const PASSKEY_NAME_CHARACTERS_MAX: usize = 100;

/// A factor operation that was not done.
#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// As for any other account operation.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// No app waits for its first code, or not any more.
    #[error("no app waits for its first code")]
    NothingPending,
    /// The code is not one of the app that was shown.
    #[error("not a code of the app that was shown")]
    WrongCode,
    /// There is nothing that recovery codes could stand in for.
    #[error("no second factor is enrolled")]
    NothingEnrolled,
    /// What the browser answered is no new passkey.
    #[error("not a new passkey")]
    Passkey(#[source] PasskeyError),
    /// Empty or too long.
    #[error("not a name for a passkey")]
    Name,
    /// The passkey is enrolled already, here or elsewhere, or there are too many.
    #[error("the passkey is taken, or there are too many")]
    Taken,
}

impl From<StoreError> for FactorError {
    fn from(error: StoreError) -> Self {
        Self::Account(error.into())
    }
}

/// An app to be: what its owner puts into it.
#[derive(Debug)]
pub struct AppOffer {
    /// The secret as a person types it.
    pub secret: Zeroizing<String>,
    /// The same, with everything else, as an address.
    pub url: Zeroizing<String>,
    /// The address as a QR code: an SVG of one `rect` and one `path`.
    pub qr_svg: Zeroizing<String>,
}

/// An app that counts from now on.
#[derive(Debug)]
pub struct AppConfirmed {
    /// The account's recovery codes, when this is its first second factor.
    pub codes: Option<Vec<RecoveryCode>>,
    /// The session's new token.
    pub token: SessionToken,
}

/// A passkey to be.
#[derive(Debug)]
pub struct PasskeyOffer {
    /// What the browser shows along with its answer.
    pub transaction: TransactionToken,
    /// What is put before the browser.
    pub options: PasskeyOptions,
}

/// A passkey that counts from now on.
#[derive(Debug)]
pub struct PasskeyAdded {
    /// The passkey.
    pub passkey: PasskeyRecord,
    /// The account's recovery codes, when this is its first second factor.
    pub codes: Option<Vec<RecoveryCode>>,
    /// The session's new token.
    pub token: SessionToken,
}

impl Gate {
    /// When the caller's app was enrolled; none when it has none.
    ///
    /// # Errors
    /// [`AccountError::NotForCaller`] for programs and the operator.
    pub fn app(&self, permit: &Permit) -> Result<Option<Timestamp>, AccountError> {
        let user = self.caller(permit)?;
        Ok(self.store.totp(user.id)?.map(|totp| totp.created_at))
    }

    /// Draws the secret of a new app and shows it; it counts once [`Gate::confirm_app`] has seen a code of it.
    ///
    /// # Errors
    /// [`AccountError::NotForCaller`], or no randomness.
    pub fn offer_app(&self, permit: &Permit) -> Result<AppOffer, FactorError> {
        let (user, session) = self.caller_in_session(permit)?;
        let MfaConfig { algorithm, digits, .. } = self.config().mfa;
        let secret = App::draw(algorithm, &*self.random).map_err(AccountError::from)?;
        let app = App::new(&secret, algorithm, digits, &user.name).map_err(|_| cannot_be())?;
        let url = app.url().map_err(|_| cannot_be())?;
        let qr_svg = svg(&url).map_err(|_| cannot_be())?;
        let offer = AppOffer { secret: app.base32(), url, qr_svg };
        let begun_at = self.now();
        let pending = PendingApp { secret, algorithm, digits, begun_at, tries: 0 };
        self.pending_apps.keep(session.id, pending);
        Ok(offer)
    }

    /// Makes the app that was shown count, by a code of it.
    ///
    /// # Errors
    /// [`FactorError::WrongCode`], `NothingPending` also after five wrong codes, or a failing store.
    pub fn confirm_app(
        &self,
        permit: &Permit,
        code: &OneTimeCode,
    ) -> Result<AppConfirmed, FactorError> {
        let (user, session) = self.caller_in_session(permit)?;
        let now = self.now();
        let pending = self.pending_apps.attempt(session.id, now);
        let pending = pending.ok_or(FactorError::NothingPending)?;
        let PendingApp { algorithm, digits, .. } = pending;
        let app = App::new(&pending.secret, algorithm, digits, &user.name);
        let app = app.map_err(|_| cannot_be())?;
        let now_s = u64::try_from(now.as_second()).unwrap_or(0);
        let step = app.step_of(code, now_s, self.config().mfa.steps_back);
        let last_step = step.ok_or(FactorError::WrongCode)?;
        let sealed =
            self.ring().totp_secrets.seal(totp_place(&user.id), &pending.secret, &*self.random);
        let totp = TotpRecord {
            user: user.id,
            sealed: sealed.map_err(AccountError::from)?,
            algorithm,
            digits,
            created_at: now,
            last_step,
            failures: 0,
        };
        let codes = {
            let _changing = self.change();
            self.unchanged(&user)?;
            if !self.pending_apps.end(session.id) {
                return Err(FactorError::NothingPending);
            }
            let (codes, kept) = self.first_codes(&user)?;
            let sessions = SessionsAfter::EndAllBut(session.hash);
            self.store.set_totp(&totp, FactorChange { codes: kept.as_ref(), sessions })?;
            codes
        };
        let token = self.enrolled_in(permit, &session, Factor::Totp)?;
        Ok(AppConfirmed { codes, token })
    }

    /// Gives up the caller's app.
    ///
    /// # Errors
    /// [`AccountError::NotFound`] when there is none, or a failing store.
    pub fn remove_app(&self, permit: &Permit) -> Result<(), FactorError> {
        let (user, session) = self.caller_in_session(permit)?;
        let others = SessionsAfter::EndAllBut(session.hash);
        let removed = self.store.delete_totp(user.id, others)?;
        self.removed(permit, &user, removed, Factor::Totp)
    }

    /// How many recovery codes the caller has left; none when it never had any.
    ///
    /// # Errors
    /// [`AccountError::NotForCaller`] for programs and the operator.
    pub fn recovery_codes(&self, permit: &Permit) -> Result<Option<RecoveryState>, AccountError> {
        let user = self.caller(permit)?;
        Ok(self.store.recovery_codes(user.id)?)
    }

    /// Makes new recovery codes; the old ones are dead.
    ///
    /// # Errors
    /// [`FactorError::NothingEnrolled`] when there is nothing they could stand in for, or a failing store.
    pub fn renew_recovery_codes(&self, permit: &Permit) -> Result<Vec<RecoveryCode>, FactorError> {
        let (user, session) = self.caller_in_session(permit)?;
        let (codes, kept) = self.new_codes(&user)?;
        {
            let _changing = self.change();
            if !self.store.enrolled(user.id)?.has_second() {
                return Err(FactorError::NothingEnrolled);
            }
            self.store.set_recovery_codes(&kept, SessionsAfter::EndAllBut(session.hash))?;
        }
        self.live.forget_all();
        let object = Some(format!("user:{} {}", user.id, Factor::RecoveryCode.name()));
        self.record(EventName::AuthnFactorEnrolled, Outcome::Success, &Trace::of(permit), object);
        Ok(codes)
    }

    /// The caller's passkeys, oldest first.
    ///
    /// # Errors
    /// [`AccountError::NotForCaller`] for programs and the operator.
    pub fn passkeys(&self, permit: &Permit) -> Result<Vec<PasskeyRecord>, AccountError> {
        let user = self.caller(permit)?;
        Ok(self.store.passkeys(user.id)?)
    }

    /// Asks the caller's browser to make a passkey.
    ///
    /// # Errors
    /// [`AccountError::NoPasskeys`] when the server's address does not allow any, `NotForCaller`, or a failing store.
    pub fn offer_passkey(
        &self,
        permit: &Permit,
        user_agent: Option<&str>,
    ) -> Result<PasskeyOffer, FactorError> {
        let (user, _) = self.caller_in_session(permit)?;
        let known = self.store.passkeys(user.id)?;
        let begun = self.passkeys.begin_enrolment((user.id, &user.name), &known, &*self.random);
        let (options, state) = begun.map_err(AccountError::from)?;
        let moment = (&*self.random, self.now());
        let ceremony = Some(Ceremony::Enrolment(state));
        let begun = self.transactions.begin(Purpose::Enrol(user.id), ceremony, user_agent, moment);
        Ok(PasskeyOffer { transaction: begun.map_err(AccountError::from)?, options })
    }

    /// Makes the passkey the browser made count.
    ///
    /// # Errors
    /// [`FactorError::Passkey`], `Name`, `Taken`, [`AccountError::TransactionEnded`], or a failing store.
    pub fn add_passkey(
        &self,
        permit: &Permit,
        step: &SecondStep<PasskeyAnswer>,
        name: &str,
    ) -> Result<PasskeyAdded, FactorError> {
        let (user, session) = self.caller_in_session(permit)?;
        let name = label(name).ok_or(FactorError::Name)?;
        let now = self.now();
        let tried = self.transactions.attempt(&step.transaction, step.user_agent.as_deref(), now);
        let state = match tried {
            Some(Try {
                purpose: Purpose::Enrol(owner),
                ceremony: Some(Ceremony::Enrolment(state)),
            }) if owner == user.id => state,
            _ => return Err(AccountError::TransactionEnded.into()),
        };
        self.transactions.end(&step.transaction);
        let made = self.passkeys.finish_enrolment(&step.shown, &state).map_err(|error| {
            tracing::debug!(?error, "a browser's answer is no new passkey");
            FactorError::Passkey(error)
        })?;
        let passkey = PasskeyRecord {
            id: PasskeyId(self.uuid().map_err(AccountError::from)?),
            user: user.id,
            name,
            credential_id: made.id,
            credential: made.json,
            counter: made.counter,
            created_at: now,
            last_used_at: None,
        };
        let codes = {
            let _changing = self.change();
            self.unchanged(&user)?;
            let (codes, kept) = self.first_codes(&user)?;
            let sessions = SessionsAfter::EndAllBut(session.hash);
            let change = FactorChange { codes: kept.as_ref(), sessions };
            self.store.insert_passkey(&passkey, change).map_err(|error| match error {
                StoreError::Conflict => FactorError::Taken,
                error @ StoreError::Failed(_) => error.into(),
            })?;
            codes
        };
        let token = self.enrolled_in(permit, &session, Factor::Passkey)?;
        Ok(PasskeyAdded { passkey, codes, token })
    }

    /// Gives up one of the caller's passkeys.
    ///
    /// # Errors
    /// [`AccountError::NotFound`] for a passkey of somebody else, or a failing store.
    pub fn remove_passkey(&self, permit: &Permit, id: PasskeyId) -> Result<(), FactorError> {
        let (user, session) = self.caller_in_session(permit)?;
        let others = SessionsAfter::EndAllBut(session.hash);
        let removed = self.store.delete_passkey(user.id, id, others)?;
        self.removed(permit, &user, removed, Factor::Passkey)
    }

    /// Takes all factors from an account, ends its sessions, and lets it sign in once without.
    ///
    /// # Errors
    /// [`AccountError::NotFound`], `NotForCaller` for who does not administer, or a failing store.
    pub fn reset_factors(&self, permit: &Permit, id: UserId) -> Result<(), AccountError> {
        if !permit.administers() {
            return Err(AccountError::NotForCaller);
        }
        let user = self.store.user(id)?.ok_or(AccountError::NotFound)?;
        self.store.reset_factors(user.id)?;
        self.live.forget_all();
        let object = Some(format!("user:{id}"));
        self.record(EventName::AuthnFactorReset, Outcome::Success, &Trace::of(permit), object);
        Ok(())
    }

    /// What that account has enrolled, for who administers.
    ///
    /// # Errors
    /// [`AccountError::NotForCaller`], or a failing store.
    pub fn enrolled(
        &self,
        permit: &Permit,
        id: UserId,
    ) -> Result<crate::factor::Enrolled, AccountError> {
        if permit.administers() {
            Ok(self.store.enrolled(id)?)
        } else {
            Err(AccountError::NotForCaller)
        }
    }

    /// After a factor was enrolled: forgets what was looked up, records, and renews the session by what was just proved.
    fn enrolled_in(
        &self,
        permit: &Permit,
        session: &SessionRecord,
        factor: Factor,
    ) -> Result<SessionToken, FactorError> {
        self.live.forget_all();
        let object = Some(format!("user:{} {}", session.user, factor.name()));
        self.record(EventName::AuthnFactorEnrolled, Outcome::Success, &Trace::of(permit), object);
        Ok(self.renew_session(session, factor)?)
    }

    fn removed(
        &self,
        permit: &Permit,
        user: &UserRecord,
        removed: bool,
        factor: Factor,
    ) -> Result<(), FactorError> {
        if !removed {
            return Err(AccountError::NotFound.into());
        }
        self.live.forget_all();
        let object = Some(format!("user:{} {}", user.id, factor.name()));
        self.record(EventName::AuthnFactorRemoved, Outcome::Success, &Trace::of(permit), object);
        Ok(())
    }

    /// Recovery codes for an account that gets its first second factor, and what is kept of them.
    fn first_codes(
        &self,
        user: &UserRecord,
    ) -> Result<(Option<Vec<RecoveryCode>>, Option<RecoveryRecord>), FactorError> {
        if self.store.enrolled(user.id)?.has_second() {
            return Ok((None, None));
        }
        let (codes, kept) = self.new_codes(user)?;
        Ok((Some(codes), Some(kept)))
    }

    fn new_codes(
        &self,
        user: &UserRecord,
    ) -> Result<(Vec<RecoveryCode>, RecoveryRecord), AccountError> {
        let code = |_| RecoveryCode::generate(&*self.random);
        let codes = (0..RECOVERY_CODES).map(code).collect::<Result<Vec<_>, _>>()?;
        let ring = self.ring();
        let key = ring.recovery_codes.primary();
        let kept = codes.iter().filter_map(|code| code.fingerprint(key, user.id));
        let kept = RecoveryRecord { user: user.id, codes: kept.collect(), created_at: self.now() };
        Ok((codes, kept))
    }
}

/// Apps that were shown and wait for their first code, by the session they were shown in.
pub(crate) struct PendingApps(Table<SessionId, PendingApp>);

#[derive(Clone)]
struct PendingApp {
    secret: Zeroizing<Vec<u8>>,
    algorithm: TotpAlgorithm,
    digits: u8,
    begun_at: Timestamp,
    tries: u32,
}

impl Entry for PendingApp {
    fn idleness(&self, now: u64) -> Option<u64> {
        Some(now.saturating_sub(millis(self.begun_at)))
    }
}

impl PendingApps {
    pub(crate) fn new() -> Self {
        Self(Table::new(PENDING_MAX))
    }

    fn keep(&self, session: SessionId, app: PendingApp) {
        let (begun, new) = (millis(app.begun_at), app.clone());
        // An entry without a keeper always finds room: none of them must stay.
        self.0.upsert(&session, begun, || new, |kept| *kept = app).ok();
    }

    /// Takes a try; none when nothing waits any more.
    fn attempt(&self, session: SessionId, now: Timestamp) -> Option<PendingApp> {
        let tried = self.0.get(&session, |app| {
            let age = now.duration_since(app.begun_at);
            let waits = !age.is_negative() && age < PENDING_LIFE && app.tries < PENDING_TRIES_MAX;
            app.tries = app.tries.saturating_add(1);
            waits.then(|| app.clone())
        });
        tried.flatten()
    }

    fn end(&self, session: SessionId) -> bool {
        self.0.remove(&session).is_some()
    }
}

impl std::fmt::Debug for PendingApps {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PendingApps").finish_non_exhaustive()
    }
}

const fn cannot_be() -> FactorError {
    FactorError::Account(AccountError::Factor(StoredFactorError::App))
}

fn label(name: &str) -> Option<String> {
    let name = name.trim();
    let fits = (1..=PASSKEY_NAME_CHARACTERS_MAX).contains(&name.chars().count());
    (fits && !name.chars().any(char::is_control)).then(|| name.to_owned())
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or(0)
}
