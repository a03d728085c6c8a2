//! TLS: versions, protocols, and certificates read again when they change.
//!
//! How long the certificate lasts is a metric, and is logged when 21, 7 and 1 days are left.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::config::TlsConfig;

/// The name of HTTP/2 in ALPN.
pub(super) const ALPN_HTTP2: &[u8] = b"h2";
const ALPN_HTTP1: &[u8] = b"http/1.1";
/// Days left at which the log says so.
const DAYS_LEFT: [i64; 3] = [21, 7, 1];

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// The certificate file cannot be read.
    #[error("cannot read the certificate {}", .path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rustls::pki_types::pem::Error,
    },
    /// The certificate file holds no certificate.
    #[error("{} holds no certificate", .0.display())]
    NoCertificate(PathBuf),
    /// The certificate does not say how long it is valid.
    #[error("the certificate {} cannot be read", .0.display())]
    Validity(PathBuf),
    /// The key file cannot be read.
    #[error("cannot read the private key {}", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rustls::pki_types::pem::Error,
    },
    /// A file cannot be looked at.
    #[error("cannot look at {}", .path.display())]
    Stat {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The certificate and the key do not fit each other, or TLS cannot be set up with them.
    #[error("cannot use the certificate with the private key")]
    Config(#[source] rustls::Error),
}

/// What tells one content of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// The certificate in use.
pub(super) struct Certificates {
    files: TlsConfig,
    current: RwLock<Arc<ServerConfig>>,
    /// Of the files last tried, whether they could be used or not.
    tried: RwLock<[Stamp; 2]>,
    expires: RwLock<Timestamp>,
    /// How many of [`DAYS_LEFT`] were logged.
    warned: AtomicUsize,
}

impl Certificates {
    /// Reads the files. Blocking.
    pub(super) fn load(files: TlsConfig) -> Result<Self, TlsError> {
        let stamps = stamps(&files)?;
        let (config, expires) = server_config(&files)?;
        Ok(Self {
            files,
            current: RwLock::new(Arc::new(config)),
            tried: RwLock::new(stamps),
            expires: RwLock::new(expires),
            warned: AtomicUsize::new(0),
        })
    }

    /// The configuration for the next handshake.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again if they changed; says whether new ones are in use. Blocking.
    ///
    /// Files are replaced one after the other, so a pair that does not fit is tried again at the next change.
    pub(super) fn refresh(&self) -> Result<bool, TlsError> {
        let found = stamps(&self.files)?;
        let mut tried = self.tried.write().unwrap_or_else(PoisonError::into_inner);
        if *tried == found {
            return Ok(false);
        }
        *tried = found;
        let (config, expires) = server_config(&self.files)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
        *self.expires.write().unwrap_or_else(PoisonError::into_inner) = expires;
        self.warned.store(0, Relaxed);
        Ok(true)
    }

    /// Shows when the certificate expires, and logs it once at each of [`DAYS_LEFT`]; gives how many were reached.
    pub(super) fn watch_expiry(&self, now: Timestamp) -> usize {
        let expires = *self.expires.read().unwrap_or_else(PoisonError::into_inner);
        #[expect(clippy::cast_precision_loss, reason = "seconds of this age are exact")]
        metrics::gauge!("shelduck_certificate_expiry_timestamp_seconds")
            .set(expires.as_second() as f64);
        let left = expires.duration_since(now);
        let is_below = |days: &&i64| left < SignedDuration::from_hours(24 * **days);
        let reached = DAYS_LEFT.iter().filter(is_below).count();
        if reached > self.warned.swap(reached, Relaxed) {
            tracing::error!(
                certificate.expires = %expires,
                certificate.path = %self.files.certificate.display(),
                "the certificate expires soon or has expired; put a new one in its place"
            );
        }
        reached
    }
}

fn stamps(files: &TlsConfig) -> Result<[Stamp; 2], TlsError> {
    Ok([stamp(&files.certificate)?, stamp(&files.key)?])
}

fn stamp(path: &Path) -> Result<Stamp, TlsError> {
    let found =
        fs::metadata(path).map_err(|source| TlsError::Stat { path: path.to_path_buf(), source })?;
    Ok(Stamp {
        inode: found.ino(),
        size: found.size(),
        modified: (found.mtime(), found.mtime_nsec()),
        changed: (found.ctime(), found.ctime_nsec()),
    })
}

/// Reads the files; gives when the certificate expires, too.
fn server_config(files: &TlsConfig) -> Result<(ServerConfig, Timestamp), TlsError> {
    let path = &files.certificate;
    let unreadable = |source| TlsError::Certificate { path: path.clone(), source };
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    let Some(own) = chain.first() else {
        return Err(TlsError::NoCertificate(path.clone()));
    };
    let expires = expiry(own).ok_or_else(|| TlsError::Validity(path.clone()))?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|source| TlsError::Key { path: files.key.clone(), source })?;
    // The provider's own list: TLS 1.3, and of TLS 1.2 only ECDHE with AEAD; post-quantum key exchange first.
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(TlsError::Config)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Config)?;
    config.alpn_protocols = vec![ALPN_HTTP2.to_vec(), ALPN_HTTP1.to_vec()];
    Ok((config, expires))
}

/// When the first certificate of a file ends: the server's own; none when it is no certificate that can be read.
pub(crate) fn certificate_end(path: &Path) -> Option<Timestamp> {
    expiry(&CertificateDer::from_pem_file(path).ok()?)
}

fn expiry(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    Timestamp::from_second(parsed.validity().not_after.timestamp()).ok()
}
