//! A whole request, for handlers that speak somebody else's protocol.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::request::Parts;
use http_body_util::BodyExt;

use super::Described;
use crate::http::body::BodyError;
use crate::http::openapi::Operation;
use crate::http::problem::{Problem, kind};

/// The head and the whole body, within the route's limits of size and time.
#[derive(Debug)]
pub struct RawRequest {
    /// The head.
    pub head: Parts,
    /// The body.
    pub body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for RawRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        Ok(Self { head, body: collect(body).await? })
    }
}

impl Described for RawRequest {
    fn describe(_: &mut Operation<'_>) {}
}

/// Waits for the whole body.
pub(in crate::http) async fn collect(body: Body) -> Result<Bytes, Problem> {
    match body.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(match BodyError::within(&error) {
            Some(BodyError::TooLarge) => Problem::new(kind::TOO_LARGE),
            Some(BodyError::TooSlow) => Problem::new(kind::REQUEST_TIMEOUT),
            None => Problem::new(kind::BAD_REQUEST)
                .detail("The body did not arrive whole.")
                .because(error),
        }),
    }
}
