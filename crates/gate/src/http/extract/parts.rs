//! Parts of a request's head.

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::USER_AGENT;
use http::request::Parts;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::Described;
use crate::http::openapi::Operation;
use crate::http::problem::Problem;

/// The variables of the path: one value, a tuple, or a struct by their names.
///
/// A value that does not fit is answered as if nothing were there: what cannot be named does not exist.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S, T> FromRequestParts<S> for Path<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        found.map(|path| Self(path.0)).map_err(|error| Problem::not_found().because(error))
    }
}

impl<T: JsonSchema> Described for Path<T> {
    fn describe(operation: &mut Operation<'_>) {
        let schema = operation.schema::<T>();
        operation.path_parameters(&schema);
    }
}

/// All headers, for the few handlers that speak somebody else's protocol.
#[derive(Debug, Clone)]
pub struct Headers(pub HeaderMap);

impl<S: Send + Sync> FromRequestParts<S> for Headers {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(parts.headers.clone()))
    }
}

impl Described for Headers {
    fn describe(_: &mut Operation<'_>) {}
}

/// What the browser calls itself, if it says so in plain text.
#[derive(Debug, Clone)]
pub struct UserAgent(pub Option<String>);

impl UserAgent {
    fn of(parts: &Parts) -> Self {
        Self(parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for UserAgent {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::of(parts))
    }
}

impl Described for UserAgent {
    fn describe(_: &mut Operation<'_>) {}
}
