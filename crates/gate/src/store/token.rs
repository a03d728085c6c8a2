//! What is remembered of tokens: their families, and what ended before its
//! time.

use jiff::Timestamp;

use super::StoreError;
use crate::principal::{SessionId, UserId};
use crate::secret::Fingerprint;
use crate::token::claims::Epochs;
use crate::token::{FamilyName, TokenId};

/// Access tokens ended one by one that are remembered at a time.
pub const DENIED_TOKENS_MAX: usize = 10_000;

/// A family of tokens: one sign-in of a program, and all that came of it.
#[derive(Debug, Clone)]
pub struct FamilyRecord {
    /// What its refresh tokens call it.
    pub name: FamilyName,
    /// Its id in lists and in access tokens.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The hash of the one refresh token that is good now.
    pub refresh: Fingerprint,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// By what the user proved who they are.
    pub factors: Vec<String>,
    /// When a refresh token was last exchanged.
    pub refreshed_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// Whether it was ended before that.
    pub ended: bool,
    /// Which epochs it began in.
    pub epochs: Epochs,
    /// What the program called itself, cut to size.
    pub user_agent: Option<String>,
}

/// What the gate must find again about tokens.
///
/// An adaptor raises a user's epoch, and ends the user's families, in the transaction of every change that ends the user's
/// sessions ([`super::SessionsAfter`] other than `Keep`).
pub trait TokenStore {
    /// The epochs that tokens of that user must have been made in.
    ///
    /// # Errors
    /// The storage failed.
    fn epochs(&self, user: UserId) -> Result<Epochs, StoreError>;

    /// Ends everything of a user that was made before: families and access tokens.
    ///
    /// # Errors
    /// The storage failed.
    fn raise_epoch(&self, user: UserId) -> Result<(), StoreError>;

    /// Adds a family; the oldest of the same user that are running end, so that at most `most` run.
    ///
    /// # Errors
    /// The storage failed.
    fn insert_family(&self, family: &FamilyRecord, most: usize) -> Result<(), StoreError>;

    /// The family of that name, ended or not.
    ///
    /// # Errors
    /// The storage failed.
    fn family(&self, name: &FamilyName) -> Result<Option<FamilyRecord>, StoreError>;

    /// The family of that id, ended or not.
    ///
    /// # Errors
    /// The storage failed.
    fn family_by_id(&self, id: SessionId) -> Result<Option<FamilyRecord>, StoreError>;

    /// The families that run, of one user or of all, oldest first.
    ///
    /// # Errors
    /// The storage failed.
    fn families(&self, of: Option<UserId>) -> Result<Vec<FamilyRecord>, StoreError>;

    /// Replaces the good refresh token, if it is still the one shown and the family runs; says whether it was.
    ///
    /// # Errors
    /// The storage failed.
    fn refresh_family(
        &self,
        name: &FamilyName,
        shown: &Fingerprint,
        next: &Fingerprint,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Ends a family; nothing happens when it has ended or is gone.
    ///
    /// # Errors
    /// The storage failed.
    fn end_family(&self, id: SessionId) -> Result<(), StoreError>;

    /// Forgets families whose time is over, and denied tokens whose end has passed.
    ///
    /// # Errors
    /// The storage failed.
    fn forget_old_tokens(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Ends one access token until its own end; when [`DENIED_TOKENS_MAX`] are remembered, false and nothing done.
    ///
    /// # Errors
    /// The storage failed.
    fn deny_token(&self, id: TokenId, until: Timestamp) -> Result<bool, StoreError>;

    /// Whether that access token was ended.
    ///
    /// # Errors
    /// The storage failed.
    fn is_denied(&self, id: TokenId) -> Result<bool, StoreError>;
}
