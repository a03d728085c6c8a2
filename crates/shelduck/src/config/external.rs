//! Values that stand neither in the file nor in the environment: files of their
//! own, credentials of the service manager, and what commands print.
//!
//! A credential is the file `$CREDENTIALS_DIRECTORY/shelduck.SECTION.KEY`, the option's name as in the configuration file with
//! `shelduck.` before it. The prefix is systemd's manner (`ImportCredential=shelduck.*`), and tells ours from those of others.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use super::load::{Again, Loaded, Place};
use super::options::{ENTRIES, Entry};
use super::printed;
use super::setting::Raw;

/// The variable by which a service manager names the folder of credentials.
pub(super) const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
const CREDENTIAL_PREFIX: &str = "shelduck.";
/// Most bytes of a value in a file of its own.
const VALUE_BYTES_MAX: u64 = 1 << 20;

/// Every file and folder that the configuration names to be read, now and again while the server runs.
///
/// Files are replaced by others of the same name: who restricts what the process may read allows the folders they are in. The
/// data folder is not among them.
pub(crate) fn read_paths(loaded: &Loaded) -> Vec<PathBuf> {
    let of_options = ENTRIES.iter().filter_map(|entry| (entry.named_file)(&loaded.config));
    let of_values = loaded.set.iter().filter_map(|set| match &set.place {
        Place::ContentOf(path) | Place::Credential(path) => Some(path.as_path()),
        Place::File | Place::Environment | Place::Printed => None,
    });
    let others = loaded.file.as_deref().into_iter().chain(loaded.credentials.as_deref());
    let mut paths: Vec<PathBuf> =
        others.chain(of_values).chain(of_options).map(Path::to_owned).collect();
    paths.retain(|path| *path != loaded.config.server.data_dir);
    paths.sort();
    paths.dedup();
    paths
}

/// What is in the file, in one piece of memory that is wiped.
fn value_of(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    File::open(path)?.take(VALUE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > VALUE_BYTES_MAX {
        return Err(io::Error::other(format!("it has more than {VALUE_BYTES_MAX} bytes")));
    }
    Ok(text)
}

impl Loaded {
    /// Takes the value from the content of a file.
    pub(super) fn set_content(&mut self, entry: &Entry, written: &str, path: &Path, place: Place) {
        let text = match value_of(path) {
            Ok(text) => text,
            Err(error) => {
                let message =
                    format!("names the file {}, which cannot be read: {error}", path.display());
                return self.problem(written, message);
            }
        };
        // Else another secret would be made, or none used, because somebody's writing of the file failed.
        if entry.secret && text.trim().is_empty() {
            let message = format!("names the file {}, which is empty", path.display());
            return self.problem(written, message);
        }
        self.set(entry, written, place, &Raw::Text(text.to_string()));
    }

    /// Takes the value from what a command prints; when everything is read again, from before.
    pub(super) fn set_printed(
        &mut self,
        entry: &Entry,
        written: &str,
        command: &str,
        again: Option<&Again<'_>>,
    ) {
        if let Some(again) = again {
            if let Some(text) = (entry.secret_value)(again.before) {
                self.set(entry, written, Place::Printed, &Raw::Text(text.to_owned()));
            }
            return;
        }
        match printed::secret(command) {
            Ok(text) => self.set(entry, written, Place::Printed, &Raw::Text(text.to_string())),
            Err(error) => self.problem(written, format!("the command {error}")),
        }
    }

    /// Takes every credential whose name says that it is ours.
    pub(super) fn read_credentials(&mut self, dir: &Path) {
        let found = match dir.read_dir().and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(found) => found,
            // The variable names a folder that this unit has no credentials in.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => {
                let message =
                    format!("names the folder {}, which cannot be read: {error}", dir.display());
                return self.problem(CREDENTIALS_DIRECTORY, message);
            }
        };
        self.credentials = Some(dir.to_owned());
        let mut paths: Vec<PathBuf> = found.into_iter().map(|item| item.path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(option) = name.strip_prefix(CREDENTIAL_PREFIX) else { continue };
            match ENTRIES.iter().find(|entry| entry.path == option) {
                Some(entry) => {
                    let place = Place::Credential(path.clone());
                    self.set_content(entry, name, &path, place);
                }
                None => self.unknown(name, option),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use secrecy::ExposeSecret;

    use super::super::load::load;
    use super::*;

    const SECRET: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

    fn with(dir: &Path, environment: &[(&str, &str)]) -> Loaded {
        let file = dir.join("shelduck.toml");
        fs::write(&file, "[server]\nsecret = 'of the file'\n").unwrap();
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        load(Some(&file), environment.iter().map(own))
    }

    fn secret(loaded: &Loaded) -> Option<&str> {
        loaded.config.server.secret.as_ref().map(ExposeSecret::expose_secret)
    }

    #[test]
    fn a_credential_is_named_as_its_option_and_stands_between_file_and_environment() {
        let dir = tempfile::tempdir().unwrap();
        let credentials = dir.path().join("credentials");
        fs::create_dir(&credentials).unwrap();
        fs::write(credentials.join("shelduck.server.secret"), format!("{SECRET}\n")).unwrap();
        fs::write(credentials.join("somebody.elses"), "x").unwrap();
        let place = credentials.display().to_string();
        let loaded = with(dir.path(), &[(CREDENTIALS_DIRECTORY, &place)]);
        assert_eq!((loaded.problems.as_slice(), secret(&loaded)), (&[][..], Some(SECRET)));
        let own = credentials.join("shelduck.server.secret");
        assert_eq!(loaded.set.last().map(|set| &set.place), Some(&Place::Credential(own.clone())));
        let environment =
            [(CREDENTIALS_DIRECTORY, place.as_str()), ("SHELDUCK_SERVER__SECRET", "here")];
        assert_eq!(secret(&with(dir.path(), &environment)), Some("here"));
        fs::write(credentials.join("shelduck.server.secrte"), "x").unwrap();
        fs::write(own, "").unwrap();
        let wrong = with(dir.path(), &[(CREDENTIALS_DIRECTORY, &place)]).problems;
        let text = wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert_eq!(wrong.len(), 2, "{text}");
        assert!(text.contains("secret, which is empty"), "{text}");
        assert!(text.contains("secrte: is no option; did you mean server.secret?"), "{text}");
    }

    #[test]
    fn a_unit_without_credentials_has_none() {
        let dir = tempfile::tempdir().unwrap();
        let nowhere = dir.path().join("nowhere").display().to_string();
        for place in ["", &nowhere] {
            let loaded = with(dir.path(), &[(CREDENTIALS_DIRECTORY, place)]);
            assert_eq!((loaded.problems.len(), loaded.credentials), (0, None));
        }
    }

    #[test]
    fn only_a_secret_is_printed_by_a_command_and_only_once() {
        let dir = tempfile::tempdir().unwrap();
        let count = dir.path().join("count");
        let script = format!("echo x >> {}; echo {SECRET}", count.display());
        let command = serde_json::json!(["/bin/sh", "-c", script]).to_string();
        let environment = [("SHELDUCK_SERVER__SECRET_COMMAND", command.as_str())];
        let loaded = with(dir.path(), &environment);
        assert_eq!((loaded.problems.as_slice(), secret(&loaded)), (&[][..], Some(SECRET)));
        assert_eq!(loaded.set.last().map(|set| &set.place), Some(&Place::Printed));
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let again = loaded.again(environment.iter().map(own));
        assert_eq!((again.problems.len(), secret(&again)), (0, Some(SECRET)));
        assert_eq!(fs::read_to_string(&count).unwrap(), "x\n", "it ran a second time");
        for (name, told) in [
            ("SHELDUCK_HTTP__LISTEN_COMMAND", "is no option"),
            ("SHELDUCK_SERVER__SECRET_COMMAND", "the command must begin with the whole path"),
        ] {
            let problems = with(dir.path(), &[(name, "echo 127.0.0.1:1")]).problems;
            assert_eq!(problems.len(), 1, "{name}");
            assert!(problems[0].to_string().contains(told), "{}", problems[0]);
        }
    }

    #[test]
    fn two_variables_for_one_option_are_a_problem_and_so_is_an_empty_file() {
        let dir = tempfile::tempdir().unwrap();
        let empty = dir.path().join("empty");
        fs::write(&empty, " \n").unwrap();
        let empty = empty.display().to_string();
        let told = |environment: &[(&str, &str)]| {
            let problems = with(dir.path(), environment).problems;
            assert_eq!(problems.len(), 1, "{problems:?}");
            problems[0].to_string()
        };
        let two = [("SHELDUCK_SERVER__SECRET", SECRET), ("SHELDUCK_SERVER__SECRET_FILE", "x")];
        assert!(told(&two).contains("sets server.secret, and so does another variable"));
        assert!(told(&[("SHELDUCK_SERVER__SECRET_FILE", &empty)]).contains("which is empty"));
        let long = dir.path().join("long");
        fs::write(&long, vec![b'a'; 1 + (1 << 20)]).unwrap();
        let long = long.display().to_string();
        assert!(told(&[("SHELDUCK_SERVER__SECRET_FILE", &long)]).contains("has more than"));
        fs::write(&long, vec![b'a'; 1 << 20]).unwrap();
        assert_eq!(with(dir.path(), &[("SHELDUCK_SERVER__SECRET_FILE", &long)]).problems, []);
    }

    #[test]
    fn what_the_configuration_names_to_be_read_is_listed() {
        let dir = tempfile::tempdir().unwrap();
        let secret = dir.path().join("secret");
        fs::write(&secret, SECRET).unwrap();
        let credentials = dir.path().join("credentials");
        fs::create_dir(&credentials).unwrap();
        fs::write(credentials.join("shelduck.server.previous_secret"), SECRET).unwrap();
        let loaded = with(
            dir.path(),
            &[
                (CREDENTIALS_DIRECTORY, &credentials.display().to_string()),
                ("SHELDUCK_SERVER__SECRET_FILE", &secret.display().to_string()),
                ("SHELDUCK_HTTP__TLS__KEY", "/etc/shelduck/key.pem"),
                ("SHELDUCK_WEB__GEOIP_DATABASE", "/var/lib/geoip/city.mmdb"),
            ],
        );
        let expected: std::collections::BTreeSet<PathBuf> = [
            dir.path().join("shelduck.toml"),
            credentials.join("shelduck.server.previous_secret"),
            credentials,
            secret,
            "/etc/shelduck/key.pem".into(),
            "/var/lib/geoip/city.mmdb".into(),
        ]
        .into();
        assert_eq!(read_paths(&loaded), expected.into_iter().collect::<Vec<_>>());
    }
}
