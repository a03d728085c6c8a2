//! The rules of the tree, one module each.

mod advisories;
mod alerts;
mod dependencies;
mod documents;
mod evidence;
mod fuzzing;
mod layers;
mod licences;
mod manifests;
mod module_docs;
mod npm;
mod sizes;
mod unsafety;
mod words;

/// Fails with all findings at once, so that one run is enough to repair them.
fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}
