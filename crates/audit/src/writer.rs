//! The thread that writes: one group, one sync.
//!
//! # Failure
//! A group that could not be written stays in memory, the file is cut back to its durable end, and the same group is tried
//! again every second. Nothing else changes meanwhile, so a record has one number and one place whatever happens. After a
//! failed sync the file is not written to again, because the kernel may have dropped what it was given and called it clean:
//! the next try begins a new file.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::chain::{self, Hash};
use crate::config::Config;
use crate::disk::Disk;
use crate::file::{self, File, HEAD_FILE};
use crate::head::Signer;
use crate::open::Recovered;
use crate::queue::{ENTRIES_MAX, Queue, Taken};
use crate::record::{Entry, LINE_BYTES_MAX, Note, Record, lost};
use crate::retire;

/// A head is signed at the latest after so many records.
pub(crate) const UNSIGNED_RECORDS_MAX: u64 = 256;
/// And after this time, when there are any.
const UNSIGNED_TIME_MAX: Duration = Duration::from_secs(60);
/// When a failed write is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How long an idle writer sleeps.
const IDLE: Duration = Duration::from_secs(30);
/// Tries after which a stopping writer gives up on a disk.
const LAST_TRIES_MAX: u32 = 3;
/// Room taken on the disk ahead of the file's end: what the queue may hold.
pub(crate) const RESERVE_BYTES: u64 = (ENTRIES_MAX * LINE_BYTES_MAX) as u64;
/// Files that can wait to be compressed.
const PACKING_MAX: usize = 16;

/// What is known to everybody about the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status {
    /// How many of the entries ever taken in are on disk.
    pub(crate) durable: u64,
    /// What was taken in does not get onto the disk.
    pub(crate) is_failing: bool,
    /// The disk promises room for what the queue may hold.
    pub(crate) has_room: bool,
}

/// The file that is being written.
struct Active {
    file: File,
    handle: fs::File,
    size: u64,
    reserved: u64,
    begun: Instant,
}

/// What is written next: bytes that are composed and not yet durable.
struct Group {
    bytes: Vec<u8>,
    next: u64,
    last: Hash,
    unsigned: u64,
    head: Option<Vec<u8>>,
}

/// The state only the writer thread has.
pub(crate) struct Writer {
    queue: Arc<Queue>,
    status: watch::Sender<Status>,
    disk: Arc<dyn Disk>,
    config: Config,
    signer: Signer,
    /// The key that signs once the present one has signed what is written.
    successor: Option<Signer>,
    active: Active,
    next: u64,
    last: Hash,
    /// Records since the last head.
    unsigned: u64,
    signed: Instant,
    /// What has to be recorded and is not yet.
    notes: Vec<Note>,
    entries: Vec<Entry>,
    /// The number of entries taken in once `entries` are on disk.
    through: u64,
    must_rotate: bool,
    packing: SyncSender<File>,
    retired: Option<Instant>,
}

impl Writer {
    /// Takes up where the last run ended.
    pub(crate) fn new(
        config: Config,
        signer: Signer,
        disk: Arc<dyn Disk>,
        queue: Arc<Queue>,
        recovered: Recovered,
    ) -> io::Result<Self> {
        let Recovered { next, last, active, notes, .. } = recovered;
        let (active, next, last) = match active {
            Some((file, size)) => {
                let handle = fs::OpenOptions::new().read(true).write(true).open(&file.path)?;
                (Active { file, handle, size, reserved: 0, begun: Instant::now() }, next, last)
            }
            None => begin(&*disk, &config, next, &last)?,
        };
        let status = Status { durable: 0, is_failing: false, has_room: true };
        let mut writer = Self {
            queue,
            status: watch::Sender::new(status),
            disk,
            signer,
            successor: None,
            active,
            next,
            last,
            // What the last run left unsigned is signed with the first group of this one.
            unsigned: UNSIGNED_RECORDS_MAX,
            signed: Instant::now(),
            notes,
            entries: Vec::new(),
            through: 0,
            must_rotate: false,
            packing: pack_beside(&config)?,
            retired: None,
            config,
        };
        writer.pack_older();
        writer.reserve();
        Ok(writer)
    }

    /// What is known about the disk, as it changes.
    pub(crate) fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Writes until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let mut tries_left = LAST_TRIES_MAX;
        loop {
            let Taken { entries, lost: counts, through, signer, is_closed } =
                self.queue.take(self.patience());
            self.through = through;
            self.entries.extend(entries);
            self.successor = signer.or(self.successor.take());
            if !counts.is_empty() {
                self.notes.push(lost(&counts));
            }
            if is_closed {
                self.close(&mut tries_left);
                return;
            }
            self.retire();
            if self.has_work() {
                let done = self.commit();
                self.report(done);
            }
            self.reserve();
        }
    }

    /// Writes what is left and a last head; a disk that fails three times is given up on.
    fn close(&mut self, tries_left: &mut u32) {
        self.retire();
        while self.has_work() || self.unsigned > 0 {
            self.signed = self.signed.checked_sub(UNSIGNED_TIME_MAX).unwrap_or(self.signed);
            self.unsigned = self.unsigned.max(UNSIGNED_RECORDS_MAX);
            let done = self.commit();
            let failed = done.is_err();
            self.report(done);
            if failed {
                *tries_left -= 1;
                if *tries_left == 0 {
                    tracing::error!(
                        entries = self.entries.len(),
                        "the audit log's last records were not written"
                    );
                    return;
                }
                std::thread::sleep(RETRY);
            }
        }
    }

    fn has_work(&self) -> bool {
        !self.entries.is_empty()
            || !self.notes.is_empty()
            || self.successor.is_some()
            || self.is_head_due()
    }

    fn is_head_due(&self) -> bool {
        self.unsigned > 0
            && (self.unsigned >= UNSIGNED_RECORDS_MAX || self.signed.elapsed() >= UNSIGNED_TIME_MAX)
    }

    /// How long nothing has to be done unless something comes in.
    fn patience(&self) -> Duration {
        let status = *self.status.borrow();
        if status.is_failing || !status.has_room {
            return RETRY;
        }
        if self.has_work() {
            return Duration::ZERO;
        }
        if self.unsigned > 0 {
            return UNSIGNED_TIME_MAX.saturating_sub(self.signed.elapsed()).min(IDLE);
        }
        IDLE
    }

    /// Makes everything that waits durable, or leaves the log as it was.
    fn commit(&mut self) -> io::Result<()> {
        if self.must_rotate || self.is_full() {
            self.rotate()?;
        }
        self.succeed()?;
        let group = self.compose();
        self.append(group)?;
        self.notes.clear();
        self.queue.finished(self.entries.len());
        self.entries.clear();
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.active.size >= self.config.rotate_bytes
            || self.active.begun.elapsed() >= self.config.rotate_age
    }

    /// Lines that will stand behind what is written; none yet.
    fn group(&self) -> Group {
        Group {
            bytes: Vec::new(),
            next: self.next,
            last: self.last,
            unsigned: self.unsigned,
            head: None,
        }
    }

    /// The lines of what waits, and a head where one is due.
    fn compose(&self) -> Group {
        let mut group = self.group();
        for note in &self.notes {
            group.add(&Record::note(group.next, Timestamp::now(), note.clone()));
        }
        for entry in &self.entries {
            group.add(&Record::of(group.next, entry));
            if group.unsigned >= UNSIGNED_RECORDS_MAX {
                group.sign(&self.signer);
            }
        }
        if group.unsigned >= UNSIGNED_RECORDS_MAX || self.is_head_due() {
            group.sign(&self.signer);
        }
        group
    }

    /// Writes and syncs a group; only then does the chain go on.
    fn append(&mut self, group: Group) -> io::Result<()> {
        let written = self.disk.write(&self.active.handle, &group.bytes, self.active.size);
        let synced = written.and_then(|()| {
            let synced = self.disk.sync(&self.active.handle);
            self.must_rotate |= synced.is_err();
            synced
        });
        if let Err(error) = synced {
            // If even that fails the next write goes over it, from the same place on.
            if let Err(error) = self.disk.truncate(&self.active.handle, self.active.size) {
                tracing::error!(%error, "the audit log could not be cut back");
            }
            return Err(error);
        }
        metrics::counter!("shelduck_audit_records_total").increment(group.next - self.next);
        self.active.size += group.bytes.len() as u64;
        self.next = group.next;
        self.last = group.last;
        self.unsigned = group.unsigned;
        if let Some(head) = group.head {
            self.signed = Instant::now();
            // Without it only a cut end would go unnoticed, and only until the next one.
            if let Err(error) = self.disk.create(&self.config.dir.join(HEAD_FILE), &head) {
                tracing::error!(%error, "the audit log's head was not kept");
            }
        }
        Ok(())
    }

    /// Goes over to the next key, if there is one: the present one signs what is written, the next one vouches for it.
    fn succeed(&mut self) -> io::Result<()> {
        if self.successor.is_some() {
            self.sign_off()?;
        }
        let Some(successor) = self.successor.take() else { return Ok(()) };
        let predecessor = self.signer.public_key();
        if predecessor != successor.public_key() {
            self.notes.push(Note::Succession { predecessor: predecessor.to_string() });
            self.unsigned = self.unsigned.max(UNSIGNED_RECORDS_MAX);
        }
        self.signer = successor;
        Ok(())
    }

    /// Signs what is written, unless that is done.
    fn sign_off(&mut self) -> io::Result<()> {
        if self.unsigned == 0 {
            return Ok(());
        }
        let mut group = self.group();
        group.sign(&self.signer);
        self.append(group)
    }

    /// Signs the end of the file and begins a new one.
    fn rotate(&mut self) -> io::Result<()> {
        // A file whose sync failed is left as it is: what is durable in it ends before what failed.
        if !self.must_rotate {
            self.sign_off()?;
        }
        let (active, next, last) = begin(&*self.disk, &self.config, self.next, &self.last)?;
        let full = std::mem::replace(&mut self.active, active);
        (self.next, self.last) = (next, last);
        self.unsigned += 1;
        self.must_rotate = false;
        self.pack(full.file);
        Ok(())
    }

    /// Hands a file over to be compressed; one that finds no place is found again at the next start.
    fn pack(&self, file: File) {
        if self.packing.try_send(file).is_err() {
            tracing::warn!("a file of the audit log stays uncompressed for now");
        }
    }

    fn pack_older(&self) {
        let files = file::list(&self.config.dir).unwrap_or_default();
        let older = files.into_iter().filter(|file| file.first < self.active.file.first);
        for file in older.filter(|file| !file.is_packed).take(PACKING_MAX) {
            self.pack(file);
        }
    }

    /// Deletes what is old enough, once that is recorded and signed.
    fn retire(&mut self) {
        if self.retired.is_some_and(|at| at.elapsed() < retire::EVERY)
            || self.status.borrow().is_failing
        {
            return;
        }
        self.retired = Some(Instant::now());
        if let Err(error) = self.retire_files() {
            tracing::error!(%error, "old files of the audit log were not deleted");
        }
    }

    fn retire_files(&mut self) -> io::Result<()> {
        let due = retire::due(&self.config, self.active.file.first, Timestamp::now())?;
        if due.is_empty() {
            return Ok(());
        }
        let mut group = self.group();
        for retired in &due {
            group.add(&Record::note(group.next, Timestamp::now(), retired.note.clone()));
        }
        group.sign(&self.signer);
        self.append(group)?;
        for retired in &due {
            match fs::remove_file(&retired.file.path) {
                // It was compressed a moment ago, and its other form goes the next time.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Keeps room on the disk for what the queue may hold.
    fn reserve(&mut self) {
        let wanted = self.active.size + RESERVE_BYTES;
        if self.active.reserved >= self.active.size + RESERVE_BYTES / 2 {
            return self.has_room(true);
        }
        match self.disk.reserve(&self.active.handle, wanted) {
            Ok(()) => {
                self.active.reserved = wanted;
                self.has_room(true);
            }
            Err(error) => {
                if self.status.borrow().has_room {
                    tracing::error!(%error, "the disk has no room for the audit log; nothing may be changed until it has");
                }
                self.has_room(false);
            }
        }
    }

    fn has_room(&self, has_room: bool) {
        self.status.send_if_modified(|status| {
            let changed = status.has_room != has_room;
            status.has_room = has_room;
            changed
        });
        self.tell();
    }

    fn report(&self, done: io::Result<()>) {
        let failing = done.is_err();
        if let Err(error) = done
            && !self.status.borrow().is_failing
        {
            tracing::error!(%error, "the audit log cannot be written; nothing may be changed until it can");
        }
        let durable = if failing { self.status.borrow().durable } else { self.through };
        self.status.send_modify(|status| {
            status.durable = durable;
            status.is_failing = failing;
        });
        self.tell();
    }

    fn tell(&self) {
        let status = *self.status.borrow();
        let is_writable = !status.is_failing && status.has_room;
        metrics::gauge!("shelduck_audit_writable").set(f64::from(u8::from(is_writable)));
    }
}

impl Group {
    fn add(&mut self, record: &Record) {
        let (line, hash) = chain::seal(&self.last, record);
        self.bytes.extend_from_slice(&line);
        self.last = hash;
        self.next += 1;
        self.unsigned += 1;
    }

    /// Attests everything before it.
    fn sign(&mut self, signer: &Signer) {
        let note = signer.head(self.next, &self.last);
        let start = self.bytes.len();
        self.add(&Record::note(self.next, Timestamp::now(), note));
        self.head = self.bytes.get(start..).map(<[u8]>::to_vec);
        self.unsigned = 0;
    }
}

/// Begins a file; gives it with the number and the hash to go on with.
fn begin(
    disk: &dyn Disk,
    config: &Config,
    next: u64,
    last: &Hash,
) -> io::Result<(Active, u64, Hash)> {
    let note = Note::Begin { previous: last.to_string() };
    let (line, hash) = chain::seal(last, &Record::note(next, Timestamp::now(), note));
    let file = File::plain(&config.dir, next);
    let handle = disk.create(&file.path, &line)?;
    let size = line.len() as u64;
    let active = Active { file, handle, size, reserved: 0, begun: Instant::now() };
    Ok((active, next + 1, hash))
}

/// A thread that compresses files one after the other; it ends with the writer.
fn pack_beside(config: &Config) -> io::Result<SyncSender<File>> {
    let (sender, receiver) = mpsc::sync_channel::<File>(PACKING_MAX);
    let dir = config.dir.clone();
    std::thread::Builder::new().name("audit-pack".to_owned()).spawn(move || {
        while let Ok(file) = receiver.recv() {
            if let Err(error) = file::pack(&file) {
                tracing::error!(%error, dir = %dir.display(), "a file of the audit log was not compressed");
            }
        }
    })?;
    Ok(sender)
}
