//! Reporting errors in a server that can: whether the address is one.

use api::PostureItem;
use secrecy::ExposeSecret;

use super::SENTRY;
use crate::config::Config;

/// Nothing of the value may get into the answer but the host: it holds a key.
pub(super) fn reachable(config: &Config) -> PostureItem {
    let dsn = config.sentry.dsn.as_ref().map_or("", |dsn| dsn.expose_secret());
    let address = match error_reports::Address::parse(dsn) {
        Ok(address) => address,
        Err(error) => {
            return SENTRY.refused(
                format!("sentry.dsn is {error}"),
                "write it like https://KEY@errors.example.com/42",
            );
        }
    };
    if let Err(error) = outbound::Client::new(config.sentry.ca.as_deref()) {
        return SENTRY.refused(
            format!("nobody vouches for the Sentry server: {error}"),
            "name a file with certificates (PEM) in sentry.ca, or install those of the machine (Debian: ca-certificates)",
        );
    }
    SENTRY.passed(format!(
        "errors go to {}: where in the source, release and id, nothing of a request",
        address.host()
    ))
}

#[cfg(test)]
mod tests {
    use api::Verdict;

    use super::super::server;
    use super::*;

    fn check(dsn: Option<&str>) -> PostureItem {
        let mut config = Config::default();
        config.sentry.dsn = dsn.map(Into::into);
        server(&config)
    }

    #[test]
    fn an_address_is_judged_without_being_shown() {
        for (dsn, expected) in [
            ("https://5ec4e7@errors.example/1", Verdict::Pass),
            ("http://5ec4e7@127.0.0.1:9000/1", Verdict::Pass),
            ("http://5ec4e7@errors.example/1", Verdict::Fail),
            ("https://5ec4e7@errors.example/", Verdict::Fail),
            ("5ec4e7", Verdict::Fail),
        ] {
            let item = check(Some(dsn));
            assert_eq!(item.verdict, expected, "{dsn}");
            assert!(!format!("{item:?}").contains("5ec4e7"), "{item:?}");
        }
    }
}
