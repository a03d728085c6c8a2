//! The file operations that can fail while the log is written.
//!
//! A trait so that tests can refuse, shorten or delay them; the program has one implementation.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

/// What the writer does to files.
pub(crate) trait Disk: Send + Sync {
    /// Writes all of `bytes` at `position`; after an error any part of it may be written.
    fn write(&self, file: &File, bytes: &[u8], position: u64) -> io::Result<()>;
    /// Returns when the file's data and length are on stable storage.
    fn sync(&self, file: &File) -> io::Result<()>;
    /// Cuts the file to `length`.
    fn truncate(&self, file: &File, length: u64) -> io::Result<()>;
    /// Takes room up to that size without making the file longer.
    fn reserve(&self, file: &File, size: u64) -> io::Result<()>;
    /// Makes `path` appear with `content`, durably and all at once, replacing what was there.
    fn create(&self, path: &Path, content: &[u8]) -> io::Result<File>;
}

/// The real file system.
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    fn write(&self, file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
        file.write_all_at(bytes, position)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn reserve(&self, file: &File, size: u64) -> io::Result<()> {
        match fallocate(file, FallocateFlags::KEEP_SIZE, 0, size) {
            // A file system that cannot promise room promises none.
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn create(&self, path: &Path, content: &[u8]) -> io::Result<File> {
        let draft = draft_of(path);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        sync_parent(path)?;
        Ok(file)
    }
}

/// The ending of a file that is not complete yet; left over only by a crash.
pub(crate) const DRAFT_EXTENSION: &str = "draft";

pub(crate) fn draft_of(path: &Path) -> PathBuf {
    path.with_extension(DRAFT_EXTENSION)
}

/// Makes created, renamed and removed names beside `path` durable.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    File::open(parent)?.sync_all()
}

/// Makes the log's folder, for its owner only.
pub(crate) fn make_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
