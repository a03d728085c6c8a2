//! What goes in comes out, once and in order.

use std::collections::HashMap;
use std::fs;
use std::thread;

use journal::{AppendError, Config, Journal, Offset, OpenError, ReadError};

use crate::{append, config, files, open, read_all};

#[test]
fn records_come_back_at_the_offsets_that_were_answered() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, opened) = open(dir.path());
    assert_eq!((opened.next, opened.oldest, opened.torn_bytes), (Offset(0), Offset(0), 0));
    let payloads: Vec<Vec<u8>> = (0..50u8).map(|size| vec![size; usize::from(size) * 3]).collect();
    let offsets: Vec<_> =
        payloads.iter().map(|payload| append(&journal, payload).unwrap()).collect();
    let entries = read_all(&journal);
    assert_eq!(entries.iter().map(|entry| entry.offset).collect::<Vec<_>>(), offsets);
    assert_eq!(entries.iter().map(|entry| entry.bytes.clone()).collect::<Vec<_>>(), payloads);
    for pair in entries.windows(2) {
        assert_eq!(pair[0].next, pair[1].offset);
        assert_eq!(pair[0].next.0 - pair[0].offset.0, 8 + pair[0].bytes.len() as u64);
    }
    assert_eq!(entries.last().unwrap().next, journal.durable());
    assert!(files(dir.path(), "journal").len() > 5);
    let end = journal.durable();
    drop(journal);
    let (journal, opened) = open(dir.path());
    assert_eq!((opened.next, opened.torn_bytes, opened.holes), (end, 0, vec![]));
    assert_eq!(read_all(&journal), entries);
}

#[test]
fn many_tasks_append_and_a_reader_follows() {
    const TASKS: u64 = 32;
    const EACH: u64 = 200;
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) =
        Journal::open(Config { segment_bytes_max: 10_000, ..config(dir.path()) }).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let reader = {
        let (journal, handle) = (journal.clone(), runtime.handle().clone());
        thread::spawn(move || {
            let mut durable = journal.subscribe();
            let mut found = Vec::new();
            let mut at = Offset(0);
            while found.len() < (TASKS * EACH) as usize {
                let entries = journal.read(at, 5000).unwrap();
                match entries.last() {
                    Some(last) => at = last.next,
                    None => drop(handle.block_on(durable.wait_for(|end| *end > at)).unwrap()),
                }
                found.extend(entries);
            }
            found
        })
    };
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let journal = journal.clone();
            runtime.spawn(async move {
                let mut offsets = Vec::new();
                for step in 0..EACH {
                    let payload = [task.to_le_bytes(), step.to_le_bytes()].concat();
                    let offset = journal.append(payload).await.unwrap();
                    assert!(journal.durable() > offset);
                    offsets.push(offset);
                }
                offsets
            })
        })
        .collect();
    let answered: Vec<Vec<Offset>> =
        tasks.into_iter().map(|task| runtime.block_on(task).unwrap()).collect();
    let mut found: HashMap<u64, Vec<(u64, Offset)>> = HashMap::new();
    for entry in reader.join().unwrap() {
        let number = |range: std::ops::Range<usize>| {
            u64::from_le_bytes(entry.bytes[range].try_into().unwrap())
        };
        found.entry(number(0..8)).or_default().push((number(8..16), entry.offset));
    }
    for (task, offsets) in (0..TASKS).zip(answered) {
        let wanted: Vec<_> = (0..EACH).zip(offsets).collect();
        assert_eq!(found[&task], wanted);
    }
}

#[test]
fn bounds_hold_at_the_limit_and_one_past_it() {
    let dir = tempfile::tempdir().unwrap();
    let bounds = Config { record_bytes_max: 100, queue_bytes_max: 108, ..config(dir.path()) };
    let (journal, _) = Journal::open(bounds).unwrap();
    append(&journal, &[1; 100]).unwrap();
    let error = append(&journal, &[1; 101]).unwrap_err();
    assert!(matches!(error, AppendError::TooLarge { bytes: 101, bytes_max: 100 }));
}

#[test]
fn full_queue_refuses_at_once_and_the_rest_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let bounds = Config { record_bytes_max: 92, queue_bytes_max: 10_000, ..config(dir.path()) };
    let (journal, _) = Journal::open(bounds).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let journal = journal.clone();
            runtime.spawn(async move { journal.append(vec![7; 92]).await })
        })
        .collect();
    let mut written = 0;
    for task in tasks {
        match runtime.block_on(task).unwrap() {
            Ok(_) => written += 1,
            Err(AppendError::Full) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert!(written >= 100, "the queue alone holds a hundred");
    assert_eq!(read_all(&journal).len(), written);
}

#[test]
fn closed_journal_refuses_appends_and_still_reads() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    append(&journal, b"a").unwrap();
    journal.close();
    journal.close();
    assert!(matches!(append(&journal, b"b"), Err(AppendError::Closed)));
    assert_eq!(read_all(&journal).len(), 1);
}

#[test]
fn folder_is_locked_until_the_last_handle_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    let other = journal.clone();
    drop(journal);
    assert!(matches!(Journal::open(config(dir.path())), Err(OpenError::Locked(_))));
    drop(other);
    open(dir.path());
}

#[test]
fn empty_folder_starts_at_the_consumers_offset() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, opened) =
        Journal::open(Config { first_offset: 777, ..config(dir.path()) }).unwrap();
    assert_eq!((opened.next, opened.oldest, opened.holes), (Offset(777), Offset(777), vec![]));
    assert_eq!(append(&journal, b"a").unwrap(), Offset(777));
    assert!(matches!(
        journal.read(Offset(776), 1),
        Err(ReadError::Trimmed { oldest: Offset(777), .. })
    ));
    drop(journal);
    let (journal, opened) = open(dir.path());
    assert_eq!((opened.next, opened.oldest), (Offset(786), Offset(777)));
    assert_eq!(read_all(&journal).len(), 1);
}

#[test]
fn log_that_ends_before_the_consumer_never_reuses_an_offset() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    append(&journal, b"old").unwrap();
    drop(journal);
    let (journal, opened) =
        Journal::open(Config { first_offset: 500, ..config(dir.path()) }).unwrap();
    assert_eq!(opened.next, Offset(500));
    assert_eq!((opened.holes[0].from, opened.holes[0].to), (Offset(11), Offset(500)));
    assert_eq!(append(&journal, b"new").unwrap(), Offset(500));
    let entries = journal.read(Offset(0), 1000).unwrap();
    assert_eq!(entries.len(), 1, "reading does not jump over a hole by itself");
    let Err(ReadError::Damaged(hole)) = journal.read(Offset(11), 1000) else { panic!() };
    assert_eq!(journal.read(hole.to, 1000).unwrap()[0].bytes, b"new");
}

#[test]
fn positions_that_hold_no_record_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    for _ in 0..3 {
        append(&journal, b"0123456789").unwrap();
    }
    let end = journal.durable();
    assert_eq!(journal.read(end, 100).unwrap(), []);
    assert!(matches!(journal.read(Offset(end.0 + 1), 100), Err(ReadError::Ahead { .. })));
    for inside in (1..18).chain(19..36) {
        assert!(
            matches!(journal.read(Offset(inside), 100), Err(ReadError::NotABoundary(Offset(found))) if found == inside)
        );
    }
    assert_eq!(
        journal.read(Offset(18), 0).unwrap().len(),
        1,
        "one record even when it is over the budget"
    );
}

#[test]
fn senseless_bounds_and_foreign_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let good = config(dir.path());
    for bad in [
        Config { segment_bytes_max: 0, ..good.clone() },
        Config { record_bytes_max: 1 << 31, ..good.clone() },
        Config { queue_bytes_max: good.record_bytes_max + 7, ..good.clone() },
        Config { first_offset: u64::MAX, ..good.clone() },
    ] {
        assert!(matches!(Journal::open(bad), Err(OpenError::Config(_))));
    }
    fs::write(dir.path().join("notes.journal"), b"hello").unwrap();
    assert!(matches!(Journal::open(good), Err(OpenError::ForeignFile(_))));
}
