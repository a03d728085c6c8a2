//! Records that could not be loaded, kept with the reason.
//!
//! One JSON object per line: the offset, the reason, the bytes in hexadecimal. A line is on disk before the loader goes on; a crash
//! in between writes it a second time, under the same offset. The bytes are an event as the journal has it, without an address.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// The largest the file gets; records after that are only counted and logged.
pub(super) const FILE_BYTES_MAX: u64 = 256 << 20;

/// The file, opened when it is needed.
pub(super) struct Quarantine {
    path: PathBuf,
    file: Option<File>,
    count: u64,
    /// Where the next record not yet put in can be.
    next: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    offset: u64,
    reason: &'a str,
    bytes: String,
}

impl Quarantine {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None, count: 0, next: 0 }
    }

    /// How many records were put in since the start.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Keeps a record; one that is in already, because its batch is tried again, is left alone.
    pub(super) fn put(&mut self, offset: u64, reason: &str, bytes: &[u8]) -> io::Result<()> {
        if offset < self.next {
            return Ok(());
        }
        tracing::error!(offset, reason, file = %self.path.display(), "a record cannot be loaded; it was set aside");
        metrics::counter!("shelduck_web_quarantined_total").increment(1);
        let bytes = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut line = serde_json::to_string(&Line { offset, reason, bytes })?;
        line.push('\n');
        let file = match &mut self.file {
            Some(file) => file,
            None => self
                .file
                .insert(OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?),
        };
        if file.metadata()?.len() + line.len() as u64 > FILE_BYTES_MAX {
            tracing::error!(offset, file = %self.path.display(), "the quarantine is full; the record is lost");
        } else {
            file.write_all(line.as_bytes())?;
            file.sync_data()?;
        }
        self.count += 1;
        self.next = offset.saturating_add(1);
        Ok(())
    }
}
