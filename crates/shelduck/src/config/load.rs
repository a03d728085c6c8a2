//! Reading the file and the environment into a [`Config`], listing every
//! problem.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::external::CREDENTIALS_DIRECTORY;
use super::options::{Config, ENTRIES, Entry};
use super::setting::Raw;

/// The prefix of every environment variable.
pub(super) const PREFIX: &str = "SHELDUCK_";

/// A configuration and what was wrong with what was written.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    /// The configuration; options with problems have their default.
    pub(crate) config: Config,
    /// Every problem, in the order of the places they were found.
    pub(crate) problems: Vec<Problem>,
    /// The file that was read, if there was one.
    pub(crate) file: Option<PathBuf>,
    /// The folder of the service manager's credentials, if there is one.
    pub(crate) credentials: Option<PathBuf>,
    /// The options that were set, and where.
    pub(crate) set: Vec<Set>,
}

/// An option that was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Set {
    /// The option.
    pub(crate) path: &'static str,
    /// Where.
    pub(crate) place: Place,
}

/// Where an option was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the configuration file.
    File,
    /// In the environment.
    Environment,
    /// In a file of its own, which the environment names.
    ContentOf(PathBuf),
    /// In a credential of the service manager.
    Credential(PathBuf),
    /// By a command, which the environment names.
    Printed,
}

impl Place {
    /// Whether a variable says so.
    const fn is_by_variable(&self) -> bool {
        matches!(self, Self::Environment | Self::ContentOf(_) | Self::Printed)
    }
}

/// That everything was read before, and what it was.
pub(super) struct Again<'a> {
    pub(super) before: &'a Config,
}

/// Something written that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The option, the variable or the file.
    pub(crate) place: String,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.message)
    }
}

/// Reads the file (given, or `shelduck.toml` here when it exists), the credentials over it, then the environment.
pub(crate) fn load(
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
) -> Loaded {
    read(file, environment, None)
}

fn read(
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
    again: Option<&Again<'_>>,
) -> Loaded {
    let mut loaded = Loaded::from(Config::default());
    let default = Path::new("shelduck.toml");
    if let Some(path) = file.or_else(|| default.exists().then_some(default)) {
        loaded.file = Some(path.to_owned());
        loaded.read_file(path);
    }
    let is_ours = |name: &str| name.starts_with(PREFIX) || name == CREDENTIALS_DIRECTORY;
    let mut variables: BTreeMap<String, String> =
        environment.filter(|(name, _)| is_ours(name)).collect();
    if let Some(dir) = variables.remove(CREDENTIALS_DIRECTORY).filter(|dir| !dir.is_empty()) {
        loaded.read_credentials(Path::new(&dir));
    }
    for (name, text) in variables {
        loaded.read_variable(&name, text, again);
    }
    loaded
}

/// A configuration that nobody wrote: the demo's, and the one `shelduck init` writes.
impl From<Config> for Loaded {
    fn from(config: Config) -> Self {
        Self { config, problems: Vec::new(), file: None, credentials: None, set: Vec::new() }
    }
}

impl Loaded {
    /// Reads everything again, except what commands print: no command runs in a server that serves.
    pub(crate) fn again(&self, environment: impl Iterator<Item = (String, String)>) -> Self {
        read(self.file.as_deref(), environment, Some(&Again { before: &self.config }))
    }

    pub(super) fn problem(&mut self, place: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem { place: place.into(), message: message.into() });
    }

    fn read_file(&mut self, path: &Path) {
        let place = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => self.read_document(&place, &text),
            Err(error) => self.problem(place, format!("cannot be read: {error}")),
        }
    }

    /// Reads what stands in a file.
    pub(crate) fn read_document(&mut self, place: &str, text: &str) {
        match text.parse::<toml::Table>() {
            Ok(table) => self.read_table(&table, ""),
            // The message of the parser shows the line, which may hold a secret: only its place is repeated.
            Err(error) => {
                let line = error
                    .span()
                    .map_or(0, |span| text.get(..span.start).unwrap_or("").lines().count().max(1));
                self.problem(
                    place,
                    format!("is not valid TOML at line {line}: {}", error.message()),
                );
            }
        }
    }

    fn read_table(&mut self, table: &toml::Table, prefix: &str) {
        for (key, value) in table {
            let path = format!("{prefix}{key}");
            if let Some(entry) = ENTRIES.iter().find(|entry| entry.path == path) {
                self.set(entry, &path, Place::File, &Raw::Toml(value.clone()));
            } else if let toml::Value::Table(inner) = value
                && ENTRIES.iter().any(|entry| entry.path.starts_with(&format!("{path}.")))
            {
                self.read_table(inner, &format!("{path}."));
            } else {
                self.unknown(&path, &path);
            }
        }
    }

    fn read_variable(&mut self, name: &str, text: String, again: Option<&Again<'_>>) {
        let path = name.strip_prefix(PREFIX).unwrap_or(name).to_lowercase().replace("__", ".");
        let Some((entry, way)) = meaning(&path) else {
            return self.unknown(name, &path);
        };
        let is_set =
            self.set.iter().any(|set| set.path == entry.path && set.place.is_by_variable());
        if is_set {
            let message = format!("sets {}, and so does another variable; leave one", entry.path);
            return self.problem(name, message);
        }
        match way {
            Way::Value => self.set(entry, name, Place::Environment, &Raw::Text(text)),
            Way::Content => {
                let file = PathBuf::from(text);
                self.set_content(entry, name, &file, Place::ContentOf(file.clone()));
            }
            Way::Printed => self.set_printed(entry, name, &text, again),
        }
    }

    pub(super) fn set(&mut self, entry: &Entry, written: &str, place: Place, raw: &Raw) {
        match (entry.set)(&mut self.config, raw) {
            Ok(()) => self.set.push(Set { path: entry.path, place }),
            Err(message) => {
                self.problem(written, format!("the value {message}; it must be {}", entry.shape))
            }
        }
    }

    pub(super) fn unknown(&mut self, place: &str, path: &str) {
        let nearest = ENTRIES.iter().map(|entry| (distance(path, entry.path), entry.path)).min();
        let hint = match nearest {
            Some((distance, name)) if distance <= 4 => format!("; did you mean {name}?"),
            _ => "; `shelduck check --options` lists all options".to_owned(),
        };
        self.problem(place, format!("is no option{hint}"));
    }
}

/// How a variable gives an option its value.
enum Way {
    /// It is the value.
    Value,
    /// It names the file that holds the value.
    Content,
    /// It is the command that prints the value, which only a secret has.
    Printed,
}

/// What a variable is about, from its name in the form of a path.
fn meaning(path: &str) -> Option<(&'static Entry, Way)> {
    let entry = |path: &str| ENTRIES.iter().find(|entry| entry.path == path);
    if let Some(entry) = entry(path) {
        return Some((entry, Way::Value));
    }
    if let Some(entry) = path.strip_suffix("_file").and_then(entry) {
        return Some((entry, Way::Content));
    }
    let entry = path.strip_suffix("_command").and_then(entry)?;
    entry.secret.then_some((entry, Way::Printed))
}

/// The Levenshtein distance: how many letters have to change.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut previous = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(right.chars()) {
            let change = diagonal + usize::from(a != b);
            diagonal = *cell;
            previous = change.min(previous + 1).min(*cell + 1);
            *cell = previous;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(file: &str, environment: &[(&str, &str)]) -> Loaded {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("shelduck.toml");
        fs::write(&path, file).unwrap();
        load(
            Some(&path),
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let loaded = with(
            "[http]\nlisten = '127.0.0.1:1'\n[limits.categories]\nread = 7\n[http.tls]\nkey = 'k.pem'",
            &[
                ("SHELDUCK_HTTP__LISTEN", "127.0.0.1:2"),
                ("SHELDUCK_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,::1/128"),
                ("PATH", "x"),
            ],
        );
        assert_eq!(loaded.problems, []);
        assert_eq!(loaded.config.http.listen.port(), 2);
        assert_eq!(loaded.config.limits.read, 7);
        assert_eq!(loaded.config.server.trusted_proxies.len(), 2);
        assert_eq!(loaded.config.http.key, Some(PathBuf::from("k.pem")));
        assert_eq!(loaded.config.limits.write, 10);
    }

    #[test]
    fn all_problems_are_listed_at_once_with_the_nearest_name() {
        let loaded = with(
            "[http]\nlitsen = '1'\nconnections_max = 'many'\n[nonsense]\na = 1",
            &[
                ("SHELDUCK_LIMITS__MODE", "off"),
                ("SHELDUCK_SERVER__SECRET_FILE", "/does/not/exist"),
            ],
        );
        let text = loaded.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert_eq!(loaded.problems.len(), 5, "{text}");
        assert!(text.contains("http.litsen: is no option; did you mean http.listen?"), "{text}");
        assert!(text.contains("`many` is not a whole number"), "{text}");
        assert!(text.contains("one of `enforce` `shadow`"), "{text}");
    }

    #[test]
    fn a_broken_file_is_a_problem_that_shows_no_value() {
        let loaded = with("[server]\nsecret = 'hunter2hunter2", &[]);
        assert_eq!(loaded.problems.len(), 1);
        assert!(!loaded.problems[0].to_string().contains("hunter2"), "{}", loaded.problems[0]);
    }

    #[test]
    fn distance_counts_changed_letters() {
        assert_eq!(
            (distance("listen", "litsen"), distance("", "abc"), distance("same", "same")),
            (2, 3, 0)
        );
    }
}
