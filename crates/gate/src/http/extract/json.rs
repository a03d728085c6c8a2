//! A JSON body, read strictly.

use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{Described, collect, unreadable};
use crate::http::openapi::Operation;
use crate::http::problem::{Problem, kind};

/// How deep objects and lists may nest.
const DEPTH_MAX: usize = 64;

/// A JSON body, as input or as answer.
///
/// As input: the content type must say JSON, nesting is bounded, and whether unknown fields are refused is said on the
/// type by `#[serde(deny_unknown_fields)]`.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<S, T> FromRequest<S> for Json<T>
where
    S: Send + Sync,
    T: DeserializeOwned + 'static,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !says_json(request.headers()) {
            return Err(Problem::new(kind::UNSUPPORTED_TYPE)
                .detail("Send JSON with Content-Type: application/json."));
        }
        let bytes = collect(request.into_body()).await?;
        if is_deep(&bytes) {
            return Err(Problem::new(kind::BAD_REQUEST).detail("The JSON is nested too deep."));
        }
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let inner = error.into_inner();
            match inner.classify() {
                serde_json::error::Category::Data => {
                    unreadable(&path, &inner.to_string()).because(inner)
                }
                _ => Problem::new(kind::BAD_REQUEST)
                    .detail("The body is not valid JSON.")
                    .because(inner),
            }
        })?;
        reader.end().map_err(|error| {
            Problem::new(kind::BAD_REQUEST)
                .detail("There is something after the JSON.")
                .because(error)
        })?;
        Ok(Self(value))
    }
}

impl<T: JsonSchema> Described for Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        let schema = operation.schema::<T>();
        operation.json_body(&schema);
    }
}

/// Whether the content type says JSON, in UTF-8 if it says any character set.
pub(in crate::http) fn says_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let (kind, parameters) = value.split_once(';').unwrap_or((value, ""));
    let parameters = parameters.trim();
    kind.trim().eq_ignore_ascii_case("application/json")
        && (parameters.is_empty()
            || parameters.eq_ignore_ascii_case("charset=utf-8")
            || parameters.eq_ignore_ascii_case("charset=\"utf-8\""))
}

fn is_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut inside_text, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside_text => escaped = true,
            b'"' => inside_text = !inside_text,
            b'[' | b'{' if !inside_text => depth += 1,
            b']' | b'}' if !inside_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_texts() {
        let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(!is_deep(nest(64).as_bytes()));
        assert!(is_deep(nest(65).as_bytes()));
        assert!(!is_deep(format!("[\"\\\"{}\"]", "[".repeat(100)).as_bytes()));
        assert!(!is_deep("[],".repeat(100).as_bytes()));
    }

    #[test]
    fn only_json_is_json() {
        let check = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, http::HeaderValue::from_static(text));
            says_json(&headers)
        };
        for text in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/json;charset=UTF-8",
        ] {
            assert!(check(text), "{text}");
        }
        for text in [
            "text/plain",
            "application/jsonp",
            "application/json, text/plain",
            "application/json; charset=utf-16",
            "text/plain; application/json",
            "",
        ] {
            assert!(!check(text), "{text}");
        }
        assert!(!says_json(&HeaderMap::new()));
    }
}
