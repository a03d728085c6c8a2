//! The table of options: one line per option, everything else is derived from
//! it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gate::Class;
use gate::token::TokenAlgorithm;
use ipnet::IpNet;
use secrecy::SecretString;

use super::setting::{Bytes, Raw, Setting, words};

/// One option, free of its type.
pub(crate) struct Entry {
    /// `section.key`, as in the file.
    pub(crate) path: &'static str,
    /// What it does.
    pub(crate) doc: &'static str,
    /// What one has to write.
    pub(crate) shape: &'static str,
    /// Whether its value must never be shown.
    pub(crate) secret: bool,
    /// Sets it.
    pub(crate) set: fn(&mut Config, &Raw) -> Result<(), String>,
    /// Shows its value.
    pub(crate) show: fn(&Config) -> String,
    /// Its value, when it is a secret and set.
    pub(crate) secret_value: fn(&Config) -> Option<&str>,
    /// The file it names, when it names one.
    pub(crate) named_file: fn(&Config) -> Option<&Path>,
}

macro_rules! options {
    ($($section:ident: $type:ident, $section_doc:literal {
        $($field:ident $(. $sub:ident $(. $name:ident)?)?: $kind:ty = $default:expr, $doc:literal;)*
    })*) => {
        /// The whole configuration, typed.
        #[derive(Debug, Clone, Default)]
        pub(crate) struct Config {
            $(#[doc = $section_doc] pub(crate) $section: $type,)*
        }

        $(
            #[doc = $section_doc]
            #[derive(Debug, Clone)]
            pub(crate) struct $type {
                $(#[doc = $doc] pub(crate) $field: $kind,)*
            }

            impl Default for $type {
                fn default() -> Self {
                    Self { $($field: $default,)* }
                }
            }
        )*

        /// All options, in the order of the reference.
        pub(crate) const ENTRIES: &[Entry] = &[
            $($(Entry {
                path: options!(@path $section $field $(. $sub $(. $name)?)?),
                doc: $doc,
                shape: <$kind as Setting>::SHAPE,
                secret: <$kind as Setting>::SECRET,
                set: |config, raw| {
                    config.$section.$field = <$kind as Setting>::read(raw)?;
                    Ok(())
                },
                show: |config| config.$section.$field.show(),
                secret_value: |config| config.$section.$field.secret(),
                named_file: |config| config.$section.$field.file(),
            },)*)*
        ];

        /// The sections with what they are about.
        pub(crate) const SECTIONS: &[(&str, &str)] = &[$((stringify!($section), $section_doc),)*];
    };
    (@path $section:ident $field:ident) => { concat!(stringify!($section), ".", stringify!($field)) };
    // `tls_key . tls` is written `tls.key` in the file: the field's name without the table's.
    (@path $section:ident $field:ident . $sub:ident) => {
        concat!(stringify!($section), ".", stringify!($sub), ".", stringify!($field))
    };
    // `tier_key . tiers . key` is written `tiers.key`: where two tables of a section have a name in common.
    (@path $section:ident $field:ident . $sub:ident . $name:ident) => {
        concat!(stringify!($section), ".", stringify!($sub), ".", stringify!($name))
    };
}

options! {
    server: Server, "The server as a whole." {
        data_dir: PathBuf = PathBuf::from("shelduck-data"), "Folder of everything the server keeps: journal, warehouse, control store, secrets.";
        public_url: Option<String> = None, "The address people use, like `https://stats.example.com`; needed behind a proxy. Without it, the address of the listener.";
        trusted_proxies: Vec<IpNet> = Vec::new(), "Networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; nobody else's are.";
        forwarded_header: ForwardedFamily = ForwardedFamily::XForwardedFor, "Which headers those proxies write: `x-forwarded-for` (with X-Forwarded-Proto) or `forwarded` (RFC 7239). The other is never read.";
        security_contact: Option<String> = None, "Where people report security holes, for security.txt: a `mailto:`, `https:` or `tel:` address. Without it, the project's own.";
        secret: Option<SecretString> = None, "Root secret of 64 hexadecimal digits, from which keys are derived by purpose. Without it one is made at the first start and kept in the data folder (0600).";
        previous_secret: Option<SecretString> = None, "Root secret before this one, as long as what it made is to be recognised: API keys, second factors, access tokens, the audit log's signatures.";
        drain_timeout: Duration = Duration::from_secs(10), "How long a stopping server waits for requests under way.";
        restrict: Restrict = Restrict::Auto, "Whether a running server gives up what it does not need (files outside its folders, other ports, programs, most system calls): `auto` as far as the kernel has it, `required` or it does not start, `off`.";
    }
    http: Http, "The public listener: dashboard, API, tracker." {
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080)), "Address and port.";
        certificate.tls: Option<PathBuf> = None, "Certificate chain (PEM). With it and the key the listener speaks TLS; changed files are read again.";
        key.tls: Option<PathBuf> = None, "Private key of the certificate (PEM, not readable by others).";
        acme_domains.tls: Vec<String> = Vec::new(), "Names for which a certificate is ordered and renewed by itself, by ACME (RFC 8555), instead of `certificate` and `key`. The authority connects to port 443 of each. Needs a server built with the feature `acme`.";
        acme_terms_accepted.tls: bool = false, "Whether you accept the terms of the authority of `acme_directory`; nothing is ordered otherwise.";
        acme_contact.tls: Option<String> = None, "Mail address that the authority may write to.";
        acme_directory.tls: String = "https://acme-v02.api.letsencrypt.org/directory".to_owned(), "The authority: where its ACME directory is. The default is Let's Encrypt.";
        acme_ca.tls: Option<PathBuf> = None, "Certificates (PEM) of those that vouch for the authority's own server, when it is a private one. Without it, those of the machine.";
        redirect_listen: Option<SocketAddr> = None, "Address and port, usually 0.0.0.0:80, where plain HTTP is answered: pages with a redirect to `server.public_url`, everything else with a problem.";
        proxy_protocol: bool = false, "Whether every connection begins with a PROXY protocol header (version 2); then only the proxies of `server.trusted_proxies` may connect.";
        hsts_preload: bool = false, "Whether Strict-Transport-Security says `preload`; browsers' lists forget slowly, so this is hard to take back.";
        connections_max: usize = 4096, "Connections at once; further ones are closed at once. A quarter may be new, half may be of callers who have not signed in.";
        connections_per_address_max: usize = 256, "Connections at once from one address (IPv6: one /64).";
        handshake_timeout: Duration = Duration::from_secs(10), "How long a TLS handshake may take.";
        first_byte_timeout: Duration = Duration::from_secs(10), "How long a new connection may stay silent.";
        head_timeout: Duration = Duration::from_secs(10), "How long the head of a request may take.";
        body_timeout: Duration = Duration::from_secs(30), "How long the body of a request may take, in total.";
        idle_timeout: Duration = Duration::from_secs(60), "How long a connection may wait for its next request.";
        write_timeout: Duration = Duration::from_secs(30), "How long a client may take nothing of what is being sent to it.";
        requests_per_connection_max: u32 = 100_000, "Requests on one connection before it is closed in an orderly way.";
    }
    mysql: Mysql, "The MySQL protocol (served from the release that brings it)." {
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 3307)), "Address and port.";
    }
    agents: Agents, "The agents' channel (served from the release that brings it)." {
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 50051)), "Address and port.";
    }
    admin: Admin, "The operator's listener: /metrics and /health/detail." {
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8081)), "Address and port; loopback or a private network, never the internet.";
    }
    auth: Auth, "Who gets in." {
        memory.passwords: Bytes = Bytes(64 << 20), "Memory of one password hash (Argon2id); at least 19MiB.";
        iterations.passwords: u32 = 3, "Passes of one password hash; at least 2.";
        length_min.passwords: u32 = 16, "Shortest password, in characters; at least 15.";
        history.passwords: u32 = 12, "Passwords that may not be chosen again, the one in force among them; 1 to 24.";
        breached_file.passwords: Option<PathBuf> = None, "Sorted file of SHA-1 or SHA-256 hashes of breached passwords, one a line in hexadecimal; none of them can be chosen.";
        composition.passwords: bool = false, "Whether a password must have upper and lower case, a digit and a symbol. NIST SP 800-63B-4 advises against it.";
        expiry_days.passwords: u32 = 0, "Days after which a password must be changed; 0 is never, which NIST SP 800-63B-4 advises.";
        attempts.lockout: u32 = 5, "Wrong passwords in a row before an account is locked.";
        duration.lockout: Duration = Duration::from_secs(300), "First lock; each further one of the same account lasts twice as long.";
        duration_max.lockout: Duration = Duration::from_secs(3600), "Longest lock of an account.";
        address_attempts.lockout: u32 = 20, "Wrong credentials from one address (IPv6: one /64, and one /48) in 15 minutes before it is locked.";
        attempts_in_a_row.lockout: u32 = 100, "Wrong passwords in a row, over whatever time, after which a password is worth nothing until it is set anew; at most 100. Who is recognised is counted apart.";
        stuffing_pairs.lockout: u32 = 30, "Different pairs of name and password from one address in an hour before it is locked as one that tries stolen lists.";
        stuffing_duration.lockout: Duration = Duration::from_secs(3600), "How long that lock lasts.";
        device_life.lockout: Duration = Duration::from_secs(180 * 24 * 3600), "How long a browser that signed in is recognised: strangers who guess cannot lock it out.";
        idle.sessions: Duration = Duration::from_secs(60 * 60), "How long a session lives unused (an admin's: half of it).";
        absolute.sessions: Duration = Duration::from_secs(24 * 60 * 60), "How long a session lives at most (an admin's: half of it).";
        forget_on_restart.sessions: bool = false, "Whether every start ends all sessions of browsers; keys, and tokens of programs, go on.";
        token_algorithm.tokens.algorithm: TokenAlgorithm = TokenAlgorithm::Ed25519, "What signs access tokens: `ed25519`, whose public key anybody may have, or `hs256` for programs that know nothing else. Changing it ends the access tokens of before.";
        token_secret.tokens.secret: Option<SecretString> = None, "Secret of 64 hexadecimal digits that `hs256` signs with, for programs that verify tokens themselves; whoever has it can also make them. Without it one is derived that nobody else has.";
        access_life.tokens: Duration = Duration::from_secs(15 * 60), "How long an access token opens doors; from 1m to 1h.";
        refresh_idle.tokens: Duration = Duration::from_secs(7 * 24 * 3600), "How long a refresh token may lie unused; at least as long as an access token lives.";
        refresh_absolute.tokens: Duration = Duration::from_secs(30 * 24 * 3600), "How long a program may go on without its user signing in again; at most 90d.";
        per_user_max.tokens: usize = 10, "Sign-ins of programs of one user at a time; the oldest ends.";
        environment.keys: String = "live".to_owned(), "Mark inside new API keys, one to eight lower-case letters; keys with another mark are refused. Give each environment its own.";
        key_life.keys.life: Duration = Duration::from_secs(90 * 24 * 3600), "How long an API key works when its maker does not say, in whole days.";
        key_life_max.keys.life_max: Duration = Duration::from_secs(366 * 24 * 3600), "How long an API key may work; at most 366d.";
        overlap.keys: Duration = Duration::from_secs(24 * 3600), "How long a replaced API key goes on working, in whole hours; at most 7d.";
        short_imports.keys: bool = false, "Whether API keys of 32 to 63 characters may be brought along from other systems; without it they need 256 bits.";
        required.mfa: MfaRequired = MfaRequired::Privileged, "Who must have a second factor: `privileged` (admins, and whoever may change anything), `all`, or `none`.";
        databases.mfa: Vec<String> = Vec::new(), "Databases of which everybody with any right on them must have a second factor.";
        previous_codes.mfa: u32 = 1, "How many codes of an authenticator app before the present one are taken too, 0 or 1.";
        digits.mfa: u32 = 6, "Digits of the codes of an app enrolled from now on, 6 or 8.";
        algorithm.mfa: MfaAlgorithm = MfaAlgorithm::Sha1, "How codes of an app enrolled from now on are made: `sha1`, which every app understands, or `sha256`.";
    }
    limits: Limits, "How often." {
        mode: LimitsMode = LimitsMode::Enforce, "`enforce` refuses what is over a limit; `shadow` only counts it.";
        shadow: Vec<Class> = Vec::new(), "Categories whose limits only count, whatever the mode.";
        scope: LimitsScope = LimitsScope::Address, "Who shares a limit: API keys have their own, strangers share their address's; of signed-in callers with `address` all sessions of a user share one, with `session` each has its own.";
        per_database: bool = true, "Whether each database has limits of its own.";
        compatibility_headers: bool = false, "Whether answers carry X-RateLimit-Limit, -Remaining and -Reset.";
        read.categories: u32 = 120, "Reads (dashboards, lists) a minute; signed-in callers have twice, API keys five times as many.";
        query.categories: u32 = 80, "Queries a minute.";
        write.categories: u32 = 10, "Changes a minute.";
        auth.categories: u32 = 10, "Sign-ins a minute.";
        monitoring.categories: u32 = 120, "Health checks a minute.";
        ingest.categories: u32 = 1200, "Events a minute from one address.";
        static_files.categories.static: u32 = 1200, "Files (dashboard, tracker) a minute.";
        other.categories: u32 = 100, "Everything else a minute.";
        pre_auth.categories: u32 = 3000, "Requests with credentials a minute from one address, before the credentials are looked at.";
        bad_credentials.categories: u32 = 20, "Wrong credentials a minute from one address, before anything is hashed; always refused, never only counted.";
        tier_anonymous.tiers.anonymous: u32 = 1, "How many times a limit strangers have.";
        tier_signed_in.tiers.signed_in: u32 = 2, "How many times a limit signed-in callers have.";
        tier_key.tiers.key: u32 = 5, "How many times a limit API keys have.";
        cost_read.costs.read: u32 = 1, "What a read takes of its limit.";
        cost_query.costs.query: u32 = 1, "What a query takes; one more over 2,000 characters of SQL, two more over 5,000.";
        cost_write.costs.write: u32 = 3, "What a change takes.";
        cost_auth.costs.auth: u32 = 1, "What a sign-in takes.";
        cost_monitoring.costs.monitoring: u32 = 1, "What a health check takes.";
        api_per_second.bursts: u32 = 10, "Reads, queries and changes a second, once a burst is used up (times the tier, each category by itself).";
        api_size.bursts: u32 = 20, "How many of them at once.";
        login_per_minute.bursts: u32 = 5, "Sign-ins a minute, once a burst is used up.";
        login_size.bursts: u32 = 10, "How many of them at once.";
        in_flight_anonymous.concurrency.anonymous: u32 = 1, "Queries of a stranger at a time.";
        in_flight_signed_in.concurrency.signed_in: u32 = 6, "Queries of a signed-in caller at a time.";
        in_flight_key.concurrency.key: u32 = 12, "Queries of an API key at a time.";
        heavy_units.concurrency: u32 = 10, "Units of heavy work of all callers at a time.";
        heavy_units_per_database.concurrency: u32 = 6, "How many of them one database may hold.";
        heavy_queue.concurrency: usize = 50, "Callers that may wait for units.";
        heavy_wait.concurrency: Duration = Duration::from_secs(2), "How long they wait at most before they are refused.";
        callers_max: usize = 131_072, "Limits remembered at a time, of all callers; who was idle longest makes room.";
    }
    cors: Cors, "Which other origins may read the API from a browser." {
        api_origins: Vec<String> = Vec::new(), "Exact origins, like `https://app.example.com`. Empty: none. A wildcard is refused.";
    }
    web: Web, "Web analytics." {
        geoip_database: Option<PathBuf> = None, "A `MaxMind` or ip-location-db city file (mmdb). Without it: country only, from the built-in CC0 file.";
        batch_interval: Duration = Duration::from_millis(500), "How often events move from the journal into the warehouse.";
        range_days_max: u32 = 366, "Longest range of a report, in days (12 months and all time are always allowed).";
        journal_keep: Bytes = Bytes(1 << 30), "How much of the journal is kept after its events are in the warehouse, to rebuild it from.";
        journal_queue: Bytes = Bytes(16 << 20), "Events waiting to be written; when it is full, senders get 503.";
    }
    query: Query, "The engine behind every report and query." {
        memory: Bytes = Bytes(1 << 30), "Memory of the engine; what does not fit spills to the data folder.";
        threads: usize = 2, "Threads of one statement.";
        concurrency: usize = 4, "Statements at once; the next ones wait.";
        timeout: Duration = Duration::from_secs(30), "Longest report.";
    }
    scale: Scale, "Several servers as one." {
        redis_url: Option<SecretString> = None, "Redis or Valkey in which servers with the same `server.secret` count limits together: `rediss://:password@host:6379/0`, or `redis://` or `unix://` on this machine. Without it each server counts for itself.";
        servers: u32 = 2, "How many servers share it at least: while it cannot be asked, each allows that part of every limit. More are noticed by themselves.";
    }
    log: Log, "What the server says about itself, on standard error; the audit log is another thing and always on." {
        level: String = "warn".to_owned(), "`error`, `warn`, `info`, `debug`, or a filter like `info,hyper=warn`.";
        format: LogFormat = LogFormat::Text, "`text` or `json`.";
    }
    sentry: Sentry, "Errors and panics reported to a Sentry server: that there was one, where in the source, in which release, under which id, and nothing of a request. Off without an address. Needs a server built with the feature `sentry`." {
        dsn: Option<SecretString> = None, "Where reports go, as Sentry gives it out: `https://KEY@HOST/PROJECT`.";
        ca: Option<PathBuf> = None, "Certificates (PEM) of those that vouch for the Sentry server, when it is a private one. Without it, those of the machine.";
    }
    audit: Audit, "The audit log, in the data folder under audit/." {
        rotate_size: Bytes = Bytes(16 << 20), "From this size on a new file is begun; full ones are compressed.";
        rotate_age: Duration = Duration::from_secs(24 * 60 * 60), "From this age on a new file is begun.";
        keep: Duration = Duration::from_secs(366 * 24 * 60 * 60), "How long files are kept; that one was deleted is itself recorded and signed.";
        files_max: u32 = 1000, "Most files kept, whatever their age; the oldest goes first.";
        origin: AuditOrigin = AuditOrigin::Network, "What is recorded of an address: `pseudonym` (a keyed code that changes every month) or `network` (and its /24 or /48).";
        syslog: Option<String> = None, "Receiver that the log is sent on to as it grows, in the form of RFC 5424: `tls://host:6514`, `tcp://host:601`, `udp://host:514` or `unix:///dev/log`.";
        syslog_ca: Option<PathBuf> = None, "Certificates (PEM) of the authorities that vouch for a receiver with `tls:`.";
        decisions: bool = false, "Record every decision about a caller who proved who it is, not only refusals and changes.";
    }
    insecure: Insecure, "Layers of defence that can be switched off. Each is refused on a server that others can reach, is told by `shelduck check`, and is recorded at every start." {
        limits_off: bool = false, "Nobody is refused for asking too often.";
        lockout_off: bool = false, "Nobody is locked for guessing.";
        headers_off: bool = false, "Answers lack the headers that protect browsers.";
        acknowledged: bool = false, "Start with the above all the same on a server that others can reach.";
    }
}

/// Every secret that is set, with its option.
pub(crate) fn secrets(config: &Config) -> impl Iterator<Item = (&'static str, &str)> {
    ENTRIES.iter().filter_map(|entry| Some((entry.path, (entry.secret_value)(config)?)))
}

impl Http {
    /// Whether certificates are ordered by ACME.
    pub(crate) fn orders_certificates(&self) -> bool {
        !self.acme_domains.is_empty()
    }

    /// Whether the listener speaks TLS.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.certificate.is_some() || self.orders_certificates()
    }
}

/// Whether a running server gives up what it does not need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restrict {
    /// As far as the kernel has it.
    Auto,
    /// All of it, or no start.
    Required,
    /// It keeps everything.
    Off,
}

words!(Restrict {
    "auto" => Restrict::Auto,
    "required" => Restrict::Required,
    "off" => Restrict::Off,
});

/// What happens over a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitsMode {
    /// It is refused.
    Enforce,
    /// It is counted.
    Shadow,
}

words!(LimitsMode { "enforce" => LimitsMode::Enforce, "shadow" => LimitsMode::Shadow });

/// Who shares a limit among those that are signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitsScope {
    /// All sessions of a user.
    Address,
    /// Nobody: each session has its own.
    Session,
}

words!(LimitsScope { "address" => LimitsScope::Address, "session" => LimitsScope::Session });

words!(Class {
    "read" => Class::Read,
    "query" => Class::Query,
    "write" => Class::Write,
    "auth" => Class::Auth,
    "ingest" => Class::Ingest,
    "monitoring" => Class::Monitoring,
    "static" => Class::Static,
    "other" => Class::Other,
});

words!(TokenAlgorithm {
    "ed25519" => TokenAlgorithm::Ed25519,
    "hs256" => TokenAlgorithm::Hs256,
});

/// Which headers the trusted proxies write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForwardedFamily {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`.
    XForwardedFor,
    /// `Forwarded`.
    Forwarded,
}

words!(ForwardedFamily {
    "x-forwarded-for" => ForwardedFamily::XForwardedFor,
    "forwarded" => ForwardedFamily::Forwarded,
});

/// Who must have a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MfaRequired {
    /// Who may change anything.
    Privileged,
    /// Everybody.
    All,
    /// Nobody.
    None,
}

words!(MfaRequired {
    "privileged" => MfaRequired::Privileged,
    "all" => MfaRequired::All,
    "none" => MfaRequired::None,
});

/// How codes of authenticator apps are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MfaAlgorithm {
    /// HMAC-SHA-1.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
}

words!(MfaAlgorithm { "sha1" => MfaAlgorithm::Sha1, "sha256" => MfaAlgorithm::Sha256 });

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What is recorded of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuditOrigin {
    /// Its code.
    Pseudonym,
    /// Its code and the network around it.
    Network,
}

words!(AuditOrigin {
    "pseudonym" => AuditOrigin::Pseudonym,
    "network" => AuditOrigin::Network,
});

words!(LogFormat { "text" => LogFormat::Text, "json" => LogFormat::Json });
