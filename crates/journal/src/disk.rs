//! The five file operations that can fail while the journal runs.
//!
//! A trait so that tests can refuse, shorten or delay them; the program has one implementation.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// What the writer does to files.
pub(crate) trait Disk: Send + Sync {
    /// Writes all of `bytes` at `position`; after an error any part of it may be written.
    fn write(&self, file: &File, bytes: &[u8], position: u64) -> io::Result<()>;
    /// Writes `length` zeros at `position`, the end of the file; after an error any part of them may be written.
    fn lay_out(&self, file: &File, position: u64, length: u64) -> io::Result<()>;
    /// Returns when the file's data and length are on stable storage.
    fn sync(&self, file: &File) -> io::Result<()>;
    /// Cuts the file to `length`.
    fn truncate(&self, file: &File, length: u64) -> io::Result<()>;
    /// Makes `path` appear with `content`, durably and all at once, replacing what was there.
    fn create(&self, path: &Path, content: &[u8]) -> io::Result<File>;
}

/// The real file system.
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    fn write(&self, file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
        file.write_all_at(bytes, position)
    }

    fn lay_out(&self, file: &File, position: u64, length: u64) -> io::Result<()> {
        const ZEROS: &[u8] = &[0; 64 << 10];
        let mut written = 0;
        while written < length {
            let step = usize::try_from(length - written).unwrap_or(usize::MAX).min(ZEROS.len());
            file.write_all_at(ZEROS.get(..step).unwrap_or(ZEROS), position + written)?;
            written += step as u64;
        }
        Ok(())
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn create(&self, path: &Path, content: &[u8]) -> io::Result<File> {
        let draft = path.with_extension(DRAFT_EXTENSION);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all_at(content, 0)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        match path.parent() {
            Some(dir) => sync_dir(dir)?,
            None => return Err(io::Error::from(io::ErrorKind::InvalidInput)),
        }
        Ok(file)
    }
}

/// The ending of a segment that is not complete yet; left over only by a crash.
pub(crate) const DRAFT_EXTENSION: &str = "draft";

/// Makes created, renamed and removed names in `dir` durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Asks the kernel to forget the cached pages of `file`, so that the next read shows what the disk has.
pub(crate) fn forget_cache(file: &File) -> io::Result<()> {
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed).map_err(io::Error::from)
}
