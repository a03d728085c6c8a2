//! The sites events may be for, and who may send for them.
//!
//! The control store owns the sites; ingest asks an immutable snapshot of them, replaced as a whole when they change, so that an
//! event never waits for a database.
//!
//! A browser says where a request comes from in the header `Origin`, and its host must be exactly one of the site's hosts: the
//! domain, the domain with `www.`, or a host the site lists. Any port passes, because a port is not a site. Comparison is by
//! parsed host in ASCII form, never by prefix. Servers and apps send no `Origin`; from them the address of the page must name one
//! of the site's hosts, unless it belongs to an app (`app://…`), which has no host of its own.
//!
//! # Not here
//! Rate limits and the proof that a server may send (ingest keys): the gate.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use url::{Host, Url};

use crate::event::Page;

/// The longest name of a site, in bytes: a host name and a port.
pub const DOMAIN_BYTES_MAX: usize = 259;

/// A registered site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its name, normalised by [`normalise_domain`]; `data-domain` of the tracker.
    pub domain: Box<str>,
    /// The IANA name of its time zone.
    pub time_zone: Box<str>,
    /// Further hosts its pages are on, normalised.
    pub hostnames: Vec<Box<str>>,
}

impl Site {
    /// A site; `None` when the domain or a host is not a name a site can have.
    pub fn new(domain: &str, time_zone: &str, hostnames: &[&str]) -> Option<Self> {
        let normal = |name: &str| normalise_domain(name).map(|name| Box::from(name.as_ref()));
        Some(Self {
            domain: normal(domain)?,
            time_zone: time_zone.into(),
            hostnames: hostnames.iter().map(|name| normal(name)).collect::<Option<_>>()?,
        })
    }

    /// Whether pages of this site are on this host. The host is without `www.`, in lower case and ASCII.
    pub fn has_host(&self, host: &str) -> bool {
        without_port(&self.domain) == host
            || self.hostnames.iter().any(|name| without_port(name) == host)
    }

    /// Whether a request with this `Origin`, about this page, may write to the site.
    pub fn allows(&self, origin: Option<&str>, page: &Page) -> bool {
        match origin {
            // Nearly always it is the page's own.
            Some(origin) if page.has_origin(origin) => self.has_host(&page.hostname()),
            Some(origin) => host_of_origin(origin).is_some_and(|host| self.has_host(&host)),
            None => !page.is_web() || self.has_host(&page.hostname()),
        }
    }
}

/// The sites as ingest sees them. Cheap to clone; all clones see a replacement at once.
#[derive(Debug, Clone, Default)]
pub struct SiteDirectory {
    sites: Arc<RwLock<HashMap<Box<str>, Arc<Site>>>>,
}

impl SiteDirectory {
    /// A directory of these sites.
    pub fn new(sites: impl IntoIterator<Item = Site>) -> Self {
        let directory = Self::default();
        directory.replace(sites);
        directory
    }

    /// Puts these sites in the place of all others.
    pub fn replace(&self, sites: impl IntoIterator<Item = Site>) {
        let sites = sites.into_iter().map(|site| (site.domain.clone(), Arc::new(site))).collect();
        *self.sites.write().unwrap_or_else(PoisonError::into_inner) = sites;
    }

    /// The site of this normalised name.
    pub fn get(&self, domain: &str) -> Option<Arc<Site>> {
        self.sites.read().unwrap_or_else(PoisonError::into_inner).get(domain).cloned()
    }
}

/// A site's name as it is stored and compared: lower case, ASCII, without spaces around it and without `www.`. `None` when it is
/// empty, too long, or has characters no host has.
pub fn normalise_domain(name: &str) -> Option<Cow<'_, str>> {
    let name = name.trim();
    let ascii = if name.is_ascii() {
        Cow::Borrowed(name)
    } else {
        match Host::parse(name).ok()? {
            Host::Domain(domain) => Cow::Owned(domain),
            Host::Ipv4(_) | Host::Ipv6(_) => return None,
        }
    };
    let lower = if ascii.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(ascii.to_ascii_lowercase())
    } else {
        ascii
    };
    let normal = match lower {
        Cow::Borrowed(name) => Cow::Borrowed(bare_host(name)),
        Cow::Owned(name) => Cow::Owned(bare_host(&name).to_owned()),
    };
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
    let fits = (1..=DOMAIN_BYTES_MAX).contains(&normal.len())
        && normal.bytes().all(allowed)
        && !normal.contains("..")
        && !normal.starts_with(['.', ':', '-'])
        && !normal.ends_with([':', '-']);
    fits.then_some(normal)
}

/// A host without a leading `www.` and without the dot of the root.
pub(crate) fn bare_host(host: &str) -> &str {
    let host = host.strip_suffix('.').filter(|rest| !rest.is_empty()).unwrap_or(host);
    match host.split_at_checked(4) {
        Some((www, rest)) if www.eq_ignore_ascii_case("www.") && !rest.is_empty() => rest,
        _ => host,
    }
}

fn without_port(name: &str) -> &str {
    name.split_once(':').map_or(name, |(host, _)| host)
}

/// The host of an `Origin` header; `None` for `null` and everything else that is not an origin.
fn host_of_origin(origin: &str) -> Option<String> {
    let url = Url::parse(origin).ok()?;
    let is_bare = matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let host = url.host_str().filter(|host| is_bare && !host.is_empty())?;
    Some(bare_host(host).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(url: &str) -> Page {
        let body = serde_json::json!({"n": "pageview", "u": url, "d": "x.example"}).to_string();
        crate::event::NewEvent::from_json(body.as_bytes()).unwrap().page
    }

    #[test]
    fn names_are_compared_in_one_form() {
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(normalise_domain(name).as_deref(), expected, "{name}");
        };
        check(" Www.Example.COM ", Some("example.com"));
        check("localhost:8080", Some("localhost:8080"));
        check("bücher.example", Some("xn--bcher-kva.example"));
        check("BÜCHER.example", Some("xn--bcher-kva.example"));
        check("my_site-1.example.", Some("my_site-1.example"));
        check("www.", Some("www"));
        for bad in [
            "", " ", "a b", "a/b", "..", "a..b", ".a", "a\\b", "a\0b", "a'b", "-a", "a:", "[::1]",
            "ü b",
        ] {
            check(bad, None);
        }
        check(&"a".repeat(DOMAIN_BYTES_MAX), Some(&"a".repeat(DOMAIN_BYTES_MAX)));
        check(&"a".repeat(DOMAIN_BYTES_MAX + 1), None);
    }

    #[test]
    fn an_origin_must_be_exactly_one_of_the_hosts() {
        let site =
            Site::new("example.com", "UTC", &["shop.example.net", "bücher.example"]).unwrap();
        let page = page("https://elsewhere.example/");
        for origin in [
            "https://example.com",
            "http://example.com:8080",
            "https://www.example.com",
            "https://EXAMPLE.com",
            "https://example.com.",
            "https://shop.example.net",
            "https://xn--bcher-kva.example",
            "https://bücher.example",
        ] {
            assert!(site.allows(Some(origin), &page), "{origin}");
        }
        for origin in [
            "https://example.com.evil.com",
            "https://evilexample.com",
            "https://evil.com/example.com",
            "https://example.com@evil.com",
            "https://user@example.com",
            "https://example.com/",
            "https://example.com/path",
            "https://sub.example.com",
            "https://example.co",
            "null",
            "",
            "example.com",
            "https://",
            "https://example.com, https://evil.com",
        ] {
            let expected = origin == "https://example.com/";
            assert_eq!(site.allows(Some(origin), &page), expected, "{origin}");
        }
    }

    #[test]
    fn without_an_origin_the_page_must_be_of_the_site_or_of_an_app() {
        let site = Site::new("example.com:8443", "UTC", &[]).unwrap();
        assert!(site.allows(None, &page("https://www.example.com:9000/a")));
        assert!(site.allows(None, &page("app://ios/home")));
        assert!(!site.allows(None, &page("https://example.com.evil.com/")));
        assert!(!site.allows(None, &page("https://user:example.com@evil.com/")));
    }

    #[test]
    fn a_replacement_is_seen_by_all_clones() {
        let directory = SiteDirectory::new(Site::new("a.example", "UTC", &[]));
        let clone = directory.clone();
        directory.replace(Site::new("b.example", "UTC", &[]));
        assert!(clone.get("a.example").is_none());
        assert_eq!(clone.get("b.example").unwrap().domain.as_ref(), "b.example");
    }
}
