//! Reading: a connection per statement, with a deadline, interrupted when
//! nobody waits any more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use duckdb::InterruptHandle;

use crate::engine::{Shared, Warehouse};
use crate::error::ReadError;
use crate::value::Value;

/// A whole answer. For the product's own reports, which are small; foreign SQL is streamed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<Value>>,
}

impl Warehouse {
    /// Runs one of the product's own statements and returns its rows. Waiting for a free slot counts towards the deadline.
    /// Dropping the future interrupts the statement.
    ///
    /// # Errors
    /// [`ReadError::Deadline`] when it took too long, [`ReadError::Engine`] when the engine refused it.
    pub async fn read(
        &self,
        sql: String,
        params: Vec<Value>,
        deadline: Duration,
    ) -> Result<Rows, ReadError> {
        let slots = Arc::clone(&self.shared.read_slots);
        let shared = Arc::clone(&self.shared);
        let stop = Stop::default();
        let guard = InterruptOnDrop::of(&stop);
        let work = async move {
            let slot = slots.acquire_owned().await.map_err(|_| ReadError::Closed)?;
            tokio::task::spawn_blocking(move || {
                let rows = run(&shared, &sql, &params, &stop);
                drop(slot);
                rows
            })
            .await
            .map_err(|_| ReadError::Closed)?
        };
        let answer = tokio::time::timeout(deadline, work).await.unwrap_or(Err(ReadError::Deadline));
        drop(guard);
        answer
    }

    /// The same on the calling thread, without a deadline: for start-up and tools.
    ///
    /// # Errors
    /// [`ReadError::Engine`] when the engine refused the statement.
    pub fn read_blocking(&self, sql: &str, params: &[Value]) -> Result<Rows, ReadError> {
        run(&self.shared, sql, params, &Stop::default())
    }
}

/// Stops a statement, whether it has begun or not.
#[derive(Clone, Default)]
pub(crate) struct Stop {
    asked: Arc<AtomicBool>,
    running: Arc<std::sync::Mutex<Option<Arc<InterruptHandle>>>>,
}

impl Stop {
    /// Has the connection interrupted when it is asked for, as long as the watch is held; `None` when it was asked for already.
    pub(crate) fn watch<'a>(&'a self, connection: &'a duckdb::Connection) -> Option<Watch<'a>> {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(connection.interrupt_handle());
        let watch = Watch { stop: self, _connection: connection };
        (!self.asked.load(Ordering::SeqCst)).then_some(watch)
    }
}

/// While it is held, the connection may be interrupted. It borrows the connection, because the engine crashes when one that is
/// gone is interrupted.
pub(crate) struct Watch<'a> {
    stop: &'a Stop,
    _connection: &'a duckdb::Connection,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.stop.running.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Asks for the stop when nobody waits any more.
pub(crate) struct InterruptOnDrop(Stop);

impl InterruptOnDrop {
    pub(crate) fn of(stop: &Stop) -> Self {
        Self(stop.clone())
    }
}

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        self.0.asked.store(true, Ordering::SeqCst);
        if let Some(handle) = self.0.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            handle.interrupt();
        }
    }
}

fn run(shared: &Shared, sql: &str, params: &[Value], stop: &Stop) -> Result<Rows, ReadError> {
    let _running = shared.running.read().unwrap_or_else(PoisonError::into_inner);
    let connection = shared.connect().ok_or(ReadError::Closed)?.map_err(ReadError::Engine)?;
    let _watch = stop.watch(&connection).ok_or(ReadError::Deadline)?;
    fetch(&connection, sql, params).map_err(ReadError::Engine)
}

pub(crate) fn fetch(
    connection: &duckdb::Connection,
    sql: &str,
    params: &[Value],
) -> Result<Rows, duckdb::Error> {
    let mut statement = connection.prepare(sql)?;
    let mut result = statement.query(duckdb::params_from_iter(params.iter()))?;
    let columns = result.as_ref().map(|statement| statement.column_names()).unwrap_or_default();
    let mut rows = Vec::new();
    while let Some(row) = result.next()? {
        rows.push(
            (0..columns.len())
                .map(|index| Value::from_engine(row.get_ref(index)?))
                .collect::<Result<_, _>>()?,
        );
    }
    Ok(Rows { columns, rows })
}
