//! The thread that writes: one group, one sync, an answer to each appender.
//!
//! # Failure
//! After a failed write the file is cut back to the durable end. After a failed sync it is also no longer written to,
//! because the kernel may have dropped the dirty pages and called them clean: the next group opens a new segment, and
//! what is durable in the old one is read again from the disk. Readers never see the undone bytes, since they stop at
//! the durable end, and later at the next segment's first offset.
//!
//! # Speed
//! A sync that makes a file longer also commits the file system's own journal, which costs several times the sync of bytes
//! that were there before. So a busy writer lays out zeros ahead of itself, as many as the segment holds already, up to
//! [`AHEAD_BYTES_MAX`], and cuts them off when it leaves the segment. Zeros are no record under any salt in use.
//!
//! On a disk that syncs faster than records come, each record would be a group of its own, and writing would take the
//! processors from those who bring the next ones. So groups begin [`GROUP_INTERVAL`] apart; the first after a pause waits for nothing.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::Offset;
use crate::disk::{self, Disk};
use crate::error::{AppendError, OpenError};
use crate::open::{self, Tail};
use crate::queue::{Group, Queue};
use crate::segment::{HEADER_BYTES, Segment, View};

/// The most zeros laid out ahead.
const AHEAD_BYTES_MAX: u64 = 4 << 20;
/// A segment with less in it is not busy.
const BUSY_BYTES: u64 = 64 << 10;

/// How far apart groups begin.
const GROUP_INTERVAL: Duration = Duration::from_millis(2);

/// What the writer, the readers and the handle share.
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) durable: watch::Sender<Offset>,
    segments: Mutex<Vec<Segment>>,
}

impl Shared {
    pub(crate) fn new(queue: Queue, durable: Offset, segments: Vec<Segment>) -> Self {
        Self { queue, durable: watch::Sender::new(durable), segments: Mutex::new(segments) }
    }

    pub(crate) fn durable(&self) -> Offset {
        *self.durable.borrow()
    }

    pub(crate) fn segments(&self) -> MutexGuard<'_, Vec<Segment>> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state only the writer thread has.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    segment_bytes_max: u64,
    segment: Segment,
    durable: u64,
    /// Up to where the current segment's file is laid out: the end of what was written to it, or of zeros behind that.
    laid_out: u64,
    /// The current segment must not be written to any more.
    must_rotate: bool,
    /// Bytes of a refused group may still be behind the durable end.
    must_cut: bool,
}

impl Writer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        disk: Arc<dyn Disk>,
        dir: PathBuf,
        segment_bytes_max: u64,
        segment: Segment,
    ) -> Self {
        let durable = shared.durable().0;
        Self {
            shared,
            disk,
            dir,
            segment_bytes_max,
            laid_out: HEADER_BYTES + (durable - segment.first),
            segment,
            durable,
            must_rotate: false,
            must_cut: false,
        }
    }

    /// Writes groups until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let _abandon = AbandonOnDrop(Arc::clone(&self.shared));
        let mut group = Group::default();
        let mut earliest = Instant::now();
        while self.shared.queue.wait() {
            thread::sleep(earliest.saturating_duration_since(Instant::now()));
            earliest = Instant::now() + GROUP_INTERVAL;
            self.shared.queue.take(&mut group);
            let base = self.durable;
            let outcome = self.commit(&group.bytes);
            if let Err(error) = &outcome {
                tracing::error!(
                    error = error as &dyn std::error::Error,
                    records = group.waiting.len(),
                    "journal refused a group"
                );
            }
            for (answer, start) in group.waiting.drain(..) {
                // An appender that stopped waiting is no error.
                let _ = answer.send(outcome.clone().map(|()| Offset(base + start as u64)));
            }
            group.clear();
        }
        self.cut_zeros();
    }

    /// Makes `bytes` durable, or leaves the log as it was.
    fn commit(&mut self, bytes: &[u8]) -> Result<(), AppendError> {
        let size = bytes.len() as u64;
        let used = self.durable - self.segment.first;
        if self.must_rotate || (used > 0 && used + size > self.segment_bytes_max) {
            self.rotate()?;
        } else if self.must_cut {
            self.cut().map_err(storage("cut back a failed write"))?;
        }
        let position = HEADER_BYTES + (self.durable - self.segment.first);
        if let Err(error) = self.disk.write(&self.segment.file, bytes, position) {
            self.undo();
            return Err(storage("write")(error));
        }
        self.lay_out(position + size);
        if let Err(error) = self.disk.sync(&self.segment.file) {
            self.must_rotate = true;
            self.undo();
            self.verify();
            return Err(storage("sync")(error));
        }
        self.durable += size;
        self.shared.durable.send_replace(Offset(self.durable));
        Ok(())
    }

    /// Lays out zeros behind `end`, where the group just written ends, when the file has nothing there and is busy. That it
    /// fails, on a disk with no more space, costs speed only.
    fn lay_out(&mut self, end: u64) {
        if end <= self.laid_out {
            return;
        }
        self.laid_out = end;
        let ahead = end.min(AHEAD_BYTES_MAX);
        if end < BUSY_BYTES || end + ahead > HEADER_BYTES + self.segment_bytes_max {
            return;
        }
        match self.disk.lay_out(&self.segment.file, end, ahead) {
            Ok(()) => self.laid_out = end + ahead,
            Err(error) => tracing::debug!(
                error = &error as &dyn std::error::Error,
                "no zeros ahead of the journal"
            ),
        }
    }

    /// Cuts the zeros off the segment that is left. Wherever this fails they are cut or passed over by the next open.
    fn cut_zeros(&mut self) {
        let end = HEADER_BYTES + (self.durable - self.segment.first);
        if !self.must_cut
            && self.laid_out > end
            && let Err(error) = self.disk.truncate(&self.segment.file, end)
        {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "zeros stay behind the journal's segment"
            );
        }
    }

    /// Goes on in a new segment that starts at the durable end.
    fn rotate(&mut self) -> Result<(), AppendError> {
        self.cut_zeros();
        // Once begun, the new name may be on disk even if an error is answered: nothing may follow in the old segment.
        self.must_rotate = true;
        let segment = open::create(&*self.disk, &self.dir, self.durable, self.segment.salt)
            .map_err(|error| match error {
                OpenError::Io { source, .. } => storage("begin a new segment")(source),
                other => storage("begin a new segment")(io::Error::other(other)),
            })?;
        let mut segments = self.shared.segments();
        // A segment that never got a record has the same name, and was replaced.
        segments.retain(|old| old.first != segment.first);
        segments.push(segment.clone());
        drop(segments);
        self.laid_out = HEADER_BYTES;
        self.segment = segment;
        self.must_rotate = false;
        self.must_cut = false;
        Ok(())
    }

    /// Takes a failed group out of the file; if even that fails, it is tried again before the next write.
    fn undo(&mut self) {
        self.must_cut = true;
        if let Err(error) = self.cut() {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "journal could not cut back a failed write"
            );
        }
    }

    fn cut(&mut self) -> io::Result<()> {
        let end = HEADER_BYTES + (self.durable - self.segment.first);
        self.disk.truncate(&self.segment.file, end)?;
        self.laid_out = end;
        if let Err(error) = self.disk.sync(&self.segment.file) {
            self.must_rotate = true;
            return Err(error);
        }
        self.must_cut = false;
        Ok(())
    }

    /// Reads the durable part of the current segment from the disk, not from the cache.
    fn verify(&self) {
        let Segment { first, salt, file, .. } = &self.segment;
        let view = View { file, first: *first, salt: *salt, end: self.durable };
        let outcome =
            disk::forget_cache(file).and_then(|()| open::survey_records(view, Tail::Durable));
        let path = self.segment.path.display();
        match outcome {
            Ok((end, holes)) if end == self.durable && holes.is_empty() => {
                tracing::info!(segment = %path, "journal segment is whole after a failed sync");
            }
            Ok((end, holes)) => {
                tracing::error!(segment = %path, end, ?holes, "journal segment lost acknowledged records in a failed sync");
                let mut segments = self.shared.segments();
                if let Some(segment) = segments.iter_mut().find(|segment| segment.first == *first) {
                    segment.is_damaged = true;
                }
            }
            Err(error) => {
                tracing::error!(segment = %path, error = &error as &dyn std::error::Error, "journal segment cannot be read after a failed sync");
            }
        }
    }
}

/// Closes the queue however the writer ends, so that no appender waits for a thread that is gone.
struct AbandonOnDrop(Arc<Shared>);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.queue.abandon();
    }
}

fn storage(step: &'static str) -> impl Fn(io::Error) -> AppendError {
    move |source| AppendError::Storage { step, source: Arc::new(source) }
}
