//! The log as its users meet it: written, torn, tampered with, read.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use audit::verify::{Finding, Report, verify};
use audit::{AuditLog, Config, Entry, Follow, Query, Signer, Weight, page};
use jiff::Timestamp;

fn signer() -> Signer {
    Signer::from_seed(&[7; 32]).unwrap()
}

fn entry(object: u32, weight: Weight) -> Entry {
    Entry {
        at: Timestamp::now(),
        event: "authz_admin",
        outcome: "success",
        actor: "user:1".to_owned(),
        action: Some("create_site".to_owned()),
        object: Some(format!("site:{object}")),
        database: None,
        request_id: None,
        origin: None,
        network: None,
        weight,
    }
}

fn open(dir: &Path) -> AuditLog {
    AuditLog::open(Config::new(dir.to_owned()), signer()).unwrap().0
}

fn fill(dir: &Path, entries: u32) {
    let log = open(dir);
    for number in 0..entries {
        log.record(entry(number, Weight::Act));
    }
    log.close();
}

fn check(dir: &Path) -> Report {
    verify(dir, &[signer().public_key()]).unwrap()
}

fn only_file(dir: &Path) -> PathBuf {
    dir.join("00000000000000000001.jsonl")
}

fn lines(dir: &Path) -> Vec<String> {
    fs::read_to_string(only_file(dir)).unwrap().lines().map(str::to_owned).collect()
}

fn write(dir: &Path, lines: &[String]) {
    fs::write(only_file(dir), lines.join("\n") + "\n").unwrap();
}

#[test]
fn what_was_recorded_is_there_chained_and_signed() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 600);
    let report = check(dir.path());
    assert!(report.is_intact(), "{:?}", report.findings);
    assert_eq!((report.first, report.unsigned, report.torn_bytes), (1, 0, 0));
    assert!(report.heads >= 3 && report.records == report.last, "{report:?}");
    fill(dir.path(), 5);
    assert!(check(dir.path()).is_intact(), "a second run goes on in the same chain");
    let query = Query { event: Some("authz_admin".to_owned()), ..Query::default() };
    let mut seen = 0;
    let mut before = None;
    loop {
        let query = Query { before, ..query.clone() };
        let found = page(dir.path(), &query, 100).unwrap();
        seen += found.records.len();
        let numbers: Vec<u64> = found.records.iter().map(|record| record.sequence).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] > pair[1]));
        match found.next {
            Some(next) => before = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, 605);
}

#[test]
fn each_way_of_changing_it_has_its_own_words() {
    let made = tempfile::tempdir().unwrap();
    fill(made.path(), 20);
    let whole = lines(made.path());
    let after = |change: &dyn Fn(&mut Vec<String>)| {
        let mut changed = whole.clone();
        change(&mut changed);
        write(made.path(), &changed);
        check(made.path()).findings
    };
    let file = "00000000000000000001.jsonl".to_owned();
    assert_eq!(after(&|_| ()), []);
    assert_eq!(
        after(&|lines| lines[5] = lines[5].replace("site:", "size:")),
        [Finding::Changed { sequence: 6, file: file.clone() }]
    );
    assert_eq!(
        after(&|lines| drop(lines.drain(4..7))),
        [Finding::Removed { from: 5, through: 7, file: file.clone() }]
    );
    assert!(
        after(&|lines| lines.swap(4, 8))
            .contains(&Finding::Reordered { sequence: 5, file: file.clone() })
    );
    assert!(
        after(&|lines| lines.insert(6, lines[5].clone()))
            .contains(&Finding::Repeated { sequence: 6, file: file.clone() })
    );
    assert_eq!(
        after(&|lines| lines.insert(3, "nothing".to_owned())),
        [Finding::NotARecord { file, line: 4 }]
    );
    assert_eq!(
        after(&|lines| lines.truncate(9)),
        [Finding::Truncated { found: 9, attested: whole.len() as u64 }]
    );
    write(made.path(), &whole);
    fs::remove_file(made.path().join("head")).unwrap();
    assert_eq!(check(made.path()).findings, [Finding::NoHead]);
}

#[test]
fn a_chain_made_anew_without_the_key_is_known() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 20);
    let forged = tempfile::tempdir().unwrap();
    let other = Signer::from_seed(&[8; 32]).unwrap();
    let log = AuditLog::open(Config::new(forged.path().to_owned()), other).unwrap().0;
    (0..20).for_each(|number| log.record(entry(number + 1, Weight::Act)));
    log.close();
    fs::copy(only_file(forged.path()), only_file(dir.path())).unwrap();
    let findings = check(dir.path()).findings;
    assert!(
        findings.iter().any(|finding| matches!(finding, Finding::UnknownKey { .. })),
        "{findings:?}"
    );
}

#[test]
fn a_torn_tail_is_no_tampering_wherever_it_is_torn() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 3);
    let whole = fs::read(only_file(dir.path())).unwrap();
    let next = "{\"sequence\":99,\"at\":\"2026-11-22T12:00:00Z\",\"event\":\"half of a li";
    for cut in 1..next.len() {
        fs::write(only_file(dir.path()), [&whole, &next.as_bytes()[..cut]].concat()).unwrap();
        let report = check(dir.path());
        assert!(report.is_intact(), "{:?}", report.findings);
        assert_eq!(report.torn_bytes, cut as u64);
    }
    let (log, opened) = AuditLog::open(Config::new(dir.path().to_owned()), signer()).unwrap();
    assert_eq!((opened.torn_bytes, opened.broken), (next.len() as u64 - 1, None));
    log.record(entry(4, Weight::Act));
    log.close();
    let report = check(dir.path());
    assert!(report.is_intact() && report.torn_bytes == 0, "{report:?}");
    let query = Query { event: Some("audit_torn".to_owned()), ..Query::default() };
    assert_eq!(page(dir.path(), &query, 10).unwrap().records.len(), 1, "and it is recorded");
}

#[test]
fn a_changed_log_is_told_at_the_start_and_goes_on_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 10);
    let mut changed = lines(dir.path());
    changed.truncate(6);
    write(dir.path(), &changed);
    let (log, opened) = AuditLog::open(Config::new(dir.path().to_owned()), signer()).unwrap();
    assert!(opened.broken.unwrap().contains("attested"));
    log.record(entry(1, Weight::Act));
    log.close();
    let query = Query { event: Some("audit_break".to_owned()), ..Query::default() };
    assert_eq!(page(dir.path(), &query, 10).unwrap().records.len(), 1);
    assert!(!check(dir.path()).is_intact(), "what is gone stays gone");
}

#[test]
fn full_files_are_compressed_and_old_ones_go_only_with_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { rotate_bytes: 4096, files_max: 3, ..Config::new(dir.path().to_owned()) };
    for _ in 0..6 {
        let log = AuditLog::open(config.clone(), signer()).unwrap().0;
        (0..40).for_each(|number| log.record(entry(number, Weight::Act)));
        log.close();
    }
    let report = check(dir.path());
    assert!(report.is_intact(), "{:?}", report.findings);
    assert!(report.first > 1, "the oldest are gone: {report:?}");
    let names: Vec<PathBuf> =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let oldest =
        names.iter().filter(|path| path.to_string_lossy().contains(".jsonl")).min().unwrap();
    fs::remove_file(oldest).unwrap();
    let findings = check(dir.path()).findings;
    assert!(matches!(findings[..], [Finding::BeginningRemoved { .. }]), "{findings:?}");
}

#[tokio::test]
async fn settled_means_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for number in 0..20 {
        log.record(entry(number, Weight::Act));
        log.settled().await.unwrap();
        let text = fs::read_to_string(only_file(dir.path())).unwrap();
        assert!(text.contains(&format!("\"site:{number}\"")), "{number}");
    }
    assert!(log.accepts());
}

#[test]
fn a_flood_of_notices_is_summed_up_and_not_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for number in 0..20_000 {
        log.record(entry(number, Weight::Notice));
    }
    log.record(entry(0, Weight::Act));
    log.close();
    let text = fs::read_to_string(only_file(dir.path())).unwrap();
    let kept = text.matches("\"event\":\"authz_admin\"").count();
    let counted: usize = text
        .split("{\"lost\":{\"counts\":{\"authz_admin\":")
        .skip(1)
        .filter_map(|rest| rest.split('}').next()?.parse::<usize>().ok())
        .sum();
    assert_eq!(kept + counted, 20_001, "{kept} kept");
    assert!(counted > 10_000 && check(dir.path()).is_intact());
}

/// The signer of that number, after those.
fn key(number: u8, after: &[u8]) -> Signer {
    let public = |number: &u8| Signer::from_seed(&[*number; 32]).unwrap().public_key();
    Signer::from_seed(&[number; 32]).unwrap().after(after.iter().map(public).collect())
}

/// One run of a server with that signer.
fn run(dir: &Path, signer: Signer) {
    let log = AuditLog::open(Config::new(dir.to_owned()), signer).unwrap().0;
    (0..5).for_each(|number| log.record(entry(number, Weight::Act)));
    log.close();
}

fn unknown(dir: &Path, trusted: u8) -> bool {
    let findings = verify(dir, &[key(trusted, &[]).public_key()]).unwrap().findings;
    assert!(findings.iter().all(|finding| matches!(finding, Finding::UnknownKey { .. })));
    !findings.is_empty()
}

#[test]
fn the_newest_key_vouches_for_those_it_succeeded() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), key(1, &[]));
    run(dir.path(), key(2, &[1]));
    run(dir.path(), key(2, &[1]));
    run(dir.path(), key(3, &[2]));
    let report = verify(dir.path(), &[key(3, &[]).public_key()]).unwrap();
    assert!(report.is_intact() && report.heads >= 4, "{report:?}");
    let query = Query { event: Some("audit_succession".to_owned()), ..Query::default() };
    assert_eq!(page(dir.path(), &query, 10).unwrap().records.len(), 2, "each is recorded once");
    assert!(unknown(dir.path(), 2), "who knows the second key does not know the third");
    assert!(unknown(dir.path(), 1) && unknown(dir.path(), 4));
    let changed = fs::read_to_string(only_file(dir.path())).unwrap();
    let (first, other) = (key(1, &[]).public_key(), key(4, &[]).public_key());
    let note = |public| format!("\"predecessor\":\"{public}\"");
    fs::write(only_file(dir.path()), changed.replace(&note(first), &note(other))).unwrap();
    assert!(!verify(dir.path(), &[key(3, &[]).public_key()]).unwrap().is_intact());
}

#[test]
fn a_key_that_was_not_the_servers_is_never_vouched_for() {
    let dir = tempfile::tempdir().unwrap();
    // Somebody makes the whole log anew while the server is stopped.
    run(dir.path(), key(9, &[]));
    run(dir.path(), key(2, &[1]));
    assert!(unknown(dir.path(), 2));
    // And says of their key that the server's came before it, or after.
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), key(2, &[1]));
    run(dir.path(), key(9, &[2]));
    assert!(unknown(dir.path(), 2));
}

#[test]
fn a_key_that_was_succeeded_signs_nothing_any_more() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), key(1, &[]));
    run(dir.path(), key(2, &[1]));
    assert!(!unknown(dir.path(), 2));
    run(dir.path(), key(1, &[]));
    assert!(unknown(dir.path(), 2));
}

#[test]
fn a_running_log_goes_over_to_another_key_and_leaves_the_first_nothing_to_sign() {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(Config::new(dir.path().to_owned()), key(1, &[])).unwrap().0;
    (0..5).for_each(|number| log.record(entry(number, Weight::Act)));
    log.sign_with(key(2, &[]));
    assert_eq!(log.public_key(), key(2, &[]).public_key());
    (0..5).for_each(|number| log.record(entry(number, Weight::Act)));
    log.sign_with(key(3, &[]));
    log.sign_with(key(3, &[]));
    log.close();
    assert!(!unknown(dir.path(), 3) && unknown(dir.path(), 1));
    run(dir.path(), key(3, &[]));
    assert!(!unknown(dir.path(), 3), "nothing of it has to be remembered for the next start");
    run(dir.path(), key(1, &[]));
    assert!(unknown(dir.path(), 3));
}

#[test]
fn what_is_written_is_read_as_it_comes_through_every_file() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { rotate_bytes: 4096, ..Config::new(dir.path().to_owned()) };
    let mut follow = Follow::after(dir.path().to_owned(), 0);
    assert!(follow.more().unwrap().is_empty(), "before there is a log");
    let mut seen = Vec::new();
    for round in 0..6 {
        let log = AuditLog::open(config.clone(), signer()).unwrap().0;
        for number in 0..40 {
            log.record(entry(number, Weight::Act));
            if (round + number) % 7 == 0 {
                seen.extend(follow.more().unwrap());
            }
        }
        log.close();
        seen.extend(follow.more().unwrap());
    }
    let numbers: Vec<u64> = seen.iter().map(|record| record.sequence).collect();
    let last = check(dir.path()).last;
    assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
    let mut later = Follow::after(dir.path().to_owned(), last - 2);
    assert_eq!(later.more().unwrap(), seen[seen.len() - 2..]);
    assert!(later.more().unwrap().is_empty() && follow.more().unwrap().is_empty());
}
