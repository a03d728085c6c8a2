//! Running what was admitted: batch by batch, to whoever takes them, within
//! limits.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use duckdb::arrow::datatypes::SchemaRef;
use duckdb::arrow::record_batch::RecordBatch;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::admit::Admitted;
use crate::engine::{Shared, Warehouse};
use crate::error::AnswerError;
use crate::read::{InterruptOnDrop, Stop};
use crate::value::Value;

/// Batches that wait for whoever takes them.
const BATCHES_WAITING_MAX: usize = 4;

/// How much an answer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerLimits {
    /// Rows; what is beyond them is cut off and said to be.
    pub rows_max: u64,
    /// Bytes of the rows in memory; as the rows.
    pub bytes_max: u64,
    /// Time until the last batch is taken, waiting for a free reader included.
    pub deadline: Duration,
}

/// An answer on its way. Dropping it interrupts the statement.
pub struct Answer {
    schema: SchemaRef,
    batches: mpsc::Receiver<Result<RecordBatch, AnswerError>>,
    limits: AnswerLimits,
    deadline: Instant,
    rows: u64,
    bytes: u64,
    truncated: bool,
    /// Nothing comes any more: cut off, or out of time.
    ended: bool,
    _running: InterruptOnDrop,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Answer").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Answer {
    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The next batch; `None` at the end, or where a limit ends it.
    ///
    /// # Errors
    /// [`AnswerError`]: nothing comes after it.
    pub async fn next(&mut self) -> Option<Result<RecordBatch, AnswerError>> {
        if self.ended {
            return None;
        }
        let batch = match tokio::time::timeout_at(self.deadline, self.batches.recv()).await {
            Ok(Some(Ok(batch))) => batch,
            Ok(end) => return end,
            Err(_) => {
                self.ended = true;
                return Some(Err(AnswerError::Deadline));
            }
        };
        let bytes = u64::try_from(batch.get_array_memory_size()).unwrap_or(u64::MAX);
        let left = self.limits.rows_max.saturating_sub(self.rows);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limits.bytes_max && self.rows > 0 {
            self.cut();
            return None;
        }
        let batch = match usize::try_from(left) {
            Ok(left) if left < batch.num_rows() => {
                self.cut();
                batch.slice(0, left)
            }
            _ => batch,
        };
        self.rows += u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
        (batch.num_rows() > 0).then_some(Ok(batch))
    }

    /// Rows given so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether a limit cut rows off.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    fn cut(&mut self) {
        self.truncated = true;
        self.ended = true;
        self.batches.close();
    }
}

impl Warehouse {
    /// Runs an admitted statement in a read-only transaction on a connection of its own, and hands its rows over batch by batch:
    /// the engine waits while nobody takes them.
    ///
    /// # Errors
    /// [`AnswerError`] when the statement does not begin to answer.
    pub async fn answer(
        &self,
        admitted: Admitted,
        params: Vec<Value>,
        limits: AnswerLimits,
    ) -> Result<Answer, AnswerError> {
        let deadline = Instant::now() + limits.deadline;
        let slots = Arc::clone(&self.shared.read_slots);
        let shared = Arc::clone(&self.shared);
        let stop = Stop::default();
        let running = InterruptOnDrop::of(&stop);
        let begun = async move {
            let slot = slots.acquire_owned().await.map_err(|_| AnswerError::Closed)?;
            let (head_sender, head) = tokio::sync::oneshot::channel();
            let (sender, batches) = mpsc::channel(BATCHES_WAITING_MAX);
            tokio::task::spawn_blocking(move || {
                let mut outlet = Outlet { head: Some(head_sender), batches: sender };
                if let Err(error) = run(&shared, &admitted, &params, &stop, &mut outlet) {
                    outlet.fail(error);
                }
                drop(slot);
            });
            let schema = head.await.map_err(|_| AnswerError::Closed)??;
            Ok((schema, batches))
        };
        let (schema, batches) =
            tokio::time::timeout_at(deadline, begun).await.unwrap_or(Err(AnswerError::Deadline))?;
        Ok(Answer {
            schema,
            batches,
            limits,
            deadline,
            rows: 0,
            bytes: 0,
            truncated: false,
            ended: false,
            _running: running,
        })
    }
}

/// Where an answer goes: its columns first, then its rows.
struct Outlet {
    head: Option<tokio::sync::oneshot::Sender<Result<SchemaRef, AnswerError>>>,
    batches: mpsc::Sender<Result<RecordBatch, AnswerError>>,
}

impl Outlet {
    /// Whether somebody still waits.
    fn begin(&mut self, schema: SchemaRef) -> bool {
        self.head.take().is_none_or(|head| head.send(Ok(schema)).is_ok())
    }

    fn fail(self, error: AnswerError) {
        // Where nobody waits any more, nobody is told.
        match self.head {
            Some(head) => drop(head.send(Err(error))),
            None => drop(self.batches.blocking_send(Err(error))),
        }
    }
}

fn run(
    shared: &Shared,
    admitted: &Admitted,
    params: &[Value],
    stop: &Stop,
    outlet: &mut Outlet,
) -> Result<(), AnswerError> {
    let _running = shared.running.read().unwrap_or_else(PoisonError::into_inner);
    let connection =
        shared.connect().ok_or(AnswerError::Closed)?.map_err(AnswerError::of_engine)?;
    let _watch = stop.watch(&connection).ok_or(AnswerError::Deadline)?;
    stream(&connection, admitted, params, outlet)
}

/// Runs the statement; the transaction ends with the connection, and would have nothing to keep.
fn stream(
    connection: &duckdb::Connection,
    admitted: &Admitted,
    params: &[Value],
    outlet: &mut Outlet,
) -> Result<(), AnswerError> {
    let refused = AnswerError::of_engine;
    // The name is one of our own databases', as admitting found it.
    connection
        .execute_batch(&format!("USE {}; BEGIN TRANSACTION READ ONLY", admitted.database()))
        .map_err(refused)?;
    let mut statement = connection.prepare(admitted.sql()).map_err(refused)?;
    if statement.parameter_count() != params.len() {
        return Err(AnswerError::Parameters {
            wanted: statement.parameter_count(),
            given: params.len(),
        });
    }
    // Its iterator panics where the engine fails; the steps below say so instead.
    let _begun =
        statement.stream_arrow(duckdb::params_from_iter(params.iter())).map_err(refused)?;
    if !outlet.begin(statement.schema()) {
        return Ok(());
    }
    while let Some(batch) = statement.step().map_err(refused)? {
        let batch = RecordBatch::from(&batch);
        if batch.num_rows() > 0 && outlet.batches.blocking_send(Ok(batch)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
