//! The root secret and the keys derived from it.
//!
//! There is one root secret. Each purpose gets its own key by HMAC-SHA-256 with a label, so that a key for one purpose says
//! nothing about another (NIST SP 800-108, counter mode with one block).

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use gate::{Keyring, RootSecret};
use secrecy::SecretString;

mod keeper;
mod kept;

pub(crate) use keeper::{RootSecrets, keyring};
pub(crate) use kept::{Kept, path};

/// A new root secret: 64 hexadecimal digits from the operating system.
pub(crate) fn generate() -> anyhow::Result<SecretString> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        anyhow::anyhow!("the operating system gives no random numbers: {error}")
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
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

/// Writes a file that only its owner can read, all of it or nothing; one that is there is replaced.
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
