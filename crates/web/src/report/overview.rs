//! The overview: the metrics of a range, beside those of the range it is
//! compared with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rows::{Row, ratio};
use super::scope::{Scope, ScopeParams};
use super::visits::{self, SUMS};
use super::{Metrics, Precision, RangeResponse, ReportContext, ReportError};
use crate::seen::RETURNING;
use crate::sql::Sql;

/// What an overview is asked by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverviewParams {
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
}

/// The metrics of a range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OverviewResponse {
    /// The range.
    pub range: RangeResponse,
    /// Its metrics.
    pub metrics: Metrics,
    /// What it is compared with.
    pub comparison: Option<ComparedMetrics>,
    /// How exact the metrics are.
    pub precision: Precision,
}

/// The metrics of the range compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedMetrics {
    /// The range.
    pub range: RangeResponse,
    /// Its metrics.
    pub metrics: Metrics,
}

/// Computes the report.
///
/// # Errors
/// [`ReportError`].
pub async fn run(
    context: &ReportContext<'_>,
    params: &OverviewParams,
) -> Result<OverviewResponse, ReportError> {
    let scope = Scope::resolve(context, &params.scope()).await?;
    let rows = context.read(statement(&scope)).await?;
    let mut metrics = [Metrics::default(); 2];
    for row in &rows.rows {
        let mut row = Row::new(row);
        let part = usize::try_from(row.count()?).unwrap_or_default();
        if let Some(place) = metrics.get_mut(part) {
            *place = read_metrics(&mut row)?;
        }
    }
    let [metrics, compared] = metrics;
    let comparison = scope.compared.as_ref().map(|range| ComparedMetrics {
        range: RangeResponse::new(range, context.site),
        metrics: compared,
    });
    Ok(OverviewResponse {
        range: RangeResponse::new(&scope.range, context.site),
        metrics,
        comparison,
        precision: Precision::of(&scope.range),
    })
}

fn statement(scope: &Scope) -> Sql {
    let mut sql = Sql::new("SELECT part");
    for sum in SUMS {
        sql.push(format_args!(", sum({sum})"));
    }
    sql.push(" FROM (");
    for (number, part) in scope.parts().enumerate() {
        sql.push(if number > 0 { " UNION ALL " } else { "" })
            .push(format_args!("SELECT {number} AS part, * FROM ("))
            .part(&visits::rows(&part, None, RETURNING))
            .push(")");
    }
    sql.push(") GROUP BY part");
    sql
}

fn read_metrics(row: &mut Row<'_>) -> Result<Metrics, ReportError> {
    let (visitors, visits) = (row.count()?, row.count()?);
    let (pageviews, events) = (row.count()?, row.count()?);
    let (bounces, entries, duration) = (row.count()?, row.count()?, row.count()?);
    Ok(Metrics {
        visitors,
        visits,
        pageviews,
        events,
        views_per_visit: ratio(pageviews, visits, 1.0, 2).unwrap_or(0.0),
        bounce_rate: ratio(bounces, entries, 100.0, 1).unwrap_or(0.0),
        visit_duration_s: ratio(duration, visits, 1e-6, 1).unwrap_or(0.0),
    })
}

impl OverviewParams {
    fn scope(&self) -> ScopeParams<'_> {
        ScopeParams {
            period: self.period.as_deref(),
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            filters: self.filters.as_deref(),
            compare: self.compare.as_deref(),
        }
    }
}
