//! Proving a password: the ways, their packets, and what both sides compute.
//!
//! | way | sent | a server must keep | use |
//! |---|---|---|---|
//! | `caching_sha2_password`, fast | a hash with the nonce | [`sha2::Verifier`], SHA-256 twice, unsalted | after a full proof, in memory only |
//! | `caching_sha2_password`, full | the password, over TLS | **anything that can check a password**: Argon2id, an HMAC | the way for stores of slow hashes |
//! | `mysql_clear_password` | the password, over TLS | anything that can check a password | clients where the user allows it |
//! | `mysql_native_password` | a hash with the nonce | [`native::Verifier`], SHA-1 twice, unsalted | old clients, by a switch of the operator |
//!
//! So a server that keeps only Argon2id of its passwords and an HMAC of its keys answers the first proof of
//! `caching_sha2_password` with [`MoreAuth::FULL`]; a client on TLS then sends the password with a zero byte behind it
//! ([`Password::decode`]). A client without TLS asks for an RSA key instead ([`PUBLIC_KEY_REQUEST`]),
//! which is never given here, or sends the password in the open: [`MoreAuth::FULL`] is for TLS and for this machine only.
//!
//! # Invariants
//! - A nonce has no zero byte, because clients read it as a terminated string.
//! - An empty proof proves nothing, whatever the verifier: it is what clients send for an empty password.
//! - What is secret has no `Debug` and is wiped when dropped; comparisons take the same time whatever differs.

use ::sha2::digest::{Digest, Output};
use zeroize::{Zeroize, Zeroizing};

use crate::{DecodeError, handshake::PLUGIN_BYTES_MAX, packet::Encode, read::Reader, write::Put};

pub mod native;
pub mod sha2;

/// The longest password.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// The bytes of a nonce.
pub const NONCE_BYTES: usize = 20;
/// What a client without TLS sends to get an RSA key for its password.
pub const PUBLIC_KEY_REQUEST: u8 = 2;

const NONCE_LATER_BYTES: usize = 12;

/// The hash of the parts one after the other.
fn hash<D, const BYTES: usize>(parts: &[&[u8]]) -> Zeroizing<[u8; BYTES]>
where
    D: Digest,
    Output<D>: Into<[u8; BYTES]>,
{
    let mut hasher = D::new();
    for part in parts {
        hasher.update(part);
    }
    Zeroizing::new(hasher.finalize().into())
}

fn xor<const BYTES: usize>(
    mut left: Zeroizing<[u8; BYTES]>,
    right: &[u8; BYTES],
) -> Zeroizing<[u8; BYTES]> {
    left.iter_mut().zip(right).for_each(|(byte, other)| *byte ^= other);
    left
}

/// Random bytes of one connection, none of them zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonce([u8; NONCE_BYTES]);

impl Nonce {
    /// Makes a nonce of random bytes; of each the lower seven bits are used, as clients expect text.
    pub fn from_random(random: [u8; NONCE_BYTES]) -> Self {
        Self(random.map(|byte| (byte & 0x7f).max(1)))
    }

    /// The nonce.
    pub const fn as_bytes(&self) -> &[u8; NONCE_BYTES] {
        &self.0
    }

    /// Puts a nonce together as a greeting holds it; the second part ends with a zero, and old servers fill with zeros.
    pub(crate) fn from_parts(first: [u8; 8], later: &[u8]) -> Result<Self, DecodeError> {
        let later =
            later.first_chunk::<NONCE_LATER_BYTES>().ok_or(DecodeError::Truncated("nonce"))?;
        let mut bytes = [0; NONCE_BYTES];
        for (byte, part) in bytes.iter_mut().zip(first.iter().chain(later)) {
            *byte = *part;
        }
        Self::checked(bytes)
    }

    fn checked(bytes: [u8; NONCE_BYTES]) -> Result<Self, DecodeError> {
        if bytes.contains(&0) { Err(DecodeError::Invalid("nonce")) } else { Ok(Self(bytes)) }
    }

    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
        Self::checked(bytes.try_into().map_err(|_| DecodeError::Invalid("nonce"))?)
    }
}

/// A way of logging in that is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthPlugin {
    /// SHA-1 twice: `mysql_native_password`.
    NativePassword,
    /// SHA-256 twice, or the password over TLS: `caching_sha2_password`.
    CachingSha2Password,
    /// The password over TLS: `mysql_clear_password`.
    ClearPassword,
}

impl AuthPlugin {
    /// The way with this name.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        [Self::NativePassword, Self::CachingSha2Password, Self::ClearPassword]
            .into_iter()
            .find(|known| known.name() == name)
    }

    /// Its name in packets.
    pub const fn name(self) -> &'static [u8] {
        match self {
            Self::NativePassword => b"mysql_native_password",
            Self::CachingSha2Password => b"caching_sha2_password",
            Self::ClearPassword => b"mysql_clear_password",
        }
    }
}

/// What a client sent as proof: a hash, or the password itself.
#[derive(Clone, Copy)]
pub struct AuthResponse<'a>(&'a [u8]);

impl<'a> AuthResponse<'a> {
    /// A proof to send, or one that came as the whole payload after a switch.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The proof.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// Whether nothing was sent, which stands for the empty password.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty() || matches!(self.0, [0])
    }
}

impl Encode for AuthResponse<'_> {
    fn encode(&self, payload: &mut Vec<u8>) {
        payload.put_bytes(self.0);
    }
}

/// A password as a client types or sends it.
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// Takes a password.
    ///
    /// # Errors
    /// More than [`PASSWORD_BYTES_MAX`] bytes, or a zero byte inside, which no client can send.
    pub fn new(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > PASSWORD_BYTES_MAX {
            return Err(DecodeError::TooLong { what: "password", max: PASSWORD_BYTES_MAX });
        }
        if bytes.contains(&0) {
            return Err(DecodeError::Invalid("password"));
        }
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// Takes the password out of the payload of a full proof or of `mysql_clear_password`, and wipes it there.
    ///
    /// # Errors
    /// As [`Password::new`]; the zero byte at the end must be there. The payload is wiped all the same.
    pub fn decode(payload: &mut [u8]) -> Result<Self, DecodeError> {
        let password = payload
            .strip_suffix(&[0])
            .ok_or(DecodeError::Truncated("password"))
            .and_then(Self::new);
        payload.zeroize();
        password
    }

    /// The password.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Encode for Password {
    fn encode(&self, payload: &mut Vec<u8>) {
        payload.put_bytes(&self.0);
        payload.put_u8(0);
    }
}

/// A server asks for another way of logging in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthSwitch<'a> {
    /// The way, by name.
    pub plugin: &'a [u8],
    /// What it is to be computed with; for the ways known here a nonce and a zero byte.
    pub data: &'a [u8],
}

/// The longest data of a switch or of more data.
pub const AUTH_DATA_BYTES_MAX: usize = 4096;

impl AuthSwitch<'_> {
    /// The first byte of the payload.
    pub const HEADER: u8 = 0xfe;

    /// The payload of a switch to a way known here, with this nonce.
    pub fn to(plugin: AuthPlugin, nonce: &Nonce) -> impl Encode + use<> {
        SwitchTo { plugin, nonce: *nonce }
    }

    /// The nonce, for the ways that have one.
    ///
    /// # Errors
    /// The data is no nonce.
    pub fn nonce(&self) -> Result<Nonce, DecodeError> {
        Nonce::read(self.data)
    }
}

struct SwitchTo {
    plugin: AuthPlugin,
    nonce: Nonce,
}

impl Encode for SwitchTo {
    fn encode(&self, payload: &mut Vec<u8>) {
        AuthSwitch { plugin: self.plugin.name(), data: self.nonce.as_bytes() }.encode(payload);
        payload.put_u8(0);
    }
}

impl Encode for AuthSwitch<'_> {
    fn encode(&self, payload: &mut Vec<u8>) {
        payload.put_u8(Self::HEADER);
        payload.put_nul_bytes(self.plugin);
        payload.put_bytes(self.data);
    }
}

impl<'a> AuthSwitch<'a> {
    /// Reads a switch, as a client.
    ///
    /// # Errors
    /// Another packet, a field that is cut or too long, or the switch without a name of servers before 5.7, to a way that is broken.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        if reader.u8("header")? != Self::HEADER {
            return Err(DecodeError::Invalid("header"));
        }
        let plugin = reader.nul_bytes(PLUGIN_BYTES_MAX, "plugin")?;
        let data = reader.rest(AUTH_DATA_BYTES_MAX, "authentication data")?;
        Ok(Self { plugin, data })
    }
}

/// A server has more to say in the way of logging in that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoreAuth<'a>(pub &'a [u8]);

impl MoreAuth<'static> {
    /// The fast proof held; OK follows.
    pub const FAST: Self = Self(&[3]);
    /// The fast proof could not be checked: send the password.
    pub const FULL: Self = Self(&[4]);
}

impl<'a> MoreAuth<'a> {
    /// The first byte of the payload.
    pub const HEADER: u8 = 0x01;

    /// Reads more data, as a client.
    ///
    /// # Errors
    /// Another packet, or more than [`AUTH_DATA_BYTES_MAX`] bytes.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        if reader.u8("header")? != Self::HEADER {
            return Err(DecodeError::Invalid("header"));
        }
        reader.rest(AUTH_DATA_BYTES_MAX, "authentication data").map(Self)
    }
}

impl Encode for MoreAuth<'_> {
    fn encode(&self, payload: &mut Vec<u8>) {
        payload.put_u8(Self::HEADER);
        payload.put_bytes(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_has_no_zero_and_no_high_bit() {
        let nonce = Nonce::from_random(std::array::from_fn(|at| [0, 0x80, 0xff, 7][at % 4]));
        assert_eq!(nonce.as_bytes()[..4], [1, 1, 0x7f, 7]);
        assert!(Nonce::from_parts([1; 8], &[0; 13]).is_err());
        assert!(Nonce::from_parts([1; 8], &[1; 11]).is_err());
    }

    #[test]
    fn a_switch_holds_name_nonce_and_a_zero() {
        let nonce = Nonce::from_random([b'n'; 20]);
        let mut payload = Vec::new();
        AuthSwitch::to(AuthPlugin::NativePassword, &nonce).encode(&mut payload);
        assert_eq!(payload, b"\xfemysql_native_password\0nnnnnnnnnnnnnnnnnnnn\0");
        let switch = AuthSwitch::decode(&payload).unwrap();
        assert_eq!(AuthPlugin::from_name(switch.plugin), Some(AuthPlugin::NativePassword));
        assert_eq!(switch.nonce(), Ok(nonce));
        assert!(AuthSwitch::decode(&[0xfe]).is_err());
    }

    #[test]
    fn a_password_is_wiped_where_it_came_from() {
        let mut payload = b"secret\0".to_vec();
        assert_eq!(Password::decode(&mut payload).unwrap().as_bytes(), b"secret");
        assert_eq!(payload, [0; 7]);
        let mut cut = b"secret".to_vec();
        assert!(Password::decode(&mut cut).is_err());
        assert_eq!(cut, [0; 6]);
        assert!(Password::decode(&mut b"se\0cret\0".to_vec()).is_err());
    }

    #[test]
    fn a_password_one_past_the_bound_is_refused() {
        assert!(Password::new(&[b'a'; PASSWORD_BYTES_MAX]).is_ok());
        assert!(Password::new(&[b'a'; PASSWORD_BYTES_MAX + 1]).is_err());
    }

    #[test]
    fn more_data_says_fast_or_full() {
        let mut payload = Vec::new();
        MoreAuth::FULL.encode(&mut payload);
        assert_eq!(payload, [1, 4]);
        assert_eq!(MoreAuth::decode(&payload), Ok(MoreAuth::FULL));
        assert!(MoreAuth::decode(&[0, 4]).is_err());
        assert!(MoreAuth::decode(&[1; AUTH_DATA_BYTES_MAX + 2]).is_err());
    }
}
