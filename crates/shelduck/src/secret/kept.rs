//! The file of the data folder that holds the root secret, and those before it.
//!
//! The first line is the secret that makes and seals; each further one only recognises, the youngest first. One file, so that
//! both change in one step.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::{generate, write_private};
use crate::config::checks::weakness;

/// What the file holds.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// The secret that makes and seals.
    pub(crate) primary: SecretString,
    /// The secrets that only recognise, the youngest first.
    pub(crate) predecessors: Vec<SecretString>,
}

/// Where it is.
pub(crate) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("secret")
}

impl Kept {
    /// Reads the file as it is; none when there is none.
    pub(crate) fn read(data_dir: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read_to_string(path(data_dir)) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut secrets =
            text.trim().lines().map(|line| SecretString::from(line.trim().to_owned()));
        let primary = secrets.next().unwrap_or_default();
        Ok(Some(Self { primary, predecessors: secrets.collect() }))
    }

    /// Reads the file, or makes it with a new secret.
    pub(crate) fn read_or_create(data_dir: &Path) -> Result<Self> {
        let path = path(data_dir);
        let found =
            Self::read(data_dir).with_context(|| format!("cannot read {}", path.display()))?;
        let Some(kept) = found else {
            let kept = Self { primary: generate()?, predecessors: Vec::new() };
            kept.write(data_dir).with_context(|| format!("cannot write {}", path.display()))?;
            return Ok(kept);
        };
        let all = std::iter::once(&kept.primary).chain(&kept.predecessors);
        match all.filter_map(|secret| weakness(secret.expose_secret())).next() {
            None => Ok(kept),
            Some(weakness) => bail!("a root secret in {} {weakness}", path.display()),
        }
    }

    /// Puts this in place of the file, in one step.
    pub(crate) fn write(&self, data_dir: &Path) -> io::Result<()> {
        let mut text = Zeroizing::new(self.primary.expose_secret().to_owned());
        for secret in &self.predecessors {
            text.push('\n');
            text.push_str(secret.expose_secret());
        }
        write_private(&path(data_dir), text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_only_for_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let first = Kept::read_or_create(dir.path()).unwrap();
        let second = Kept::read_or_create(dir.path()).unwrap();
        assert_eq!(first.primary.expose_secret(), second.primary.expose_secret());
        assert!(second.predecessors.is_empty());
        assert_eq!(weakness(first.primary.expose_secret()), None);
        let mode = fs::metadata(path(dir.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_secret_is_an_error_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let good = generate().unwrap();
        for text in ["short".to_owned(), String::new(), format!("{}\nshort", good.expose_secret())]
        {
            fs::write(path(dir.path()), &text).unwrap();
            assert!(Kept::read_or_create(dir.path()).is_err(), "{text}");
            assert_eq!(fs::read_to_string(path(dir.path())).unwrap(), text);
        }
    }
}
