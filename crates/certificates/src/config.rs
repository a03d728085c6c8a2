//! Which certificates are wanted, and whether they can be had.

use std::path::PathBuf;

/// The directory of Let's Encrypt.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Most names of one certificate, as most authorities have it.
pub const NAMES_MAX: usize = 100;
/// Longest name, and longest part of one (RFC 1035 2.3.4).
const NAME_CHARS_MAX: usize = 253;
const LABEL_CHARS_MAX: usize = 63;

/// Whose certificates are wanted, from whom.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of the account and the certificates; one of its own.
    pub dir: PathBuf,
    /// Where the authority's directory is.
    pub directory: String,
    /// Where the authority writes to when something is wrong: an address of mail.
    pub contact: Option<String>,
    /// The names, the first of which is the server's own.
    pub names: Vec<String>,
    /// Whether the operator agrees to the authority's terms.
    pub terms_agreed: bool,
    /// Certificates (PEM) of those that vouch for the authority's own server; without it, those of the machine.
    pub authorities: Option<PathBuf>,
}

/// Why no certificate can be ordered like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is no name.
    #[error("there is no name to order a certificate for")]
    NoNames,
    /// One certificate cannot hold that many.
    #[error("there are {0} names, and a certificate holds {NAMES_MAX}")]
    TooManyNames(usize),
    /// Not a name that can be proved in a handshake.
    #[error(
        "`{0}` is not a host name that can be proved (no wildcard, no address, at least two parts)"
    )]
    Name(String),
    /// The authority's terms are not agreed to.
    #[error("the authority's terms are not agreed to")]
    Terms,
    /// The directory cannot be asked.
    #[error("the directory is not an https address")]
    Directory,
    /// Not an address of mail.
    #[error("the contact is not an address of mail")]
    Contact,
}

impl Config {
    /// Everything that is wrong with it.
    #[must_use]
    pub fn problems(&self) -> Vec<Unfit> {
        let mut problems = Vec::new();
        if self.names.is_empty() {
            problems.push(Unfit::NoNames);
        }
        if self.names.len() > NAMES_MAX {
            problems.push(Unfit::TooManyNames(self.names.len()));
        }
        let unfit = self.names.iter().filter(|name| !is_host_name(name));
        problems.extend(unfit.map(|name| Unfit::Name(name.clone())));
        if !self.terms_agreed {
            problems.push(Unfit::Terms);
        }
        if !outbound::may_be_asked(&self.directory) {
            problems.push(Unfit::Directory);
        }
        if self.contact.as_ref().is_some_and(|contact| !is_mail(contact)) {
            problems.push(Unfit::Contact);
        }
        problems
    }

    /// The contact as ACME writes it.
    pub(crate) fn contacts(&self) -> Vec<String> {
        self.contact.iter().map(|mail| format!("mailto:{mail}")).collect()
    }

    /// The folder of one authority: another directory is another account, and other certificates.
    pub(crate) fn folder(&self) -> PathBuf {
        let name = self.directory.strip_prefix("https://").unwrap_or(&self.directory);
        let safe =
            |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
        self.dir.join(name.chars().map(safe).take(LABEL_CHARS_MAX).collect::<String>())
    }
}

/// Lower case letters, digits and hyphens: names in other scripts are written in their ASCII form, as in certificates.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_CHARS_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= NAME_CHARS_MAX
        && name.contains('.')
        && name.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_mail(text: &str) -> bool {
    let is_plain = |character: char| character.is_ascii_graphic() && !",:?<>\"".contains(character);
    let parts = text.split_once('@');
    text.chars().all(is_plain)
        && parts.is_some_and(|(local, domain)| !local.is_empty() && is_host_name(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(change: impl FnOnce(&mut Config)) -> Vec<Unfit> {
        let mut config = Config {
            dir: PathBuf::from("x"),
            directory: LETS_ENCRYPT.to_owned(),
            contact: Some("admin@example.com".to_owned()),
            names: vec!["stats.example.com".to_owned()],
            terms_agreed: true,
            authorities: None,
        };
        change(&mut config);
        config.problems()
    }

    #[test]
    fn what_is_missing_is_said() {
        assert_eq!(config(|_| ()), []);
        assert_eq!(config(|config| config.contact = None), []);
        assert_eq!(config(|config| config.names.clear()), [Unfit::NoNames]);
        assert_eq!(config(|config| config.terms_agreed = false), [Unfit::Terms]);
        assert_eq!(config(|config| config.directory = "ca.example".into()), [Unfit::Directory]);
        assert_eq!(
            config(|config| config.directory = "http://ca.example/directory".into()),
            [Unfit::Directory]
        );
        for contact in
            ["", "admin", "mailto:a@b.example", "a@b", "a b@c.example", "a@b.example,c@d.example"]
        {
            let found = config(|config| config.contact = Some(contact.to_owned()));
            assert_eq!(found, [Unfit::Contact], "{contact}");
        }
    }

    #[test]
    fn as_many_names_as_a_certificate_holds_are_fine_and_one_more_is_not() {
        let names = |count: usize| (0..count).map(|number| format!("a{number}.example")).collect();
        assert_eq!(config(|config| config.names = names(NAMES_MAX)), []);
        let over = config(|config| config.names = names(NAMES_MAX + 1));
        assert_eq!(over, [Unfit::TooManyNames(NAMES_MAX + 1)]);
    }

    #[test]
    fn a_name_is_one_that_a_handshake_can_carry() {
        for name in ["a.example", "xn--bcher-kva.example", "a-1.b.example", "1.example"] {
            assert!(is_host_name(name), "{name}");
        }
        let long = format!("{}.example", "a".repeat(LABEL_CHARS_MAX + 1));
        for name in [
            "",
            "localhost",
            "*.example.com",
            "a..example",
            ".example.com",
            "a.example.",
            "A.example",
            "-a.example",
            "a-.example",
            "192.0.2.1",
            "[::1]",
            "a b.example",
            "bücher.example",
            "a.example/x",
            "a.example:443",
            &long,
        ] {
            assert!(!is_host_name(name), "{name}");
        }
    }

    #[test]
    fn each_directory_has_a_folder_of_its_own_inside_ours() {
        let folder = |directory: &str| {
            let config = Config {
                dir: PathBuf::from("certificates"),
                directory: directory.to_owned(),
                contact: None,
                names: Vec::new(),
                terms_agreed: true,
                authorities: None,
            };
            config.folder().display().to_string()
        };
        assert_eq!(folder(LETS_ENCRYPT), "certificates/acme-v02-api-letsencrypt-org-directory");
        assert_eq!(folder("https://../../x"), "certificates/------x");
        assert_ne!(folder("https://a.example/one"), folder("https://a.example/two"));
    }
}
