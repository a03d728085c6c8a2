//! The handle: append, read, trim, close.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::watch;

use crate::Offset;
use crate::config::Config;
use crate::disk::{self, Disk, RealDisk};
use crate::error::{AppendError, OpenError, ReadError, TrimError};
use crate::open::{self, Opened};
use crate::queue::Queue;
use crate::read;
use crate::segment::{self, Segment};
use crate::writer::{Shared, Writer};

/// An open journal. Clones share it; the folder is unlocked when the last one is dropped.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

/// A record as it was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where the record starts.
    pub offset: Offset,
    /// Where the record behind it starts: what a consumer commits.
    pub next: Offset,
    /// The payload.
    pub bytes: Vec<u8>,
}

struct Inner {
    shared: Arc<Shared>,
    dir: PathBuf,
    record_bytes_max: usize,
    writer: Mutex<Option<JoinHandle<()>>>,
    trimming: Mutex<()>,
    _lock: File,
}

impl Journal {
    /// Opens the folder, repairs what a crash left, and starts the writer thread. Blocking.
    ///
    /// # Errors
    /// See [`OpenError`]; damage to the log is not an error but stands in [`Opened::holes`].
    pub fn open(config: Config) -> Result<(Self, Opened), OpenError> {
        Self::open_on(config, Arc::new(RealDisk))
    }

    pub(crate) fn open_on(
        config: Config,
        disk: Arc<dyn Disk>,
    ) -> Result<(Self, Opened), OpenError> {
        let recovered = open::recover(&config, &*disk)?;
        if !recovered.opened.holes.is_empty() {
            tracing::error!(dir = %config.dir.display(), holes = ?recovered.opened.holes, "journal has holes");
        }
        let Some(last) = recovered.segments.last().cloned() else {
            return Err(OpenError::Config("a journal always has a segment"));
        };
        let queue = Queue::new(recovered.salt, config.queue_bytes_max);
        let shared = Arc::new(Shared::new(queue, recovered.opened.next, recovered.segments));
        let writer = Writer::new(
            Arc::clone(&shared),
            disk,
            config.dir.clone(),
            config.segment_bytes_max,
            last,
        );
        let thread = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run())
            .map_err(OpenError::Thread)?;
        let inner = Inner {
            shared,
            dir: config.dir,
            record_bytes_max: config.record_bytes_max,
            writer: Mutex::new(Some(thread)),
            trimming: Mutex::default(),
            _lock: recovered.lock,
        };
        Ok((Self { inner: Arc::new(inner) }, recovered.opened))
    }

    /// Appends a record; resolves when it is on stable storage.
    ///
    /// The record is queued when the future is first polled. Dropping the future later does not take it back.
    ///
    /// # Errors
    /// See [`AppendError`]: after any of them the record is not in the log.
    pub async fn append(&self, payload: Vec<u8>) -> Result<Offset, AppendError> {
        if payload.len() > self.inner.record_bytes_max {
            return Err(AppendError::TooLarge {
                bytes: payload.len(),
                bytes_max: self.inner.record_bytes_max,
            });
        }
        let answer = self.inner.shared.queue.push(&payload)?;
        drop(payload);
        answer.await.unwrap_or(Err(AppendError::Closed))
    }

    /// The end of what is durable: where the next record will be.
    #[must_use]
    pub fn durable(&self) -> Offset {
        self.inner.shared.durable()
    }

    /// Where the oldest record that can be read starts.
    #[must_use]
    pub fn oldest(&self) -> Offset {
        self.inner
            .shared
            .segments()
            .first()
            .map_or_else(|| self.durable(), |segment| Offset(segment.first))
    }

    /// Follows [`durable`](Self::durable) as it grows.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Offset> {
        self.inner.shared.durable.subscribe()
    }

    /// Reads durable records in order, from the record that starts at `from`. Blocking.
    ///
    /// Gives as many as fit `bytes_max` bytes of log, at least one if there is one, none at the durable end. Records
    /// before damage are given first; a read that starts at the damage fails and names where to go on.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read(&self, from: Offset, bytes_max: usize) -> Result<Vec<Entry>, ReadError> {
        read::read(&self.inner.shared, from, bytes_max)
    }

    /// Removes the segments that lie wholly below `below`, but never the one being written; gives the bytes freed.
    /// Blocking.
    ///
    /// A segment known to be damaged is renamed to `….damaged` instead, and frees nothing.
    ///
    /// # Errors
    /// The first file operation that failed; segments before it are gone.
    pub fn trim(&self, below: Offset) -> Result<u64, TrimError> {
        let _one_at_a_time = self.inner.trimming.lock().unwrap_or_else(PoisonError::into_inner);
        let mut freed = 0;
        let mut is_changed = false;
        loop {
            let oldest = match self.inner.shared.segments().as_slice() {
                [oldest, next, ..] if next.first <= below.0 => oldest.clone(),
                _ => break,
            };
            freed += remove(&oldest)?;
            is_changed = true;
            self.inner.shared.segments().retain(|segment| segment.first != oldest.first);
        }
        if is_changed {
            disk::sync_dir(&self.inner.dir).map_err(trim_error("sync", &self.inner.dir))?;
        }
        Ok(freed)
    }

    /// Refuses new appends, and returns when every queued one is durable or refused. Blocking. Reads still work.
    pub fn close(&self) {
        self.inner.close();
    }
}

impl Inner {
    fn close(&self) {
        self.shared.queue.close();
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("journal writer thread panicked");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

fn remove(segment: &Segment) -> Result<u64, TrimError> {
    let path = segment.path.as_path();
    if segment.is_damaged {
        let aside = path.with_extension(segment::DAMAGED_EXTENSION);
        fs::rename(path, aside).map_err(trim_error("rename", path))?;
        return Ok(0);
    }
    let bytes = fs::metadata(path).map_err(trim_error("read", path))?.len();
    fs::remove_file(path).map_err(trim_error("remove", path))?;
    Ok(bytes)
}

fn trim_error(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> TrimError {
    let path = path.to_path_buf();
    move |source| TrimError { step, path, source }
}

#[cfg(test)]
mod tests;
