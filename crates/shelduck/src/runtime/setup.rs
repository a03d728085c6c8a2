//! The one-time setup: how the first admin gets in.
//!
//! The secret is kept in a file that only the server's user can read until somebody has used it, so that the link `shelduck
//! init` prints is still good when the server starts.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use gate::Gate;

use crate::secret::write_private;

const FILE: &str = "setup-secret";

/// Removes the file when somebody has used the secret: when the server stops, or else when it starts again.
pub(super) fn clear(gate: &Gate, dir: &Path) -> Result<()> {
    if gate.setup_required().context("the setup")? {
        return Ok(());
    }
    let file = dir.join(FILE);
    match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", file.display()))
        }
        _ => Ok(()),
    }
}

/// The link, while nobody can sign in.
pub(super) fn url(gate: &Gate, dir: &Path, url: &str) -> Result<Option<String>> {
    clear(gate, dir)?;
    if !gate.setup_required().context("the setup")? {
        return Ok(None);
    }
    let file = dir.join(FILE);
    let secret = match fs::read_to_string(&file) {
        Ok(secret) => secret,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret = gate.offer_setup().context("the setup")?;
            write_private(&file, secret.as_bytes())
                .with_context(|| format!("cannot write {}", file.display()))?;
            secret
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    Ok(Some(format!("{}/setup#secret={}", url.trim_end_matches('/'), secret.trim())))
}
