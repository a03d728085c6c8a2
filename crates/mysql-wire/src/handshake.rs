//! The greeting of a server and the answer of a client, protocol 4.1.
//!
//! The server speaks first ([`Greeting`]). A client that wants TLS answers with a short packet that names nobody ([`SslRequest`]) and
//! begins TLS; then, or without it at once, comes the whole answer ([`Login`]). A server that requires TLS therefore knows before
//! anything secret was sent; [`ClientHello::decode`] tells the two apart.

use crate::{
    AuthPlugin, Capabilities, DecodeError, Nonce, StatusFlags,
    auth::AuthResponse,
    packet::Encode,
    read::Reader,
    write::{Put, length},
};

/// The longest name of a user.
pub const USER_BYTES_MAX: usize = 512;
/// The longest name of a database: 64 letters of four bytes.
pub const DATABASE_BYTES_MAX: usize = 256;
/// The longest answer of a login: a password may be sent as it is.
pub const AUTH_RESPONSE_BYTES_MAX: usize = 1024;
/// The longest name of a way of logging in.
pub const PLUGIN_BYTES_MAX: usize = 64;
/// The longest text of a server's version.
pub const SERVER_VERSION_BYTES_MAX: usize = 256;
/// All connection attributes together.
pub const ATTRIBUTES_BYTES_MAX: usize = 16 * 1024;
/// The most connection attributes.
pub const ATTRIBUTES_MAX: usize = 64;

const PROTOCOL_VERSION: u8 = 10;
/// Nonce bytes in the first part, and those behind it with the zero that ends them.
const NONCE_FIRST_BYTES: usize = 8;
const NONCE_LATER_BYTES_MIN: usize = 13;
/// The fixed head of an answer, which is all of an [`SslRequest`].
const LOGIN_HEAD_BYTES: usize = 32;

/// What a server says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting<'a> {
    /// The version, as text. Clients read the number in front and look for `MariaDB`.
    pub server_version: &'a [u8],
    /// The number to name in a KILL.
    pub connection_id: u32,
    /// Random bytes of this connection, which the login is made with.
    pub nonce: Nonce,
    /// What the server can do.
    pub capabilities: Capabilities,
    /// What a MariaDB server can do beyond; empty unless [`Capabilities::LONG_PASSWORD`] is missing.
    pub mariadb_capabilities: u32,
    /// The number of the server's collation, its lower byte.
    pub collation: u8,
    /// The state of the new session.
    pub status: StatusFlags,
    /// The way of logging in that the server proposes, by name.
    pub plugin: &'a [u8],
}

impl Encode for Greeting<'_> {
    fn encode(&self, payload: &mut Vec<u8>) {
        let (first, later) = self.nonce.as_bytes().split_at(NONCE_FIRST_BYTES);
        let [low_a, low_b, high_a, high_b] = self.capabilities.bits().to_le_bytes();
        payload.put_u8(PROTOCOL_VERSION);
        payload.put_nul_bytes(self.server_version);
        payload.put_u32(self.connection_id);
        payload.put_bytes(first);
        payload.put_u8(0);
        payload.put_bytes(&[low_a, low_b]);
        payload.put_u8(self.collation);
        payload.put_u16(self.status.bits());
        payload.put_bytes(&[high_a, high_b]);
        payload.put_u8(if self.capabilities.contains(Capabilities::PLUGIN_AUTH) { 21 } else { 0 });
        payload.put_zeros::<6>();
        let announces = !self.capabilities.contains(Capabilities::LONG_PASSWORD);
        payload.put_u32(if announces { self.mariadb_capabilities } else { 0 });
        payload.put_bytes(later);
        payload.put_u8(0);
        if self.capabilities.contains(Capabilities::PLUGIN_AUTH) {
            payload.put_nul_bytes(self.plugin);
        }
    }
}

impl<'a> Greeting<'a> {
    /// Reads a server's greeting, as a client.
    ///
    /// # Errors
    /// Not version 10, a nonce that is no 20 bytes, or a field that is cut or too long. Servers before 4.1 are among these.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        if reader.u8("protocol version")? != PROTOCOL_VERSION {
            return Err(DecodeError::Invalid("protocol version"));
        }
        let server_version = reader.nul_bytes(SERVER_VERSION_BYTES_MAX, "server version")?;
        let connection_id = reader.u32("connection id")?;
        let first: [u8; NONCE_FIRST_BYTES] = reader.array("nonce")?;
        reader.u8("filler")?;
        let low = reader.array::<2>("capabilities")?;
        let collation = reader.u8("collation")?;
        let status = StatusFlags::from_bits(reader.u16("status")?);
        let high = reader.array::<2>("capabilities")?;
        let capabilities =
            Capabilities::from_bits(u32::from_le_bytes([low[0], low[1], high[0], high[1]]));
        let nonce_bytes = usize::from(reader.u8("nonce length")?);
        reader.bytes(6, "reserved bytes")?;
        let reserved = reader.u32("MariaDB capabilities")?;
        let announces = !capabilities.contains(Capabilities::LONG_PASSWORD);
        let later_bytes = nonce_bytes.saturating_sub(NONCE_FIRST_BYTES).max(NONCE_LATER_BYTES_MIN);
        let later = reader.bytes(later_bytes, "nonce")?;
        let plugin = if capabilities.contains(Capabilities::PLUGIN_AUTH) {
            reader.nul_bytes_or_rest(PLUGIN_BYTES_MAX, "plugin")?
        } else {
            AuthPlugin::NativePassword.name()
        };
        reader.end("plugin")?;
        Ok(Self {
            server_version,
            connection_id,
            nonce: Nonce::from_parts(first, later)?,
            capabilities,
            mariadb_capabilities: if announces { reserved } else { 0 },
            collation,
            status,
            plugin,
        })
    }
}

/// The head of an answer, sent alone: TLS begins with the next byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SslRequest {
    /// What the client can do, [`Capabilities::SSL`] among it.
    pub capabilities: Capabilities,
    /// The longest payload the client takes.
    pub payload_bytes_max: u32,
    /// The number of the client's collation, its lower byte.
    pub collation: u8,
    /// What a MariaDB client can do beyond.
    pub mariadb_capabilities: u32,
}

impl Encode for SslRequest {
    fn encode(&self, payload: &mut Vec<u8>) {
        payload.put_u32(self.capabilities.bits());
        payload.put_u32(self.payload_bytes_max);
        payload.put_u8(self.collation);
        payload.put_zeros::<19>();
        let announces = !self.capabilities.contains(Capabilities::LONG_PASSWORD);
        payload.put_u32(if announces { self.mariadb_capabilities } else { 0 });
    }
}

impl SslRequest {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let capabilities = Capabilities::from_bits(reader.u32("capabilities")?);
        if !capabilities.contains(Capabilities::PROTOCOL_41) {
            return Err(DecodeError::Invalid("protocol"));
        }
        let payload_bytes_max = reader.u32("largest packet")?;
        let collation = reader.u8("collation")?;
        reader.bytes(19, "reserved bytes")?;
        let reserved = reader.u32("MariaDB capabilities")?;
        let announces = !capabilities.contains(Capabilities::LONG_PASSWORD);
        let mariadb_capabilities = if announces { reserved } else { 0 };
        Ok(Self { capabilities, payload_bytes_max, collation, mariadb_capabilities })
    }
}

/// The whole answer of a client.
///
/// It is not printable, because what it answers may be the password itself.
#[derive(Clone)]
pub struct Login<'a> {
    /// The fields an [`SslRequest`] has too.
    pub head: SslRequest,
    /// Who wants in.
    pub user: &'a [u8],
    /// The proof, in the form of `plugin`.
    pub response: AuthResponse<'a>,
    /// The database to begin in.
    pub database: Option<&'a [u8]>,
    /// The way of logging in that the answer was made for, by name; empty when the client knows no names.
    pub plugin: &'a [u8],
    /// What the client says of itself.
    pub attributes: Attributes<'a>,
    /// The level of compression with zstd that it asks for.
    pub zstd_level: Option<u8>,
}

impl Encode for Login<'_> {
    fn encode(&self, payload: &mut Vec<u8>) {
        let has = |flag| self.head.capabilities.contains(flag);
        self.head.encode(payload);
        payload.put_nul_bytes(self.user);
        let response = self.response.as_bytes();
        if has(Capabilities::PLUGIN_AUTH_LENENC_CLIENT_DATA) {
            payload.put_lenenc_bytes(response);
        } else if has(Capabilities::SECURE_CONNECTION) {
            put_short_bytes(payload, response);
        } else {
            payload.put_nul_bytes(response);
        }
        if has(Capabilities::CONNECT_WITH_DB) {
            payload.put_nul_bytes(self.database.unwrap_or_default());
        }
        if has(Capabilities::PLUGIN_AUTH) {
            payload.put_nul_bytes(self.plugin);
        }
        if has(Capabilities::CONNECT_ATTRS) {
            self.attributes.encode(payload);
        }
        if has(Capabilities::ZSTD_COMPRESSION) {
            payload.put_u8(self.zstd_level.unwrap_or_default());
        }
    }
}

/// A string behind a length of one byte; what does not fit is left out, and the login fails.
pub(crate) fn put_short_bytes(payload: &mut Vec<u8>, bytes: &[u8]) {
    let fitting = bytes.get(..255).unwrap_or(bytes);
    payload.put_u8(u8::try_from(fitting.len()).unwrap_or(u8::MAX));
    payload.put_bytes(fitting);
}

impl<'a> Login<'a> {
    /// Reads a client's whole answer, as a server.
    ///
    /// # Errors
    /// Not the protocol of 4.1, or a field that is cut or too long.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        let head = SslRequest::read(&mut reader)?;
        let has = |flag| head.capabilities.contains(flag);
        let user = reader.nul_bytes(USER_BYTES_MAX, "user")?;
        let response = read_response(&mut reader, head.capabilities)?;
        // Fields are left out at the end by some clients that announced them.
        let database = if has(Capabilities::CONNECT_WITH_DB) && !reader.is_empty() {
            let name = reader.nul_bytes_or_rest(DATABASE_BYTES_MAX, "database")?;
            (!name.is_empty()).then_some(name)
        } else {
            None
        };
        let plugin = if has(Capabilities::PLUGIN_AUTH) {
            reader.nul_bytes_or_rest(PLUGIN_BYTES_MAX, "plugin")?
        } else {
            &[]
        };
        let attributes = if has(Capabilities::CONNECT_ATTRS) && !reader.is_empty() {
            Attributes::read(&mut reader)?
        } else {
            Attributes::default()
        };
        let zstd_level = if has(Capabilities::ZSTD_COMPRESSION) && !reader.is_empty() {
            Some(reader.u8("compression level")?)
        } else {
            None
        };
        reader.end("connection attributes")?;
        Ok(Self { head, user, response, database, plugin, attributes, zstd_level })
    }
}

fn read_response<'a>(
    reader: &mut Reader<'a>,
    capabilities: Capabilities,
) -> Result<AuthResponse<'a>, DecodeError> {
    const WHAT: &str = "authentication response";
    let bytes = if capabilities.contains(Capabilities::PLUGIN_AUTH_LENENC_CLIENT_DATA) {
        reader.lenenc_bytes_max(AUTH_RESPONSE_BYTES_MAX, WHAT)?
    } else if capabilities.contains(Capabilities::SECURE_CONNECTION) {
        let length = reader.u8(WHAT)?;
        reader.bytes(usize::from(length), WHAT)?
    } else {
        reader.nul_bytes(AUTH_RESPONSE_BYTES_MAX, WHAT)?
    };
    Ok(AuthResponse::new(bytes))
}

/// The first packet of a client: TLS asked for, or the login itself.
#[derive(Clone)]
pub enum ClientHello<'a> {
    /// TLS begins with the next byte.
    Ssl(SslRequest),
    /// The login, on the connection as it is.
    Login(Login<'a>),
}

impl<'a> ClientHello<'a> {
    /// Reads the first packet of a client, as a server.
    ///
    /// # Errors
    /// As [`Login::decode`].
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        if payload.len() > LOGIN_HEAD_BYTES {
            return Login::decode(payload).map(Self::Login);
        }
        let mut reader = Reader::new(payload);
        let head = SslRequest::read(&mut reader)?;
        reader.end("head")?;
        if head.capabilities.contains(Capabilities::SSL) {
            Ok(Self::Ssl(head))
        } else {
            Err(DecodeError::Truncated("user"))
        }
    }
}

/// Names and values that a client says of itself: its program, version, process.
///
/// Nothing of it is proved: it is for logs, never for decisions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Attributes<'a> {
    /// The attributes of a client.
    pub const fn new(pairs: Vec<(&'a [u8], &'a [u8])>) -> Self {
        Self(pairs)
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.0.iter().copied()
    }

    /// The value of the first with this name.
    pub fn get(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    pub(crate) fn encode(&self, payload: &mut Vec<u8>) {
        let mut pairs = Vec::new();
        for (name, value) in self.iter() {
            pairs.put_lenenc_bytes(name);
            pairs.put_lenenc_bytes(value);
        }
        payload.put_lenenc_int(length(&pairs));
        payload.put_bytes(&pairs);
    }

    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        const WHAT: &str = "connection attributes";
        let mut inner = Reader::new(reader.lenenc_bytes_max(ATTRIBUTES_BYTES_MAX, WHAT)?);
        let mut pairs = Vec::new();
        while !inner.is_empty() {
            if pairs.len() == ATTRIBUTES_MAX {
                return Err(DecodeError::TooLong { what: WHAT, max: ATTRIBUTES_MAX });
            }
            pairs.push((inner.lenenc_bytes(WHAT)?, inner.lenenc_bytes(WHAT)?));
        }
        Ok(Self(pairs))
    }
}

#[cfg(test)]
mod tests;
