//! Second factors in the control store.

use control::{FactorError, Passkey, RecoveryCodes, Totp};
use gate::factor::passkey::PasskeyId;
use gate::factor::totp::TotpAlgorithm;
use gate::secret::Fingerprint;
use gate::store::factors::{
    FactorChange, FactorStore, PasskeyRecord, RecoveryRecord, RecoveryState, TotpRecord,
};
use gate::store::{SessionsAfter, StoreError};
use gate::{Enrolled, UserId};
use jiff::Timestamp;

use super::{ControlStore, sessions_in};

impl FactorStore for ControlStore {
    fn enrolled(&self, user: UserId) -> Result<Enrolled, StoreError> {
        let counts = self.control.factor_counts(owner(user)).map_err(StoreError::failed)?;
        Ok(Enrolled {
            totp: counts.totp > 0,
            passkeys: counts.passkeys,
            recovery_codes: counts.recovery_codes,
        })
    }

    fn totp(&self, user: UserId) -> Result<Option<TotpRecord>, StoreError> {
        let found = self.control.totp(owner(user)).map_err(StoreError::failed)?;
        found.map(totp_out).transpose()
    }

    fn set_totp(&self, totp: &TotpRecord, change: FactorChange<'_>) -> Result<(), StoreError> {
        let totp = Totp {
            user_id: owner(totp.user),
            sealed: totp.sealed.clone(),
            algorithm: totp.algorithm.name().to_owned(),
            digits: totp.digits,
            created_at: totp.created_at,
            last_step: totp.last_step,
            failures: totp.failures,
        };
        let codes = change.codes.map(codes_in);
        self.control
            .set_totp(&totp, codes.as_ref(), sessions_in(change.sessions))
            .map_err(factor_error)
    }

    fn use_totp(&self, user: UserId, step: u64) -> Result<bool, StoreError> {
        self.control.use_totp(owner(user), step).map_err(StoreError::failed)
    }

    fn reseal_totp(&self, user: UserId, before: &[u8], after: &[u8]) -> Result<(), StoreError> {
        self.control.reseal_totp(owner(user), before, after).map_err(StoreError::failed)
    }

    fn fail_totp(&self, user: UserId) -> Result<(), StoreError> {
        self.control.fail_totp(owner(user)).map_err(StoreError::failed)
    }

    fn delete_totp(&self, user: UserId, sessions: SessionsAfter) -> Result<bool, StoreError> {
        self.control.delete_totp(owner(user), sessions_in(sessions)).map_err(StoreError::failed)
    }

    fn recovery_codes(&self, user: UserId) -> Result<Option<RecoveryState>, StoreError> {
        let state = self.control.recovery_codes(owner(user)).map_err(StoreError::failed)?;
        Ok(state.map(|(remaining, created_at)| RecoveryState { remaining, created_at }))
    }

    fn set_recovery_codes(
        &self,
        codes: &RecoveryRecord,
        sessions: SessionsAfter,
    ) -> Result<(), StoreError> {
        self.control
            .set_recovery_codes(&codes_in(codes), sessions_in(sessions))
            .map_err(factor_error)
    }

    fn use_recovery_code(
        &self,
        user: UserId,
        code: &Fingerprint,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.control.use_recovery_code(owner(user), &code.0, at).map_err(StoreError::failed)
    }

    fn passkeys(&self, user: UserId) -> Result<Vec<PasskeyRecord>, StoreError> {
        let passkeys = self.control.passkeys_of(owner(user)).map_err(StoreError::failed)?;
        Ok(passkeys.into_iter().map(passkey_out).collect())
    }

    fn passkey(&self, credential_id: &[u8]) -> Result<Option<PasskeyRecord>, StoreError> {
        let found = self.control.passkey(credential_id).map_err(StoreError::failed)?;
        Ok(found.map(passkey_out))
    }

    fn insert_passkey(
        &self,
        passkey: &PasskeyRecord,
        change: FactorChange<'_>,
    ) -> Result<(), StoreError> {
        let passkey = Passkey {
            id: control::PasskeyId(passkey.id.0),
            user_id: owner(passkey.user),
            name: passkey.name.clone(),
            credential_id: passkey.credential_id.clone(),
            credential: passkey.credential.clone(),
            counter: passkey.counter,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        };
        let codes = change.codes.map(codes_in);
        self.control
            .insert_passkey(&passkey, codes.as_ref(), sessions_in(change.sessions))
            .map_err(factor_error)
    }

    fn use_passkey(
        &self,
        passkey: &PasskeyRecord,
        counter: u32,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let id = control::PasskeyId(passkey.id.0);
        self.control.use_passkey(id, (passkey.counter, counter), at).map_err(StoreError::failed)
    }

    fn delete_passkey(
        &self,
        user: UserId,
        id: PasskeyId,
        sessions: SessionsAfter,
    ) -> Result<bool, StoreError> {
        self.control
            .delete_passkey(owner(user), control::PasskeyId(id.0), sessions_in(sessions))
            .map_err(StoreError::failed)
    }

    fn reset_factors(&self, user: UserId) -> Result<(), StoreError> {
        self.control.reset_factors(owner(user)).map_err(StoreError::failed)
    }

    fn take_grace(&self, user: UserId, at: Timestamp) -> Result<bool, StoreError> {
        self.control.take_factor_grace(owner(user), at).map_err(StoreError::failed)
    }
}

fn owner(user: UserId) -> control::UserId {
    control::UserId(user.0)
}

fn totp_out(totp: Totp) -> Result<TotpRecord, StoreError> {
    Ok(TotpRecord {
        user: UserId(totp.user_id.0),
        sealed: totp.sealed,
        algorithm: TotpAlgorithm::parse(&totp.algorithm)
            .ok_or_else(|| StoreError::failed(BadTotp))?,
        digits: totp.digits,
        created_at: totp.created_at,
        last_step: totp.last_step,
        failures: totp.failures,
    })
}

fn codes_in(codes: &RecoveryRecord) -> RecoveryCodes {
    RecoveryCodes {
        user_id: owner(codes.user),
        macs: codes.codes.iter().map(|code| code.0).collect(),
        created_at: codes.created_at,
    }
}

fn passkey_out(passkey: Passkey) -> PasskeyRecord {
    PasskeyRecord {
        id: PasskeyId(passkey.id.0),
        user: UserId(passkey.user_id.0),
        name: passkey.name,
        credential_id: passkey.credential_id,
        credential: passkey.credential,
        counter: passkey.counter,
        created_at: passkey.created_at,
        last_used_at: passkey.last_used_at,
    }
}

/// An app's row names a way to make codes that there is not.
#[derive(Debug, thiserror::Error)]
#[error("a stored authenticator app is damaged")]
struct BadTotp;

fn factor_error(error: FactorError) -> StoreError {
    match error {
        FactorError::Store(error) => StoreError::failed(error),
        _ => StoreError::Conflict,
    }
}
