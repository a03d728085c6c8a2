//! The MySQL client/server protocol: bytes in, packets out, and back.
//!
//! Both sides of it. Nothing here reads from a socket, knows the time or draws random numbers: a caller brings bytes to [`PacketReader`], decodes its
//! payloads, and takes bytes from [`PacketWriter`]. A server greets ([`Greeting`]), reads a [`ClientHello`], checks a proof
//! ([`auth`]) and then answers each [`ErrPacket`] or [`OkPacket`]. Each packet has both halves, so that a client of replication
//! uses the same types, and so that each can be tested against the other and against programs of others.
//!
//! # Sources
//! Written from the pages "MySQL Server: Client/Server Protocol" of the MySQL Server Doxygen documentation, the pages "Client/Server
//! Protocol" of the MariaDB Knowledge Base, and conversations of real programs, recorded by `tests/fixtures/record.py`.
//!
//! # Invariants
//! - Decoding is total: any bytes give a packet or a [`DecodeError`]; no panic, and no more memory than the payload has, which
//!   [`PacketReader`] bounds. Each text has a bound of its own, a constant that ends in `_MAX`.
//! - Nothing of a payload is in an error, and what may hold a password cannot be printed.
//! - Local files are never offered, and a server that asks for one is refused.
//!
//! # Not here
//! TLS (the caller's, after [`ClientHello::Ssl`]), compression, SQL, who may log in. A password for `caching_sha2_password` is
//! never taken encrypted with RSA: TLS is the way.
#![forbid(unsafe_code)]

pub mod auth;
mod charset;
mod code;
mod column;
mod command;
mod error;
mod execute;
mod flags;
mod frame;
mod handshake;
mod number;
mod packet;
mod read;
mod reply;
mod result;
mod row;
mod temporal;
mod value;
mod write;

pub use auth::{
    AUTH_DATA_BYTES_MAX, AuthPlugin, AuthResponse, AuthSwitch, MoreAuth, NONCE_BYTES, Nonce,
    PASSWORD_BYTES_MAX, PUBLIC_KEY_REQUEST, Password,
};
pub use charset::{Charset, Collation};
pub use code::ErrorCode;
pub use column::{Column, ColumnType, DECIMALS_FLOATING, ListedColumn, NAME_BYTES_MAX};
pub use command::{ChangeUser, Command};
pub use error::{DecodeError, FrameError};
pub use execute::{Execute, LongData, PARAMETERS_MAX, Parameter, Query};
pub use flags::{Capabilities, ColumnFlags, CursorFlags, StatusFlags};
pub use frame::{FRAME_BYTES_MAX, LOGIN_PAYLOAD_BYTES_MAX, Packet, PacketReader, PacketWriter};
pub use handshake::{
    ATTRIBUTES_BYTES_MAX, ATTRIBUTES_MAX, AUTH_RESPONSE_BYTES_MAX, Attributes, ClientHello,
    DATABASE_BYTES_MAX, Greeting, Login, PLUGIN_BYTES_MAX, SERVER_VERSION_BYTES_MAX, SslRequest,
    USER_BYTES_MAX,
};
pub use packet::Encode;
pub use reply::{
    Agreed, COLUMNS_MAX, EofPacket, ErrPacket, LoginReply, MESSAGE_BYTES_MAX, OkPacket, QueryReply,
    SESSION_CHANGES_MAX, SessionChange,
};
pub use result::PrepareOk;
pub use row::{
    Binary, BinaryRow, RowFormat, RowWriter, Text, TextRow, read_binary_row, read_text_row,
};
pub use temporal::{Date, DateTime, FRACTION_DIGITS_MAX, TIME_HOURS_MAX, Time};
pub use value::{Value, ValueType};
