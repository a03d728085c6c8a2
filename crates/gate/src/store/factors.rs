//! What is remembered about second factors.
//!
//! Whatever must happen once (a code is used, a grace is taken, a passkey's counter moves on) is one conditional write here,
//! never a read followed by a write: of many that race, the store lets one through.

use jiff::Timestamp;

use super::{SessionsAfter, StoreError};
use crate::factor::Enrolled;
use crate::factor::passkey::PasskeyId;
use crate::factor::totp::TotpAlgorithm;
use crate::principal::UserId;
use crate::secret::Fingerprint;

/// Most passkeys of an account.
pub const PASSKEYS_MAX: usize = 16;

/// An authenticator app.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpRecord {
    /// Whose.
    pub user: UserId,
    /// Its secret, sealed.
    pub sealed: Vec<u8>,
    /// How its codes are made.
    pub algorithm: TotpAlgorithm,
    /// How long they are.
    pub digits: u8,
    /// When it was enrolled.
    pub created_at: Timestamp,
    /// The newest step whose code was used: no code of it or before it works again.
    pub last_step: u64,
    /// Failures in a row.
    pub failures: u32,
}

impl std::fmt::Debug for TotpRecord {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TotpRecord").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A set of recovery codes.
#[derive(Debug, Clone)]
pub struct RecoveryRecord {
    /// Whose.
    pub user: UserId,
    /// The keyed code of each.
    pub codes: Vec<Fingerprint>,
    /// When they were made.
    pub created_at: Timestamp,
}

/// How many recovery codes are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecoveryState {
    /// How many.
    pub remaining: u32,
    /// When the set was made.
    pub created_at: Timestamp,
}

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRecord {
    /// Its public name in lists.
    pub id: PasskeyId,
    /// Whose.
    pub user: UserId,
    /// What its owner calls it.
    pub name: String,
    /// The authenticator's name for it, unique among all accounts.
    pub credential_id: Vec<u8>,
    /// Its public key and what else the library keeps, as JSON.
    pub credential: String,
    /// The authenticator's counter when it was last used.
    pub counter: u32,
    /// When it was enrolled.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// A factor that comes to be, with what else changes in the same transaction.
#[derive(Debug, Clone, Copy)]
pub struct FactorChange<'a> {
    /// The account's first recovery codes; none when it has some already.
    pub codes: Option<&'a RecoveryRecord>,
    /// What happens to the account's sessions.
    pub sessions: SessionsAfter,
}

/// What the gate must find again about second factors.
///
/// When a removal leaves an account without app and passkey, its recovery codes go with it: they stand in for something.
pub trait FactorStore {
    /// What the account has enrolled.
    ///
    /// # Errors
    /// The storage failed.
    fn enrolled(&self, user: UserId) -> Result<Enrolled, StoreError>;

    /// The account's authenticator app.
    ///
    /// # Errors
    /// The storage failed.
    fn totp(&self, user: UserId) -> Result<Option<TotpRecord>, StoreError>;

    /// Adds or replaces the account's app, in one transaction with the rest of the change.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such account.
    fn set_totp(&self, totp: &TotpRecord, change: FactorChange<'_>) -> Result<(), StoreError>;

    /// Uses the code of a step and forgets the failures before it; false when that step or a later one was used, or there
    /// is no app.
    ///
    /// # Errors
    /// The storage failed.
    fn use_totp(&self, user: UserId, step: u64) -> Result<bool, StoreError>;

    /// Puts a secret that was sealed anew in place of the one that was read; nothing happens when it is another by now.
    ///
    /// # Errors
    /// The storage failed.
    fn reseal_totp(&self, user: UserId, before: &[u8], after: &[u8]) -> Result<(), StoreError>;

    /// Counts a failure; nothing happens when there is no app.
    ///
    /// # Errors
    /// The storage failed.
    fn fail_totp(&self, user: UserId) -> Result<(), StoreError>;

    /// Removes the account's app and ends sessions as told; false when there was none.
    ///
    /// # Errors
    /// The storage failed.
    fn delete_totp(&self, user: UserId, sessions: SessionsAfter) -> Result<bool, StoreError>;

    /// How many recovery codes the account has left; none when it never had any.
    ///
    /// # Errors
    /// The storage failed.
    fn recovery_codes(&self, user: UserId) -> Result<Option<RecoveryState>, StoreError>;

    /// Replaces the account's recovery codes: the old ones are dead.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such account.
    fn set_recovery_codes(
        &self,
        codes: &RecoveryRecord,
        sessions: SessionsAfter,
    ) -> Result<(), StoreError>;

    /// Uses one of that account's recovery codes; false when it is none of them, or used.
    ///
    /// # Errors
    /// The storage failed.
    fn use_recovery_code(
        &self,
        user: UserId,
        code: &Fingerprint,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The account's passkeys, oldest first.
    ///
    /// # Errors
    /// The storage failed.
    fn passkeys(&self, user: UserId) -> Result<Vec<PasskeyRecord>, StoreError>;

    /// The passkey of that credential, whosever it is.
    ///
    /// # Errors
    /// The storage failed.
    fn passkey(&self, credential_id: &[u8]) -> Result<Option<PasskeyRecord>, StoreError>;

    /// Adds a passkey, in one transaction with the rest of the change.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the credential is somebody's already, the account has [`PASSKEYS_MAX`], or there is
    /// no such account.
    fn insert_passkey(
        &self,
        passkey: &PasskeyRecord,
        change: FactorChange<'_>,
    ) -> Result<(), StoreError>;

    /// Moves the passkey's counter on from the one that was read; false when it is another by now, or the passkey is gone.
    ///
    /// # Errors
    /// The storage failed.
    fn use_passkey(
        &self,
        passkey: &PasskeyRecord,
        counter: u32,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Removes one of that account's passkeys and ends sessions as told; false when it has none of that id.
    ///
    /// # Errors
    /// The storage failed.
    fn delete_passkey(
        &self,
        user: UserId,
        id: PasskeyId,
        sessions: SessionsAfter,
    ) -> Result<bool, StoreError>;

    /// Removes all the account's factors, ends its sessions and gives it a new grace, in one transaction.
    ///
    /// # Errors
    /// The storage failed.
    fn reset_factors(&self, user: UserId) -> Result<(), StoreError>;

    /// Takes the one sign-in that an account without the factor it must have may make; false when it was taken before.
    ///
    /// # Errors
    /// The storage failed.
    fn take_grace(&self, user: UserId, at: Timestamp) -> Result<bool, StoreError>;
}
