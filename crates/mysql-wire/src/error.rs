//! What can be wrong with a packet of somebody else.

use thiserror::Error;

use crate::ErrorCode;

/// Why a payload is not the packet it should be.
///
/// Fields are named, their contents never: a payload may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The payload ends inside the named field.
    #[error("the packet ends before its {0} does")]
    Truncated(&'static str),
    /// Something stands behind the last field.
    #[error("the packet goes on after its {0}")]
    Trailing(&'static str),
    /// The named field is longer, or there are more of it, than this side accepts.
    #[error("{what} is more than {max}")]
    TooLong {
        /// The field.
        what: &'static str,
        /// Its bound.
        max: usize,
    },
    /// The named field holds what the protocol does not know.
    #[error("the {0} is none that the protocol knows")]
    Invalid(&'static str),
    /// The first byte of a command is that of no command handled here.
    #[error("command {0:#04x} is not known")]
    UnknownCommand(u8),
    /// The server asked for a file of this machine, which is never given.
    #[error("the server asks for a local file")]
    LocalFile,
}

impl DecodeError {
    /// The code with which a server refuses such a packet.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::UnknownCommand(_) => ErrorCode::UnknownCommand,
            Self::Truncated(_)
            | Self::Trailing(_)
            | Self::TooLong { .. }
            | Self::Invalid(_)
            | Self::LocalFile => ErrorCode::MalformedPacket,
        }
    }
}

/// Why the bytes of a connection are no packets; the connection cannot go on after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The number of a packet does not follow the one before it.
    #[error("packet number {got} came where {expected} was due")]
    OutOfOrder {
        /// The number that was due.
        expected: u8,
        /// The number that came.
        got: u8,
    },
    /// A payload is longer than this side accepts.
    #[error("a packet of {bytes} bytes, more than {max}")]
    TooLarge {
        /// What was announced so far.
        bytes: usize,
        /// The bound.
        max: usize,
    },
}

impl FrameError {
    /// The code with which a server ends such a connection.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::OutOfOrder { .. } => ErrorCode::NetPacketsOutOfOrder,
            Self::TooLarge { .. } => ErrorCode::NetPacketTooLarge,
        }
    }
}
