//! HTTP: the routes with their policies, the wire types, the OpenAPI document.
//!
//! One file per resource; each has its inputs, its outputs, its handlers and one list of routes. A route cannot be made without
//! method, path, policy and handler, and a handler takes a permit that only the gate can make. From the lists come the router,
//! the route table (`shelduck routes`) and the OpenAPI document (`shelduck openapi`): there is no second list to keep.
//!
//! # Invariants
//! - Nothing but a handler's own type is written into an answer; errors of other crates become problems.
//! - A handler decides nothing about who may call it.
//!
//! # Not here
//! - Accepting connections, configuration, wiring: `shelduck`. What a report says: `web::report`. Who may do what: `gate`.
#![forbid(unsafe_code)]

mod admin;
mod app;
mod assets;
mod audit;
mod auth;
mod dashboard;
mod demo;
mod emergency;
mod error;
mod events;
mod factors;
mod health;
mod ingest;
mod keys;
mod limits;
mod list;
mod me;
pub mod policy;
mod posture;
mod redirect;
mod second_step;
mod sessions;
mod sites;
pub mod store;
mod token;
mod tracker;
pub mod trail;
mod users;
mod web;
mod well_known;
mod words;

use gate::Gate;
use gate::http::{ApiTitle, RouteRow, Routes, RoutesError};

pub use app::{App, Options, Parts};
pub use axum::Router;
pub use events::{STREAMS_MAX, STREAMS_PER_CALLER_MAX};
pub use posture::{PostureItem, Source, Verdict};

/// All routes of the public listener.
#[must_use]
pub fn routes() -> Routes<App> {
    let routes = Routes::new()
        .extend(health::routes())
        .extend(auth::routes())
        .extend(token::routes())
        .extend(second_step::routes())
        .extend(me::routes())
        .extend(factors::routes())
        .extend(users::routes())
        .extend(sessions::routes())
        .extend(keys::routes())
        .extend(emergency::routes())
        .extend(limits::routes())
        .extend(posture::routes())
        .extend(audit::routes())
        .extend(sites::routes())
        .extend(web::routes())
        .extend(events::routes())
        .extend(ingest::routes())
        .extend(tracker::routes())
        .extend(demo::routes())
        .extend(well_known::routes())
        .extend(dashboard::routes());
    dashboard::fallback(routes)
}

/// All routes of the admin listener.
#[must_use]
pub fn admin_routes() -> Routes<App> {
    Routes::new().extend(admin::routes())
}

/// All routes of the listener that sends pages to HTTPS.
#[must_use]
pub fn redirect_routes() -> Routes<App> {
    redirect::routes()
}

/// The router of the listener that sends pages to HTTPS.
///
/// # Errors
/// As [`router`].
pub fn redirect_router(gate: &Gate, app: &App) -> Result<Router, RoutesError> {
    redirect_routes().into_router(gate, app)
}

/// The route table of both listeners, as `shelduck routes` prints it.
#[must_use]
pub fn routes_table() -> Vec<RouteRow> {
    let mut rows = routes().table();
    rows.extend(admin_routes().table());
    rows
}

/// The OpenAPI 3.1 document, as `shelduck openapi` prints it.
#[must_use]
pub fn openapi() -> serde_json::Value {
    routes().openapi(&ApiTitle {
        title: "Shelduck",
        version: env!("CARGO_PKG_VERSION"),
        description: "Our own API is under /v1; under /api are the shapes of others, so that their clients work unchanged.",
    })
}

/// The router of the public listener.
///
/// # Errors
/// The routes contradict each other, which the tests of this crate would have said.
pub fn router(gate: &Gate, app: &App) -> Result<Router, RoutesError> {
    routes().into_router(gate, app)
}

/// The router of the admin listener.
///
/// # Errors
/// As [`router`].
pub fn admin_router(gate: &Gate, app: &App) -> Result<Router, RoutesError> {
    admin_routes().into_router(gate, app)
}
