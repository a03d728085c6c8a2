//! Which conditions the startup check knows, read from its source.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Shorter pieces of a sentence tell nothing.
const PIECE_MIN: usize = 6;

/// One place in the source where a condition is found not to be fulfilled.
#[derive(Debug)]
pub(crate) struct Condition {
    /// The id of its subject, where the source names it there.
    pub(crate) subject: Option<String>,
    /// What is constant of its sentences.
    pieces: Vec<String>,
}

impl Condition {
    /// Whether a text says it.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.pieces.iter().all(|piece| text.contains(piece))
    }
}

/// The source of the checks of our own, without tests and without the lists of others.
fn sources() -> Result<Vec<String>> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config");
    let mut paths: Vec<PathBuf> = vec![base.join("checks.rs")];
    for entry in fs::read_dir(base.join("checks"))? {
        let path = entry?.path();
        let is_own = path.file_name().is_some_and(|name| name != "tests.rs" && name != "lists.rs");
        if path.is_file() && is_own {
            paths.push(path);
        }
    }
    ensure!(paths.len() >= 10, "{paths:?}");
    let read = |path: &PathBuf| -> Result<String> {
        let text = fs::read_to_string(path)?;
        let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
        Ok(text.get(..end).context("end")?.to_owned())
    };
    paths.iter().map(read).collect()
}

/// The ids of all subjects.
pub(crate) fn subjects() -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for source in sources()? {
        ids.extend(source.split("Subject::new(").skip(1).filter_map(first_literal));
    }
    ensure!(ids.len() >= 25, "{ids:?}");
    Ok(ids)
}

/// Every place that refuses or warns, and what is wrong with a root secret.
pub(crate) fn conditions() -> Result<Vec<Condition>> {
    let mut found = Vec::new();
    for source in sources()? {
        for call in [".refused(", ".warned("] {
            for (place, _) in source.match_indices(call) {
                let before = source.get(..place).context("before")?;
                let after = source.get(place + call.len()..).context("after")?;
                let subject = subject_of(&source, before);
                found.push(Condition { subject, pieces: pieces(after) });
            }
        }
        if let Some((_, weakness)) = source.split_once("fn weakness(") {
            let body = weakness.split("\n}\n").next().unwrap_or_default();
            let is = |text: &&str| text.starts_with("(\"is ");
            let said = body.split("ome").filter(is).filter_map(first_literal);
            found.extend(said.map(|said| Condition { subject: None, pieces: vec![said] }));
        }
    }
    ensure!(found.len() >= 50, "only {} conditions", found.len());
    Ok(found)
}

/// The id of the constant before a call, like `HTTP` in `HTTP.refused(`.
fn subject_of(source: &str, before: &str) -> Option<String> {
    let before = before.trim_end();
    let name =
        before.rsplit(|letter: char| !letter.is_ascii_uppercase() && letter != '_').next()?;
    let (_, declared) = source.split_once(&format!("const {name}: Subject"))?;
    first_literal(declared)
}

fn first_literal(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('"')?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// The constant pieces of all texts up to the parenthesis that closes the call.
fn pieces(arguments: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut open = 1;
    let mut letters = arguments.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => texts.push(literal(&mut letters)),
            '(' => open += 1,
            ')' if open == 1 => break,
            ')' => open -= 1,
            _ => {}
        }
    }
    let cut = texts.iter().flat_map(|text| text.split(['{', '}']).step_by(2));
    cut.filter(|piece| piece.len() >= PIECE_MIN).map(str::to_owned).collect()
}

/// The rest of a text in quotes; a line that goes on does so without the space before it.
fn literal(letters: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => match letters.next() {
                Some('\n') => *letters = letters.as_str().trim_start().chars(),
                Some(escaped) => text.push(escaped),
                None => break,
            },
            letter => text.push(letter),
        }
    }
    text
}

#[test]
fn a_condition_is_read_with_its_subject_and_its_words() {
    let source = "const HTTP: Subject = Subject::new(\"http\", \"What\");\n    HTTP.refused(\n  format!(\"{listen} is reachable (\\\"so\\\") \\\n      from afar\"), \"do that\")";
    let (before, after) = source.split_once(".refused(").unwrap_or_default();
    assert_eq!(subject_of(source, before).as_deref(), Some("http"));
    assert_eq!(pieces(after), [" is reachable (\"so\") from afar", "do that"]);
}
