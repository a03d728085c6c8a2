//! Time series against the naive recomputation.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use web::report::timeseries::{self, Metric, TimeseriesParams};

use crate::breakdown::{RANGES, ZONE, dates, select, world};
use crate::filters;
use crate::oracle::{FilterSpec, Oracle, Selection, Width, distinct, duration, views};
use crate::support::World;

fn params(range: (i8, i8), metric: Metric, interval: &str) -> TimeseriesParams {
    let (from, to) = dates(range);
    TimeseriesParams {
        from,
        to,
        metric: Some(metric.id().to_owned()),
        interval: Some(interval.to_owned()),
        ..TimeseriesParams::default()
    }
}

/// The buckets that have a value, by the key of the oracle.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn expected(
    selection: &Selection<'_>,
    metric: Metric,
    width: Width,
    zone: &TimeZone,
) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    for (key, (visits, events)) in selection.buckets(width, zone) {
        let value = match metric {
            Metric::Visitors => Some(distinct(&visits, "visitor_id") as f64),
            Metric::Visits => Some(visits.len() as f64),
            Metric::Pageviews => Some(views(&events) as f64),
            Metric::Events => Some(events.len() as f64),
            Metric::BounceRate => selection.bounce_rate(&visits),
            Metric::VisitDuration => duration(&visits),
            Metric::ViewsPerVisit => (!visits.is_empty())
                .then(|| (views(&events) as f64 / visits.len() as f64 * 100.0).round() / 100.0),
        };
        if let Some(value) = value {
            found.insert(key, value);
        }
    }
    found.retain(|_, value| *value != 0.0);
    found
}

fn found(
    world: &World,
    params: &TimeseriesParams,
    width: Width,
    zone: &TimeZone,
) -> BTreeMap<String, f64> {
    let points = world.run(timeseries::run(&world.context(), params)).points;
    let mut found = BTreeMap::new();
    for point in points {
        let at: Timestamp = point.at.parse().unwrap();
        let key = width.key(at.as_microsecond(), zone);
        if let Some(value) = point.value.filter(|value| *value != 0.0) {
            assert!(found.insert(key, value).is_none(), "two buckets at {}", point.at);
        }
    }
    found
}

#[test]
fn series_are_those_of_the_naive_recomputation() {
    let world = world(21);
    let oracle = Oracle::new(&world);
    let all = filters::all();
    let mut number = 0;
    for range in RANGES {
        for (width, interval) in Width::ALL {
            if width == Width::Minute && range.0 != range.1 {
                continue;
            }
            number += 1;
            for filters in [&vec![], &all[number % all.len()]] {
                for metric in Metric::ALL {
                    check(&world, &oracle, (range, filters), (width, interval), metric);
                }
            }
        }
    }
}

#[test]
fn days_under_every_filter_are_those_of_the_naive_recomputation() {
    let world = world(22);
    let oracle = Oracle::new(&world);
    for filters in filters::all() {
        for metric in [Metric::Visitors, Metric::Pageviews, Metric::BounceRate] {
            check(&world, &oracle, (RANGES[0], &filters), (Width::Day, "day"), metric);
        }
    }
}

fn check(
    world: &World,
    oracle: &Oracle,
    (range, filters): ((i8, i8), &[FilterSpec]),
    (width, interval): (Width, &str),
    metric: Metric,
) {
    let zone = TimeZone::get(ZONE).unwrap();
    let selection = select(oracle, range, filters);
    let params =
        TimeseriesParams { filters: filters::json(filters), ..params(range, metric, interval) };
    assert_eq!(
        found(world, &params, width, &zone),
        expected(&selection, metric, width, &zone),
        "{range:?} {interval} {metric:?} {filters:?}"
    );
}

#[test]
fn a_comparison_has_its_own_points() {
    let world = world(21);
    let params = TimeseriesParams {
        compare: Some("previous".to_owned()),
        ..params((25, 26), Metric::Visits, "day")
    };
    let answer = world.run(timeseries::run(&world.context(), &params));
    let compared = answer.comparison.unwrap();
    let alone = world
        .run(timeseries::run(&world.context(), &self::params((23, 24), Metric::Visits, "day")));
    assert_eq!(compared.points, alone.points);
    assert_eq!(answer.points.len(), compared.points.len());
    assert!(compared.points.iter().all(|point| point.value.unwrap() > 0.0));
}

#[test]
fn buckets_to_come_have_no_value_and_the_present_one_is_partial() {
    let mut world = World::empty("a.example", ZONE, "2026-10-25T12:30:00Z");
    world.now = "2026-10-25T12:30:00Z".parse().unwrap();
    let params = TimeseriesParams { period: Some("day".to_owned()), ..TimeseriesParams::default() };
    let points = world.run(timeseries::run(&world.context(), &params)).points;
    assert_eq!(points.len(), 25);
    // 13:30 in Berlin, where this day had an hour more.
    let present = points.iter().position(|point| point.partial).unwrap();
    assert_eq!(points[present].at, "2026-10-25T13:00:00+01:00");
    assert!(points[..=present].iter().all(|point| point.value == Some(0.0)));
    assert!(points[present + 1..].iter().all(|point| point.value.is_none() && !point.partial));
}

#[test]
fn a_rate_of_nothing_is_no_number() {
    let world = World::empty("a.example", ZONE, "2026-10-28T12:00:00Z");
    for metric in Metric::ALL {
        let points =
            world.run(timeseries::run(&world.context(), &params((24, 25), metric, "day"))).points;
        let is_rate =
            matches!(metric, Metric::BounceRate | Metric::ViewsPerVisit | Metric::VisitDuration);
        assert!(points.iter().all(|point| point.value == (!is_rate).then_some(0.0)), "{metric:?}");
    }
}
