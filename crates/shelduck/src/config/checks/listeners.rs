//! The checks about how the listeners are reached.

use api::PostureItem;

use super::super::Config;
use super::Subject;

/// The schemes of a contact in security.txt (RFC 9116 2.5.3).
const CONTACT_SCHEMES: [&str; 3] = ["mailto", "https", "tel"];

const REDIRECT: Subject = Subject::new("http_redirect", "Plain HTTP only sends people to HTTPS");
const PROXY_PROTOCOL: Subject =
    Subject::new("proxy_protocol", "Only the proxies may say who a connection is from");
const PRELOAD: Subject =
    Subject::new("hsts_preload", "What browsers keep for months is what you want");
const CONTACT: Subject = Subject::new("security_contact", "People can report a hole");

/// Runs them; what is not configured has no line.
pub(super) fn run(config: &Config) -> Vec<PostureItem> {
    [redirect(config), proxy_protocol(config), preload(config), security_contact(config)]
        .into_iter()
        .flatten()
        .collect()
}

/// Plain HTTP off loopback is bearable when it only sends people away.
fn redirect(config: &Config) -> Option<PostureItem> {
    let listen = config.http.redirect_listen?;
    let is_https =
        config.server.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    Some(if listen == config.http.listen && listen.port() != 0 {
        REDIRECT.refused(
            format!("http.redirect_listen {listen} is http.listen itself"),
            "give it a port of its own, or take it out",
        )
    } else if is_https {
        REDIRECT.passed(format!("{listen} only sends pages to server.public_url"))
    } else {
        REDIRECT.refused(
            "http.redirect_listen has no address to send pages to",
            "set server.public_url to an https:// address",
        )
    })
}

fn proxy_protocol(config: &Config) -> Option<PostureItem> {
    config.http.proxy_protocol.then(|| {
        if config.server.trusted_proxies.is_empty() {
            PROXY_PROTOCOL.refused(
                "http.proxy_protocol lets only proxies connect, and none is named",
                "name them in server.trusted_proxies",
            )
        } else {
            PROXY_PROTOCOL.passed("connections come from the proxies only, each with its header")
        }
    })
}

fn preload(config: &Config) -> Option<PostureItem> {
    config.http.hsts_preload.then(|| {
        PRELOAD.warned(
            "http.hsts_preload asks browsers to never use plain HTTP for this host and all hosts below it",
            "leave it out unless that is meant: months pass until it can be taken back",
        )
    })
}

fn security_contact(config: &Config) -> Option<PostureItem> {
    let text = config.server.security_contact.as_ref()?;
    let is_contact = url::Url::parse(text).is_ok_and(|url| {
        CONTACT_SCHEMES.contains(&url.scheme()) && !text.contains(char::is_whitespace)
    });
    Some(if is_contact {
        CONTACT.passed(format!("{text} is in /.well-known/security.txt"))
    } else {
        CONTACT.refused(
            format!("`{text}` is not an address"),
            "write it like mailto:security@example.com or https://example.com/report",
        )
    })
}

#[cfg(test)]
mod tests {
    use api::Verdict;

    use super::*;

    fn check(change: impl FnOnce(&mut Config)) -> Vec<(&'static str, Verdict)> {
        let mut config = Config::default();
        change(&mut config);
        run(&config).into_iter().map(|check| (check.id, check.verdict)).collect()
    }

    #[test]
    fn what_is_not_configured_has_no_line() {
        assert_eq!(check(|_| ()), []);
    }

    #[test]
    fn a_redirect_needs_somewhere_to_lead() {
        let listen = Some("0.0.0.0:80".parse().unwrap());
        let url = |url: &str| {
            let url = Some(url.to_owned());
            check(|config| {
                config.http.redirect_listen = listen;
                config.server.public_url = url;
            })
        };
        assert_eq!(url("https://stats.example"), [("http_redirect", Verdict::Pass)]);
        assert_eq!(url("http://localhost:8080"), [("http_redirect", Verdict::Fail)]);
        assert_eq!(
            check(|config| config.http.redirect_listen = listen),
            [("http_redirect", Verdict::Fail)]
        );
        let own = check(|config| {
            config.http.redirect_listen = Some(config.http.listen);
            config.server.public_url = Some("https://stats.example".to_owned());
        });
        assert_eq!(own, [("http_redirect", Verdict::Fail)]);
    }

    #[test]
    fn the_proxy_protocol_needs_proxies() {
        assert_eq!(
            check(|config| config.http.proxy_protocol = true),
            [("proxy_protocol", Verdict::Fail)]
        );
        let named = check(|config| {
            config.http.proxy_protocol = true;
            config.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        });
        assert_eq!(named, [("proxy_protocol", Verdict::Pass)]);
    }

    #[test]
    fn preloading_is_warned_of() {
        assert_eq!(
            check(|config| config.http.hsts_preload = true),
            [("hsts_preload", Verdict::Warn)]
        );
    }

    #[test]
    fn a_contact_is_an_address() {
        let contact = |text: &str| {
            check(|config| config.server.security_contact = Some(text.to_owned()))
                .into_iter()
                .all(|(_, verdict)| verdict == Verdict::Pass)
        };
        for text in ["mailto:security@example.com", "https://example.com/report", "tel:+49-30-1"] {
            assert!(contact(text), "{text}");
        }
        for text in
            ["", "security@example.com", "http://example.com", "javascript:alert(1)", "mailto:a b"]
        {
            assert!(!contact(text), "{text}");
        }
    }
}
