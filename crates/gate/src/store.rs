//! What the gate must find again after a restart, and the trait through which
//! it does.
//!
//! The gate decides, the store remembers: records are plain data with scopes and roles as written text, so an adaptor
//! needs no knowledge of what they mean. Calls are synchronous and may block on a disk; the gate makes them on threads
//! where that is allowed and keeps what is asked often in memory.
//!
//! # Invariants an adaptor must keep
//! - A call that returned `Ok` survives a crash.
//! - Each method is one transaction.
//! - User names are unique; the gate passes them in canonical spelling.

mod authenticators;

use std::sync::Arc;

use ipnet::IpNet;
use jiff::Timestamp;

use crate::address::AddressClass;
use crate::factor::Factors;
use crate::key::KeyId;
use crate::keyring::KeyLabel;
use crate::principal::{SessionId, UserId};
use crate::secret::Fingerprint;
use crate::session::SessionHash;
pub use authenticators::{AUTHENTICATORS_PER_USER_MAX, AuthenticatorStore};

pub mod factors;
mod passwords;
mod session;
mod token;

pub use factors::FactorStore;
pub use passwords::{PasswordStore, ResetRecord};
pub use session::SessionStore;
pub use token::{DENIED_TOKENS_MAX, FamilyRecord, TokenStore};

/// The store could not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The name or id is taken, or there is nothing of that id to change.
    #[error("the record conflicts with what is stored")]
    Conflict,
    /// The storage below failed.
    #[error("the store failed")]
    Failed(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Wraps a failure of the storage below.
    pub fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Failed(Arc::new(error))
    }
}

/// An account.
#[derive(Debug, Clone)]
pub struct UserRecord {
    /// Its identity.
    pub id: UserId,
    /// Its canonical name, unique.
    pub name: String,
    /// Its role's name.
    pub role: String,
    /// Where the role counts, as written.
    pub grants: Vec<String>,
    /// The password's hash, a PHC string; none until one is chosen.
    pub password: Option<PasswordHashText>,
    /// Whether another password must be chosen before anything else.
    pub must_change_password: bool,
    /// Whether it is shut.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its password was last set.
    pub password_changed_at: Timestamp,
    /// When somebody last signed in to it.
    pub last_login_at: Option<Timestamp>,
}

/// A password's hash in PHC form; its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHashText(pub String);

impl std::fmt::Debug for PasswordHashText {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PasswordHashText(hidden)")
    }
}

/// A session.
#[derive(Debug, Clone)]
pub struct SessionRecord {
    /// The hash of its token, by which it is found.
    pub hash: SessionHash,
    /// Its public name in lists.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to within a minute.
    pub last_seen_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// What the browser called itself, cut to size.
    pub user_agent: Option<String>,
    /// What was proved in it.
    pub factors: Factors,
    /// When it was last proved.
    pub authenticated_at: Timestamp,
}

/// An API key.
#[derive(Debug, Clone)]
pub struct KeyRecord {
    /// Its public id, by which it is found.
    pub id: KeyId,
    /// What its maker called it.
    pub name: String,
    /// What it may do, as written.
    pub scopes: Vec<String>,
    /// Who made it; none for the operator's.
    pub owner: Option<UserId>,
    /// The keyed code of its whole text.
    pub fingerprint: Fingerprint,
    /// Under which of the server's secrets the code was made; none when that was not noted yet.
    pub label: Option<KeyLabel>,
    /// Whether it was brought along from another system.
    pub imported: bool,
    /// Networks it may be used from; none listed means any.
    pub cidrs: Vec<IpNet>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// The day it was last used.
    pub last_used_at: Option<Timestamp>,
    /// From what kind of network it was last used.
    pub last_used_from: Option<AddressClass>,
    /// When it got a successor.
    pub replaced_at: Option<Timestamp>,
    /// How many days before its end the last reminder was.
    pub reminded_days: Option<u32>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// What is noted of a key's use.
#[derive(Debug, Clone, Copy)]
pub struct KeyUse {
    /// The day.
    pub day: Timestamp,
    /// From what kind of network.
    pub from: AddressClass,
    /// Its code under the server's primary secret, where another made the one that is kept.
    pub remade: Option<(KeyLabel, Fingerprint)>,
}

/// A counter of failed attempts. Its key is a keyed code: neither name nor address is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockRecord {
    /// Which counter.
    pub key: [u8; 16],
    /// Failures since the last lock or success.
    pub failures: u32,
    /// Locks since the last success.
    pub locks: u32,
    /// Until when nothing is tried.
    pub locked_until: Option<Timestamp>,
    /// When it last failed.
    pub last_failure_at: Timestamp,
}

/// What happens to a user's sessions when the account changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionsAfter {
    /// They go on.
    Keep,
    /// All end.
    End,
    /// All but this one end.
    EndAllBut(SessionHash),
}

/// What the gate must find again after a restart.
pub trait Store:
    AuthenticatorStore + FactorStore + PasswordStore + SessionStore + TokenStore + Send + Sync + 'static
{
    /// The account of that id.
    ///
    /// # Errors
    /// The storage failed.
    fn user(&self, id: UserId) -> Result<Option<UserRecord>, StoreError>;

    /// The account of that canonical name.
    ///
    /// # Errors
    /// The storage failed.
    fn user_by_name(&self, name: &str) -> Result<Option<UserRecord>, StoreError>;

    /// All accounts by name.
    ///
    /// # Errors
    /// The storage failed.
    fn users(&self) -> Result<Vec<UserRecord>, StoreError>;

    /// Whether there is any account.
    ///
    /// # Errors
    /// The storage failed.
    fn has_users(&self) -> Result<bool, StoreError>;

    /// Adds an account.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the name is taken.
    fn insert_user(&self, user: &UserRecord) -> Result<(), StoreError>;

    /// Adds the very first account and forgets the setup secret, in one transaction; false, and nothing done, when
    /// there is an account already.
    ///
    /// # Errors
    /// The storage failed.
    fn insert_first_user(&self, user: &UserRecord) -> Result<bool, StoreError>;

    /// Replaces an account and ends sessions as told, in one transaction. An account that is shut loses with it, and for
    /// good, everything by which something could act in its name: sessions, keys, tokens. When it last signed in stays.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is none of that id.
    fn update_user(&self, user: &UserRecord, sessions: SessionsAfter) -> Result<(), StoreError>;

    /// Replaces a password's hash and nothing else about the account, and ends sessions as told, in one transaction.
    ///
    /// `changed_at` is none when the same password was only hashed anew. A changed one need not be changed any more; the one
    /// before is kept among the former ones, and a one-time link ends.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is none of that id.
    fn set_password(
        &self,
        id: UserId,
        password: &PasswordHashText,
        changed_at: Option<Timestamp>,
        sessions: SessionsAfter,
    ) -> Result<(), StoreError>;

    /// Notes that somebody signed in, and nothing else about the account; nothing happens when it is gone.
    ///
    /// # Errors
    /// The storage failed.
    fn note_login(&self, id: UserId, at: Timestamp) -> Result<(), StoreError>;

    /// The session of that hash.
    ///
    /// # Errors
    /// The storage failed.
    fn session(&self, hash: &SessionHash) -> Result<Option<SessionRecord>, StoreError>;

    /// A user's sessions, oldest first.
    ///
    /// # Errors
    /// The storage failed.
    fn sessions_of(&self, user: UserId) -> Result<Vec<SessionRecord>, StoreError>;

    /// Adds a session.
    ///
    /// # Errors
    /// The storage failed.
    fn insert_session(&self, session: &SessionRecord) -> Result<(), StoreError>;

    /// Notes that a session was used; nothing happens when it is gone.
    ///
    /// # Errors
    /// The storage failed.
    fn touch_session(&self, hash: &SessionHash, seen_at: Timestamp) -> Result<(), StoreError>;

    /// Gives a session another token and notes what was proved in it, if it is still found by the old one; false when it is
    /// not.
    ///
    /// # Errors
    /// The storage failed.
    fn renew_session(&self, old: &SessionHash, renewed: &SessionRecord)
    -> Result<bool, StoreError>;

    /// Ends a session; nothing happens when it is gone.
    ///
    /// # Errors
    /// The storage failed.
    fn delete_session(&self, hash: &SessionHash) -> Result<(), StoreError>;

    /// Ends all sessions whose absolute end has passed; says how many.
    ///
    /// # Errors
    /// The storage failed.
    fn delete_expired_sessions(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// The key of that id.
    ///
    /// # Errors
    /// The storage failed.
    fn key(&self, id: &KeyId) -> Result<Option<KeyRecord>, StoreError>;

    /// All keys, newest first.
    ///
    /// # Errors
    /// The storage failed.
    fn keys(&self) -> Result<Vec<KeyRecord>, StoreError>;

    /// Adds a key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the id is taken.
    fn insert_key(&self, key: &KeyRecord) -> Result<(), StoreError>;

    /// Replaces a key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is none of that id.
    fn update_key(&self, key: &KeyRecord) -> Result<(), StoreError>;

    /// Adds a successor and replaces its predecessor, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the successor's id is taken or the predecessor is gone.
    fn rotate_key(&self, successor: &KeyRecord, predecessor: &KeyRecord) -> Result<(), StoreError>;

    /// Notes a key's use, and nothing else about it; nothing happens when it is gone.
    ///
    /// # Errors
    /// The storage failed.
    fn touch_key(&self, id: &KeyId, used: &KeyUse) -> Result<(), StoreError>;

    /// Notes that somebody was reminded of a key's end; nothing happens when it is gone.
    ///
    /// # Errors
    /// The storage failed.
    fn note_reminder(&self, id: &KeyId, days: u32) -> Result<(), StoreError>;

    /// Takes back every key that was not; says how many.
    ///
    /// # Errors
    /// The storage failed.
    fn revoke_all_keys(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Every counter of failures.
    ///
    /// # Errors
    /// The storage failed.
    fn locks(&self) -> Result<Vec<LockRecord>, StoreError>;

    /// Adds or replaces counters.
    ///
    /// # Errors
    /// The storage failed.
    fn save_locks(&self, locks: &[LockRecord]) -> Result<(), StoreError>;

    /// Forgets a counter; nothing happens when it is gone.
    ///
    /// # Errors
    /// The storage failed.
    fn delete_lock(&self, key: [u8; 16]) -> Result<(), StoreError>;

    /// The hash of the one-time setup secret, while there is one.
    ///
    /// # Errors
    /// The storage failed.
    fn setup_secret(&self) -> Result<Option<Fingerprint>, StoreError>;

    /// Replaces the one-time setup secret's hash.
    ///
    /// # Errors
    /// The storage failed.
    fn set_setup_secret(&self, secret: &Fingerprint) -> Result<(), StoreError>;
}
