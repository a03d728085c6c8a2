//! The one function that believes an access token, and the one that makes it.
//!
//! The library checks the signature, issuer and audience; the header and the shape of the claims are read strictly before and
//! after it, and the time is the gate's own. A header may say three things (`alg`, `typ`, `kid`) and nothing else: what would
//! name another key, another place or another way of reading (`jku`, `x5u`, `jwk`, `crit`, `b64`, `zip`) is not read at all.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Header, Validation};
use serde::Deserialize;

use super::AccessToken;
use super::claims::{Claims, Written};
use super::keys::{TokenKeyError, TokenKeys};
use crate::config::ACCESS_LIFE_S_MAX;

/// What a token calls itself (RFC 9068): an id token or a token of another kind is none of ours.
const TYPE: &str = "at+jwt";
/// How far another node's clock may be ahead of ours. Nothing is added to a token's end.
const LEEWAY: SignedDuration = SignedDuration::from_secs(10);

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenFault {
    /// This server did not make it, or not like this.
    NotOurs,
    /// This server made it, and its time is over.
    Over,
}

/// Everything a header may say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    alg: String,
    typ: String,
    kid: String,
}

/// Believes a token, or says why not.
pub(crate) fn verify(
    keys: &TokenKeys,
    token: &AccessToken,
    now: Timestamp,
) -> Result<Claims, TokenFault> {
    let claims = signed(keys, token).ok_or(TokenFault::NotOurs)?;
    let life = claims.expires_at.duration_since(claims.made_at);
    let soon = now.checked_add(LEEWAY).unwrap_or(now);
    if life > SignedDuration::from_secs(i64::from(ACCESS_LIFE_S_MAX))
        || claims.made_at > soon
        || claims.authenticated_at > claims.made_at
    {
        return Err(TokenFault::NotOurs);
    }
    if claims.expires_at <= now { Err(TokenFault::Over) } else { Ok(claims) }
}

/// The claims of a token that one of the keys signed.
fn signed(keys: &TokenKeys, token: &AccessToken) -> Option<Claims> {
    let head = URL_SAFE_NO_PAD.decode(token.expose().split('.').next()?).ok()?;
    let head: Head = serde_json::from_slice(&head).ok()?;
    if head.typ != TYPE || head.alg != keys.algorithm.header() {
        return None;
    }
    let key = keys.verifying(&head.kid)?;
    let mut rules = Validation::new(keys.algorithm.library());
    rules.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
    rules.set_issuer(&[&keys.issuer]);
    rules.set_audience(&[&keys.issuer]);
    // The library would ask the machine's clock with a minute's grace; the times are looked at by `verify`.
    rules.validate_exp = false;
    rules.validate_nbf = false;
    let read = jsonwebtoken::decode::<Written>(token.expose(), &key.verifying, &rules).ok()?;
    // One issuer and one audience, written as text: the library would also take a list that holds ours.
    Claims::read(read.claims)
}

/// Makes a token of those claims.
pub(crate) fn sign(keys: &TokenKeys, claims: &Claims) -> Result<AccessToken, TokenKeyError> {
    let header = Header {
        typ: Some(TYPE.to_owned()),
        kid: Some(keys.signing_id.clone()),
        ..Header::new(keys.algorithm.library())
    };
    jsonwebtoken::encode(&header, &claims.write(&keys.issuer), &keys.signing)
        .map(AccessToken::made)
        .map_err(|_| TokenKeyError)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::keyring::Keyring;
    use crate::principal::{SessionId, UserId};
    use crate::secret::RootSecret;
    use crate::token::claims::Epochs;
    use crate::token::{TokenAlgorithm, TokenId};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn claims() -> Claims {
        Claims {
            user: UserId(Uuid::from_u128(1)),
            made_at: at(0),
            expires_at: at(900),
            id: TokenId(Uuid::from_u128(2)),
            family: SessionId(Uuid::from_u128(3)),
            authenticated_at: at(-5),
            factors: vec!["pwd".to_owned()],
            scopes: vec!["read:*".to_owned(), "query:web".to_owned()],
            epochs: Epochs { era: 4, user: 5 },
        }
    }

    fn keys(algorithm: TokenAlgorithm, issuer: &str) -> TokenKeys {
        let ring = Keyring::from(RootSecret::from_random([5; 32]));
        TokenKeys::new(algorithm, &ring, issuer).unwrap()
    }

    #[test]
    fn what_was_signed_is_read_back_until_its_end() {
        for algorithm in [TokenAlgorithm::Ed25519, TokenAlgorithm::Hs256] {
            let keys = keys(algorithm, "https://stats.test");
            let token = sign(&keys, &claims()).unwrap();
            assert_eq!(verify(&keys, &token, at(0)), Ok(claims()));
            assert_eq!(verify(&keys, &token, at(899)), Ok(claims()));
            assert_eq!(verify(&keys, &token, at(900)), Err(TokenFault::Over));
            assert_eq!(verify(&keys, &token, at(-10)), Ok(claims()));
            assert_eq!(verify(&keys, &token, at(-11)), Err(TokenFault::NotOurs));
            assert!(token.expose().len() < crate::token::ACCESS_TOKEN_BYTES_MAX / 2);
        }
    }

    #[test]
    fn another_server_and_another_kind_of_key_are_strangers() {
        let ours = keys(TokenAlgorithm::Ed25519, "https://stats.test");
        let token = sign(&ours, &claims()).unwrap();
        for other in ["https://stats.test/", "https://stats.tes", "https://evil.test"] {
            let theirs = keys(TokenAlgorithm::Ed25519, other);
            assert_eq!(verify(&theirs, &token, at(0)), Err(TokenFault::NotOurs), "{other}");
        }
        let hs256 = keys(TokenAlgorithm::Hs256, "https://stats.test");
        assert_eq!(verify(&hs256, &token, at(0)), Err(TokenFault::NotOurs));
        let token = sign(&hs256, &claims()).unwrap();
        assert_eq!(verify(&ours, &token, at(0)), Err(TokenFault::NotOurs));
    }

    #[test]
    fn an_hour_is_the_longest_life_whoever_signed() {
        let keys = keys(TokenAlgorithm::Ed25519, "x");
        let living = |seconds| {
            let long = Claims { expires_at: at(seconds), ..claims() };
            verify(&keys, &sign(&keys, &long).unwrap(), at(1)).is_ok()
        };
        assert!(living(3600) && !living(3601));
    }
}
