//! What the verbs print: JSON for programs, columns for people.

use std::io::{self, Write};

use anyhow::Result;
use serde_json::Value;

/// How a verb answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Words and columns.
    People,
    /// One JSON document.
    Json,
}

impl Format {
    /// Prints a document, or what people get instead of it.
    pub(crate) fn print(
        self,
        document: &Value,
        for_people: impl FnOnce(&Value) -> String,
    ) -> Result<()> {
        match self {
            Self::Json => line(&serde_json::to_string(document)?),
            Self::People => line(for_people(document).trim_end()),
        }
    }
}

/// Writes a line to standard output; a reader who has gone away is no error.
pub(crate) fn line(text: &str) -> Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}

/// Writes a line to standard error.
pub(crate) fn note(text: &str) {
    // Nobody is left to tell when standard error is closed.
    let _closed = writeln!(io::stderr().lock(), "{text}");
}

/// The items of a list as aligned columns; `empty` when there are none.
pub(crate) fn columns(document: &Value, fields: &[(&str, &str)], empty: &str) -> String {
    let rows: Vec<Vec<String>> = document
        .get("items")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|item| fields.iter().map(|(_, field)| cell(item.get(*field))).collect())
        .collect();
    if rows.is_empty() {
        return empty.to_owned();
    }
    let header: Vec<String> = fields.iter().map(|(title, _)| (*title).to_owned()).collect();
    let width = |column: usize| {
        let cells = rows.iter().chain([&header]).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..fields.len()).map(width).collect();
    let print = |row: &Vec<String>| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    [&header].into_iter().chain(&rows).map(print).collect::<Vec<_>>().join("\n")
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(Value::Array(items)) => {
            items.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join(",")
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_empty_lists_say_so() {
        let document =
            serde_json::json!({"items": [{"a": "long name", "b": 1}, {"a": "x", "b": null}]});
        assert_eq!(
            columns(&document, &[("NAME", "a"), ("N", "b")], ""),
            "NAME       N\nlong name  1\nx          -"
        );
        assert_eq!(
            columns(&serde_json::json!({"items": []}), &[("NAME", "a")], "none yet"),
            "none yet"
        );
    }
}
