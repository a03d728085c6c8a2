//! Tries of authenticators, over the control store.

use gate::UserId;
use gate::store::{AuthenticatorStore, StoreError};

use super::ControlStore;

impl AuthenticatorStore for ControlStore {
    fn count_try(&self, user: UserId, authenticator: &str, most: u32) -> Result<bool, StoreError> {
        let user = control::UserId(user.0);
        self.control.count_try(user, authenticator, most).map_err(StoreError::failed)
    }

    fn uncount_try(&self, user: UserId, authenticator: &str) -> Result<(), StoreError> {
        let user = control::UserId(user.0);
        self.control.uncount_try(user, authenticator).map_err(StoreError::failed)
    }

    fn forget_tries(&self, user: UserId, authenticator: &str) -> Result<u32, StoreError> {
        let user = control::UserId(user.0);
        self.control.forget_tries(user, authenticator).map_err(StoreError::failed)
    }

    fn forget_tries_like(&self, user: UserId, prefix: &str) -> Result<(), StoreError> {
        let user = control::UserId(user.0);
        self.control.forget_tries_like(user, prefix).map_err(StoreError::failed)
    }
}
