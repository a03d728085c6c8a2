//! Opening: settings, lock-down, files, and what happens to a file that does
//! not open.
//!
//! # Failure
//! Opening a file whose log is damaged can fail, or abort the whole process. A file that fails is set aside in two steps: first
//! only its write-ahead log (the file itself then stands at its last checkpoint, and the journal has the rest), then the file.
//! For the abort, a note `<name>.opening` is left during each open; if it is found at the next start, the file is first tried in
//! another process.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use duckdb::Connection;

use crate::database::{self, DatabaseSpec};
use crate::engine::Config;
use crate::error::OpenError;

/// Something was wrong with a file; the operator has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incident {
    /// The write-ahead log was damaged: the database stands at its last checkpoint and is filled up from the journal.
    LogSetAside {
        /// The database.
        database: &'static str,
        /// Where the damaged log lies now.
        kept: PathBuf,
    },
    /// The file was damaged: the database begins empty and is filled from what the journal still has.
    FileSetAside {
        /// The database.
        database: &'static str,
        /// Where the damaged file lies now.
        kept: PathBuf,
    },
}

impl fmt::Display for Incident {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogSetAside { database, kept } => write!(
                formatter,
                "the write-ahead log of database `{database}` was damaged and was set aside as {}; the journal fills the gap",
                kept.display()
            ),
            Self::FileSetAside { database, kept } => write!(
                formatter,
                "the file of database `{database}` was damaged and was set aside as {}; what the journal still has is loaded again, \
                 older data is only in that file and in backups",
                kept.display()
            ),
        }
    }
}

/// What another process found when it opened a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileProbe {
    /// It opens.
    Opens,
    /// It does not open, or it took the process down.
    Fails,
}

/// Opens one file and closes it again; meant to run in a process of its own, which a damaged file may take down.
pub fn probe_file(path: &Path) -> FileProbe {
    let opened =
        Connection::open_in_memory().and_then(|connection| attach(&connection, "probed", path));
    if opened.is_ok() { FileProbe::Opens } else { FileProbe::Fails }
}

pub(crate) fn open(
    config: &Config,
    databases: &[DatabaseSpec],
) -> Result<(Connection, Vec<Incident>), OpenError> {
    let folder = |source| OpenError::Folder { path: config.dir.clone(), source };
    fs::create_dir_all(&config.dir).map_err(folder)?;
    let dir = config.dir.canonicalize().map_err(folder)?;
    let connection = start(config, &dir)?;
    let mut incidents = Vec::new();
    for spec in databases {
        incidents.extend(open_database(&connection, config, &dir, spec)?);
        database::migrate(&connection, spec)?;
    }
    connection.execute_batch("SET lock_configuration = true").map_err(OpenError::Engine)?;
    Ok((connection, incidents))
}

/// Starts the engine with everything off that is not needed, then turns access to files off but for the folder.
fn start(config: &Config, dir: &Path) -> Result<Connection, OpenError> {
    let settings = duckdb::Config::default()
        .enable_autoload_extension(false)
        .and_then(|settings| settings.with("autoinstall_known_extensions", "false"))
        .and_then(|settings| settings.with("allow_community_extensions", "false"))
        .and_then(|settings| settings.with("memory_limit", format!("{}B", config.memory_bytes_max)))
        .and_then(|settings| settings.with("threads", config.threads.max(1).to_string()))
        .and_then(|settings| settings.with("temp_directory", dir.join("spill").to_string_lossy()))
        .and_then(|settings| settings.with("preserve_insertion_order", "false"))
        .and_then(|settings| settings.with("checkpoint_threshold", "128MB"))
        .map_err(OpenError::Engine)?;
    let connection = Connection::open_in_memory_with_flags(settings).map_err(OpenError::Engine)?;
    connection
        .execute_batch(&format!(
            "SET allowed_directories = [{}]; SET enable_external_access = false;",
            quoted(&format!("{}/", dir.to_string_lossy()))
        ))
        .map_err(OpenError::Engine)?;
    Ok(connection)
}

fn open_database(
    connection: &Connection,
    config: &Config,
    dir: &Path,
    spec: &DatabaseSpec,
) -> Result<Vec<Incident>, OpenError> {
    let path = dir.join(format!("{}.duckdb", spec.name));
    let log = dir.join(format!("{}.duckdb.wal", spec.name));
    let note = dir.join(format!("{}.opening", spec.name));
    let mut incidents = Vec::new();

    let died_opening = note.exists();
    let note_error = |source| OpenError::Folder { path: note.clone(), source };
    fs::write(&note, b"this file is being opened\n").map_err(note_error)?;
    let suspect =
        died_opening && config.probe.is_some_and(|probe| probe(&path) == FileProbe::Fails);

    let mut opened = if suspect { None } else { try_attach(connection, spec, &path)? };
    if opened.is_none() && log.exists() {
        incidents.push(Incident::LogSetAside { database: spec.name, kept: set_aside(&log)? });
        let still_fails =
            suspect && config.probe.is_some_and(|probe| probe(&path) == FileProbe::Fails);
        opened = if still_fails { None } else { try_attach(connection, spec, &path)? };
    }
    if opened.is_none() {
        if path.exists() {
            incidents.push(Incident::FileSetAside { database: spec.name, kept: set_aside(&path)? });
        }
        attach(connection, spec.name, &path)
            .map_err(|source| OpenError::File { path: path.clone(), source })?;
    }
    fs::remove_file(&note).map_err(note_error)?;
    Ok(incidents)
}

/// `None` when the file is damaged; an error when it is not the file's fault.
fn try_attach(
    connection: &Connection,
    spec: &DatabaseSpec,
    path: &Path,
) -> Result<Option<()>, OpenError> {
    match attach(connection, spec.name, path) {
        Ok(()) => Ok(Some(())),
        Err(source) if is_damage(&source) => {
            tracing::error!(error = %source, path = %path.display(), "database file does not open");
            Ok(None)
        }
        Err(source) => Err(OpenError::File { path: path.to_owned(), source }),
    }
}

fn attach(connection: &Connection, name: &str, path: &Path) -> Result<(), duckdb::Error> {
    connection.execute_batch(&format!(
        "ATTACH {} AS {name} (BLOCK_SIZE 262144)",
        quoted(&path.to_string_lossy())
    ))
}

/// Whether the engine's complaint is about the file itself. These complaints are not: another process holds the lock, a newer
/// engine wrote it, no space, no permission, no memory. Such a file must never be moved.
fn is_damage(error: &duckdb::Error) -> bool {
    const NOT_THE_FILE: &[&str] = &[
        "could not set lock",
        "conflicting lock",
        "version number",
        "newer version",
        "no space left",
        "permission denied",
        "read-only file system",
        "too many open files",
        "out of memory",
        "failed to allocate",
        "encrypt",
    ];
    let text = error.to_string().to_lowercase();
    !NOT_THE_FILE.iter().any(|phrase| text.contains(phrase))
}

fn set_aside(path: &Path) -> Result<PathBuf, OpenError> {
    let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%fZ");
    let mut kept = path.as_os_str().to_owned();
    kept.push(format!(".damaged-{stamp}"));
    let kept = PathBuf::from(kept);
    fs::rename(path, &kept)
        .map_err(|source| OpenError::SetAside { path: path.to_owned(), source })?;
    Ok(kept)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
