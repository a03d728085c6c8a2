//! The acts for a bad day: taking back every key, ending every session,
//! replacing the server's secrets.
//!
//! Each is whole or not done, bites before it is acknowledged, and leaves an event. They are the incident guides of the
//! operator's manual as functions, so that they can be tested.

use std::sync::Arc;

use crate::audit::{EventName, Outcome};
use crate::gate::{Gate, GateError, Trace};
use crate::keyring::Keyring;
use crate::permit::Permit;
use crate::store::StoreError;

/// Whoever keeps the root secrets where they survive a restart.
pub trait SecretKeeper: Send + Sync + 'static {
    /// Makes a new primary; the old one stays as the first predecessor. What it returns is on disk.
    ///
    /// # Errors
    /// The secrets are not this server's to change, or could not be written.
    fn rotate(&self) -> Result<Keyring, KeeperError>;

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

    /// Ends every session and every token; says how many ended.
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

    /// Goes over to a new root secret and ends whatever was made under an old one: sessions, tokens and keys. Says how many
    /// keys were taken back.
    ///
    /// The ends are stored first: whatever happens in between, nothing that was ended works again.
    ///
    /// # Errors
    /// [`EmergencyError::NotForCaller`], a failing store, or secrets that could not be changed.
    pub fn replace_secrets(
        &self,
        permit: &Permit,
        keeper: &dyn SecretKeeper,
    ) -> Result<u64, EmergencyError> {
        administers(permit)?;
        let revoked = {
            let _changing = self.change();
            self.store.end_everything()?;
            let revoked = self.store.revoke_all_keys(self.now())?;
            self.live.forget_all();
            revoked
        };
        self.take_up(&keeper.rotate()?)?;
        self.take_up(&keeper.forget_predecessors()?)?;
        self.acted(permit, EventName::CryptKeyRotated, "panic:rotate-secrets");
        Ok(revoked)
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
