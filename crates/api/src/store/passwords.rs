//! Former passwords and one-time links, over the control store.

use control::PasswordReset;
use gate::UserId;
use gate::secret::Fingerprint;
use gate::store::{PasswordHashText, PasswordStore, ResetRecord, StoreError};
use jiff::Timestamp;

use super::{ControlStore, user_error};

impl PasswordStore for ControlStore {
    fn former_passwords(
        &self,
        id: UserId,
        most: usize,
    ) -> Result<Vec<PasswordHashText>, StoreError> {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        let former = self.control.former_passwords(control::UserId(id.0), most);
        Ok(former.map_err(StoreError::failed)?.into_iter().map(PasswordHashText).collect())
    }

    fn demand_password_change(&self, id: UserId) -> Result<(), StoreError> {
        self.control.demand_password_change(control::UserId(id.0)).map_err(StoreError::failed)
    }

    fn save_reset(&self, reset: &ResetRecord) -> Result<(), StoreError> {
        self.control.save_password_reset(&reset_in(reset)).map_err(user_error)
    }

    fn reset(&self, secret: &Fingerprint) -> Result<Option<ResetRecord>, StoreError> {
        let reset = self.control.password_reset(&secret.0).map_err(StoreError::failed)?;
        Ok(reset.map(|reset| ResetRecord {
            secret: Fingerprint(reset.secret_hash),
            user: UserId(reset.user_id.0),
            expires_at: reset.expires_at,
        }))
    }

    fn use_reset(
        &self,
        reset: &ResetRecord,
        password: &PasswordHashText,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.control.use_password_reset(&reset_in(reset), &password.0, at).map_err(user_error)
    }
}

fn reset_in(reset: &ResetRecord) -> PasswordReset {
    PasswordReset {
        secret_hash: reset.secret.0,
        user_id: control::UserId(reset.user.0),
        expires_at: reset.expires_at,
    }
}
