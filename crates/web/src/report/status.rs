//! Whether events come in at all: the installation check, and what the list of
//! sites shows.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warehouse::Warehouse;

use super::rows::Row;
use super::{ReportContext, ReportError};
use crate::sql::{Sql, Time};

/// What came in for a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SiteStatusResponse {
    /// The first event counted, RFC 3339 in UTC.
    #[schemars(extend("format" = "date-time"))]
    pub first_event_at: Option<String>,
    /// The last one.
    #[schemars(extend("format" = "date-time"))]
    pub last_event_at: Option<String>,
    /// Page views and custom events of the last 24 hours.
    pub events_24h: u64,
    /// Events of the last 24 hours that are not counted, by reason, most first.
    pub dropped_24h: Vec<DroppedCount>,
    /// What to put into the head of the site's pages.
    pub snippet: String,
    /// The address of the tracker.
    pub script_url: String,
}

/// Events not counted for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DroppedCount {
    /// The reason.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// The most reasons listed.
const REASONS_MAX: usize = 100;

/// Computes the report. `public_url` is where browsers reach this server, without a trailing slash.
///
/// # Errors
/// [`ReportError`].
pub async fn run(
    context: &ReportContext<'_>,
    public_url: &str,
) -> Result<SiteStatusResponse, ReportError> {
    let mut status = SiteStatusResponse {
        first_event_at: None,
        last_event_at: None,
        events_24h: 0,
        dropped_24h: Vec::new(),
        snippet: snippet(&context.site.domain, public_url),
        script_url: format!("{public_url}/js/script.js"),
    };
    for row in &context.read(statement(context)).await?.rows {
        let mut row = Row::new(row);
        let reason = row.opt_text()?;
        let count = row.count()?;
        let (first, last) = (row.opt_micros()?, row.opt_micros()?);
        if let Some(reason) = reason {
            status.dropped_24h.push(DroppedCount { reason, count });
        } else {
            status.events_24h = count;
            status.first_event_at = first.and_then(utc_text);
            status.last_event_at = last.and_then(utc_text);
        }
    }
    Ok(status)
}

fn statement(context: &ReportContext<'_>) -> Sql {
    let since = Time(day_before(context.now));
    let mut sql = Sql::new(
        "SELECT NULL AS reason, (SELECT count(*) FROM web.events WHERE name <> 'engagement' AND site = ",
    );
    sql.bind(context.domain())
        .push(format_args!(" AND timestamp >= {since}) AS amount"))
        .push(", min(started_at), max(last_at) FROM web.visits WHERE site = ")
        .bind(context.domain())
        .push(" UNION ALL (SELECT coalesce(reason, 'unknown') AS reason, count(*) AS amount, NULL, NULL FROM web.dropped_events WHERE site = ")
        .bind(context.domain())
        .push(format_args!(" AND timestamp >= {since}"))
        .push(format_args!(" GROUP BY ALL ORDER BY amount DESC, reason LIMIT {REASONS_MAX})"));
    sql
}

/// When the site's first visit began.
pub(super) async fn first_visit(
    context: &ReportContext<'_>,
) -> Result<Option<Timestamp>, ReportError> {
    let mut sql = Sql::new("SELECT min(started_at) FROM web.visits WHERE site = ");
    sql.bind(context.domain());
    let rows = context.read(sql).await?;
    let Some(row) = rows.rows.first() else { return Ok(None) };
    let first = Row::new(row).opt_micros()?;
    Ok(first.and_then(|micros| Timestamp::from_microsecond(micros).ok()))
}

/// Distinct visitors of the last 24 hours of every site that had any.
///
/// # Errors
/// [`ReportError`].
pub async fn visitors_24h(
    warehouse: &Warehouse,
    now: Timestamp,
    deadline: Duration,
) -> Result<HashMap<String, u64>, ReportError> {
    let since = Time(day_before(now));
    let mut sql =
        Sql::new("SELECT site, count(DISTINCT visitor_id) FROM web.visits WHERE last_at >= ");
    sql.push(since).push(" GROUP BY site");
    let (text, params) = sql.into_statement();
    let mut sites = HashMap::new();
    for row in &warehouse.read(text, params, deadline).await?.rows {
        let mut row = Row::new(row);
        if let (Some(site), visitors) = (row.opt_text()?, row.count()?) {
            sites.insert(site, visitors);
        }
    }
    Ok(sites)
}

fn day_before(now: Timestamp) -> Timestamp {
    now.checked_sub(24.hours()).unwrap_or(now)
}

fn utc_text(micros: i64) -> Option<String> {
    Timestamp::from_microsecond(micros).ok().map(|instant| instant.to_string())
}

fn snippet(domain: &str, public_url: &str) -> String {
    let attribute = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;");
    format!(
        r#"<script defer data-domain="{}" src="{}/js/script.js"></script>"#,
        attribute(domain),
        attribute(public_url)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_snippet_names_site_and_server() {
        assert_eq!(
            snippet("a.example", "https://stats.example"),
            r#"<script defer data-domain="a.example" src="https://stats.example/js/script.js"></script>"#
        );
    }
}
