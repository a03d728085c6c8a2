//! Between local dates and instants.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

/// A stretch with one offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The first instant, in microseconds since 1970.
    pub(crate) start: i64,
    /// The first instant after it.
    pub(crate) end: i64,
    /// What is added to UTC to get local time, in microseconds.
    pub(crate) offset: i64,
}

/// The local date at an instant.
pub(super) fn date_of(instant: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(instant).date()
}

/// The first instant of a local date: where midnight is skipped, the first moment after it.
pub(super) fn start_of(date: Date, zone: &TimeZone) -> Timestamp {
    date.to_zoned(zone.clone()).map_or(Timestamp::MAX, |start| start.timestamp())
}

/// The end of the local clock hour an instant is in.
pub(super) fn end_of_hour(instant: Timestamp, zone: &TimeZone) -> Timestamp {
    let offset = micros(zone.to_offset(instant));
    let local = instant.as_microsecond().saturating_add(offset);
    let end = local.div_euclid(HOUR).saturating_add(1).saturating_mul(HOUR).saturating_sub(offset);
    Timestamp::from_microsecond(end).unwrap_or(instant)
}

/// An instant as RFC 3339 with the local offset.
pub(super) fn local_text(instant: Timestamp, zone: &TimeZone) -> String {
    Zoned::new(instant, zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// The stretches of one offset between two instants, without gaps, at least one.
pub(crate) fn segments(start: Timestamp, end: Timestamp, zone: &TimeZone) -> Vec<Segment> {
    let mut list = Vec::with_capacity(2);
    let mut from = start.as_microsecond();
    let mut offset = micros(zone.to_offset(start));
    for transition in zone.following(start) {
        let at = transition.timestamp().as_microsecond();
        if at >= end.as_microsecond() {
            break;
        }
        let next = micros(transition.offset());
        if next != offset {
            list.push(Segment { start: from, end: at, offset });
            from = at;
            offset = next;
        }
    }
    list.push(Segment { start: from, end: end.as_microsecond(), offset });
    list
}

fn micros(offset: Offset) -> i64 {
    i64::from(offset.seconds()).saturating_mul(1_000_000)
}

const HOUR: i64 = 3_600_000_000;
