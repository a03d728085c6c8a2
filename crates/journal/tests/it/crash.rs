//! A folder as a crash leaves it: cut anywhere, with drafts, with forged bytes.

use std::fs::{self, OpenOptions};

use journal::{Entry, Journal, Offset};
use proptest::prelude::*;

use crate::{append, copy, files, open, read_all};

const HEADER_BYTES: u64 = 32;

/// Appends `payloads` in groups of the given sizes.
fn append_groups(journal: &Journal, groups: &[Vec<Vec<u8>>]) {
    // A current-thread runtime polls all appends of a group before the first is answered, but the writer may take the
    // first one alone: groups are at most this large, which is all the tests need.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for group in groups {
        let tasks: Vec<_> = group
            .iter()
            .map(|payload| {
                let (journal, payload) = (journal.clone(), payload.clone());
                runtime.spawn(async move { journal.append(payload).await.unwrap() })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    }
}

fn groups() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
    let payload = prop::collection::vec(any::<u8>(), 0..40);
    prop::collection::vec(prop::collection::vec(payload, 1..4), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn cut_at_every_byte_exactly_the_whole_records_before_it_survive(before in groups(), after in groups()) {
        let dir = tempfile::tempdir().unwrap();
        for part in [&before, &after] {
            let (journal, opened) = open(dir.path());
            prop_assert_eq!(opened.torn_bytes, 0);
            append_groups(&journal, part);
        }
        let entries = read_all(&open(dir.path()).0);
        prop_assert_eq!(entries.len(), before.iter().chain(&after).map(Vec::len).sum::<usize>());
        let last = files(dir.path(), "journal").pop().unwrap();
        let first: u64 = last.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let size = fs::metadata(&last).unwrap().len();
        for cut in HEADER_BYTES..=size {
            let crashed = copy(dir.path());
            let path = crashed.path().join(last.file_name().unwrap());
            OpenOptions::new().write(true).open(&path).unwrap().set_len(cut).unwrap();
            let end = first + cut - HEADER_BYTES;
            let whole: Vec<Entry> = entries.iter().filter(|entry| entry.next.0 <= end).cloned().collect();
            let next = whole.last().map_or(Offset(0), |entry| entry.next);
            // Zeros at the very end may as well have been laid out ahead: they are not counted.
            let bytes = fs::read(&path).unwrap();
            let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| (last as u64 + 1).saturating_sub(HEADER_BYTES));
            let (journal, opened) = open(crashed.path());
            prop_assert_eq!(opened.next, next);
            prop_assert_eq!(opened.torn_bytes, (first + written).saturating_sub(next.0));
            prop_assert_eq!(&opened.holes, &vec![]);
            prop_assert_eq!(&read_all(&journal), &whole);
            // The log goes on, and the next open finds nothing torn.
            prop_assert_eq!(append(&journal, b"next").unwrap(), next);
            drop(journal);
            let (journal, opened) = open(crashed.path());
            prop_assert_eq!(opened.torn_bytes, 0);
            prop_assert_eq!(read_all(&journal).len(), whole.len() + 1);
        }
    }
}

#[test]
fn leftover_draft_of_a_segment_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let draft = dir.path().join("00000000000000000100.draft");
    fs::write(&draft, b"half a hea").unwrap();
    let (_journal, opened) = open(dir.path());
    assert!(!draft.exists());
    assert_eq!(opened.next, Offset(0));
}

#[test]
fn bytes_that_look_like_a_record_inside_a_torn_record_are_not_believed() {
    // A record taken from another journal, in a payload: what a visitor who knows the format would send.
    let foreign = tempfile::tempdir().unwrap();
    let (journal, _) = open(foreign.path());
    append(&journal, b"forged").unwrap();
    drop(journal);
    let forged =
        fs::read(&files(foreign.path(), "journal")[0]).unwrap().split_off(HEADER_BYTES as usize);
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    let kept = append(&journal, b"kept").unwrap();
    let torn = append(&journal, &[b"x".as_slice(), &forged, b"more"].concat()).unwrap();
    drop(journal);
    let path = &files(dir.path(), "journal")[0];
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(fs::metadata(path).unwrap().len() - 1).unwrap();
    let (journal, opened) = open(dir.path());
    assert_eq!((opened.next, opened.holes), (torn, vec![]));
    assert_eq!(read_all(&journal).iter().map(|entry| entry.offset).collect::<Vec<_>>(), [kept]);
}
