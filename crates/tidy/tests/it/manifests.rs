//! Versions, lints and package facts are said once, in the workspace.

use anyhow::{Context, Result};
use tidy::{cargo, tree};
use toml::{Table, Value};

use crate::assert_none;

const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

fn inherits(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

fn violations(manifest: &Table) -> Vec<String> {
    let mut findings = Vec::new();
    if !inherits(manifest.get("lints")) {
        findings.push("[lints] does not say `workspace = true`".to_owned());
    }
    for key in INHERITED {
        if !inherits(manifest.get("package").and_then(|package| package.get(key))) {
            findings.push(format!("`{key}` is not inherited"));
        }
    }
    for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for (name, dependency) in
            manifest.get(table).and_then(Value::as_table).into_iter().flatten()
        {
            if !inherits(Some(dependency)) {
                findings.push(format!(
                    "{table}: `{name}` does not take its version from the workspace"
                ));
            }
        }
    }
    findings
}

#[test]
fn each_crate_inherits_from_the_workspace() -> Result<()> {
    let mut findings = Vec::new();
    for member in cargo::members()? {
        let file = format!("{}/Cargo.toml", member.folder);
        let manifest = tree::read(&file)?.parse().with_context(|| format!("reading {file}"))?;
        findings
            .extend(violations(&manifest).into_iter().map(|finding| format!("{file}: {finding}")));
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn what_a_crate_says_for_itself_is_found() -> Result<()> {
    let manifest = "[package]\nname = 'x'\nversion = '1.0.0'\nedition.workspace = true\nrust-version.workspace = true\n\
                    license.workspace = true\npublish.workspace = true\n[dependencies]\nserde = '1'\nurl.workspace = true";
    assert_eq!(violations(&manifest.parse()?).len(), 3);
    Ok(())
}
