//! Who may depend on whom: downwards only, and some crates have one home.

use anyhow::Result;
use tidy::cargo::{self, Member};

use crate::assert_none;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    /// A crate of the product uses lower layers only.
    Product(u8),
    /// Tests, benchmarks and this crate use everything, and nothing of the product uses them.
    Development,
}
use Layer::{Development, Product};

/// The house, as the design draws it. A new crate gets its line here first.
const LAYERS: &[(&str, Layer)] = &[
    ("mysql-wire", Product(0)),
    ("mysql-dialect", Product(0)),
    ("binlog", Product(0)),
    ("journal", Product(0)),
    ("audit", Product(0)),
    ("confine", Product(0)),
    ("outbound", Product(0)),
    ("certificates", Product(1)),
    ("error-reports", Product(1)),
    ("gate", Product(1)),
    ("warehouse", Product(1)),
    ("control", Product(1)),
    ("probe", Product(1)),
    ("web", Product(2)),
    ("replica", Product(2)),
    ("vpn", Product(2)),
    ("api", Product(3)),
    ("sql-door", Product(3)),
    ("shelduck", Product(4)),
    ("shelduck-agent", Product(4)),
    ("testkit", Development),
    ("bench", Development),
    ("tidy", Development),
];

/// Foreign crates that only some of the product's crates may use.
const HOMES: &[(&str, &[&str])] = &[
    ("anyhow", &["shelduck", "shelduck-agent"]),
    ("argon2", &["gate"]),
    ("axum", &["gate", "api"]),
    ("clap", &["shelduck", "shelduck-agent"]),
    ("duckdb", &["warehouse"]),
    ("landlock", &["confine"]),
    ("rusqlite", &["control"]),
    ("seccompiler", &["confine"]),
];

fn layer(name: &str) -> Option<Layer> {
    LAYERS.iter().find(|(known, _)| *known == name).map(|(_, layer)| *layer)
}

fn violations(members: &[Member]) -> Vec<String> {
    let mut findings = Vec::new();
    for member in members {
        let Some(own) = layer(&member.name) else {
            findings
                .push(format!("{} has no layer: add it to the table in layers.rs", member.name));
            continue;
        };
        let Product(height) = own else { continue };
        for dependency in &member.dependencies {
            let edge = format!("{} -> {}", member.name, dependency.name);
            match layer(&dependency.name) {
                Some(Product(other)) if other >= height => {
                    findings.push(format!(
                        "{edge}: layer {height} may use lower layers only, not {other}"
                    ));
                }
                Some(Development) if !dependency.dev => {
                    findings
                        .push(format!("{edge}: the product does not use what is for development"));
                }
                Some(Product(_) | Development) => {}
                None => findings.extend(
                    homeless(member, &dependency.name, dependency.dev)
                        .map(|why| format!("{edge}: {why}")),
                ),
            }
        }
    }
    findings
}

fn homeless(member: &Member, dependency: &str, dev: bool) -> Option<String> {
    let (_, homes) = HOMES.iter().find(|(name, _)| *name == dependency)?;
    (!dev && !homes.contains(&member.name.as_str()))
        .then(|| format!("belongs in {}", homes.join(" and ")))
}

#[test]
fn dependencies_point_downwards() -> Result<()> {
    assert_none(&violations(&cargo::members()?));
    Ok(())
}

fn crate_with(name: &str, dependencies: &[(&str, bool)]) -> Member {
    let dependencies = dependencies
        .iter()
        .map(|(name, dev)| cargo::Dependency { name: (*name).to_owned(), dev: *dev });
    Member { name: name.to_owned(), folder: String::new(), dependencies: dependencies.collect() }
}

#[test]
fn each_wrong_edge_is_found() {
    let cases = [
        ("gate", "web", false),        // upwards
        ("gate", "web", true),         // upwards, in tests
        ("web", "replica", false),     // sideways
        ("api", "testkit", false),     // the product on development
        ("web", "axum", false),        // a foreign crate outside its home
        ("api", "duckdb", false),      // the same
        ("unheard-of", "gate", false), // no layer
    ];
    for (from, to, dev) in cases {
        assert_eq!(violations(&[crate_with(from, &[(to, dev)])]).len(), 1, "{from} -> {to}");
    }
    let right = [
        ("journal", false),
        ("warehouse", false),
        ("testkit", true),
        ("serde", false),
        ("anyhow", true),
    ];
    assert_none(&violations(&[crate_with("web", &right)]));
    assert_none(&violations(&[crate_with("bench", &[("axum", false), ("shelduck", false)])]));
}
