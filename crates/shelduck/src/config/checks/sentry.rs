//! Reporting errors to a Sentry server.

use api::PostureItem;

use super::super::Config;
use super::Subject;

#[cfg(feature = "sentry")]
mod reachable;
#[cfg(feature = "sentry")]
use reachable::reachable;

const SENTRY: Subject =
    Subject::new("sentry", "Errors are reported only where that was asked for, encrypted");

/// Whether this server can, which is said where nobody asks for it.
const BUILT: &str = if cfg!(feature = "sentry") { "with" } else { "without" };

pub(super) fn server(config: &Config) -> PostureItem {
    if config.sentry.dsn.is_none() {
        return SENTRY.not_applicable(format!(
            "sentry.dsn is not set: nothing is reported (this server was built {BUILT} the feature `sentry`)"
        ));
    }
    reachable(config)
}

#[cfg(not(feature = "sentry"))]
fn reachable(_: &Config) -> PostureItem {
    SENTRY.refused(
        "sentry.dsn asks for what this server was built without",
        "build it with `--features sentry`, or take sentry.dsn out",
    )
}

#[cfg(test)]
mod tests {
    use api::Verdict;

    use super::*;

    fn check(dsn: Option<&str>) -> PostureItem {
        let mut config = Config::default();
        config.sentry.dsn = dsn.map(Into::into);
        server(&config)
    }

    #[test]
    fn nothing_is_reported_unless_asked_for() {
        assert_eq!(check(None).verdict, Verdict::NotApplicable);
    }

    #[cfg(not(feature = "sentry"))]
    #[test]
    fn what_this_server_was_built_without_is_refused() {
        let item = check(Some("https://key@errors.example/1"));
        assert_eq!(item.verdict, Verdict::Fail);
        assert!(item.detail.contains("built without"), "{item:?}");
    }
}
