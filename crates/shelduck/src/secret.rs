//! The root secret and the keys derived from it.
//!
//! There is one root secret. Each purpose gets its own key by HMAC-SHA-256 with a label, so that a key for one purpose says
//! nothing about another (NIST SP 800-108, counter mode with one block).

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use gate::{Keyring, RootSecret};
use secrecy::{ExposeSecret, SecretString};

use crate::config::checks::weakness;

/// A new root secret: 64 hexadecimal digits from the operating system.
pub(crate) fn generate() -> anyhow::Result<SecretString> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        anyhow::anyhow!("the operating system gives no random numbers: {error}")
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
}

/// The root secret: the configured one, else the one in the data folder, else a new one that is kept there.
pub(crate) fn load_or_create(
    configured: Option<&SecretString>,
    data_dir: &Path,
) -> anyhow::Result<SecretString> {
    if let Some(secret) = configured {
        return Ok(secret.clone());
    }
    let path = data_dir.join("secret");
    match fs::read_to_string(&path) {
        Ok(text) => {
            let secret = SecretString::from(text.trim().to_owned());
            match weakness(secret.expose_secret()) {
                None => Ok(secret),
                Some(weakness) => bail!("the root secret in {} {weakness}", path.display()),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret = generate()?;
            write_private(&path, secret.expose_secret().as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
            Ok(secret)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// The key that heads of the audit log are signed with; derived for that and nothing else.
pub(crate) fn audit_signer(root: &RootSecret) -> anyhow::Result<audit::Signer> {
    let seed = root.derive("audit heads").mac(&[b"ed25519 seed"]).0;
    audit::Signer::from_seed(&seed).context("the audit log's key")
}

/// The key of the audit log under these secrets: the primary's, which vouches for its predecessors'.
pub(crate) fn audit_signer_of(keyring: &Keyring) -> anyhow::Result<audit::Signer> {
    let public = |root: &RootSecret| audit_signer(root).map(|signer| signer.public_key());
    let predecessors = keyring.predecessors().iter().map(public).collect::<anyhow::Result<_>>()?;
    Ok(audit_signer(keyring.primary())?.after(predecessors))
}

/// The root secret and the one before it, if that is configured.
pub(crate) fn keyring(
    root: RootSecret,
    previous: Option<&SecretString>,
) -> anyhow::Result<Keyring> {
    let parse = |secret: &SecretString| RootSecret::parse(secret.expose_secret());
    let previous = previous.map(parse).transpose().context("server.previous_secret")?;
    Keyring::new(root, previous.into_iter().collect()).context("server.previous_secret")
}

/// Writes a file that only its owner can read, all of it or nothing; it must not exist yet.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    fs::File::open(path.parent().unwrap_or_else(|| Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_only_for_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let first = load_or_create(None, dir.path()).unwrap();
        let second = load_or_create(None, dir.path()).unwrap();
        assert_eq!(first.expose_secret(), second.expose_secret());
        assert_eq!(weakness(first.expose_secret()), None);
        assert_eq!(
            fs::metadata(dir.path().join("secret")).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn a_damaged_secret_is_an_error_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("secret"), "short").unwrap();
        assert!(load_or_create(None, dir.path()).is_err());
        assert_eq!(fs::read_to_string(dir.path().join("secret")).unwrap(), "short");
    }
}
