//! `deny.toml` holds: licences, duplicates, bans and sources.
//!
//! It holds here without the network and without cargo-deny at hand.
//! The same file serves `cargo deny check`, which looks deeper (licence texts, yanked versions) and needs the network.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use semver::{Version, VersionReq};
use tidy::{
    cargo::{self, Package},
    tree,
};
use toml::{Table, Value};

use crate::assert_none;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

struct Rules {
    licences: Vec<String>,
    exceptions: Vec<(String, Vec<String>)>,
    banned: Vec<String>,
    skipped: Vec<(String, VersionReq)>,
}

fn strings(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn entries<'a>(table: &'a Value, key: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let list = table.get(key).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|entry| Some((entry.get("crate")?.as_str()?, entry)))
}

fn rules(document: &Table) -> Result<Rules> {
    let licences = document.get("licenses").context("no [licenses]")?;
    let bans = document.get("bans").context("no [bans]")?;
    let skipped = entries(bans, "skip").map(|(name, _)| {
        let (name, version) =
            name.split_once(':').with_context(|| format!("skip `{name}` without a version"))?;
        Ok((name.to_owned(), version.parse().with_context(|| format!("skip `{name}`"))?))
    });
    Ok(Rules {
        licences: strings(licences.get("allow")),
        exceptions: entries(licences, "exceptions")
            .map(|(name, entry)| (name.to_owned(), strings(entry.get("allow"))))
            .collect(),
        banned: entries(bans, "deny").map(|(name, _)| name.to_owned()).collect(),
        skipped: skipped.collect::<Result<_>>()?,
    })
}

/// Whether an SPDX expression can be satisfied with the licences `allowed` names. Old manifests write `/` for `OR`.
fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut tokens = spaced.split_whitespace().peekable();
    any_of(&mut tokens, allowed) == Some(true) && tokens.next().is_none()
}

type Tokens<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

// Each of the three answers `None` for what is no expression.

fn any_of(tokens: &mut Tokens<'_>, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut held = all_of(tokens, allowed)?;
    while tokens.next_if_eq(&"OR").is_some() {
        held |= all_of(tokens, allowed)?;
    }
    Some(held)
}

fn all_of(tokens: &mut Tokens<'_>, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut held = one(tokens, allowed)?;
    while tokens.next_if_eq(&"AND").is_some() {
        held &= one(tokens, allowed)?;
    }
    Some(held)
}

fn one(tokens: &mut Tokens<'_>, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let licence = tokens.next()?;
    if licence == "(" {
        let held = any_of(tokens, allowed)?;
        return tokens.next_if_eq(&")").map(|_| held);
    }
    if tokens.next_if_eq(&"WITH").is_none() {
        return Some(allowed(licence));
    }
    let exception = tokens.next()?;
    Some(allowed(&format!("{licence} WITH {exception}")))
}

fn unlicensed(packages: &[Package], rules: &Rules) -> Vec<String> {
    let allowed_for = |package: &Package, licence: &str| {
        let excepted = rules
            .exceptions
            .iter()
            .filter(|(name, _)| *name == package.name)
            .flat_map(|(_, more)| more);
        rules.licences.iter().chain(excepted).any(|known| known == licence)
    };
    packages
        .iter()
        .filter(|package| {
            let stated = package.licence.as_deref().unwrap_or_default();
            !satisfied(stated, &|licence| allowed_for(package, licence))
        })
        .map(|package| {
            format!(
                "{} {}: licence {:?} is not allowed",
                package.name, package.version, package.licence
            )
        })
        .collect()
}

fn duplicated(packages: &[Package], rules: &Rules) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<Version>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().extend(package.version.parse::<Version>().ok());
    }
    let skips = |name: &str, version: &Version| {
        rules.skipped.iter().any(|(skipped, range)| skipped == name && range.matches(version))
    };
    let mut findings: Vec<String> = versions
        .iter()
        .map(|(name, all)| (name, all.iter().filter(|version| !skips(name, version)).count()))
        .filter(|(_, left)| *left > 1)
        .map(|(name, left)| {
            format!("{name}: {left} versions; name the old ones under bans.skip, with the reason")
        })
        .collect();
    for (name, range) in &rules.skipped {
        let all = versions.get(name.as_str()).map_or(&[][..], Vec::as_slice);
        if all.len() < 2 || !all.iter().any(|version| range.matches(version)) {
            findings
                .push(format!("{name} {range}: no longer a duplicate; remove it from bans.skip"));
        }
    }
    findings
}

fn current() -> Result<(Rules, Vec<Package>)> {
    Ok((rules(&tree::read("deny.toml")?.parse()?)?, cargo::packages()?))
}

#[test]
fn licences_are_allowed() -> Result<()> {
    let (rules, packages) = current()?;
    assert_none(&unlicensed(&packages, &rules));
    Ok(())
}

#[test]
fn duplicates_are_named() -> Result<()> {
    let (rules, packages) = current()?;
    assert_none(&duplicated(&packages, &rules));
    Ok(())
}

#[test]
fn everything_comes_from_the_registry() -> Result<()> {
    let (_, packages) = current()?;
    let foreign = packages
        .iter()
        .filter(|package| package.source.as_deref().is_some_and(|source| source != REGISTRY));
    assert_none(
        &foreign
            .map(|package| format!("{}: from {:?}", package.name, package.source))
            .collect::<Vec<_>>(),
    );
    Ok(())
}

#[test]
fn no_banned_crate_is_linked() -> Result<()> {
    let (rules, _) = current()?;
    let linked = cargo::linked("shelduck")?;
    assert!(linked.iter().any(|name| name == "gate"), "cargo tree does not show the product");
    assert!(!rules.banned.is_empty());
    assert_none(&linked.into_iter().filter(|name| rules.banned.contains(name)).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let allowed =
        |licence: &str| ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].contains(&licence);
    for good in [
        "MIT",
        "MIT/Apache-2.0",
        "GPL-3.0 OR MIT",
        "(GPL-3.0 OR MIT) AND ISC",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(satisfied(good, &allowed), "{good}");
    }
    for bad in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "Apache-2.0",
        "(MIT OR GPL-3.0",
        "MIT OR",
        "MIT ISC",
        "MIT AND (GPL-3.0 OR Apache-2.0)",
    ] {
        assert!(!satisfied(bad, &allowed), "{bad}");
    }
}

#[test]
fn a_bad_licence_a_duplicate_and_a_stale_exception_are_found() -> Result<()> {
    let document = "[licenses]\nallow = ['MIT']\nexceptions = [{ crate = 'b', allow = ['ISC'] }]\n\
                    [bans]\nskip = [{ crate = 'c:1' }, { crate = 'd:1' }]";
    let rules = rules(&document.parse()?)?;
    let package = |name: &str, version: &str, licence: &str| Package {
        name: name.to_owned(),
        version: version.to_owned(),
        licence: Some(licence.to_owned()),
        source: None,
    };
    let packages = [
        package("a", "1.0.0", "ISC"),
        package("b", "1.0.0", "ISC"),
        package("b", "2.0.0", "MIT"),
        package("c", "1.0.0", "MIT"),
        package("c", "2.0.0", "MIT"),
        package("d", "1.0.0", "MIT"),
    ];
    assert_eq!(unlicensed(&packages, &rules).len(), 1);
    let found = duplicated(&packages, &rules);
    assert_eq!(found.len(), 2, "{found:?}");
    Ok(())
}
