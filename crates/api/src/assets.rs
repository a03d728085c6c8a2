//! Embedded files, served: type, `ETag`, compressed twins, conditional
//! requests.
//!
//! Files are embedded at build time with their hashes. Where the build left a `.br` or `.gz` twin beside a file, a client that
//! takes it gets the twin. Everything that can be computed is computed once.
//!
//! # Not here
//! Which path is which file, and how long it may be kept: the callers.

use std::borrow::Cow;
use std::collections::HashMap;

use axum::body::Body;
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

/// For files whose name holds their hash: they never change.
pub(crate) const IMMUTABLE: HeaderValue =
    HeaderValue::from_static("public, max-age=31536000, immutable");

/// For pages: kept by nobody, so that a new release and a sign-out bite at once.
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// A set of files by their path.
pub(crate) struct Assets(HashMap<Cow<'static, str>, Asset>);

/// One file in the encodings it was built in.
pub(crate) struct Asset {
    content_type: HeaderValue,
    identity: Variant,
    gzip: Option<Variant>,
    brotli: Option<Variant>,
}

struct Variant {
    body: Bytes,
    etag: HeaderValue,
    encoding: Option<HeaderValue>,
}

impl Assets {
    /// All files of an embedded folder; twins are part of the file they are twins of.
    pub(crate) fn of<Folder: RustEmbed>() -> Self {
        let mut assets = HashMap::new();
        for path in Folder::iter() {
            if path.ends_with(".gz") || path.ends_with(".br") {
                continue;
            }
            if let Some(file) = Folder::get(&path) {
                let twin = |ending: &str, encoding: &'static str| {
                    let file = Folder::get(&format!("{path}.{ending}"))?;
                    Some(Variant::new(file, Some(HeaderValue::from_static(encoding))))
                };
                let asset = Asset {
                    content_type: content_type(&path),
                    identity: Variant::new(file, None),
                    gzip: twin("gz", "gzip"),
                    brotli: twin("br", "br"),
                };
                assets.insert(path, asset);
            }
        }
        Self(assets)
    }

    /// The file of this path.
    pub(crate) fn get(&self, path: &str) -> Option<&Asset> {
        self.0.get(path)
    }
}

impl Asset {
    /// A file made at run time, without twins.
    pub(crate) fn from_text(path: &str, text: String) -> Self {
        // Not a secret and not a promise between versions: equal text, equal tag, within this process.
        let mut hasher = std::hash::DefaultHasher::new();
        std::hash::Hash::hash(&text, &mut hasher);
        let etag = format!("\"{:016x}\"", std::hash::Hasher::finish(&hasher));
        let identity = Variant { body: Bytes::from(text), etag: header(&etag), encoding: None };
        Self { content_type: content_type(path), identity, gzip: None, brotli: None }
    }

    /// The answer to a `GET` of this file.
    pub(crate) fn respond(
        &self,
        request: &HeaderMap,
        cache_control: HeaderValue,
    ) -> Response<Body> {
        let variant = self.best_for(request);
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(ETAG, variant.etag.clone());
        headers.insert(CACHE_CONTROL, cache_control);
        if self.gzip.is_some() || self.brotli.is_some() {
            headers.append(VARY, HeaderValue::from_static("accept-encoding"));
        }
        if matches_tag(request, &variant.etag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(CONTENT_TYPE, self.content_type.clone());
        if let Some(encoding) = &variant.encoding {
            headers.insert(CONTENT_ENCODING, encoding.clone());
        }
        *response.body_mut() = Body::from(variant.body.clone());
        response
    }

    fn best_for(&self, request: &HeaderMap) -> &Variant {
        let accepted = |encoding| accepts(request, encoding);
        let brotli = self.brotli.as_ref().filter(|_| accepted("br"));
        let gzip = || self.gzip.as_ref().filter(|_| accepted("gzip"));
        brotli.or_else(gzip).unwrap_or(&self.identity)
    }
}

impl Variant {
    fn new(file: EmbeddedFile, encoding: Option<HeaderValue>) -> Self {
        let hash: String =
            file.metadata.sha256_hash().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let body = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        Self { body, etag: header(&format!("\"{hash}\"")), encoding }
    }
}

/// Whether the client takes this encoding: named, or covered by `*`, and not with a weight of zero.
fn accepts(request: &HeaderMap, encoding: &str) -> bool {
    let mut by_star = false;
    let values = request.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for part in values.flat_map(|value| value.split(',')) {
        let mut pieces = part.split(';').map(str::trim);
        let name = pieces.next().unwrap_or_default();
        let wanted = !pieces.any(is_zero_weight);
        if name.eq_ignore_ascii_case(encoding) {
            return wanted;
        }
        by_star |= name == "*" && wanted;
    }
    by_star
}

fn is_zero_weight(parameter: &str) -> bool {
    let weight =
        parameter.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    weight.is_some_and(|(_, value)| value.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0))
}

/// RFC 9110 13.1.2: weak comparison against a list, or `*`.
fn matches_tag(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let values = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).any(|candidate| {
        candidate == "*"
            || candidate.strip_prefix("W/").unwrap_or(candidate).as_bytes() == etag.as_bytes()
    })
}

fn content_type(path: &str) -> HeaderValue {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    HeaderValue::from_static(match ending {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    })
}

/// A header of text that is visible ASCII by construction.
fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset() -> Asset {
        let variant =
            |text: &'static str, etag: &'static str, encoding: Option<&'static str>| Variant {
                body: Bytes::from_static(text.as_bytes()),
                etag: HeaderValue::from_static(etag),
                encoding: encoding.map(HeaderValue::from_static),
            };
        Asset {
            content_type: content_type("a.js"),
            identity: variant("plain", "\"p\"", None),
            gzip: Some(variant("zipped", "\"g\"", Some("gzip"))),
            brotli: Some(variant("crisp", "\"b\"", Some("br"))),
        }
    }

    fn request(headers: &[(http::HeaderName, &'static str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn the_best_encoding_the_client_takes_is_sent() {
        for (accept, expected) in [
            ("", "p"),
            ("identity", "p"),
            ("gzip", "g"),
            ("gzip, deflate, br", "b"),
            ("GZIP;q=0.5, BR;q=0", "g"),
            ("br; q=0.0, gzip; q=0", "p"),
            ("*", "b"),
            ("*;q=0", "p"),
            ("br;q=0, *", "g"),
            ("brotli", "p"),
        ] {
            let response = asset().respond(&request(&[(ACCEPT_ENCODING, accept)]), IMMUTABLE);
            assert_eq!(response.headers()[ETAG], format!("\"{expected}\""), "{accept}");
            assert_eq!(response.headers()[VARY], "accept-encoding");
            assert_eq!(
                response.headers().contains_key(CONTENT_ENCODING),
                expected != "p",
                "{accept}"
            );
            assert_eq!(response.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
        }
    }

    #[test]
    fn a_client_that_has_the_file_is_told_so() {
        for (tags, expected) in [
            ("\"b\"", StatusCode::NOT_MODIFIED),
            ("W/\"b\"", StatusCode::NOT_MODIFIED),
            ("\"x\", \"b\"", StatusCode::NOT_MODIFIED),
            ("*", StatusCode::NOT_MODIFIED),
            ("\"g\"", StatusCode::OK),
            ("b", StatusCode::OK),
            ("", StatusCode::OK),
        ] {
            let response = asset()
                .respond(&request(&[(ACCEPT_ENCODING, "br"), (IF_NONE_MATCH, tags)]), NO_STORE);
            assert_eq!(response.status(), expected, "{tags}");
            assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        }
    }

    #[test]
    fn types_come_from_the_ending() {
        for (path, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("assets/a.b.css", "text/css; charset=utf-8"),
            ("font.woff2", "font/woff2"),
            ("LICENSE", "application/octet-stream"),
            ("a/", "application/octet-stream"),
        ] {
            assert_eq!(content_type(path), expected, "{path}");
        }
    }
}
