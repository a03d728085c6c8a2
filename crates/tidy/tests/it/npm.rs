//! What npm installs is pinned: exact versions, a lock, no scripts.

use anyhow::{Context, Result};
use serde_json::Value;
use tidy::tree;

use crate::assert_none;

const SETTINGS: &[&str] =
    &["omit-lockfile-registry-resolved=true", "ignore-scripts=true", "fund=false", "audit=false"];

fn is_exact(version: &str) -> bool {
    version.starts_with(|first: char| first.is_ascii_digit())
        && !version.contains([' ', '|', 'x', '*'])
}

fn loose(package: &Value) -> Vec<String> {
    let tables =
        ["dependencies", "devDependencies", "optionalDependencies"].map(|table| &package[table]);
    tables
        .iter()
        .filter_map(|table| table.as_object())
        .flatten()
        .filter(|(_, version)| !version.as_str().is_some_and(is_exact))
        .map(|(name, version)| format!("{name} {version} is not one exact version"))
        .collect()
}

#[test]
fn each_package_is_pinned() -> Result<()> {
    let mut findings = Vec::new();
    for file in tree::files_ending(&["package.json"])? {
        let folder = file.trim_end_matches("package.json");
        let package =
            serde_json::from_str(&tree::read(&file)?).with_context(|| format!("reading {file}"))?;
        findings.extend(loose(&package).into_iter().map(|finding| format!("{file}: {finding}")));
        let settings = tree::read(&format!("{folder}.npmrc")).unwrap_or_default();
        for setting in
            SETTINGS.iter().filter(|setting| !settings.lines().any(|line| line == **setting))
        {
            findings.push(format!("{folder}.npmrc does not say {setting}"));
        }
        let lock = tree::read(&format!("{folder}package-lock.json")).unwrap_or_default();
        if !lock.contains("\"integrity\"") {
            findings.push(format!("{folder}package-lock.json is missing or pins nothing"));
        }
        if lock.contains("\"resolved\": \"http") {
            findings.push(format!("{folder}package-lock.json names the registry it was made with"));
        }
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn a_range_is_found() {
    let package = serde_json::json!({ "dependencies": { "a": "1.2.3", "b": "^1.2.3" }, "devDependencies": { "c": "*", "d": "1.5.5-r.5" } });
    assert_eq!(loose(&package).len(), 2);
}
