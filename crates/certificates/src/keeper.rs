//! Keeps the file of a certificate good: looks, orders, waits.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use outbound::{Client, OutboundError};
use tokio::sync::Notify;
use zeroize::Zeroizing;

use crate::account;
use crate::challenges::Challenges;
use crate::config::{Config, Unfit};
use crate::files::{CERTIFICATE, Files, PAUSE};
use crate::held::{Held, own};
use crate::order::{OrderError, place};
use crate::pause::Pause;
use crate::transport::Transport;

/// How often the file is looked at, however far away the next renewal is: clocks are set.
const LOOK_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// The shortest wait between two looks.
const LOOK_MIN: Duration = Duration::from_secs(1);
/// How long an order may take in all.
const ORDER_TIME_MAX: Duration = Duration::from_secs(5 * 60);

/// Why no certificate can be kept.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// None can be ordered like this.
    #[error("no certificate can be ordered")]
    Unfit(#[from] Unfit),
    /// The authority's own server cannot be trusted.
    #[error("the authority cannot be asked")]
    Outbound(#[from] OutboundError),
    /// The folder cannot be used.
    #[error("cannot use {}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The first certificate, of our own, cannot be made.
    #[error("cannot make a certificate to begin with")]
    Own(#[source] OrderError),
}

/// What came of a look.
#[derive(Debug)]
pub enum Turn {
    /// The certificate is good until then, when it is to be renewed.
    Good {
        /// When that is.
        due: Timestamp,
    },
    /// An order failed before; until then the authority is left alone.
    Waiting {
        /// When that ends.
        until: Timestamp,
    },
    /// A new certificate is in the file.
    Renewed {
        /// When it ends.
        ends: Timestamp,
    },
    /// There is no new one; what was there is still there.
    Failed {
        /// Why.
        error: OrderError,
        /// When the next try comes.
        until: Timestamp,
    },
}

/// Keeps one certificate.
pub struct Keeper {
    config: Config,
    files: Files,
    transport: Transport,
    challenges: Challenges,
}

impl Keeper {
    /// Opens the folder. Afterwards there is a certificate in its file: the one that was there, or one that nobody else
    /// signed. Blocks.
    ///
    /// # Errors
    /// The configuration is not fit, or the folder cannot be used.
    pub fn open(config: Config, now: Timestamp) -> Result<Self, CertificateError> {
        if let Some(problem) = config.problems().into_iter().next() {
            return Err(problem.into());
        }
        let transport = Transport::new(Client::new(config.authorities.as_deref())?);
        let folder = config.folder();
        let unusable = |source| CertificateError::Folder { path: folder.clone(), source };
        let files = Files::open(folder.clone()).map_err(unusable)?;
        if Held::read(&files.path(CERTIFICATE)).is_none() {
            let own = own(&config.names, now).map_err(CertificateError::Own)?;
            files.write(CERTIFICATE, &own).map_err(unusable)?;
        }
        metrics::counter!("shelduck_certificate_orders_total").absolute(0);
        metrics::counter!("shelduck_certificate_order_failures_total").absolute(0);
        Ok(Self { config, files, transport, challenges: Challenges::default() })
    }

    /// The file with chain and key, both in one.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.files.path(CERTIFICATE)
    }

    /// What proves our names while an order is in progress.
    #[must_use]
    pub fn challenges(&self) -> Challenges {
        self.challenges.clone()
    }

    /// Looks once, and orders when it is time.
    pub async fn turn(&self, now: Timestamp) -> Turn {
        let (held, pause) = match self.on_disk(look).await {
            Ok(found) => found,
            Err(error) => return self.failed(error.into(), now, None).await,
        };
        if let Some(due) = held.map(|held| held.due(&self.config.names)).filter(|due| now < *due) {
            return Turn::Good { due };
        }
        let pause = pause.filter(|pause| pause.is_of(&self.config.names));
        if let Some(until) = pause.as_ref().and_then(|pause| pause.holds(now)) {
            return Turn::Waiting { until };
        }
        // Written before the try: whatever ends this process counts as a failure.
        let next = Pause::after(pause.as_ref(), &self.config.names, now);
        if let Err(error) = self.keep_pause(next.clone()).await {
            return self.failed(error.into(), now, Some(next)).await;
        }
        metrics::counter!("shelduck_certificate_orders_total").increment(1);
        let order = Box::pin(self.order(now));
        match tokio::time::timeout(ORDER_TIME_MAX, order).await.unwrap_or(Err(OrderError::Late)) {
            Ok(ends) => Turn::Renewed { ends },
            Err(error) => self.failed(error, now, Some(next)).await,
        }
    }

    /// Looks when it is time, and at once when asked, whatever failed before; `told` hears what came of it.
    pub async fn run(self, asked: &Notify, told: impl Fn(&Turn)) {
        loop {
            let now = Timestamp::now();
            let turn = self.turn(now).await;
            told(&turn);
            let next = match turn {
                Turn::Good { due: next }
                | Turn::Waiting { until: next }
                | Turn::Failed { until: next, .. } => next,
                Turn::Renewed { .. } => now,
            };
            let wait = Duration::try_from(next.duration_since(now)).unwrap_or(LOOK_MIN);
            let wait = wait.clamp(LOOK_MIN, LOOK_INTERVAL);
            if tokio::time::timeout(wait, asked.notified()).await.is_ok() {
                let forgotten = self.on_disk(|files| files.remove(PAUSE)).await;
                if let Err(error) = forgotten {
                    tracing::error!(%error, "the pause after a failed order is still there");
                }
            }
        }
    }

    /// Orders, and puts what comes in place; gives when it ends.
    async fn order(&self, now: Timestamp) -> Result<Timestamp, OrderError> {
        let made = match self.ask(now).await {
            Err(error) if error.is_no_account() => {
                self.on_disk(account::forget).await?;
                self.ask(now).await?
            }
            other => other?,
        };
        let ends = Held::of(&made).ok_or(OrderError::Wrong)?.ends();
        self.on_disk(move |files| {
            files.write(CERTIFICATE, &made)?;
            files.remove(PAUSE)
        })
        .await?;
        Ok(ends)
    }

    async fn ask(&self, now: Timestamp) -> Result<Zeroizing<Vec<u8>>, OrderError> {
        let account = account::open(&self.config, &self.files, &self.transport).await?;
        place(&account, &self.config.names, &self.challenges, now).await
    }

    async fn failed(&self, error: OrderError, now: Timestamp, next: Option<Pause>) -> Turn {
        metrics::counter!("shelduck_certificate_order_failures_total").increment(1);
        let next = next.unwrap_or_else(|| Pause::after(None, &self.config.names, now));
        let next = next.at_least(self.transport.asked(), now);
        let until = next.until;
        if let Err(error) = self.keep_pause(next).await {
            tracing::error!(%error, "the pause after a failed order cannot be kept");
        }
        Turn::Failed { error, until }
    }

    async fn keep_pause(&self, pause: Pause) -> io::Result<()> {
        self.on_disk(move |files| files.write(PAUSE, &serde_json::to_vec(&pause)?)).await
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Files) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let files = self.files.clone();
        tokio::task::spawn_blocking(move || act(&files)).await.map_err(io::Error::other)?
    }
}

/// Whether there is somebody to vouch for an authority's own server: in the file, or else on this machine. Blocks.
///
/// # Errors
/// There is nobody, or the file cannot be read.
pub fn check_authorities(path: Option<&Path>) -> Result<(), OutboundError> {
    Client::new(path).map(|_| ())
}

/// The certificate, and how long to wait after failures; a pause that cannot be read is none.
fn look(files: &Files) -> io::Result<(Option<Held>, Option<Pause>)> {
    let pause = files.read(PAUSE)?.and_then(|text| serde_json::from_slice(&text).ok());
    Ok((Held::read(&files.path(CERTIFICATE)), pause))
}
