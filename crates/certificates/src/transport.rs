//! How the ACME library reaches the authority, and what it hears there.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use outbound::Client;

/// Sends requests; remembers how long the authority wants to be left alone.
#[derive(Clone)]
pub(crate) struct Transport {
    client: Client,
    asked: Arc<Mutex<Option<Duration>>>,
}

impl Transport {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, asked: Arc::default() }
    }

    /// How long the authority asked to be left alone when it last refused; forgets it.
    pub(crate) fn asked(&self) -> Option<Duration> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn send(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        let (head, body) = request.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(never) => match never {},
        };
        let answer = self.client.send(Request::from_parts(head, body)).await;
        let answer = answer.map_err(|error| Error::Other(Box::new(error)))?;
        if let Some(asked) = retry_after(&answer) {
            *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked);
        }
        Ok(BytesResponse::from(answer.map(Full::new)))
    }
}

impl HttpClient for Transport {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        Box::pin(self.clone().send(request))
    }
}

/// What a refusal says about the next try, in the form that authorities use: seconds.
fn retry_after(answer: &Response<Bytes>) -> Option<Duration> {
    let refuses = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
    if !refuses.contains(&answer.status()) {
        return None;
    }
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_says_when_to_come_again() {
        let check = |status: u16, field: Option<&str>, expected: Option<u64>| {
            let mut answer = Response::builder().status(status);
            if let Some(field) = field {
                answer = answer.header(RETRY_AFTER, field);
            }
            let found = retry_after(&answer.body(Bytes::new()).unwrap());
            assert_eq!(found.map(|found| found.as_secs()), expected, "{status} {field:?}");
        };
        check(429, Some("3600"), Some(3600));
        check(503, Some(" 60 "), Some(60));
        check(429, None, None);
        check(429, Some("soon"), None);
        // An order that is being worked on says when to look again, which is another thing.
        check(200, Some("5"), None);
    }
}
