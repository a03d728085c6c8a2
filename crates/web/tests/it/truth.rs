//! Reports on the sample against the arithmetic of its plan.

use jiff::ToSpan;
use jiff::civil::date;
use jiff::tz::TimeZone;
use web::dimensions::DIMENSIONS;
use web::report::breakdown::{self, BreakdownParams};
use web::report::overview::{self, OverviewParams};
use web::report::timeseries::{self, TimeseriesParams};
use web::sample::{SAMPLE_HOSTNAME, Sample, SampleConfig};

use crate::support::World;

const DAYS: u32 = 12;

fn sample(zone: &str) -> (World, Sample) {
    let sample = Sample::new(SampleConfig {
        seed: 20_261_122,
        first_day: date(2026, 10, 19),
        days: DAYS,
        visitors_per_day: 120,
        zone: TimeZone::get(zone).unwrap(),
    });
    let world = World::empty(SAMPLE_HOSTNAME, zone, "2026-11-22T12:00:00Z");
    let events: Vec<_> = sample.events().map(|event| event.record(SAMPLE_HOSTNAME)).collect();
    world.load(&events, 500);
    (world, sample)
}

fn dates(sample: &Sample, days: &std::ops::Range<u32>) -> (Option<String>, Option<String>) {
    let day = |number: u32| sample.config().first_day.saturating_add(i64::from(number).days());
    (Some(day(days.start).to_string()), Some(day(days.end - 1).to_string()))
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn overviews_of_the_sample_are_as_planned() {
    for zone in ["Europe/Berlin", "America/New_York", "Asia/Kathmandu"] {
        let (world, sample) = sample(zone);
        for days in [0..DAYS, 0..1, 6..7, 8..9, 3..10] {
            let truth = sample.truth(days.clone()).total();
            let (from, to) = dates(&sample, &days);
            let params = OverviewParams { from, to, ..OverviewParams::default() };
            let found = world.run(overview::run(&world.context(), &params)).metrics;
            assert_eq!(found.visitors, truth.visitors, "{zone} {days:?}");
            assert_eq!(found.visits, truth.visits, "{zone} {days:?}");
            assert_eq!(found.pageviews, truth.pageviews, "{zone} {days:?}");
            assert_eq!(found.events, truth.events, "{zone} {days:?}");
            let bounces = truth.bounces as f64 / truth.visits as f64 * 100.0;
            assert!((found.bounce_rate - bounces).abs() <= 0.05 + 1e-9);
            let duration = truth.duration_ms as f64 / truth.visits as f64 / 1000.0;
            assert!((found.visit_duration_s - duration).abs() <= 0.05 + 1e-9);
        }
    }
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn every_day_of_the_sample_is_as_planned() {
    let (world, sample) = sample("Europe/Berlin");
    let truth = sample.truth(0..DAYS).days;
    type Part = fn(&web::sample::DayTruth) -> u64;
    let parts: [(&str, Part); 4] = [
        ("visitors", |day| day.visitors),
        ("visits", |day| day.visits),
        ("pageviews", |day| day.pageviews),
        ("events", |day| day.events),
    ];
    for (metric, part) in parts {
        let (from, to) = dates(&sample, &(0..DAYS));
        let metric = Some(metric.to_owned());
        let params = TimeseriesParams { from, to, metric, ..TimeseriesParams::default() };
        let points = world.run(timeseries::run(&world.context(), &params)).points;
        let found: Vec<_> = points.iter().map(|point| point.value.unwrap()).collect();
        let expected: Vec<_> = truth.iter().map(|day| part(day) as f64).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn every_breakdown_of_the_sample_is_as_planned() {
    let (world, sample) = sample("Europe/Berlin");
    for days in [0..DAYS, 8..9] {
        let truth = sample.truth(days.clone());
        for dimension in DIMENSIONS {
            let (from, to) = dates(&sample, &days);
            let limit = Some("1000".to_owned());
            let params = BreakdownParams { from, to, limit, ..BreakdownParams::default() };
            let items = world.run(breakdown::run(&world.context(), dimension.id, &params)).items;
            let found = items.iter().map(|item| (item.value.clone(), item.visitors)).collect();
            assert_eq!(truth.visitors[dimension.id], found, "{}", dimension.id);
            for item in items {
                let value = item.value.as_deref().unwrap_or_default();
                match dimension.id {
                    "page" => assert_eq!(item.pageviews, Some(truth.pageviews[value]), "{value}"),
                    "event" => assert_eq!(item.events, Some(truth.events[value]), "{value}"),
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn what_was_sold_and_dropped_is_as_planned() {
    let (world, sample) = sample("Europe/Berlin");
    let truth = sample.truth(0..DAYS);
    let sums = "SELECT (SELECT sum(revenue_amount) FROM web.events), (SELECT count(*) FROM web.dropped_events)";
    let row = world.warehouse.read_blocking(sums, &[]).unwrap().rows.remove(0);
    let revenue = match &row[0] {
        warehouse::Value::Decimal { unscaled, scale: 3 } => *unscaled,
        other => panic!("{other:?}"),
    };
    assert_eq!(revenue, i128::from(truth.revenue));
    assert_eq!(row[1].as_u64(), Some(truth.dropped));
}
