//! Now: who is on the site, and what the last half hour was like.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rows::Row;
use super::{ReportContext, ReportError};
use crate::filter::Filters;
use crate::range::{Buckets, Interval, Range};
use crate::sql::{Sql, Time};

/// A visitor is there for this long after a page view.
pub const CURRENT_MINUTES: i64 = 5;
/// How many minutes the report shows, the present one among them.
pub const MINUTES: i64 = 30;
/// How many values each list holds.
pub const ITEMS_MAX: usize = 9;

const MINUTE_MICROS: i64 = 60_000_000;

/// What the report is asked by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RealtimeParams {
    /// Filters as JSON: `[["is", "country", ["DE"]]]`.
    pub filters: Option<String>,
}

/// What happens now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RealtimeResponse {
    /// Visitors with a page view in the last five minutes.
    pub current_visitors: u64,
    /// Visitors with a page view in the last thirty minutes.
    pub visitors_30m: u64,
    /// Page views of the last thirty minutes.
    pub pageviews_30m: u64,
    /// Thirty minutes in order; the last one is the present.
    pub minutes: Vec<RealtimeMinute>,
    /// The pages with the most visitors.
    pub pages: Vec<RealtimeItem>,
    /// The sources with the most visitors.
    pub sources: Vec<RealtimeItem>,
    /// The countries with the most visitors.
    pub countries: Vec<RealtimeItem>,
}

/// One minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RealtimeMinute {
    /// Its start in the site's time zone, as RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// Visitors with a page view in it.
    pub visitors: u64,
    /// Page views.
    pub pageviews: u64,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RealtimeItem {
    /// The value; nothing when it is not set.
    pub value: Option<String>,
    /// Distinct visitors.
    pub visitors: u64,
}

/// Computes the report.
///
/// # Errors
/// [`ReportError`].
pub async fn run(
    context: &ReportContext<'_>,
    params: &RealtimeParams,
) -> Result<RealtimeResponse, ReportError> {
    let filters = params.filters.as_deref().map(Filters::parse).transpose()?.unwrap_or_default();
    let range = last_minutes(context)?;
    let buckets = Buckets::new(&range, Interval::Minute)?;
    let mut answer = RealtimeResponse {
        current_visitors: 0,
        visitors_30m: 0,
        pageviews_30m: 0,
        minutes: buckets.list().iter().map(|bucket| empty_minute(&bucket.at)).collect(),
        pages: Vec::new(),
        sources: Vec::new(),
        countries: Vec::new(),
    };
    for row in &context.read(statement(context, &filters, &range, &buckets)).await?.rows {
        read_row(&mut answer, &mut Row::new(row))?;
    }
    Ok(answer)
}

/// Visitors with a page view in the last five minutes.
///
/// # Errors
/// [`ReportError`].
pub async fn current_visitors(context: &ReportContext<'_>) -> Result<u64, ReportError> {
    let mut sql = Sql::new("SELECT count(DISTINCT visitor_id) FROM web.events WHERE site = ");
    sql.bind(context.domain())
        .push(format_args!(" AND timestamp >= {}", current_since(context.now)))
        .push(format_args!(" AND timestamp <= {} AND name = 'pageview'", Time(context.now)));
    let rows = context.read(sql).await?;
    rows.rows.first().map_or(Ok(0), |row| Row::new(row).count())
}

fn current_since(now: Timestamp) -> Time {
    Time(minus(now, CURRENT_MINUTES))
}

/// The present minute and those before it. Whole minutes of UTC: no zone in use has seconds in its offset.
fn last_minutes(context: &ReportContext<'_>) -> Result<Range, ReportError> {
    let zone = context.zone()?;
    let minute = context.now.as_microsecond().div_euclid(MINUTE_MICROS);
    let end = Timestamp::from_microsecond((minute + 1).saturating_mul(MINUTE_MICROS));
    let end = end.unwrap_or(context.now);
    let today = zone.to_datetime(context.now).date();
    Ok(Range { from: today, to: today, period: None, start: minus(end, MINUTES), end, zone })
}

fn minus(instant: Timestamp, minutes: i64) -> Timestamp {
    let micros = instant.as_microsecond().saturating_sub(minutes * MINUTE_MICROS);
    Timestamp::from_microsecond(micros).unwrap_or(instant)
}

/// Rows of `list`, `bucket`, `value`, `visitors`, `pageviews`.
fn statement(
    context: &ReportContext<'_>,
    filters: &Filters,
    range: &Range,
    buckets: &Buckets,
) -> Sql {
    let mut sql = Sql::new("WITH viewed AS MATERIALIZED (SELECT * FROM web.events WHERE site = ");
    sql.bind(context.domain())
        .push(format_args!(
            " AND timestamp >= {} AND timestamp <= {}",
            Time(range.start),
            Time(context.now)
        ))
        .push(" AND name = 'pageview'")
        .part(&filters.on_events());
    let only_on_visits = filters.only_on_visits();
    if !only_on_visits.is_empty() {
        sql.push(" AND visit_id IN (SELECT visit_id FROM web.visits WHERE site = ")
            .bind(context.domain())
            .push(format_args!(" AND last_at >= {}", Time(range.start)))
            .part(&only_on_visits)
            .push(")");
    }
    let bucket = buckets.number_sql("timestamp");
    let since = current_since(context.now);
    sql.push(") SELECT 'all', NULL, NULL, count(DISTINCT visitor_id), count(*) FROM viewed")
        .push(" UNION ALL SELECT 'current', NULL, NULL, count(DISTINCT visitor_id), count(*)")
        .push(format_args!(" FROM viewed WHERE timestamp >= {since}"))
        .push(format_args!(" UNION ALL SELECT 'minute', {bucket} AS bucket, NULL"))
        .push(", count(DISTINCT visitor_id), count(*) FROM viewed GROUP BY bucket");
    for (list, column) in [("page", "pathname"), ("source", "source"), ("country", "country")] {
        sql.push(format_args!(" UNION ALL (SELECT '{list}', NULL, {column} AS value"))
            .push(", count(DISTINCT visitor_id) AS visitors, count(*) FROM viewed GROUP BY value")
            .push(format_args!(" ORDER BY visitors DESC, value ASC NULLS LAST LIMIT {ITEMS_MAX})"));
    }
    sql
}

fn read_row(answer: &mut RealtimeResponse, row: &mut Row<'_>) -> Result<(), ReportError> {
    let list = row.opt_text()?.unwrap_or_default();
    let bucket = row.opt_signed()?.and_then(|bucket| usize::try_from(bucket).ok());
    let value = row.opt_text()?;
    let (visitors, pageviews) = (row.count()?, row.count()?);
    let item = RealtimeItem { value, visitors };
    match list.as_str() {
        "all" => (answer.visitors_30m, answer.pageviews_30m) = (visitors, pageviews),
        "current" => answer.current_visitors = visitors,
        "page" => answer.pages.push(item),
        "source" => answer.sources.push(item),
        "country" => answer.countries.push(item),
        _ => {
            if let Some(minute) = bucket.and_then(|bucket| answer.minutes.get_mut(bucket)) {
                (minute.visitors, minute.pageviews) = (visitors, pageviews);
            }
        }
    }
    Ok(())
}

fn empty_minute(at: &str) -> RealtimeMinute {
    RealtimeMinute { at: at.to_owned(), visitors: 0, pageviews: 0 }
}
