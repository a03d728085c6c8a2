//! How often in a row each way of proving who one is has failed.

use crate::principal::UserId;
use crate::store::StoreError;

/// Tries of a user's authenticators since each last succeeded or was bound anew.
///
/// An authenticator is a name such as `password`; what is recognised by something has its own, `password@…`.
pub trait AuthenticatorStore {
    /// Counts a try before it is looked at; false, and nothing counted, when that many have been counted already. When a
    /// user has no room for another authenticator, the one that failed least makes it.
    ///
    /// # Errors
    /// The storage failed.
    fn count_try(&self, user: UserId, authenticator: &str, most: u32) -> Result<bool, StoreError>;

    /// Takes one try back that did not happen.
    ///
    /// # Errors
    /// The storage failed.
    fn uncount_try(&self, user: UserId, authenticator: &str) -> Result<(), StoreError>;

    /// Forgets all tries of one authenticator; says how many there were.
    ///
    /// # Errors
    /// The storage failed.
    fn forget_tries(&self, user: UserId, authenticator: &str) -> Result<u32, StoreError>;

    /// Forgets all tries of all authenticators of a user whose name begins so: `password` with those of who is recognised.
    ///
    /// # Errors
    /// The storage failed.
    fn forget_tries_like(&self, user: UserId, prefix: &str) -> Result<(), StoreError>;
}

/// Authenticators of one user that are counted apart.
pub const AUTHENTICATORS_PER_USER_MAX: u32 = 256;
