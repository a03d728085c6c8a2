//! The control store: users, sessions, keys, sites and settings, in SQLite.
//!
//! What this file holds is small, precious and changed rarely; what the warehouse holds is large, derived and changed always.
//! They are therefore apart. [`Control`] is one connection behind a mutex: its methods block for a few microseconds to read and
//! for one fsync to write, so callers on an async runtime write through `spawn_blocking`.
//!
//! One file per noun, each an `impl Control` block. Times are passed in; nothing here reads a clock.
//!
//! # Invariants
//! - A change that must be whole is one transaction: disabling a user ends the sessions and revokes the keys with it.
//! - No secret is stored: passwords as PHC strings, session ids as hashes, keys as MACs (the caller makes all three).
//! - A file that is damaged, foreign or written by a newer release is refused at [`Control::open`]; it is never replaced.
//!
//! # Not here
//! - What a role or a scope means: `api::policy`. How a password, a session id or a key is made and checked: `gate`.
//!
//! # Failure
//! [`StoreError`] names the step and `SQLite`'s own reason, never a statement or a value.

mod authenticators;
mod database;
mod error;
mod factors;
mod hostname;
mod keys;
mod lockouts;
mod migrations;
mod passwords;
mod row;
mod sessions;
mod settings;
mod sites;
mod tokens;
mod users;

pub use authenticators::AUTHENTICATORS_PER_USER_MAX;
pub use database::{Control, Opened};
pub use error::{Fault, OpenError, StoreError};
pub use factors::{
    FactorCounts, FactorError, PASSKEYS_PER_USER_MAX, Passkey, PasskeyId, RecoveryCodes, Totp,
};
pub use hostname::{HOSTNAME_BYTES_MAX, Hostname, HostnameError};
pub use keys::{ApiKey, KEYS_PER_OWNER_MAX, KeyError, KeyUse};
pub use lockouts::{LOCKOUTS_MAX, Lockout};
pub use passwords::{FORMER_PASSWORDS_MAX, PasswordReset};
pub use sessions::{Session, SessionId};
pub use settings::SETTING_BYTES_MAX;
pub use sites::{
    ALLOWED_HOSTNAMES_MAX, NewSite, SITES_MAX, Site, SiteChange, SiteError, SiteSettings,
    TimeZoneName,
};
pub use tokens::{DENIED_TOKENS_MAX, Epochs, TokenFamily};
pub use users::{SessionsAfter, USERS_MAX, User, UserError, UserId};
