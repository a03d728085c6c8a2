//! Duckling's checklist.

use api::{PostureItem, Source};

use super::super::super::{Config, Loaded};
use super::super::{Subject, files, sentry};
use super::{
    encrypted, limits_enforced, limits_on, log_level, published, root_secret,
    secret_in_environment, tls, worst,
};

const fn subject(id: &'static str, title: &'static str) -> Subject {
    Subject::of(Source::Duckling, id, title)
}

pub(super) fn items(loaded: &Loaded) -> Vec<PostureItem> {
    let config = &loaded.config;
    [
        authentication(config),
        rate_limiting(loaded),
        network(config),
        sources(),
        encryption(loaded),
        monitoring(config),
        access(loaded),
    ]
    .concat()
}

fn authentication(config: &Config) -> Vec<PostureItem> {
    let password = subject("admin_password", "Admin password changed, 16 characters or more");
    let minimum = config.auth.length_min;
    vec![
        subject("api_key", "API keys are random, of 256 bits")
            .passed("the server makes them; nobody can choose one"),
        if minimum >= 16 {
            password.passed(format!(
                "no account exists before the setup link is used; {minimum} characters are asked for"
            ))
        } else {
            password.warned(
                format!("auth.passwords.length_min is {minimum}"),
                "set auth.passwords.length_min to 16",
            )
        },
        root_secret(subject("session_secret", "The session secret is 64 random digits"), config),
        subject("jwt_secret", "Tokens are signed with a secret of their own")
            .passed("each purpose has a key of its own, derived from the root secret by a label"),
        published(subject("default_credentials", "No default credentials"), config),
    ]
}

fn rate_limiting(loaded: &Loaded) -> Vec<PostureItem> {
    let config = &loaded.config;
    let own: Vec<&str> =
        loaded.set.iter().map(|set| set.path).filter(|path| path.starts_with("limits.")).collect();
    let tuned = subject("limits_tuned", "Limits fit the expected traffic");
    vec![
        limits_on(subject("rate_limit", "Rate limiting is enabled"), config),
        limits_enforced(subject("rate_limit_mode", "Limits are enforced"), config),
        tuned.passed(if own.is_empty() {
            "the defaults: 120 reads, 80 queries, 10 changes a minute".to_owned()
        } else {
            format!("set here: {}", own.join(", "))
        }),
        subject("concurrency", "Concurrency is limited").passed(format!(
            "{} statements at once, and few of one caller at a time",
            config.query.concurrency
        )),
    ]
}

fn network(config: &Config) -> Vec<PostureItem> {
    let listeners = [config.http.listen, config.admin.listen];
    let open: Vec<String> = listeners
        .iter()
        .filter(|listen| !listen.ip().is_loopback())
        .map(ToString::to_string)
        .collect();
    let firewall = subject("firewall", "Firewall rules are configured");
    vec![
        tls(subject("reverse_proxy", "TLS ends at a proxy or here"), config),
        if open.is_empty() {
            firewall.not_applicable("every listener is on this machine only")
        } else {
            firewall.warned(
                format!("the server cannot see the firewall; it listens on {}", open.join(" and ")),
                "let nothing through but that",
            )
        },
        subject("ports", "Unnecessary ports are closed").passed(format!(
            "open are {} and, for the operator, {}",
            config.http.listen, config.admin.listen
        )),
        encrypted(subject("https", "HTTPS is enforced"), config),
    ]
}

/// There are no sources yet.
fn sources() -> Vec<PostureItem> {
    let none = "this release replicates no MySQL source";
    vec![
        subject("mysql_user", "The MySQL user is read-only").not_applicable(none),
        subject("mysql_tls", "MySQL connections use TLS").not_applicable(none),
        subject("mysql_addresses", "MySQL allows our address only").not_applicable(none),
        subject("mysql_password", "The MySQL password is strong").not_applicable(none),
    ]
}

fn encryption(loaded: &Loaded) -> Vec<PostureItem> {
    let config = &loaded.config;
    let stored = subject("keys_stored", "Encryption keys are stored securely");
    vec![
        subject("backup_encryption", "Backups are encrypted before they leave")
            .not_applicable("this release makes no backups"),
        match worst(files::of_secrets(loaded)) {
            Some(open) => stored.like(open),
            None => stored.passed("files of secrets can be read by their owner only"),
        },
        subject("session_cookies", "Session cookies are encrypted").passed(
            "a session cookie holds 256 random bits and nothing else; the server keeps their hash",
        ),
        encrypted(subject("https_traffic", "All web traffic is HTTPS"), config),
    ]
}

fn monitoring(config: &Config) -> Vec<PostureItem> {
    let level = log_level(config);
    let appropriate = subject("log_level", "The log level fits");
    vec![
        if matches!(level, "debug" | "trace") {
            appropriate.warned(format!("log.level is `{level}`"), "set log.level to `warn`")
        } else {
            appropriate.passed(format!("log.level is `{level}`; the audit log does not depend on it"))
        },
        subject("log_rotation", "Logs are rotated").passed(
            "the audit log by size and age, compressed; the log goes to standard error, which the service manager keeps",
        ),
        central_logging(config),
        error_tracking(config),
    ]
}

fn error_tracking(config: &Config) -> PostureItem {
    let tracking = subject("error_tracking", "Errors are tracked with Sentry");
    match &config.sentry.dsn {
        Some(_) => tracking.like(sentry::server(config)),
        None => tracking.not_applicable("off: nothing leaves this machine by itself"),
    }
}

fn central_logging(config: &Config) -> PostureItem {
    let central = subject("central_logging", "Logs go to one place (optional)");
    match &config.audit.syslog {
        Some(_) => central.passed("the audit log goes on to the receiver of audit.syslog"),
        None => central.not_applicable("audit.syslog is not set"),
    }
}

fn access(loaded: &Loaded) -> Vec<PostureItem> {
    let manager = subject("secrets_manager", "Secrets come from a secrets manager");
    vec![
        subject("least_privilege", "Least privilege")
            .passed("every route names the scope it asks for; a key can do no more than its maker"),
        subject("environments", "Each environment has its own credentials").passed(
            "keys carry a mark of their environment, and a server refuses keys of another",
        ),
        subject("rotation", "Credentials are rotated").passed(
            "keys end by themselves, after 90 days unless their maker says less or more; `shelduck key rotate` lets both work for a day",
        ),
        match secret_in_environment(loaded) {
            Some(path) => manager.warned(
                format!("{path} stands in the environment"),
                "hand it over in a file, by the variable that ends in _FILE",
            ),
            None => manager.passed(
                "secrets come from files; the server stores keys and passwords only as hashes",
            ),
        },
    ]
}
