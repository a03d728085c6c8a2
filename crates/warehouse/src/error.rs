//! What can go wrong, by the operation that failed.

use std::path::PathBuf;

/// Why the warehouse did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder could not be made or listed.
    #[error("cannot use the warehouse folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The engine refused to start or to take a setting.
    #[error("the engine does not start")]
    Engine(#[source] duckdb::Error),
    /// A file is fine but cannot be used now: locked by another process, no permission, no space, written by a newer engine.
    #[error("cannot open the database file {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the engine said.
        #[source]
        source: duckdb::Error,
    },
    /// A damaged file could not be moved out of the way.
    #[error("cannot set the damaged file {} aside", path.display())]
    SetAside {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The file was written by a later version of this program.
    #[error(
        "database `{database}` has schema version {found}, this program knows up to {known}; use the newer program"
    )]
    NewerSchema {
        /// The database.
        database: &'static str,
        /// The version in the file.
        found: u32,
        /// The last version this program knows.
        known: u32,
    },
    /// A migration failed; it was rolled back and the file is as it was.
    #[error("migration {version} of database `{database}` failed")]
    Migration {
        /// The database.
        database: &'static str,
        /// The migration.
        version: u32,
        /// What the engine said.
        #[source]
        source: duckdb::Error,
    },
}

/// Why a batch was not committed. Nothing of it is in the database.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// No such database, or its writer is taken.
    #[error("database `{0}` has no free writer")]
    NoWriter(String),
    /// A row did not fit the columns it was built for.
    #[error("column {column} of a row is not of the kind the table has")]
    Column {
        /// The position of the column.
        column: usize,
    },
    /// The offset would go backwards: these rows are already in.
    #[error("offset {offset} lies before the committed offset {committed}")]
    OffsetBehind {
        /// The offset given.
        offset: u64,
        /// The offset in the database.
        committed: u64,
    },
    /// The engine refused the batch.
    #[error("the engine refused the batch")]
    Engine(#[from] duckdb::Error),
    /// The engine is closed or could not be opened again after a fatal error.
    #[error("the engine is not open")]
    Closed,
}

/// Why a read has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It took longer than its deadline, waiting included.
    #[error("the read took longer than its deadline")]
    Deadline,
    /// The engine refused the statement.
    #[error("the engine refused the statement")]
    Engine(#[source] duckdb::Error),
    /// The engine is closed or could not be opened again after a fatal error.
    #[error("the engine is not open")]
    Closed,
}

/// Why an admitted statement has no answer, or no whole one.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// It took longer than its deadline, waiting included.
    #[error("the statement took longer than its deadline")]
    Deadline,
    /// The statement has places for more or fewer values than were given.
    #[error("the statement has {wanted} parameters, {given} were given")]
    Parameters {
        /// How many the statement has.
        wanted: usize,
        /// How many were given.
        given: usize,
    },
    /// It is wrong, or does not work with these rows; in words for whoever wrote it.
    #[error("{0}")]
    Statement(String),
    /// It needs more memory or disk than there is for it.
    #[error("the statement needs more memory than there is for it")]
    Memory,
    /// The engine failed; its words are for the log.
    #[error("the engine failed")]
    Engine(#[source] duckdb::Error),
    /// The engine is closed or could not be opened again after a fatal error.
    #[error("the engine is not open")]
    Closed,
}

impl AnswerError {
    /// What the engine says of a statement. Only what is about the statement and the rows it may read is for its author, and of
    /// that only the first line: the lines after it guess at other names.
    pub(crate) fn of_engine(error: duckdb::Error) -> Self {
        const ABOUT_THE_STATEMENT: &[&str] = &[
            "Binder Error: ",
            "Conversion Error: ",
            "Invalid Input Error: ",
            "Out of Range Error: ",
            "Parser Error: ",
        ];
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        if first.starts_with("INTERRUPT Error") {
            return Self::Deadline;
        }
        if first.starts_with("Out of Memory Error") {
            return Self::Memory;
        }
        match ABOUT_THE_STATEMENT.iter().find_map(|kind| first.strip_prefix(kind)) {
            Some(words) => Self::Statement(words.to_owned()),
            None => Self::Engine(error),
        }
    }
}
