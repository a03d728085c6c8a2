//! The journal through its public face: order, crashes, damage, trimming.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]

mod crash;
mod damage;
mod order;
mod trim;

use std::fs;
use std::path::{Path, PathBuf};

use journal::{AppendError, Config, Entry, Hole, Journal, Offset, Opened, ReadError};

/// A folder with small segments, so that a few records cross several.
fn config(dir: &Path) -> Config {
    Config {
        segment_bytes_max: 200,
        record_bytes_max: 4096,
        queue_bytes_max: 1 << 20,
        ..Config::new(dir)
    }
}

fn open(dir: &Path) -> (Journal, Opened) {
    Journal::open(config(dir)).unwrap()
}

/// Appends and waits, so that each record is a group of its own.
fn append(journal: &Journal, payload: &[u8]) -> Result<Offset, AppendError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(journal.append(payload.to_vec()))
}

/// Everything from `from` on, going on behind damage.
fn read_from(journal: &Journal, from: Offset) -> (Vec<Entry>, Vec<Hole>) {
    let (mut found, mut holes) = (Vec::new(), Vec::new());
    let mut at = from;
    loop {
        match journal.read(at, 100) {
            Ok(entries) => match entries.last() {
                Some(last) => {
                    at = last.next;
                    found.extend(entries);
                }
                None => return (found, holes),
            },
            Err(ReadError::Damaged(hole)) => {
                assert!(hole.from == at && hole.to > at, "{hole:?}");
                at = hole.to;
                holes.push(hole);
            }
            Err(other) => panic!("{other}"),
        }
    }
}

fn read_all(journal: &Journal) -> Vec<Entry> {
    let (found, holes) = read_from(journal, journal.oldest());
    assert_eq!(holes, []);
    found
}

/// The files of a folder with this ending, in order.
fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    paths
}

/// A copy of a journal folder, as a crash would leave it.
fn copy(dir: &Path) -> tempfile::TempDir {
    let target = tempfile::tempdir().unwrap();
    for path in files(dir, "journal") {
        fs::copy(&path, target.path().join(path.file_name().unwrap())).unwrap();
    }
    target
}
