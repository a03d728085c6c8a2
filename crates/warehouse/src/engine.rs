//! The engine: one in-memory DuckDB with the files of all databases attached.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use duckdb::Connection;
use tokio::sync::Semaphore;

use crate::admit::TableName;
use crate::database::DatabaseSpec;
use crate::error::{OpenError, WriteError};
use crate::open::{self, FileProbe, Incident};
use crate::write::Writer;

/// Where the files lie and how much of the machine the engine may use.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of the database files. Nothing outside it can be read or written by SQL.
    pub dir: PathBuf,
    /// Memory for data and intermediate results; what does not fit spills to `<dir>/spill`.
    pub memory_bytes_max: u64,
    /// Threads for one statement.
    pub threads: usize,
    /// How many reads run at once; the next ones wait.
    pub readers: usize,
    /// Opens a file in another process and tells whether it can be opened. Asked only after an open that never came back,
    /// because a damaged log can abort the whole process.
    pub probe: Option<fn(&Path) -> FileProbe>,
}

impl Config {
    /// Small limits, for tests.
    pub fn for_test(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            memory_bytes_max: 512 << 20,
            threads: 2,
            readers: 4,
            probe: None,
        }
    }
}

/// The warehouse. Clones share one engine.
#[derive(Clone)]
pub struct Warehouse {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) databases: Vec<DatabaseSpec>,
    /// Only ever used to make other connections.
    pub(crate) root: Mutex<Option<Connection>>,
    /// Reads hold it shared while they run; opening the engine anew takes it alone.
    pub(crate) running: RwLock<()>,
    pub(crate) read_slots: Arc<Semaphore>,
    /// All tables and views of all databases, as of the last opening.
    pub(crate) catalogue: RwLock<Vec<TableName>>,
    /// Connections that only parse, for foreign SQL.
    pub(crate) parsers: Mutex<Vec<Connection>>,
    writers: Mutex<HashSet<&'static str>>,
}

impl Warehouse {
    /// Opens the engine and all databases, brings their schemas up to date and locks the configuration.
    ///
    /// # Errors
    /// [`OpenError`]; a damaged file is not an error but an [`Incident`]: it is set aside and an empty database takes its place,
    /// to be filled again from the journal.
    pub fn open(
        config: Config,
        databases: &[DatabaseSpec],
    ) -> Result<(Self, Vec<Incident>), OpenError> {
        let (root, incidents) = open::open(&config, databases)?;
        let shared = Shared {
            catalogue: RwLock::new(catalogue(&root).map_err(OpenError::Engine)?),
            parsers: Mutex::default(),
            read_slots: Arc::new(Semaphore::new(config.readers.max(1))),
            config,
            databases: databases.to_vec(),
            root: Mutex::new(Some(root)),
            running: RwLock::new(()),
            writers: Mutex::new(HashSet::new()),
        };
        Ok((Self { shared: Arc::new(shared) }, incidents))
    }

    /// The one writer of a database.
    ///
    /// # Errors
    /// [`WriteError::NoWriter`] when the database does not exist or its writer is in use.
    pub fn writer(&self, database: &str) -> Result<Writer, WriteError> {
        let spec = self.shared.databases.iter().find(|spec| spec.name == database);
        let name = spec.ok_or_else(|| WriteError::NoWriter(database.to_owned()))?.name;
        if !self.shared.writers.lock().unwrap_or_else(PoisonError::into_inner).insert(name) {
            return Err(WriteError::NoWriter(database.to_owned()));
        }
        Writer::new(self.clone(), name).inspect_err(|_| self.give_back_writer(name))
    }

    /// The version of the engine, as it names itself.
    ///
    /// # Errors
    /// [`WriteError::Closed`] when the engine is not open.
    pub fn engine_version(&self) -> Result<String, WriteError> {
        self.connect()?.version().map_err(WriteError::Engine)
    }

    pub(crate) fn give_back_writer(&self, name: &'static str) {
        self.shared.writers.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// A connection of its own for the writer.
    pub(crate) fn connect(&self) -> Result<Connection, WriteError> {
        Ok(self.shared.connect().ok_or(WriteError::Closed)??)
    }

    /// Opens everything anew after the engine declared a database unusable (a full disk in the middle of a commit does that).
    /// The caller has dropped its own connections; running reads are waited for.
    pub(crate) fn reopen(&self) -> Result<(), WriteError> {
        let alone = self.shared.running.write().unwrap_or_else(PoisonError::into_inner);
        let mut root = self.shared.root.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.parsers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        drop(root.take());
        let (fresh, incidents) =
            open::open(&self.shared.config, &self.shared.databases).map_err(|error| {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the warehouse cannot be opened again"
                );
                WriteError::Closed
            })?;
        for incident in incidents {
            tracing::error!(%incident, "while the warehouse was opened again");
        }
        *self.shared.catalogue.write().unwrap_or_else(PoisonError::into_inner) = catalogue(&fresh)?;
        *root = Some(fresh);
        drop(alone);
        Ok(())
    }
}

/// All tables and views that are not the engine's own.
fn catalogue(connection: &Connection) -> duckdb::Result<Vec<TableName>> {
    const TABLES: &str = "SELECT database_name, table_name FROM duckdb_tables() WHERE schema_name = 'main' AND NOT internal
        UNION ALL SELECT database_name, view_name FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal
        ORDER BY ALL";
    connection
        .prepare(TABLES)?
        .query_map([], |row| Ok(TableName { database: row.get(0)?, table: row.get(1)? }))?
        .collect()
}

impl Shared {
    /// A new connection; `None` when the engine is not open.
    pub(crate) fn connect(&self) -> Option<duckdb::Result<Connection>> {
        let root = self.root.lock().unwrap_or_else(PoisonError::into_inner);
        root.as_ref().map(Connection::try_clone)
    }
}
