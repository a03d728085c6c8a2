//! A range cut into hours, days, weeks: the points of a graph.
//!
//! Buckets are numbered from 0 without gaps. The same rule is written twice: here, where the empty buckets come from, and as
//! SQL, where rows find their bucket. Hours and minutes are counted in elapsed time within each stretch of one UTC offset, so
//! the hour that autumn repeats is two buckets; days, weeks and months are counted on the local calendar.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::zone::{Segment, local_text, segments, start_of};
use super::{DAY_MICROS, Range};
use crate::report::ParameterError;
use crate::sql::Time;

/// The most points one graph may have: a day of 25 hours in minutes.
pub const POINTS_MAX: usize = 1_500;

/// The width of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A local day.
    Day,
    /// A local week from Monday.
    Week,
    /// A local month.
    Month,
}

impl Interval {
    /// All intervals.
    pub const ALL: [Self; 5] = [Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The name in requests.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The interval a graph of this range has when none is asked for.
    pub fn fitting(range: &Range) -> Self {
        match range.days() {
            ..=1 => Self::Hour,
            2 if range.period == Some(super::Period::Hours24) => Self::Hour,
            2..=92 => Self::Day,
            93..=184 => Self::Week,
            _ => Self::Month,
        }
    }

    /// Whether a visit counts in every bucket it was active in, not only in its first.
    pub const fn counts_activity(self) -> bool {
        matches!(self, Self::Minute | Self::Hour)
    }

    const fn step(self) -> Option<i64> {
        match self {
            Self::Minute => Some(60_000_000),
            Self::Hour => Some(3_600_000_000),
            Self::Day | Self::Week | Self::Month => None,
        }
    }
}

/// One bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The first instant; never before the range.
    pub start: Timestamp,
    /// The first instant after it; never after the range.
    pub end: Timestamp,
    /// The start in the site's time zone, as RFC 3339.
    pub at: String,
    /// Whether the range cuts a part of the bucket off.
    pub clipped: bool,
}

/// All buckets of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buckets {
    list: Vec<Bucket>,
    interval: Interval,
    segments: Vec<Segment>,
    /// The number of the first local day, week or month.
    first: i64,
}

impl Buckets {
    /// Cuts a range.
    ///
    /// # Errors
    /// When there would be more than [`POINTS_MAX`] buckets.
    pub fn new(range: &Range, interval: Interval) -> Result<Self, ParameterError> {
        let segments = segments(range.start, range.end, &range.zone);
        let buckets = match interval.step() {
            Some(step) => cut_time(range, step, &segments),
            None => cut_calendar(range, interval),
        };
        let list = buckets.ok_or_else(|| {
            ParameterError::new(
                "interval",
                format!("gives more than {POINTS_MAX} points for this range; ask for a longer one"),
            )
        })?;
        Ok(Self { list, interval, segments, first: number(range.from, interval) })
    }

    /// The buckets in order.
    pub fn list(&self) -> &[Bucket] {
        &self.list
    }

    /// How wide they are.
    pub fn interval(&self) -> Interval {
        self.interval
    }

    /// The number of the bucket of a time, as SQL. The time must lie in the range.
    pub(crate) fn number_sql(&self, time: &str) -> String {
        match self.interval.step() {
            Some(step) => self.elapsed_sql(time, step),
            None => self.calendar_sql(time),
        }
    }

    fn elapsed_sql(&self, time: &str, step: i64) -> String {
        let mut base = 0;
        self.by_segment(time, |segment| {
            let anchor = anchor(segment, step);
            let sql = format!("(epoch_us({time}) - {anchor}) // {step} + {base}");
            base += count(segment, step);
            sql
        })
    }

    fn calendar_sql(&self, time: &str) -> String {
        let offset = self.by_segment(time, |segment| segment.offset.to_string());
        let local = format!("(epoch_us({time}) + {offset})");
        let number = match self.interval {
            Interval::Week => format!("({local} // {DAY_MICROS} + {MONDAY}) // 7"),
            Interval::Month => {
                let local = format!("make_timestamp({local})");
                format!("(year({local}) * 12 + month({local}) - 1)")
            }
            Interval::Day | Interval::Hour | Interval::Minute => format!("{local} // {DAY_MICROS}"),
        };
        format!("({number} - {})", self.first)
    }

    fn by_segment(&self, time: &str, mut value: impl FnMut(&Segment) -> String) -> String {
        let Some((last, before)) = self.segments.split_last() else { return "0".to_owned() };
        if before.is_empty() {
            return format!("({})", value(last));
        }
        let mut sql = "(CASE".to_owned();
        for segment in before {
            let end = Timestamp::from_microsecond(segment.end).unwrap_or(Timestamp::MAX);
            sql += &format!(" WHEN {time} < {} THEN {}", Time(end), value(segment));
        }
        sql + &format!(" ELSE {} END)", value(last))
    }
}

/// 1970-01-01 was a Thursday: this many days after a Monday.
const MONDAY: i64 = 3;

/// The first bucket boundary at or before a stretch, by its local clock.
fn anchor(segment: &Segment, step: i64) -> i64 {
    (segment.start + segment.offset).div_euclid(step) * step - segment.offset
}

fn count(segment: &Segment, step: i64) -> i64 {
    (segment.end - anchor(segment, step) + step - 1).div_euclid(step)
}

fn cut_time(range: &Range, step: i64, segments: &[Segment]) -> Option<Vec<Bucket>> {
    let total: i64 = segments.iter().map(|segment| count(segment, step)).sum();
    if usize::try_from(total).ok()? > POINTS_MAX {
        return None;
    }
    let mut list = Vec::new();
    for segment in segments {
        let anchor = anchor(segment, step);
        for number in 0..count(segment, step) {
            let natural = anchor + number * step;
            let start = Timestamp::from_microsecond(natural.max(segment.start)).ok()?;
            let end = Timestamp::from_microsecond((natural + step).min(segment.end)).ok()?;
            let clipped = natural < range.start.as_microsecond()
                || natural + step > range.end.as_microsecond();
            list.push(Bucket { start, end, at: local_text(start, &range.zone), clipped });
        }
    }
    Some(list)
}

fn cut_calendar(range: &Range, interval: Interval) -> Option<Vec<Bucket>> {
    let width: Span = match interval {
        Interval::Week => 1.week(),
        Interval::Month => 1.month(),
        Interval::Day | Interval::Hour | Interval::Minute => 1.day(),
    };
    let total = number(range.to, interval) - number(range.from, interval) + 1;
    if usize::try_from(total).ok()? > POINTS_MAX {
        return None;
    }
    let mut list = Vec::new();
    let mut date = first_day(range.from, interval);
    while date <= range.to {
        let next = date.saturating_add(width);
        list.push(calendar_bucket(range, date, next, &range.zone));
        date = next;
    }
    Some(list)
}

fn calendar_bucket(range: &Range, date: Date, next: Date, zone: &TimeZone) -> Bucket {
    let (natural_start, natural_end) = (start_of(date, zone), start_of(next, zone));
    let start = natural_start.max(range.start);
    Bucket {
        start,
        end: natural_end.min(range.end),
        at: local_text(start, zone),
        clipped: natural_start < range.start || natural_end > range.end,
    }
}

fn first_day(date: Date, interval: Interval) -> Date {
    match interval {
        Interval::Week => {
            let days = date.weekday().since(Weekday::Monday);
            date.saturating_sub(i64::from(days).days())
        }
        Interval::Month => date.first_of_month(),
        Interval::Day | Interval::Hour | Interval::Minute => date,
    }
}

/// The number of the local day, week or month a date is in, counted from 1970.
fn number(date: Date, interval: Interval) -> i64 {
    let day = i64::from(super::FIRST_DATE.until(date).map_or(0, |span| span.get_days()));
    match interval {
        Interval::Week => (day + MONDAY).div_euclid(7),
        Interval::Month => i64::from(date.year()) * 12 + i64::from(date.month()) - 1,
        Interval::Day | Interval::Hour | Interval::Minute => day,
    }
}
