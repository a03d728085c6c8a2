//! The acts for a bad day: taking back every key, ending every session,
//! replacing the server's secrets.
//!
//! Each is whole or not done, bites before it is acknowledged, and leaves an event. They are the incident guides of the
//! operator's manual as functions, so that they can be tested.

use std::sync::Arc;

use crate::audit::{EventName, Outcome};
use crate::gate::{Gate, GateError, Trace};
use crate::keyring::{KeyLabel, Keyring};
use crate::permit::Permit;
use crate::store::StoreError;

/// Whoever keeps the root secrets where they survive a restart.
pub trait SecretKeeper: Send + Sync + 'static {
    /// Makes a new primary; the old one stays as the first predecessor. What it returns is on disk.
    ///
    /// # Errors
    /// The secrets are not this server's to change, or could not be written.
    fn rotate(&self) -> Result<Keyring, KeeperError>;

    /// Makes a new primary; the old one stays as the only predecessor, and only until [`SecretKeeper::forget_predecessors`].
    /// What it returns is on disk.
    ///
    /// # Errors
    /// As [`SecretKeeper::rotate`], but there are never too many.
    fn replace(&self) -> Result<Keyring, KeeperError>;

    /// Forgets every predecessor. What it returns is on disk.
    ///
    /// # Errors
    /// As [`SecretKeeper::rotate`].
    fn forget_predecessors(&self) -> Result<Keyring, KeeperError>;
}

/// The secrets could not be changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeeperError {
    /// The configuration holds them: only the operator can change them.
    #[error("the root secret is set in the configuration")]
    Configured,
    /// So many predecessors are still needed that no further one can be kept.
    #[error("as many earlier secrets as can be kept are still in use")]
    TooMany,
    /// They could not be written.
    #[error("the secrets could not be written")]
    Failed(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

/// What ended with the server's secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    /// Sessions, and families of tokens.
    pub sessions: u64,
    /// Keys.
    pub keys: u64,
}

/// An act that was not done, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum EmergencyError {
    /// The caller does not administer.
    #[error("not for this caller")]
    NotForCaller,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The secrets stayed as they were.
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    /// The new secrets cannot be used.
    #[error("the new secrets cannot be used")]
    Gate(#[source] Box<GateError>),
}

impl Gate {
    /// Takes back every key; says how many.
    ///
    /// # Errors
    /// [`EmergencyError::NotForCaller`] or a failing store.
    pub fn revoke_all_keys(&self, permit: &Permit) -> Result<u64, EmergencyError> {
        administers(permit)?;
        let _changing = self.change();
        let revoked = self.store.revoke_all_keys(self.now())?;
        self.live.forget_all();
        self.acted(permit, EventName::AuthnTokenRevoked, "panic:revoke-keys");
        Ok(revoked)
    }

    /// Ends every session, every token and every link that resets a password; says how many sessions and families of tokens ended.
    ///
    /// # Errors
    /// [`EmergencyError::NotForCaller`] or a failing store.
    pub fn end_everything(&self, permit: &Permit) -> Result<u64, EmergencyError> {
        administers(permit)?;
        let _changing = self.change();
        let ended = self.store.end_everything()?;
        self.live.forget_all();
        self.acted(permit, EventName::SessionExpired, "panic:end-sessions");
        Ok(ended)
    }

    /// Ends every browser's session, because the operator wants a restart to end them; says how many.
    ///
    /// # Errors
    /// The store failed.
    pub fn forget_sessions(&self) -> Result<u64, StoreError> {
        let _changing = self.change();
        let ended = self.store.end_all_sessions()?;
        self.live.forget_all();
        let object = Some("restart".to_owned());
        self.audit_system(EventName::SessionExpired, Outcome::Success, object);
        Ok(ended)
    }

    /// Goes over to a new root secret; what was made under the old one goes on until it has run its time.
    ///
    /// # Errors
    /// [`EmergencyError::NotForCaller`], or the secrets could not be changed.
    pub fn rotate_secrets(
        &self,
        permit: &Permit,
        keeper: &dyn SecretKeeper,
    ) -> Result<(), EmergencyError> {
        administers(permit)?;
        self.take_up(&keeper.rotate()?)?;
        self.acted(permit, EventName::CryptKeyRotated, "secret:rotate");
        Ok(())
    }

    /// Forgets every earlier root secret, and takes back the keys that only those recognise; says how many.
    ///
    /// # Errors
    /// As [`Gate::rotate_secrets`], or a failing store.
    pub fn retire_secrets(
        &self,
        permit: &Permit,
        keeper: &dyn SecretKeeper,
    ) -> Result<u64, EmergencyError> {
        administers(permit)?;
        let keyring = keeper.forget_predecessors()?;
        self.take_up(&keyring)?;
        let ended = self.revoke_keys_not_of(KeyLabel::of(keyring.primary()))?;
        self.acted(permit, EventName::CryptKeyRotated, "secret:retire");
        Ok(ended)
    }

    /// What they made is not recognised any more; a key that says so in lists confuses nobody.
    fn revoke_keys_not_of(&self, label: KeyLabel) -> Result<u64, StoreError> {
        let _changing = self.change();
        let now = self.now();
        let mut ended = 0;
        for mut key in self.store.keys()? {
            if key.revoked_at.is_none() && key.label != Some(label) {
                key.revoked_at = Some(now);
                self.store.update_key(&key)?;
                ended += 1;
            }
        }
        self.live.forget_all();
        Ok(ended)
    }

    /// Goes over to a new root secret and ends whatever was made under an old one: sessions, tokens, keys, links.
    ///
    /// The new secret is on disk first, so that nothing has ended when it cannot be; the old one is forgotten last.
    ///
    /// # Errors
    /// [`EmergencyError::NotForCaller`], a failing store, or secrets that could not be changed.
    pub fn replace_secrets(
        &self,
        permit: &Permit,
        keeper: &dyn SecretKeeper,
    ) -> Result<Replaced, EmergencyError> {
        administers(permit)?;
        self.take_up(&keeper.replace()?)?;
        let ended = {
            let _changing = self.change();
            let sessions = self.store.end_everything()?;
            let keys = self.store.revoke_all_keys(self.now())?;
            self.live.forget_all();
            Replaced { sessions, keys }
        };
        self.take_up(&keeper.forget_predecessors()?)?;
        self.acted(permit, EventName::CryptKeyRotated, "panic:rotate-secrets");
        Ok(ended)
    }

    fn take_up(&self, keyring: &Keyring) -> Result<(), EmergencyError> {
        self.set_keyring(keyring).map_err(|error| EmergencyError::Gate(Box::new(error)))
    }

    fn acted(&self, permit: &Permit, name: EventName, act: &str) {
        self.record(name, Outcome::Success, &Trace::of(permit), Some(act.to_owned()));
    }
}

fn administers(permit: &Permit) -> Result<(), EmergencyError> {
    if permit.administers() { Ok(()) } else { Err(EmergencyError::NotForCaller) }
}
