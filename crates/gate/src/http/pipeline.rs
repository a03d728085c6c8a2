//! The way of a request, one order for every route.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use axum::RequestExt;
use axum::body::Body;
use axum::extract::{RawPathParams, Request};
use axum::response::Response;
use futures_util::FutureExt;
use http::header::{ALLOW, CONTENT_LENGTH};
use http::{HeaderValue, Method, StatusCode};

use super::body::{Arriving, Guarded};
use super::exchange::{Exchange, announced_body};
use super::headers::{self, Dress, Told};
use super::peer::mark_known;
use super::problem::{Kind, Problem, kind};
use super::route::Route;
use super::{cookie, cors, credential};
use crate::audit::patterns::Pattern;
use crate::audit::{EventName, Outcome};
use crate::door::{self, Ask, Credential, Ending};
use crate::gate::{Gate, Trace};
use crate::policy::{Access, Class, CsrfRule, Policy, Reach};
use crate::principal::Principal;
use crate::request_id::RequestId;

/// Everything served at one path.
pub(super) struct Endpoint<S> {
    pub(super) gate: Gate,
    pub(super) state: S,
    pub(super) routes: Vec<Route<S>>,
    pub(super) allow: HeaderValue,
    /// What answers a method nothing else does; at the fallback, everything.
    pub(super) otherwise: Otherwise,
}

/// What happens when no route of a path fits the method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// The path exists, the method does not.
    WrongMethod,
    /// There is no such path.
    NotFound,
}

/// What a request turns out to be for.
enum Turn<'a, S> {
    Route(&'a Route<S>),
    Options(Policy),
    Nothing,
}

const REFUSED: Policy = Policy::public(Class::Other);

/// What the run of a request found out for its answer's head.
#[derive(Debug, Default)]
struct Noted {
    limits: Told,
    /// The caller's key lives on beside its successor.
    ending: Option<Ending>,
    /// The caller proved who they are.
    known: bool,
}

/// An answer of the accept loop's own, to what never reaches a route: a problem with the header set of every answer.
#[must_use]
pub fn refuse(kind: Kind, request_id: RequestId) -> Response {
    let problem = Problem::new(kind);
    problem.log(request_id, None);
    let mut response = problem.write(request_id);
    let dress = Dress {
        request_id,
        policy: &REFUSED,
        hsts: false,
        hsts_preload: false,
        limits: Told::default(),
        compatibility: false,
        is_bare: false,
        ending: None,
        failed: true,
    };
    headers::put_on(response.headers_mut(), &dress);
    cors::answer(response.headers_mut(), REFUSED.cors, None);
    response
}

/// What events are recorded under that belong to no route.
const NO_OPERATION: &str = "none";

/// What a request asks for, as far as it has a name.
struct Asked {
    policy: Policy,
    operation: Arc<str>,
}

impl<S> Turn<'_, S> {
    fn asked(&self) -> Asked {
        match self {
            Turn::Route(route) => Asked { policy: route.policy, operation: Arc::clone(&route.id) },
            Turn::Options(policy) => Asked { policy: *policy, operation: Arc::from("options") },
            Turn::Nothing => Asked { policy: REFUSED, operation: Arc::from(NO_OPERATION) },
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Endpoint<S> {
    /// Serves one request. It is lent and not given, here and below, until its handler gets it: each owner on the way
    /// would be another copy of it in the future that every request allocates.
    pub(super) async fn serve(&self, request: &mut Request) -> Response {
        let (exchange, head) = Exchange::begin(&self.gate, request);
        let body_wanted = request.method() != Method::HEAD;
        let turn = self.turn(request);
        let asked = turn.asked();
        let mut noted = Noted::default();
        let done = {
            // Pinned where it is made: it is large, and to catch a panic it would be moved.
            let run = pin!(async {
                head?;
                self.run(&exchange, (turn, &asked), request, &mut noted).await
            });
            AssertUnwindSafe(run).catch_unwind().await
        };
        let result = done.unwrap_or_else(|_| {
            let panic = Some("panic".to_owned());
            self.record(&exchange, &asked, (EventName::SysError, Outcome::Failure), panic);
            Err(Problem::new(kind::INTERNAL))
        });
        let response = self.finish(&exchange, &asked, result, &noted);
        if body_wanted { response } else { without_body(response) }
    }

    fn record(
        &self,
        exchange: &Exchange,
        asked: &Asked,
        (name, outcome): (EventName, Outcome),
        object: Option<String>,
    ) {
        let trace = Trace {
            principal: &self.gate.anonymous,
            client: &exchange.client,
            request_id: exchange.request_id,
            policy: &asked.policy,
            operation: &asked.operation,
        };
        self.gate.record(name, outcome, &trace, object);
    }

    /// Tells the audit of what looks like probing: input that cannot be read, and asking for what is not there.
    fn report(&self, exchange: &Exchange, asked: &Asked, problem: &Problem) {
        let (pattern, name) = match problem.status() {
            StatusCode::NOT_FOUND => (Pattern::Missing, EventName::MaliciousExcess404),
            StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::URI_TOO_LONG
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::MISDIRECTED_REQUEST
            | StatusCode::UNPROCESSABLE_ENTITY
            | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
                if asked.policy.class != Class::Ingest =>
            {
                (Pattern::Unreadable, EventName::InputValidationFail)
            }
            _ => return,
        };
        // Two credentials are told where they are found, with the same name.
        let told = problem.kind().slug == kind::TWO_CREDENTIALS.slug;
        if !told && self.gate.is_told(pattern, &exchange.client) {
            let object = Some(format!("problem:{}", problem.kind().slug));
            self.record(exchange, asked, (name, Outcome::Denied), object);
        }
    }

    fn turn(&self, request: &Request) -> Turn<'_, S> {
        let method = request.method();
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        if let Some(route) = self.routes.iter().find(|route| route.method == *wanted) {
            return Turn::Route(route);
        }
        if method == Method::OPTIONS && !self.routes.is_empty() {
            return Turn::Options(self.options_policy(request));
        }
        Turn::Nothing
    }

    /// The policy of the route a browser asks about, without its access: asking is free for all.
    fn options_policy(&self, request: &Request) -> Policy {
        let asked = request.headers().get(http::header::ACCESS_CONTROL_REQUEST_METHOD);
        let asked = asked.and_then(|method| Method::from_bytes(method.as_bytes()).ok());
        let asked = asked.map(|method| if method == Method::HEAD { Method::GET } else { method });
        let route = self.routes.iter().find(|route| asked.as_ref() == Some(&route.method));
        let class = match route.map(|route| route.policy.class) {
            Some(Class::Ingest) => Class::Ingest,
            _ => Class::Other,
        };
        let policy = Policy::public(class).csrf(CsrfRule::Exempt);
        route.map_or(policy, |route| policy.cors(route.policy.cors))
    }

    async fn run(
        &self,
        exchange: &Exchange,
        (turn, asked): (Turn<'_, S>, &Asked),
        request: &mut Request,
        noted: &mut Noted,
    ) -> Result<Response, Problem> {
        let policy = &asked.policy;
        announced_body(request, policy).or_else(|problem| match turn {
            // What is not there is not there, whatever its body says.
            Turn::Nothing => Ok(()),
            _ => Err(problem),
        })?;
        let object = match policy.reach {
            Reach::Object(variable) => object(request, variable).await,
            _ => None,
        };
        let admitted = door::check(&self.gate, self.ask(exchange, asked, request, object)).await;
        let admitted = admitted.map_err(|refused| {
            noted.limits.standing = refused.standing.map(|standing| *standing);
            Problem::from(refused.refusal)
        })?;
        noted.limits = Told { standing: admitted.standing, shadow: admitted.shadow };
        noted.ending = admitted.ending;
        noted.known = *admitted.permit.principal() != Principal::Anonymous;
        let mut permit = admitted.permit;
        let route = match turn {
            Turn::Route(route) => route,
            Turn::Options(policy) => return Ok(self.options(policy)),
            Turn::Nothing => return Err(self.nothing()),
        };
        let held = std::mem::take(&mut permit.0.held);
        let request = std::mem::take(request)
            .map(|body| Arriving::wrap(body, policy.body_bytes_max, policy.body_deadline));
        let response = (route.call)(permit, self.state.clone(), request, policy.deadline).await?;
        if policy.changes() {
            self.gate.audit_settled().await?;
        }
        Ok(if held.is_nothing() {
            response
        } else {
            response.map(|body| Guarded::wrap(body, held))
        })
    }

    fn ask(
        &self,
        exchange: &Exchange,
        asked: &Asked,
        request: &Request,
        object: Option<String>,
    ) -> Ask {
        let policy = asked.policy;
        let credential = match policy.access {
            Access::Public if policy.csrf != CsrfRule::Door => Credential::None,
            _ if exchange.local => Credential::Local,
            _ => credential::read(request.headers()),
        };
        let provenance = match policy.csrf {
            CsrfRule::Exempt => door::Provenance::Unknown { cookie: false },
            _ => exchange.provenance(&self.gate, request),
        };
        let device = match policy.csrf {
            CsrfRule::Door => cookie::device(request.headers()),
            CsrfRule::Exempt | CsrfRule::Cookie => None,
        };
        Ask {
            client: exchange.client,
            request_id: exchange.request_id,
            credential,
            provenance,
            device: device.and_then(|shown| self.gate.device(shown)),
            policy,
            operation: Arc::clone(&asked.operation),
            object,
        }
    }

    fn options(&self, policy: Policy) -> Response {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        response.headers_mut().insert(ALLOW, self.allow.clone());
        let methods = self.routes.iter().map(|route| &route.method);
        cors::preflight(response.headers_mut(), policy.cors, methods);
        response
    }

    fn nothing(&self) -> Problem {
        match self.otherwise {
            Otherwise::WrongMethod => {
                Problem::new(kind::METHOD_NOT_ALLOWED).header(ALLOW, self.allow.clone())
            }
            Otherwise::NotFound => Problem::not_found(),
        }
    }

    fn finish(
        &self,
        exchange: &Exchange,
        asked: &Asked,
        result: Result<Response, Problem>,
        noted: &Noted,
    ) -> Response {
        let policy = &asked.policy;
        let result =
            result.and_then(|mut response| match response.extensions_mut().remove::<Problem>() {
                Some(problem) => Err(problem),
                None => Ok(response),
            });
        let failed = !result.as_ref().is_ok_and(|response| response.status().as_u16() < 400);
        let mut response = result.unwrap_or_else(|problem| {
            problem.log(exchange.request_id, exchange.upstream_id.as_ref());
            self.report(exchange, asked, &problem);
            problem.write(exchange.request_id)
        });
        let config = self.gate.config();
        let dress = Dress {
            request_id: exchange.request_id,
            policy,
            hsts: exchange.hsts,
            hsts_preload: config.hsts_preload,
            is_bare: config.off.headers,
            limits: noted.limits,
            compatibility: config.limits.compatibility_headers,
            ending: noted.ending,
            failed,
        };
        headers::put_on(response.headers_mut(), &dress);
        if noted.known {
            mark_known(&mut response);
        }
        let allowed =
            cors::allowed(policy.cors, exchange.origin.as_ref(), &config.cors.api_origins);
        cors::answer(response.headers_mut(), policy.cors, allowed);
        response
    }
}

/// What the path says for the object the policy is about; none when that is no text.
async fn object(request: &mut Request, variable: &str) -> Option<String> {
    // In a box, because most routes are about no object and their futures need not have room for it.
    let variables = Box::pin(request.extract_parts::<RawPathParams>()).await.ok()?;
    variables.iter().find(|(name, _)| *name == variable).map(|(_, value)| value.to_owned())
}

/// The head of an answer, which still says how long its body would have been.
fn without_body(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    if let Some(length) = http_body::Body::size_hint(&body).exact()
        && head.status != StatusCode::NO_CONTENT
    {
        head.headers.entry(CONTENT_LENGTH).or_insert(HeaderValue::from(length));
    }
    Response::from_parts(head, Body::empty())
}
