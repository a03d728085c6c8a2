//! From a request's headers to the credential it shows.
//!
//! Three spellings of one key are understood: `Authorization: Bearer`, `Authorization: ApiKey` and `X-API-Key`. A token has one:
//! `Authorization: Bearer` (RFC 6750, 2.1). The address line is never looked at: what stands in a URL ends up in logs and
//! histories; and no cookie but the session's.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::cookie::{self, Shown};
use crate::door::Credential;
use crate::key::{ApiKey, ImportedKey};
use crate::token::AccessToken;

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
        (Some(shown), Shown::Nothing) => one(shown),
    }
}

/// A text that proves something, and how it is written.
#[derive(Clone, Copy)]
struct Proof<'a> {
    text: &'a str,
    bearer: bool,
}

/// A key and a token cannot be mistaken for each other: a key has no dot, a token two.
fn one(Proof { text, bearer }: Proof<'_>) -> Credential {
    let token = || AccessToken::parse(text).filter(|_| bearer).map(Credential::Token);
    let key = ApiKey::parse(text).ok().map(Credential::Key);
    key.or_else(token)
        .or_else(|| ImportedKey::parse(text).map(Credential::Imported))
        .unwrap_or(Credential::Unreadable)
}

/// The one key that is written in the headers, however often.
fn written_keys(headers: &HeaderMap) -> Result<Option<Proof<'_>>, Credential> {
    let mut found: Option<Proof<'_>> = None;
    let bearers = headers
        .get_all(AUTHORIZATION)
        .into_iter()
        .map(|value| value.to_str().ok().and_then(bearer));
    let plain = headers.get_all(API_KEY).into_iter().map(|value| value.to_str().ok().map(plain));
    for shown in bearers.chain(plain) {
        let shown = shown.ok_or(Credential::Unreadable)?;
        if found.is_some_and(|other| other.text != shown.text) {
            return Err(Credential::Conflicting);
        }
        let bearer = shown.bearer || found.is_some_and(|other| other.bearer);
        found = Some(Proof { bearer, ..shown });
    }
    Ok(found)
}

fn bearer(value: &str) -> Option<Proof<'_>> {
    let (scheme, rest) = value.trim().split_once(' ')?;
    let bearer = scheme.eq_ignore_ascii_case("bearer");
    let known = bearer || scheme.eq_ignore_ascii_case("apikey");
    known.then(|| Proof { text: rest.trim(), bearer })
}

fn plain(value: &str) -> Proof<'_> {
    Proof { text: value.trim(), bearer: false }
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
            Credential::Imported(_) => "imported",
            Credential::Token(_) => "token",
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
        assert_eq!(check(&[("authorization", "Bearer a.b.c")]), "token");
        assert_eq!(check(&[("authorization", "ApiKey a.b.c")]), "unreadable");
        assert_eq!(check(&[("x-api-key", "a.b.c")]), "unreadable");
        assert_eq!(check(&[("x-api-key", "a.b.c"), ("authorization", "Bearer a.b.c")]), "token");
        assert_eq!(check(&[("x-api-key", &"0a".repeat(16))]), "imported");
        assert_eq!(check(&[("authorization", "Bearer a.b.c.d.e")]), "unreadable");
        assert_eq!(check(&[("authorization", "Bearer a.b.c"), ("x-api-key", &one)]), "conflicting");
        assert_eq!(
            check(&[("authorization", "Bearer a.b.c"), ("cookie", &session)]),
            "conflicting"
        );
        assert_eq!(check(&[("cookie", "__Host-shelduck=a.b.c")]), "none");
        assert_eq!(check(&[("cookie", "access_token=a.b.c")]), "none");
        assert_eq!(check(&[("cookie", &session)]), "session");
        assert_eq!(check(&[("cookie", &session), ("x-api-key", &one)]), "conflicting");
        assert_eq!(check(&[("cookie", "__Host-shelduck=x")]), "none");
    }
}
