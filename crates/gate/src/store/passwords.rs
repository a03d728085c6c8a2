//! What is remembered of passwords beside the one in force: former ones, and
//! the one-time links by which one is chosen.

use jiff::Timestamp;

use super::{PasswordHashText, StoreError};
use crate::principal::UserId;
use crate::secret::Fingerprint;

/// A one-time link by which an account's password is chosen.
#[derive(Debug, Clone, Copy)]
pub struct ResetRecord {
    /// The hash of its secret, by which it is found.
    pub secret: Fingerprint,
    /// Whose password.
    pub user: UserId,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// Former passwords and one-time links.
pub trait PasswordStore {
    /// The hashes of an account's former passwords, newest first, at most so many.
    ///
    /// # Errors
    /// The storage failed.
    fn former_passwords(
        &self,
        id: UserId,
        most: usize,
    ) -> Result<Vec<PasswordHashText>, StoreError>;

    /// Has another password chosen at the next sign-in; nothing happens when the account is gone.
    ///
    /// # Errors
    /// The storage failed.
    fn demand_password_change(&self, id: UserId) -> Result<(), StoreError>;

    /// Keeps a link; an older one of the same account is dead.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such account.
    fn save_reset(&self, reset: &ResetRecord) -> Result<(), StoreError>;

    /// The link of that secret.
    ///
    /// # Errors
    /// The storage failed.
    fn reset(&self, secret: &Fingerprint) -> Result<Option<ResetRecord>, StoreError>;

    /// Uses a link up, in one transaction: it goes, the account gets the password, and all its sessions end. False, and nothing
    /// done, when the link is gone already.
    ///
    /// # Errors
    /// The storage failed.
    fn use_reset(
        &self,
        reset: &ResetRecord,
        password: &PasswordHashText,
        at: Timestamp,
    ) -> Result<bool, StoreError>;
}
