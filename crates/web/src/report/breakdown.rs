//! The breakdown: the values of one dimension, each with its metrics, most
//! visited first.
//!
//! A visit's dimension is read from `visits`. An event's dimension is read from `events`: the visitors of a page are those who
//! viewed it, and its bounce rate and duration are those of the visits that began on it.

mod params;
mod statement;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::params::{
    BreakdownParams, LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX, Order, SEARCH_BYTES_MAX, Sort,
};
use super::rows::{Row, ratio, rounded};
use super::scope::Scope;
use super::{ParameterError, RangeResponse, ReportContext, ReportError};
use crate::dimensions::Dimension;

/// The values of a dimension.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BreakdownResponse {
    /// The range.
    pub range: RangeResponse,
    /// The id of the dimension.
    pub dimension: String,
    /// The values asked for.
    pub items: Vec<BreakdownItem>,
    /// How many values there are, all pages together.
    pub total_rows: u64,
    /// What to send as `cursor` to get the next values; nothing after the last.
    pub next_cursor: Option<String>,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BreakdownItem {
    /// The value; nothing when it is not set.
    pub value: Option<String>,
    /// Its name for people, where that differs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub label: Option<String>,
    /// Distinct visitors.
    pub visitors: u64,
    /// Visits.
    pub visits: Option<u64>,
    /// Page views.
    pub pageviews: Option<u64>,
    /// Page views and custom events.
    pub events: Option<u64>,
    /// Bounces, in per cent to one decimal; of a page, of the visits that began on it.
    pub bounce_rate: Option<f64>,
    /// Mean length of a visit in seconds, to one decimal; of a page, of the visits that began on it.
    pub visit_duration_s: Option<f64>,
    /// The share of all visitors of the range, in per cent to one decimal.
    pub percentage: f64,
    /// The same value in the range compared with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub comparison: Option<ComparedItem>,
}

/// A value in the range compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedItem {
    /// Distinct visitors.
    pub visitors: u64,
}

/// Computes the report for the dimension with this id.
///
/// # Errors
/// [`ReportError`]; an unknown id is the invalid parameter `dimension`.
pub async fn run(
    context: &ReportContext<'_>,
    dimension: &str,
    params: &BreakdownParams,
) -> Result<BreakdownResponse, ReportError> {
    let dimension = Dimension::find(dimension)
        .ok_or_else(|| ParameterError::new("dimension", "must be one of /v1/dimensions"))?;
    let page = params.page()?;
    let scope = Scope::resolve(context, &params.scope()).await?;
    let rows = context.read(statement::statement(&scope, dimension, &page)).await?;
    let mut total_rows = 0;
    let mut items = Vec::with_capacity(rows.rows.len());
    for row in &rows.rows {
        let mut row = Row::new(row);
        total_rows = row.count()?;
        let total_visitors = row.count()?;
        items.extend(read_item(&mut row, total_visitors, scope.compared.is_some())?);
    }
    let next = page.offset.saturating_add(items.len() as u64);
    Ok(BreakdownResponse {
        range: RangeResponse::new(&scope.range, context.site),
        dimension: dimension.id.to_owned(),
        next_cursor: (!items.is_empty() && next < total_rows && next <= OFFSET_MAX)
            .then(|| next.to_string()),
        items,
        total_rows,
    })
}

/// The row's item; there is none when the page lies behind the last value.
fn read_item(
    row: &mut Row<'_>,
    total_visitors: u64,
    is_compared: bool,
) -> Result<Option<BreakdownItem>, ReportError> {
    let value = row.opt_text()?;
    let Some(visitors) = row.opt_count()? else { return Ok(None) };
    Ok(Some(BreakdownItem {
        value,
        label: None,
        visitors,
        visits: row.opt_count()?,
        pageviews: row.opt_count()?,
        events: row.opt_count()?,
        bounce_rate: row.opt_number()?.map(|rate| rounded(rate, 1)),
        visit_duration_s: row.opt_number()?.map(|seconds| rounded(seconds, 1)),
        percentage: ratio(visitors, total_visitors, 100.0, 1).unwrap_or(0.0),
        comparison: if is_compared { Some(ComparedItem { visitors: row.count()? }) } else { None },
    }))
}
