//! The warehouse: DuckDB opened safely, written once, read by many.
//!
//! One in-memory engine has one file attached per database (`<dir>/<name>.duckdb`), so that a damaged file takes only its own
//! database down and a transaction holds the rows of a batch together with the journal offset they came from. Extensions are
//! never loaded, access to files outside the warehouse's folder is off, and the configuration is locked before the first row is
//! read.
//!
//! # Invariants
//! - One [`Writer`] per database; what it commits and the offset of the journal are one transaction.
//! - A read never blocks the writer, has a deadline, and is interrupted when nobody waits for its answer any more.
//! - A file that does not open is set aside, never deleted and never overwritten ([`Incident`]).
//!
//! - Foreign SQL runs only as [`Admitted`], which [`Warehouse::admit`] alone makes.
//!
//! # Not here
//! - What is in a database: each plane brings its own migrations ([`DatabaseSpec`]).

mod admit;
mod answer;
mod columns;
mod database;
mod engine;
mod error;
mod open;
mod read;
mod value;
mod write;

pub use admit::{AdmitError, Admitted, Grants, Refusal, SQL_BYTES_MAX, TableName};
pub use answer::{Answer, AnswerLimits};
pub use columns::{Columns, Kind};
pub use database::{DatabaseSpec, Migration};
/// The form of the rows of an [`Answer`].
pub use duckdb::arrow;
pub use engine::{Config, Warehouse};
pub use error::{AnswerError, OpenError, ReadError, WriteError};
pub use open::{FileProbe, Incident, probe_file};
pub use read::Rows;
pub use value::Value;
pub use write::{Batch, Writer};
