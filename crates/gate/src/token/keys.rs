//! The keys that sign access tokens, made from the server's root secrets.
//!
//! Ed25519 unless the configuration asks for HS256 because other programs know nothing else. All keys of a server are of one
//! kind, so there is no token for which two readings exist (RFC 8725, 2.1 and 3.1).

use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::keyring::Keyring;
use crate::secret::{Fingerprint, RootSecret, hex};

const PURPOSE_ED25519: &str = "access tokens, Ed25519";
const PURPOSE_HS256: &str = "access tokens, HS256";

/// What signs access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenAlgorithm {
    /// Ed25519: others can verify with the public key and make nothing.
    #[default]
    Ed25519,
    /// HMAC-SHA-256: who can verify can also make.
    Hs256,
}

impl TokenAlgorithm {
    /// Its name in a token's header.
    pub(super) const fn header(self) -> &'static str {
        match self {
            Self::Ed25519 => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }

    pub(super) const fn library(self) -> Algorithm {
        match self {
            Self::Ed25519 => Algorithm::EdDSA,
            Self::Hs256 => Algorithm::HS256,
        }
    }
}

/// The public half of a key, as a JSON Web Key (RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VerifyingKey {
    /// The kind of key: `OKP`.
    pub kty: &'static str,
    /// The curve: `Ed25519`.
    pub crv: &'static str,
    /// What it is for: `sig`.
    #[serde(rename = "use")]
    pub purpose: &'static str,
    /// The algorithm: `EdDSA`.
    pub alg: &'static str,
    /// The name of the key: its thumbprint (RFC 7638).
    pub kid: String,
    /// The public key, in base64url.
    pub x: String,
}

/// A key could not be made from a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key for access tokens could not be made")]
pub struct TokenKeyError;

/// One key.
pub(super) struct TokenKey {
    pub(super) id: String,
    pub(super) verifying: DecodingKey,
    public: Option<VerifyingKey>,
}

/// The keys of a server: one signs, all verify.
pub(crate) struct TokenKeys {
    pub(super) algorithm: TokenAlgorithm,
    pub(super) issuer: Arc<str>,
    pub(super) signing: EncodingKey,
    pub(super) signing_id: String,
    verifying: Vec<TokenKey>,
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TokenKeys")
            .field("algorithm", &self.algorithm)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl TokenKeys {
    pub(crate) fn new(
        algorithm: TokenAlgorithm,
        ring: &Keyring,
        issuer: &str,
    ) -> Result<Self, TokenKeyError> {
        let make = |secret: &RootSecret| match algorithm {
            TokenAlgorithm::Ed25519 => ed25519(&secret.derive(PURPOSE_ED25519).mac(&[]).0),
            TokenAlgorithm::Hs256 => Ok(hs256(&secret.derive(PURPOSE_HS256).mac(&[]).0)),
        };
        // A secret that others share is used as it is, or they could not verify with it.
        let shared = ring.token_secret().filter(|_| algorithm == TokenAlgorithm::Hs256);
        let pairs = match shared {
            Some(secret) => vec![hs256(secret.bytes())],
            None => ring.roots().map(make).collect::<Result<Vec<_>, _>>()?,
        };
        let mut pairs = pairs.into_iter();
        let (signing, first) = pairs.next().ok_or(TokenKeyError)?;
        let signing_id = first.id.clone();
        let verifying = std::iter::once(first).chain(pairs.map(|(_, key)| key)).collect();
        Ok(Self { algorithm, issuer: Arc::from(issuer), signing, signing_id, verifying })
    }

    pub(super) fn verifying(&self, id: &str) -> Option<&TokenKey> {
        self.verifying.iter().find(|key| key.id == id)
    }

    /// What others may verify with; nothing when the keys are secrets.
    pub(crate) fn published(&self) -> Vec<VerifyingKey> {
        self.verifying.iter().filter_map(|key| key.public.clone()).collect()
    }
}

type Made = (EncodingKey, TokenKey);

fn ed25519(seed: &[u8; 32]) -> Result<Made, TokenKeyError> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| TokenKeyError)?;
    let signing = pair.to_pkcs8().map_err(|_| TokenKeyError)?;
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let id = thumbprint(&x);
    let verifying = DecodingKey::from_ed_components(&x).map_err(|_| TokenKeyError)?;
    let alg = TokenAlgorithm::Ed25519.header();
    let public =
        VerifyingKey { kty: "OKP", crv: "Ed25519", purpose: "sig", alg, kid: id.clone(), x };
    let key = TokenKey { id, verifying, public: Some(public) };
    Ok((EncodingKey::from_ed_der(signing.as_ref()), key))
}

/// The thumbprint of an Ed25519 key (RFC 7638, RFC 8037 appendix A.3).
fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Fingerprint::of(members.as_bytes()).0)
}

fn hs256(secret: &[u8]) -> Made {
    // Named by a hash of a hash: the name must tell nothing that helps to guess the secret faster than a token does.
    let id = hex(&Fingerprint::of(&Fingerprint::of(secret).0).half());
    let verifying = DecodingKey::from_secret(secret);
    (EncodingKey::from_secret(secret), TokenKey { id, verifying, public: None })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::secret::unhex;

    /// RFC 8032, 7.1 test 1: the key of RFC 8037's examples.
    pub(in crate::token) const SEED: &str =
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

    pub(in crate::token) fn seed() -> [u8; 32] {
        unhex(SEED).unwrap().try_into().unwrap()
    }

    #[test]
    fn the_public_key_and_its_thumbprint_are_those_of_the_standard() {
        let (_, key) = ed25519(&seed()).unwrap();
        let public = key.public.unwrap();
        assert_eq!(public.x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(public.kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_signature_is_the_one_of_the_standard() {
        // RFC 8037, A.4: the payload is "Example of Ed25519 signing".
        let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let expected = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let (signing, key) = ed25519(&seed()).unwrap();
        let made = jsonwebtoken::crypto::sign(message.as_bytes(), &signing, Algorithm::EdDSA);
        assert_eq!(made.unwrap(), expected);
        let good = |signature: &str| {
            jsonwebtoken::crypto::verify(
                signature,
                message.as_bytes(),
                &key.verifying,
                Algorithm::EdDSA,
            )
            .unwrap_or(false)
        };
        assert!(good(expected) && !good(&expected.replacen('h', "i", 1)));
    }

    #[test]
    fn secrets_are_not_published() {
        let ring = Keyring::from(RootSecret::from_random([5; 32]));
        let of = |algorithm| TokenKeys::new(algorithm, &ring, "https://stats.test").unwrap();
        assert_eq!(of(TokenAlgorithm::Hs256).published(), []);
        assert_eq!(of(TokenAlgorithm::Ed25519).published().len(), 1);
    }

    #[test]
    fn predecessors_verify_and_are_published() {
        let root = |byte| RootSecret::from_random([byte; 32]);
        let ring = Keyring::new(root(1), vec![root(2), root(3)]).unwrap();
        let keys = TokenKeys::new(TokenAlgorithm::Ed25519, &ring, "x").unwrap();
        assert_eq!(keys.published().len(), 3);
        assert_eq!(keys.published().first().map(|key| key.kid.clone()), Some(keys.signing_id));
    }
}
