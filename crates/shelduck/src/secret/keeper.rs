//! Who keeps the root secrets: the configuration, else the file of the data
//! folder.
//!
//! Replacing them also replaces the key of the audit log, which vouches for the one before it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};
use audit::AuditLog;
use gate::emergency::{KeeperError, SecretKeeper};
use gate::keyring::{KeyLabel, PREDECESSORS_MAX};
use gate::secret::RootSecretError;
use gate::{Gate, Keyring, RootSecret};
use secrecy::{ExposeSecret, SecretString};

use super::{Kept, audit_signer_of, generate};
use crate::config::Config;

/// The root secrets of a server, and its audit log, whose key is made of them.
pub(crate) struct RootSecrets {
    data_dir: PathBuf,
    log: AuditLog,
    /// Held while secrets are changed, those of the file too.
    configured: Mutex<Configured>,
}

/// The secrets that the configuration sets.
struct Configured {
    root: Option<RootSecret>,
    previous: Option<RootSecret>,
    token: Option<RootSecret>,
}

/// The secrets of a configuration and a data folder; a missing root secret is made.
pub(crate) fn keyring(config: &Config, data_dir: &Path) -> Result<Keyring> {
    Configured::by(config)?.ring(data_dir)
}

fn parsed(secret: &SecretString) -> Result<RootSecret, RootSecretError> {
    RootSecret::parse(secret.expose_secret())
}

impl Configured {
    fn by(config: &Config) -> Result<Self> {
        let parse = |secret: &Option<SecretString>, option: &'static str| {
            secret.as_ref().map(parsed).transpose().context(option)
        };
        Ok(Self {
            root: parse(&config.server.secret, "server.secret")?,
            previous: parse(&config.server.previous_secret, "server.previous_secret")?,
            token: parse(&config.auth.token_secret, "auth.tokens.secret")?,
        })
    }

    fn ring(&self, data_dir: &Path) -> Result<Keyring> {
        let Some(root) = &self.root else {
            return self.ring_of(&Kept::read_or_create(data_dir)?);
        };
        let older = self.previous.clone().into_iter().collect();
        self.with_token(Keyring::new(root.clone(), older).context("server.previous_secret")?)
    }

    /// The secrets of the file, and the one of before that the configuration has.
    fn ring_of(&self, kept: &Kept) -> Result<Keyring> {
        let older = kept.predecessors.iter().map(parsed).collect::<Result<Vec<_>, _>>();
        let older = older.context("the file of the root secret")?;
        let older = older.into_iter().chain(self.previous.clone()).collect();
        let primary = parsed(&kept.primary).context("the file of the root secret")?;
        self.with_token(Keyring::new(primary, older).context("the root secrets")?)
    }

    fn with_token(&self, ring: Keyring) -> Result<Keyring> {
        match &self.token {
            Some(token) => ring.with_token_secret(token.clone()).context("auth.tokens.secret"),
            None => Ok(ring),
        }
    }

    /// The names of the three, by which one configuration is told from another.
    fn labels(&self) -> [Option<KeyLabel>; 3] {
        [&self.root, &self.previous, &self.token].map(|secret| secret.as_ref().map(KeyLabel::of))
    }
}

impl RootSecrets {
    /// Those of a server whose data folder and audit log are open.
    pub(crate) fn new(config: &Config, data_dir: &Path, log: AuditLog) -> Result<Self> {
        let configured = Mutex::new(Configured::by(config)?);
        Ok(Self { data_dir: data_dir.to_owned(), log, configured })
    }

    fn configured(&self) -> MutexGuard<'_, Configured> {
        self.configured.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up the secrets of a configuration that was read again; says whether they are others.
    ///
    /// A secret that nobody announced as the successor of the one in force would end every key and factor at once, as a file
    /// that was written wrongly does: that takes a restart.
    pub(crate) fn read_again(&self, config: &Config, gate: &Gate) -> Result<bool> {
        let next = Configured::by(config)?;
        let mut configured = self.configured();
        if next.labels() == configured.labels() {
            return Ok(false);
        }
        if next.root.is_some() != configured.root.is_some() {
            bail!("where the root secret is kept changes with a restart only");
        }
        let (before, after) = (configured.ring(&self.data_dir)?, next.ring(&self.data_dir)?);
        let in_force = KeyLabel::of(before.primary());
        let mut recognised = std::iter::once(after.primary()).chain(after.predecessors());
        if !recognised.any(|secret| KeyLabel::of(secret) == in_force) {
            bail!(
                "the secret in force must become server.previous_secret at the same time, or nothing it made would be recognised"
            );
        }
        let signer = audit_signer_of(&after)?;
        gate.set_keyring(&after).context("the new secrets cannot be used")?;
        self.log.sign_with(signer);
        *configured = next;
        Ok(true)
    }

    /// Puts what `change` makes of the file in its place, on disk and in the audit log.
    fn change(
        &self,
        change: impl FnOnce(Kept, &Configured) -> Result<Kept, KeeperError>,
    ) -> Result<Keyring, KeeperError> {
        let configured = self.configured();
        if configured.root.is_some() {
            return Err(KeeperError::Configured);
        }
        let kept = Kept::read_or_create(&self.data_dir).map_err(failed)?;
        let next = change(kept, &configured)?;
        let keyring = configured.ring_of(&next).map_err(failed)?;
        let signer = audit_signer_of(&keyring).map_err(failed)?;
        next.write(&self.data_dir).map_err(|error| KeeperError::Failed(Arc::new(error)))?;
        self.log.sign_with(signer);
        Ok(keyring)
    }
}

/// What the configuration recognises cannot be forgotten here.
fn all_are_ours(configured: &Configured) -> Result<(), KeeperError> {
    if configured.previous.is_some() { Err(KeeperError::Configured) } else { Ok(()) }
}

fn failed(error: anyhow::Error) -> KeeperError {
    KeeperError::Failed(Arc::from(Box::<dyn std::error::Error + Send + Sync>::from(error)))
}

impl SecretKeeper for RootSecrets {
    fn rotate(&self) -> Result<Keyring, KeeperError> {
        self.change(|kept, configured| {
            let Kept { primary, mut predecessors } = kept;
            if predecessors.len() + usize::from(configured.previous.is_some()) >= PREDECESSORS_MAX {
                return Err(KeeperError::TooMany);
            }
            predecessors.insert(0, primary);
            Ok(Kept { primary: generate().map_err(failed)?, predecessors })
        })
    }

    fn replace(&self) -> Result<Keyring, KeeperError> {
        self.change(|kept, configured| {
            all_are_ours(configured)?;
            let primary = generate().map_err(failed)?;
            Ok(Kept { primary, predecessors: vec![kept.primary] })
        })
    }

    fn forget_predecessors(&self) -> Result<Keyring, KeeperError> {
        self.change(|kept, configured| {
            all_are_ours(configured)?;
            Ok(Kept { predecessors: Vec::new(), ..kept })
        })
    }
}
