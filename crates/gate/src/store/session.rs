//! Sessions as those see them who administer.

use jiff::Timestamp;

use super::{SessionRecord, StoreError};

/// All sessions at once.
pub trait SessionStore {
    /// The sessions of all users whose absolute end has not passed, oldest first.
    ///
    /// # Errors
    /// The storage failed.
    fn all_sessions(&self, now: Timestamp) -> Result<Vec<SessionRecord>, StoreError>;

    /// Ends every session, every family of tokens and every link that resets a password, and begins a new era, in one
    /// transaction; says how many sessions and families ended.
    ///
    /// # Errors
    /// The storage failed.
    fn end_everything(&self) -> Result<u64, StoreError>;

    /// Ends every browser's session and nothing else; says how many ended.
    ///
    /// # Errors
    /// The storage failed.
    fn end_all_sessions(&self) -> Result<u64, StoreError>;
}
