//! Trimming frees whole segments and nothing that is still needed.

use std::fs;

use journal::{Offset, ReadError};

use crate::{append, files, open, read_all};

#[test]
fn whole_segments_below_go_and_the_rest_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    for number in 0..60u8 {
        append(&journal, &[number; 12]).unwrap();
    }
    let entries = read_all(&journal);
    let count = files(dir.path(), "journal").len();
    let below = entries[25].offset;
    let sizes = |paths: Vec<std::path::PathBuf>| {
        paths.iter().map(|path| fs::metadata(path).unwrap().len()).sum::<u64>()
    };
    let before = sizes(files(dir.path(), "journal"));
    let freed = journal.trim(below).unwrap();
    assert_eq!(freed, before - sizes(files(dir.path(), "journal")));
    assert!(freed > 0 && files(dir.path(), "journal").len() < count);
    let oldest = journal.oldest();
    assert!(oldest <= below, "the record at the bound is kept");
    assert!(below.0 - oldest.0 < 200, "no whole segment below it is");
    assert_eq!(journal.trim(below).unwrap(), 0);
    let Err(ReadError::Trimmed { oldest: named, .. }) = journal.read(Offset(0), 100) else {
        panic!()
    };
    assert_eq!(named, oldest);
    let kept: Vec<_> = entries.into_iter().filter(|entry| entry.offset >= oldest).collect();
    assert_eq!(read_all(&journal), kept);
    drop(journal);
    let (journal, opened) = open(dir.path());
    assert_eq!((opened.oldest, opened.holes), (oldest, vec![]));
    assert_eq!(read_all(&journal), kept);
}

#[test]
fn segment_being_written_is_never_removed() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    append(&journal, b"a").unwrap();
    assert_eq!(journal.trim(Offset(u64::MAX)).unwrap(), 0);
    assert_eq!(read_all(&journal).len(), 1);
    for _ in 0..30 {
        append(&journal, &[0; 50]).unwrap();
    }
    journal.trim(Offset(u64::MAX)).unwrap();
    assert_eq!(files(dir.path(), "journal").len(), 1);
    let next = append(&journal, b"b").unwrap();
    assert_eq!(journal.read(next, 10).unwrap()[0].bytes, b"b");
}
