//! Tokens for programs: a short-lived access token that is signed, and a
//! refresh token that is looked up.
//!
//! An access token is a JWT (RFC 7519, RFC 9068) that says who signed in, how, and what for. It is believed for minutes, and only
//! together with what the store says now: the family it belongs to, the epochs of its user and of the server. A refresh token
//! names its family and is exchanged once, for its successor; whoever shows one a second time ends the family, because one of the
//! two who had it was a thief (RFC 9700, 4.14.2).
//!
//! # Invariants
//! - The algorithm comes from the key record, never from the token; a server has keys of one kind only.
//! - There is one function that believes a token: [`verify::verify`]. Every claim is required and has one type.
//! - Neither text is stored: of the refresh token a hash, of the access token nothing.
//!
//! # Not here
//! - Who gets tokens and what ends them: [`crate::tokens`].

pub(crate) mod claims;
pub(crate) mod keys;
pub(crate) mod verify;

use std::fmt;

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::key::KeyText;
use crate::random::{Random, RandomError};
use crate::secret::Fingerprint;

pub use claims::Epochs;
pub use keys::{TokenAlgorithm, TokenKeyError, VerifyingKey};

/// Longest access token that is looked at.
pub const ACCESS_TOKEN_BYTES_MAX: usize = 4096;

const REFRESH_PREFIX: &str = "shr";

/// A text of the shape of an access token; nothing about it is believed yet.
#[derive(Clone)]
pub struct AccessToken(Zeroizing<String>);

impl AccessToken {
    /// Reads three parts of base64url letters, within the bound.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let part = |part: &str| !part.is_empty() && part.bytes().all(plain);
        let shaped = text.len() <= ACCESS_TOKEN_BYTES_MAX
            && text.split('.').count() == 3
            && text.split('.').all(part);
        shaped.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    pub(crate) fn made(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The token itself, for the answer that hands it out.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// By which a token that was believed a moment ago is known again.
    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash(Fingerprint::of(self.0.as_bytes()).0)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken(hidden)")
    }
}

/// The hash of a whole access token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenHash([u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenHash(hidden)")
    }
}

/// The public id of one access token (`jti`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub Uuid);

/// What a refresh token calls its family. Kept apart from the family's id in lists and logs: who shows a family's name with a
/// wrong secret ends it, so nobody learns the name but from a token.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilyName(pub String);

impl fmt::Debug for FamilyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FamilyName(hidden)")
    }
}

/// A refresh token: `shr_live_<family>_<secret>_<checksum>`, written like an API key so that scanners find it.
#[derive(Clone)]
pub struct RefreshToken(KeyText);

impl RefreshToken {
    /// Draws the first token of a new family.
    ///
    /// # Errors
    /// There is no randomness.
    pub(crate) fn generate(environment: &str, random: &dyn Random) -> Result<Self, RandomError> {
        KeyText::generate(REFRESH_PREFIX, environment, random).map(Self)
    }

    /// Draws the successor in the same family.
    ///
    /// # Errors
    /// There is no randomness.
    pub(crate) fn successor(&self, random: &dyn Random) -> Result<Self, RandomError> {
        self.0.with_new_secret(random).map(Self)
    }

    /// Reads a token; none when this server cannot have made it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        KeyText::parse(REFRESH_PREFIX, text).ok().map(Self)
    }

    /// Its family.
    #[must_use]
    pub fn family(&self) -> FamilyName {
        FamilyName(self.0.id().to_owned())
    }

    /// The environment it was made for.
    #[must_use]
    pub(crate) fn environment(&self) -> &str {
        self.0.environment()
    }

    /// The token itself, for the answer that hands it out.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> Fingerprint {
        Fingerprint::of(self.0.expose().as_bytes())
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshToken(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn an_access_token_has_three_parts_and_a_bound() {
        let check = |text: &str| AccessToken::parse(text).is_some();
        assert!(check("aa.bb.cc") && check("A-_9.b.c"));
        for text in [
            "",
            "a.b",
            "a.b.",
            ".b.c",
            "a..c",
            "a.b.c.d",
            "a.b.c.d.e",
            "a.b.c=",
            "a.b.c ",
            "a.b.é",
            "a+.b.c",
        ] {
            assert!(!check(text), "{text}");
        }
        let long = |bytes: usize| format!("a.b.{}", "c".repeat(bytes - 4));
        assert!(check(&long(ACCESS_TOKEN_BYTES_MAX)));
        assert!(!check(&long(ACCESS_TOKEN_BYTES_MAX + 1)));
    }

    #[test]
    fn a_refresh_token_keeps_its_family_and_changes_its_secret() {
        let first = RefreshToken::generate("live", &SystemRandom).unwrap();
        let second = first.successor(&SystemRandom).unwrap();
        assert_eq!(first.family(), second.family());
        assert!(!first.hash().matches(&second.hash()));
        let read = RefreshToken::parse(second.expose()).unwrap();
        assert!(read.hash().matches(&second.hash()) && read.environment() == "live");
        assert!(RefreshToken::parse(&second.expose().replacen("shr", "shd", 1)).is_none());
        let text = format!("{first:?} {:?} {:?}", first.family(), first.hash());
        assert!(!text.contains(&first.family().0), "{text}");
    }
}
