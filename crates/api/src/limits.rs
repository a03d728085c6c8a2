//! The limit table: how often each class of route may be called.

use gate::config::Mode;
use gate::http::{Json, Route};
use gate::{Class, Permit, Policy};
use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        Route::new(Method::GET, "/v1/limits", Policy::admin_read(), get_limits)
            .summary("How often each class of route may be called"),
    ]
}

/// The limit table.
#[derive(Debug, Serialize, JsonSchema)]
struct Limits {
    /// `enforce`, or `shadow`: counted and reported, not refused.
    mode: &'static str,
    /// Calls per minute and caller.
    items: Vec<Limit>,
    /// Queries of one caller at a time.
    in_flight: Tiers,
}

/// The quota of one class.
#[derive(Debug, Serialize, JsonSchema)]
struct Limit {
    /// The class of route.
    class: &'static str,
    /// Calls per minute.
    per_minute: Tiers,
}

/// A number for each kind of caller.
#[derive(Debug, Serialize, JsonSchema)]
struct Tiers {
    anonymous: u32,
    signed_in: u32,
    key: u32,
}

async fn get_limits(_: Permit, app: App) -> Json<Limits> {
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
        mode: match limits.mode {
            Mode::Enforce => "enforce",
            Mode::Shadow => "shadow",
        },
        items: Class::ALL
            .map(|class| Limit { class: class.name(), per_minute: quota(class) })
            .into(),
        in_flight: Tiers {
            anonymous: in_flight.anonymous,
            signed_in: in_flight.signed_in,
            key: in_flight.key,
        },
    })
}
