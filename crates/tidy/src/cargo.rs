//! What cargo knows: crates, what they depend on, and what is linked.

use std::{
    collections::{BTreeSet, HashSet},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::tree;

/// Where the product runs; crates for other systems are not looked at.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// A crate of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its folder, from the root.
    pub folder: String,
    /// What its manifest names.
    pub dependencies: Vec<Dependency>,
}

/// One line of a manifest's dependency tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The crate depended on.
    pub name: String,
    /// Whether only tests and benchmarks see it.
    pub dev: bool,
}

/// A crate of the resolved graph.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence, as it states it.
    #[serde(rename = "license")]
    pub licence: Option<String>,
    /// Where it comes from; `None` for a crate of the workspace.
    pub source: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Listed>,
    resolve: Option<Graph>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    manifest_path: String,
    dependencies: Vec<Named>,
    #[serde(flatten)]
    package: Package,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Graph {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
}

/// The crates of the workspace.
pub fn members() -> Result<Vec<Member>> {
    let root = format!("{}/", tree::root().display());
    let metadata = metadata(&["--no-deps"])?;
    Ok(metadata.packages.into_iter().map(|listed| member(listed, &root)).collect())
}

/// All crates the workspace is built from on this platform, for tests too.
pub fn packages() -> Result<Vec<Package>> {
    let metadata = metadata(&["--filter-platform", PLATFORM])?;
    let used: HashSet<String> = metadata
        .resolve
        .context("cargo metadata without a graph")?
        .nodes
        .into_iter()
        .map(|node| node.id)
        .collect();
    Ok(metadata
        .packages
        .into_iter()
        .filter(|listed| used.contains(&listed.id))
        .map(|listed| listed.package)
        .collect())
}

/// The names of the crates that are linked into a binary of the workspace.
pub fn linked(binary: &str) -> Result<BTreeSet<String>> {
    let tree = run(&[
        "tree", "-p", binary, "-e", "normal", "--target", PLATFORM, "--prefix", "none", "-f", "{p}",
    ])?;
    Ok(tree.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

fn member(listed: Listed, root: &str) -> Member {
    let folder =
        listed.manifest_path.trim_start_matches(root).trim_end_matches("/Cargo.toml").to_owned();
    let dependencies = listed.dependencies.into_iter();
    let dependencies = dependencies
        .map(|named| Dependency { name: named.name, dev: named.kind.as_deref() == Some("dev") });
    Member { name: listed.package.name, folder, dependencies: dependencies.collect() }
}

fn metadata(arguments: &[&str]) -> Result<Metadata> {
    let arguments = [&["metadata", "--format-version", "1"], arguments].concat();
    serde_json::from_str(&run(&arguments)?).context("reading cargo metadata")
}

fn run(arguments: &[&str]) -> Result<String> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = Command::new(cargo)
        .args(arguments)
        .args(["--offline", "--locked"])
        .current_dir(tree::root())
        .output()
        .context("running cargo")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo {arguments:?}: {complaint}");
    String::from_utf8(output.stdout).context("reading what cargo said")
}
