//! Bytes that went bad in the middle: loud, bounded, and the log goes on.

use std::fs;

use journal::{Entry, HoleCause, Journal, Offset, OpenError};

use crate::{append, config, copy, files, open, read_all, read_from};

const HEADER_BYTES: usize = 32;

fn filled(count: u8) -> (tempfile::TempDir, Vec<Entry>) {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    for number in 0..count {
        append(&journal, &vec![number; 5 + usize::from(number % 7)]).unwrap();
    }
    let entries = read_all(&journal);
    (dir, entries)
}

#[test]
fn every_flipped_byte_costs_its_record_only_and_is_reported() {
    let (dir, entries) = filled(30);
    let segments = files(dir.path(), "journal");
    assert!(segments.len() >= 3);
    let last_record = entries.last().unwrap();
    for path in &segments {
        let first: u64 = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let bytes = fs::read(path).unwrap();
        for position in HEADER_BYTES..bytes.len() {
            let offset = first + (position - HEADER_BYTES) as u64;
            let harmed = copy(dir.path());
            let mut changed = bytes.clone();
            changed[position] ^= 0x40;
            fs::write(harmed.path().join(path.file_name().unwrap()), changed).unwrap();
            let hit = entries
                .iter()
                .find(|entry| entry.offset.0 <= offset && offset < entry.next.0)
                .unwrap();
            let (journal, opened) = open(harmed.path());
            let (found, holes) = read_from(&journal, Offset(0));
            let wanted: Vec<Entry> =
                entries.iter().filter(|entry| *entry != hit).cloned().collect();
            assert_eq!(found, wanted, "position {position}");
            if hit == last_record {
                assert_eq!(
                    (opened.torn_bytes, opened.next),
                    (hit.next.0 - hit.offset.0, hit.offset)
                );
                assert_eq!((opened.holes, holes), (vec![], vec![]));
            } else {
                let hole = holes[0];
                assert_eq!(
                    (holes.len(), hole.from, hole.to, hole.cause),
                    (1, hit.offset, hit.next, HoleCause::Damaged)
                );
                assert_eq!((opened.torn_bytes, opened.next), (0, last_record.next));
                // The last segment is checked record by record at open, the others when they are read.
                let is_last = path == segments.last().unwrap();
                assert_eq!(opened.holes, if is_last { vec![hole] } else { vec![] });
                let next = append(&journal, b"goes on").unwrap();
                assert_eq!(next, last_record.next);
                assert_eq!(journal.read(next, 10).unwrap()[0].bytes, b"goes on");
            }
        }
    }
}

#[test]
fn missing_segment_is_a_hole() {
    let (dir, entries) = filled(60);
    let segments = files(dir.path(), "journal");
    let first = |index: usize| {
        segments[index].file_stem().unwrap().to_str().unwrap().parse::<u64>().unwrap()
    };
    let (from, to) = (first(2), first(3));
    fs::remove_file(&segments[2]).unwrap();
    let (journal, opened) = open(dir.path());
    let hole = opened.holes[0];
    assert_eq!(
        (opened.holes.len(), hole.from.0, hole.to.0, hole.cause),
        (1, from, to, HoleCause::Missing)
    );
    let (found, holes) = read_from(&journal, Offset(0));
    assert_eq!(holes, [hole]);
    let wanted: Vec<_> =
        entries.into_iter().filter(|entry| entry.offset.0 < from || entry.offset.0 >= to).collect();
    assert_eq!(found, wanted);
}

#[test]
fn shortened_older_segment_is_a_hole_from_its_last_whole_record() {
    let (dir, entries) = filled(60);
    let path = &files(dir.path(), "journal")[1];
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(fs::metadata(path).unwrap().len() - 1).unwrap();
    let (journal, opened) = open(dir.path());
    let hole = opened.holes[0];
    let lost: Vec<_> = entries
        .iter()
        .filter(|entry| hole.from <= entry.offset && entry.offset < hole.to)
        .collect();
    assert_eq!(
        (opened.holes.len(), lost.len(), hole.from, hole.to),
        (1, 1, lost[0].offset, lost[0].next)
    );
    let (found, holes) = read_from(&journal, Offset(0));
    assert_eq!((found.len(), holes.len(), holes[0].from, holes[0].to), (59, 1, hole.from, hole.to));
}

#[test]
fn segment_with_a_bad_header_is_set_aside_under_another_name() {
    for index in 0..3 {
        let (dir, entries) = filled(30);
        let segments = files(dir.path(), "journal");
        let index = if index == 2 { segments.len() - 1 } else { index };
        let mut bytes = fs::read(&segments[index]).unwrap();
        bytes[20] ^= 1;
        fs::write(&segments[index], &bytes).unwrap();
        let (journal, opened) = open(dir.path());
        let hole = opened.holes[0];
        assert_eq!((opened.holes.len(), hole.cause), (1, HoleCause::SetAside));
        assert_eq!(fs::read(&files(dir.path(), "damaged")[0]).unwrap(), bytes);
        assert_eq!(
            opened.next,
            entries.last().unwrap().next,
            "offsets go on where they would have"
        );
        let next = append(&journal, b"goes on").unwrap();
        assert_eq!(next, opened.next);
        let (found, _) = read_from(&journal, journal.oldest());
        let kept = entries
            .iter()
            .filter(|entry| entry.offset < hole.from || entry.offset >= hole.to)
            .count();
        assert_eq!(found.len(), kept + 1);
    }
}

#[test]
fn trimming_keeps_a_damaged_segment_aside() {
    let (dir, _) = filled(60);
    let path = &files(dir.path(), "journal")[1];
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(fs::metadata(path).unwrap().len() - 1).unwrap();
    let (journal, _) = open(dir.path());
    journal.trim(journal.durable()).unwrap();
    assert!(path.with_extension("damaged").exists());
    assert_eq!(files(dir.path(), "journal").len(), 1);
}

#[test]
fn segment_of_a_newer_format_is_left_alone() {
    let (dir, _) = filled(3);
    let path = &files(dir.path(), "journal")[0];
    let mut bytes = fs::read(path).unwrap();
    bytes[8] = 9;
    let sum = crc32c::crc32c(&bytes[..24]);
    bytes[24..28].copy_from_slice(&sum.to_le_bytes());
    fs::write(path, &bytes).unwrap();
    let Err(OpenError::Version { version: 9, known: 1, .. }) = Journal::open(config(dir.path()))
    else {
        panic!()
    };
    assert_eq!(fs::read(path).unwrap(), bytes);
}
