//! DRACO METRIC's checklist: ten items before production.

use std::path::Path;

use api::{PostureItem, Source};

use super::super::super::Loaded;
use super::super::{Subject, exposure};
use super::{headers, limits_on, log_level, tls, worst};

/// How far up a repository is looked for.
const PARENTS_MAX: usize = 32;

const fn subject(id: &'static str, title: &'static str) -> Subject {
    Subject::of(Source::DracoMetric, id, title)
}

pub(super) fn items(loaded: &Loaded) -> Vec<PostureItem> {
    let config = &loaded.config;
    let cors = subject("cors", "Only real front-end origins may read, no wildcard");
    let level = log_level(config);
    let quiet = subject("log_level", "The log level is warning or error");
    vec![
        subject("debug", "Debug mode is off")
            .passed("there is none: no answer ever carries an inner error"),
        subject("api_key_auth", "API keys are asked for, and strong").passed(
            "a route without a rule does not compile; keys have 256 random bits and are made by the server",
        ),
        headers(subject("security_headers", "Security headers are on"), config),
        limits_on(subject("rate_limit", "Rate limiting is on"), config),
        match worst(exposure::cors(config)) {
            Some(wrong) => cors.like(wrong),
            None if config.cors.api_origins.is_empty() => cors.passed("no other origin may read"),
            None => cors.passed(config.cors.api_origins.join(", ")),
        },
        if matches!(level, "warn" | "error" | "off") {
            quiet.passed(format!("log.level is `{level}`"))
        } else {
            quiet.warned(format!("log.level is `{level}`"), "set log.level to `warn`")
        },
        tls(subject("tls", "TLS ends at a proxy or here"), config),
        subject("trusted_hosts", "Only the proxy's addresses are trusted")
            .like(exposure::trusted_proxies(config)),
        version_control(loaded),
        user(),
    ]
}

/// Whether the configuration or the data lies in a working tree of Git, from where it is one commit to the world.
fn version_control(loaded: &Loaded) -> PostureItem {
    let subject = subject("version_control", "Secrets are not in version control");
    let file = loaded.file.iter().map(std::path::PathBuf::as_path);
    let places = file.chain([loaded.config.server.data_dir.as_path()]);
    let tracked = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        path.ancestors().take(PARENTS_MAX).any(|folder| folder.join(".git").exists())
    };
    match places.into_iter().find(|path| tracked(path)) {
        Some(path) => subject.warned(
            format!("{} lies in a working tree of Git", path.display()),
            "keep configuration and data outside of it",
        ),
        None => subject.passed("neither configuration nor data lies in a working tree of Git"),
    }
}

fn user() -> PostureItem {
    let subject = subject("non_root", "The server does not run as root");
    if rustix::process::geteuid().is_root() {
        subject.refused("this is root", "run it as a user of its own, like 65532 in the image")
    } else {
        subject.passed(format!("this is user {}", rustix::process::geteuid().as_raw()))
    }
}
