//! Whether a configuration is safe to serve with: run by `shelduck check`, by
//! `GET /v1/posture` and before every start.
//!
//! Each check looks at one thing and answers in plain words; none stops the others. What could harm visitors or the machine
//! refuses the start, what is merely unusual warns. Beside our own conditions ([`run`]) stand the checklists of the systems
//! that Shelduck takes over from ([`mod@lists`]), item by item; those never refuse a start, they say how things are.
//!
//! A new check is a [`Subject`] and a function in the file of its subject, named in [`run`].

mod acme;
mod bounds;
mod exposure;
mod factors;
mod files;
mod insecure;
mod known;
mod listeners;
mod lists;
mod machine;
mod passwords;
mod reach;
mod restriction;
mod scale;
mod secrets;
mod sentry;
mod syslog;
mod tokens;

#[cfg(test)]
mod tests;

use api::{PostureItem, Source, Verdict};
use jiff::Timestamp;

use super::Loaded;

pub(crate) use insecure::switched_off;
pub(crate) use lists::lists;
pub(crate) use secrets::weakness;

/// What a check is about.
#[derive(Debug, Clone, Copy)]
struct Subject {
    id: &'static str,
    source: Source,
    title: &'static str,
}

impl Subject {
    /// One of our own: when it fails the server does not start.
    const fn new(id: &'static str, title: &'static str) -> Self {
        Self { id, source: Source::Startup, title }
    }

    fn item(self, verdict: Verdict, detail: impl Into<String>) -> PostureItem {
        let Self { id, source, title } = self;
        PostureItem { id, source, title, verdict, detail: detail.into(), remedy: None }
    }

    fn passed(self, detail: impl Into<String>) -> PostureItem {
        self.item(Verdict::Pass, detail)
    }

    fn not_applicable(self, detail: impl Into<String>) -> PostureItem {
        self.item(Verdict::NotApplicable, detail)
    }

    fn warned(self, detail: impl Into<String>, remedy: impl Into<String>) -> PostureItem {
        PostureItem { remedy: Some(remedy.into()), ..self.item(Verdict::Warn, detail) }
    }

    fn refused(self, detail: impl Into<String>, remedy: impl Into<String>) -> PostureItem {
        PostureItem { remedy: Some(remedy.into()), ..self.item(Verdict::Fail, detail) }
    }
}

const CONFIG: Subject = Subject::new("config", "Every option is known and valid");

/// Looks at every condition of our own.
pub(crate) fn run(loaded: &Loaded, now: Timestamp) -> Vec<PostureItem> {
    let config = &loaded.config;
    let mut items = options(loaded);
    items.extend([
        files::data_dir(config),
        files::configuration(loaded),
        secrets::root(config),
        secrets::reused(config),
        exposure::http(config),
        exposure::admin(config),
        exposure::public_url(config),
        exposure::trusted_proxies(config),
        passwords::bounds(config),
        factors::required(config),
        factors::codes(config),
        bounds::limits(config),
        bounds::engine(config),
        bounds::audit(config),
        tokens::lives(config),
        tokens::secret(config),
        tokens::imports(config),
        scale::counters(config),
        syslog::receiver(config),
        sentry::server(config),
        insecure::switches(config),
        restriction::of_the_server(config),
        machine::clock(now),
    ]);
    items.extend(listeners::run(config));
    items.extend(restriction::of_the_kernel(config));
    items.extend(passwords::rules(config));
    items.extend(files::of_secrets(loaded));
    items.extend(files::tls(loaded, now));
    items.extend(acme::orders(config));
    items.extend(files::geoip(config));
    items.extend(secrets::previous(config));
    items.extend(secrets::known(config));
    items.extend(exposure::cors(config));
    items.extend(exposure::not_served_yet(loaded));
    items
}

/// Whether the server may start.
pub(crate) fn may_start(items: &[PostureItem]) -> bool {
    !items.iter().any(|item| item.source == Source::Startup && item.verdict == Verdict::Fail)
}

fn options(loaded: &Loaded) -> Vec<PostureItem> {
    if loaded.problems.is_empty() {
        let file = loaded.file.as_ref();
        let place = file.map_or_else(|| "no file".to_owned(), |file| file.display().to_string());
        return vec![CONFIG.passed(format!("{place}, then the environment"))];
    }
    let problem = |problem: &super::Problem| {
        CONFIG.refused(problem.to_string(), "`shelduck check --options` lists all options")
    };
    loaded.problems.iter().map(problem).collect()
}
