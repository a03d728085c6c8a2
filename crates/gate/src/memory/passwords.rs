//! Former passwords and one-time links, in memory.

use jiff::Timestamp;

use super::{Kept, MemoryStore};
use crate::password::FORMER_MAX;
use crate::principal::UserId;
use crate::secret::Fingerprint;
use crate::store::{PasswordHashText, PasswordStore, ResetRecord, SessionsAfter, StoreError};

impl Kept {
    pub(super) fn set_password(
        &mut self,
        id: UserId,
        password: &PasswordHashText,
        changed_at: Option<Timestamp>,
        sessions: SessionsAfter,
    ) -> Result<(), StoreError> {
        let user = self.users.get_mut(&id).ok_or(StoreError::Conflict)?;
        let before = user.password.replace(password.clone());
        if let Some(changed_at) = changed_at {
            user.password_changed_at = changed_at;
            user.must_change_password = false;
            let former = self.former.entry(id).or_default();
            former.splice(0..0, before);
            former.truncate(FORMER_MAX);
            self.resets.remove(&id);
        }
        self.end_sessions(id, sessions);
        Ok(())
    }
}

impl PasswordStore for MemoryStore {
    fn former_passwords(
        &self,
        id: UserId,
        most: usize,
    ) -> Result<Vec<PasswordHashText>, StoreError> {
        let kept = self.kept();
        Ok(kept.former.get(&id).into_iter().flatten().take(most).cloned().collect())
    }

    fn demand_password_change(&self, id: UserId) -> Result<(), StoreError> {
        if let Some(user) = self.kept().users.get_mut(&id) {
            user.must_change_password = true;
        }
        Ok(())
    }

    fn save_reset(&self, reset: &ResetRecord) -> Result<(), StoreError> {
        let mut kept = self.kept();
        if !kept.users.contains_key(&reset.user) {
            return Err(StoreError::Conflict);
        }
        kept.resets.insert(reset.user, *reset);
        Ok(())
    }

    fn reset(&self, secret: &Fingerprint) -> Result<Option<ResetRecord>, StoreError> {
        Ok(self.kept().resets.values().find(|reset| reset.secret.matches(secret)).copied())
    }

    fn use_reset(
        &self,
        reset: &ResetRecord,
        password: &PasswordHashText,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        let there =
            kept.resets.get(&reset.user).is_some_and(|kept| kept.secret.matches(&reset.secret));
        if there {
            kept.set_password(reset.user, password, Some(at), SessionsAfter::End)?;
        }
        Ok(there)
    }
}
