//! What a journal is opened with, and the bounds it keeps.

use std::path::PathBuf;

use crate::error::OpenError;
use crate::record;

/// Offsets above this are refused, so that no sum of offsets can overflow.
pub(crate) const OFFSET_MAX: u64 = 1 << 62;

/// Where a journal lives and how large its parts may grow.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of the segments; created when missing, locked for this process while open.
    pub dir: PathBuf,
    /// A new segment begins before a group that would make the current one larger. One group always stays together, so
    /// a segment can be larger by one group.
    pub segment_bytes_max: u64,
    /// The longest payload [`append`](crate::Journal::append) takes.
    pub record_bytes_max: usize,
    /// The most bytes that may wait for the disk, the group being written included.
    pub queue_bytes_max: usize,
    /// Where the log starts when the folder is empty, and the least offset it hands out next: the consumer's position.
    pub first_offset: u64,
}

impl Config {
    /// The usual bounds: segments of 64 MiB, records up to 1 MiB, 32 MiB waiting, starting at 0.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            segment_bytes_max: 64 << 20,
            record_bytes_max: 1 << 20,
            queue_bytes_max: 32 << 20,
            first_offset: 0,
        }
    }

    pub(crate) fn check(&self) -> Result<(), OpenError> {
        if self.segment_bytes_max == 0 {
            return Err(OpenError::Config("segment_bytes_max must not be 0"));
        }
        if self.record_bytes_max > record::PAYLOAD_BYTES_MAX {
            return Err(OpenError::Config("record_bytes_max must be under 2 GiB"));
        }
        if self.queue_bytes_max < self.record_bytes_max.saturating_add(record::HEAD_BYTES) {
            return Err(OpenError::Config(
                "queue_bytes_max must hold at least one record of record_bytes_max",
            ));
        }
        if self.first_offset > OFFSET_MAX {
            return Err(OpenError::Config("first_offset must be at most 2^62"));
        }
        Ok(())
    }
}
