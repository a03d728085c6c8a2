//! Each file says in its first line what it does for its caller.

use anyhow::Result;
use tidy::tree;

use crate::assert_none;

const COLUMNS_MAX: usize = 80;
const UNWRITTEN: &str = "Placeholder.";

fn violation(code: &str) -> Option<String> {
    let first = code.lines().next().unwrap_or_default();
    let Some(sentence) = first.strip_prefix("//! ") else {
        return Some("does not begin with `//!`".to_owned());
    };
    let columns = first.chars().count();
    if columns > COLUMNS_MAX {
        return Some(format!("its first line has {columns} columns, more than {COLUMNS_MAX}"));
    }
    (sentence == UNWRITTEN).then(|| "it is still to be written".to_owned())
}

#[test]
fn each_file_says_what_it_does() -> Result<()> {
    let mut findings = Vec::new();
    for file in tree::files_ending(&[".rs"])? {
        findings.extend(violation(&tree::read(&file)?).map(|why| format!("{file}: {why}")));
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn a_missing_a_long_and_an_empty_line_are_found() {
    assert!(violation("//! Reads the tree.\n").is_none());
    assert!(violation("use std::fs;\n").is_some());
    assert!(violation("").is_some());
    assert!(violation("//! Placeholder.\n").is_some());
    assert!(violation(&format!("//! Says {}\n", "much ".repeat(20))).is_some());
}
