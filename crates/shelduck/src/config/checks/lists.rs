//! The checklists of the systems that Shelduck takes over from, item by item.
//!
//! Whoever moves here has one of these lists on a page of their own and wants to know where each item went: what the
//! product now does by itself, what still has to be set, and what there is no more. Nothing on these lists refuses a start.

mod draco;
mod duckling;

use api::{PostureItem, Source, Verdict};

use super::super::options::ENTRIES;
use super::super::{Config, LimitsMode, Loaded, Place};
use super::{Subject, exposure, insecure, known, secrets};

/// Looks at every item of both lists.
pub(crate) fn lists(loaded: &Loaded) -> Vec<PostureItem> {
    let mut items = duckling::items(loaded);
    items.extend(draco::items(loaded));
    items
}

impl Subject {
    /// An item of a list that is not ours.
    const fn of(source: Source, id: &'static str, title: &'static str) -> Self {
        Self { id, source, title }
    }

    /// The finding of one of our own checks, as an item of another list.
    fn like(self, own: PostureItem) -> PostureItem {
        let Self { id, source, title } = self;
        PostureItem { id, source, title, ..own }
    }
}

/// Whether everything others can reach is encrypted.
fn encrypted(subject: Subject, config: &Config) -> PostureItem {
    subject.like(exposure::http(config))
}

/// Whether a proxy or we ourselves end TLS, once there is somebody to speak TLS with.
fn tls(subject: Subject, config: &Config) -> PostureItem {
    if config.http.is_encrypted() {
        return subject.passed("the server speaks TLS itself");
    }
    if !config.server.trusted_proxies.is_empty() {
        return subject.like(exposure::public_url(config));
    }
    if config.http.listen.ip().is_loopback() {
        return subject.not_applicable("only this machine can reach the server");
    }
    encrypted(subject, config)
}

fn limits_on(subject: Subject, config: &Config) -> PostureItem {
    if config.insecure.limits_off {
        subject.refused("insecure.limits_off is set", "take it out")
    } else {
        subject.passed("limits are on without being configured")
    }
}

fn limits_enforced(subject: Subject, config: &Config) -> PostureItem {
    match config.limits.mode {
        LimitsMode::Enforce if !config.limits.shadow.is_empty() => {
            subject.refused("limits.shadow names categories that only count", "empty limits.shadow")
        }
        LimitsMode::Enforce => subject.passed("limits.mode is `enforce`"),
        LimitsMode::Shadow => {
            subject.refused("limits.mode is `shadow`", "set limits.mode to `enforce`")
        }
    }
}

/// The first word of a log filter is the level of everything it does not name.
fn log_level(config: &Config) -> &str {
    config.log.level.split(',').next().unwrap_or_default().trim()
}

/// Whether a secret stands where other programs of the same user, and crash reports, can see it.
fn secret_in_environment(loaded: &Loaded) -> Option<&'static str> {
    let secrets = ENTRIES.iter().filter(|entry| entry.secret).map(|entry| entry.path);
    let mut set = loaded.set.iter().filter(|set| set.place == Place::Environment);
    let held: Vec<&str> = secrets.collect();
    set.find(|set| held.contains(&set.path)).map(|set| set.path)
}

/// Whether any secret is one that somebody published.
fn published(subject: Subject, config: &Config) -> PostureItem {
    let found =
        ENTRIES.iter().find(|entry| (entry.secret_value)(config).is_some_and(known::is_published));
    match found {
        Some(entry) => {
            subject.refused(format!("{} is out of a document", entry.path), "make a random one")
        }
        None => subject.passed(
            "there is no default account, and no configured secret is out of a known document",
        ),
    }
}

fn root_secret(subject: Subject, config: &Config) -> PostureItem {
    subject.like(secrets::root(config))
}

fn headers(subject: Subject, config: &Config) -> PostureItem {
    if insecure::switched_off(config).contains(&"insecure.headers_off") {
        subject.refused("insecure.headers_off is set", "take it out")
    } else {
        subject.passed("every answer carries the full set, errors included")
    }
}

/// Whether any of our own checks of that id failed or warned; the first that did.
fn worst(items: Vec<PostureItem>) -> Option<PostureItem> {
    items.into_iter().find(|item| matches!(item.verdict, Verdict::Fail | Verdict::Warn))
}
