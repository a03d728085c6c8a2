//! What can go wrong with the store: at opening, and later.
//!
//! `rusqlite`'s errors carry the statement they failed in, and so could carry it into a log or an answer. They end here: a
//! [`Fault`] keeps the result code and `SQLite`'s words for it.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why the store could not be opened. The message names the file and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder or the file could not be made, read or protected.
    #[error(
        "the control store {path} cannot be used: {operation} failed; check that its folder exists and belongs to this user"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        operation: &'static str,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The file is there and is not a whole database.
    #[error(
        "the control store {path} is damaged: {finding}; restore it from a backup, or move it aside (with its -wal and -shm files) \
         to begin again without users, keys and sites"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        finding: String,
    },
    /// The file is a database of another program.
    #[error("{path} is a database of another program; name another file, or move it away")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer release.
    #[error(
        "the control store {path} has schema {found}, this release knows up to {known}; start the newer release, or restore a backup made before the upgrade"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema of the file.
        found: u32,
        /// The newest schema this release knows.
        known: u32,
    },
    /// `SQLite` refused for another reason.
    #[error("the control store {path} cannot be opened: {operation} failed")]
    Refused {
        /// The file.
        path: PathBuf,
        /// What was tried.
        operation: &'static str,
        /// `SQLite`'s reason.
        #[source]
        source: Fault,
    },
}

/// Why a read or a write of an open store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process held the store for longer than we wait.
    #[error("the control store is busy")]
    Busy(#[source] Fault),
    /// The disk is full. Reads still work; writes do again when there is space.
    #[error("the disk of the control store is full")]
    Full(#[source] Fault),
    /// The file, or a value in it, is not what was written.
    #[error("the control store is damaged")]
    Damaged(#[source] Fault),
    /// Everything else: an input/output error, a constraint no caller should meet.
    #[error("the control store failed")]
    Failed(#[source] Fault),
}

/// `SQLite`'s reason for a failure, without the statement or its values.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    message: String,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl From<&rusqlite::Error> for Fault {
    fn from(error: &rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(failure) => Self::new(format!("{failure} (code {})", failure.extended_code)),
            None => Self::new(match error {
                rusqlite::Error::FromSqlConversionFailure(column, ..)
                | rusqlite::Error::InvalidColumnType(column, ..) => {
                    format!("column {column} holds a value of the wrong type")
                }
                rusqlite::Error::IntegralValueOutOfRange(column, _) => {
                    format!("column {column} holds a number out of range")
                }
                rusqlite::Error::QueryReturnedNoRows => "a row that must exist does not".to_owned(),
                _ => "the statement could not be run".to_owned(),
            }),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let fault = Fault::from(&error);
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(fault),
            Some(ErrorCode::DiskFull) => Self::Full(fault),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(fault),
            None if matches!(
                error,
                rusqlite::Error::FromSqlConversionFailure(..)
                    | rusqlite::Error::InvalidColumnType(..)
                    | rusqlite::Error::IntegralValueOutOfRange(..)
                    | rusqlite::Error::Utf8Error(..)
            ) =>
            {
                Self::Damaged(fault)
            }
            _ => Self::Failed(fault),
        }
    }
}

/// Whether the error says that a row with this key is already there.
pub(crate) fn is_duplicate(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|failure| {
        matches!(
            failure.extended_code,
            rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        )
    })
}
