//! Writing: one writer per database, and a batch that holds its rows together
//! with the journal's offset.

use duckdb::Connection;

use crate::columns::Columns;
use crate::engine::Warehouse;
use crate::error::WriteError;
use crate::read::{Rows, fetch};
use crate::value::Value;

/// The one writer of a database. Dropping it frees the place.
pub struct Writer {
    warehouse: Warehouse,
    database: &'static str,
    /// `None` between a fatal error of the engine and the next try.
    connection: Option<Connection>,
    offset: u64,
}

/// What one commit does. Everything in it becomes visible at once, with the offset, or not at all.
pub struct Batch<'a> {
    connection: &'a Connection,
    database: &'static str,
}

impl Writer {
    pub(crate) fn new(warehouse: Warehouse, database: &'static str) -> Result<Self, WriteError> {
        let connection = warehouse.connect()?;
        let offset = committed_offset(&connection, database)?;
        Ok(Self { warehouse, database, connection: Some(connection), offset })
    }

    /// The offset of the journal up to which everything is in the database.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Does the work and moves the offset, in one transaction.
    ///
    /// # Errors
    /// [`WriteError`]; then nothing of the batch is in the database and the same batch may be tried again. After a fatal error
    /// of the engine (a full disk during commit) the next call opens the engine again first.
    pub fn commit(
        &mut self,
        offset: u64,
        work: impl FnOnce(&mut Batch<'_>) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        self.reconnect()?;
        if offset < self.offset {
            return Err(WriteError::OffsetBehind { offset, committed: self.offset });
        }
        let connection = self.connection.as_ref().ok_or(WriteError::Closed)?;
        let done = transaction(connection, self.database, offset, work);
        match &done {
            Ok(()) => self.offset = offset,
            Err(WriteError::Engine(error)) if is_fatal(error) => {
                tracing::error!(%error, "the engine has to be opened again");
                self.connection = None;
            }
            Err(_) => {}
        }
        done
    }

    /// Writes everything into the database file and empties its write-ahead log.
    ///
    /// # Errors
    /// [`WriteError::Engine`] when the engine cannot do it now.
    pub fn checkpoint(&mut self) -> Result<(), WriteError> {
        self.reconnect()?;
        let connection = self.connection.as_ref().ok_or(WriteError::Closed)?;
        Ok(connection.execute_batch(&format!("CHECKPOINT {}", self.database))?)
    }

    /// Reads within the writer's own connection.
    ///
    /// # Errors
    /// [`WriteError::Engine`] when the engine refuses the statement.
    pub fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, WriteError> {
        self.reconnect()?;
        Ok(fetch(self.connection.as_ref().ok_or(WriteError::Closed)?, sql, params)?)
    }

    fn reconnect(&mut self) -> Result<(), WriteError> {
        if self.connection.is_some() {
            return Ok(());
        }
        self.warehouse.reopen()?;
        let connection = self.warehouse.connect()?;
        self.offset = committed_offset(&connection, self.database)?;
        self.connection = Some(connection);
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.warehouse.give_back_writer(self.database);
    }
}

impl Batch<'_> {
    /// Appends rows to a table of this database; the columns are the table's, in order.
    ///
    /// # Errors
    /// [`WriteError::Engine`] when the table refuses them.
    pub fn append(&mut self, table: &str, columns: Columns) -> Result<(), WriteError> {
        if columns.is_empty() {
            return Ok(());
        }
        let rows = columns.finish()?;
        let mut appender =
            self.connection.appender_to_catalog_and_db(table, self.database, "main")?;
        appender.append_record_batch(rows)?;
        appender.flush()?;
        Ok(())
    }

    /// Runs one statement; answers how many rows it changed.
    ///
    /// # Errors
    /// [`WriteError::Engine`] when the engine refuses it.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<usize, WriteError> {
        Ok(self.connection.execute(sql, duckdb::params_from_iter(params.iter()))?)
    }

    /// Reads within the batch: its own changes are visible.
    ///
    /// # Errors
    /// [`WriteError::Engine`] when the engine refuses it.
    pub fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, WriteError> {
        Ok(fetch(self.connection, sql, params)?)
    }
}

fn transaction(
    connection: &Connection,
    database: &'static str,
    offset: u64,
    work: impl FnOnce(&mut Batch<'_>) -> Result<(), WriteError>,
) -> Result<(), WriteError> {
    connection.execute_batch("BEGIN")?;
    let mut batch = Batch { connection, database };
    let done = work(&mut batch).and_then(|()| {
        connection
            .execute(&format!("UPDATE {database}.warehouse_state SET journal_offset = ?"), [offset])
            .and_then(|_| connection.execute_batch("COMMIT"))
            .map_err(WriteError::Engine)
    });
    if done.is_err()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::debug!(%error, "nothing to roll back");
    }
    done
}

fn committed_offset(connection: &Connection, database: &str) -> Result<u64, WriteError> {
    Ok(connection.query_row(
        &format!("SELECT journal_offset FROM {database}.warehouse_state"),
        [],
        |row| row.get(0),
    )?)
}

fn is_fatal(error: &duckdb::Error) -> bool {
    let text = error.to_string();
    text.contains("FATAL") || text.contains("has been invalidated")
}
