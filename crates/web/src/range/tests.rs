//! What `range` promises, case by case.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn rules(zone: &str, now: &str) -> RangeRules {
    let zone = TimeZone::get(zone).unwrap();
    RangeRules { zone, now: now.parse().unwrap(), first_visit: None, days_max: DAYS_MAX }
}

fn resolve(period: Period, rules: &RangeRules) -> (String, String) {
    let range = Range::resolve(RangeRequest::Period(period), rules).unwrap();
    (range.from.to_string(), range.to.to_string())
}

fn dates(from: Date, to: Date, zone: &str) -> Range {
    Range::of_dates(from, to, &TimeZone::get(zone).unwrap())
}

#[test]
fn periods_are_placed_by_the_local_calendar() {
    // 23:30 UTC on the 21st is already the 22nd in Berlin.
    let rules = rules("Europe/Berlin", "2026-11-21T23:30:00Z");
    for (period, from, to) in [
        (Period::Day, "2026-11-22", "2026-11-22"),
        (Period::Yesterday, "2026-11-21", "2026-11-21"),
        (Period::Days7, "2026-11-15", "2026-11-21"),
        (Period::Days28, "2026-10-25", "2026-11-21"),
        (Period::Days30, "2026-10-23", "2026-11-21"),
        (Period::Days91, "2026-08-23", "2026-11-21"),
        (Period::Month, "2026-11-01", "2026-11-22"),
        (Period::Months6, "2026-06-01", "2026-11-22"),
        (Period::Months12, "2025-12-01", "2026-11-22"),
        (Period::Year, "2026-01-01", "2026-11-22"),
        (Period::All, "2026-11-22", "2026-11-22"),
        (Period::Hours24, "2026-11-21", "2026-11-22"),
    ] {
        assert_eq!(resolve(period, &rules), (from.into(), to.into()), "{}", period.id());
    }
}

#[test]
fn all_begins_with_the_first_visit_and_has_no_bound() {
    let mut rules = rules("UTC", "2026-11-22T12:00:00Z");
    rules.first_visit = Some("2021-03-04T05:06:07Z".parse().unwrap());
    assert_eq!(resolve(Period::All, &rules), ("2021-03-04".into(), "2026-11-22".into()));
}

#[test]
fn the_last_24_hours_end_with_the_present_hour() {
    let rules = rules("Asia/Kathmandu", "2026-11-22T12:20:00Z");
    let range = Range::resolve(RangeRequest::Period(Period::Hours24), &rules).unwrap();
    // 18:05 there; the hour ends at 19:00, which is 13:15 UTC.
    assert_eq!(range.end, "2026-11-22T13:15:00Z".parse().unwrap());
    assert_eq!(range.start, "2026-11-21T13:15:00Z".parse().unwrap());
    assert_eq!(Buckets::new(&range, Interval::Hour).unwrap().list().len(), 24);
    assert_eq!(range.compared(Comparison::Previous).end, range.start);
    let year = range.compared(Comparison::Year);
    assert_eq!(year.end, "2025-11-22T13:15:00Z".parse().unwrap());
}

#[test]
fn parameters_are_refused_by_name() {
    let parse = |period, from, to| {
        RangeRequest::parse(period, from, to).map_err(|error: ParameterError| error.field)
    };
    assert_eq!(parse(None, None, None), Ok(RangeRequest::Period(Period::Days28)));
    assert_eq!(parse(Some("8d"), None, None), Err("period"));
    assert_eq!(parse(Some("7d"), Some("2026-01-01"), Some("2026-01-02")), Err("period"));
    assert_eq!(parse(Some("7d"), None, Some("2026-01-02")), Err("period"));
    assert_eq!(parse(None, Some("2026-01-01"), None), Err("to"));
    assert_eq!(parse(None, None, Some("2026-01-01")), Err("from"));
    for wrong in [
        "2026-02-29",
        "2026-1-1",
        "20260101",
        "01.01.2026",
        "2026-13-01",
        "2026-01-01T00:00",
        "1969-12-31",
        "3000-01-01",
        "",
        "９９９",
        "-026-01-01",
    ] {
        assert_eq!(parse(None, Some(wrong), Some("2026-01-01")), Err("from"), "{wrong}");
        assert_eq!(parse(None, Some("2026-01-01"), Some(wrong)), Err("to"), "{wrong}");
    }
    let both = parse(None, Some("1970-01-01"), Some("2999-12-31"));
    assert_eq!(both, Ok(RangeRequest::Dates(date(1970, 1, 1), date(2999, 12, 31))));
}

#[test]
fn lengths_are_bounded_at_the_limit_and_not_one_past_it() {
    let rules = rules("UTC", "2026-11-22T12:00:00Z");
    let length = |from, to| {
        Range::resolve(RangeRequest::Dates(from, to), &rules).map(|range| range.days()).ok()
    };
    let first = date(2023, 1, 1);
    assert_eq!(length(first, date(2024, 1, 1)), Some(366));
    assert_eq!(length(first, date(2024, 1, 2)), None);
    assert_eq!(length(first, first), Some(1));
    assert_eq!(length(first, date(2022, 12, 31)), None);
}

#[test]
fn days_have_the_hours_the_clocks_give_them() {
    for (zone, day, hours, first) in [
        ("Europe/Berlin", date(2026, 3, 29), 23, "2026-03-29T00:00:00+01:00"),
        ("Europe/Berlin", date(2026, 10, 25), 25, "2026-10-25T00:00:00+02:00"),
        ("America/New_York", date(2026, 11, 1), 25, "2026-11-01T00:00:00-04:00"),
        // Midnight does not exist on these days.
        ("America/Santiago", date(2026, 9, 6), 23, "2026-09-06T01:00:00-03:00"),
        ("Africa/Cairo", date(2026, 4, 24), 23, "2026-04-24T01:00:00+03:00"),
        // Half an hour is repeated: 24 and a half hours in 25 buckets.
        ("Australia/Lord_Howe", date(2026, 4, 5), 25, "2026-04-05T00:00:00+11:00"),
        ("UTC", date(2026, 3, 29), 24, "2026-03-29T00:00:00+00:00"),
    ] {
        let buckets = Buckets::new(&dates(day, day, zone), Interval::Hour).unwrap();
        assert_eq!(buckets.list().len(), hours, "{zone}");
        assert_eq!(buckets.list()[0].at, first, "{zone}");
    }
}

#[test]
fn the_hour_that_autumn_repeats_is_two_buckets() {
    let day = date(2026, 10, 25);
    let buckets = Buckets::new(&dates(day, day, "Europe/Berlin"), Interval::Hour).unwrap();
    let at: Vec<_> = buckets.list()[2..4].iter().map(|bucket| bucket.at.as_str()).collect();
    assert_eq!(at, ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]);
}

#[test]
fn weeks_begin_on_monday_but_never_before_the_range() {
    // A Wednesday to the Tuesday two weeks later.
    let range = dates(date(2026, 11, 4), date(2026, 11, 17), "Europe/Berlin");
    let buckets = Buckets::new(&range, Interval::Week).unwrap();
    let found: Vec<_> = buckets.list().iter().map(|b| (&b.at[..10], b.clipped)).collect();
    assert_eq!(found, [("2026-11-04", true), ("2026-11-09", false), ("2026-11-16", true)]);
}

#[test]
fn months_are_those_of_the_calendar() {
    let range = dates(date(2027, 12, 31), date(2028, 2, 29), "UTC");
    let buckets = Buckets::new(&range, Interval::Month).unwrap();
    let found: Vec<_> = buckets.list().iter().map(|b| (&b.at[..10], b.clipped)).collect();
    assert_eq!(found, [("2027-12-31", true), ("2028-01-01", false), ("2028-02-01", false)]);
}

#[test]
fn points_are_bounded_at_the_limit_and_not_one_past_it() {
    let points = |from, to, interval| {
        Buckets::new(&dates(from, to, "Europe/Berlin"), interval)
            .map(|buckets| buckets.list().len())
            .map_err(|error| error.field)
    };
    let autumn = date(2026, 10, 25);
    assert_eq!(points(autumn, autumn, Interval::Minute), Ok(POINTS_MAX));
    assert_eq!(points(autumn, date(2026, 10, 26), Interval::Minute), Err("interval"));
    let first = date(2020, 1, 1);
    let last = first.saturating_add(1_499.days());
    assert_eq!(points(first, last, Interval::Day), Ok(1_500));
    assert_eq!(points(first, last.tomorrow().unwrap(), Interval::Day), Err("interval"));
}

#[test]
fn a_leap_day_is_compared_with_the_28th() {
    let range = dates(date(2028, 2, 29), date(2028, 3, 1), "UTC");
    let year = range.compared(Comparison::Year);
    assert_eq!((year.from, year.to), (date(2027, 2, 28), date(2027, 3, 1)));
}

#[test]
fn only_a_range_within_one_utc_day_has_one_salt() {
    let day = date(2026, 11, 22);
    assert!(dates(day, day, "UTC").within_one_salt());
    assert!(!dates(day, day, "Europe/Berlin").within_one_salt());
    assert!(!dates(day, day.tomorrow().unwrap(), "UTC").within_one_salt());
}

#[test]
fn graphs_have_a_readable_number_of_points() {
    let rules = rules("Europe/Berlin", "2026-11-22T12:00:00Z");
    for (period, interval) in [
        (Period::Day, Interval::Hour),
        (Period::Hours24, Interval::Hour),
        (Period::Days7, Interval::Day),
        (Period::Days91, Interval::Day),
        (Period::Months6, Interval::Week),
        (Period::Months12, Interval::Month),
    ] {
        let range = Range::resolve(RangeRequest::Period(period), &rules).unwrap();
        assert_eq!(Interval::fitting(&range), interval, "{}", period.id());
    }
}

const ZONES: [&str; 9] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "America/St_Johns",
];

fn range() -> impl Strategy<Value = Range> {
    (0..ZONES.len(), 12_784..20_819_i32, 0..400_i32).prop_map(|(zone, first, days)| {
        let from = FIRST_DATE.saturating_add(i64::from(first).days());
        dates(from, from.saturating_add(i64::from(days).days()), ZONES[zone])
    })
}

proptest! {
    #[test]
    fn buckets_cover_the_range_without_gap_or_overlap(range in range(), interval in 0..5_usize) {
        let Ok(buckets) = Buckets::new(&range, Interval::ALL[interval]) else {
            prop_assert!(range.days() > 1, "only long ranges have too many points");
            return Ok(());
        };
        let list = buckets.list();
        prop_assert_eq!(list.first().unwrap().start, range.start);
        prop_assert_eq!(list.last().unwrap().end, range.end);
        for pair in list.windows(2) {
            prop_assert_eq!(pair[0].end, pair[1].start);
            prop_assert!(pair[0].start <= pair[0].end);
        }
        for bucket in list {
            prop_assert_eq!(bucket.at.parse::<Timestamp>().unwrap(), bucket.start);
        }
    }

    #[test]
    fn the_previous_range_is_as_long_and_ends_where_this_begins(range in range()) {
        let previous = range.compared(Comparison::Previous);
        prop_assert_eq!(previous.days(), range.days());
        prop_assert_eq!(previous.end, range.start);
    }

    #[test]
    fn the_range_a_year_before_has_the_same_days_but_for_leap_days(range in range()) {
        let year = range.compared(Comparison::Year);
        prop_assert!((year.days() - range.days()).abs() <= 1);
        prop_assert!(year.start <= year.end);
    }

    #[test]
    fn an_instant_of_the_range_has_a_local_date_of_the_range(range in range(), at in 0.0..1.0_f64) {
        let (start, end) = (range.start.as_microsecond(), range.end.as_microsecond());
        prop_assume!(start < end);
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a place in the range")]
        let instant = start + ((end - start) as f64 * at) as i64;
        let date = date_of(Timestamp::from_microsecond(instant).unwrap(), &range.zone);
        prop_assert!(date >= range.from && date <= range.to);
    }
}
