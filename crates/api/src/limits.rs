//! How often each class of route may be called, what the caller has used of
//! it, and who is near a limit or over one.

use gate::http::{Json, Route};
use gate::limits::LiveItem;
use gate::{Class, Permit, Policy};
use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        Route::new(
            Method::GET,
            "/v1/limits",
            Policy::signed_in(Class::Read).body_max(0),
            get_limits,
        )
        .summary("How often each class of route may be called, and what the caller has used of it"),
        Route::new(Method::GET, "/v1/limits/live", Policy::admin_read(), get_live_limits)
            .summary("Who is near a limit, who is over one, what runs: the fullest quotas first"),
    ]
}

/// The limit table.
#[derive(Debug, Serialize, JsonSchema)]
struct Limits {
    /// `enforce`, or `shadow`: counted and reported, not refused.
    mode: &'static str,
    /// Calls per minute and caller, in units of cost.
    items: Vec<Limit>,
    /// What the caller has used in the last minute.
    own: Vec<Standing>,
    /// Queries of one caller at a time.
    in_flight: Tiers,
}

/// The quota of one class.
#[derive(Debug, Serialize, JsonSchema)]
struct Limit {
    /// The class of route.
    class: &'static str,
    /// `enforce` or `shadow`.
    mode: &'static str,
    /// Units per minute.
    per_minute: Tiers,
    /// Units one call takes.
    cost: u32,
}

/// What is used of one quota.
#[derive(Debug, Serialize, JsonSchema)]
struct Standing {
    /// The class of route.
    class: &'static str,
    /// The database it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    /// Units used within the last minute.
    used: u32,
    /// Units there are.
    quota: u32,
    /// Requests refused within the last minute.
    refused: u32,
    /// Requests that a limit which only watches would have refused.
    shadow: u32,
    /// Queries that run.
    in_flight: u32,
}

/// The quotas in use, of everybody.
#[derive(Debug, Serialize, JsonSchema)]
struct LiveLimits {
    /// `enforce`, or `shadow`: counted and reported, not refused.
    mode: &'static str,
    /// Those over their limit first, then the fullest; 200 at most.
    items: Vec<Live>,
    /// Quotas in use that are not listed.
    omitted: usize,
    /// Quotas remembered, used or not.
    remembered: usize,
    /// Queries that run.
    in_flight: usize,
    /// Heavy work.
    heavy: Heavy,
}

/// One quota in use.
#[derive(Debug, Serialize, JsonSchema)]
struct Live {
    /// Whose: `user:`, `session:`, `key:` or `device:` and an id, or `address:` and the code the audit log has for it.
    subject: String,
    #[serde(flatten)]
    standing: Standing,
}

/// Heavy work of all callers.
#[derive(Debug, Serialize, JsonSchema)]
struct Heavy {
    /// Units in use.
    units: u32,
    /// Units there are.
    units_max: u32,
    /// Callers waiting for some.
    waiting: usize,
}

/// A number for each kind of caller.
#[derive(Debug, Serialize, JsonSchema)]
struct Tiers {
    anonymous: u32,
    signed_in: u32,
    key: u32,
}

async fn get_limits(permit: Permit, app: App) -> Json<Limits> {
    let limits = &app.gate().config().limits;
    let quota = |class: Class| {
        let times = |tier: u32| limits.quota(class).saturating_mul(tier);
        let tiers = limits.tiers;
        Tiers {
            anonymous: times(tiers.anonymous),
            signed_in: times(tiers.signed_in),
            key: times(tiers.key),
        }
    };
    let in_flight = limits.in_flight;
    Json(Limits {
        mode: limits.mode.name(),
        items: Class::ALL
            .map(|class| Limit {
                class: class.name(),
                mode: limits.mode_of(class).name(),
                per_minute: quota(class),
                cost: limits.cost(class),
            })
            .into(),
        own: app.gate().own_limits(&permit).into_iter().map(|item| standing(item).1).collect(),
        in_flight: Tiers {
            anonymous: in_flight.anonymous,
            signed_in: in_flight.signed_in,
            key: in_flight.key,
        },
    })
}

async fn get_live_limits(_: Permit, app: App) -> Json<LiveLimits> {
    let live = app.blocking(|app| app.gate().live_limits()).await;
    let (units, units_max) = live.heavy_units;
    let item = |item: LiveItem| {
        let (subject, standing) = standing(item);
        Live { subject, standing }
    };
    Json(LiveLimits {
        mode: app.gate().config().limits.mode.name(),
        items: live.items.into_iter().map(item).collect(),
        omitted: live.omitted,
        remembered: live.remembered,
        in_flight: live.in_flight,
        heavy: Heavy { units, units_max, waiting: live.heavy_waiting },
    })
}

/// Whose quota it is, and what is used of it.
fn standing(item: LiveItem) -> (String, Standing) {
    let LiveItem { subject, class, database, used, quota, refused, shadow, in_flight } = item;
    (subject, Standing { class, database, used, quota, refused, shadow, in_flight })
}
