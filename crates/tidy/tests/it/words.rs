//! Words with no place in a committed file.
//!
//! They tell of unfinished work, of one machine, or of where it gets its packages.

use anyhow::Result;
use tidy::tree;

use crate::assert_none;

const SOURCES: &[&str] = &[
    ".rs", ".ts", ".js", ".mjs", ".svelte", ".css", ".html", ".sql", ".sh", ".toml", "Makefile",
    "/run",
];

// Each pattern is put together from two parts, so that this file does not find itself.
const UNFINISHED: &[&str] = &[
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("dbg", "!("),
    concat!("todo", "!("),
    concat!("unimpl", "emented!("),
];
const MACHINE: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("C:", "\\"),
];
const HOSTS: &[&str] = &[
    concat!("registry.", "npmjs.org"),
    concat!("static.", "crates.io"),
    concat!("index.", "crates.io"),
    concat!("files.", "pythonhosted.org"),
    concat!("pypi", ".org"),
    concat!("deb.", "debian.org"),
];
const LATER: &str = concat!("TO", "DO");

/// Whether `line` holds `pattern` and no longer word around it.
fn holds(line: &str, pattern: &str) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(pattern).any(|(start, _)| {
        let before = line[..start].chars().next_back().is_some_and(is_word);
        let after = line[start + pattern.len()..].chars().next().is_some_and(is_word);
        let open = pattern.starts_with(is_word);
        !(open && before || pattern.ends_with(is_word) && after)
    })
}

/// Whether the line puts something off without saying in which issue.
fn puts_off(line: &str) -> bool {
    holds(line, LATER) && !line.contains(concat!("TO", "DO(#"))
}

fn violations(file: &str, text: &str) -> Vec<String> {
    let is_source = SOURCES.iter().any(|ending| file.ends_with(ending));
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut find = |what: &str| findings.push(format!("{file}:{}: {what}", number + 1));
        for pattern in UNFINISHED.iter().filter(|pattern| is_source && holds(line, pattern)) {
            find(pattern);
        }
        for pattern in MACHINE.iter().filter(|pattern| line.contains(*pattern)) {
            find(&format!("{pattern} is a place on one machine"));
        }
        for pattern in HOSTS.iter().filter(|pattern| line.contains(*pattern)) {
            find(&format!("{pattern} is where packages come from, which is set on each machine"));
        }
        if is_source && puts_off(line) {
            find("work put off without the number of its issue");
        }
    }
    findings
}

#[test]
fn nothing_unfinished_and_nothing_of_this_machine() -> Result<()> {
    let mut findings = Vec::new();
    for file in tree::files()? {
        if let Some(text) = tree::read_text(&file)? {
            findings.extend(violations(&file, &text));
        }
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn each_pattern_is_found_and_its_likes_are_not() {
    for pattern in UNFINISHED.iter().chain(MACHINE).chain(HOSTS).chain(&[LATER]) {
        assert_eq!(violations("a.rs", &format!("let x = 1; // {pattern}")).len(), 1, "{pattern}");
    }
    assert_none(&violations("a.rs", &format!("// {LATER}(#12): later, and {}L", UNFINISHED[1])));
    assert_none(&violations("notes.md", UNFINISHED[0]));
}
