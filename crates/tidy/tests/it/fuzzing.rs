//! Each fuzz target runs in `make test-long`.

use anyhow::Result;
use tidy::tree;

use crate::assert_none;

fn target(file: &str) -> Option<&str> {
    let (_, name) = file.split_once("/fuzz_targets/")?;
    name.strip_suffix(".rs")
}

/// Whether the scripts run a target: they name it, or run whatever lies in the folder of targets.
fn runs(scripts: &str, name: &str) -> bool {
    scripts.contains("fuzz_targets/*") || is_named(scripts, name)
}

fn is_named(text: &str, name: &str) -> bool {
    text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '-'))
        .any(|word| word == name)
}

#[test]
fn each_target_is_run() -> Result<()> {
    let makefile = tree::read("Makefile")?;
    let mut scripts = makefile.clone();
    for script in
        tree::files_ending(&[".sh"])?.iter().filter(|script| makefile.contains(script.as_str()))
    {
        scripts.push_str(&tree::read(script)?);
    }
    let files = tree::files_ending(&[".rs"])?;
    let forgotten =
        files.iter().filter_map(|file| target(file)).filter(|name| !runs(&scripts, name));
    assert_none(
        &forgotten
            .map(|name| format!("Makefile: test-long does not run the fuzz target {name}"))
            .collect::<Vec<_>>(),
    );
    Ok(())
}

#[test]
fn targets_are_read_from_their_paths() {
    assert_eq!(target("crates/journal/fuzz/fuzz_targets/segment.rs"), Some("segment"));
    assert_eq!(target("crates/journal/src/segment.rs"), None);
    assert!(is_named("\tcargo fuzz run segment -- -runs=1", "segment"));
    assert!(!runs("\tcargo fuzz run segments", "segment"));
    assert!(runs("for target in crates/*/fuzz/fuzz_targets/*.rs", "segment"));
}
