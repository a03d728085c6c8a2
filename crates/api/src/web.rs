//! Reports: the HTTP face of `web::report`.
//!
//! A report's parameters and answer are the report's own types. Here a site's name becomes a site (or a 404, the same for a site
//! that is not and one that never was) and an error a problem.

use gate::http::{Json, Path, Problem, Query, Route};
use gate::{Permit, Policy};
use http::Method;
use web::dimensions::{DIMENSIONS, Dimension, DimensionItem};
use web::report::ReportContext;
use web::report::breakdown::{self, BreakdownParams, BreakdownResponse};
use web::report::overview::{self, OverviewParams, OverviewResponse};
use web::report::realtime::{self, RealtimeParams, RealtimeResponse};
use web::report::timeseries::{self, TimeseriesParams, TimeseriesResponse};
use web::sites::Site;

use crate::app::App;
use crate::error::ApiError;
use crate::list::List;

pub(crate) fn routes() -> Vec<Route<App>> {
    let read = Policy::read("web").of("site");
    vec![
        Route::new(Method::GET, "/v1/sites/{site}/overview", read, get_overview)
            .summary("Visitors, visits, page views and more of a range, beside another range"),
        Route::new(Method::GET, "/v1/sites/{site}/timeseries", read, get_timeseries)
            .summary("One metric over time, without gaps, in the site's time zone"),
        Route::new(Method::GET, "/v1/sites/{site}/breakdown/{dimension}", read, get_breakdown)
            .summary("The values of a dimension and their metrics"),
        Route::new(Method::GET, "/v1/sites/{site}/realtime", read, get_realtime)
            .summary("Who is there now, and the last half hour"),
        Route::new(Method::GET, "/v1/dimensions", Policy::read("web").listed(), list_dimensions)
            .summary("What reports can be broken down and filtered by"),
    ]
}

async fn get_overview(
    _: Permit,
    app: App,
    Path(site): Path<String>,
    Query(params): Query<OverviewParams>,
) -> Result<Json<OverviewResponse>, ApiError> {
    let site = app.site(&site).ok_or_else(Problem::not_found)?;
    Ok(Json(overview::run(&report_context(&app, &site), &params).await?))
}

async fn get_timeseries(
    _: Permit,
    app: App,
    Path(site): Path<String>,
    Query(params): Query<TimeseriesParams>,
) -> Result<Json<TimeseriesResponse>, ApiError> {
    let site = app.site(&site).ok_or_else(Problem::not_found)?;
    Ok(Json(timeseries::run(&report_context(&app, &site), &params).await?))
}

async fn get_breakdown(
    _: Permit,
    app: App,
    Path((site, dimension)): Path<(String, String)>,
    Query(params): Query<BreakdownParams>,
) -> Result<Json<BreakdownResponse>, ApiError> {
    let site = app.site(&site).ok_or_else(Problem::not_found)?;
    let dimension = Dimension::find(&dimension).ok_or_else(Problem::not_found)?;
    Ok(Json(breakdown::run(&report_context(&app, &site), dimension.id, &params).await?))
}

async fn get_realtime(
    _: Permit,
    app: App,
    Path(site): Path<String>,
    Query(params): Query<RealtimeParams>,
) -> Result<Json<RealtimeResponse>, ApiError> {
    let site = app.site(&site).ok_or_else(Problem::not_found)?;
    Ok(Json(realtime::run(&report_context(&app, &site), &params).await?))
}

async fn list_dimensions(_: Permit, _: App) -> Json<List<DimensionItem>> {
    Json(List::whole(DIMENSIONS.iter().map(Dimension::item)))
}

/// The circumstances of a report on this site.
pub(crate) fn report_context<'a>(app: &'a App, site: &'a Site) -> ReportContext<'a> {
    ReportContext {
        warehouse: app.warehouse(),
        site,
        config: &app.options().reports,
        now: app.now(),
    }
}
