//! No crate we build has a vulnerability the advisory database knows.
//!
//! The database (that of `RustSec`, a folder of Markdown files with TOML in front) is looked for in `SHELDUCK_ADVISORY_DB` and then in
//! `../shared/advisory-db`. Where it is absent the test says so; `cargo audit` then does the same over the network.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use semver::{Version, VersionReq};
use tidy::tree;
use toml::{Table, Value};

use crate::assert_none;

/// Advisories that do not concern us, and why. One that no longer matches must go.
const ACCEPTED: &[(&str, &str)] = &[];

/// What an advisory says about one crate.
#[derive(Debug)]
struct Advisory {
    id: String,
    package: String,
    informational: Option<String>,
    /// Versions it does not concern.
    safe: Vec<VersionReq>,
}

fn parse(text: &str) -> Result<Option<Advisory>> {
    let front = text
        .split("```toml")
        .nth(1)
        .and_then(|rest| rest.split("\n```").next())
        .context("no front matter")?;
    let front: Table = front.parse()?;
    let advisory = front.get("advisory").context("no [advisory]")?;
    let string = |key: &str| advisory.get(key).and_then(Value::as_str).map(str::to_owned);
    let elsewhere = |key: &str, here: &str| {
        let list =
            front.get("affected").and_then(|affected| affected.get(key)).and_then(Value::as_array);
        list.is_some_and(|list| !list.iter().any(|value| value.as_str() == Some(here)))
    };
    if advisory.get("withdrawn").is_some() || elsewhere("os", "linux") {
        return Ok(None);
    }
    let mut safe = Vec::new();
    for key in ["patched", "unaffected"] {
        let ranges =
            front.get("versions").and_then(|versions| versions.get(key)).and_then(Value::as_array);
        for range in ranges.into_iter().flatten().filter_map(Value::as_str) {
            safe.push(range.parse().with_context(|| format!("version range {range}"))?);
        }
    }
    Ok(Some(Advisory {
        id: string("id").context("no id")?,
        package: string("package").context("no package")?,
        informational: string("informational"),
        safe,
    }))
}

fn concerns(advisory: &Advisory, name: &str, version: &Version) -> bool {
    // A crate that is only no longer maintained is a matter for the next review, not for a build.
    let defect = advisory.informational.as_deref().is_none_or(|kind| kind == "unsound");
    defect && advisory.package == name && !advisory.safe.iter().any(|range| range.matches(version))
}

fn locked(lock: &str) -> Result<Vec<(String, Version)>> {
    let lock: Table = lock.parse()?;
    let packages =
        lock.get("package").and_then(Value::as_array).context("no packages in Cargo.lock")?;
    packages
        .iter()
        .map(|package| {
            let text = |key: &str| {
                package
                    .get(key)
                    .and_then(Value::as_str)
                    .context("a package without a name or version")
            };
            Ok((text("name")?.to_owned(), text("version")?.parse()?))
        })
        .collect()
}

fn database() -> Option<PathBuf> {
    let beside = || tree::root().join("../shared/advisory-db");
    let place = option_env!("SHELDUCK_ADVISORY_DB").map_or_else(beside, PathBuf::from);
    place.join("crates").is_dir().then_some(place)
}

fn advisories_about(database: &Path, name: &str) -> Result<Vec<Advisory>> {
    let folder = database.join("crates").join(name);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut advisories = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        advisories.extend(parse(&text).with_context(|| format!("reading {}", path.display()))?);
    }
    Ok(advisories)
}

#[test]
fn no_locked_crate_is_vulnerable() -> Result<()> {
    let Some(database) = database() else {
        println!("advisory database not present: nothing was compared");
        return Ok(());
    };
    let mut findings = Vec::new();
    let mut matched = Vec::new();
    let mut read = 0;
    for (name, version) in locked(&tree::read("Cargo.lock")?)? {
        let advisories = advisories_about(&database, &name)?;
        read += advisories.len();
        for advisory in advisories.iter().filter(|advisory| concerns(advisory, &name, &version)) {
            if ACCEPTED.iter().any(|(id, _)| *id == advisory.id) {
                matched.push(advisory.id.clone());
            } else {
                findings.push(format!("{name} {version}: {}", advisory.id));
            }
        }
    }
    ensure!(read > 0, "not one advisory about our crates: is this the database?");
    for (id, _) in ACCEPTED.iter().filter(|(id, _)| !matched.iter().any(|seen| seen == id)) {
        findings.push(format!("{id} concerns no crate any more: remove it from the accepted ones"));
    }
    println!("{read} advisories about our crates compared");
    assert_none(&findings);
    Ok(())
}

#[test]
fn an_advisory_concerns_the_versions_before_its_patch() -> Result<()> {
    let text = "```toml\n[advisory]\nid = 'RUSTSEC-2024-0001'\npackage = 'age'\n[versions]\n\
                patched = ['>= 0.6.1, < 0.7.0', '>= 0.7.2']\nunaffected = ['< 0.6.0']\n```\n\n# Title\n";
    let advisory = parse(text)?.context("an advisory")?;
    for (version, expected) in
        [("0.5.9", false), ("0.6.0", true), ("0.6.5", false), ("0.7.1", true), ("1.0.0", false)]
    {
        assert_eq!(concerns(&advisory, "age", &version.parse()?), expected, "{version}");
    }
    assert!(!concerns(&advisory, "ages", &"0.6.0".parse()?));
    assert!(parse(&text.replace("package", "withdrawn = '2025-01-01'\npackage"))?.is_none());
    assert!(
        parse(&text.replace("[versions]", "[affected]\nos = ['windows']\n[versions]"))?.is_none()
    );
    let unmaintained = parse(&text.replace("package", "informational = 'unmaintained'\npackage"))?;
    assert!(!concerns(&unmaintained.context("an advisory")?, "age", &"0.6.0".parse()?));
    assert!(parse("no front matter").is_err());
    Ok(())
}
