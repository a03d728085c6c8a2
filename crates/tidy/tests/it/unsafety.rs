//! `unsafe` stands in two modules only, and each use says why it is sound.

use anyhow::Result;
use tidy::tree;

use crate::assert_none;

/// The engine's interface and socket options, as the design allows.
const HOMES: &[&str] = &["crates/warehouse/src/ffi", "crates/probe/src/socket"];
/// How far above an `unsafe` its reason may begin.
const REASON_LINES_MAX: usize = 6;

const KEYWORD: &str = concat!("uns", "afe");

fn uses(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    ["{", "fn", "impl", "extern", "trait"]
        .iter()
        .any(|next| code.contains(&format!("{KEYWORD} {next}")))
}

fn lifts_the_lint(line: &str) -> bool {
    (line.contains("allow(") || line.contains("expect("))
        && line.contains(concat!("uns", "afe_code"))
}

fn violations(file: &str, code: &str) -> Vec<String> {
    let at_home = HOMES.iter().any(|home| file.starts_with(home));
    let lines: Vec<&str> = code.lines().collect();
    let mut findings = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let here = format!("{file}:{}", index + 1);
        if (uses(line) || lifts_the_lint(line)) && !at_home {
            findings.push(format!("{here}: {KEYWORD} code belongs in {}", HOMES.join(" or ")));
        }
        let mut above = lines.iter().take(index).skip(index.saturating_sub(REASON_LINES_MAX));
        if uses(line)
            && at_home
            && !above.any(|line| line.contains("// SAFETY:") || line.contains("# Safety"))
        {
            findings.push(format!("{here}: no SAFETY line above it"));
        }
    }
    findings
}

#[test]
fn it_is_at_home_and_explained() -> Result<()> {
    let mut findings = Vec::new();
    for file in tree::files_ending(&[".rs"])? {
        findings.extend(violations(&file, &tree::read(&file)?));
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn a_stray_and_an_unexplained_use_are_found() {
    let block = format!("    {KEYWORD} {{ call() }}");
    let explained = format!("    // SAFETY: the pointer lives as long as the connection.\n{block}");
    assert_eq!(violations("crates/web/src/event.rs", &explained).len(), 1);
    assert_eq!(
        violations("crates/web/src/event.rs", &format!("#![allow({KEYWORD}_code)]")).len(),
        1
    );
    assert_eq!(violations("crates/warehouse/src/ffi.rs", &block).len(), 1);
    assert_none(&violations("crates/warehouse/src/ffi.rs", &explained));
    assert_none(&violations("crates/web/src/event.rs", &format!("// never {KEYWORD} {{")));
}
