//! `shelduck user import`
//!
//! One person a line, each a request of its own: a line that is refused does not keep the others out, and the file can be given
//! again when it is mended, because names that are there already are refused.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use http::Method;
use serde_json::{Value, json};

use crate::Refused;
use crate::local::Local;
use crate::output::Format;

/// Longest line; grants are the longest part of it.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// Most lines of a file.
const LINES_MAX: usize = 10_000;

pub(super) async fn run(file: &Path, local: &Local, format: Format) -> Result<()> {
    let lines = if file == Path::new("-") {
        lines(io::stdin().lock())?
    } else {
        let file = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
        lines(BufReader::new(file))?
    };
    let (mut imported, mut refused) = (0_usize, Vec::new());
    for (number, line) in lines {
        match import(&line, local).await {
            Ok(()) => imported += 1,
            Err(error) if error.is::<Refused>() => {
                refused.push(json!({"line": number, "message": format!("{error:#}")}));
            }
            Err(error) => return Err(error),
        }
    }
    let failed = refused.len();
    let report = json!({"imported": imported, "refused": refused});
    format.print(&report, for_people)?;
    if failed == 0 { Ok(()) } else { Err(Refused(format!("{failed} lines were refused")).into()) }
}

async fn import(line: &str, local: &Local) -> Result<()> {
    let person: Value = serde_json::from_str(line)
        .map_err(|error| Refused(format!("not JSON, at column {}", error.column())))?;
    local.call(Method::POST, "/v1/users/import", Some(&person)).await?;
    Ok(())
}

fn for_people(report: &Value) -> String {
    let mut text = format!("{} people were taken over.", report["imported"]);
    for one in report["refused"].as_array().into_iter().flatten() {
        let message = one["message"].as_str().unwrap_or_default();
        text.push_str(&format!("\n  line {}: {message}", one["line"]));
    }
    text
}

/// The lines with something in them, by number.
fn lines(mut reader: impl BufRead) -> Result<Vec<(usize, String)>> {
    let mut lines = Vec::new();
    for number in 1.. {
        let mut line = String::new();
        let read = reader.by_ref().take(LINE_BYTES_MAX + 1).read_line(&mut line)?;
        if read == 0 {
            break;
        }
        ensure!(line.len() as u64 <= LINE_BYTES_MAX, "line {number} is longer than 64 KiB");
        ensure!(number <= LINES_MAX, "there are more than {LINES_MAX} lines");
        let line = line.trim();
        if !line.is_empty() {
            lines.push((number, line.to_owned()));
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_and_bounded() {
        let read = |text: &str| lines(text.as_bytes());
        assert_eq!(read("a\n\n  b \r\n").unwrap(), [(1, "a".to_owned()), (3, "b".to_owned())]);
        assert!(read("").unwrap().is_empty());
        let longest = "x".repeat(64 * 1024 - 1);
        assert_eq!(read(&format!("{longest}\n")).unwrap().len(), 1);
        assert!(read(&format!("{longest}xx\n")).is_err());
        assert_eq!(read(&"a\n".repeat(LINES_MAX)).unwrap().len(), LINES_MAX);
        assert!(read(&"a\n".repeat(LINES_MAX + 1)).is_err());
    }
}
