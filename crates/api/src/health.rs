//! Liveness and readiness: what a load balancer asks, and no more.

use std::time::Duration;

use gate::http::{Json, Problem, Route};
use gate::{Class, Permit, Policy};
use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;

/// How long readiness may take to find out.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        Route::new(Method::GET, "/health", Policy::public(Class::Monitoring), get_health)
            .summary("Whether the process is alive"),
        Route::new(Method::GET, "/health/ready", Policy::public(Class::Monitoring), get_readiness)
            .summary("Whether requests can be served: the stores answer"),
    ]
}

/// Alive, or ready.
#[derive(Debug, Serialize, JsonSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
}

const OK: Json<Health> = Json(Health { status: "ok" });

async fn get_health(_: Permit, _: App) -> Json<Health> {
    OK
}

async fn get_readiness(_: Permit, app: App) -> Result<Json<Health>, Problem> {
    app.blocking(|app| app.control().has_users()).await.map_err(Problem::unavailable)?;
    app.warehouse()
        .read("SELECT 1".to_owned(), Vec::new(), PATIENCE)
        .await
        .map_err(Problem::unavailable)?;
    Ok(OK)
}
