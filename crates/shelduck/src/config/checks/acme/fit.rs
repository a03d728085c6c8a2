//! Certificates by ACME in a server that can order them: what is missing.

use api::PostureItem;
use certificates::Unfit;

use super::ACME;
use crate::config::Config;

pub(super) fn fit(config: &Config) -> Vec<PostureItem> {
    let orders = crate::acme::orders(config);
    let problems = orders.problems();
    if problems.is_empty() {
        return vec![of_ca(config)];
    }
    problems.iter().map(|problem| ACME.refused(problem.to_string(), remedy(problem))).collect()
}

fn remedy(problem: &Unfit) -> &'static str {
    match problem {
        Unfit::NoNames => {
            "name them in http.tls.acme_domains, or take the other http.tls.acme_ options out"
        }
        Unfit::TooManyNames(_) => "name fewer in http.tls.acme_domains",
        Unfit::Name(_) => "write names like stats.example.com in http.tls.acme_domains",
        Unfit::Terms => "read them and set http.tls.acme_terms_accepted = true",
        Unfit::Directory => {
            "write http.tls.acme_directory like https://acme-v02.api.letsencrypt.org/directory"
        }
        Unfit::Contact => "write http.tls.acme_contact like admin@example.com",
    }
}

/// The authority's own authorities, and what else has to be so.
fn of_ca(config: &Config) -> PostureItem {
    let http = &config.http;
    if let Err(error) = certificates::check_authorities(http.acme_ca.as_deref()) {
        return ACME.refused(
            format!("nobody vouches for the authority's own server: {error}"),
            "name a file with certificates (PEM) in http.tls.acme_ca, or install those of the machine (Debian: ca-certificates)",
        );
    }
    ACME.passed(format!(
        "{} from {}; it connects to port 443, which must lead to {}",
        http.acme_domains.join(", "),
        http.acme_directory,
        http.listen
    ))
}

#[cfg(test)]
mod tests {
    use api::Verdict;

    use super::super::orders;
    use super::*;

    fn check(change: impl FnOnce(&mut Config)) -> Vec<(Verdict, String)> {
        let mut config = Config::default();
        change(&mut config);
        orders(&config).into_iter().map(|item| (item.verdict, item.detail)).collect()
    }

    #[test]
    fn what_is_missing_is_said() {
        fn fit(config: &mut Config) {
            config.http.acme_domains = vec!["a.example".to_owned()];
            config.http.acme_terms_accepted = true;
        }
        let verdicts = |change: fn(&mut Config)| {
            let found = check(|config| {
                fit(config);
                change(config);
            });
            found.into_iter().map(|(verdict, _)| verdict).collect::<Vec<_>>()
        };
        assert_eq!(verdicts(|_| ()), [Verdict::Pass]);
        let refused: [fn(&mut Config); 8] = [
            |config| config.http.acme_domains.clear(),
            |config| config.http.acme_domains = vec!["*.example.com".to_owned()],
            |config| config.http.acme_terms_accepted = false,
            |config| config.http.acme_contact = Some("nobody".to_owned()),
            |config| config.http.acme_directory = "http://ca.example/dir".to_owned(),
            |config| config.http.acme_ca = Some("nothing.pem".into()),
            |config| config.http.certificate = Some("certificate.pem".into()),
            |config| config.http.key = Some("key.pem".into()),
        ];
        for change in refused {
            assert_eq!(verdicts(change), [Verdict::Fail]);
        }
    }
}
