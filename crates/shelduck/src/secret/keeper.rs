//! Who keeps the root secrets: the configuration, else the file of the data
//! folder.
//!
//! Replacing them also replaces the key of the audit log, which vouches for the one before it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use audit::AuditLog;
use gate::emergency::{KeeperError, SecretKeeper};
use gate::keyring::PREDECESSORS_MAX;
use gate::{Keyring, RootSecret};
use secrecy::{ExposeSecret, SecretString};

use super::{Kept, audit_signer_of, generate};
use crate::config::Config;

/// The root secrets of a server, and its audit log, whose key is made of them.
pub(crate) struct RootSecrets {
    data_dir: PathBuf,
    is_configured: bool,
    previous: Option<RootSecret>,
    log: AuditLog,
    /// Held while the file is read to be written.
    changing: Mutex<()>,
}

/// The secrets of a configuration and a data folder; a missing root secret is made.
pub(crate) fn keyring(config: &Config, data_dir: &Path) -> Result<Keyring> {
    let previous = previous(config)?;
    let Some(secret) = &config.server.secret else {
        return ring(&Kept::read_or_create(data_dir)?, previous);
    };
    let root = RootSecret::parse(secret.expose_secret()).context("server.secret")?;
    Keyring::new(root, previous.into_iter().collect()).context("server.previous_secret")
}

fn previous(config: &Config) -> Result<Option<RootSecret>> {
    let parse = |secret: &SecretString| RootSecret::parse(secret.expose_secret());
    config.server.previous_secret.as_ref().map(parse).transpose().context("server.previous_secret")
}

/// The secrets of the file, and the one of before that the configuration has.
fn ring(kept: &Kept, previous: Option<RootSecret>) -> Result<Keyring> {
    let parse = |secret: &SecretString| RootSecret::parse(secret.expose_secret());
    let older = kept.predecessors.iter().map(parse).collect::<Result<Vec<_>, _>>();
    let older = older.context("the file of the root secret")?.into_iter().chain(previous).collect();
    let primary = parse(&kept.primary).context("the file of the root secret")?;
    Keyring::new(primary, older).context("the root secrets")
}

impl RootSecrets {
    /// Those of a server whose data folder and audit log are open.
    pub(crate) fn new(config: &Config, data_dir: &Path, log: AuditLog) -> Result<Self> {
        let previous = previous(config)?;
        Ok(Self {
            data_dir: data_dir.to_owned(),
            is_configured: config.server.secret.is_some(),
            previous,
            log,
            changing: Mutex::new(()),
        })
    }

    /// Puts what `change` makes of the file in its place, on disk and in the audit log.
    fn change(
        &self,
        change: impl FnOnce(Kept) -> Result<Kept, KeeperError>,
    ) -> Result<Keyring, KeeperError> {
        if self.is_configured {
            return Err(KeeperError::Configured);
        }
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let next = change(Kept::read_or_create(&self.data_dir).map_err(failed)?)?;
        let keyring = ring(&next, self.previous.clone()).map_err(failed)?;
        let signer = audit_signer_of(&keyring).map_err(failed)?;
        next.write(&self.data_dir).map_err(|error| KeeperError::Failed(Arc::new(error)))?;
        self.log.sign_with(signer);
        Ok(keyring)
    }

    /// What the configuration recognises cannot be forgotten here.
    fn all_are_ours(&self) -> Result<(), KeeperError> {
        if self.previous.is_some() { Err(KeeperError::Configured) } else { Ok(()) }
    }
}

fn failed(error: anyhow::Error) -> KeeperError {
    KeeperError::Failed(Arc::from(Box::<dyn std::error::Error + Send + Sync>::from(error)))
}

impl SecretKeeper for RootSecrets {
    fn rotate(&self) -> Result<Keyring, KeeperError> {
        self.change(|kept| {
            let Kept { primary, mut predecessors } = kept;
            if predecessors.len() + usize::from(self.previous.is_some()) >= PREDECESSORS_MAX {
                return Err(KeeperError::TooMany);
            }
            predecessors.insert(0, primary);
            Ok(Kept { primary: generate().map_err(failed)?, predecessors })
        })
    }

    fn replace(&self) -> Result<Keyring, KeeperError> {
        self.all_are_ours()?;
        self.change(|kept| {
            let primary = generate().map_err(failed)?;
            Ok(Kept { primary, predecessors: vec![kept.primary] })
        })
    }

    fn forget_predecessors(&self) -> Result<Keyring, KeeperError> {
        self.all_are_ours()?;
        self.change(|kept| Ok(Kept { predecessors: Vec::new(), ..kept }))
    }
}
