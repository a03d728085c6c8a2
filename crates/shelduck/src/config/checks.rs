//! Whether a configuration is safe to serve with: the operator's checklist,
//! run by `shelduck check` and before every start.
//!
//! Each check looks at one thing and answers in plain words; none stops the others. What could harm visitors or the machine
//! refuses the start, what is merely unusual warns.

mod listeners;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use gate::password::BreachedFile;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use url::Url;

use super::{Config, Loaded};

/// The outcome of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// As it should be.
    Passed,
    /// Unusual; the server starts.
    Warned,
    /// Unsafe or unusable; the server does not start.
    Refused,
}

/// One line of the report.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Check {
    /// A stable name.
    pub(crate) id: &'static str,
    /// The outcome.
    pub(crate) verdict: Verdict,
    /// What was found and, unless it passed, what to do.
    pub(crate) message: String,
}

impl Check {
    fn new(id: &'static str, verdict: Verdict, message: impl Into<String>) -> Self {
        Self { id, verdict, message: message.into() }
    }

    fn passed(id: &'static str, message: impl Into<String>) -> Self {
        Self::new(id, Verdict::Passed, message)
    }

    fn refused(id: &'static str, message: impl Into<String>) -> Self {
        Self::new(id, Verdict::Refused, message)
    }
}

/// Runs every check.
pub(crate) fn run(loaded: &Loaded, now: Timestamp) -> Vec<Check> {
    let config = &loaded.config;
    let mut checks: Vec<Check> = loaded
        .problems
        .iter()
        .map(|problem| Check::refused("config", problem.to_string()))
        .collect();
    if checks.is_empty() {
        let place = loaded
            .file
            .as_ref()
            .map_or_else(|| "no file".to_owned(), |file| file.display().to_string());
        checks.push(Check::passed(
            "config",
            format!("every option is known and valid ({place}, then the environment)"),
        ));
    }
    checks.extend([
        data_dir(config),
        root_secret(config),
        http_exposure(config),
        admin_exposure(config),
        public_url(config),
        trusted_proxies(config),
        passwords(config),
        limits(config),
        engine(config),
        clock(now),
    ]);
    checks.extend(listeners::run(config));
    checks.extend(tls_files(config));
    checks.extend(password_rules(config));
    checks.extend(cors(config));
    checks.extend(geoip(config));
    checks.extend(not_served_yet(loaded));
    checks
}

/// Whether the server may start.
pub(crate) fn may_start(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.verdict != Verdict::Refused)
}

fn data_dir(config: &Config) -> Check {
    let dir = &config.server.data_dir;
    match fs::metadata(dir) {
        Err(_) => {
            Check::passed("data_dir", format!("{} will be made at the first start", dir.display()))
        }
        Ok(found) if !found.is_dir() => {
            Check::refused("data_dir", format!("{} is not a folder", dir.display()))
        }
        Ok(found) if found.permissions().mode() & 0o007 != 0 => Check::refused(
            "data_dir",
            format!("{0} is open to everybody on this machine; run: chmod 700 {0}", dir.display()),
        ),
        Ok(_) => Check::passed("data_dir", format!("{} is not open to others", dir.display())),
    }
}

fn root_secret(config: &Config) -> Check {
    let path = config.server.data_dir.join("secret");
    let (secret, place) = match &config.server.secret {
        Some(secret) => (secret.clone(), "server.secret".to_owned()),
        None => match fs::read_to_string(&path) {
            Ok(text) => {
                let open =
                    fs::metadata(&path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
                if open {
                    let message =
                        format!("{0} can be read by others; run: chmod 600 {0}", path.display());
                    return Check::refused("secret", message);
                }
                (SecretString::from(text.trim().to_owned()), path.display().to_string())
            }
            Err(_) => {
                return Check::passed(
                    "secret",
                    "one is made at the first start and kept in the data folder",
                );
            }
        },
    };
    match weakness(secret.expose_secret()) {
        None => Check::passed("secret", format!("the root secret ({place}) is long and random")),
        Some(weakness) => Check::refused(
            "secret",
            format!("the root secret ({place}) {weakness}; `shelduck secret` makes one"),
        ),
    }
}

/// What is wrong with a root secret.
pub(crate) fn weakness(secret: &str) -> Option<&'static str> {
    if secret.len() != 64 || !secret.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some("is not 64 hexadecimal digits");
    }
    let different = secret.bytes().collect::<std::collections::HashSet<_>>().len();
    let (left, right) = secret.split_at(32);
    (different < 8 || left == right).then_some("is not random")
}

fn http_exposure(config: &Config) -> Check {
    let listen = config.http.listen;
    if listen.ip().is_loopback() {
        return Check::passed(
            "http_exposure",
            format!("{listen} is only reachable from this machine"),
        );
    }
    if config.http.certificate.is_some() {
        return Check::passed("http_exposure", format!("{listen} speaks TLS"));
    }
    if !config.server.trusted_proxies.is_empty() {
        let message = format!(
            "{listen} speaks plain HTTP, for the proxies of server.trusted_proxies, which must speak TLS"
        );
        return Check::passed("http_exposure", message);
    }
    Check::refused(
        "http_exposure",
        format!(
            "{listen} is reachable from elsewhere without TLS; set http.tls.certificate and http.tls.key, or name the proxy in \
             front in server.trusted_proxies, or listen on 127.0.0.1"
        ),
    )
}

fn admin_exposure(config: &Config) -> Check {
    let listen = config.admin.listen;
    let private = match listen.ip() {
        std::net::IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        std::net::IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    };
    if private {
        Check::passed("admin_exposure", format!("{listen} is not reachable from the internet"))
    } else {
        Check::refused(
            "admin_exposure",
            format!("admin.listen {listen} could be reached from the internet; use 127.0.0.1:8081"),
        )
    }
}

fn public_url(config: &Config) -> Check {
    let Some(text) = &config.server.public_url else {
        return if config.server.trusted_proxies.is_empty() {
            Check::passed("public_url", "not set: the address of the listener")
        } else {
            Check::refused(
                "public_url",
                "there is a proxy in front: set server.public_url to the address people use",
            )
        };
    };
    match Url::parse(text) {
        Ok(url) if url.path() != "/" || url.query().is_some() || url.host().is_none() => {
            Check::refused(
                "public_url",
                format!("{text} must be scheme and host alone, like https://stats.example.com"),
            )
        }
        Ok(url) if url.scheme() == "https" => {
            Check::passed("public_url", format!("{text} is HTTPS"))
        }
        Ok(url) if url.scheme() == "http" && is_loopback(&url) => {
            Check::passed("public_url", format!("{text} is only for this machine"))
        }
        _ => Check::refused("public_url", format!("{text} is not an https:// address")),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn trusted_proxies(config: &Config) -> Check {
    match config.server.trusted_proxies.iter().find(|network| network.prefix_len() == 0) {
        Some(network) => Check::refused(
            "trusted_proxies",
            format!(
                "{network} is everybody: anyone could claim any address; name the proxy's own network"
            ),
        ),
        None => Check::passed(
            "trusted_proxies",
            format!("{} networks", config.server.trusted_proxies.len()),
        ),
    }
}

fn passwords(config: &Config) -> Check {
    let auth = &config.auth;
    if auth.memory.0 < 19 << 20 || auth.memory.0 > 4 << 30 {
        return Check::refused("passwords", "auth.passwords.memory must be from 19MiB to 4GiB");
    }
    if auth.iterations < 2 {
        return Check::refused("passwords", "auth.passwords.iterations must be at least 2");
    }
    if !(15..=128).contains(&auth.length_min) {
        return Check::refused("passwords", "auth.passwords.length_min must be from 15 to 128");
    }
    if auth.attempts == 0 || auth.address_attempts == 0 || auth.duration.is_zero() {
        return Check::refused(
            "passwords",
            "the lockout cannot be switched off: its numbers must be above 0",
        );
    }
    if auth.idle.is_zero() || auth.absolute < auth.idle {
        return Check::refused(
            "passwords",
            "auth.sessions.absolute must not be shorter than auth.sessions.idle",
        );
    }
    Check::passed("passwords", "hashes, lockout and sessions are at least as strict as the floor")
}

/// What makes passwords worse than they could be, and the list that makes them better.
fn password_rules(config: &Config) -> Vec<Check> {
    let auth = &config.auth;
    let warned = |id, message| Check::new(id, Verdict::Warned, message);
    let mut checks = Vec::new();
    if auth.composition {
        checks.push(warned(
            "password_composition",
            "auth.passwords.composition is on: NIST SP 800-63B-4 and ASVS 6.2.5 advise against it, because people then choose \
             weaker ones; length, the list of known passwords and the estimate of strength are always checked",
        ));
    }
    if auth.expiry_days > 0 {
        checks.push(warned(
            "password_expiry",
            "auth.passwords.expiry_days is set: NIST SP 800-63B-4 and ASVS 6.2.10 advise against it; after a leak use \
             `shelduck user reset-link` or have passwords changed instead",
        ));
    }
    if !(1..=24).contains(&auth.history) {
        checks.push(Check::refused(
            "password_history",
            "auth.passwords.history must be from 1 to 24",
        ));
    }
    checks.extend(auth.breached_file.as_ref().map(|path| match BreachedFile::open(path) {
        Ok(_) => {
            Check::passed("breached_file", format!("{} is a sorted list of hashes", path.display()))
        }
        Err(error) => {
            Check::refused("breached_file", format!("{} cannot be used: {error}", path.display()))
        }
    }));
    checks
}

fn limits(config: &Config) -> Check {
    let limits = &config.limits;
    let all = [
        limits.read,
        limits.query,
        limits.write,
        limits.auth,
        limits.monitoring,
        limits.ingest,
        limits.other,
    ];
    if all.contains(&0) {
        return Check::refused(
            "limits",
            "a limit of 0 would refuse everything; set limits.categories.* above 0",
        );
    }
    match limits.mode {
        super::LimitsMode::Enforce => Check::passed("limits", "enforced"),
        super::LimitsMode::Shadow => Check::new(
            "limits",
            Verdict::Warned,
            "limits.mode is `shadow`: nothing is refused, only counted",
        ),
    }
}

fn engine(config: &Config) -> Check {
    let query = &config.query;
    if query.memory.0 < 128 << 20
        || query.threads == 0
        || query.concurrency == 0
        || query.timeout.is_zero()
    {
        return Check::refused(
            "engine",
            "query.memory must be at least 128MiB, the other numbers above 0",
        );
    }
    if config.web.journal_queue.0 < 1 << 20
        || config.web.batch_interval.is_zero()
        || config.web.range_days_max == 0
    {
        return Check::refused(
            "engine",
            "web.journal_queue must be at least 1MiB, the other numbers above 0",
        );
    }
    Check::passed("engine", "memory, threads and queues have bounds")
}

/// A clock that runs behind would make expired things valid again.
fn clock(now: Timestamp) -> Check {
    match env!("SHELDUCK_BUILT_AT").parse::<i64>().map(Timestamp::from_second) {
        Ok(Ok(built)) if now < built => Check::refused(
            "clock",
            format!("the clock says {now}, before this program was built ({built}); set the clock"),
        ),
        _ => Check::passed("clock", "the clock runs after the time this program was built"),
    }
}

fn tls_files(config: &Config) -> Vec<Check> {
    match (&config.http.certificate, &config.http.key) {
        (None, None) => Vec::new(),
        (Some(certificate), Some(key)) => {
            vec![readable("tls_certificate", certificate), private("tls_key", key)]
        }
        _ => vec![Check::refused(
            "tls_certificate",
            "http.tls.certificate and http.tls.key belong together; set both",
        )],
    }
}

fn readable(id: &'static str, path: &Path) -> Check {
    match fs::File::open(path) {
        Ok(_) => Check::passed(id, format!("{} can be read", path.display())),
        Err(error) => Check::refused(id, format!("{} cannot be read: {error}", path.display())),
    }
}

fn private(id: &'static str, path: &Path) -> Check {
    match fs::metadata(path) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => Check::refused(
            id,
            format!("{0} can be read by others; run: chmod 600 {0}", path.display()),
        ),
        _ => readable(id, path),
    }
}

fn cors(config: &Config) -> Vec<Check> {
    let wrong = |origin: &String| {
        let exact = Url::parse(origin).is_ok_and(|url| {
            matches!(url.scheme(), "https" | "http")
                && url.origin().ascii_serialization() == *origin
                && !origin.contains('*')
        });
        (!exact).then(|| {
            Check::refused(
                "cors",
                format!("`{origin}` is not an exact origin like https://app.example.com; wildcards and `null` are refused"),
            )
        })
    };
    config.cors.api_origins.iter().filter_map(wrong).collect()
}

fn geoip(config: &Config) -> Option<Check> {
    config.web.geoip_database.as_ref().map(|path| readable("geoip_database", path))
}

fn not_served_yet(loaded: &Loaded) -> Option<Check> {
    let early: Vec<&str> = loaded
        .set
        .iter()
        .filter(|path| path.starts_with("mysql.") || path.starts_with("agents."))
        .copied()
        .collect();
    (!early.is_empty()).then(|| {
        Check::new(
            "not_served_yet",
            Verdict::Warned,
            format!("{} has no effect in this version", early.join(", ")),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut Config)) -> Vec<(&'static str, Verdict)> {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.server.data_dir = dir.path().join("data");
        change(&mut config);
        let loaded = Loaded { config, problems: Vec::new(), file: None, set: Vec::new() };
        run(&loaded, Timestamp::now())
            .into_iter()
            .filter(|check| check.verdict != Verdict::Passed)
            .map(|check| (check.id, check.verdict))
            .collect()
    }

    #[test]
    fn the_defaults_pass() {
        assert_eq!(check(|_| {}), []);
    }

    #[test]
    fn each_unsafe_setting_is_refused_by_its_check() {
        let refused = |id| [(id, Verdict::Refused)];
        assert_eq!(
            check(|config| config.http.listen = "0.0.0.0:80".parse().unwrap()),
            refused("http_exposure")
        );
        assert_eq!(
            check(|config| config.admin.listen = "0.0.0.0:81".parse().unwrap()),
            refused("admin_exposure")
        );
        assert_eq!(
            check(|config| config.server.public_url = Some("http://example.com".into())),
            refused("public_url")
        );
        assert_eq!(
            check(|config| config.server.public_url = Some("https://example.com/a".into())),
            refused("public_url")
        );
        assert_eq!(
            check(|config| config.server.secret = Some("changeme".to_owned().into())),
            refused("secret")
        );
        assert_eq!(
            check(|config| config.server.secret = Some("a1".repeat(32).into())),
            refused("secret")
        );
        assert_eq!(check(|config| config.auth.attempts = 0), refused("passwords"));
        assert_eq!(check(|config| config.auth.length_min = 8), refused("passwords"));
        assert_eq!(check(|config| config.auth.history = 0), refused("password_history"));
        assert_eq!(check(|config| config.auth.history = 25), refused("password_history"));
        assert_eq!(
            check(|config| config.auth.breached_file = Some("nothing-here".into())),
            refused("breached_file")
        );
        assert_eq!(check(|config| config.limits.auth = 0), refused("limits"));
        assert_eq!(check(|config| config.query.threads = 0), refused("engine"));
        assert_eq!(
            check(|config| config.http.key = Some("k.pem".into())),
            refused("tls_certificate")
        );
        for origin in [
            "*",
            "null",
            "https://*.example.com",
            "https://example.com/",
            "example.com",
            "HTTPS://example.com",
        ] {
            assert_eq!(
                check(|config| config.cors.api_origins = vec![origin.into()]),
                refused("cors"),
                "{origin}"
            );
        }
        let everyone = check(|config| {
            config.server.trusted_proxies = vec!["0.0.0.0/0".parse().unwrap()];
            config.server.public_url = Some("https://example.com".into());
        });
        assert_eq!(everyone, refused("trusted_proxies"));
    }

    #[test]
    fn rules_that_make_passwords_worse_are_warned_of() {
        let warned = |id| [(id, Verdict::Warned)];
        assert_eq!(check(|config| config.auth.composition = true), warned("password_composition"));
        assert_eq!(check(|config| config.auth.expiry_days = 90), warned("password_expiry"));
    }

    #[test]
    fn a_clock_before_the_build_is_refused() {
        assert_eq!(clock(Timestamp::UNIX_EPOCH).verdict, Verdict::Refused);
    }
}
