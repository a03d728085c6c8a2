//! Errors that such a server answers with: numbers and SQLSTATE of MySQL.

/// One table: from it come the numbers, the states and the way back.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $state:literal;)*) => {
        /// An error by its number and SQLSTATE; clients act on both.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The number.
            pub const fn number(self) -> u16 {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The five letters of the SQL standard's state.
            pub const fn sqlstate(self) -> &'static [u8; 5] {
                match self {
                    $(Self::$name => $state,)*
                }
            }

            /// The error with this number, when it is one of these.
            pub const fn from_number(number: u16) -> Option<Self> {
                match number {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// Too many connections.
    TooManyConnections = 1040, b"08004";
    /// The handshake failed.
    HandshakeFailed = 1043, b"08S01";
    /// The user may not use this database.
    DatabaseAccessDenied = 1044, b"42000";
    /// Wrong user or password.
    AccessDenied = 1045, b"28000";
    /// No database was chosen.
    NoDatabase = 1046, b"3D000";
    /// No such command.
    UnknownCommand = 1047, b"08S01";
    /// A value that must not be NULL is.
    BadNull = 1048, b"23000";
    /// No such database.
    UnknownDatabase = 1049, b"42000";
    /// The name of a column could mean two.
    AmbiguousColumn = 1052, b"23000";
    /// The server stops.
    ServerShutdown = 1053, b"08S01";
    /// No such column.
    UnknownColumn = 1054, b"42S22";
    /// A selected column is not in GROUP BY.
    WrongFieldWithGroup = 1055, b"42000";
    /// A name is too long.
    IdentifierTooLong = 1059, b"42000";
    /// The statement cannot be read.
    Parse = 1064, b"42000";
    /// The statement is empty.
    EmptyQuery = 1065, b"42000";
    /// A table is named twice.
    NonUniqueTable = 1066, b"42000";
    /// No such connection.
    NoSuchThread = 1094, b"HY000";
    /// Not the owner of that connection.
    KillDenied = 1095, b"HY000";
    /// No table is used.
    NoTablesUsed = 1096, b"HY000";
    /// Anything without a number of its own.
    Unknown = 1105, b"HY000";
    /// No such table.
    UnknownTable = 1109, b"42S02";
    /// An aggregate where none may stand.
    InvalidGroupFunction = 1111, b"HY000";
    /// No such character set.
    UnknownCharacterSet = 1115, b"42000";
    /// Rows and values differ in number.
    WrongValueCount = 1136, b"21S01";
    /// The user may not do this with the table.
    TableAccessDenied = 1142, b"42000";
    /// The user may not use the column.
    ColumnAccessDenied = 1143, b"42000";
    /// No such table.
    NoSuchTable = 1146, b"42S02";
    /// The client went away.
    AbortingConnection = 1152, b"08S01";
    /// A packet is larger than is taken.
    NetPacketTooLarge = 1153, b"08S01";
    /// Packets came out of order.
    NetPacketsOutOfOrder = 1156, b"08S01";
    /// Reading from the connection failed.
    NetRead = 1158, b"08S01";
    /// Reading from the connection took too long.
    NetReadInterrupted = 1159, b"08S01";
    /// Writing to the connection failed.
    NetWrite = 1160, b"08S01";
    /// Writing to the connection took too long.
    NetWriteInterrupted = 1161, b"08S01";
    /// No such variable.
    UnknownSystemVariable = 1193, b"HY000";
    /// The user has too many connections.
    TooManyUserConnections = 1203, b"42000";
    /// Wrong arguments of a function or command.
    WrongArguments = 1210, b"HY000";
    /// The user may not do this.
    SpecificAccessDenied = 1227, b"42000";
    /// The user used up something counted.
    UserLimitReached = 1226, b"42000";
    /// A variable cannot have this value.
    WrongValueForVariable = 1231, b"42000";
    /// A variable cannot have a value of this type.
    WrongTypeForVariable = 1232, b"42000";
    /// The variable cannot be set.
    VariableReadOnly = 1238, b"HY000";
    /// Not done by this server.
    NotSupportedYet = 1235, b"42000";
    /// A subquery has more than one column.
    OperandColumns = 1241, b"21000";
    /// A subquery has more than one row.
    SubqueryManyRows = 1242, b"21000";
    /// No such prepared statement.
    UnknownStatement = 1243, b"HY000";
    /// The way of logging in is not spoken by both.
    NotSupportedAuthMode = 1251, b"08004";
    /// A number is out of its range.
    WarnDataOutOfRange = 1264, b"22003";
    /// No such collation.
    UnknownCollation = 1273, b"HY000";
    /// The server only reads.
    OptionPreventsStatement = 1290, b"HY000";
    /// The value is no such type.
    TruncatedWrongValue = 1292, b"22007";
    /// Preparing is not possible for this statement.
    UnsupportedPrepared = 1295, b"HY000";
    /// No such function or procedure.
    UnknownRoutine = 1305, b"42000";
    /// The query was stopped.
    QueryInterrupted = 1317, b"70100";
    /// A division by zero.
    DivisionByZero = 1365, b"22012";
    /// The user may not use the routine.
    RoutineAccessDenied = 1370, b"42000";
    /// Too many parameters for a prepared statement.
    TooManyParameters = 1390, b"HY000";
    /// A cursor that is not open.
    NoOpenCursor = 1421, b"HY000";
    /// Prepared statements are all in use.
    TooManyStatements = 1461, b"42000";
    /// A result is larger than may be.
    QueryResultTooLarge = 1162, b"42000";
    /// A plugin is not loaded.
    PluginNotLoaded = 1524, b"HY000";
    /// Wrong number of arguments of a built-in function.
    WrongParameterCount = 1582, b"42000";
    /// A number is out of its range.
    DataOutOfRange = 1690, b"22003";
    /// A transaction that only reads.
    ReadOnlyTransaction = 1792, b"25006";
    /// The account is locked.
    AccountLocked = 3118, b"HY000";
    /// A packet is no packet.
    MalformedPacket = 1835, b"HY000";
    /// The query ran too long.
    QueryTimeout = 3024, b"HY000";
    /// TLS is required.
    SecureTransportRequired = 3159, b"HY000";
    /// An argument is out of the function's range.
    StackOverrun = 1436, b"HY000";
}
