//! The files of the tree: those git knows, or all where there is no git.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

/// Folders that hold what tools make, looked past where there is no git to say so.
const MADE: &[&str] = &[".git", "node_modules", "target", "dist", "build", "output"];

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root.pop();
    root
}

/// All files that are or could be committed, as paths from the root with `/` between.
pub fn files() -> Result<Vec<String>> {
    let mut files = match files_of_git() {
        Some(files) => files,
        None => walk(&root(), "")?,
    };
    files.retain(|file| root().join(file).is_file());
    files.sort();
    Ok(files)
}

/// The files whose name ends in one of `endings`.
pub fn files_ending(endings: &[&str]) -> Result<Vec<String>> {
    let mut files = files()?;
    files.retain(|file| endings.iter().any(|ending| file.ends_with(ending)));
    Ok(files)
}

/// The text of a file of the tree.
pub fn read(file: &str) -> Result<String> {
    fs::read_to_string(root().join(file)).with_context(|| format!("reading {file}"))
}

/// The text of a file, or `None` when it is not text.
pub fn read_text(file: &str) -> Result<Option<String>> {
    let bytes = fs::read(root().join(file)).with_context(|| format!("reading {file}"))?;
    Ok(String::from_utf8(bytes).ok())
}

fn files_of_git() -> Option<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    let names = String::from_utf8(output.stdout).ok()?;
    Some(names.split_terminator('\0').map(str::to_owned).collect())
}

fn walk(folder: &Path, prefix: &str) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_file() {
            files.push(path);
        } else if !MADE.contains(&name.as_str()) {
            files.extend(walk(&entry.path(), &format!("{path}/"))?);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_and_the_walk_agree_on_the_sources() {
        let rust = |mut files: Vec<String>| {
            files.retain(|file| file.starts_with("crates/tidy/"));
            files.sort();
            files
        };
        let walked = rust(walk(&root(), "").unwrap());
        assert!(walked.contains(&"crates/tidy/src/tree.rs".to_owned()));
        if let Some(known) = files_of_git() {
            assert_eq!(walked, rust(known));
        }
    }
}
