//! What a client asks for once it is in.

use crate::{
    Attributes, Capabilities, DATABASE_BYTES_MAX, DecodeError, NAME_BYTES_MAX, PLUGIN_BYTES_MAX,
    USER_BYTES_MAX,
    auth::AuthResponse,
    execute::{Execute, LongData, Query},
    handshake::put_short_bytes,
    packet::Encode,
    read::Reader,
    reply::Agreed,
    write::Put,
};

const QUIT: u8 = 0x01;
const INIT_DB: u8 = 0x02;
const QUERY: u8 = 0x03;
const FIELD_LIST: u8 = 0x04;
const STATISTICS: u8 = 0x09;
const PROCESS_KILL: u8 = 0x0c;
const DEBUG: u8 = 0x0d;
const PING: u8 = 0x0e;
const CHANGE_USER: u8 = 0x11;
const STMT_PREPARE: u8 = 0x16;
const STMT_EXECUTE: u8 = 0x17;
const STMT_SEND_LONG_DATA: u8 = 0x18;
const STMT_CLOSE: u8 = 0x19;
const STMT_RESET: u8 = 0x1a;
const SET_OPTION: u8 = 0x1b;
const STMT_FETCH: u8 = 0x1c;
const RESET_CONNECTION: u8 = 0x1f;

/// A command of a client. It is not printable, because a change of the user holds a proof.
#[derive(Clone)]
pub enum Command<'a> {
    /// The end.
    Quit,
    /// Another database, by name.
    InitDb(&'a [u8]),
    /// A statement.
    Query(Query<'a>),
    /// The columns of a table.
    FieldList {
        /// The table.
        table: &'a [u8],
        /// A LIKE pattern of the columns; empty for all.
        pattern: &'a [u8],
    },
    /// A line of figures.
    Statistics,
    /// The end of another connection.
    ProcessKill(u32),
    /// The server's state into its own log.
    Debug,
    /// Whether the server lives.
    Ping,
    /// Another user on the same connection.
    ChangeUser(ChangeUser<'a>),
    /// The session as it was at its beginning.
    ResetConnection,
    /// Whether a query may hold several statements.
    SetMultiStatements(bool),
    /// A statement to be executed later; its text.
    Prepare(&'a [u8]),
    /// A prepared statement with values.
    Execute(Execute<'a>),
    /// A piece of a parameter. It is never answered, not even when it is wrong.
    SendLongData(LongData<'a>),
    /// The end of a prepared statement. It is never answered.
    CloseStatement(u32),
    /// The end of a statement's cursor and of its long data.
    ResetStatement(u32),
    /// Rows of a cursor.
    Fetch {
        /// The statement.
        statement: u32,
        /// How many at most.
        rows: u32,
    },
}

impl<'a> Command<'a> {
    /// Reads a command, as a server.
    ///
    /// # Errors
    /// [`DecodeError::UnknownCommand`], or a field that is cut or too long. The connection can go on: its packets are in order.
    pub fn decode(payload: &'a [u8], agreed: Agreed) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        let command = match reader.u8("command")? {
            QUIT => Self::Quit,
            INIT_DB => Self::InitDb(reader.rest(DATABASE_BYTES_MAX, "database")?),
            QUERY => Self::Query(Query::read(&mut reader, agreed)?),
            FIELD_LIST => Self::FieldList {
                table: reader.nul_bytes(NAME_BYTES_MAX, "table")?,
                pattern: reader.rest(NAME_BYTES_MAX, "pattern")?,
            },
            STATISTICS => Self::Statistics,
            PROCESS_KILL => Self::ProcessKill(reader.u32("connection id")?),
            DEBUG => Self::Debug,
            PING => Self::Ping,
            CHANGE_USER => Self::ChangeUser(ChangeUser::read(&mut reader, agreed)?),
            RESET_CONNECTION => Self::ResetConnection,
            SET_OPTION => match reader.u16("option")? {
                0 => Self::SetMultiStatements(true),
                1 => Self::SetMultiStatements(false),
                _ => return Err(DecodeError::Invalid("option")),
            },
            STMT_PREPARE => Self::Prepare(reader.rest(usize::MAX, "statement")?),
            STMT_EXECUTE => Self::Execute(Execute::read(&mut reader)?),
            STMT_SEND_LONG_DATA => Self::SendLongData(LongData {
                statement: reader.u32("statement")?,
                parameter: reader.u16("parameter")?,
                data: reader.rest(usize::MAX, "data")?,
            }),
            STMT_CLOSE => Self::CloseStatement(reader.u32("statement")?),
            STMT_RESET => Self::ResetStatement(reader.u32("statement")?),
            STMT_FETCH => {
                Self::Fetch { statement: reader.u32("statement")?, rows: reader.u32("rows")? }
            }
            unknown => return Err(DecodeError::UnknownCommand(unknown)),
        };
        reader.end("command")?;
        Ok(command)
    }

    /// This command for a connection that agreed on `agreed`.
    pub const fn on(&self, agreed: Agreed) -> impl Encode + use<'_, 'a> {
        CommandOn { command: self, agreed }
    }
}

struct CommandOn<'p, 'a> {
    command: &'p Command<'a>,
    agreed: Agreed,
}

impl Encode for CommandOn<'_, '_> {
    fn encode(&self, payload: &mut Vec<u8>) {
        let with_number = |payload: &mut Vec<u8>, command: u8, number: u32| {
            payload.put_u8(command);
            payload.put_u32(number);
        };
        let with_text = |payload: &mut Vec<u8>, command: u8, text: &[u8]| {
            payload.put_u8(command);
            payload.put_bytes(text);
        };
        match self.command {
            Command::Quit => payload.put_u8(QUIT),
            Command::InitDb(name) => with_text(payload, INIT_DB, name),
            Command::Query(query) => {
                payload.put_u8(QUERY);
                query.encode(payload, self.agreed);
            }
            Command::FieldList { table, pattern } => {
                payload.put_u8(FIELD_LIST);
                payload.put_nul_bytes(table);
                payload.put_bytes(pattern);
            }
            Command::Statistics => payload.put_u8(STATISTICS),
            Command::ProcessKill(connection) => with_number(payload, PROCESS_KILL, *connection),
            Command::Debug => payload.put_u8(DEBUG),
            Command::Ping => payload.put_u8(PING),
            Command::ChangeUser(change) => {
                payload.put_u8(CHANGE_USER);
                change.encode(payload, self.agreed);
            }
            Command::ResetConnection => payload.put_u8(RESET_CONNECTION),
            Command::SetMultiStatements(on) => {
                payload.put_bytes(&[SET_OPTION, u8::from(!on), 0]);
            }
            Command::Prepare(text) => with_text(payload, STMT_PREPARE, text),
            Command::Execute(execute) => {
                payload.put_u8(STMT_EXECUTE);
                execute.encode(payload);
            }
            Command::SendLongData(piece) => {
                with_number(payload, STMT_SEND_LONG_DATA, piece.statement);
                payload.put_u16(piece.parameter);
                payload.put_bytes(piece.data);
            }
            Command::CloseStatement(statement) => with_number(payload, STMT_CLOSE, *statement),
            Command::ResetStatement(statement) => with_number(payload, STMT_RESET, *statement),
            Command::Fetch { statement, rows } => {
                with_number(payload, STMT_FETCH, *statement);
                payload.put_u32(*rows);
            }
        }
    }
}

/// Another user on the same connection: a login without a greeting, made with the nonce of the last one.
#[derive(Clone)]
pub struct ChangeUser<'a> {
    /// Who wants in.
    pub user: &'a [u8],
    /// The proof, in the form of `plugin`.
    pub response: AuthResponse<'a>,
    /// The database to begin in.
    pub database: Option<&'a [u8]>,
    /// The collation, when it is said.
    pub collation: Option<u16>,
    /// The way of logging in, by name; empty when it is not said.
    pub plugin: &'a [u8],
    /// What the client says of itself.
    pub attributes: Attributes<'a>,
}

impl<'a> ChangeUser<'a> {
    fn read(reader: &mut Reader<'a>, agreed: Agreed) -> Result<Self, DecodeError> {
        let user = reader.nul_bytes(USER_BYTES_MAX, "user")?;
        let length = reader.u8("authentication response")?;
        let response = reader.bytes(usize::from(length), "authentication response")?;
        let database = reader.nul_bytes_or_rest(DATABASE_BYTES_MAX, "database")?;
        let mut change = Self {
            user,
            response: AuthResponse::new(response),
            database: (!database.is_empty()).then_some(database),
            collation: None,
            plugin: &[],
            attributes: Attributes::default(),
        };
        if !reader.is_empty() {
            change.collation = Some(reader.u16("collation")?);
        }
        if agreed.contains(Capabilities::PLUGIN_AUTH) && !reader.is_empty() {
            change.plugin = reader.nul_bytes_or_rest(PLUGIN_BYTES_MAX, "plugin")?;
        }
        if agreed.contains(Capabilities::CONNECT_ATTRS) && !reader.is_empty() {
            change.attributes = Attributes::read(reader)?;
        }
        Ok(change)
    }

    fn encode(&self, payload: &mut Vec<u8>, agreed: Agreed) {
        payload.put_nul_bytes(self.user);
        put_short_bytes(payload, self.response.as_bytes());
        payload.put_nul_bytes(self.database.unwrap_or_default());
        let Some(collation) = self.collation else { return };
        payload.put_u16(collation);
        if agreed.contains(Capabilities::PLUGIN_AUTH) {
            payload.put_nul_bytes(self.plugin);
            if agreed.contains(Capabilities::CONNECT_ATTRS) {
                self.attributes.encode(payload);
            }
        }
    }
}
