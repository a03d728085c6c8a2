//! What the server gives up at its start, and what it keeps.
//!
//! Kept are the data folder, to write in; the folders of the files that the configuration names, to read, because such files are
//! replaced while the server runs; what the libraries read of the system; the configured ports to listen on; and the ports of
//! what the configuration names to be called. [`enter`] takes away the rest before there is a second thread, [`seal`] takes away
//! programs, processes and listeners when all are there.
//!
//! # Deployment
//! A file that lies in `/` or `/etc` itself is kept without its folder: one that replaces it is read at the next start only.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use confine::{ConfineError, Extent, Rules};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::config::external::read_paths;
use crate::config::{Config, Loaded, Restrict};
use crate::output::note;

/// What libraries read (not all of /proc, where other processes of our user show their environment): how much memory and how many processors there are, time zones, themselves.
const SYSTEM: &[&str] = &[
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys/kernel/hostname",
    "/proc/sys/vm/overcommit_memory",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
    "/sys/kernel/mm/transparent_hugepage",
    "/dev/null",
    "/dev/random",
    "/dev/urandom",
    "/etc/localtime",
    "/etc/ld.so.cache",
    "/usr/share/zoneinfo",
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
];
/// What turns a name into an address, beside `/etc`.
const NAMES: &[&str] = &["/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager"];
/// What of it lies in `/etc`, for a server of root's, whose `/etc` holds more than others may read.
const NAMES_OF_ROOT: &[&str] = &[
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/services",
];
/// The system's authorities, which vouch for what is called with TLS.
const AUTHORITIES: &[&str] = &[
    "/etc/ca-certificates",
    "/etc/pki/ca-trust",
    "/etc/pki/tls",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
    "/usr/local/share/ca-certificates",
    "/usr/share/ca-certificates",
];
/// The variables that name other ones.
const AUTHORITIES_ELSEWHERE: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
/// What starts a program: our own binary names it, and the kernel runs it first.
const LOADERS: &[&str] = &["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
/// Folders that belong to everybody, and are not kept because of one file in them.
const SHARED: [&str; 2] = ["/", "/etc"];
/// Where names are asked for when an answer is too long for a datagram.
const NAMES_PORT: u16 = 53;

/// Gives up every file, port and foreign process that this configuration does not need; comes before there is a second thread.
///
/// # Errors
/// It must be, and cannot.
pub(crate) fn enter(config: &Config, rules: &Rules) -> Result<()> {
    if config.server.restrict == Restrict::Off {
        return Ok(());
    }
    judged(config, confine::enter(rules))
}

/// Gives up, in all threads, every system call that a server at work does not need; comes when everything is open.
///
/// # Errors
/// It must be, and cannot.
pub(crate) fn seal(config: &Config) -> Result<()> {
    if config.server.restrict == Restrict::Off {
        tracing::warn!("server.restrict is off: the server keeps rights that it does not need");
        return Ok(());
    }
    judged(config, confine::seal())?;
    let extent = confine::in_force().unwrap_or_default();
    if extent.is_whole() {
        tracing::info!(restricted = %extent, "the server gave up what it does not need");
        return Ok(());
    }
    if config.server.restrict == Restrict::Required {
        bail!("server.restrict is `required`, and this kernel restricts {extent}");
    }
    tracing::warn!(restricted = %extent, "this kernel does not take everything from the server that it could do without");
    Ok(())
}

fn judged(config: &Config, done: Result<Extent, ConfineError>) -> Result<()> {
    match done {
        Ok(_) => Ok(()),
        Err(error) if config.server.restrict == Restrict::Required => {
            Err(error).context("server.restrict")
        }
        // Not in the log, which needs threads and so begins between the two steps.
        Err(error) => {
            let error = anyhow::Error::from(error);
            note(&format!("warning: the server keeps rights that it does not need: {error:#}"));
            Ok(())
        }
    }
}

/// What this configuration needs, with its data in that folder.
pub(crate) fn rules(loaded: &Loaded, data_dir: &Path) -> Rules {
    let config = &loaded.config;
    let outward = Outward::of(config);
    let mut read: BTreeSet<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    read.extend(libraries());
    read.extend(read_paths(loaded).iter().flat_map(|file| around(file)));
    read.extend(outward.read());
    let programs = LOADERS.iter().map(PathBuf::from).chain(std::env::current_exe());
    Rules {
        read: read.into_iter().collect(),
        write: written(data_dir),
        execute: programs.collect(),
        empty: Vec::new(),
        bind: listeners(config),
        connect: outward.ports.into_iter().collect(),
    }
}

/// The data folder, and what links in it lead to: a part of the data on another disk. A running server makes no links.
fn written(data_dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(data_dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let linked =
        entries.filter(|path| path.is_symlink()).filter_map(|path| path.canonicalize().ok());
    [data_dir.to_owned(), "/dev/null".into()].into_iter().chain(linked).collect()
}

fn listeners(config: &Config) -> Vec<u16> {
    let addresses =
        [Some(config.http.listen), config.http.redirect_listen, Some(config.admin.listen)];
    addresses.into_iter().flatten().map(|address| address.port()).collect()
}

/// The folders of a file and of what it leads to, so that one of the same name can take its place.
fn around(file: &Path) -> Vec<PathBuf> {
    let places = [std::path::absolute(file).ok(), file.canonicalize().ok()];
    let folder = |place: PathBuf| match place.parent() {
        _ if place.is_dir() => place,
        Some(parent) if !SHARED.iter().any(|shared| Path::new(shared) == parent) => {
            parent.to_owned()
        }
        _ => place,
    };
    places.into_iter().flatten().map(folder).collect()
}

/// The files that this process runs of, which a process of its own would run of, too.
fn libraries() -> BTreeSet<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let path = |line: &str| line.find('/').and_then(|start| line.get(start..).map(PathBuf::from));
    maps.lines().filter_map(path).collect()
}

/// What the configuration wants called.
#[derive(Debug, Default)]
struct Outward {
    /// TCP ports.
    ports: BTreeSet<u16>,
    /// Whether somebody is called by name.
    by_name: bool,
    /// Whether the system's authorities vouch for somebody.
    vouched: bool,
}

impl Outward {
    fn of<'a>(config: &'a Config) -> Self {
        let secret = |url: &'a Option<SecretString>| url.as_ref().map(ExposeSecret::expose_secret);
        let called = [
            config.audit.syslog.as_deref(),
            secret(&config.scale.redis_url),
            secret(&config.sentry.dsn),
            config.http.orders_certificates().then_some(config.http.acme_directory.as_str()),
        ];
        let mut all = Self::default();
        called.into_iter().flatten().for_each(|text| all.add(text));
        all
    }

    /// What is no address is refused where it is used.
    fn add(&mut self, text: &str) {
        let Ok(url) = Url::parse(text) else { return };
        let default = match url.scheme() {
            "tcp" => 601,
            "tls" => 6514,
            "redis" | "rediss" => 6379,
            "http" => 80,
            "https" => 443,
            // Datagrams are not restricted, so only the name counts.
            "udp" => NAMES_PORT,
            _ => return,
        };
        if url.scheme() != "udp" {
            self.ports.insert(url.port().unwrap_or(default));
        }
        // Whoever speaks HTTP gets ready for both of its kinds.
        self.vouched |= matches!(url.scheme(), "rediss" | "http" | "https");
        let host = url.host_str().unwrap_or_default();
        if host.trim_matches(['[', ']']).parse::<IpAddr>().is_err() {
            self.by_name = true;
            self.ports.insert(NAMES_PORT);
        }
    }

    fn read(&self) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        if self.by_name {
            paths.extend(NAMES.iter().map(PathBuf::from));
            // Whoever renews /etc/resolv.conf puts another file in its place, so that the file alone is not enough.
            if rustix::process::geteuid().is_root() {
                paths.extend(NAMES_OF_ROOT.iter().map(PathBuf::from));
            } else {
                paths.push("/etc".into());
            }
        }
        if self.vouched {
            paths.extend(AUTHORITIES.iter().map(PathBuf::from));
            let elsewhere = AUTHORITIES_ELSEWHERE.into_iter().filter_map(std::env::var_os);
            paths.extend(elsewhere.map(PathBuf::from));
        }
        paths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(change: impl FnOnce(&mut Config)) -> Rules {
        let mut config = Config::default();
        change(&mut config);
        rules(&config.into(), Path::new("/srv/data"))
    }

    fn reads(rules: &Rules, path: &str) -> bool {
        rules.read.iter().any(|kept| Path::new(path).starts_with(kept))
    }

    #[test]
    fn the_defaults_write_in_the_data_folder_and_call_nobody() {
        let rules = of(|_| ());
        assert_eq!(rules.write, [Path::new("/srv/data"), Path::new("/dev/null")]);
        assert_eq!(rules.bind, [8080, 8081]);
        assert!(rules.connect.is_empty() && rules.empty.is_empty());
        for path in [
            "/etc/shadow",
            "/etc/passwd",
            "/etc/ssl/private/key.pem",
            "/proc/1",
            "/var/log",
            "/srv",
        ] {
            assert!(!reads(&rules, path), "{path}");
        }
        let own = std::env::current_exe().unwrap();
        assert!(rules.execute.contains(&own) && rules.read.contains(&own));
        assert!(rules.execute.len() == 1 + LOADERS.len());
    }

    #[test]
    fn the_folder_of_a_named_file_is_kept_and_that_of_what_it_leads_to() {
        let dir = tempfile::tempdir().unwrap();
        let (live, archive) = (dir.path().join("live"), dir.path().join("archive"));
        fs::create_dir(&live).unwrap();
        fs::create_dir(&archive).unwrap();
        fs::write(archive.join("chain1.pem"), "").unwrap();
        let chain = live.join("chain.pem");
        std::os::unix::fs::symlink("../archive/chain1.pem", &chain).unwrap();
        let rules = of(|config| config.http.certificate = Some(chain));
        let archive = archive.canonicalize().unwrap();
        assert!(rules.read.contains(&live) && rules.read.contains(&archive));
        let here = std::env::current_dir().unwrap();
        assert_eq!(around(Path::new("chain.pem")), [here]);
        assert_eq!(around(&archive), [archive.clone(), archive]);
    }

    #[test]
    fn a_part_of_the_data_may_lie_on_another_disk() {
        let (dir, disk) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(dir.path().join("file"), "").unwrap();
        std::os::unix::fs::symlink(disk.path(), dir.path().join("warehouse")).unwrap();
        let disk = disk.path().canonicalize().unwrap();
        assert_eq!(written(dir.path()), [dir.path(), Path::new("/dev/null"), &disk]);
    }

    #[test]
    fn a_shared_folder_is_not_kept_because_of_one_file() {
        for file in ["/etc/nothing-of-this-name.pem", "/nothing-of-this-name.pem"] {
            assert_eq!(around(Path::new(file)), [Path::new(file)]);
        }
    }

    #[test]
    fn what_is_called_is_kept_by_port() {
        let called = |syslog: &str, redis: &str| {
            of(|config| {
                config.audit.syslog = Some(syslog.to_owned());
                config.scale.redis_url = Some(redis.to_owned().into());
            })
        };
        let rules = called("tls://192.0.2.1", "redis://127.0.0.1:7000/0");
        assert_eq!(rules.connect, [6514, 7000]);
        assert!(!reads(&rules, "/etc/hosts"));
        let rules = called("tcp://log.example:700", "rediss://redis.example");
        assert_eq!(rules.connect, [53, 700, 6379]);
        assert!(reads(&rules, "/etc/hosts") && reads(&rules, "/etc/ssl/certs/one.pem"));
        let rules = of(|config| {
            config.http.acme_domains = vec!["stats.example".to_owned()];
            config.sentry.dsn = Some("https://key@sentry.example:9000/1".to_owned().into());
        });
        assert_eq!(rules.connect, [53, 443, 9000]);
        assert!(reads(&rules, "/etc/hosts") && reads(&rules, "/etc/ssl/certs/one.pem"));
        let rules = called("unix:///dev/log", "unix:///run/redis.sock");
        assert!(rules.connect.is_empty() && !reads(&rules, "/etc/hosts"));
        let rules = called("udp://[2001:db8::1]:514", "unix:///run/redis.sock");
        assert!(rules.connect.is_empty() && !reads(&rules, "/etc/hosts"));
        let rules = called("udp://log.example", "unix:///run/redis.sock");
        assert_eq!(rules.connect, [53]);
        assert!(reads(&rules, "/etc/resolv.conf"));
    }
}
