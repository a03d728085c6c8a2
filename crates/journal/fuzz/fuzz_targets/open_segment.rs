//! Opens a folder whose segment holds arbitrary bytes, and uses the journal.
//!
//! The first byte says how the rest is used: as a whole file, behind a good header, or written over real records.
//! Whatever it is: no panic, reading ends, and a record appended afterwards is there at the next open.

#![no_main]

use std::fs;

use journal::{Config, Journal, Offset, ReadError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let config = Config { segment_bytes_max: 4096, ..Config::new(dir.path()) };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let path = dir.path().join("00000000000000000000.journal");
    if mode % 3 == 0 {
        fs::write(&path, data).expect("write");
    } else {
        let (journal, _) = Journal::open(config.clone()).expect("an empty folder opens");
        for size in [0, 1, 50, 7] {
            runtime.block_on(journal.append(vec![*mode; size])).expect("append");
        }
        drop(journal);
        let mut bytes = fs::read(&path).expect("read");
        if mode % 3 == 1 {
            bytes.truncate(32);
            bytes.extend_from_slice(data);
        } else if let Some((at, data)) = data.split_first() {
            let at = usize::from(*at) % bytes.len();
            for (byte, other) in bytes.iter_mut().skip(at).zip(data) {
                *byte = *other;
            }
        }
        fs::write(&path, bytes).expect("write");
    }
    let Ok((journal, opened)) = Journal::open(config.clone()) else { return };
    read_to_end(&journal);
    let offset = runtime.block_on(journal.append(b"appended".to_vec())).expect("append");
    assert_eq!(offset, opened.next);
    drop(journal);
    let (journal, _) = Journal::open(config).expect("the second open");
    let entries = journal.read(offset, 1000).expect("the appended record");
    assert_eq!(entries.first().map(|entry| entry.bytes.as_slice()), Some(b"appended".as_slice()));
    read_to_end(&journal);
});

fn read_to_end(journal: &Journal) {
    let mut at = journal.oldest();
    while at < journal.durable() {
        let next = match journal.read(at, 100) {
            Ok(entries) => entries.last().map_or(Offset(0), |entry| entry.next),
            Err(ReadError::Damaged(hole)) => hole.to,
            Err(other) => panic!("{other}"),
        };
        assert!(next > at, "reading moves on");
        at = next;
    }
}
