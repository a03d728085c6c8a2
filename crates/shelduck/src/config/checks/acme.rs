//! Certificates by ACME: whether they can be ordered as configured.

use api::PostureItem;

use super::super::Config;
use super::Subject;

#[cfg(feature = "acme")]
mod fit;
#[cfg(feature = "acme")]
use fit::fit;

const ACME: Subject = Subject::new("acme", "Certificates are ordered and renewed by themselves");

/// Whether this server can, which is said where nobody asks for it.
const BUILT: &str = if cfg!(feature = "acme") { "with" } else { "without" };

pub(super) fn orders(config: &Config) -> Vec<PostureItem> {
    let http = &config.http;
    let is_begun =
        http.acme_terms_accepted || http.acme_contact.is_some() || http.acme_ca.is_some();
    if !http.orders_certificates() && !is_begun {
        return vec![ACME.not_applicable(format!(
            "http.tls.acme_domains is not set (this server was built {BUILT} the feature `acme`)"
        ))];
    }
    if http.certificate.is_some() || http.key.is_some() {
        return vec![ACME.refused(
            "http.tls.acme_domains and http.tls.certificate are both set, and one listener has one certificate",
            "take one of them out",
        )];
    }
    fit(config)
}

#[cfg(not(feature = "acme"))]
fn fit(_: &Config) -> Vec<PostureItem> {
    vec![ACME.refused(
        "http.tls.acme_domains and its companions ask for what this server was built without",
        "build it with `--features acme`, or set http.tls.certificate and http.tls.key instead",
    )]
}

#[cfg(test)]
mod tests {
    use api::Verdict;

    use super::*;

    fn check(change: impl FnOnce(&mut Config)) -> Vec<(Verdict, String)> {
        let mut config = Config::default();
        change(&mut config);
        orders(&config).into_iter().map(|item| (item.verdict, item.detail)).collect()
    }

    #[test]
    fn what_is_not_asked_for_is_not_missed() {
        assert!(matches!(&check(|_| ())[..], [(Verdict::NotApplicable, _)]));
    }

    #[cfg(not(feature = "acme"))]
    #[test]
    fn what_this_server_was_built_without_is_refused() {
        for change in [
            (|config: &mut Config| config.http.acme_domains = vec!["a.example".to_owned()])
                as fn(&mut Config),
            |config| config.http.acme_terms_accepted = true,
            |config| config.http.acme_contact = Some("a@b.example".to_owned()),
        ] {
            let found = check(change);
            assert!(
                matches!(&found[..], [(Verdict::Fail, detail)] if detail.contains("built without"))
            );
        }
    }
}
