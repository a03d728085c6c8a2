//! What is kept of one authority: account, certificate, when to ask again.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Chain and key, in one file so that they are replaced together.
pub(crate) const CERTIFICATE: &str = "certificate.pem";
/// The account with its key.
pub(crate) const ACCOUNT: &str = "account.json";
/// Tries that failed, and when the next may come.
pub(crate) const PAUSE: &str = "pause.json";

/// A folder that only the server's user can open.
#[derive(Debug, Clone)]
pub(crate) struct Files(PathBuf);

impl Files {
    /// Makes the folder when it is missing.
    pub(crate) fn open(dir: PathBuf) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        Ok(Self(dir))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What is in a file; none when there is no such file.
    pub(crate) fn read(&self, name: &str) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        match fs::read(self.path(name)) {
            Ok(content) => Ok(Some(Zeroizing::new(content))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a file that only its owner can read, all of it or nothing; one that is there is replaced.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let new = self.path(&format!("{name}.new"));
        // One that a crash left may be open to others.
        remove(&new)?;
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&new, self.path(name))?;
        fs::File::open(&self.0)?.sync_all()
    }

    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        remove(&self.path(name))
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_the_owner_gets_in_and_files_are_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path().join("a/b")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir.path().join("a/b")), 0o700);
        assert!(files.read(ACCOUNT).unwrap().is_none());
        fs::write(files.path("account.json.new"), "left by a crash, and longer").unwrap();
        for content in [&b"one"[..], b"two"] {
            files.write(ACCOUNT, content).unwrap();
            assert_eq!(files.read(ACCOUNT).unwrap().unwrap().as_slice(), content);
            assert_eq!(mode(&files.path(ACCOUNT)), 0o600);
        }
        assert!(!files.path("account.json.new").exists());
        files.remove(ACCOUNT).unwrap();
        files.remove(ACCOUNT).unwrap();
        assert!(files.read(ACCOUNT).unwrap().is_none());
    }
}
