//! Sites: adding, changing, removing, and whether their events come in.
//!
//! Removing a site refuses its events and hides its reports at once. What it sent stays in the warehouse until it is erased.

use std::collections::HashMap;

use control::{Hostname, HostnameError, NewSite, SiteChange, SiteSettings, TimeZoneName};
use gate::audit::{EventName, Outcome};
use gate::http::{Created, Json, NoContent, Path, Problem, Route, kind};
use gate::{Action, Permit, Policy, Scope};
use http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::report::status::{self, SiteStatusResponse};

use crate::app::App;
use crate::error::ApiError;
use crate::list::List;
use crate::web::report_context;

pub(crate) fn routes() -> Vec<Route<App>> {
    let list = Policy::read("web").listed();
    let (read, write) = (Policy::read("web").of("site"), Policy::write("web").of("site"));
    vec![
        Route::new(Method::GET, "/v1/sites", list, list_sites)
            .summary("The sites the caller may see, by domain"),
        Route::new(Method::POST, "/v1/sites", Policy::write("web"), create_site)
            .summary("Adds a site"),
        Route::new(Method::GET, "/v1/sites/{site}", read, get_site).summary("One site"),
        Route::new(Method::PATCH, "/v1/sites/{site}", write, update_site).summary("Changes a site"),
        Route::new(Method::DELETE, "/v1/sites/{site}", write.body_max(0), delete_site)
            .summary("Removes a site: refuses its events and hides its reports; what it sent stays until it is erased"),
        Route::new(Method::GET, "/v1/sites/{site}/status", read, get_site_status)
            .summary("Whether events come in, which are dropped and why, and what to put into the pages"),
    ]
}

/// A site.
#[derive(Debug, Serialize, JsonSchema)]
struct SiteItem {
    /// The host that names it.
    domain: String,
    /// IANA name of the time zone its days are in.
    time_zone: String,
    /// Further hosts its pages are on.
    allowed_hostnames: Vec<String>,
    #[schemars(with = "String", extend("format" = "date-time"))]
    created_at: Timestamp,
    /// Distinct visitors of the last 24 hours.
    visitors_24h: u64,
}

/// A site to add.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SiteRequest {
    /// The host that names it; `www.` is dropped.
    domain: String,
    /// IANA name; without it, UTC.
    time_zone: Option<String>,
    /// Further hosts its pages are on.
    #[serde(default)]
    allowed_hostnames: Vec<String>,
}

/// What shall be different; what is left out stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SiteChangeRequest {
    /// IANA name.
    time_zone: Option<String>,
    /// Further hosts its pages are on; replaces those there are.
    allowed_hostnames: Option<Vec<String>>,
}

async fn list_sites(permit: Permit, app: App) -> Result<Json<List<SiteItem>>, ApiError> {
    let mut sites = app.blocking(|app| app.control().sites()).await?;
    sites.retain(|site| may_see(&permit, site.domain.as_str()));
    let visitors = visitors(&app).await?;
    Ok(Json(List::whole(sites.into_iter().map(|site| item(site, &visitors)))))
}

/// Whether the caller may see that site: to be asked by whatever shows several, or takes the site from elsewhere than the path.
pub(crate) fn may_see(permit: &Permit, domain: &str) -> bool {
    permit.allows(&seeing(domain))
}

/// The right to see that site.
pub(crate) fn seeing(domain: &str) -> Scope {
    Scope::of(Action::READ, "web", domain)
}

async fn create_site(
    permit: Permit,
    app: App,
    Json(request): Json<SiteRequest>,
) -> Result<Created<SiteItem>, ApiError> {
    let new = checked(&request)?;
    let site = app
        .blocking(move |app| {
            let site = app.control().create_site(&new, app.now())?;
            changed(app, &permit, &site.domain)?;
            Ok::<_, ApiError>(site)
        })
        .await?;
    let visitors = visitors(&app).await?;
    Ok(Created(item(site, &visitors)))
}

async fn get_site(
    _: Permit,
    app: App,
    Path(site): Path<String>,
) -> Result<Json<SiteItem>, ApiError> {
    let domain = named(&site)?;
    let site = app
        .blocking(move |app| app.control().site(&domain))
        .await?
        .ok_or_else(Problem::not_found)?;
    let visitors = visitors(&app).await?;
    Ok(Json(item(site, &visitors)))
}

async fn update_site(
    permit: Permit,
    app: App,
    Path(site): Path<String>,
    Json(request): Json<SiteChangeRequest>,
) -> Result<Json<SiteItem>, ApiError> {
    let domain = named(&site)?;
    let change = checked_change(&request)?;
    let site = app
        .blocking(move |app| {
            let site = app.control().change_site(&domain, change)?;
            changed(app, &permit, &domain)?;
            Ok::<_, ApiError>(site)
        })
        .await?;
    let visitors = visitors(&app).await?;
    Ok(Json(item(site, &visitors)))
}

async fn delete_site(
    permit: Permit,
    app: App,
    Path(site): Path<String>,
) -> Result<NoContent, ApiError> {
    let domain = named(&site)?;
    app.blocking(move |app| {
        if !app.control().remove_site(&domain)? {
            return Err(Problem::not_found().into());
        }
        changed(app, &permit, &domain)
    })
    .await?;
    Ok(NoContent)
}

async fn get_site_status(
    _: Permit,
    app: App,
    Path(site): Path<String>,
) -> Result<Json<SiteStatusResponse>, ApiError> {
    let site = app.site(&site).ok_or_else(Problem::not_found)?;
    let public_url = app.options().public_url.as_str().trim_end_matches('/');
    Ok(Json(status::run(&report_context(&app, &site), public_url).await?))
}

/// Tells ingest and the audit of a change that was made.
fn changed(app: &App, permit: &Permit, domain: &Hostname) -> Result<(), ApiError> {
    app.refresh_sites()?;
    app.gate().audit(
        permit,
        EventName::AuthzAdmin,
        Outcome::Success,
        Some(format!("site:{domain}")),
    );
    Ok(())
}

async fn visitors(app: &App) -> Result<HashMap<String, u64>, ApiError> {
    Ok(status::visitors_24h(app.warehouse(), app.now(), app.options().reports.deadline).await?)
}

fn item(site: control::Site, visitors: &HashMap<String, u64>) -> SiteItem {
    let control::Site { domain, time_zone, created_at, settings } = site;
    SiteItem {
        visitors_24h: visitors.get(domain.as_str()).copied().unwrap_or(0),
        domain: domain.into(),
        time_zone: time_zone.into(),
        allowed_hostnames: settings.allowed_hostnames.into_iter().map(String::from).collect(),
        created_at,
    }
}

/// The domain a path names; what cannot be a domain is no site.
fn named(site: &str) -> Result<Hostname, Problem> {
    site.parse().map_err(|_: HostnameError| Problem::not_found())
}

/// Checks every field, so that the caller hears of all faults at once.
fn checked(request: &SiteRequest) -> Result<NewSite, Problem> {
    let mut faults = Faults::default();
    let domain = faults.host("domain", &request.domain);
    let time_zone =
        request.time_zone.as_deref().map_or(Some(TimeZoneName::utc()), |name| faults.zone(name));
    let allowed_hostnames = faults.hosts(&request.allowed_hostnames);
    match (domain, time_zone, allowed_hostnames) {
        (Some(domain), Some(time_zone), Some(allowed_hostnames)) => {
            Ok(NewSite { domain, time_zone, settings: SiteSettings { allowed_hostnames } })
        }
        _ => Err(faults.problem()),
    }
}

fn checked_change(request: &SiteChangeRequest) -> Result<SiteChange, Problem> {
    let mut faults = Faults::default();
    let time_zone = request.time_zone.as_deref().map(|name| faults.zone(name));
    let allowed_hostnames = request.allowed_hostnames.as_deref().map(|names| faults.hosts(names));
    if faults.0.is_empty() {
        Ok(SiteChange {
            time_zone: time_zone.flatten(),
            allowed_hostnames: allowed_hostnames.flatten(),
        })
    } else {
        Err(faults.problem())
    }
}

/// What is wrong with a request, by field.
#[derive(Default)]
struct Faults(Vec<(&'static str, &'static str)>);

impl Faults {
    fn host(&mut self, field: &'static str, name: &str) -> Option<Hostname> {
        let parsed = name.parse::<Hostname>();
        parsed.map_err(|error| self.0.push((field, host_fault(error)))).ok()
    }

    fn hosts(&mut self, names: &[String]) -> Option<Vec<Hostname>> {
        let parsed: Result<Vec<Hostname>, HostnameError> =
            names.iter().map(|name| name.parse()).collect();
        parsed.map_err(|error| self.0.push(("allowed_hostnames", host_fault(error)))).ok()
    }

    fn zone(&mut self, name: &str) -> Option<TimeZoneName> {
        let fault = ("time_zone", "must be an IANA name such as Europe/Berlin");
        name.parse().map_err(|_| self.0.push(fault)).ok()
    }

    fn problem(self) -> Problem {
        self.0.into_iter().fold(Problem::new(kind::INVALID), |problem, (field, fault)| {
            problem.field(field, fault)
        })
    }
}

const fn host_fault(error: HostnameError) -> &'static str {
    match error {
        HostnameError::Empty => "is missing",
        HostnameError::TooLong => "is longer than a host name can be",
        _ => "must be a host name such as example.com, without scheme, port or path",
    }
}
