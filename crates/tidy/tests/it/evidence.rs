//! What the security documents claim is shown by tests that exist.
//!
//! Their tables end in a column that says what shows the claim: a test (`file::name`), a script or fuzz target of the tree, the
//! issue that will bring it, or in plain words why there is nothing. A test that was renamed or removed breaks the claim here.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use tidy::tree;

use crate::assert_none;

const FOLDER: &str = "docs/security/";
const MATRIX: &str = "docs/security/matrix.md";
const STANDARD: &str = "docs/security/asvs.md";
const THREATS: &str = "docs/security/threat-model.md";
/// Ids and levels of ASVS 5.0.0, levels 1 and 2.
const STANDARD_IDS: &str = include_str!("../fixtures/asvs_5_0_levels_1_and_2.txt");

/// The groups of the merged feature table and how many rows each has.
const GROUPS: &[(&str, u32)] = &[
    ("A", 7),
    ("B", 14),
    ("C", 14),
    ("MF", 9),
    ("E", 11),
    ("F", 9),
    ("G", 9),
    ("H", 6),
    ("I", 9),
    ("J", 19),
    ("K", 18),
    ("L", 20),
    ("N", 30),
];

/// Where cited files begin; anything else in code quotes is not a citation.
const TOPS: &[&str] = &["crates/", "e2e/", "ui/", "tracker/", "bench/", "deploy/", ".ci/"];

/// How a row may say that no test shows it, each followed by the reason.
const WITHOUT_TEST: &[&str] = &[
    "issue ",
    "a later issue: ",
    "not applicable: ",
    "by the compiler: ",
    "documented: ",
    "not met: ",
];

/// The cells of one row of a table.
struct Row<'a> {
    line: usize,
    cells: Vec<&'a str>,
}

/// The rows of all tables, without their heads.
fn rows(markdown: &str) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut inside = false;
    for (number, line) in markdown.lines().enumerate() {
        let Some(inner) = line.trim().strip_prefix('|').and_then(|rest| rest.strip_suffix('|'))
        else {
            inside = false;
            continue;
        };
        let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
        if cells.iter().all(|cell| cell.contains("---")) {
            inside = true;
        } else if inside {
            rows.push(Row { line: number + 1, cells });
        }
    }
    rows
}

/// What stands in code quotes and begins like a file of the tree.
fn citations(text: &str) -> impl Iterator<Item = &str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|quoted| TOPS.iter().any(|top| quoted.starts_with(top)))
}

/// The names of the tests of a Rust file: functions under a test attribute.
fn rust_tests(code: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut pending = false;
    for line in code.lines().map(str::trim) {
        if line.starts_with("#[") {
            pending |= line.contains("test]") || line.contains("::test(");
            continue;
        }
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some(function) = function.filter(|_| pending) {
            names.extend(function.split(['(', '<']).next());
        }
        pending &= line.starts_with("//") || line.is_empty();
    }
    names
}

/// Whether a file of TypeScript or JavaScript has a test of that title.
fn script_has_test(code: &str, title: &str) -> bool {
    ['\'', '"', '`'].iter().any(|quote| {
        code.match_indices(&format!("{quote}{title}{quote}")).any(|(start, _)| {
            let before = code.get(..start).unwrap_or_default().trim_end();
            ["test(", "it("].iter().any(|call| before.ends_with(call))
        })
    })
}

/// The files a name with braces stands for: `a/{b,c}.rs` for `a/b.rs` and `a/c.rs`.
fn alternatives(file: &str) -> Vec<String> {
    let split = file
        .split_once('{')
        .and_then(|(before, rest)| rest.split_once('}').map(|(list, after)| (before, list, after)));
    match split {
        Some((before, list, after)) => {
            list.split(',').map(|one| format!("{before}{one}{after}")).collect()
        }
        None => vec![file.to_owned()],
    }
}

/// What is wrong with a citation, if anything.
fn broken(citation: &str, read: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let (file, name) = match citation.split_once("::") {
        Some((file, name)) => (file, Some(name)),
        None => (citation, None),
    };
    let Some(name) = name else {
        let gone = alternatives(file).into_iter().find(|file| !tree::root().join(file).exists());
        return gone.map(|file| format!("{file} does not exist"));
    };
    let Some(code) = read(file) else {
        return Some(format!("{file} does not exist"));
    };
    let found = match file.rsplit_once('.') {
        Some((_, "rs")) => rust_tests(&code).contains(name),
        _ => script_has_test(&code, name),
    };
    (!found).then(|| format!("{file} has no test `{name}`"))
}

/// Whether the last cell of a row says what shows its claim, or why nothing does.
fn says_what_shows_it(cell: &str) -> bool {
    let reason = WITHOUT_TEST.iter().find_map(|word| cell.strip_prefix(word));
    citations(cell).next().is_some() || reason.is_some_and(|reason| !reason.is_empty())
}

/// Compares the ids of the rows with those that must be there, each once.
fn missing_and_extra<'a>(
    found: impl Iterator<Item = &'a str>,
    expected: &BTreeSet<String>,
) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for id in found {
        *counts.entry(id).or_default() += 1;
    }
    let missing = expected.iter().filter(|id| !counts.contains_key(id.as_str()));
    let mut findings: Vec<String> = missing.map(|id| format!("no row {id}")).collect();
    for (id, count) in counts {
        if !expected.contains(id) {
            findings.push(format!("{id} is no row that was asked for"));
        } else if count != 1 {
            findings.push(format!("{count} rows {id}"));
        }
    }
    findings
}

fn table_ids() -> BTreeSet<String> {
    GROUPS
        .iter()
        .flat_map(|(group, rows)| (1..=*rows).map(move |row| format!("{group}{row}")))
        .collect()
}

fn read(file: &str) -> Option<String> {
    tree::read(file).ok()
}

#[test]
fn every_cited_test_and_file_exists() -> Result<()> {
    let mut findings = Vec::new();
    let mut files = tree::files_ending(&[".md"])?;
    files.retain(|file| file.starts_with(FOLDER) || file == "SECURITY.md");
    for file in &files {
        let text = tree::read(file)?;
        for (number, line) in text.lines().enumerate() {
            let wrong = citations(line).filter_map(|citation| broken(citation, &read));
            findings.extend(wrong.map(|why| format!("{file}:{}: {why}", number + 1)));
        }
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn every_row_says_what_shows_it() -> Result<()> {
    let mut findings = Vec::new();
    for file in [MATRIX, STANDARD, THREATS] {
        let text = tree::read(file)?;
        for row in rows(&text) {
            let last = row.cells.last().copied().unwrap_or_default();
            if !says_what_shows_it(last) {
                findings.push(format!("{file}:{}: nothing shows it: `{last}`", row.line));
            }
        }
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn every_row_of_the_merged_table_is_answered() -> Result<()> {
    let text = tree::read(MATRIX)?;
    let rows = rows(&text);
    let found = rows.iter().filter_map(|row| row.cells.first().copied());
    assert_none(&missing_and_extra(found, &table_ids()));
    Ok(())
}

#[test]
fn every_requirement_of_the_standard_is_answered() -> Result<()> {
    let text = tree::read(STANDARD)?;
    let rows = rows(&text);
    let expected: BTreeMap<&str, &str> =
        STANDARD_IDS.lines().filter_map(|line| line.split_once(' ')).collect();
    let ids = expected.keys().map(|id| (*id).to_owned()).collect();
    let found = rows.iter().filter_map(|row| row.cells.first().copied());
    let mut findings = missing_and_extra(found, &ids);
    for row in &rows {
        let id = row.cells.first().copied().unwrap_or_default();
        let level = row.cells.get(1).context("a row without a level")?;
        if expected.get(id).is_some_and(|right| right != level) {
            findings.push(format!("{STANDARD}:{}: {id} is not of level {level}", row.line));
        }
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn the_standard_has_as_many_requirements_as_it_says() {
    let of_level = |level: &str| STANDARD_IDS.lines().filter(|line| line.ends_with(level)).count();
    assert_eq!((of_level(" 1"), of_level(" 2")), (70, 183));
}

#[test]
fn tests_are_found_by_their_attribute() {
    let code = "#[test]\nfn one() {}\n\n#[tokio::test(flavor = \"multi_thread\")]\n// why\nasync fn two() {}\n\
                fn helper() {}\nproptest! {\n    #[test]\n    fn three(x in 0..9) {}\n}\n#[test]\n#[expect(clippy::x)]\nfn four() {}\n";
    assert_eq!(rust_tests(code), BTreeSet::from(["one", "two", "three", "four"]));
    let code = "test('a page opens', async () => {});\nit(\n  \"it's closed\",\n);\nconst title = 'no test';\n";
    assert!(script_has_test(code, "a page opens") && script_has_test(code, "it's closed"));
    assert!(!script_has_test(code, "no test") && !script_has_test(code, "page opens"));
}

#[test]
fn broken_citations_and_empty_cells_are_found() {
    let read = |file: &str| (file == "crates/a.rs").then(|| "#[test]\nfn one() {}".to_owned());
    assert!(broken("crates/a.rs::one", &read).is_none());
    assert!(broken("crates/a.rs::two", &read).is_some());
    assert!(broken("crates/b.rs::one", &read).is_some());
    assert!(broken("crates/nowhere", &read).is_some());
    assert!(broken("crates/tidy", &read).is_none());
    assert!(broken("crates/{tidy,gate}/src/lib.rs", &read).is_none());
    assert!(broken("crates/{tidy,nowhere}/src/lib.rs", &read).is_some());
    assert_eq!(citations("by `crates/a.rs::one` and `deploy/x.sh`, not `gate`").count(), 2);
    for good in ["`crates/a.rs::one`", "issue 5", "not applicable: there is no mail"] {
        assert!(says_what_shows_it(good), "{good}");
    }
    for bad in ["", "yes", "issue ", "pending: one"] {
        assert!(!says_what_shows_it(bad), "{bad}");
    }
}

#[test]
fn rows_are_read_without_their_head() {
    let text = "| id | sense |\n|---|---|\n| A1 | one |\n| A2 | two |\n\nwords | here\n";
    let ids: Vec<&str> = rows(text).iter().filter_map(|row| row.cells.first().copied()).collect();
    assert_eq!(ids, ["A1", "A2"]);
    let expected = BTreeSet::from(["A1".to_owned(), "A3".to_owned()]);
    assert_eq!(missing_and_extra(ids.into_iter(), &expected).len(), 2);
    assert_eq!(missing_and_extra(["A1", "A1", "A3"].into_iter(), &expected).len(), 1);
    assert_eq!(table_ids().len(), 175);
}
