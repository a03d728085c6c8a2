//! The log, sent on to a syslog receiver as it grows.
//!
//! What is sent is read from the files, behind what was sent before: the files are the queue. So nothing that is recorded
//! waits for a receiver, memory is bounded by one page of records, and a receiver that was away for a day gets that day.
//!
//! # Invariants
//! - One record is one message, whatever is in it.
//! - Nothing is left out while its file is there. What was sent shortly before a connection broke, or the server was killed, is
//!   sent again: syslog has no receipts. The number of the record in each message tells.
//!
//! # Failure
//! A receiver that cannot be reached is told of once, by metric, log and [`Standing`], and tried again with growing pauses.
//! Datagrams have no more than the kernel's word: over UDP a message may be lost without anybody knowing.

mod message;
mod receiver;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;

use self::message::Sender;
use self::receiver::{Connection, Receiver};
use crate::disk::{Disk, RealDisk};
use crate::follow::Follow;
use crate::log::AuditLog;
use crate::page::{Query, page};

pub use self::receiver::{Address, BadAddress};

/// How often the connection is looked at while nothing is recorded.
const TURN: Duration = Duration::from_secs(1);
/// Records that come within so long are sent together.
const GATHER: Duration = Duration::from_millis(100);
/// What was sent so long ago on a connection that is still there has arrived, as far as can be known.
const ARRIVED: Duration = Duration::from_secs(3);
/// Pauses between tries.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);
/// How long a stopping server goes on sending.
const LAST_PATIENCE: Duration = Duration::from_secs(3);

/// Where the log is sent on to.
#[derive(Debug, Clone)]
pub struct SyslogConfig {
    /// The receiver.
    pub address: Address,
    /// Certificates (PEM) of the authorities that vouch for it; needed with TLS.
    pub authorities: Option<PathBuf>,
    /// The file that says up to which record it has the log.
    pub position: PathBuf,
}

/// The log cannot be sent on like this.
#[derive(Debug, thiserror::Error)]
pub enum SyslogError {
    /// TLS needs to know whom to trust.
    #[error("a receiver with TLS needs the certificates of its authorities")]
    NoAuthorities,
    /// The authorities cannot be read.
    #[error("cannot read the authorities in {}", .path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rustls::pki_types::pem::Error,
    },
    /// The authorities cannot be used.
    #[error("cannot use the authorities")]
    Tls(#[from] rustls::Error),
    /// Where to go on is not known.
    #[error("cannot find out what was sent on before")]
    Position(#[source] io::Error),
}

/// Whether the receiver can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It takes messages.
    Reached,
    /// It does not.
    Lost,
}

/// Sends the log on.
pub struct Forwarder {
    log: AuditLog,
    receiver: Receiver,
    sender: Sender,
    position: PathBuf,
    /// The number up to which everything arrived, as far as can be known.
    arrived: u64,
    /// The number up to which everything was sent.
    sent: u64,
    /// What was sent up to then, waiting to be called arrived.
    pending: Option<(Instant, u64)>,
    /// Whether something arrived over this connection.
    is_proven: bool,
    standing: Option<Standing>,
}

/// What connections to come are checked with. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Authorities(Arc<RwLock<Option<Arc<ClientConfig>>>>);

impl Authorities {
    /// Reads the file again: the next connection is checked with what is in it. Blocks.
    ///
    /// # Errors
    /// It is missing or cannot be read; what was read before stays.
    pub fn read_again(&self, config: &SyslogConfig) -> Result<(), SyslogError> {
        let read = tls(config)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    fn current(&self) -> Option<Arc<ClientConfig>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether the configured authorities can be used; gives what TLS is spoken with.
///
/// # Errors
/// They are missing or cannot be read.
pub fn tls(config: &SyslogConfig) -> Result<Option<Arc<ClientConfig>>, SyslogError> {
    if !config.address.is_encrypted() {
        return Ok(None);
    }
    let path = config.authorities.as_ref().ok_or(SyslogError::NoAuthorities)?;
    let unreadable = |source| SyslogError::Authorities { path: path.clone(), source };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        roots.add(certificate.map_err(unreadable)?)?;
    }
    if roots.is_empty() {
        return Err(SyslogError::NoAuthorities);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Some(Arc::new(config)))
}

impl Forwarder {
    /// Goes on where the last run ended; the first time, behind what is recorded now. Blocks.
    ///
    /// # Errors
    /// The authorities or the position cannot be read.
    pub fn new(log: &AuditLog, config: &SyslogConfig) -> Result<Self, SyslogError> {
        let authorities = Authorities(Arc::new(RwLock::new(tls(config)?)));
        let newest = page(log.dir(), &Query::default(), 1).map_err(SyslogError::Position)?;
        let newest = newest.records.first().map_or(0, |record| record.sequence);
        let kept = match fs::read_to_string(&config.position) {
            Ok(text) => text.trim().parse().ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(SyslogError::Position(error)),
        };
        // A number that is not there yet is that of another log.
        let arrived = kept.unwrap_or(newest).min(newest);
        Ok(Self {
            log: log.clone(),
            receiver: Receiver { address: config.address.clone(), authorities },
            sender: Sender::this(),
            position: config.position.clone(),
            arrived,
            sent: arrived,
            pending: None,
            is_proven: false,
            standing: None,
        })
    }

    /// What connections are checked with, to read it again.
    #[must_use]
    pub fn authorities(&self) -> Authorities {
        self.receiver.authorities.clone()
    }

    /// Sends on what is recorded until `stop` resolves, then what is left; `told` hears of each change.
    pub async fn run(
        mut self,
        stop: impl Future<Output = ()> + Send,
        told: impl Fn(Standing) + Send,
    ) {
        metrics::gauge!("shelduck_syslog_connected").set(0.0);
        metrics::counter!("shelduck_syslog_failures_total").absolute(0);
        tokio::pin!(stop);
        let mut pause = RETRY_MIN;
        loop {
            let failed = tokio::select! {
                ended = self.serve(&told) => ended,
                () = &mut stop => break,
            };
            if self.standing == Some(Standing::Reached) {
                pause = RETRY_MIN;
            }
            self.down(&failed, &told);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = &mut stop => break,
            }
            pause = (pause * 2).min(RETRY_MAX);
        }
        // One that is not known to be away is worth a try.
        if self.standing != Some(Standing::Lost) {
            let last = tokio::time::timeout(LAST_PATIENCE, self.rest()).await;
            if !matches!(last, Ok(Ok(()))) {
                tracing::warn!("the rest of the audit log goes to syslog at the next start");
            }
        }
    }

    /// Connects and sends; gives why that ended.
    async fn serve(&mut self, told: &(impl Fn(Standing) + Send)) -> io::Error {
        let mut connection = match self.receiver.connect().await {
            Ok(connection) => connection,
            Err(error) => return error,
        };
        let mut follow = Follow::after(self.log.dir().to_owned(), self.arrived);
        let mut grown = self.log.status();
        loop {
            match self.turn(&mut connection, follow).await {
                Ok(went_on) => follow = went_on,
                Err(error) => return error,
            }
            // A datagram that was refused looks sent at first.
            if self.is_proven || self.pending.is_none() {
                self.up(told);
            }
            // Without a writer there is nothing to wait for but the next turn.
            let waited = tokio::time::timeout(TURN, grown.changed()).await;
            tokio::time::sleep(if matches!(waited, Ok(Err(_))) { TURN } else { GATHER }).await;
        }
    }

    /// Sends what was recorded since.
    async fn turn(&mut self, connection: &mut Connection, follow: Follow) -> io::Result<Follow> {
        let mut follow = follow;
        loop {
            let read = move || {
                let found = follow.lines();
                (found, follow)
            };
            let (found, went_on) =
                tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?;
            follow = went_on;
            let found = found?;
            connection.still_open().await?;
            self.note_arrived().await;
            if found.is_empty() {
                return Ok(follow);
            }
            for (record, line) in found {
                connection.send(&self.sender.message(&record, &line)).await?;
                let missing = record.sequence.saturating_sub(self.sent + 1);
                if missing > 0 && self.sent > 0 {
                    metrics::counter!("shelduck_syslog_skipped_total").increment(missing);
                    tracing::error!(records = missing, "records went before syslog had them");
                }
                metrics::counter!("shelduck_syslog_sent_total").increment(1);
                self.sent = record.sequence;
            }
            self.pending.get_or_insert((Instant::now(), self.sent));
        }
    }

    /// Keeps how far the receiver has the log.
    async fn note_arrived(&mut self) {
        let Some((_, number)) = self.pending.filter(|(sent, _)| sent.elapsed() >= ARRIVED) else {
            return;
        };
        self.is_proven = true;
        self.pending = (self.sent > number).then(|| (Instant::now(), self.sent));
        self.keep(number).await;
    }

    /// A number that cannot be kept only means that more is sent again after a start.
    async fn keep(&mut self, number: u64) {
        self.arrived = number;
        let path = self.position.clone();
        let write = move || RealDisk.create(&path, number.to_string().as_bytes()).map(|_| ());
        let kept = tokio::task::spawn_blocking(write).await.map_err(io::Error::other);
        if let Err(error) = kept.flatten() {
            tracing::warn!(%error, "how far syslog has the audit log cannot be kept");
        }
    }

    /// Sends what is left when the server stops.
    async fn rest(&mut self) -> io::Result<()> {
        let _either_way = self.log.settled().await;
        let mut connection = self.receiver.connect().await?;
        let follow = Follow::after(self.log.dir().to_owned(), self.sent);
        self.turn(&mut connection, follow).await?;
        connection.finish().await?;
        self.keep(self.sent).await;
        Ok(())
    }

    fn up(&mut self, told: &impl Fn(Standing)) {
        if self.standing.replace(Standing::Reached) == Some(Standing::Reached) {
            return;
        }
        metrics::gauge!("shelduck_syslog_connected").set(1.0);
        tracing::info!(receiver = %self.receiver.address, "the audit log goes to syslog");
        told(Standing::Reached);
    }

    fn down(&mut self, error: &io::Error, told: &impl Fn(Standing)) {
        // What was sent last may not have arrived.
        self.sent = self.arrived;
        self.pending = None;
        self.is_proven = false;
        metrics::gauge!("shelduck_syslog_connected").set(0.0);
        metrics::counter!("shelduck_syslog_failures_total").increment(1);
        if self.standing.replace(Standing::Lost) == Some(Standing::Lost) {
            return;
        }
        tracing::error!(
            receiver = %self.receiver.address,
            error = error as &dyn std::error::Error,
            "the audit log does not get to syslog; it is kept here and sent on later"
        );
        told(Standing::Lost);
    }
}

#[cfg(test)]
mod tests;
