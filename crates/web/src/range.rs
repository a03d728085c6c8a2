//! Which stretch of time a report is about, in the site's own time zone.
//!
//! A range is whole local days, so its bounds in UTC move with daylight saving: a day has 23, 24 or 25 hours and sometimes does
//! not start at midnight. The time zone is resolved here, once; statements only ever see instants and constant offsets, since
//! the engine has no time zones of its own. The present moment is passed in.
//!
//! # Invariants
//! - `start <= end`; the range holds `start` and not `end`.
//! - A range over dates is at most [`RangeRules::days_max`] days long; only the period `all`, which the data bounds, may be longer.

mod buckets;
mod zone;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::buckets::{Bucket, Buckets, Interval, POINTS_MAX};
use self::zone::{date_of, start_of};
use crate::report::ParameterError;

/// The most days a range of dates may have unless configured otherwise.
pub const DAYS_MAX: i32 = 366;

const FIRST_DATE: Date = jiff::civil::date(1970, 1, 1);
const LAST_DATE: Date = jiff::civil::date(2999, 12, 31);

/// A range named by its length and place before now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Period {
    /// Today.
    #[serde(rename = "day")]
    Day,
    /// The day before.
    #[serde(rename = "yesterday")]
    Yesterday,
    /// The current hour and the 23 before it.
    #[serde(rename = "24h")]
    Hours24,
    /// Seven days, without today.
    #[serde(rename = "7d")]
    Days7,
    /// Four weeks, without today.
    #[serde(rename = "28d")]
    Days28,
    /// Thirty days, without today.
    #[serde(rename = "30d")]
    Days30,
    /// Thirteen weeks, without today.
    #[serde(rename = "91d")]
    Days91,
    /// This month to date.
    #[serde(rename = "month")]
    Month,
    /// This month to date and the five before it.
    #[serde(rename = "6mo")]
    Months6,
    /// This month to date and the eleven before it.
    #[serde(rename = "12mo")]
    Months12,
    /// This year to date.
    #[serde(rename = "year")]
    Year,
    /// From the first visit to today.
    #[serde(rename = "all")]
    All,
}

impl Period {
    /// All periods.
    pub const ALL: [Self; 12] = [
        Self::Day,
        Self::Yesterday,
        Self::Hours24,
        Self::Days7,
        Self::Days28,
        Self::Days30,
        Self::Days91,
        Self::Month,
        Self::Months6,
        Self::Months12,
        Self::Year,
        Self::All,
    ];

    /// The name in requests.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Yesterday => "yesterday",
            Self::Hours24 => "24h",
            Self::Days7 => "7d",
            Self::Days28 => "28d",
            Self::Days30 => "30d",
            Self::Days91 => "91d",
            Self::Month => "month",
            Self::Months6 => "6mo",
            Self::Months12 => "12mo",
            Self::Year => "year",
            Self::All => "all",
        }
    }

    /// The period with this name.
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.id() == id)
    }
}

/// What a range is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// The same number of days, immediately before.
    Previous,
    /// The same dates, a year before.
    Year,
}

/// What a range is asked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeRequest {
    /// By name.
    Period(Period),
    /// By its first and last day.
    Dates(Date, Date),
}

impl RangeRequest {
    /// Reads the parameters `period`, `from` and `to`; without any of them it is the last 28 days.
    ///
    /// # Errors
    /// When a period is unknown, a date is not one, one date is missing, or both ways are mixed.
    pub fn parse(
        period: Option<&str>,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<Self, ParameterError> {
        match (period, from, to) {
            (None, None, None) => Ok(Self::Period(Period::Days28)),
            (Some(id), None, None) => Period::find(id).map(Self::Period).ok_or_else(|| {
                let known = Period::ALL.map(Period::id).join(", ");
                ParameterError::new("period", format!("must be one of {known}"))
            }),
            (None, Some(from), Some(to)) => {
                Ok(Self::Dates(parse_date("from", from)?, parse_date("to", to)?))
            }
            (None, Some(_), None) => Err(ParameterError::new("to", "must be given with from")),
            (None, None, Some(_)) => Err(ParameterError::new("from", "must be given with to")),
            (Some(_), ..) => {
                Err(ParameterError::new("period", "cannot be given together with from or to"))
            }
        }
    }
}

fn parse_date(field: &'static str, text: &str) -> Result<Date, ParameterError> {
    let shape = || ParameterError::new(field, "must be a date such as 2026-11-22");
    if text.len() != 10 {
        return Err(shape());
    }
    let date: Date = text.parse().map_err(|_| shape())?;
    if !(FIRST_DATE..=LAST_DATE).contains(&date) {
        return Err(ParameterError::new(
            field,
            format!("must be between {FIRST_DATE} and {LAST_DATE}"),
        ));
    }
    Ok(date)
}

/// The circumstances in which a request becomes a range.
#[derive(Debug, Clone)]
pub struct RangeRules {
    /// The site's time zone.
    pub zone: TimeZone,
    /// The present moment.
    pub now: Timestamp,
    /// When the site's first visit began; bounds the period `all`.
    pub first_visit: Option<Timestamp>,
    /// The most days a range of dates may have.
    pub days_max: i32,
}

/// A stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// The name it was asked by.
    pub period: Option<Period>,
    /// The first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
    /// The site's time zone.
    pub zone: TimeZone,
}

impl Range {
    /// Resolves a request.
    ///
    /// # Errors
    /// When it ends before it starts or is too long.
    pub fn resolve(request: RangeRequest, rules: &RangeRules) -> Result<Self, ParameterError> {
        let today = date_of(rules.now, &rules.zone);
        let (from, to) = match request {
            RangeRequest::Dates(from, to) => {
                check_length(from, to, rules.days_max)?;
                (from, to)
            }
            RangeRequest::Period(Period::Hours24) => return Ok(Self::last_24_hours(rules)),
            RangeRequest::Period(period) => dates_of(period, today, rules),
        };
        let period = match request {
            RangeRequest::Period(period) => Some(period),
            RangeRequest::Dates(..) => None,
        };
        Ok(Self { period, ..Self::of_dates(from, to, &rules.zone) })
    }

    /// The range it is compared with.
    pub fn compared(&self, comparison: Comparison) -> Self {
        if self.period == Some(Period::Hours24) {
            return self.compared_hours(comparison);
        }
        let (from, to) = match comparison {
            Comparison::Previous => {
                let days = self.days();
                (before(self.from, days.days()), before(self.from, 1.day()))
            }
            Comparison::Year => (before(self.from, 1.year()), before(self.to, 1.year())),
        };
        Self::of_dates(from, to, &self.zone)
    }

    /// How many days it touches.
    pub fn days(&self) -> i32 {
        days_between(self.from, self.to)
    }

    /// Whether every visitor of the range had one number throughout: the numbers change at midnight UTC.
    pub fn within_one_salt(&self) -> bool {
        let last = self.end.as_microsecond().saturating_sub(1);
        self.start.as_microsecond().div_euclid(DAY_MICROS) == last.div_euclid(DAY_MICROS)
    }

    fn of_dates(from: Date, to: Date, zone: &TimeZone) -> Self {
        let start = start_of(from, zone);
        let end = start_of(to.saturating_add(1.day()), zone);
        Self { from, to, period: None, start, end: end.max(start), zone: zone.clone() }
    }

    fn last_24_hours(rules: &RangeRules) -> Self {
        let end = zone::end_of_hour(rules.now, &rules.zone);
        let range = Self::of_hours(end, &rules.zone);
        Self { period: Some(Period::Hours24), ..range }
    }

    fn of_hours(end: Timestamp, zone: &TimeZone) -> Self {
        let start = end.saturating_sub(24.hours()).unwrap_or(end);
        let last = end.saturating_sub(1.microsecond()).unwrap_or(end);
        Self {
            from: date_of(start, zone),
            to: date_of(last, zone),
            period: None,
            start,
            end,
            zone: zone.clone(),
        }
    }

    fn compared_hours(&self, comparison: Comparison) -> Self {
        let end = match comparison {
            Comparison::Previous => self.start,
            Comparison::Year => self
                .end
                .to_zoned(self.zone.clone())
                .checked_sub(1.year())
                .map_or(self.end, |end| end.timestamp()),
        };
        Self::of_hours(end, &self.zone)
    }
}

const DAY_MICROS: i64 = 86_400_000_000;

fn dates_of(period: Period, today: Date, rules: &RangeRules) -> (Date, Date) {
    let yesterday = before(today, 1.day());
    let month = today.first_of_month();
    match period {
        Period::Day | Period::Hours24 => (today, today),
        Period::Yesterday => (yesterday, yesterday),
        Period::Days7 => (before(today, 7.days()), yesterday),
        Period::Days28 => (before(today, 28.days()), yesterday),
        Period::Days30 => (before(today, 30.days()), yesterday),
        Period::Days91 => (before(today, 91.days()), yesterday),
        Period::Month => (month, today),
        Period::Months6 => (before(month, 5.months()), today),
        Period::Months12 => (before(month, 11.months()), today),
        Period::Year => (today.first_of_year(), today),
        Period::All => {
            let first = rules.first_visit.map_or(today, |first| date_of(first, &rules.zone));
            (first.min(today), today)
        }
    }
}

fn check_length(from: Date, to: Date, days_max: i32) -> Result<(), ParameterError> {
    if to < from {
        return Err(ParameterError::new("to", "must not be before from"));
    }
    if days_between(from, to) > days_max {
        return Err(ParameterError::new("to", format!("must be within {days_max} days of from")));
    }
    Ok(())
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days()).saturating_add(1)
}

fn before(date: Date, span: Span) -> Date {
    date.saturating_sub(span)
}

#[cfg(test)]
mod tests;
