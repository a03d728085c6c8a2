//! The audit log, for those who administer.

use ::audit::{PAGE_RECORDS_MAX, Record, page};
use gate::audit::Outcome;
use gate::http::{Json, Problem, Query, Route};
use gate::{Permit, Policy};
use http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::list::List;

/// Records of a page when nothing else is asked for.
const PAGE_RECORDS: usize = 100;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        Route::new(Method::GET, "/v1/audit", Policy::admin_read(), list_audit)
            .summary("What happened at the gate, newest first"),
    ]
}

/// What is looked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AuditParams {
    /// This event, by its name.
    event: Option<String>,
    /// By this actor, like `user:…`, `key:…` or `anonymous`.
    actor: Option<String>,
    /// `success`, `denied`, `shadow` or `failure`.
    outcome: Option<String>,
    /// Not before, RFC 3339.
    #[schemars(with = "Option<String>")]
    from: Option<Timestamp>,
    /// Before, RFC 3339.
    #[schemars(with = "Option<String>")]
    to: Option<Timestamp>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// Most records, at most 1000.
    limit: Option<u32>,
}

/// One record.
#[derive(Debug, Serialize, JsonSchema)]
struct AuditItem {
    sequence: u64,
    #[schemars(with = "String", extend("format" = "date-time"))]
    at: Timestamp,
    event: String,
    outcome: String,
    actor: String,
    /// The operation that was asked for.
    action: Option<String>,
    object: Option<String>,
    database: Option<String>,
    request_id: Option<String>,
    /// A code for the address, which changes every month.
    origin: Option<String>,
    /// The network around it.
    network: Option<String>,
}

async fn list_audit(
    _: Permit,
    app: App,
    Query(params): Query<AuditParams>,
) -> Result<Json<List<AuditItem>>, Problem> {
    let Some(dir) = app.options().audit_dir.clone() else {
        return Ok(Json(List::whole([])));
    };
    let before = params.cursor.as_deref().map(str::parse::<u64>).transpose();
    let before = before.map_err(|_| Problem::invalid("cursor", "is not one of this list"))?;
    let known = |outcome: &String| Outcome::ALL.iter().any(|known| known.name() == outcome);
    if params.outcome.as_ref().is_some_and(|outcome| !known(outcome)) {
        return Err(Problem::invalid("outcome", "must be success, denied, shadow or failure"));
    }
    let limit = params.limit.map_or(PAGE_RECORDS, |limit| usize::try_from(limit).unwrap_or(0));
    if !(1..=PAGE_RECORDS_MAX).contains(&limit) {
        return Err(Problem::invalid("limit", "must be from 1 to 1000"));
    }
    let AuditParams { event, actor, outcome, from, to, .. } = params;
    let query = ::audit::Query { event, actor, outcome, from, to, before };
    let found = app.blocking(move |_| page(&dir, &query, limit)).await;
    let found = found.map_err(Problem::unavailable)?;
    Ok(Json(List {
        items: found.records.into_iter().map(item).collect(),
        next_cursor: found.next.map(|next| next.to_string()),
    }))
}

fn item(record: Record) -> AuditItem {
    let Record { sequence, at, event, outcome, actor, action, object, .. } = record;
    let Record { database, request_id, origin, network, .. } = record;
    AuditItem {
        sequence,
        at,
        event,
        outcome,
        actor,
        action,
        object,
        database,
        request_id,
        origin,
        network,
    }
}
