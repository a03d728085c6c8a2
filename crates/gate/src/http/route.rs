//! One route: method, path, policy and handler, none of which can be left out.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use futures_util::future::BoxFuture;
use http::{Method, StatusCode};
use serde::Serialize;

use super::handler::Handler;
use super::openapi::Operation;
use super::problem::Problem;
use crate::permit::Permit;
use crate::policy::{Access, Class, CorsClass, CsrfRule, Policy, Reach, Required};

type Call<S> = dyn Fn(Permit, S, Request, Duration) -> BoxFuture<'static, Result<Response, Problem>>
    + Send
    + Sync;

/// One route.
pub struct Route<S> {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) policy: Policy,
    pub(super) id: Arc<str>,
    pub(super) summary: Option<&'static str>,
    pub(super) returns: Option<(StatusCode, &'static str)>,
    pub(super) call: Arc<Call<S>>,
    pub(super) describe: fn(&mut Operation<'_>),
}

impl<S> std::fmt::Debug for Route<S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Route({} {})", self.method, self.path)
    }
}

/// One row of the route table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteRow {
    /// GET, POST and so on.
    pub method: String,
    /// The path with its variables in braces.
    pub path: String,
    /// The handler's name.
    pub operation: String,
    /// The kind of work.
    pub class: Class,
    /// `public`, `signed_in`, `scope`, or `operator` for who controls the machine.
    pub access: &'static str,
    /// The scope asked for, as written; `{name}` stands for the object the path names, `*` after the slash for any object,
    /// where the answer shows those alone that the caller may see.
    pub scope: Option<String>,
    /// Whether an account that must do something first may call it.
    pub while_required: bool,
    /// Whether a person must have proved themselves lately.
    pub fresh: bool,
    /// What one call takes from the quota.
    pub cost: u32,
    /// Which foreign pages may read the answer.
    pub cors: CorsClass,
    /// When the request must prove its origin.
    pub csrf: CsrfRule,
    /// What the body may weigh.
    pub body_bytes_max: usize,
    /// How long the handler may take.
    pub deadline_ms: u64,
}

impl<S: 'static> Route<S> {
    /// A route. A GET route answers HEAD too, and OPTIONS is answered for every path.
    ///
    /// ```
    /// use gate::http::{NoContent, Route};
    /// use gate::{Permit, Policy};
    ///
    /// async fn delete_thing(_: Permit, _app: ()) -> NoContent {
    ///     NoContent
    /// }
    /// let route = Route::<()>::new(http::Method::DELETE, "/things", Policy::write("web"), delete_thing);
    /// assert_eq!(route.row().operation, "delete_thing");
    /// ```
    ///
    /// Without a policy it is no route:
    ///
    /// ```compile_fail
    /// use gate::http::{NoContent, Route};
    /// use gate::{Permit, Policy};
    ///
    /// async fn delete_thing(_: Permit, _app: ()) -> NoContent {
    ///     NoContent
    /// }
    /// let route = Route::<()>::new(http::Method::DELETE, "/things", delete_thing);
    /// ```
    ///
    /// And a function that does not take a permit first is no handler:
    ///
    /// ```compile_fail
    /// use gate::http::{NoContent, Route};
    /// use gate::{Permit, Policy};
    ///
    /// async fn delete_thing(_app: ()) -> NoContent {
    ///     NoContent
    /// }
    /// let route = Route::<()>::new(http::Method::DELETE, "/things", Policy::write("web"), delete_thing);
    /// ```
    #[must_use]
    pub fn new<H, Parts>(method: Method, path: &'static str, policy: Policy, handler: H) -> Self
    where
        H: Handler<S, Parts>,
    {
        let policy = if method.is_safe() { policy.csrf(CsrfRule::Exempt) } else { policy };
        Self {
            id: handler_name::<H>(&method, path).into(),
            method,
            path,
            policy,
            summary: None,
            returns: None,
            call: Arc::new(move |permit, state, request, deadline| {
                handler.call(permit, state, request, deadline)
            }),
            describe: H::describe,
        }
    }

    /// What it does, in a line of the OpenAPI document.
    #[must_use]
    pub const fn summary(mut self, summary: &'static str) -> Self {
        self.summary = Some(summary);
        self
    }

    /// What a hand-made answer is, for the OpenAPI document: its status and content type.
    #[must_use]
    pub const fn returns(mut self, status: StatusCode, content_type: &'static str) -> Self {
        self.returns = Some((status, content_type));
        self
    }

    /// Another name for the operation, where one handler serves several paths.
    #[must_use]
    pub fn named(mut self, id: &'static str) -> Self {
        self.id = Arc::from(id);
        self
    }

    /// The row that says what the route asks.
    #[must_use]
    pub fn row(&self) -> RouteRow {
        let (access, scope) = match self.policy.access {
            Access::Public => ("public", None),
            Access::SignedIn => ("signed_in", None),
            Access::Operator => ("operator", None),
            Access::Requires(required) => ("scope", Some(self.scope(required))),
        };
        RouteRow {
            method: self.method.to_string(),
            path: self.path.to_owned(),
            operation: self.id.to_string(),
            class: self.policy.class,
            access,
            scope,
            while_required: self.policy.while_required,
            fresh: self.policy.fresh,
            cost: self.policy.cost,
            cors: self.policy.cors,
            csrf: self.policy.csrf,
            body_bytes_max: self.policy.body_bytes_max,
            deadline_ms: u64::try_from(self.policy.deadline.as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn scope(&self, required: Required) -> String {
        let (action, database) = (required.action, required.database.unwrap_or("*"));
        match self.policy.reach {
            Reach::Whole => format!("{action}:{database}"),
            Reach::Object(variable) => format!("{action}:{database}/{{{variable}}}"),
            Reach::Listed => format!("{action}:{database}/*"),
        }
    }

    /// Whether it says of one database how much of it it is about.
    fn reach_is_sound(&self) -> bool {
        let database =
            matches!(self.policy.access, Access::Requires(Required { database: Some(_), .. }));
        match self.policy.reach {
            Reach::Whole => true,
            Reach::Object(variable) => database && self.path.contains(&format!("{{{variable}}}")),
            Reach::Listed => database,
        }
    }

    /// What is wrong with its policy, if anything.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let policy = &self.policy;
        let public = policy.access == Access::Public;
        if !self.path.starts_with('/') {
            Some("a path begins with a slash")
        } else if !self.reach_is_sound() {
            Some("an object lies in one database and is named by a variable of the path")
        } else if policy.fresh && public {
            Some("whoever is nobody cannot prove themselves again")
        } else if policy.cost == 0 {
            Some("nothing is free of cost")
        } else if policy.cors == CorsClass::Ingest && !public {
            Some("what every page may call cannot ask for a credential")
        } else if policy.cors == CorsClass::Api && !self.method.is_safe() {
            Some("foreign pages may read, not change")
        } else if !self.method.is_safe() && !public && policy.csrf == CsrfRule::Exempt {
            Some("what a cookie may change must prove its origin")
        } else if self.method == Method::HEAD || self.method == Method::OPTIONS {
            Some("HEAD and OPTIONS are answered by the gate")
        } else if self.method == Method::TRACE || self.method == Method::CONNECT {
            Some("TRACE and CONNECT are refused everywhere")
        } else {
            None
        }
    }
}

/// The handler's own name, or for a closure one made from method and path.
fn handler_name<H>(method: &Method, path: &str) -> String {
    let full = std::any::type_name::<H>();
    let name = full.rsplit("::").next().unwrap_or(full);
    if name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return name.to_owned();
    }
    let words =
        path.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = method.as_str().to_ascii_lowercase();
    for word in words {
        name.push('_');
        name.push_str(word);
    }
    name
}
