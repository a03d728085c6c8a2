//! The time series: one metric, bucket by bucket.
//!
//! Page views and events count in the bucket of their own time. A visit counts, in days and longer, in the bucket it began in, and
//! in hours and minutes in every bucket it was active in. A bucket that is still to come has no value.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rows::{Row, ratio};
use super::scope::{Names, Part, Scope, ScopeParams};
use super::visits::DURATION;
use super::{ParameterError, RangeResponse, ReportContext, ReportError};
use crate::range::{Bucket, Buckets, Interval, Range};
use crate::seen::RETURNING;
use crate::sql::{Sql, Time};

/// What a time series is asked by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeseriesParams {
    /// A period by name; without it and without dates, `28d`.
    pub period: Option<String>,
    /// The first day.
    pub from: Option<String>,
    /// The last day.
    pub to: Option<String>,
    /// Filters as JSON: `[["is", "country", ["DE"]]]`.
    pub filters: Option<String>,
    /// `previous` or `year`.
    pub compare: Option<String>,
    /// The metric; without it, `visitors`.
    #[schemars(with = "Option<Metric>")]
    pub metric: Option<String>,
    /// The width of a bucket; without it, what suits the range.
    #[schemars(with = "Option<Interval>")]
    pub interval: Option<String>,
}

/// A metric a time series can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Distinct visitors.
    Visitors,
    /// Visits.
    Visits,
    /// Page views.
    Pageviews,
    /// Page views and custom events.
    Events,
    /// Page views per visit.
    ViewsPerVisit,
    /// Bounces, in per cent of visits.
    BounceRate,
    /// Mean length of a visit, in seconds.
    VisitDuration,
}

impl Metric {
    /// All metrics.
    pub const ALL: [Self; 7] = [
        Self::Visitors,
        Self::Visits,
        Self::Pageviews,
        Self::Events,
        Self::ViewsPerVisit,
        Self::BounceRate,
        Self::VisitDuration,
    ];

    /// The name in requests.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Visitors => "visitors",
            Self::Visits => "visits",
            Self::Pageviews => "pageviews",
            Self::Events => "events",
            Self::ViewsPerVisit => "views_per_visit",
            Self::BounceRate => "bounce_rate",
            Self::VisitDuration => "visit_duration",
        }
    }

    /// The value of a bucket in which `whole` is what `part` is a part of. A rate over nothing is no number; a count is 0.
    fn value(self, part: u64, whole: u64) -> Option<f64> {
        match self {
            Self::Visitors | Self::Visits | Self::Pageviews | Self::Events => {
                ratio(part, 1, 1.0, 0)
            }
            Self::ViewsPerVisit => ratio(part, whole, 1.0, 2),
            Self::BounceRate => ratio(part, whole, 100.0, 1),
            Self::VisitDuration => ratio(part, whole, 1e-6, 1),
        }
    }
}

/// One metric over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimeseriesResponse {
    /// The range.
    pub range: RangeResponse,
    /// The metric.
    pub metric: Metric,
    /// The width of a bucket.
    pub interval: Interval,
    /// The buckets in order, without gaps.
    pub points: Vec<Point>,
    /// What it is compared with; its points belong to those of the range by their place.
    pub comparison: Option<ComparedPoints>,
}

/// One bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Its start in the site's time zone, as RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// The metric; nothing when it is still to come or cannot be said.
    pub value: Option<f64>,
    /// Whether it is cut off by the range or not over yet.
    pub partial: bool,
}

/// The points of the range compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedPoints {
    /// The range.
    pub range: RangeResponse,
    /// Its buckets in order.
    pub points: Vec<Point>,
}

/// Computes the report.
///
/// # Errors
/// [`ReportError`].
pub async fn run(
    context: &ReportContext<'_>,
    params: &TimeseriesParams,
) -> Result<TimeseriesResponse, ReportError> {
    let metric = params.metric()?;
    let asked = params.interval()?;
    let scope = Scope::resolve(context, &params.scope()).await?;
    let interval = asked.unwrap_or_else(|| Interval::fitting(&scope.range));
    let buckets: Vec<Buckets> =
        scope.parts().map(|part| Buckets::new(part.range, interval)).collect::<Result<_, _>>()?;
    let rows = context.read(statement(&scope, &buckets, metric)).await?;
    let mut sums: Vec<Vec<(u64, u64)>> =
        buckets.iter().map(|buckets| vec![(0, 0); buckets.list().len()]).collect();
    for row in &rows.rows {
        let mut row = Row::new(row);
        let part = usize::try_from(row.count()?).unwrap_or_default();
        let bucket = usize::try_from(row.count()?).unwrap_or_default();
        let sum = (row.count()?, row.count()?);
        if let Some(place) = sums.get_mut(part).and_then(|sums| sums.get_mut(bucket)) {
            *place = sum;
        }
    }
    let mut points = buckets.iter().zip(&sums).map(|(buckets, sums)| {
        let both = buckets.list().iter().zip(sums);
        both.map(|(bucket, sum)| point(bucket, metric, *sum, context.now)).collect()
    });
    let answer = |range: &Range| RangeResponse::new(range, context.site);
    Ok(TimeseriesResponse {
        range: answer(&scope.range),
        metric,
        interval,
        points: points.next().unwrap_or_default(),
        comparison: scope.compared.as_ref().map(|range| ComparedPoints {
            range: answer(range),
            points: points.next().unwrap_or_default(),
        }),
    })
}

fn point(bucket: &Bucket, metric: Metric, (part, whole): (u64, u64), now: Timestamp) -> Point {
    let is_to_come = bucket.start > now;
    let is_running = !is_to_come && now < bucket.end;
    Point {
        at: bucket.at.clone(),
        value: if is_to_come { None } else { metric.value(part, whole) },
        partial: bucket.clipped || is_running,
    }
}

fn statement(scope: &Scope, buckets: &[Buckets], metric: Metric) -> Sql {
    let mut sql = Sql::new("SELECT part, bucket, sum(amount), sum(whole) FROM (");
    for (number, (part, buckets)) in scope.parts().zip(buckets).enumerate() {
        sql.push(if number > 0 { " UNION ALL " } else { "" })
            .push(format_args!("SELECT {number} AS part, * FROM ("))
            .part(&rows(&part, buckets, metric))
            .push(")");
    }
    sql.push(") GROUP BY part, bucket");
    sql
}

/// Rows of `bucket`, `amount`, `whole`; a bucket may have several.
fn rows(part: &Part<'_>, buckets: &Buckets, metric: Metric) -> Sql {
    match metric {
        Metric::Pageviews => event_rows(part, buckets, Names::Pageviews),
        Metric::Events => event_rows(part, buckets, Names::Events),
        Metric::ViewsPerVisit => {
            let mut sql = event_rows(part, buckets, Names::Pageviews);
            sql.push(" UNION ALL ").part(&visit_rows(
                part,
                buckets,
                &Sql::new("0"),
                &Sql::new("count(*)"),
            ));
            sql
        }
        Metric::Visits => visit_rows(part, buckets, &Sql::new("count(*)"), &Sql::new("0")),
        Metric::VisitDuration => {
            let mut duration = Sql::new("sum(");
            duration.push(DURATION).push(")");
            visit_rows(part, buckets, &duration, &Sql::new("count(*)"))
        }
        Metric::BounceRate => {
            let (mut bounces, mut entries) =
                (Sql::new("count_if(bounce AND "), Sql::new("count_if("));
            bounces.part(&part.entry()).push(")");
            entries.part(&part.entry()).push(")");
            visit_rows(part, buckets, &bounces, &entries)
        }
        Metric::Visitors => {
            let mut visitors = Sql::default();
            visitors.push(visitors_sql(part, buckets));
            visit_rows(part, buckets, &visitors, &Sql::new("0"))
        }
    }
}

fn event_rows(part: &Part<'_>, buckets: &Buckets, names: Names) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(buckets.number_sql("timestamp"))
        .push(" AS bucket, count(*) AS amount, 0 AS whole ")
        .part(&part.events_clause(names))
        .push(" GROUP BY bucket");
    sql
}

fn visit_rows(part: &Part<'_>, buckets: &Buckets, amount: &Sql, whole: &Sql) -> Sql {
    let first = buckets.number_sql(&begun(part));
    let mut sql = Sql::new("SELECT bucket, ");
    sql.part(amount).push(" AS amount, ").part(whole).push(" AS whole FROM (SELECT *, ");
    if buckets.interval().counts_activity() {
        let last = Timestamp::from_microsecond(part.range.end.as_microsecond() - 1);
        let last = Time(last.unwrap_or(part.range.end));
        let last = buckets.number_sql(&format!("least(last_at, {last})"));
        sql.push(format_args!("unnest(generate_series({first}, {last}))"));
    } else {
        sql.push(first);
    }
    sql.push(" AS bucket ").part(&part.matching_visits_clause()).push(") GROUP BY bucket");
    sql
}

/// When a visit began within the range.
fn begun(part: &Part<'_>) -> String {
    format!("greatest(started_at, {})", part.start())
}

/// Distinct visitors of a bucket. By marks: a visitor's first visit counts; a later one only if the first was in another bucket, and
/// then by number, because there may be several.
fn visitors_sql(part: &Part<'_>, buckets: &Buckets) -> String {
    if !part.has_marks() || buckets.interval().counts_activity() {
        return "count(DISTINCT visitor_id)".to_owned();
    }
    let start = part.start();
    let first = buckets.number_sql("visitor_since");
    format!(
        "count_if(visitor_since >= {start} AND repeats & {RETURNING} = 0) \
         + count(DISTINCT visitor_id) FILTER (WHERE visitor_since < {start} \
         OR (repeats & {RETURNING} <> 0 AND {first} <> bucket))"
    )
}

impl TimeseriesParams {
    fn scope(&self) -> ScopeParams<'_> {
        ScopeParams {
            period: self.period.as_deref(),
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            filters: self.filters.as_deref(),
            compare: self.compare.as_deref(),
        }
    }

    fn metric(&self) -> Result<Metric, ParameterError> {
        let Some(id) = self.metric.as_deref() else { return Ok(Metric::Visitors) };
        Metric::ALL.into_iter().find(|metric| metric.id() == id).ok_or_else(|| {
            let known = Metric::ALL.map(Metric::id).join(", ");
            ParameterError::new("metric", format!("must be one of {known}"))
        })
    }

    fn interval(&self) -> Result<Option<Interval>, ParameterError> {
        let Some(id) = self.interval.as_deref() else { return Ok(None) };
        let known = Interval::ALL.into_iter().find(|interval| interval.id() == id);
        known.map(Some).ok_or_else(|| {
            let known = Interval::ALL.map(Interval::id).join(", ");
            ParameterError::new("interval", format!("must be one of {known}"))
        })
    }
}
