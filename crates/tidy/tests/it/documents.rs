//! The documents a newcomer reads say what they must.

use anyhow::Result;
use tidy::tree;

use crate::assert_none;

/// A file and what it has to hold.
const MUST_HOLD: &[(&str, &[&str])] = &[
    ("CHANGELOG.md", &["Unreleased"]),
    ("README.md", &["make demo", "make test"]),
    ("Makefile", &["demo:", "build:", "test:", "test-long:", "bench:", "lint:", "ui:"]),
    ("ARCHITECTURE.md", &["crates/"]),
    ("SECURITY.md", &["48 hours", "90 days", "high | a week"]),
    ("LICENSE-MIT", &[]),
    ("LICENSE-APACHE", &[]),
];

/// Addresses of links in Markdown that lead to files of the tree.
fn local_links(markdown: &str) -> Vec<&str> {
    let ends = markdown.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    ends.filter(|link| {
        !link.contains("://") && !link.starts_with('#') && !link.starts_with("mailto:")
    })
    .filter_map(|link| link.split('#').next())
    .collect()
}

#[test]
fn documents_say_what_they_must() -> Result<()> {
    let mut findings = Vec::new();
    for (file, words) in MUST_HOLD {
        match tree::read(file) {
            Err(_) => findings.push(format!("{file} is missing")),
            Ok(text) => findings.extend(
                words
                    .iter()
                    .filter(|word| !text.contains(**word))
                    .map(|word| format!("{file} does not say `{word}`")),
            ),
        }
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn links_in_documents_lead_somewhere() -> Result<()> {
    let mut findings = Vec::new();
    for file in tree::files_ending(&[".md"])? {
        let text = tree::read(&file)?;
        let folder =
            tree::root().join(&file).parent().map(std::path::Path::to_path_buf).unwrap_or_default();
        for link in local_links(&text) {
            if !folder.join(link).exists() {
                findings.push(format!("{file}: {link} leads nowhere"));
            }
        }
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn local_links_are_told_from_others() {
    let text = "[a](docs/a.md) [b](https://example.com/) ![c](docs/c.png \"title\") [d](#here) [e](e.md#part)";
    assert_eq!(local_links(text), ["docs/a.md", "docs/c.png", "e.md"]);
}
