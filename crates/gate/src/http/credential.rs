//! From a request's headers to the credential it shows.
//!
//! Three spellings of one key are understood: `Authorization: Bearer`, `Authorization: ApiKey` and `X-API-Key`. The
//! address line is never looked at: what stands in a URL ends up in logs and histories.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::cookie::{self, Shown};
use crate::door::Credential;
use crate::key::ApiKey;

const API_KEY: &str = "x-api-key";

/// What the request shows.
pub(super) fn read(headers: &HeaderMap) -> Credential {
    let keys = match written_keys(headers) {
        Ok(keys) => keys,
        Err(credential) => return credential,
    };
    let session = cookie::read(headers);
    match (keys, session) {
        (None, Shown::Nothing) => Credential::None,
        (None, Shown::One(token)) => Credential::Session(token),
        // An unreadable cookie proves nothing and is nobody's guess at a key.
        (None, Shown::Unclear) => Credential::None,
        (Some(_), Shown::One(_) | Shown::Unclear) => Credential::Conflicting,
        (Some(text), Shown::Nothing) => {
            ApiKey::parse(text).map_or(Credential::Unreadable, Credential::Key)
        }
    }
}

/// The one key that is written in the headers, however often.
fn written_keys(headers: &HeaderMap) -> Result<Option<&str>, Credential> {
    let mut found: Option<&str> = None;
    let bearers = headers
        .get_all(AUTHORIZATION)
        .into_iter()
        .map(|value| value.to_str().ok().and_then(bearer));
    let plain =
        headers.get_all(API_KEY).into_iter().map(|value| value.to_str().ok().map(str::trim));
    for key in bearers.chain(plain) {
        let key = key.ok_or(Credential::Unreadable)?;
        if found.is_some_and(|other| other != key) {
            return Err(Credential::Conflicting);
        }
        found = Some(key);
    }
    Ok(found)
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, rest) = value.trim().split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("apikey");
    known.then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;
    use crate::random::SystemRandom;

    fn check(lines: &[(&str, &str)]) -> &'static str {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        match read(&headers) {
            Credential::None => "none",
            Credential::Session(_) => "session",
            Credential::Key(_) => "key",
            Credential::Unreadable => "unreadable",
            Credential::Conflicting => "conflicting",
            Credential::Local => "local",
        }
    }

    #[test]
    fn every_spelling_is_understood_and_two_keys_are_not_tried() {
        let make = || ApiKey::generate("live", &SystemRandom).unwrap().expose().to_owned();
        let (one, two) = (make(), make());
        let session = format!("__Host-shelduck={}", "ab".repeat(32));
        let (bearer_one, api_one) = (format!("Bearer {one}"), format!("ApiKey {one}"));
        assert_eq!(check(&[]), "none");
        assert_eq!(check(&[("authorization", &bearer_one)]), "key");
        assert_eq!(check(&[("authorization", &format!("bearer  {one}"))]), "key");
        assert_eq!(check(&[("authorization", &api_one)]), "key");
        assert_eq!(check(&[("x-api-key", &one)]), "key");
        assert_eq!(check(&[("x-api-key", &one), ("authorization", &bearer_one)]), "key");
        assert_eq!(check(&[("x-api-key", &two), ("authorization", &bearer_one)]), "conflicting");
        assert_eq!(
            check(&[("authorization", &format!("Bearer {two}")), ("authorization", &bearer_one)]),
            "conflicting"
        );
        assert_eq!(check(&[("authorization", &one)]), "unreadable");
        assert_eq!(check(&[("authorization", "Basic YTpi")]), "unreadable");
        assert_eq!(check(&[("authorization", "Bearer x")]), "unreadable");
        assert_eq!(check(&[("cookie", &session)]), "session");
        assert_eq!(check(&[("cookie", &session), ("x-api-key", &one)]), "conflicting");
        assert_eq!(check(&[("cookie", "__Host-shelduck=x")]), "none");
    }
}
