//! Every condition of the startup check, as the operator reads it.
//!
//! The cases are a table ([`CASES`]): a configuration that breaks one condition, and what both `shelduck check` and
//! `shelduck serve` print about it, to the letter. Which conditions there are is read from the checks' own source, so that one
//! that is added without a case is missed here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use testkit::binary;

use crate::startup_cases::{CASES, Case, ELSEWHERE, PUBLISHED};
use crate::startup_source::{conditions, subjects};

/// Runs a verb in that folder, where the configuration is, with nothing else in the environment.
fn shelduck(dir: &Path, case: &Case, arguments: &[&str], input: &str) -> Result<Output> {
    use std::io::Write;
    let mut child = Command::new(binary()?)
        .args(arguments)
        .current_dir(dir)
        .env_clear()
        .envs(case.environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().context("no input")?.write_all(input.as_bytes())?;
    Ok(child.wait_with_output()?)
}

fn set_up(case: &Case) -> Result<tempfile::TempDir> {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir()?;
    if !case.file.is_empty() {
        let file = dir.path().join("shelduck.toml");
        fs::write(&file, case.file)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
    }
    (case.prepare)(dir.path())?;
    Ok(dir)
}

/// The part of a report that decides about the start.
fn own_part(report: &str) -> &str {
    let end = report.find("Duckling's checklist").unwrap_or(report.len());
    report.get(..end).unwrap_or_default().trim_end()
}

/// A report without what is in order, and without its heading.
fn worth_reading(report: &str) -> String {
    let mut keeps = false;
    let mut text = String::new();
    for line in own_part(report).lines() {
        if !line.starts_with(' ') {
            keeps = line.starts_with("WARNING") || line.starts_with("REFUSED");
        }
        if keeps {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// What is no constant: a certificate that ends soon does so on another day whenever this runs.
fn settled(text: &str) -> String {
    let soon = text.find("soon.pem ends in ").and_then(|start| {
        let end = start + text.get(start..)?.find('\n')?;
        let ends = text.get(start..end)?.find(" at ")? + start + 4;
        let rest = text.get(ends..end)?.find(';').map_or(end, |place| ends + place);
        Some((ends, rest))
    });
    match soon {
        Some((from, through)) => {
            let (before, after) = (&text[..from], &text[through..]);
            format!("{before}[a time]{}", settled(after))
        }
        None => text.to_owned(),
    }
}

/// What is printed about one case.
fn transcript(case: &Case, dir: &Path) -> Result<String> {
    let check = shelduck(dir, case, &["check"], "")?;
    let report = String::from_utf8(check.stdout)?;
    let mut text = format!("# {}\n", case.title);
    for (name, value) in case.environment {
        text.push_str(&format!("{name}={value}\n"));
    }
    text.push_str(case.file);
    let status = check.status.code().context("no status")?;
    text.push_str(&format!("\n$ shelduck check -> {status}\n{}", worth_reading(&report)));
    text.push_str(&String::from_utf8(check.stderr)?);
    if status != 0 {
        let begun = shelduck(dir, case, &["serve"], "")?;
        ensure!(begun.stdout.is_empty() && begun.status.code() == Some(1), "{begun:?}");
        text.push_str(&format!("\n$ shelduck serve -> 1\n{}", String::from_utf8(begun.stderr)?));
        ensure!(!dir.join("shelduck-data/control.sqlite").exists(), "it began all the same");
    }
    Ok(settled(&text))
}

/// The conditions of our own that a report speaks of, but those that are fulfilled: their ids and what is said.
fn findings(case: &Case, dir: &Path) -> Result<Vec<(String, String)>> {
    let output = shelduck(dir, case, &["check", "--json"], "")?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let items = report["checks"].as_array().context("checks")?;
    let own = items.iter().filter(|item| item["source"] == "startup");
    let worth = own.filter(|item| item["verdict"] == "fail" || item["verdict"] == "warn");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(worth
        .map(|item| {
            (text(&item["id"]), format!("{} {}", text(&item["detail"]), text(&item["remedy"])))
        })
        .collect())
}

#[test]
fn each_condition_is_told_to_the_letter() -> Result<()> {
    let mut told: BTreeMap<&str, String> = BTreeMap::new();
    for case in CASES {
        let dir = set_up(case)?;
        let ids = findings(case, dir.path())?;
        ensure!(
            !ids.is_empty() && ids.iter().all(|(id, _)| id == case.id),
            "{}: {ids:?}",
            case.title
        );
        let text = told.entry(case.id).or_default();
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&transcript(case, dir.path())?);
    }
    for (id, text) in told {
        insta::assert_snapshot!(format!("startup_{id}"), text);
    }
    Ok(())
}

#[test]
fn a_server_nobody_configured_fulfils_them_all() -> Result<()> {
    let case = Case::file("defaults", "defaults", "");
    let dir = set_up(&case)?;
    let output = shelduck(dir.path(), &case, &["check"], "")?;
    ensure!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    insta::assert_snapshot!("startup_defaults", own_part(&String::from_utf8(output.stdout)?));
    Ok(())
}

#[test]
fn no_condition_is_without_a_case() -> Result<()> {
    let exempt = |id: &str| ELSEWHERE.iter().any(|(elsewhere, _)| *elsewhere == id);
    for id in subjects()? {
        let has_case = CASES.iter().any(|case| case.id == id);
        ensure!(has_case != exempt(&id), "the condition `{id}` needs a case, and one place only");
    }
    let mut said = Vec::new();
    for case in CASES {
        said.extend(findings(case, set_up(case)?.path())?);
    }
    for condition in conditions()? {
        let is_told = said.iter().any(|(_, text)| condition.is_in(text));
        let is_elsewhere = condition.subject.as_deref().is_some_and(exempt);
        ensure!(is_told || is_elsewhere, "no case shows {condition:?}");
    }
    Ok(())
}

/// What the documents of the four systems before us show as a secret is neither a root secret nor a password here.
#[test]
fn what_other_documents_show_as_a_secret_opens_nothing() -> Result<()> {
    let mut text = String::new();
    for (document, values) in PUBLISHED {
        text.push_str(&format!("# {document}\n"));
        for value in *values {
            text.push_str(&format!("\n{value}\n{}", refusals(value)?));
        }
        text.push('\n');
    }
    insta::assert_snapshot!("startup_published", text);
    Ok(())
}

/// The lines with which a root secret and a password of that value are refused.
fn refusals(value: &str) -> Result<String> {
    let case = Case::file("secret", "", "");
    let dir = set_up(&case)?;
    let file = dir.path().join("shelduck.toml");
    crate::startup_cases::private(&file, &format!("[server]\nsecret = '{value}'\n"))?;
    let begun = shelduck(dir.path(), &case, &["serve"], "")?;
    ensure!(begun.status.code() == Some(1) && begun.stdout.is_empty(), "{value}: {begun:?}");
    let begun = String::from_utf8(begun.stderr)?;
    let line = begun.lines().find(|line| line.starts_with("  secret: "));
    let line = line.with_context(|| format!("{value}: {begun}"))?;
    fs::remove_file(&file)?;
    let verb = ["user", "add", "eve", "--password-file", "-"];
    let added = shelduck(dir.path(), &case, &verb, &format!("{value}\n"))?;
    ensure!(added.status.code() == Some(1) && added.stdout.is_empty(), "{value}: {added:?}");
    let said = String::from_utf8(added.stderr)?;
    Ok(format!("{line}\n  password: {}\n", said.trim_end()))
}
