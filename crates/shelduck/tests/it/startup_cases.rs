//! The table of configurations that the startup check speaks about.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Result;

/// A configuration that breaks one condition.
pub(crate) struct Case {
    /// The condition.
    pub(crate) id: &'static str,
    /// What is wrong.
    pub(crate) title: &'static str,
    /// The configuration file; without text there is none.
    pub(crate) file: &'static str,
    /// Variables of the environment.
    pub(crate) environment: &'static [(&'static str, &'static str)],
    /// What has to be in the folder.
    pub(crate) prepare: fn(&Path) -> Result<()>,
}

impl Case {
    /// A configuration file that breaks one condition.
    pub(crate) const fn file(id: &'static str, title: &'static str, file: &'static str) -> Self {
        Self { id, title, file, environment: &[], prepare: |_| Ok(()) }
    }

    /// With that in the folder.
    const fn beside(self, prepare: fn(&Path) -> Result<()>) -> Self {
        Self { prepare, ..self }
    }

    /// With those variables.
    const fn with(self, environment: &'static [(&'static str, &'static str)]) -> Self {
        Self { environment, ..self }
    }
}

/// Conditions that no configuration of this version and no folder can break, and what shows them instead.
pub(crate) const ELSEWHERE: &[(&str, &str)] = &[
    ("clock", "the machine's clock is not a test's: checks/tests.rs"),
    ("restriction_kernel", "the machine's kernel is not a test's: checks/restriction.rs"),
];

/// What the four documents before us, and the code they describe, show as a secret or fall back to.
pub(crate) const PUBLISHED: &[(&str, &[&str])] = &[
    (
        "Duckling",
        &[
            "DUCKLING_API_KEY",
            "SESSION_SECRET",
            "JWT_SECRET",
            "ADMIN_PASSWORD",
            "duckling",
            "default",
        ],
    ),
    ("Mallard Metrics", &["mallard-metrics-salt"]),
    (
        "WaddlePerf",
        &[
            "dev_root_password",
            "dev_password",
            "dev-secret-key-change-in-production",
            "dev-jwt-secret-change-in-production",
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "admin123",
        ],
    ),
    ("DRACO METRIC", &["your-key-here-min-32-chars-long-abcdef"]),
];

/// A root secret as good as one that was drawn for the occasion.
const RANDOM: &str = "5f1c0a9be27d4468a3d90f7716c2e85b9a40d3fe617b28c5d81e94730ab6f25c";

/// Writes a file that only its owner can read.
pub(crate) fn private(path: &Path, content: &str) -> Result<()> {
    fs::write(path, content)?;
    mode(path, 0o600)
}

fn mode(path: &Path, mode: u32) -> Result<()> {
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}

fn data_folder(dir: &Path) -> Result<()> {
    fs::create_dir(dir.join("shelduck-data"))?;
    mode(&dir.join("shelduck-data"), 0o700)
}

/// A certificate of that end, and its key.
fn certificate(dir: &Path, name: &str, end: (i32, u8, u8)) -> Result<()> {
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()])?;
    params.not_after = rcgen::date_time_ymd(end.0, end.1, end.2);
    let pair = rcgen::KeyPair::generate()?;
    fs::write(dir.join(name), params.self_signed(&pair)?.pem())?;
    private(&dir.join("key.pem"), &pair.serialize_pem())
}

fn certificate_for_years(dir: &Path) -> Result<()> {
    certificate(dir, "certificate.pem", (2090, 1, 1))
}

/// It ends in twenty days, whenever this runs.
fn certificate_for_days(dir: &Path) -> Result<()> {
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(20 * 24);
    let end = end.to_zoned(jiff::tz::TimeZone::UTC).date();
    let part = |number: i8| u8::try_from(number).unwrap_or(1);
    certificate(dir, "soon.pem", (end.year().into(), part(end.month()), part(end.day())))
}

/// Everything that is told of.
pub(crate) const CASES: &[Case] = &[
    Case::file("config", "no such option", "[http]\nlisen = 1\n"),
    Case::file("config", "not a number", "[http]\nconnections_max = 'many'\n"),
    Case::file("config", "not TOML", "[server]\nsecret = 'hunter2\n"),
    Case::file("config", "a secret's file that is not there", "")
        .with(&[("SHELDUCK_SERVER__SECRET_FILE", "nothing-here")]),
    Case::file("config", "a secret from two places", "").with(&[
        ("SHELDUCK_SERVER__SECRET", RANDOM),
        ("SHELDUCK_SERVER__SECRET_COMMAND", "/bin/true"),
    ]),
    Case::file("config", "a command that prints nothing", "")
        .with(&[("SHELDUCK_SERVER__SECRET_COMMAND", "/bin/true")]),
    Case::file("config", "a command for what is no secret", "")
        .with(&[("SHELDUCK_HTTP__LISTEN_COMMAND", "/bin/true")]),
    Case::file("data_dir", "a file in its place", "")
        .beside(|dir| Ok(fs::write(dir.join("shelduck-data"), "")?)),
    Case::file("data_dir", "open to everybody", "").beside(|dir| {
        data_folder(dir)?;
        mode(&dir.join("shelduck-data"), 0o755)
    }),
    Case::file("config_file", "a secret that others can read", "").beside(|dir| {
        let file = dir.join("shelduck.toml");
        fs::write(&file, format!("[server]\nsecret = '{RANDOM}'\n"))?;
        mode(&file, 0o644)
    }),
    Case::file("secret_file", "the root secret, open to others", "").beside(|dir| {
        data_folder(dir)?;
        fs::write(dir.join("shelduck-data/secret"), RANDOM)?;
        mode(&dir.join("shelduck-data/secret"), 0o644)
    }),
    Case::file("secret_file", "a named file, open to others", "")
        .with(&[("SHELDUCK_SERVER__SECRET_FILE", "root.txt")])
        .beside(|dir| {
            fs::write(dir.join("root.txt"), RANDOM)?;
            mode(&dir.join("root.txt"), 0o644)
        }),
    Case::file("secret", "out of everybody's document", "[server]\nsecret = 'changeme'\n"),
    Case::file("secret", "too short", "[server]\nsecret = 'nobody guesses this'\n"),
    Case::file(
        "secret",
        "not random",
        "[server]\nsecret = 'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1'\n",
    ),
    Case::file("secret", "not random, in the data folder", "").beside(|dir| {
        data_folder(dir)?;
        private(&dir.join("shelduck-data/secret"), &"0123456789abcdef".repeat(4))
    }),
    Case::file("previous_secret", "not one", "[server]\nprevious_secret = 'nobody guesses this'\n"),
    Case::file("previous_secret", "in use", "").beside(|dir| {
        data_folder(dir)?;
        private(&dir.join("shelduck-data/secret"), RANDOM)?;
        private(&dir.join("shelduck.toml"), &format!("[server]\nprevious_secret = '{RANDOM}'\n"))
    }),
    Case::file("secret_reuse", "one secret in two places", "").beside(|dir| {
        let both = format!("[server]\nsecret = '{RANDOM}'\nprevious_secret = '{RANDOM}'\n");
        private(&dir.join("shelduck.toml"), &both)
    }),
    Case::file(
        "secret_known",
        "out of a document",
        "[server]\nprevious_secret = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'\n",
    ),
    Case::file("token_lives", "too long", "[auth.tokens]\naccess_life = '2h'\n"),
    Case::file("token_lives", "keys for ever", "[auth.keys]\nlife_max = '1000d'\n"),
    Case::file(
        "token_secret",
        "not random",
        "[auth.tokens]\nalgorithm = 'hs256'\nsecret = 'nobody guesses this'\n",
    ),
    Case::file("token_secret", "nothing is signed with it", "").beside(|dir| {
        let text = format!("[auth.tokens]\nsecret = '{RANDOM}'\n");
        private(&dir.join("shelduck.toml"), &text)
    }),
    Case::file("key_imports", "short ones", "[auth.keys]\nshort_imports = true\n"),
    Case::file("http_exposure", "plain HTTP for everybody", "[http]\nlisten = '0.0.0.0:8080'\n"),
    Case::file("admin_exposure", "every address", "[admin]\nlisten = '0.0.0.0:8081'\n"),
    Case::file("admin_exposure", "a public address", "[admin]\nlisten = '[2001:db8::1]:8081'\n"),
    Case::file(
        "public_url",
        "a proxy, and no address",
        "[server]\ntrusted_proxies = ['10.0.0.0/8']\n",
    ),
    Case::file("public_url", "a path", "[server]\npublic_url = 'https://stats.example/a'\n"),
    Case::file("public_url", "plain HTTP", "[server]\npublic_url = 'http://stats.example'\n"),
    Case::file("public_url", "a pattern", "[server]\npublic_url = 'https://*.example'\n"),
    Case::file(
        "trusted_proxies",
        "everybody",
        "[server]\npublic_url = 'https://stats.example'\ntrusted_proxies = ['0.0.0.0/0']\n",
    ),
    Case::file(
        "trusted_proxies",
        "everybody, in version 6",
        "[server]\npublic_url = 'https://stats.example'\ntrusted_proxies = ['::/0']\n",
    ),
    Case::file(
        "trusted_proxies",
        "too many",
        "[server]\npublic_url = 'https://stats.example'\ntrusted_proxies = ['10.0.0.0/7']\n",
    ),
    Case::file("cors", "everybody", "[cors]\napi_origins = ['*']\n"),
    Case::file(
        "cors",
        "no origins",
        "[cors]\napi_origins = ['null', 'https://*.example', 'https://app.example/', 'app.example']\n",
    ),
    Case::file(
        "not_served_yet",
        "two of them",
        "[mysql]\nlisten = '127.0.0.1:3307'\n[agents]\nlisten = '127.0.0.1:50051'\n",
    ),
    Case::file("passwords", "a cheap hash", "[auth.passwords]\nmemory = '18MiB'\n"),
    Case::file("passwords", "a hash of one pass", "[auth.passwords]\niterations = 1\n"),
    Case::file("passwords", "short ones", "[auth.passwords]\nlength_min = 14\n"),
    Case::file("passwords", "no lockout", "[auth.lockout]\nattempts = 0\n"),
    Case::file("passwords", "a late lockout", "[auth.lockout]\nattempts = 21\n"),
    Case::file("passwords", "short locks", "[auth.lockout]\nduration = '29s'\n"),
    Case::file("passwords", "guesses without end", "[auth.lockout]\nattempts_in_a_row = 101\n"),
    Case::file("passwords", "stolen lists", "[auth.lockout]\nstuffing_pairs = 1\n"),
    Case::file(
        "passwords",
        "a browser that is recognised for ever",
        "[auth.lockout]\ndevice_life = '401d'\n",
    ),
    Case::file(
        "passwords",
        "sessions that end before they begin",
        "[auth.sessions]\nabsolute = '30m'\n",
    ),
    Case::file("passwords", "sessions without end", "[auth.sessions]\nabsolute = '8d'\n"),
    Case::file("second_factor", "of nobody", "[auth.mfa]\nrequired = 'none'\n"),
    Case::file(
        "second_factor",
        "of a database that cannot be",
        "[auth.mfa]\ndatabases = ['a/b']\n",
    ),
    Case::file("totp_codes", "old codes", "[auth.mfa]\nprevious_codes = 2\n"),
    Case::file("totp_codes", "seven digits", "[auth.mfa]\ndigits = 7\n"),
    Case::file("limits", "none at all", "[limits.categories]\nread = 0\n"),
    Case::file("limits", "no burst", "[limits.bursts]\napi_per_second = 0\n"),
    Case::file("limits", "a burst of nothing", "[limits.bursts]\nlogin_size = 0\n"),
    Case::file("limits", "no wrong credentials", "[limits.categories]\nbad_credentials = 0\n"),
    Case::file("limits", "no heavy work", "[limits.concurrency]\nheavy_units = 0\n"),
    Case::file("limits", "a long queue", "[limits.concurrency]\nheavy_queue = 10001\n"),
    Case::file("limits", "few callers", "[limits]\ncallers_max = 1023\n"),
    Case::file("limits", "a category that only counts", "[limits]\nshadow = ['query']\n"),
    Case::file("limits", "only counted", "[limits]\nmode = 'shadow'\n"),
    Case::file(
        "shared_counters",
        "not an address",
        "[scale]\nredis_url = 'http://:hunter2@redis.example'\n",
    ),
    Case::file(
        "shared_counters",
        "no servers",
        "[scale]\nredis_url = 'rediss://redis.example'\nservers = 0\n",
    ),
    Case::file(
        "shared_counters",
        "plain over the network",
        "[scale]\nredis_url = 'redis://:hunter2@redis.example:6379/0'\n",
    ),
    Case::file("engine", "little memory", "[query]\nmemory = '127MiB'\n"),
    Case::file("engine", "a small queue", "[web]\njournal_queue = '1KiB'\n"),
    Case::file("audit", "large files", "[audit]\nrotate_size = '65MiB'\n"),
    Case::file("audit", "one file", "[audit]\nfiles_max = 1\n"),
    Case::file("syslog", "not an address", "[audit]\nsyslog = 'https://log.example'\n"),
    Case::file("syslog", "nobody vouches", "[audit]\nsyslog = 'tls://log.example'\n"),
    Case::file("syslog", "plain over the network", "[audit]\nsyslog = 'udp://log.example'\n"),
    Case::file("audit", "a day", "[audit]\nkeep = '1d'\n"),
    Case::file("insecure", "alone", "[insecure]\nlimits_off = true\n"),
    Case::file(
        "insecure",
        "in company",
        "[server]\npublic_url = 'https://stats.example'\ntrusted_proxies = ['127.0.0.1/32']\n[insecure]\nlockout_off = true\nheaders_off = true\n",
    ),
    Case::file("http_redirect", "to nowhere", "[http]\nredirect_listen = '127.0.0.1:80'\n"),
    Case::file(
        "http_redirect",
        "to itself",
        "[server]\npublic_url = 'https://stats.example'\n[http]\nredirect_listen = '127.0.0.1:8080'\n",
    ),
    Case::file("proxy_protocol", "of nobody", "[http]\nproxy_protocol = true\n"),
    Case::file("restriction", "switched off", "[server]\nrestrict = 'off'\n"),
    Case::file("hsts_preload", "asked for", "[http]\nhsts_preload = true\n"),
    Case::file(
        "security_contact",
        "no address",
        "[server]\nsecurity_contact = 'security@example.com'\n",
    ),
    Case::file("password_composition", "a rule", "[auth.passwords]\ncomposition = true\n"),
    Case::file("password_expiry", "an age", "[auth.passwords]\nexpiry_days = 90\n"),
    Case::file("password_history", "none", "[auth.passwords]\nhistory = 0\n"),
    Case::file("breached_file", "not there", "[auth.passwords]\nbreached_file = 'nothing-here'\n"),
    Case::file("breached_file", "no list", "[auth.passwords]\nbreached_file = 'words.txt'\n")
        .beside(|dir| Ok(fs::write(dir.join("words.txt"), "swordfish\n")?)),
    Case::file(
        "tls_certificate",
        "without its key",
        "[http.tls]\ncertificate = 'certificate.pem'\n",
    )
    .beside(certificate_for_years),
    Case::file(
        "tls_certificate",
        "not a certificate",
        "[http.tls]\ncertificate = 'certificate.pem'\nkey = 'key.pem'\n",
    )
    .beside(|dir| {
        certificate_for_years(dir)?;
        Ok(fs::write(dir.join("certificate.pem"), "swordfish\n")?)
    }),
    Case::file(
        "tls_certificate",
        "ended",
        "[http.tls]\ncertificate = 'ended.pem'\nkey = 'key.pem'\n",
    )
    .beside(|dir| certificate(dir, "ended.pem", (2026, 1, 1))),
    Case::file(
        "tls_certificate",
        "ends soon",
        "[http.tls]\ncertificate = 'soon.pem'\nkey = 'key.pem'\n",
    )
    .beside(certificate_for_days),
    Case::file(
        "tls_key",
        "open to others",
        "[http.tls]\ncertificate = 'certificate.pem'\nkey = 'key.pem'\n",
    )
    .beside(|dir| {
        certificate_for_years(dir)?;
        mode(&dir.join("key.pem"), 0o640)
    }),
    Case::file(
        "tls_key",
        "not there",
        "[http.tls]\ncertificate = 'certificate.pem'\nkey = 'nothing.pem'\n",
    )
    .beside(certificate_for_years),
    Case::file("sentry", "not built in", "[sentry]\ndsn = 'https://key@errors.example/1'\n"),
    Case::file("acme", "not built in", "[http.tls]\nacme_domains = ['a.example']\n"),
    Case::file(
        "acme",
        "beside a certificate",
        "[http.tls]\nacme_domains = ['a.example']\ncertificate = 'certificate.pem'\nkey = 'key.pem'\n",
    )
    .beside(certificate_for_years),
    Case::file("geoip_database", "not there", "[web]\ngeoip_database = 'nothing.mmdb'\n"),
];
