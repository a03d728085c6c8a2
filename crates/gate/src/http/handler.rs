//! What can be a handler: a function whose first parameter is a permit.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::Response;
use futures_util::future::BoxFuture;
use http::request::Parts;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::answer::Answer;
use super::extract::Described;
use super::openapi::Operation;
use super::problem::{Problem, kind};
use crate::permit::Permit;

/// A function that can serve a route: `async fn(Permit, S, ...) -> impl Answer`.
///
/// After the permit and the product's state come up to three parts of the request; the last one may be the body.
#[diagnostic::on_unimplemented(
    message = "this is not a handler",
    note = "a handler is an `async fn(Permit, S, ...)`: a permit first, then the state, then up to three of the gate's \
            extractors with the body last; it returns something that implements `gate::http::Answer`"
)]
pub trait Handler<S, Arguments>: Clone + Send + Sync + 'static {
    /// Takes the request apart, then runs under its deadline.
    fn call(
        &self,
        permit: Permit,
        state: S,
        request: Request,
        deadline: Duration,
    ) -> BoxFuture<'static, Result<Response, Problem>>;

    /// Adds its parameters and answers to the operation.
    fn describe(operation: &mut Operation<'_>);
}

/// The answer, or that it did not come in time.
fn in_time<R: Answer>(outcome: Result<R, Elapsed>) -> Result<Response, Problem> {
    match outcome {
        Ok(answer) => answer.answer(),
        Err(_) => Err(Problem::new(kind::TIMEOUT).retry_after(Duration::from_secs(5))),
    }
}

impl<S, F, Work, R> Handler<S, ()> for F
where
    S: Send + 'static,
    F: Fn(Permit, S) -> Work + Clone + Send + Sync + 'static,
    Work: Future<Output = R> + Send + 'static,
    R: Answer + 'static,
{
    fn call(
        &self,
        permit: Permit,
        state: S,
        _: Request,
        deadline: Duration,
    ) -> BoxFuture<'static, Result<Response, Problem>> {
        let work = timeout(deadline, self(permit, state));
        Box::pin(async move { in_time(work.await) })
    }

    fn describe(operation: &mut Operation<'_>) {
        R::describe(operation);
    }
}

macro_rules! handler {
    ([$($part:ident $value:ident),*], $last:ident) => {
        impl<S, F, Work, R, M, $($part,)* $last> Handler<S, (M, $($part,)* $last)> for F
        where
            S: Send + Sync + 'static,
            F: Fn(Permit, S, $($part,)* $last) -> Work + Clone + Send + Sync + 'static,
            Work: Future<Output = R> + Send,
            R: Answer,
            $($part: FromRequestParts<S, Rejection = Problem> + Described + Send + 'static,)*
            $last: FromRequest<S, M, Rejection = Problem> + Described + Send + 'static,
        {
            fn call(
                &self,
                permit: Permit,
                state: S,
                request: Request,
                deadline: Duration,
            ) -> BoxFuture<'static, Result<Response, Problem>> {
                let handler = self.clone();
                Box::pin(async move {
                    let (head, body) = request.into_parts();
                    $(let (head, $value) = take::<S, $part>(head, &state).await?;)*
                    let last = $last::from_request(Request::from_parts(head, body), &state).await?;
                    let work = pin!(handler(permit, state, $($value,)* last));
                    in_time(timeout(deadline, work).await)
                })
            }

            fn describe(operation: &mut Operation<'_>) {
                $($part::describe(operation);)*
                $last::describe(operation);
                R::describe(operation);
            }
        }
    };
}

handler!([], A);
handler!([A first], B);
handler!([A first, B second], C);

async fn take<S, T: FromRequestParts<S, Rejection = Problem>>(
    mut head: Parts,
    state: &S,
) -> Result<(Parts, T), Problem> {
    let part = T::from_request_parts(&mut head, state).await?;
    Ok((head, part))
}
