//! MySQL's SQL in; DuckDB's SQL, or a request of the session, out.
//!
//! A statement is split into tokens, parsed and rewritten as a tree ([`read`]); nothing is found by searching in text. What comes out as
//! [`Statement::Query`] is SQL for the engine, which decides on its own parser's tree who may run it: **this crate is no boundary**, it
//! only makes two dialects mean the same. What a session asks for (SHOW, SET, USE, transactions, KILL) comes out as data, for the listener to
//! answer; what would write comes out as [`DialectError::Write`].
//!
//! # What is made the same
//! Backtick and double quotes, backslash escapes, `#` and `/*! */` comments (by the parser's MySQL dialect); `||` and `&&` as OR and AND, `XOR`,
//! `<=>`, `DIV`, `%` and `/` with NULL for a division by zero, `RLIKE`, `LIKE` without case and with backslash; NULLs first in ascending order;
//! `LIMIT a, b`, `FROM DUAL`, index hints, locks, `WITH ROLLUP`; casts; names of columns; the functions listed in `functions.rs`.
//!
//! # What differs, and is not hidden
//! - `=` and `IN` compare text by its bytes; MySQL's default collation does not tell `a` from `A`.
//! - `/` of whole numbers has all digits of a DOUBLE, not four decimals.
//! - Text is never a number by itself: `'12abc' + 0` is an error, `CAST('12abc' AS SIGNED)` is NULL and not 12.
//! - A DATE plus an INTERVAL is a moment. Times are UTC. From 31 January to 28 February is a month for `TIMESTAMPDIFF`.
//! - `@user` variables, formats that are no literals, and weeks that MySQL counts in its own ways are refused, and `!` for NOT is not
//!   read.
//!
//! # Invariants
//! - A literal of the statement is the same literal in the result, whatever quotes and backslashes it holds.
//! - Parameters keep their numbers: `?` becomes `$1`, `$2`, in the order of the text.
//! - Text, nesting and chains of operators are bounded, and read on a stack made for that bound, because the parser and what walks
//!   its tree are recursive.
#![forbid(unsafe_code)]

mod error;
mod format;
mod functions;
mod quote;
mod session;
mod show;
mod statement;
mod tokens;
mod translate;

pub use error::DialectError;
pub use session::{Scalar, Session};
pub use statement::{
    Assignment, Explained, Filter, Kill, Query, Scope, Show, Statement, TableName, read,
};
pub use tokens::{CHAIN_MAX, NESTING_MAX, SQL_BYTES_MAX};
