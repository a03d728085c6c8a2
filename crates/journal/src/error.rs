//! What can go wrong, one enum per operation, and how damage is described.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::Offset;

/// Why a journal could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A bound in the configuration makes no sense.
    #[error("journal configuration: {0}")]
    Config(&'static str),
    /// Another process, or another handle in this one, has the folder open.
    #[error("the journal folder {} is in use", .0.display())]
    Locked(PathBuf),
    /// A segment was written by a version this one does not know. Nothing was changed.
    #[error("{} has journal format {version}, this program knows format {known}", .path.display())]
    Version {
        /// The segment.
        path: PathBuf,
        /// The format it names.
        version: u32,
        /// The format this program reads and writes.
        known: u32,
    },
    /// A file is named like a segment but not by an offset. Nothing was changed.
    #[error("{} is named like a journal segment, but not by an offset", .0.display())]
    ForeignFile(PathBuf),
    /// A file operation failed.
    #[error("cannot {step} {}", .path.display())]
    Io {
        /// What was being done.
        step: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The operating system gave no random number for a new log.
    #[error("no random number from the operating system")]
    Random(#[source] getrandom::Error),
    /// The writer thread did not start.
    #[error("cannot start the journal's writer thread")]
    Thread(#[source] io::Error),
}

/// Why an append was refused. Whatever the variant, the record is not in the log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// Too many bytes wait for the disk; try again later.
    #[error("the journal's queue is full")]
    Full,
    /// The payload is longer than `record_bytes_max`.
    #[error("a record of {bytes} bytes is longer than the allowed {bytes_max}")]
    TooLarge {
        /// Length of the payload.
        bytes: usize,
        /// The allowed length.
        bytes_max: usize,
    },
    /// The disk refused; a later append may succeed.
    #[error("the journal could not {step}")]
    Storage {
        /// What was being done.
        step: &'static str,
        /// The cause, shared by all appends of the group.
        source: Arc<io::Error>,
    },
    /// The journal was closed.
    #[error("the journal is closed")]
    Closed,
}

/// Why a read gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The position was trimmed away, or lies before the log's first record.
    #[error("offset {from} is not in the journal any more, it begins at {oldest}")]
    Trimmed {
        /// The position asked for.
        from: Offset,
        /// Where the log begins.
        oldest: Offset,
    },
    /// The position lies behind the last durable record.
    #[error("offset {from} lies behind the journal's durable end {durable}")]
    Ahead {
        /// The position asked for.
        from: Offset,
        /// The durable end.
        durable: Offset,
    },
    /// The position lies inside a record.
    #[error("offset {0} is not the start of a record")]
    NotABoundary(Offset),
    /// The bytes here are not what was written. Reading can go on at [`Hole::to`].
    #[error("the journal is damaged from offset {} to {}", .0.from, .0.to)]
    Damaged(Hole),
    /// A file operation failed.
    #[error("cannot {step} {}", .path.display())]
    Io {
        /// What was being done.
        step: &'static str,
        /// The segment.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Why old segments could not be removed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {step} {}", .path.display())]
pub struct TrimError {
    /// What was being done.
    pub step: &'static str,
    /// The segment or folder.
    pub path: PathBuf,
    /// The cause.
    pub source: io::Error,
}

/// A stretch of the log whose records are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// The first lost byte.
    pub from: Offset,
    /// Where the log goes on.
    pub to: Offset,
    /// What was found.
    pub cause: HoleCause,
}

/// What was found where records should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoleCause {
    /// Bytes that fail their checksum.
    Damaged,
    /// A segment that is missing or too short.
    Missing,
    /// A segment whose header fails its checksum; the file was renamed to `….damaged`.
    SetAside,
    /// The log ended before `first_offset`: the consumer has seen more than the folder holds, nothing is lost to it.
    BehindConsumer,
}
