//! The alert rules ask for metrics and events that there are.

use anyhow::Result;
use tidy::tree;

use crate::assert_none;

const RULES: &str = "deploy/alerts.yml";

/// The words of the rules' expressions that must be in the sources: names of metrics, and what labels are compared with.
fn asked(rules: &str) -> Vec<String> {
    let mut words = Vec::new();
    for expression in rules.lines().filter_map(|line| line.trim().strip_prefix("expr: ")) {
        let parts = expression.split(|part: char| !(part.is_ascii_alphanumeric() || part == '_'));
        words.extend(parts.filter(|word| word.starts_with("shelduck_")).map(str::to_owned));
        for label in ["event=\"", "event=~\"", "mode=\""] {
            for values in expression.split(label).skip(1) {
                let values = values.split('"').next().unwrap_or_default();
                words.extend(values.split('|').map(str::to_owned));
            }
        }
    }
    words
}

#[test]
fn what_the_alerts_ask_for_is_there() -> Result<()> {
    let mut sources = String::new();
    for file in tree::files_ending(&[".rs"])? {
        if file.contains("/src/") {
            sources.push_str(&tree::read(&file)?);
        }
    }
    let words = asked(&tree::read(RULES)?);
    assert!(words.len() > 20, "the rules were not read: {words:?}");
    let missing: Vec<String> =
        words.into_iter().filter(|word| !sources.contains(&format!("\"{word}\""))).collect();
    assert_none(&missing);
    Ok(())
}

#[test]
fn a_name_in_an_expression_is_found() {
    let rules = "- alert: A\n  expr: sum(increase(shelduck_a_total{event=~\"b|c\"}[1m])) > 0\n";
    assert_eq!(asked(rules), ["shelduck_a_total", "b", "c"]);
}
