//! Where reports go: what Sentry calls a DSN.

use url::Url;

/// Where reports go, and the key that is shown there.
///
/// `https://KEY@HOST/PATH/PROJECT`: the path may be missing. It is a secret as far as it lets whoever has it send reports, so it
/// cannot be printed.
pub struct Address {
    endpoint: Url,
    key: String,
}

/// Not an address of a Sentry server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Not an address at all.
    #[error("no address like https://KEY@HOST/PROJECT")]
    Url,
    /// It would leave the machine unencrypted.
    #[error("neither https nor on this machine")]
    Scheme,
    /// Nothing stands before the `@`.
    #[error("without a key before the `@`")]
    Key,
    /// The path does not end in a number.
    #[error("without a project's number at its end")]
    Project,
}

impl Address {
    /// Reads it.
    ///
    /// # Errors
    /// It is none; nothing of it is in the error.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let mut url = Url::parse(text.trim()).map_err(|_| BadAddress::Url)?;
        let key = url.username().to_owned();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(BadAddress::Key);
        }
        // The second half of the pair is of old servers; none that is supported asks for it.
        url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| BadAddress::Url)?;
        let path = url.path().trim_end_matches('/').to_owned();
        let (before, project) = path.rsplit_once('/').ok_or(BadAddress::Project)?;
        if project.is_empty() || !project.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadAddress::Project);
        }
        url.set_path(&format!("{before}/api/{project}/envelope/"));
        url.set_query(None);
        url.set_fragment(None);
        if !outbound::may_be_asked(url.as_str()) {
            return Err(BadAddress::Scheme);
        }
        Ok(Self { endpoint: url, key })
    }

    /// The server, which is no secret.
    #[must_use]
    pub fn host(&self) -> &str {
        self.endpoint.host_str().unwrap_or_default()
    }

    /// Where envelopes are sent.
    pub(crate) fn endpoint(&self) -> &str {
        self.endpoint.as_str()
    }

    /// The field that says who sends.
    pub(crate) fn authentication(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "Sentry sentry_key={}, sentry_version=7, sentry_client=shelduck/{version}",
            self.key
        )
    }
}

#[cfg(test)]
mod tests {
    use sentry_types::{Auth, Dsn};

    use super::*;

    #[test]
    fn the_endpoint_is_where_sentrys_own_library_finds_it() {
        for text in [
            "https://0123abcd@o1.ingest.example/42",
            "https://0123abcd@errors.example:8443/some/path/7",
            "https://0123abcd:4567@errors.example/1",
            "http://0123abcd@127.0.0.1:9000/1",
            "http://0123abcd@[::1]:9000/a/1",
        ] {
            let (ours, theirs) = (Address::parse(text).unwrap(), text.parse::<Dsn>().unwrap());
            assert_eq!(ours.endpoint(), theirs.envelope_api_url().as_str(), "{text}");
            let seen: Auth = ours.authentication().parse().unwrap();
            assert_eq!((seen.public_key(), seen.version()), (theirs.public_key(), 7), "{text}");
            assert!(!ours.endpoint().contains("0123abcd"));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_by_its_fault() {
        for (text, expected) in [
            ("", BadAddress::Url),
            ("errors.example/1", BadAddress::Url),
            ("https://errors.example/1", BadAddress::Key),
            ("https://a%0d%0ab@errors.example/1", BadAddress::Key),
            ("https://key@errors.example/", BadAddress::Project),
            ("https://key@errors.example/project", BadAddress::Project),
            ("http://key@errors.example/1", BadAddress::Scheme),
            ("ftp://key@errors.example/1", BadAddress::Scheme),
        ] {
            assert_eq!(Address::parse(text).err(), Some(expected), "{text}");
        }
    }
}
