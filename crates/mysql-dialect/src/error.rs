//! Why a statement cannot be run here.

use thiserror::Error;

/// Why a statement is neither a query nor a request of the session.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DialectError {
    /// It cannot be read; the text says where, and quotes the statement.
    #[error("{0}")]
    Syntax(String),
    /// It is longer than [`crate::SQL_BYTES_MAX`].
    #[error("the statement is longer than {max} bytes")]
    TooLong {
        /// The bound.
        max: usize,
    },
    /// It is nested or chained deeper than [`crate::NESTING_MAX`] or [`crate::CHAIN_MAX`].
    #[error("the statement is nested too deeply")]
    TooDeep,
    /// It is more than one statement.
    #[error("only one statement at a time")]
    Several,
    /// It would write, and nothing is written here.
    #[error("this server only reads")]
    Write,
    /// It asks for something that is not done here.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// There is no thread to read it on.
    #[error("the server is too busy to read the statement")]
    Busy,
    /// It asks for a variable that does not exist.
    #[error("unknown system variable '{0}'")]
    UnknownVariable(String),
}

impl DialectError {
    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(what.into())
    }
}
