//! Whoever measures how long a refusal takes learns nothing about the secret.
//!
//! Clocks are noisy and instructions are not: valgrind counts those of one act (`examples/timing.rs`), and acts that must not
//! be told apart are compared. They need not be equal to the last instruction: two runs differ in where the allocator and the
//! hash tables, which are seeded by the system, put things. Each tolerance says what it allows and how much that is of the whole.

use std::path::PathBuf;
use std::process::Command;

/// Instructions spent in a function of the gate, its callees included, while the example acts as told.
fn instructions(function: &str, case: &str) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let counts = folder.path().join("counts");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--toggle-collect=*::{function}"))
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(example())
        .arg(case)
        .output()
        .expect("these tests count instructions with valgrind: install it (Debian: apt-get install valgrind)");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{case} did not end as it should: {complaint}");
    let counts = std::fs::read_to_string(counts).unwrap();
    let total = counts.lines().find_map(|line| line.strip_prefix("totals: ")).unwrap();
    let total = total.trim().parse().unwrap();
    assert!(total > 100, "nothing was counted: is `{function}` still its name?");
    total
}

fn example() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples/timing")
}

/// Whether all acts take as many instructions, give or take so many.
fn assert_alike(function: &str, cases: &[&str], tolerance: u64) {
    let counts: Vec<u64> = cases.iter().map(|case| instructions(function, case)).collect();
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    println!("{function}: {cases:?} {counts:?}");
    assert!(most - least <= tolerance, "{function}: {cases:?} take {counts:?} instructions");
}

#[test]
fn stored_codes_are_compared_alike_wherever_they_differ() {
    // Nothing but the comparison itself: there is nothing to allow.
    let cases = ["compare-equal", "compare-first-differs", "compare-last-differs"];
    assert_alike("Fingerprint::matches", &cases, 0);
}

#[test]
fn a_wrong_key_is_compared_alike_wherever_it_differs_and_whether_there_is_one() {
    // 60,000: the keyed code and the comparison. The tolerance is for asking whether there was a key to compare with.
    assert_alike("is_right", &["key-first-wrong", "key-last-wrong", "key-unknown"], 100);
}

#[test]
fn a_session_is_looked_for_alike_wherever_its_token_differs() {
    // 4,400: the look-up by hash. The tolerance is for where in the map an unrelated hash would stand.
    let cases = ["session-first-wrong", "session-last-wrong", "session-all-wrong"];
    assert_alike("session_in_store", &cases, 200);
}

#[test]
fn an_unknown_name_costs_what_a_wrong_password_costs() {
    // 139 million, nearly all of it one Argon2id. The tolerance, a fiftieth of a percent or some microseconds beside tens of
    // milliseconds, is for copying the record of an account that is there.
    assert_alike("log_in", &["login-unknown", "login-wrong"], 30_000);
}
