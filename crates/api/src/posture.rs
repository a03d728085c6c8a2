//! The security posture: every condition of safe operation, and if it holds.
//!
//! What is looked at, and how, is the binary's business: it knows the configuration and the machine. The same list is what
//! `shelduck check` prints and what decides whether the server starts.

use gate::http::{Json, Route};
use gate::{Permit, Policy};
use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::list::List;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        Route::new(Method::GET, "/v1/posture", Policy::admin_read(), get_posture)
            .summary("The security checklists, item by item"),
    ]
}

/// Whose list an item is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Our own: a failed item keeps the server from starting.
    Startup,
    /// Duckling's checklist.
    Duckling,
    /// DRACO METRIC's checklist.
    DracoMetric,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It does.
    Pass,
    /// It does not.
    Fail,
    /// It does not, and that may be meant.
    Warn,
    /// There is nothing here that it is about.
    NotApplicable,
}

/// One condition of safe operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PostureItem {
    /// A stable name.
    pub id: &'static str,
    /// Whose list it is on.
    pub source: Source,
    /// The condition.
    pub title: &'static str,
    /// Whether it holds.
    pub verdict: Verdict,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

async fn get_posture(_: Permit, app: App) -> Json<List<PostureItem>> {
    Json(List::whole(app.blocking(|app| (app.options().posture)()).await))
}
