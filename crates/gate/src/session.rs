//! Session tokens: 256 random bits that a browser holds and the server keeps
//! only a hash of.

use std::fmt;

use zeroize::Zeroizing;

use crate::random::{self, Random, RandomError};
use crate::secret::{Fingerprint, hex};

const TOKEN_CHARACTERS: usize = 64;

/// What the browser's cookie carries.
#[derive(Clone)]
pub struct SessionToken(Zeroizing<String>);

impl SessionToken {
    pub(crate) fn generate(random: &dyn Random) -> Result<Self, RandomError> {
        let bytes = Zeroizing::new(random::array::<32>(random)?);
        Ok(Self(Zeroizing::new(hex(bytes.as_slice()))))
    }

    /// Reads a token; anything but 64 lower-case hexadecimal characters is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let shaped = text.len() == TOKEN_CHARACTERS && text.bytes().all(plain);
        shaped.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The token itself, for the cookie only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> SessionHash {
        SessionHash(Fingerprint::of(self.0.as_bytes()).0)
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionToken(hidden)")
    }
}

/// The stored form of a session token, by which the session is found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionHash(pub [u8; 32]);

impl fmt::Debug for SessionHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionHash(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn a_made_token_is_read_back_and_nothing_else_is() {
        let token = SessionToken::generate(&SystemRandom).unwrap();
        assert_eq!(SessionToken::parse(token.expose()).unwrap().hash(), token.hash());
        assert!(SessionToken::parse(&token.expose().to_uppercase().replace('0', "A")).is_none());
        assert!(SessionToken::parse("abc").is_none());
        assert!(SessionToken::parse(&format!("{}0", token.expose())).is_none());
    }
}
