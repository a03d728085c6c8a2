//! The handle: record, wait, close.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::watch;

use crate::config::Config;
use crate::disk::{Disk, RealDisk};
use crate::error::{NotKept, OpenError};
use crate::head::{PublicKey, Signer};
use crate::open::{self, Opened};
use crate::queue::Queue;
use crate::record::Entry;
use crate::writer::{Status, Writer};

/// An open log. Clones are one; the last one closes it.
#[derive(Clone)]
pub struct AuditLog(Arc<Inner>);

struct Inner {
    queue: Arc<Queue>,
    status: watch::Receiver<Status>,
    config: Config,
    key: Mutex<PublicKey>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for AuditLog {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("AuditLog").field("dir", &self.0.config.dir).finish_non_exhaustive()
    }
}

impl AuditLog {
    /// Opens the folder, which must be this process's alone, repairs what a crash left, and starts the writer. Blocks.
    ///
    /// # Errors
    /// The folder cannot be read or written; a changed log is not an error but stands in [`Opened::broken`].
    pub fn open(config: Config, signer: Signer) -> Result<(Self, Opened), OpenError> {
        Self::open_on(config, signer, Arc::new(RealDisk))
    }

    pub(crate) fn open_on(
        config: Config,
        signer: Signer,
        disk: Arc<dyn Disk>,
    ) -> Result<(Self, Opened), OpenError> {
        let recovered = open::recover(&config, &signer)?;
        let opened = recovered.opened.clone();
        let (queue, key) = (Arc::new(Queue::new()), signer.public_key());
        let writer = Writer::new(config.clone(), signer, disk, Arc::clone(&queue), recovered)
            .map_err(OpenError::io("begin a file in", &config.dir))?;
        let status = writer.status();
        let writer = thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run())
            .map_err(OpenError::Thread)?;
        metrics::gauge!("shelduck_audit_chain_intact")
            .set(f64::from(u8::from(opened.broken.is_none())));
        let (key, writer) = (Mutex::new(key), Mutex::new(Some(writer)));
        Ok((Self(Arc::new(Inner { queue, status, config, key, writer })), opened))
    }

    /// Takes an entry, without waiting.
    pub fn record(&self, entry: Entry) {
        self.0.queue.push(entry);
    }

    /// Signs with another key from here on: the one of before signs what is written, and is then succeeded.
    ///
    /// What is recorded after this call is signed with the other key only.
    pub fn sign_with(&self, signer: Signer) {
        *self.0.key.lock().unwrap_or_else(PoisonError::into_inner) = signer.public_key();
        self.0.queue.sign_with(signer);
    }

    /// Whether the record of a change made now would be kept.
    #[must_use]
    pub fn accepts(&self) -> bool {
        let status = *self.0.status.borrow();
        !status.is_failing && status.has_room && self.0.queue.has_room()
    }

    /// Resolves when everything recorded so far is on disk.
    ///
    /// # Errors
    /// It does not get there at the moment.
    pub fn settled(&self) -> impl Future<Output = Result<(), NotKept>> + Send + 'static {
        let wanted = self.0.queue.through();
        let mut status = self.0.status.clone();
        async move {
            let decided = |status: &Status| status.durable >= wanted || status.is_failing;
            let status = status.wait_for(decided).await.map_err(|_| NotKept)?;
            if status.durable >= wanted { Ok(()) } else { Err(NotKept) }
        }
    }

    /// What is known about the disk; changes whenever something was written.
    pub(crate) fn status(&self) -> watch::Receiver<Status> {
        self.0.status.clone()
    }

    /// The key that heads are checked with.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        *self.0.key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.0.config.dir
    }

    /// Writes what is left, signs it, and ends. Blocks. Nothing is taken afterwards.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Inner {
    fn close(&self) {
        self.queue.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the audit log's writer panicked");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}
