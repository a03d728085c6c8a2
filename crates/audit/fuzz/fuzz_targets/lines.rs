//! Reads arbitrary lines as the audit log, arbitrary bytes as its last head.
//!
//! A line that ends in `$` gets the hash by which it follows the line before it, so that what is behind the hashes is reached
//! too; what stands behind a zero byte is the head. Nothing panics, and what is called intact follows line by line in a second
//! reading, which is the one of the manual: SHA-256 over the hash before and the line up to its own.

#![no_main]

use std::fs;

use audit::verify::verify;
use audit::{PAGE_RECORDS_MAX, Query, Record, page};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

const KEY: &[u8] = b",\"hash\":\"";

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let lines = chained(parts.next().unwrap_or_default());
    let dir = tempfile::tempdir_in("/dev/shm").expect("a folder");
    fs::write(dir.path().join("00000000000000000001.jsonl"), &lines).expect("a file");
    if let Some(head) = parts.next() {
        fs::write(dir.path().join("head"), head).expect("a head");
    }
    let all = page(dir.path(), &Query::default(), PAGE_RECORDS_MAX).expect("a page");
    assert!(all.records.len() <= PAGE_RECORDS_MAX);
    if verify(dir.path(), &[]).expect("a report").is_intact() {
        follows(&lines);
    }
});

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn link(previous: &[u8], body: &[u8]) -> Vec<u8> {
    Sha256::new().chain_update(previous).chain_update(body).finalize().to_vec()
}

fn chained(text: &[u8]) -> Vec<u8> {
    let mut last = vec![0; 32];
    let mut all = Vec::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"$\n") {
            Some(body) => {
                last = link(&last, body);
                all.extend([body, KEY, hex(&last).as_bytes(), b"\"}\n"].concat());
            }
            None => all.extend(line),
        }
    }
    all
}

/// A line's number, what its hash is over, and its hash; none when it has not the shape of a record.
fn record(line: &[u8]) -> Option<(u64, &[u8], String)> {
    let whole: Record = serde_json::from_slice(line).ok()?;
    if matches!(whole.sequence, 0 | u64::MAX) {
        return None;
    }
    let place = line.len().checked_sub(KEY.len() + 66 + 1)?;
    let (body, rest) = line.split_at(place);
    let hash = rest.strip_prefix(KEY)?.strip_suffix(b"\"}\n")?;
    let hash = String::from_utf8(hash.to_vec()).ok()?;
    let is_written = hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_written.then_some((whole.sequence, body, hash))
}

fn follows(lines: &[u8]) {
    let mut read: Vec<_> = lines.split_inclusive(|byte| *byte == b'\n').map(record).collect();
    // What a crash left at the end is no fault.
    while read.last().is_some_and(Option::is_none) {
        read.pop();
    }
    let mut last: Option<(u64, Vec<u8>)> = None;
    for one in read {
        let (number, body, hash) = one.expect("a line in the middle is no record");
        let before = match &last {
            Some((before, hash)) => {
                assert_eq!(number, before + 1, "a record is missing");
                Some(hash.clone())
            }
            // What came before was retired.
            None => (number == 1).then(|| vec![0; 32]),
        };
        if let Some(before) = before {
            assert_eq!(hex(&link(&before, body)), hash, "{number} does not follow");
        }
        let bytes = (0..32).map(|place| u8::from_str_radix(&hash[place * 2..place * 2 + 2], 16));
        last = Some((number, bytes.collect::<Result<_, _>>().expect("digits")));
    }
}
