//! The query string, read strictly.

use std::collections::HashSet;

use axum::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{Described, unreadable};
use crate::http::openapi::Operation;
use crate::http::problem::{Problem, kind};

/// Most parameters of a query string.
const PARAMETERS_MAX: usize = 64;

/// The query string as a struct. A parameter that is there twice is refused, as is text that is not UTF-8; unknown ones
/// are refused by `#[serde(deny_unknown_fields)]` on the type.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let bad = |detail| Problem::new(kind::BAD_REQUEST).detail(detail);
    if percent_decode_str(query).decode_utf8().is_err() {
        return Err(bad("The query string is not UTF-8."));
    }
    let mut names = HashSet::new();
    for (place, (name, _)) in url::form_urlencoded::parse(query.as_bytes()).enumerate() {
        if place >= PARAMETERS_MAX {
            return Err(bad("There are too many parameters."));
        }
        if !names.insert(name.clone()) {
            return Err(Problem::new(kind::BAD_REQUEST).input_field(&name, "is there twice"));
        }
    }
    let reader = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        unreadable(&path, &inner.to_string()).because(inner)
    })
}

impl<T: JsonSchema> Described for Query<T> {
    fn describe(operation: &mut Operation<'_>) {
        let schema = operation.schema::<T>();
        operation.query_parameters(&schema);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Page {
        limit: u32,
        search: Option<String>,
    }

    fn check(query: &str) -> String {
        match read::<Page>(query) {
            Ok(page) => format!("{} {:?}", page.limit, page.search),
            Err(problem) => format!("{problem:?}"),
        }
    }

    #[test]
    fn it_is_read_strictly() {
        assert_eq!(check("limit=5&search=a%20b"), "5 Some(\"a b\")");
        for (query, expected) in [
            ("limit=5&limit=5", "is there twice"),
            ("limit=5&other=1", "is not a field here"),
            ("limit=x", "has a value that cannot be read"),
            ("search=x", "is missing"),
            ("limit=5&search=%ff", "not UTF-8"),
        ] {
            assert!(check(query).contains(expected), "{query}: {}", check(query));
        }
        let many: String = (0..65).map(|place| format!("p{place}=1&")).collect();
        assert!(check(&many).contains("too many"));
    }
}
