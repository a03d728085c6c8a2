//! What a handler may answer with, each with its place in the OpenAPI document.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, HeaderName, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;

use super::cookie;
use super::extract::Json;
use super::openapi::Operation;
use super::problem::{Problem, kind};
use crate::accounts::SignedIn;
use crate::device::DeviceToken;
use crate::session::SessionToken;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Something a handler may answer with.
pub trait Answer {
    /// Turns into a response.
    ///
    /// # Errors
    /// It was a problem, or cannot be written.
    fn answer(self) -> Result<Response, Problem>;

    /// Adds itself to the operation.
    fn describe(operation: &mut Operation<'_>);
}

fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Response, Problem> {
    let bytes = serde_json::to_vec(value).map_err(Problem::internal)?;
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

impl<T: Serialize + JsonSchema> Answer for Json<T> {
    fn answer(self) -> Result<Response, Problem> {
        json(StatusCode::OK, &self.0)
    }

    fn describe(operation: &mut Operation<'_>) {
        let schema = operation.schema::<T>();
        operation.response(StatusCode::OK, Some(("application/json", schema)));
    }
}

/// Something new, as JSON with status 201.
#[derive(Debug, Clone, Copy)]
pub struct Created<T>(pub T);

impl<T: Serialize + JsonSchema> Answer for Created<T> {
    fn answer(self) -> Result<Response, Problem> {
        json(StatusCode::CREATED, &self.0)
    }

    fn describe(operation: &mut Operation<'_>) {
        let schema = operation.schema::<T>();
        operation.response(StatusCode::CREATED, Some(("application/json", schema)));
    }
}

/// Done, and nothing to say: status 204.
#[derive(Debug, Clone, Copy)]
pub struct NoContent;

impl Answer for NoContent {
    fn answer(self) -> Result<Response, Problem> {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }

    fn describe(operation: &mut Operation<'_>) {
        operation.response(StatusCode::NO_CONTENT, None);
    }
}

/// Plain text.
#[derive(Debug, Clone)]
pub struct Text(pub Cow<'static, str>);

impl Answer for Text {
    fn answer(self) -> Result<Response, Problem> {
        let mut response = Response::new(Body::from(self.0));
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        Ok(response)
    }

    fn describe(operation: &mut Operation<'_>) {
        operation.response(
            StatusCode::OK,
            Some(("text/plain", schemars::json_schema!({ "type": "string" }))),
        );
    }
}

/// A response made by hand: files, streams, other people's protocols. The pipeline still adds its headers.
#[derive(Debug)]
pub struct Raw(pub Response);

impl Answer for Raw {
    fn answer(self) -> Result<Response, Problem> {
        Ok(self.0)
    }

    fn describe(operation: &mut Operation<'_>) {
        operation.response(StatusCode::OK, None);
    }
}

/// An answer that begins or ends the caller's session.
#[derive(Debug)]
pub struct Session<A> {
    answer: A,
    cookie: Cookie,
}

/// What becomes of the browser's cookie.
#[derive(Debug)]
enum Cookie {
    Given(SessionToken),
    /// Along with what it is recognised by from now on.
    Begun(SessionToken, DeviceToken),
    TakenBack,
    AsItIs,
}

impl<A> Session<A> {
    /// Gives the browser its token along with the answer.
    #[must_use]
    pub fn begin(signed_in: &SignedIn, answer: A) -> Self {
        let SignedIn { token, device, .. } = signed_in;
        Self { answer, cookie: Cookie::Begun(token.clone(), device.clone()) }
    }

    /// Gives the browser another token for the session it has.
    #[must_use]
    pub const fn renew(token: SessionToken, answer: A) -> Self {
        Self { answer, cookie: Cookie::Given(token) }
    }

    /// Leaves the browser's cookie as it is: nothing has begun yet.
    #[must_use]
    pub const fn none(answer: A) -> Self {
        Self { answer, cookie: Cookie::AsItIs }
    }

    /// Takes the token back and tells the browser to forget what it kept of us, but for what it is recognised by: else
    /// strangers could lock out whoever signs out.
    #[must_use]
    pub const fn end(answer: A) -> Self {
        Self { answer, cookie: Cookie::TakenBack }
    }
}

impl<A: Answer> Answer for Session<A> {
    fn answer(self) -> Result<Response, Problem> {
        let mut response = self.answer.answer()?;
        let headers = response.headers_mut();
        match &self.cookie {
            Cookie::Given(token) => {
                let cookie = cookie::begin(token).ok_or_else(|| Problem::new(kind::INTERNAL))?;
                headers.append(SET_COOKIE, cookie);
            }
            Cookie::Begun(token, device) => {
                for cookie in [cookie::begin(token), cookie::recognise(device)] {
                    let cookie = cookie.ok_or_else(|| Problem::new(kind::INTERNAL))?;
                    headers.append(SET_COOKIE, cookie);
                }
            }
            Cookie::TakenBack => {
                headers.append(SET_COOKIE, cookie::end());
                headers.insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\", \"storage\""));
            }
            Cookie::AsItIs => {}
        }
        Ok(response)
    }

    fn describe(operation: &mut Operation<'_>) {
        A::describe(operation);
    }
}

impl<A: Answer, E: Into<Problem>> Answer for Result<A, E> {
    fn answer(self) -> Result<Response, Problem> {
        self.map_err(Into::into)?.answer()
    }

    fn describe(operation: &mut Operation<'_>) {
        A::describe(operation);
    }
}
