//! The page an event happened on.

use std::borrow::Cow;

use url::{Position, Url};

use super::error::Rule;
use crate::sites::bare_host;

/// The longest address, in bytes.
pub const URL_BYTES_MAX: usize = 2_000;

/// Schemes that cannot be a page: they carry their content or code in the address.
const SCHEMES_REFUSED: &[&str] = &["data", "javascript", "blob", "about", "mailto", "vbscript"];

/// An absolute address with a host. Web addresses and those of apps (`app://shop/cart`) are both pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    url: Url,
    with_fragment: bool,
}

impl Page {
    pub(super) fn parse(address: &str, with_fragment: bool) -> Result<Self, Rule> {
        if address.len() > URL_BYTES_MAX {
            return Err(Rule::TooManyBytes { bytes_max: URL_BYTES_MAX });
        }
        let url = Url::parse(address).map_err(|_| Rule::NotAnAddress)?;
        if SCHEMES_REFUSED.contains(&url.scheme()) {
            return Err(Rule::Scheme);
        }
        if url.host_str().is_none_or(|host| host.bytes().all(|byte| byte == b'.')) {
            return Err(Rule::NotAnAddress);
        }
        Ok(Self { url, with_fragment })
    }

    /// The host without port, user and a leading `www.`; lower case, international names in their ASCII form.
    pub fn hostname(&self) -> Cow<'_, str> {
        let host = bare_host(self.url.host_str().unwrap_or_default());
        // The parser lowers the hosts of web addresses itself, those of other schemes it leaves as written.
        if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(host.to_ascii_lowercase())
        } else {
            Cow::Borrowed(host)
        }
    }

    /// The path as sent, percent-encoding kept, with the fragment in hash mode; `/` when there is none.
    pub fn pathname(&self) -> Cow<'_, str> {
        let path = if self.url.path().is_empty() { "/" } else { self.url.path() };
        match self.url.fragment() {
            Some(fragment) if self.with_fragment && !fragment.is_empty() => {
                Cow::Owned(format!("{path}#{fragment}"))
            }
            _ => Cow::Borrowed(path),
        }
    }

    /// The query, still encoded.
    pub fn query(&self) -> Option<&str> {
        self.url.query()
    }

    /// Whether this `Origin`, as browsers write it, is the page's own.
    pub(crate) fn has_origin(&self, origin: &str) -> bool {
        self.is_web() && !origin.contains('@') && self.url[..Position::BeforePath] == *origin
    }

    /// Whether it is a web address; the others belong to apps.
    pub fn is_web(&self) -> bool {
        matches!(self.url.scheme(), "http" | "https")
    }
}
