//! The file and its one connection: opening, protecting, reading, writing.
//!
//! A new store is built under another name and linked into place when it is whole, so a file that exists was once complete:
//! one that is empty, cut or overwritten is damage, not a fresh start, and is refused (a key file that came back empty after a
//! bad shutdown is how Mallard lost its keys).
//!
//! # Invariants
//! - The file has mode 0600; `SQLite` gives its -wal and -shm files the same.
//! - Deleted rows are overwritten (`secure_delete`), commits are on disk when they return (`synchronous = FULL`).

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{Fault, OpenError, StoreError};
use crate::migrations;

/// Marks the file as ours: "SHLD".
const APPLICATION_ID: i32 = 0x5348_4c44;

/// How long a statement waits for another process (the CLI beside a running server) before it is [`StoreError::Busy`].
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The control store. Clones share one connection.
#[derive(Clone)]
pub struct Control {
    connection: Arc<Mutex<Connection>>,
}

/// What opening found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// The file did not exist and was made.
    pub created: bool,
    /// The schema the file had, when it was brought to a newer one.
    pub migrated_from: Option<u32>,
}

impl Control {
    /// Opens the store, making it if there is no file of this name. The folder must exist.
    ///
    /// # Errors
    /// [`OpenError`] names the file, what is wrong and what to do. An existing file is never replaced.
    pub fn open(path: &Path) -> Result<(Self, Opened), OpenError> {
        let created = match fs::metadata(path) {
            Ok(metadata) => {
                refuse_empty(path, metadata.len())?;
                false
            }
            Err(error) if error.kind() == ErrorKind::NotFound => create(path)?,
            Err(source) => {
                return Err(OpenError::File {
                    path: path.to_owned(),
                    operation: "looking at it",
                    source,
                });
            }
        };
        protect(path)?;
        let mut connection = connect(path)?;
        check(&connection, path)?;
        let before = migrations::migrate(&mut connection, path)?;
        let after = schema_version(&connection, path)?;
        let migrated_from = (!created && before != after).then_some(before);
        Ok((
            Self { connection: Arc::new(Mutex::new(connection)) },
            Opened { created, migrated_from },
        ))
    }

    /// Runs reads on the connection.
    pub(crate) fn read<T, E>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        // A panic in another caller's closure rolled its transaction back when it unwound; the connection is sound.
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        work(&connection)
    }

    /// Runs writes in one transaction, which is undone unless `work` succeeds.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let value = work(&transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(value)
    }
}

impl std::fmt::Debug for Control {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Control").finish_non_exhaustive()
    }
}

fn refuse_empty(path: &Path, bytes: u64) -> Result<(), OpenError> {
    if bytes == 0 {
        return Err(OpenError::Damaged {
            path: path.to_owned(),
            finding: "it is empty".to_owned(),
        });
    }
    Ok(())
}

/// Builds a whole store beside `path` and links it into place. Returns whether it was ours that got there.
fn create(path: &Path) -> Result<bool, OpenError> {
    let write_ahead_log = with_suffix(path, "-wal");
    if write_ahead_log.exists() {
        let finding = format!("the file is missing, but {} is there", write_ahead_log.display());
        return Err(OpenError::Damaged { path: path.to_owned(), finding });
    }
    let draft = with_suffix(path, &format!(".{}.new", uuid::Uuid::new_v4().simple()));
    let failed =
        |operation| move |source| OpenError::File { path: path.to_owned(), operation, source };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .map_err(failed("making it"))?;
    let made = build(&draft).and_then(|()| {
        file.sync_all().map_err(failed("writing it"))?;
        match fs::hard_link(&draft, path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(source) => Err(failed("putting it in place")(source)),
        }
    });
    let removed = fs::remove_file(&draft).map_err(failed("removing its draft"));
    let made = made?;
    removed?;
    sync_folder(path).map_err(failed("writing its folder"))?;
    Ok(made)
}

fn build(draft: &Path) -> Result<(), OpenError> {
    let refused = |operation| {
        move |error| OpenError::Refused {
            path: draft.to_owned(),
            operation,
            source: Fault::from(&error),
        }
    };
    let mut connection =
        Connection::open_with_flags(draft, OPEN_FLAGS).map_err(refused("making it"))?;
    connection
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(refused("marking it"))?;
    migrations::migrate(&mut connection, draft)?;
    connection.close().map_err(|(_, error)| refused("closing it")(error))
}

const OPEN_FLAGS: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

fn connect(path: &Path) -> Result<Connection, OpenError> {
    let refused = |operation| move |error: rusqlite::Error| classify(path, operation, &error);
    let connection = Connection::open_with_flags(path, OPEN_FLAGS).map_err(refused("opening"))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(refused("setting the time to wait"))?;
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)
        .map_err(refused("protecting the schema"))?;
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)
        .map_err(refused("distrusting the schema"))?;
    let application_id: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(refused("reading its mark"))?;
    if application_id != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    connection
        .pragma_update(None, "cell_size_check", true)
        .map_err(refused("setting cell_size_check"))?;
    connection
        .pragma_update(None, "foreign_keys", true)
        .map_err(refused("setting foreign_keys"))?;
    connection
        .pragma_update(None, "secure_delete", true)
        .map_err(refused("setting secure_delete"))?;
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(refused("setting synchronous"))?;
    // Nothing is written outside the folder of the file.
    connection
        .pragma_update(None, "temp_store", "MEMORY")
        .map_err(refused("setting temp_store"))?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(refused("setting journal_mode"))?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(OpenError::Refused {
            path: path.to_owned(),
            operation: "setting journal_mode",
            source: Fault::new(format!("it stayed {mode}")),
        });
    }
    Ok(connection)
}

/// Reads every page once: damage is met at the start, by the operator, not weeks later by a sign-in.
fn check(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let finding: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| classify(path, "checking it", &error))?;
    if finding != "ok" {
        return Err(OpenError::Damaged { path: path.to_owned(), finding });
    }
    Ok(())
}

fn schema_version(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| classify(path, "reading the version", &error))
}

fn classify(path: &Path, operation: &'static str, error: &rusqlite::Error) -> OpenError {
    let fault = Fault::from(error);
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            OpenError::Damaged { path: path.to_owned(), finding: fault.to_string() }
        }
        _ => OpenError::Refused { path: path.to_owned(), operation, source: fault },
    }
}

/// Takes the rights of others away from a file that was copied or restored with them.
fn protect(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::File {
        path: path.to_owned(),
        operation: "setting its mode to 0600",
        source,
    };
    for file in [path.to_owned(), with_suffix(path, "-wal"), with_suffix(path, "-shm")] {
        let mode = match fs::metadata(&file) {
            Ok(metadata) => metadata.permissions().mode() & 0o777,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(source) => return Err(failed(source)),
        };
        if mode != 0o600 {
            tracing::warn!(file = %file.display(), mode = format_args!("{mode:o}"), "the control store was open to others; its mode is 0600 now");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        }
    }
    Ok(())
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
