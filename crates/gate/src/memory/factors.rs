//! Second factors in memory.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Kept, MemoryStore};
use crate::factor::Enrolled;
use crate::factor::passkey::PasskeyId;
use crate::principal::UserId;
use crate::secret::Fingerprint;
use crate::store::factors::{
    FactorChange, FactorStore, PASSKEYS_MAX, PasskeyRecord, RecoveryRecord, RecoveryState,
    TotpRecord,
};
use crate::store::{SessionsAfter, StoreError};

/// All accounts' factors.
#[derive(Debug, Default)]
pub(super) struct Factors {
    apps: BTreeMap<UserId, TotpRecord>,
    codes: BTreeMap<UserId, RecoveryRecord>,
    passkeys: Vec<PasskeyRecord>,
    graces: BTreeSet<UserId>,
}

impl Kept {
    fn change_factors(&mut self, user: UserId, change: FactorChange<'_>) {
        if let Some(codes) = change.codes {
            self.factors.codes.insert(user, codes.clone());
        }
        self.end_sessions(user, change.sessions);
    }

    fn after_removal(&mut self, user: UserId, sessions: SessionsAfter) {
        if !self.factors.enrolled(user).has_second() {
            self.factors.codes.remove(&user);
        }
        self.end_sessions(user, sessions);
    }
}

impl Factors {
    fn enrolled(&self, user: UserId) -> Enrolled {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let passkeys = self.passkeys.iter().filter(|passkey| passkey.user == user).count();
        Enrolled {
            totp: self.apps.contains_key(&user),
            passkeys: count(passkeys),
            recovery_codes: count(self.codes.get(&user).map_or(0, |codes| codes.codes.len())),
        }
    }
}

impl FactorStore for MemoryStore {
    fn enrolled(&self, user: UserId) -> Result<Enrolled, StoreError> {
        Ok(self.kept().factors.enrolled(user))
    }

    fn totp(&self, user: UserId) -> Result<Option<TotpRecord>, StoreError> {
        Ok(self.kept().factors.apps.get(&user).cloned())
    }

    fn set_totp(&self, totp: &TotpRecord, change: FactorChange<'_>) -> Result<(), StoreError> {
        let mut kept = self.kept();
        if !kept.users.contains_key(&totp.user) {
            return Err(StoreError::Conflict);
        }
        kept.factors.apps.insert(totp.user, totp.clone());
        kept.change_factors(totp.user, change);
        Ok(())
    }

    fn use_totp(&self, user: UserId, step: u64) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        let app = kept.factors.apps.get_mut(&user).filter(|app| app.last_step < step);
        let Some(app) = app else {
            return Ok(false);
        };
        (app.last_step, app.failures) = (step, 0);
        Ok(true)
    }

    fn reseal_totp(&self, user: UserId, before: &[u8], after: &[u8]) -> Result<(), StoreError> {
        let mut kept = self.kept();
        if let Some(app) = kept.factors.apps.get_mut(&user).filter(|app| app.sealed == before) {
            after.clone_into(&mut app.sealed);
        }
        Ok(())
    }

    fn fail_totp(&self, user: UserId) -> Result<(), StoreError> {
        if let Some(app) = self.kept().factors.apps.get_mut(&user) {
            app.failures = app.failures.saturating_add(1);
        }
        Ok(())
    }

    fn delete_totp(&self, user: UserId, sessions: SessionsAfter) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        let removed = kept.factors.apps.remove(&user).is_some();
        if removed {
            kept.after_removal(user, sessions);
        }
        Ok(removed)
    }

    fn recovery_codes(&self, user: UserId) -> Result<Option<RecoveryState>, StoreError> {
        let kept = self.kept();
        let state = kept.factors.codes.get(&user).map(|codes| RecoveryState {
            remaining: u32::try_from(codes.codes.len()).unwrap_or(u32::MAX),
            created_at: codes.created_at,
        });
        Ok(state)
    }

    fn set_recovery_codes(
        &self,
        codes: &RecoveryRecord,
        sessions: SessionsAfter,
    ) -> Result<(), StoreError> {
        let mut kept = self.kept();
        if !kept.users.contains_key(&codes.user) {
            return Err(StoreError::Conflict);
        }
        kept.change_factors(codes.user, FactorChange { codes: Some(codes), sessions });
        Ok(())
    }

    fn use_recovery_code(
        &self,
        user: UserId,
        code: &Fingerprint,
        _at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        let Some(codes) = kept.factors.codes.get_mut(&user) else {
            return Ok(false);
        };
        let before = codes.codes.len();
        codes.codes.retain(|kept| !kept.matches(code));
        Ok(codes.codes.len() < before)
    }

    fn passkeys(&self, user: UserId) -> Result<Vec<PasskeyRecord>, StoreError> {
        let kept = self.kept();
        Ok(kept.factors.passkeys.iter().filter(|passkey| passkey.user == user).cloned().collect())
    }

    fn passkey(&self, credential_id: &[u8]) -> Result<Option<PasskeyRecord>, StoreError> {
        let kept = self.kept();
        let mut all = kept.factors.passkeys.iter();
        Ok(all.find(|passkey| passkey.credential_id == credential_id).cloned())
    }

    fn insert_passkey(
        &self,
        passkey: &PasskeyRecord,
        change: FactorChange<'_>,
    ) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let all = &kept.factors.passkeys;
        let taken = all
            .iter()
            .any(|other| other.credential_id == passkey.credential_id || other.id == passkey.id);
        let full = all.iter().filter(|other| other.user == passkey.user).count() >= PASSKEYS_MAX;
        if taken || full || !kept.users.contains_key(&passkey.user) {
            return Err(StoreError::Conflict);
        }
        kept.factors.passkeys.push(passkey.clone());
        kept.change_factors(passkey.user, change);
        Ok(())
    }

    fn use_passkey(
        &self,
        passkey: &PasskeyRecord,
        counter: u32,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        let mut all = kept.factors.passkeys.iter_mut();
        let Some(found) = all.find(|one| one.id == passkey.id && one.counter == passkey.counter)
        else {
            return Ok(false);
        };
        (found.counter, found.last_used_at) = (counter, Some(at));
        Ok(true)
    }

    fn delete_passkey(
        &self,
        user: UserId,
        id: PasskeyId,
        sessions: SessionsAfter,
    ) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        let before = kept.factors.passkeys.len();
        kept.factors.passkeys.retain(|passkey| passkey.user != user || passkey.id != id);
        let removed = kept.factors.passkeys.len() < before;
        if removed {
            kept.after_removal(user, sessions);
        }
        Ok(removed)
    }

    fn reset_factors(&self, user: UserId) -> Result<(), StoreError> {
        let mut kept = self.kept();
        kept.factors.apps.remove(&user);
        kept.factors.passkeys.retain(|passkey| passkey.user != user);
        kept.factors.graces.remove(&user);
        kept.after_removal(user, SessionsAfter::End);
        Ok(())
    }

    fn take_grace(&self, user: UserId, _at: Timestamp) -> Result<bool, StoreError> {
        Ok(self.kept().factors.graces.insert(user))
    }
}
