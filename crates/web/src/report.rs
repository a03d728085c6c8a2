//! Reports: what a site's visitors did, as the API answers it.
//!
//! Each report is a file with its parameters, its answer and one statement that computes it. What they share is here: the
//! circumstances of a request, the errors, the shapes of ranges and metrics. The meaning of every number stands in
//! `docs/web/definitions.md`.
//!
//! # Invariants
//! - Parameters are checked before anything is read; each refusal names the parameter.
//! - A report reads only the rows of its site.
//!
//! # Failure
//! A report has a deadline; past it the statement is interrupted and the caller told ([`ReportError::Deadline`]). Nothing is retried.

pub mod breakdown;
pub mod overview;
pub mod realtime;
mod rows;
mod scope;
pub mod status;
pub mod timeseries;
mod visits;

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warehouse::{ReadError, Rows, Value, Warehouse};

use crate::range::Range;
use crate::sites::Site;
use crate::sql::Sql;

/// What all reports of one request share.
#[derive(Clone, Copy)]
pub struct ReportContext<'a> {
    /// Where the visits are.
    pub warehouse: &'a Warehouse,
    /// Whose visits.
    pub site: &'a Site,
    /// The operator's bounds.
    pub config: &'a ReportConfig,
    /// The present moment.
    pub now: Timestamp,
}

/// The operator's bounds on reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportConfig {
    /// The most days a range of dates may have.
    pub days_max: i32,
    /// The longest a statement may take.
    pub deadline: Duration,
}

impl Default for ReportConfig {
    fn default() -> Self {
        Self { days_max: crate::range::DAYS_MAX, deadline: Duration::from_secs(20) }
    }
}

/// A parameter that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct ParameterError {
    /// Its name.
    pub field: &'static str,
    /// What is wrong, to be read after the name.
    pub reason: Cow<'static, str>,
}

impl ParameterError {
    pub(crate) fn new(field: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { field, reason: reason.into() }
    }
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A parameter cannot be used.
    #[error("a parameter cannot be used")]
    InvalidParameter(#[from] ParameterError),
    /// It took too long.
    #[error("the report took longer than its deadline")]
    Deadline,
    /// The site's time zone is not in the time zone database.
    #[error("the site has the unknown time zone {0}")]
    TimeZone(Box<str>),
    /// The warehouse could not answer.
    #[error("the warehouse could not answer the report")]
    Warehouse(#[source] ReadError),
    /// The warehouse answered with a row of another shape.
    #[error("column {0} of a report's row is not what it should be")]
    Row(usize),
}

impl From<ReadError> for ReportError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Deadline => Self::Deadline,
            other @ (ReadError::Engine(_) | ReadError::Closed) => Self::Warehouse(other),
        }
    }
}

impl ReportContext<'_> {
    /// The site's time zone.
    ///
    /// # Errors
    /// [`ReportError::TimeZone`] when there is none of its name.
    pub fn zone(&self) -> Result<TimeZone, ReportError> {
        TimeZone::get(&self.site.time_zone)
            .map_err(|_| ReportError::TimeZone(self.site.time_zone.clone()))
    }

    async fn read(&self, sql: Sql) -> Result<Rows, ReportError> {
        let (text, params) = sql.into_statement();
        Ok(self.warehouse.read(text, params, self.config.deadline).await?)
    }

    fn domain(&self) -> Value {
        Value::from(&*self.site.domain)
    }
}

/// A range as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RangeResponse {
    /// The first day.
    #[schemars(extend("format" = "date"))]
    pub from: String,
    /// The last day.
    #[schemars(extend("format" = "date"))]
    pub to: String,
    /// The period it was asked by.
    pub period: Option<String>,
    /// The site's time zone.
    pub time_zone: String,
}

impl RangeResponse {
    fn new(range: &Range, site: &Site) -> Self {
        Self {
            from: range.from.to_string(),
            to: range.to.to_string(),
            period: range.period.map(|period| period.id().to_owned()),
            time_zone: site.time_zone.to_string(),
        }
    }
}

/// The metrics of a range.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Metrics {
    /// Distinct visitors.
    pub visitors: u64,
    /// Visits.
    pub visits: u64,
    /// Page views.
    pub pageviews: u64,
    /// Page views and custom events.
    pub events: u64,
    /// Page views per visit, to two decimals; 0 without visits.
    pub views_per_visit: f64,
    /// Visits that were bounces, in per cent to one decimal; 0 without visits.
    pub bounce_rate: f64,
    /// Mean length of a visit in seconds, to one decimal; 0 without visits.
    pub visit_duration_s: f64,
}

/// How exact the number of visitors is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VisitorPrecision {
    /// Every visitor counts once.
    Exact,
    /// A visitor counts once per day (UTC) of the range, because no number outlives its day.
    SumOfDays,
}

/// How exact the numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Precision {
    /// Of the visitors.
    pub visitors: VisitorPrecision,
}

impl Precision {
    fn of(range: &Range) -> Self {
        let exact = range.within_one_salt();
        Self { visitors: if exact { VisitorPrecision::Exact } else { VisitorPrecision::SumOfDays } }
    }
}
