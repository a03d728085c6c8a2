//! The short replies: OK, ERR, EOF, and which of them a payload is.

use crate::{
    AuthSwitch, Capabilities, DecodeError, ErrorCode, MoreAuth, StatusFlags,
    packet::Encode,
    read::{NULL, Reader},
    write::Put,
};

/// The longest text of an error. Longer ones are cut when written, and refused when read.
pub const MESSAGE_BYTES_MAX: usize = 4096;
/// The most changes of a session in one reply.
pub const SESSION_CHANGES_MAX: usize = 256;

const OK: u8 = 0x00;
const EOF: u8 = 0xfe;
const ERR: u8 = 0xff;
/// An EOF is shorter than this; a longer payload that begins as one is a row with a long first value, or an OK.
const EOF_BYTES_MAX: usize = 8;

/// What an [`OkPacket`] or [`EofPacket`] needs to know of the connection to be written or read.
pub type Agreed = Capabilities;

/// Done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OkPacket<'a> {
    /// Rows changed.
    pub affected_rows: u64,
    /// The number the last new row was given.
    pub last_insert_id: u64,
    /// The state of the session now.
    pub status: StatusFlags,
    /// How many warnings there are.
    pub warnings: u16,
    /// A text for people.
    pub info: &'a [u8],
    /// What changed in the session; written only to those that asked for it.
    pub changes: Vec<SessionChange<'a>>,
}

/// A change of the session, as [`Capabilities::SESSION_TRACK`] tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionChange<'a> {
    /// A variable was set.
    SystemVariable {
        /// Its name.
        name: &'a [u8],
        /// Its value as text.
        value: &'a [u8],
    },
    /// Another database is the current one.
    Schema(&'a [u8]),
    /// Whether anything changed.
    State(bool),
    /// One that is not read here: GTIDs, transactions.
    Other {
        /// Its type.
        kind: u8,
        /// Its data.
        data: &'a [u8],
    },
}

impl SessionChange<'_> {
    fn encode(&self, payload: &mut Vec<u8>) {
        let mut data = Vec::new();
        let kind = match *self {
            Self::SystemVariable { name, value } => {
                data.put_lenenc_bytes(name);
                data.put_lenenc_bytes(value);
                0
            }
            Self::Schema(name) => {
                data.put_lenenc_bytes(name);
                1
            }
            Self::State(changed) => {
                data.put_lenenc_bytes(if changed { b"1" } else { b"0" });
                2
            }
            Self::Other { kind, data: other } => {
                data.put_bytes(other);
                kind
            }
        };
        payload.put_u8(kind);
        payload.put_lenenc_bytes(&data);
    }
}

fn read_changes(bytes: &[u8]) -> Result<Vec<SessionChange<'_>>, DecodeError> {
    const WHAT: &str = "session state";
    let mut reader = Reader::new(bytes);
    let mut changes = Vec::new();
    while !reader.is_empty() {
        let kind = reader.u8(WHAT)?;
        let data = reader.lenenc_bytes(WHAT)?;
        let mut inner = Reader::new(data);
        // MariaDB puts several variables into one entry.
        loop {
            if changes.len() == SESSION_CHANGES_MAX {
                return Err(DecodeError::TooLong { what: WHAT, max: SESSION_CHANGES_MAX });
            }
            changes.push(match kind {
                0 => SessionChange::SystemVariable {
                    name: inner.lenenc_bytes(WHAT)?,
                    value: inner.lenenc_bytes(WHAT)?,
                },
                1 => SessionChange::Schema(inner.lenenc_bytes(WHAT)?),
                2 => SessionChange::State(inner.lenenc_bytes(WHAT)? == b"1"),
                _ => SessionChange::Other { kind, data },
            });
            if kind != 0 || inner.is_empty() {
                break;
            }
        }
    }
    Ok(changes)
}

impl<'a> OkPacket<'a> {
    /// A reply to a command that changes nothing.
    pub fn new(status: StatusFlags) -> Self {
        Self { status, ..Self::default() }
    }

    /// This packet for a connection that agreed on `agreed`.
    pub const fn on(&self, agreed: Agreed) -> impl Encode + use<'_, 'a> {
        OkOn { ok: self, agreed, header: OK }
    }

    /// Reads an OK, also one in the place of an EOF, as a client.
    ///
    /// # Errors
    /// Another packet, or a field that is cut.
    pub fn decode(payload: &'a [u8], agreed: Agreed) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        if !matches!(reader.u8("header")?, OK | EOF) {
            return Err(DecodeError::Invalid("header"));
        }
        let affected_rows = reader.lenenc_int("affected rows")?;
        let last_insert_id = reader.lenenc_int("last insert id")?;
        let status = StatusFlags::from_bits(reader.u16("status")?);
        let warnings = reader.u16("warnings")?;
        let mut ok = Self { affected_rows, last_insert_id, status, warnings, ..Self::default() };
        if !reader.is_empty() {
            ok.info = reader.lenenc_bytes_max(MESSAGE_BYTES_MAX, "info")?;
            let tracks = agreed.contains(Capabilities::SESSION_TRACK);
            if tracks && status.contains(StatusFlags::SESSION_STATE_CHANGED) {
                ok.changes = read_changes(reader.lenenc_bytes("session state")?)?;
            }
            reader.end("session state")?;
        }
        Ok(ok)
    }
}

struct OkOn<'p, 'a> {
    ok: &'p OkPacket<'a>,
    agreed: Agreed,
    header: u8,
}

impl Encode for OkOn<'_, '_> {
    fn encode(&self, payload: &mut Vec<u8>) {
        let tracks = self.agreed.contains(Capabilities::SESSION_TRACK);
        let changed = tracks && !self.ok.changes.is_empty();
        let flag = StatusFlags::SESSION_STATE_CHANGED;
        let status = if changed { self.ok.status | flag } else { self.ok.status.without(flag) };
        payload.put_u8(self.header);
        payload.put_lenenc_int(self.ok.affected_rows);
        payload.put_lenenc_int(self.ok.last_insert_id);
        payload.put_u16(status.bits());
        payload.put_u16(self.ok.warnings);
        let info = cut(self.ok.info);
        // The manual says that the text ends with the payload where sessions are not tracked; servers write its length all the same.
        if changed || !info.is_empty() {
            payload.put_lenenc_bytes(info);
            if changed {
                let mut state = Vec::new();
                self.ok.changes.iter().for_each(|change| change.encode(&mut state));
                payload.put_lenenc_bytes(&state);
            }
        }
    }
}

/// The end of columns or rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EofPacket {
    /// How many warnings there are.
    pub warnings: u16,
    /// The state of the session now.
    pub status: StatusFlags,
}

impl Encode for EofPacket {
    fn encode(&self, payload: &mut Vec<u8>) {
        payload.put_u8(EOF);
        payload.put_u16(self.warnings);
        payload.put_u16(self.status.bits());
    }
}

impl EofPacket {
    /// The end of rows for a connection that agreed on `agreed`: this packet, or an OK in its place.
    pub const fn end_of_rows(self, agreed: Agreed) -> impl Encode {
        EndOfRows { eof: self, agreed }
    }

    /// Whether the payload, where a row could be, is the end of rows instead.
    pub fn ends_rows(payload: &[u8], agreed: Agreed) -> bool {
        let deprecated = agreed.contains(Capabilities::DEPRECATE_EOF);
        let bytes_max = if deprecated { crate::FRAME_BYTES_MAX - 1 } else { EOF_BYTES_MAX };
        payload.first() == Some(&EOF) && payload.len() <= bytes_max
    }

    /// Reads the end of columns or rows in either form, as a client.
    ///
    /// # Errors
    /// Another packet, or a field that is cut.
    pub fn decode(payload: &[u8], agreed: Agreed) -> Result<Self, DecodeError> {
        if agreed.contains(Capabilities::DEPRECATE_EOF) && payload.len() > 5 {
            let ok = OkPacket::decode(payload, agreed)?;
            return Ok(Self { warnings: ok.warnings, status: ok.status });
        }
        let mut reader = Reader::new(payload);
        if reader.u8("header")? != EOF {
            return Err(DecodeError::Invalid("header"));
        }
        let warnings = reader.u16("warnings")?;
        let status = StatusFlags::from_bits(reader.u16("status")?);
        reader.end("status")?;
        Ok(Self { warnings, status })
    }
}

struct EndOfRows {
    eof: EofPacket,
    agreed: Agreed,
}

impl Encode for EndOfRows {
    fn encode(&self, payload: &mut Vec<u8>) {
        if self.agreed.contains(Capabilities::DEPRECATE_EOF) {
            let EofPacket { warnings, status } = self.eof;
            let ok = OkPacket { warnings, status, ..OkPacket::default() };
            OkOn { ok: &ok, agreed: self.agreed, header: EOF }.encode(payload);
        } else {
            self.eof.encode(payload);
        }
    }
}

/// Refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrPacket<'a> {
    /// The number; [`ErrorCode::from_number`] knows some.
    pub number: u16,
    /// The SQL standard's state.
    pub sqlstate: [u8; 5],
    /// A text for people.
    pub message: &'a [u8],
}

impl<'a> ErrPacket<'a> {
    /// An error with its state.
    pub const fn new(code: ErrorCode, message: &'a str) -> Self {
        Self { number: code.number(), sqlstate: *code.sqlstate(), message: message.as_bytes() }
    }

    /// Reads an error, as a client. Before the login servers leave the state out.
    ///
    /// # Errors
    /// Another packet, or a field that is cut or too long.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        if reader.u8("header")? != ERR {
            return Err(DecodeError::Invalid("header"));
        }
        let number = reader.u16("error number")?;
        let mut sqlstate = *b"HY000";
        if reader.peek() == Some(b'#') {
            reader.u8("state")?;
            sqlstate = reader.array("state")?;
        }
        Ok(Self { number, sqlstate, message: reader.rest(MESSAGE_BYTES_MAX, "message")? })
    }
}

impl Encode for ErrPacket<'_> {
    fn encode(&self, payload: &mut Vec<u8>) {
        payload.put_u8(ERR);
        payload.put_u16(self.number);
        payload.put_u8(b'#');
        payload.put_bytes(&self.sqlstate);
        payload.put_bytes(cut(self.message));
    }
}

/// A text within the bound, cut between letters.
fn cut(text: &[u8]) -> &[u8] {
    let mut end = MESSAGE_BYTES_MAX.min(text.len());
    while text.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// What a server answers during a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginReply<'a> {
    /// In.
    Ok(OkPacket<'a>),
    /// Not in.
    Err(ErrPacket<'a>),
    /// Another way of logging in, please.
    Switch(AuthSwitch<'a>),
    /// More in this way of logging in.
    More(MoreAuth<'a>),
}

impl<'a> LoginReply<'a> {
    /// Reads a reply to a login, as a client.
    ///
    /// # Errors
    /// None of these, or a broken one.
    pub fn decode(payload: &'a [u8], agreed: Agreed) -> Result<Self, DecodeError> {
        match payload.first() {
            Some(&OK) => OkPacket::decode(payload, agreed).map(Self::Ok),
            Some(&ERR) => ErrPacket::decode(payload).map(Self::Err),
            Some(&AuthSwitch::HEADER) => AuthSwitch::decode(payload).map(Self::Switch),
            Some(&MoreAuth::HEADER) => MoreAuth::decode(payload).map(Self::More),
            Some(_) => Err(DecodeError::Invalid("header")),
            None => Err(DecodeError::Truncated("header")),
        }
    }
}

/// What a server answers first to a query or an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryReply<'a> {
    /// Done, without rows.
    Ok(OkPacket<'a>),
    /// Refused.
    Err(ErrPacket<'a>),
    /// Rows of this many columns follow.
    Columns(usize),
}

/// The most columns of a result, as MySQL has it.
pub const COLUMNS_MAX: usize = 4096;

impl<'a> QueryReply<'a> {
    /// Reads the first reply to a query, as a client.
    ///
    /// # Errors
    /// None of these, a broken one, or [`DecodeError::LocalFile`].
    pub fn decode(payload: &'a [u8], agreed: Agreed) -> Result<Self, DecodeError> {
        match payload.first() {
            Some(&OK) => return OkPacket::decode(payload, agreed).map(Self::Ok),
            Some(&ERR) => return ErrPacket::decode(payload).map(Self::Err),
            Some(&NULL) => return Err(DecodeError::LocalFile),
            Some(_) | None => {}
        }
        let mut reader = Reader::new(payload);
        let columns = reader.lenenc_int("number of columns")?;
        reader.end("number of columns")?;
        match usize::try_from(columns) {
            Ok(columns) if columns <= COLUMNS_MAX => Ok(Self::Columns(columns)),
            Ok(_) | Err(_) => {
                Err(DecodeError::TooLong { what: "number of columns", max: COLUMNS_MAX })
            }
        }
    }
}

/// The number of columns of a result that follows.
pub(crate) struct ColumnCount(pub usize);

impl Encode for ColumnCount {
    fn encode(&self, payload: &mut Vec<u8>) {
        payload.put_lenenc_int(self.0 as u64);
    }
}

#[cfg(test)]
mod tests;
