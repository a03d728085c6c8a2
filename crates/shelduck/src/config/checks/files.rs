//! Files and folders: who can read them, and whether we can.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use api::PostureItem;
use jiff::{SignedDuration, Timestamp};

use super::super::options::ENTRIES;
use super::super::{Config, Loaded, Place};
use super::Subject;
use super::reach::{is_open, is_open_in};
use crate::listen::certificate_end;
use crate::secret;

const DATA_DIR: Subject = Subject::new("data_dir", "The data folder is closed to others");
const CONFIG_FILE: Subject =
    Subject::new("config_file", "A configuration file with secrets is closed to others");
const SECRET_FILE: Subject =
    Subject::new("secret_file", "Files of secrets can be read by the server's user only");
const CERTIFICATE: Subject =
    Subject::new("tls_certificate", "The certificate can be read and has not ended");
const KEY: Subject = Subject::new("tls_key", "The certificate's key can be read by us only");
const GEOIP: Subject = Subject::new("geoip_database", "The city file can be read");

/// From when on a certificate's end is worth a warning.
const CERTIFICATE_WARNING: SignedDuration = SignedDuration::from_hours(21 * 24);

pub(super) fn data_dir(config: &Config) -> PostureItem {
    let dir = &config.server.data_dir;
    match fs::metadata(dir) {
        Err(_) => DATA_DIR.passed(format!("{} will be made at the first start", dir.display())),
        Ok(found) if !found.is_dir() => DATA_DIR.refused(
            format!("{} is not a folder", dir.display()),
            "name a folder in server.data_dir",
        ),
        Ok(found) if found.permissions().mode() & 0o007 != 0 => DATA_DIR.refused(
            format!("{} is open to everybody on this machine", dir.display()),
            format!("chmod 700 {}", dir.display()),
        ),
        Ok(_) => DATA_DIR.passed(format!("{} is not open to others", dir.display())),
    }
}

/// The configuration file is only worth protecting when it holds a secret.
pub(super) fn configuration(loaded: &Loaded) -> PostureItem {
    let Some(file) = &loaded.file else {
        return CONFIG_FILE.not_applicable("there is no configuration file");
    };
    let is_secret = |path: &str| ENTRIES.iter().any(|entry| entry.path == path && entry.secret);
    let held = loaded.set.iter().filter(|set| set.place == Place::File && is_secret(set.path));
    let held: Vec<&str> = held.map(|set| set.path).collect();
    if held.is_empty() {
        return CONFIG_FILE.passed(format!("{} holds no secret", file.display()));
    }
    if is_open(file) {
        return CONFIG_FILE.refused(
            format!("{} holds {} and can be read by others", file.display(), held.join(", ")),
            format!("chmod 600 {}", file.display()),
        );
    }
    CONFIG_FILE.passed(format!("{} can be read by its owner only", file.display()))
}

/// The root secret's own file, and those the environment names.
pub(super) fn of_secrets(loaded: &Loaded) -> Vec<PostureItem> {
    let own = secret::path(&loaded.config.server.data_dir);
    let named = loaded.set.iter().filter_map(|set| match &set.place {
        Place::ContentOf(path) | Place::Credential(path) => Some(path.clone()),
        Place::File | Place::Environment | Place::Printed => None,
    });
    let files: Vec<_> = named.chain([own]).filter(|path| path.exists()).collect();
    let judge = |path: &std::path::PathBuf| {
        if is_open_in(path, loaded.credentials.as_deref()) {
            SECRET_FILE.refused(
                format!("{} can be read by others", path.display()),
                format!("chmod 600 {}", path.display()),
            )
        } else {
            SECRET_FILE.passed(format!("{} can be read by its owner only", path.display()))
        }
    };
    files.iter().map(judge).collect()
}

pub(super) fn tls(loaded: &Loaded, now: Timestamp) -> Vec<PostureItem> {
    let http = &loaded.config.http;
    match (&http.certificate, &http.key) {
        (None, None) => Vec::new(),
        (Some(certificate_file), Some(key)) => {
            vec![certificate(certificate_file, now), private(key, loaded.credentials.as_deref())]
        }
        _ => vec![CERTIFICATE.refused(
            "http.tls.certificate and http.tls.key belong together, and only one is set",
            "set both, or neither",
        )],
    }
}

fn certificate(path: &Path, now: Timestamp) -> PostureItem {
    let place = path.display();
    let Some(end) = certificate_end(path) else {
        return CERTIFICATE
            .refused(format!("{place} is no certificate that can be read"), "write it as PEM");
    };
    let left = end.duration_since(now);
    if left.is_negative() {
        // Not refused: a new file is read while the server runs.
        return CERTIFICATE.warned(
            format!("{place} ended at {end}"),
            "renew it; the file is read again by itself",
        );
    }
    if left < CERTIFICATE_WARNING {
        let days = left.as_hours() / 24;
        return CERTIFICATE.warned(
            format!("{place} ends in {days} days, at {end}"),
            "renew it; the file is read again by itself",
        );
    }
    CERTIFICATE.passed(format!("{place} ends at {end}"))
}

fn readable(subject: Subject, path: &Path) -> PostureItem {
    match fs::File::open(path) {
        Ok(_) => subject.passed(format!("{} can be read", path.display())),
        Err(error) => subject.refused(
            format!("{} cannot be read: {error}", path.display()),
            "check the path and who may read it",
        ),
    }
}

fn private(path: &Path, credentials: Option<&Path>) -> PostureItem {
    if is_open_in(path, credentials) {
        return KEY.refused(
            format!("{} can be read by others", path.display()),
            format!("chmod 600 {}", path.display()),
        );
    }
    readable(KEY, path)
}

pub(super) fn geoip(config: &Config) -> Option<PostureItem> {
    config.web.geoip_database.as_ref().map(|path| readable(GEOIP, path))
}
