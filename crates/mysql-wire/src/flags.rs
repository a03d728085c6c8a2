//! Sets of flags: capabilities, server status, columns, cursors.

use std::fmt;

/// A set of flags as one integer; bits without a name are kept as they came.
macro_rules! flags {
    ($(#[$about:meta])* $name:ident: $bits:ty { $($(#[$doc:meta])* $flag:ident = $value:expr;)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
        pub struct $name($bits);

        impl $name {
            $($(#[$doc])* pub const $flag: Self = Self($value);)*

            /// The set with these bits, known or not.
            pub const fn from_bits(bits: $bits) -> Self {
                Self(bits)
            }

            /// The set as an integer.
            pub const fn bits(self) -> $bits {
                self.0
            }

            /// Whether all of `other` is in here.
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// What is in either.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// What is in both.
            #[must_use]
            pub const fn intersection(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// What is in here and not in `other`.
            #[must_use]
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }
        }

        impl std::ops::BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                self.union(other)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut left = *self;
                write!(f, "{}(", stringify!($name))?;
                $(if left.contains(Self::$flag) {
                    write!(f, "{} ", stringify!($flag))?;
                    left = left.without(Self::$flag);
                })*
                write!(f, "{:#x})", left.0)
            }
        }
    };
}

flags! {
    /// What a side can do; a connection uses what both can.
    Capabilities: u32 {
        /// Passwords in the form since 4.1. A MariaDB server that does not say it announces capabilities of its own kind.
        LONG_PASSWORD = 1;
        /// Affected rows are those found, not those changed.
        FOUND_ROWS = 1 << 1;
        /// All column flags.
        LONG_FLAG = 1 << 2;
        /// A database in the login.
        CONNECT_WITH_DB = 1 << 3;
        /// No `database.table.column`.
        NO_SCHEMA = 1 << 4;
        /// Compression with zlib.
        COMPRESS = 1 << 5;
        /// Behaviour of ODBC clients.
        ODBC = 1 << 6;
        /// Reading files of the client's machine. Neither side here ever offers it.
        LOCAL_FILES = 1 << 7;
        /// Spaces before `(`.
        IGNORE_SPACE = 1 << 8;
        /// The protocol of 4.1; without it there is no talking here.
        PROTOCOL_41 = 1 << 9;
        /// Time-outs for people.
        INTERACTIVE = 1 << 10;
        /// TLS, begun after an [`crate::SslRequest`].
        SSL = 1 << 11;
        /// No SIGPIPE.
        IGNORE_SIGPIPE = 1 << 12;
        /// Status flags in replies.
        TRANSACTIONS = 1 << 13;
        /// Old name of the protocol of 4.1.
        RESERVED = 1 << 14;
        /// Logins with a nonce of 20 bytes.
        SECURE_CONNECTION = 1 << 15;
        /// Several statements in one query.
        MULTI_STATEMENTS = 1 << 16;
        /// Several results of one query.
        MULTI_RESULTS = 1 << 17;
        /// Several results of one prepared statement.
        PS_MULTI_RESULTS = 1 << 18;
        /// Named ways of logging in.
        PLUGIN_AUTH = 1 << 19;
        /// Connection attributes.
        CONNECT_ATTRS = 1 << 20;
        /// The answer of the login behind a length-encoded length.
        PLUGIN_AUTH_LENENC_CLIENT_DATA = 1 << 21;
        /// Logging in with an expired password, to change it.
        CAN_HANDLE_EXPIRED_PASSWORDS = 1 << 22;
        /// Changes of the session in OK packets.
        SESSION_TRACK = 1 << 23;
        /// OK packets in the place of EOF packets.
        DEPRECATE_EOF = 1 << 24;
        /// Results whose columns are not described.
        OPTIONAL_RESULTSET_METADATA = 1 << 25;
        /// Compression with zstd.
        ZSTD_COMPRESSION = 1 << 26;
        /// Named values beside a query.
        QUERY_ATTRIBUTES = 1 << 27;
        /// More than one factor.
        MULTI_FACTOR_AUTHENTICATION = 1 << 28;
        /// An extension of the capabilities.
        CAPABILITY_EXTENSION = 1 << 29;
        /// A client that checks the server's certificate.
        SSL_VERIFY_SERVER_CERT = 1 << 30;
        /// A client that remembers its options.
        REMEMBER_OPTIONS = 1 << 31;
    }
}

flags! {
    /// The state of a session, told in replies.
    StatusFlags: u16 {
        /// In a transaction.
        IN_TRANSACTION = 1;
        /// Each statement commits.
        AUTOCOMMIT = 1 << 1;
        /// Another result follows.
        MORE_RESULTS = 1 << 3;
        /// No good index was used.
        NO_GOOD_INDEX_USED = 1 << 4;
        /// No index was used.
        NO_INDEX_USED = 1 << 5;
        /// Rows are to be fetched from a cursor.
        CURSOR_EXISTS = 1 << 6;
        /// The cursor has no more rows.
        LAST_ROW_SENT = 1 << 7;
        /// A database was dropped.
        DATABASE_DROPPED = 1 << 8;
        /// Backslashes in strings are letters.
        NO_BACKSLASH_ESCAPES = 1 << 9;
        /// Prepared again, with other columns.
        METADATA_CHANGED = 1 << 10;
        /// The query was slow.
        QUERY_WAS_SLOW = 1 << 11;
        /// These are the out parameters of a procedure.
        OUT_PARAMETERS = 1 << 12;
        /// In a transaction that only reads.
        IN_READ_ONLY_TRANSACTION = 1 << 13;
        /// Changes of the session follow.
        SESSION_STATE_CHANGED = 1 << 14;
    }
}

flags! {
    /// What is known of a column.
    ColumnFlags: u16 {
        /// Never NULL.
        NOT_NULL = 1;
        /// Part of the primary key.
        PRIMARY_KEY = 1 << 1;
        /// Part of a unique key.
        UNIQUE_KEY = 1 << 2;
        /// Part of another key.
        MULTIPLE_KEY = 1 << 3;
        /// A blob or a text.
        BLOB = 1 << 4;
        /// Without a sign.
        UNSIGNED = 1 << 5;
        /// Filled with zeros.
        ZEROFILL = 1 << 6;
        /// Compared by its bytes.
        BINARY = 1 << 7;
        /// An enumeration.
        ENUM = 1 << 8;
        /// Counts by itself.
        AUTO_INCREMENT = 1 << 9;
        /// A time stamp.
        TIMESTAMP = 1 << 10;
        /// A set.
        SET = 1 << 11;
        /// No default value.
        NO_DEFAULT_VALUE = 1 << 12;
        /// Set to now at an update.
        ON_UPDATE_NOW = 1 << 13;
        /// A number.
        NUMBER = 1 << 15;
    }
}

flags! {
    /// How a prepared statement is to be executed.
    CursorFlags: u8 {
        /// Rows are fetched one by one.
        READ_ONLY = 1;
        /// Rows may change under the cursor.
        FOR_UPDATE = 1 << 1;
        /// The cursor goes both ways.
        SCROLLABLE = 1 << 2;
        /// The number of parameters is said, even of none.
        PARAMETER_COUNT_AVAILABLE = 1 << 3;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_printed_by_name_and_the_unnamed_by_number() {
        let status = StatusFlags::AUTOCOMMIT | StatusFlags::from_bits(4);
        assert_eq!(format!("{status:?}"), "StatusFlags(AUTOCOMMIT 0x4)");
        assert!(!status.contains(StatusFlags::IN_TRANSACTION));
        assert_eq!(status.without(StatusFlags::AUTOCOMMIT).bits(), 4);
    }
}
