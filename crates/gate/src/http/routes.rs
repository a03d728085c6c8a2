//! All routes: the table, the document and the router, from one list.

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Method};

use super::handler::Handler;
use super::openapi::{self, ApiTitle};
use super::pipeline::{Endpoint, Otherwise};
use super::route::{Route, RouteRow};
use crate::gate::Gate;
use crate::policy::Policy;

/// All routes.
#[derive(Debug)]
pub struct Routes<S> {
    routes: Vec<Route<S>>,
    fallback: Option<Route<S>>,
}

/// Routes that cannot be served together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoutesError {
    /// Two of one method and path, or of paths that differ in the names of variables only.
    #[error("two routes answer {0} {1}")]
    Duplicate(String, String),
    /// Two handlers of one name, which names the operation.
    #[error("two routes are called {0}")]
    DuplicateName(String),
    /// A policy that contradicts itself.
    #[error("{0} {1}: {2}")]
    Policy(String, String, &'static str),
}

impl<S> Default for Routes<S> {
    fn default() -> Self {
        Self { routes: Vec::new(), fallback: None }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one route.
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "a list of routes is nothing that could be summed"
    )]
    pub fn add(mut self, route: Route<S>) -> Self {
        self.routes.push(route);
        self
    }

    /// Adds several.
    #[must_use]
    pub fn extend(mut self, routes: impl IntoIterator<Item = Route<S>>) -> Self {
        self.routes.extend(routes);
        self
    }

    /// What answers GET on every path without a route of its own. Other methods there find nothing.
    #[must_use]
    pub fn fallback<H, Parts>(mut self, policy: Policy, handler: H) -> Self
    where
        H: Handler<S, Parts>,
    {
        self.fallback = Some(Route::new(Method::GET, "/{*path}", policy, handler));
        self
    }

    /// The route table, sorted by path and method; the fallback is its last row.
    #[must_use]
    pub fn table(&self) -> Vec<RouteRow> {
        let mut rows: Vec<RouteRow> = self.routes.iter().map(Route::row).collect();
        rows.sort_by(|one, other| (&one.path, &one.method).cmp(&(&other.path, &other.method)));
        rows.extend(self.fallback.as_ref().map(Route::row));
        rows
    }

    /// The OpenAPI 3.1 document.
    #[must_use]
    pub fn openapi(&self, title: &ApiTitle) -> serde_json::Value {
        openapi::document(&self.routes, title)
    }

    /// Checks that the routes can be served together.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn check(&self) -> Result<(), RoutesError> {
        let mut seen = HashSet::new();
        let mut names = HashSet::new();
        for route in self.routes.iter().chain(&self.fallback) {
            let place = || (route.method.to_string(), route.path.to_owned());
            if let Some(fault) = route.fault() {
                let (method, path) = place();
                return Err(RoutesError::Policy(method, path, fault));
            }
            if !seen.insert((route.method.clone(), shape(route.path))) {
                let (method, path) = place();
                return Err(RoutesError::Duplicate(method, path));
            }
            if !names.insert(&route.id) {
                return Err(RoutesError::DuplicateName(route.id.to_string()));
            }
        }
        let mut spellings: BTreeMap<String, &str> = BTreeMap::new();
        for route in &self.routes {
            let spelling = spellings.entry(shape(route.path)).or_insert(route.path);
            if *spelling != route.path {
                return Err(RoutesError::Duplicate(
                    route.method.to_string(),
                    route.path.to_owned(),
                ));
            }
        }
        Ok(())
    }

    /// The router: every path, OPTIONS, wrong methods and unknown paths all pass through the gate.
    ///
    /// # Errors
    /// As [`Routes::check`].
    pub fn into_router(self, gate: &Gate, state: &S) -> Result<axum::Router, RoutesError> {
        self.check()?;
        let mut paths: BTreeMap<&'static str, Vec<Route<S>>> = BTreeMap::new();
        for route in self.routes {
            paths.entry(route.path).or_default().push(route);
        }
        let endpoint = |routes: Vec<Route<S>>, otherwise| {
            let allow = allow(&routes);
            Served(Arc::new(Endpoint {
                gate: gate.clone(),
                state: state.clone(),
                routes,
                allow,
                otherwise,
            }))
        };
        let mut router = axum::Router::new();
        for (path, routes) in paths {
            router = router.route_service(path, endpoint(routes, Otherwise::WrongMethod));
        }
        let fallback = self.fallback.into_iter().collect();
        Ok(router.fallback_service(endpoint(fallback, Otherwise::NotFound)))
    }
}

/// A path without the names of its variables.
fn shape(path: &str) -> String {
    let part = |part: &str| match part.strip_prefix('{') {
        Some(rest) if rest.starts_with('*') => "{*}".to_owned(),
        Some(_) => "{}".to_owned(),
        None => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn allow<S>(routes: &[Route<S>]) -> HeaderValue {
    let mut methods = vec!["OPTIONS"];
    for route in routes {
        methods.push(route.method.as_str());
        if route.method == Method::GET {
            methods.push("HEAD");
        }
    }
    methods.sort_unstable();
    HeaderValue::try_from(methods.join(", "))
        .unwrap_or_else(|_| HeaderValue::from_static("OPTIONS"))
}

/// An endpoint as the router wants it.
struct Served<S>(Arc<Endpoint<S>>);

impl<S> Clone for Served<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Clone + Send + Sync + 'static> tower::Service<Request> for Served<S> {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let endpoint = Arc::clone(&self.0);
        Box::pin(async move { Ok(endpoint.serve(&mut request).await) })
    }
}
