//! Proofs of names, given in handshakes (tls-alpn-01, RFC 8737).
//!
//! The authority connects, offers the one protocol `acme-tls/1` and looks at the certificate it is shown: self-signed, for the
//! name, with the order's digest in an extension. That handshake is all; no byte of HTTP is spoken on the connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::order::OrderError;

/// The protocol by which an authority asks for a proof.
pub const ALPN: &[u8] = b"acme-tls/1";

/// Bytes of the digest in a proof: SHA-256.
const DIGEST_BYTES: usize = 32;

/// The proofs of the order in progress, by name; at most [`NAMES_MAX`](crate::NAMES_MAX).
#[derive(Clone, Default)]
pub struct Challenges(Arc<Mutex<HashMap<String, Arc<ServerConfig>>>>);

/// Keeps a proof; dropping it takes the proof away.
pub(crate) struct Proof {
    challenges: Challenges,
    name: String,
}

impl Challenges {
    /// What a handshake for this name is answered with that offers [`ALPN`] and nothing else; none when no order asks for it.
    #[must_use]
    pub fn proof_of(&self, name: &str) -> Option<Arc<ServerConfig>> {
        self.lock().get(name).cloned()
    }

    /// Proves a name from now on, until the answer is dropped.
    pub(crate) fn prove(&self, name: &str, digest: &[u8]) -> Result<Proof, OrderError> {
        let proof = Arc::new(server_config(name, digest)?);
        self.lock().insert(name.to_owned(), proof);
        Ok(Proof { challenges: self.clone(), name: name.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<ServerConfig>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Proof {
    fn drop(&mut self) {
        self.challenges.lock().remove(&self.name);
    }
}

fn server_config(name: &str, digest: &[u8]) -> Result<ServerConfig, OrderError> {
    if digest.len() != DIGEST_BYTES {
        return Err(OrderError::Digest);
    }
    let mut params = CertificateParams::new([name.to_owned()]).map_err(OrderError::Making)?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate().map_err(OrderError::Making)?;
    let certificate = params.self_signed(&key).map_err(OrderError::Making)?;
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let provider = aws_lc_rs::default_provider();
    // Not by the usual way, which looks at the certificate and knows nothing of the extension.
    let key = provider.key_provider.load_private_key(key).map_err(OrderError::Tls)?;
    let shown = CertifiedKey::new(vec![certificate.der().clone()], key);
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(OrderError::Tls)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_proved_only_while_its_proof_is_held() {
        let challenges = Challenges::default();
        assert!(challenges.proof_of("a.example").is_none());
        let proof = challenges.prove("a.example", &[7; DIGEST_BYTES]).unwrap();
        let config = challenges.proof_of("a.example").unwrap();
        assert_eq!(config.alpn_protocols, [ALPN]);
        assert!(challenges.proof_of("b.example").is_none());
        drop(proof);
        assert!(challenges.proof_of("a.example").is_none());
    }

    #[test]
    fn a_digest_of_another_length_proves_nothing() {
        let challenges = Challenges::default();
        assert!(matches!(challenges.prove("a.example", &[7; 31]), Err(OrderError::Digest)));
        assert!(challenges.proof_of("a.example").is_none());
    }
}
