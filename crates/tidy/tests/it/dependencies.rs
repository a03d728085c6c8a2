//! Each dependency has its line in the documentation, and code using it.

use anyhow::{Context, Result};
use tidy::{cargo, tree};
use toml::{Table, Value};

use crate::assert_none;

const DOCUMENT: &str = "docs/dependencies.md";

/// Dependencies that no code names, and why they are there.
const UNNAMED: &[(&str, &str)] =
    &[("flate2", "a backend for mysql_common, which names none without its defaults")];

/// The direct dependencies that are not ours.
fn foreign() -> Result<Vec<String>> {
    let manifest: Table = tree::read("Cargo.toml")?.parse()?;
    let table = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(Value::as_table)
        .context("no [workspace.dependencies]")?;
    Ok(table
        .iter()
        .filter(|(_, value)| value.get("path").is_none())
        .map(|(name, _)| name.clone())
        .collect())
}

/// Whether a line of the document is about this crate: a list entry with its name in code quotes before the colon.
fn is_line_about(line: &str, name: &str) -> bool {
    let about = line.strip_prefix("- ").and_then(|entry| entry.split(':').next());
    about.is_some_and(|about| about.contains(&format!("`{name}`")))
}

/// Whether Rust code names a crate: `name::`, `use name;` or `name!`.
fn names(code: &str, name: &str) -> bool {
    let name = name.replace('-', "_");
    code.match_indices(&name).any(|(start, _)| {
        let before = code[..start].chars().next_back();
        let after = &code[start + name.len()..];
        !before.is_some_and(|before| before.is_alphanumeric() || before == '_')
            && (after.starts_with("::")
                || after.starts_with(';')
                || after.starts_with(" as ")
                || after.starts_with('!'))
    })
}

#[test]
fn each_dependency_has_one_line_in_the_documentation() -> Result<()> {
    let document = tree::read(DOCUMENT)?;
    let mut findings = Vec::new();
    for name in foreign()? {
        let lines = document.lines().filter(|line| is_line_about(line, &name)).count();
        if lines != 1 {
            findings.push(format!("{DOCUMENT}: {lines} lines about `{name}`, not one"));
        }
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn each_dependency_is_used() -> Result<()> {
    let members = cargo::members()?;
    let mut findings = Vec::new();
    for name in foreign()? {
        if !members
            .iter()
            .any(|member| member.dependencies.iter().any(|dependency| dependency.name == name))
        {
            findings.push(format!("Cargo.toml: no crate depends on `{name}`"));
        }
    }
    let sources = tree::files_ending(&[".rs"])?;
    for member in &members {
        let mut code = String::new();
        for source in
            sources.iter().filter(|source| source.starts_with(&format!("{}/", member.folder)))
        {
            code.push_str(&tree::read(source)?);
        }
        for dependency in &member.dependencies {
            let excused = UNNAMED.iter().any(|(name, _)| *name == dependency.name);
            if !excused && !names(&code, &dependency.name) {
                findings
                    .push(format!("{}: its code does not name `{}`", member.name, dependency.name));
            }
        }
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn a_name_is_told_from_a_part_of_another() {
    assert!(names("use http_body::Body;", "http-body"));
    assert!(names("let x = crc32c::crc32c(b);", "crc32c"));
    assert!(names("serde_json::json!({})", "serde_json"));
    assert!(!names("use http_body_util::BodyExt;", "http-body"));
    assert!(!names("use some_http::Body;", "http"));
    assert!(!names("// the url of the page", "url"));
    assert!(is_line_about("- `http`: the types", "http"));
    assert!(is_line_about("- `hyper`, `http`: the types", "http"));
    assert!(!is_line_about("- `http-body`: the types", "http"));
    assert!(!is_line_about("- `hyper`: stands on `http`", "http"));
}
