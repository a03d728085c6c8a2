//! Who may do what, and how often: one gate in front of every door.
//!
//! Each door (HTTP, wire protocols, the local socket) turns a request into an [`door::Ask`], and [`door::check`] answers
//! with a [`Permit`] or a typed refusal. The core knows neither HTTP nor a product noun: time, randomness, storage and
//! the product's words are passed in, and what may block is said. [`http`] is the HTTP door.
//!
//! # Invariants
//! - Nothing outside this crate can make a [`Permit`].
//! - Secrets, sessions and client addresses are types that do not print.
//! - Everything counted by what callers choose has a bounded number of places.
//!
//! # Not here
//! - Which actions, roles and routes exist: tables of the product ([`Vocabulary`], [`http::Routes`]).
//! - Where users, sessions and keys are kept: an adaptor of [`store::Store`].
#![forbid(unsafe_code)]

pub mod accounts;
pub mod address;
pub mod audit;
mod authenticate;
pub mod clock;
pub mod config;
pub mod device;
pub mod door;
pub mod emergency;
mod enrol;
pub mod factor;
pub mod forwarded;
mod gate;
pub mod http;
pub mod key;
pub mod keyring;
pub mod keys;
pub mod limits;
mod live;
pub mod local;
pub mod lockout;
pub mod memory;
#[cfg(all(test, feature = "model"))]
mod model;
pub mod name;
mod own;
pub mod password;
mod permit;
pub mod policy;
mod principal;
mod prove;
pub mod proxy_protocol;
pub mod random;
mod recheck;
mod request_id;
mod requirement;
mod reset;
mod scope;
pub mod seal;
mod second_step;
pub mod secret;
pub mod session;
mod sessions;
mod setup;
mod step_up;
pub mod store;
mod sync;
mod table;
pub mod token;
pub mod tokens;
mod transaction;
mod users;
mod vocabulary;

pub use accounts::{AccountError, FactorAsked, LogIn, LoggedIn, SignedIn};
pub use address::ClientAddress;
pub use config::GateConfig;
pub use door::on_blocking_thread;
pub use enrol::{AppConfirmed, AppOffer, FactorError, PasskeyAdded, PasskeyOffer};
pub use factor::{Enrolled, Factor, Factors};
pub use gate::{Environment, Gate, GateError};
pub use key::{ApiKey, ImportError, ImportedKey, KeyId};
pub use keyring::{KeyLabel, Keyring};
pub use keys::{IssuedKey, KeyError, NewKey};
pub use password::Password;
pub use permit::Permit;
pub use policy::{Class, CorsClass, CsrfRule, Policy, Reach};
pub use principal::{Principal, SessionId, UserId};
pub use prove::{HalfProved, Proof, Proved, SecondFactor, Shown};
pub use recheck::Moment;
pub use request_id::RequestId;
pub use requirement::{Requirement, Requirements};
pub use reset::{RESET_LIFE, ResetLink};
pub use scope::{Action, Place, Scope};
pub use second_step::SecondStep;
pub use secret::RootSecret;
pub use sessions::AllSessions;
pub use setup::SetUp;
pub use step_up::{CurrentSession, StepUp};
pub use token::{AccessToken, RefreshToken};
pub use tokens::{IssuedTokens, TokenError};
pub use transaction::TransactionToken;
pub use users::{GRANTS_MAX, ImportedUser, NewUser, UserChange};
pub use vocabulary::{ActionRow, RoleRow, Vocabulary};
