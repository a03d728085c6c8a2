//! Where a visit comes from: referrer, source, campaign and channel.
//!
//! The source is what the link says of itself (`utm_source`, `source`, `ref`), else whose the referring page is, else a click id of an
//! advertisement network. Hosts are matched label by label down to the registrable domain, so `notgoogle.example` is not Google
//! and `de.search.yahoo.com` is Yahoo. The page's own hosts and local addresses are no referrers.
//!
//! # Not here
//! Which channel that is: [`crate::channel`]. The lists: [`known`].

mod known;

use std::borrow::Cow;

use url::{Host, Url, form_urlencoded};

use crate::channel::{self, Traits};
use crate::event::Page;
use crate::sites::{Site, bare_host};

pub use self::known::Kind;

/// The longest value of a campaign parameter kept, in bytes.
pub const PARAMETER_BYTES_MAX: usize = 256;
/// A cleaned referrer longer than this is kept as its host alone.
const REFERRER_KEPT_BYTES_MAX: usize = 1_000;

/// Where a visit comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin<'a> {
    /// Host and path of the referring page.
    pub referrer: Option<String>,
    /// The name of the source.
    pub source: Option<Cow<'a, str>>,
    /// The channel.
    pub channel: &'static str,
    /// `utm_source`.
    pub utm_source: Option<Cow<'a, str>>,
    /// `utm_medium`.
    pub utm_medium: Option<Cow<'a, str>>,
    /// `utm_campaign`.
    pub utm_campaign: Option<Cow<'a, str>>,
    /// `utm_content`.
    pub utm_content: Option<Cow<'a, str>>,
    /// `utm_term`.
    pub utm_term: Option<Cow<'a, str>>,
}

/// Works out where a visitor of this page came from.
pub fn origin_of<'a>(page: &'a Page, referrer: Option<&str>, site: &Site) -> Origin<'a> {
    let parameters = Parameters::read(page.query().unwrap_or_default());
    let referrer = referrer.and_then(|referrer| Referrer::clean(referrer, page, site));
    let tag = [&parameters.utm_source, &parameters.source, &parameters.reference]
        .into_iter()
        .find_map(|tag| tag.clone());
    let (source, kind) = match (tag, &referrer) {
        (Some(tag), _) => named_source(tag),
        (None, Some(referrer)) => referrer.source(),
        (None, None) => match parameters.click {
            Some((name, kind)) => (Some(Cow::Borrowed(name)), Some(kind)),
            None => (None, None),
        },
    };
    let is_paid_click = parameters.click.is_some_and(|(name, _)| source.as_deref() == Some(name));
    let channel = channel::classify(&Traits {
        source: source.as_deref(),
        kind,
        medium: parameters.utm_medium.as_deref(),
        campaign: parameters.utm_campaign.as_deref(),
        is_paid_click,
        has_referrer: referrer.is_some(),
    });
    Origin {
        referrer: referrer.map(|referrer| referrer.text),
        source,
        channel,
        utm_source: parameters.utm_source,
        utm_medium: parameters.utm_medium,
        utm_campaign: parameters.utm_campaign,
        utm_content: parameters.utm_content,
        utm_term: parameters.utm_term,
    }
}

/// What the query of the page says about where the visitor came from.
#[derive(Default)]
struct Parameters<'a> {
    utm_source: Option<Cow<'a, str>>,
    utm_medium: Option<Cow<'a, str>>,
    utm_campaign: Option<Cow<'a, str>>,
    utm_content: Option<Cow<'a, str>>,
    utm_term: Option<Cow<'a, str>>,
    source: Option<Cow<'a, str>>,
    reference: Option<Cow<'a, str>>,
    click: Option<(&'static str, Kind)>,
}

impl<'a> Parameters<'a> {
    /// Decodes the query; of a parameter given twice the first counts.
    fn read(query: &'a str) -> Self {
        let mut parameters = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match key.as_ref() {
                "utm_source" => &mut parameters.utm_source,
                "utm_medium" => &mut parameters.utm_medium,
                "utm_campaign" => &mut parameters.utm_campaign,
                "utm_content" => &mut parameters.utm_content,
                "utm_term" => &mut parameters.utm_term,
                "source" => &mut parameters.source,
                "ref" => &mut parameters.reference,
                click_id => {
                    if parameters.click.is_none() && !value.is_empty() {
                        parameters.click = known::click_id(click_id);
                    }
                    continue;
                }
            };
            if slot.is_none() {
                *slot = bounded(value);
            }
        }
        parameters
    }
}

/// The value without control characters and spaces around it, cut to its bound; `None` when nothing is left.
fn bounded(value: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let trimmed = value.trim();
    if trimmed.is_empty() {
        return None;
    }
    if trimmed.len() == value.len()
        && value.len() <= PARAMETER_BYTES_MAX
        && !value.chars().any(char::is_control)
    {
        return Some(value);
    }
    let clean: String = trimmed.chars().filter(|letter| !letter.is_control()).collect();
    let clean = clean.get(..clean.floor_char_boundary(PARAMETER_BYTES_MAX)).unwrap_or_default();
    (!clean.is_empty()).then(|| Cow::Owned(clean.to_owned()))
}

/// The name and kind of a source a link gave itself: by name, by host, or as it is.
fn named_source(tag: Cow<'_, str>) -> (Option<Cow<'_, str>>, Option<Kind>) {
    let lower = tag.to_lowercase();
    let known = known::by_name(&lower).or_else(|| {
        let host = bare_host(&lower);
        host.contains('.').then(|| known::by_host(host, "")).flatten()
    });
    match known {
        Some((name, kind)) => (Some(Cow::Borrowed(name)), Some(kind)),
        None => (Some(tag), None),
    }
}

/// A referring page.
struct Referrer {
    /// Host and path, as stored.
    text: String,
    /// How much of the text is the host, or the whole address of an app.
    host_bytes: usize,
    is_name: bool,
}

impl Referrer {
    /// The referrer without query, fragment, last slash and `www.`; `None` when it is no page of another site.
    fn clean(referrer: &str, page: &Page, site: &Site) -> Option<Self> {
        let url = Url::parse(referrer.trim()).ok()?;
        let is_app = match url.scheme() {
            "http" | "https" => false,
            "android-app" => true,
            _ => return None,
        };
        let host = bare_host(url.host_str()?);
        if host.bytes().all(|byte| byte == b'.') {
            return None;
        }
        if is_app {
            let text = format!("android-app://{host}");
            return Some(Self { host_bytes: text.len(), text, is_name: true });
        }
        let is_name = matches!(url.host(), Some(Host::Domain(_)));
        if is_local(&url, host) || site.has_host(host) || page.hostname() == host {
            return None;
        }
        let path = url.path().trim_end_matches('/');
        let text = if host.len() + path.len() > REFERRER_KEPT_BYTES_MAX {
            host.to_owned()
        } else {
            format!("{host}{path}")
        };
        Some(Self { host_bytes: host.len(), text, is_name })
    }

    fn source<'a>(&self) -> (Option<Cow<'a, str>>, Option<Kind>) {
        let (host, path) = self.text.split_at_checked(self.host_bytes).unwrap_or((&self.text, ""));
        let known = match host.strip_prefix("android-app://") {
            Some(package) => known::by_place(package),
            None if self.is_name => known::by_host(host, path),
            None => None,
        };
        match known {
            Some((name, kind)) => (Some(Cow::Borrowed(name)), Some(kind)),
            None => {
                let name = host.strip_prefix("android-app://").unwrap_or(host);
                (Some(Cow::Owned(name.to_owned())), None)
            }
        }
    }
}

fn is_local(url: &Url, host: &str) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Domain(_)) | None => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests;
