//! The admin listener: metrics, and health in detail.
//!
//! It is on loopback unless the operator moves it; what it says is for the operator's own tools.

use std::time::Duration;

use gate::http::{Json, Route, Text};
use gate::{Class, Permit, Policy};
use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;

const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> Vec<Route<App>> {
    let policy = Policy::public(Class::Monitoring);
    vec![
        Route::new(Method::GET, "/metrics", policy, get_metrics)
            .summary("Metrics, as Prometheus reads them"),
        Route::new(Method::GET, "/health/detail", policy, get_health_detail)
            .summary("Each part and whether it works"),
    ]
}

/// Each part and whether it works.
#[derive(Debug, Serialize, JsonSchema)]
struct HealthDetail {
    /// The release.
    version: &'static str,
    /// Users, keys and sites can be read.
    control: bool,
    /// The warehouse answers.
    warehouse: bool,
    /// Everything before this offset of the journal is in the warehouse.
    committed_offset: u64,
    /// Records that could not be loaded since the start; they are in the quarantine file.
    quarantined: u64,
    /// Whether the last try to load events failed; the journal keeps them.
    loader_failing: bool,
    /// Callers whose quotas are remembered.
    callers_remembered: usize,
}

async fn get_metrics(_: Permit, app: App) -> Text {
    Text((app.options().metrics)().into())
}

async fn get_health_detail(_: Permit, app: App) -> Json<HealthDetail> {
    let control = app.blocking(|app| app.control().has_users()).await.is_ok();
    let warehouse = app.warehouse().read("SELECT 1".to_owned(), Vec::new(), PATIENCE).await.is_ok();
    let progress = app.progress();
    Json(HealthDetail {
        version: env!("CARGO_PKG_VERSION"),
        control,
        warehouse,
        committed_offset: progress.committed,
        quarantined: progress.quarantined,
        loader_failing: progress.is_failing,
        callers_remembered: app.gate().callers_remembered(),
    })
}
