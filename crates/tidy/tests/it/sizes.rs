//! No file outgrows one sitting; one that already has may only shrink.

use anyhow::Result;
use tidy::tree;

use crate::assert_none;

/// Stops by the ending of the name; tests at the end of a Rust file do not count.
const LINES_MAX: &[(&str, usize)] = &[(".rs", 600), (".ts", 600), (".js", 600), (".svelte", 250)];

/// Files past their stop, with the lines they have now: the number may only get smaller.
const EXCEPTIONS: &[(&str, usize)] = &[];

/// Files of tests, and files that a tool writes.
fn is_exempt(file: &str) -> bool {
    let tests = file.contains("/tests/")
        || file.ends_with("/tests.rs")
        || file.contains(".test.")
        || file.contains(".spec.");
    tests || file.ends_with("/api/schema.ts")
}

fn lines(text: &str) -> usize {
    text.lines().take_while(|line| *line != "#[cfg(test)]").count()
}

fn violation(file: &str, lines: usize, exceptions: &[(&str, usize)]) -> Option<String> {
    let (_, stop) = LINES_MAX.iter().find(|(ending, _)| file.ends_with(ending))?;
    match exceptions.iter().find(|(name, _)| *name == file) {
        Some((_, listed)) if lines > *listed => {
            Some(format!("{file}: {lines} lines, and {listed} was already too much"))
        }
        Some(_) if lines <= *stop => {
            Some(format!("{file}: {lines} lines: no longer an exception; remove it"))
        }
        Some((_, listed)) if lines < *listed => {
            Some(format!("{file}: {lines} lines: lower its exception from {listed}"))
        }
        Some(_) => None,
        None => {
            (lines > *stop).then(|| format!("{file}: {lines} lines, more than {stop}: split it"))
        }
    }
}

#[test]
fn files_stay_readable() -> Result<()> {
    let endings: Vec<&str> = LINES_MAX.iter().map(|(ending, _)| *ending).collect();
    let files = tree::files_ending(&endings)?;
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !is_exempt(file)) {
        findings.extend(violation(file, lines(&tree::read(file)?), EXCEPTIONS));
    }
    for (name, _) in EXCEPTIONS.iter().filter(|(name, _)| !files.iter().any(|file| file == name)) {
        findings.push(format!("{name}: an exception for a file that is gone"));
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn an_exception_may_only_shrink() {
    let exceptions = &[("a.rs", 700)];
    assert!(violation("b.rs", 600, exceptions).is_none());
    assert!(violation("b.rs", 601, exceptions).is_some());
    assert!(violation("b.svelte", 251, exceptions).is_some());
    assert!(violation("a.rs", 700, exceptions).is_none());
    for lines in [701, 699, 600] {
        assert!(violation("a.rs", lines, exceptions).is_some(), "{lines}");
    }
    assert_eq!(lines("one\ntwo\n#[cfg(test)]\nmod tests {}\n"), 2);
}
