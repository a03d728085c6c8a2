//! The journal on a disk that refuses: full, short, failed syncs and cuts.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// What the disk does with one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The write stops after so many bytes.
    FullAfter(usize),
    /// The data may or may not be there, the sync says no.
    Sync,
    /// As `FullAfter`, and the file cannot be cut back either.
    FullAndNoCut(usize),
    /// No new segment can be made.
    Create,
}

/// The real disk, but for the faults it was told.
#[derive(Default)]
struct FaultyDisk {
    planned: Mutex<VecDeque<Option<Fault>>>,
    current: Mutex<Option<Fault>>,
    syncs: AtomicUsize,
    /// Whether there is no space ahead.
    lays_out_nothing: AtomicBool,
}

impl FaultyDisk {
    /// Each coming write takes one of these.
    fn plan(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.planned.lock().unwrap().extend(faults);
    }

    fn current(&self) -> Option<Fault> {
        *self.current.lock().unwrap()
    }
}

fn no_space() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

impl Disk for FaultyDisk {
    fn write(&self, file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
        let fault = self.planned.lock().unwrap().pop_front().flatten();
        *self.current.lock().unwrap() = fault;
        match fault {
            Some(Fault::FullAfter(count) | Fault::FullAndNoCut(count)) => {
                RealDisk.write(file, &bytes[..count.min(bytes.len())], position)?;
                Err(no_space())
            }
            Some(Fault::Sync | Fault::Create) | None => RealDisk.write(file, bytes, position),
        }
    }

    fn lay_out(&self, file: &File, position: u64, length: u64) -> io::Result<()> {
        if self.lays_out_nothing.load(Ordering::Relaxed) {
            RealDisk.lay_out(file, position, length / 2)?;
            return Err(no_space());
        }
        RealDisk.lay_out(file, position, length)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        let mut current = self.current.lock().unwrap();
        if *current == Some(Fault::Sync) {
            *current = None;
            return Err(io::Error::other("the drive is gone"));
        }
        RealDisk.sync(file)
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        match self.current() {
            Some(Fault::FullAndNoCut(_)) => {
                *self.current.lock().unwrap() = None;
                Err(io::Error::other("read-only"))
            }
            _ => RealDisk.truncate(file, length),
        }
    }

    fn create(&self, path: &Path, content: &[u8]) -> io::Result<File> {
        let mut planned = self.planned.lock().unwrap();
        if planned.front() == Some(&Some(Fault::Create)) {
            planned.pop_front();
            return Err(no_space());
        }
        RealDisk.create(path, content)
    }
}

struct Bench {
    disk: Arc<FaultyDisk>,
    dir: TempDir,
    segment_bytes_max: u64,
}

impl Bench {
    fn new() -> Self {
        Self { disk: Arc::default(), dir: tempfile::tempdir().unwrap(), segment_bytes_max: 1 << 20 }
    }

    fn config(&self) -> Config {
        Config { segment_bytes_max: self.segment_bytes_max, ..Config::new(self.dir.path()) }
    }

    fn open(&self) -> Journal {
        Journal::open_on(self.config(), Arc::clone(&self.disk) as Arc<dyn Disk>).unwrap().0
    }

    /// What an undisturbed open finds.
    fn reopen(&self) -> (Vec<(Offset, Vec<u8>)>, Opened) {
        let (journal, opened) = Journal::open(self.config()).unwrap();
        (read_all(&journal), opened)
    }

    fn segments(&self) -> usize {
        fs::read_dir(self.dir.path())
            .unwrap()
            .filter(|entry| {
                entry
                    .as_ref()
                    .unwrap()
                    .path()
                    .extension()
                    .is_some_and(|extension| extension == "journal")
            })
            .count()
    }
}

fn read_all(journal: &Journal) -> Vec<(Offset, Vec<u8>)> {
    let mut at = journal.oldest();
    let mut found = Vec::new();
    loop {
        let entries = journal.read(at, 64).unwrap();
        let Some(last) = entries.last() else { return found };
        at = last.next;
        found.extend(entries.into_iter().map(|entry| (entry.offset, entry.bytes)));
    }
}

fn append(journal: &Journal, payload: &[u8]) -> Result<Offset, AppendError> {
    futures(journal.append(payload.to_vec()))
}

fn futures<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn full_disk_refuses_acknowledges_nothing_and_recovers_by_itself() {
    let bench = Bench::new();
    let journal = bench.open();
    let first = append(&journal, b"first").unwrap();
    bench.disk.plan([
        Some(Fault::FullAfter(0)),
        Some(Fault::FullAfter(9)),
        Some(Fault::FullAfter(1000)),
    ]);
    for payload in [b"lost 1", b"lost 2", b"lost 3"] {
        let AppendError::Storage { step: "write", source } = append(&journal, payload).unwrap_err()
        else {
            panic!()
        };
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
        assert_eq!(journal.durable(), Offset(13));
    }
    let second = append(&journal, b"second").unwrap();
    assert_eq!((first, second), (Offset(0), Offset(13)));
    let wanted = vec![(first, b"first".to_vec()), (second, b"second".to_vec())];
    assert_eq!(read_all(&journal), wanted);
    drop(journal);
    let (found, opened) = bench.reopen();
    assert_eq!(found, wanted);
    assert_eq!((opened.torn_bytes, opened.holes), (0, vec![]));
    assert_eq!(bench.segments(), 1);
}

#[test]
fn refused_records_are_gone_from_the_file_before_the_refusal() {
    let bench = Bench::new();
    let journal = bench.open();
    append(&journal, b"kept").unwrap();
    let path = segment::path(bench.dir.path(), 0);
    let length = fs::metadata(&path).unwrap().len();
    for fault in [Fault::FullAfter(1000), Fault::Sync] {
        bench.disk.plan([Some(fault)]);
        append(&journal, b"refused").unwrap_err();
        assert_eq!(fs::metadata(&path).unwrap().len(), length, "{fault:?}");
    }
}

#[test]
fn failed_sync_is_never_retried_on_the_same_file() {
    let bench = Bench::new();
    let journal = bench.open();
    let first = append(&journal, b"first").unwrap();
    bench.disk.plan([Some(Fault::Sync)]);
    assert!(matches!(append(&journal, b"lost"), Err(AppendError::Storage { step: "sync", .. })));
    let second = append(&journal, b"second").unwrap();
    assert_eq!(bench.segments(), 2);
    assert!(segment::path(bench.dir.path(), second.0).exists());
    drop(journal);
    assert_eq!(bench.reopen().0, vec![(first, b"first".to_vec()), (second, b"second".to_vec())]);
}

#[test]
fn failed_sync_of_a_segments_first_group_replaces_the_segment() {
    let bench = Bench::new();
    let journal = bench.open();
    bench.disk.plan([Some(Fault::Sync)]);
    append(&journal, b"lost").unwrap_err();
    let offset = append(&journal, b"kept").unwrap();
    assert_eq!(bench.segments(), 1);
    assert_eq!(read_all(&journal), vec![(offset, b"kept".to_vec())]);
    drop(journal);
    assert_eq!(bench.reopen().0, vec![(offset, b"kept".to_vec())]);
}

#[test]
fn nothing_is_acknowledged_while_a_refused_group_cannot_be_cut_off() {
    let bench = Bench::new();
    let journal = bench.open();
    append(&journal, b"first").unwrap();
    bench.disk.plan([Some(Fault::FullAndNoCut(1000))]);
    append(&journal, b"a refused record longer than the next").unwrap_err();
    let second = append(&journal, b"second").unwrap();
    assert_eq!(second, Offset(13));
    let used = fs::metadata(segment::path(bench.dir.path(), 0)).unwrap().len();
    assert_eq!(
        used,
        segment::HEADER_BYTES + 13 + 14,
        "the refused bytes were cut before the next write"
    );
}

#[test]
fn no_record_follows_in_the_old_segment_once_a_rotation_began() {
    let bench = Bench { segment_bytes_max: 40, ..Bench::new() };
    let journal = bench.open();
    append(&journal, &[b'a'; 30]).unwrap();
    bench.disk.plan([Some(Fault::Create)]);
    assert!(matches!(
        append(&journal, &[b'b'; 30]),
        Err(AppendError::Storage { step: "begin a new segment", .. })
    ));
    // Small enough for the old segment, but its successor's name may be on disk already.
    let offset = append(&journal, b"").unwrap();
    assert!(segment::path(bench.dir.path(), offset.0).exists());
}

/// A busy journal: what it acknowledged, and the size of its file while it is open.
fn busy(bench: &Bench, journal: &Journal) -> (Vec<(Offset, Vec<u8>)>, u64) {
    let payloads = (0..40_u8).map(|number| vec![number; 5_000]);
    let acknowledged: Vec<_> =
        payloads.map(|payload| (append(journal, &payload).unwrap(), payload)).collect();
    (acknowledged, fs::metadata(segment::path(bench.dir.path(), 0)).unwrap().len())
}

#[test]
fn a_busy_journal_lays_out_zeros_and_cuts_them_when_it_is_closed() {
    let bench = Bench::new();
    let journal = bench.open();
    let (acknowledged, size) = busy(&bench, &journal);
    let used = segment::HEADER_BYTES + journal.durable().0;
    assert!(size > used, "{size} bytes are laid out, {used} used");
    assert_eq!(read_all(&journal), acknowledged);
    drop(journal);
    assert_eq!(fs::metadata(segment::path(bench.dir.path(), 0)).unwrap().len(), used);
    assert_eq!(bench.reopen().0, acknowledged);
}

#[test]
fn zeros_a_killed_process_left_behind_are_neither_torn_nor_read() {
    let bench = Bench::new();
    let journal = bench.open();
    let (acknowledged, size) = busy(&bench, &journal);
    let left_behind = tempfile::tempdir().unwrap();
    let (from, to) = (segment::path(bench.dir.path(), 0), segment::path(left_behind.path(), 0));
    fs::copy(from, &to).unwrap();
    assert_eq!(fs::metadata(&to).unwrap().len(), size);
    let config = Config { dir: left_behind.path().to_owned(), ..bench.config() };
    let (after, opened) = Journal::open(config).unwrap();
    assert_eq!((opened.torn_bytes, opened.holes), (0, vec![]));
    assert_eq!(opened.next, journal.durable());
    assert_eq!(read_all(&after), acknowledged);
    let next = append(&after, b"next").unwrap();
    assert_eq!(next, journal.durable());
}

#[test]
fn without_space_ahead_the_journal_goes_on() {
    let bench = Bench::new();
    bench.disk.lays_out_nothing.store(true, Ordering::Relaxed);
    let journal = bench.open();
    let (acknowledged, _) = busy(&bench, &journal);
    drop(journal);
    let (found, opened) = bench.reopen();
    assert_eq!(found, acknowledged);
    assert_eq!((opened.torn_bytes, opened.holes), (0, vec![]));
}

#[test]
fn one_sync_serves_a_whole_group() {
    let bench = Bench::new();
    let journal = bench.open();
    let before = bench.disk.syncs.load(Ordering::Relaxed);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tasks: Vec<_> = (0..256)
        .map(|_| {
            let journal = journal.clone();
            runtime.spawn(async move {
                for _ in 0..20 {
                    journal.append(vec![0; 100]).await.unwrap();
                }
            })
        })
        .collect();
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    let syncs = bench.disk.syncs.load(Ordering::Relaxed) - before;
    assert!(syncs <= 256 * 20 / 2, "{syncs} syncs for 5120 records");
}

fn fault() -> impl Strategy<Value = Option<Fault>> {
    prop_oneof![
        4 => Just(None),
        2 => (0..80usize).prop_map(|count| Some(Fault::FullAfter(count))),
        1 => Just(Some(Fault::Sync)),
        1 => (0..80usize).prop_map(|count| Some(Fault::FullAndNoCut(count))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn whatever_fails_the_log_is_what_was_acknowledged(
        steps in prop::collection::vec((fault(), prop::collection::vec(any::<u8>(), 0..60)), 1..30),
        segment_bytes_max in 1..400u64,
    ) {
        let bench = Bench { segment_bytes_max, ..Bench::new() };
        let journal = bench.open();
        let mut acknowledged = Vec::new();
        for (fault, payload) in &steps {
            bench.disk.plan([*fault]);
            if let Ok(offset) = append(&journal, payload) {
                acknowledged.push((offset, payload.clone()));
            }
            prop_assert_eq!(&read_all(&journal), &acknowledged);
        }
        // A last append that succeeds removes what could not be cut so far.
        bench.disk.planned.lock().unwrap().clear();
        acknowledged.push((append(&journal, b"end").unwrap(), b"end".to_vec()));
        drop(journal);
        let (found, opened) = bench.reopen();
        prop_assert_eq!(found, acknowledged);
        prop_assert_eq!(opened.torn_bytes, 0);
        prop_assert_eq!(opened.holes, vec![]);
    }
}
