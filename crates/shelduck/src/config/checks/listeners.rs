//! The checks about how the listeners are reached.

use super::{Check, Config, Verdict};

/// The schemes of a contact in security.txt (RFC 9116 2.5.3).
const CONTACT_SCHEMES: [&str; 3] = ["mailto", "https", "tel"];

/// Runs them; what is not configured has no line.
pub(super) fn run(config: &Config) -> Vec<Check> {
    [redirect(config), proxy_protocol(config), preload(config), security_contact(config)]
        .into_iter()
        .flatten()
        .collect()
}

/// Plain HTTP off loopback is bearable when it only sends people away.
fn redirect(config: &Config) -> Option<Check> {
    let listen = config.http.redirect_listen?;
    let id = "http_redirect";
    let is_https =
        config.server.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    Some(if listen == config.http.listen && listen.port() != 0 {
        Check::refused(id, format!("http.redirect_listen {listen} is http.listen itself"))
    } else if is_https {
        Check::passed(id, format!("{listen} only sends pages to server.public_url"))
    } else {
        Check::refused(
            id,
            "http.redirect_listen needs an https:// address in server.public_url to send pages to",
        )
    })
}

fn proxy_protocol(config: &Config) -> Option<Check> {
    let id = "proxy_protocol";
    config.http.proxy_protocol.then(|| {
        if config.server.trusted_proxies.is_empty() {
            Check::refused(
                id,
                "http.proxy_protocol lets only proxies connect; name them in server.trusted_proxies",
            )
        } else {
            Check::passed(id, "connections come from the proxies only, each with its header")
        }
    })
}

fn preload(config: &Config) -> Option<Check> {
    config.http.hsts_preload.then(|| {
        Check::new(
            "hsts_preload",
            Verdict::Warned,
            "http.hsts_preload asks browsers to never use plain HTTP for this host and all hosts below it; months pass until that \
             can be taken back",
        )
    })
}

fn security_contact(config: &Config) -> Option<Check> {
    let text = config.server.security_contact.as_ref()?;
    let id = "security_contact";
    let is_contact = url::Url::parse(text).is_ok_and(|url| {
        CONTACT_SCHEMES.contains(&url.scheme()) && !text.contains(char::is_whitespace)
    });
    Some(if is_contact {
        Check::passed(id, format!("{text} is in /.well-known/security.txt"))
    } else {
        Check::refused(
            id,
            format!(
                "`{text}` is not an address like mailto:security@example.com or https://example.com/report"
            ),
        )
    })
}

#[cfg(test)]
mod tests {
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
        assert_eq!(url("https://stats.example"), [("http_redirect", Verdict::Passed)]);
        assert_eq!(url("http://localhost:8080"), [("http_redirect", Verdict::Refused)]);
        assert_eq!(
            check(|config| config.http.redirect_listen = listen),
            [("http_redirect", Verdict::Refused)]
        );
        let own = check(|config| {
            config.http.redirect_listen = Some(config.http.listen);
            config.server.public_url = Some("https://stats.example".to_owned());
        });
        assert_eq!(own, [("http_redirect", Verdict::Refused)]);
    }

    #[test]
    fn the_proxy_protocol_needs_proxies() {
        assert_eq!(
            check(|config| config.http.proxy_protocol = true),
            [("proxy_protocol", Verdict::Refused)]
        );
        let named = check(|config| {
            config.http.proxy_protocol = true;
            config.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        });
        assert_eq!(named, [("proxy_protocol", Verdict::Passed)]);
    }

    #[test]
    fn preloading_is_warned_of() {
        assert_eq!(
            check(|config| config.http.hsts_preload = true),
            [("hsts_preload", Verdict::Warned)]
        );
    }

    #[test]
    fn a_contact_is_an_address() {
        let contact = |text: &str| {
            check(|config| config.server.security_contact = Some(text.to_owned()))
                .into_iter()
                .all(|(_, verdict)| verdict == Verdict::Passed)
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
