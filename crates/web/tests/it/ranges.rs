//! Parameters at their bounds, sites without data, and what a range says of
//! itself.

use web::report::VisitorPrecision;
use web::report::breakdown::{self, BreakdownParams};
use web::report::overview::{self, OverviewParams};
use web::report::timeseries::{self, TimeseriesParams};

use crate::support::{World, random_events};

fn empty() -> World {
    World::empty("a.example", "Europe/Berlin", "2026-10-28T12:00:00Z")
}

fn overview(set: impl FnOnce(&mut OverviewParams)) -> OverviewParams {
    let mut params = OverviewParams::default();
    set(&mut params);
    params
}

#[test]
fn a_site_without_events_has_reports_of_zeros() {
    let world = empty();
    for period in ["day", "24h", "28d", "12mo", "all"] {
        let period = Some(period.to_owned());
        let params =
            overview(|p| (p.period, p.compare) = (period.clone(), Some("previous".to_owned())));
        let answer = world.run(overview::run(&world.context(), &params));
        assert_eq!((answer.metrics.visitors, answer.metrics.events), (0, 0));
        assert!(answer.metrics.bounce_rate.abs() < f64::EPSILON);
        assert_eq!(answer.comparison.unwrap().metrics.visits, 0);
        let params = BreakdownParams { period: period.clone(), ..BreakdownParams::default() };
        let answer = world.run(breakdown::run(&world.context(), "source", &params));
        assert_eq!((answer.items.len(), answer.total_rows, answer.next_cursor), (0, 0, None));
        let params = TimeseriesParams { period, ..TimeseriesParams::default() };
        let points = world.run(timeseries::run(&world.context(), &params)).points;
        assert!(!points.is_empty());
        assert!(points.iter().all(|point| point.value.is_none_or(|value| value == 0.0)));
    }
}

#[test]
fn another_site_is_not_seen() {
    let mut world = empty();
    let events = random_events(5, "2026-10-22T20:00:00Z".parse().unwrap(), 5, 300);
    world.load(&events, 100);
    world.site = web::sites::Site::new("nobody.example", "UTC", &[]).unwrap();
    let params = overview(|p| p.period = Some("28d".to_owned()));
    assert_eq!(world.run(overview::run(&world.context(), &params)).metrics.visits, 0);
}

#[test]
fn all_begins_with_the_first_visit() {
    let world = empty();
    world.load(&random_events(5, "2026-08-22T10:00:00Z".parse().unwrap(), 5, 300), 100);
    let params = overview(|p| p.period = Some("all".to_owned()));
    let range = world.run(overview::run(&world.context(), &params)).range;
    assert_eq!((range.from.as_str(), range.to.as_str()), ("2026-08-22", "2026-10-28"));
    assert_eq!(range.period.as_deref(), Some("all"));
    assert_eq!(range.time_zone, "Europe/Berlin");
}

#[test]
fn a_year_and_a_day_can_be_asked_and_not_one_day_more() {
    let mut world = empty();
    let year = |to: &str| {
        overview(|p| (p.from, p.to) = (Some("2025-01-01".to_owned()), Some(to.to_owned())))
    };
    world.run(overview::run(&world.context(), &year("2026-01-01")));
    assert_eq!(world.refusal(overview::run(&world.context(), &year("2026-01-02"))), "to");
    world.config.days_max = 367;
    world.run(overview::run(&world.context(), &year("2026-01-02")));
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    let world = empty();
    let context = world.context();
    let refused =
        |set: fn(&mut OverviewParams)| world.refusal(overview::run(&context, &overview(set)));
    assert_eq!(refused(|p| p.period = Some("fortnight".into())), "period");
    assert_eq!(refused(|p| p.compare = Some("yesterday".into())), "compare");
    assert_eq!(refused(|p| p.filters = Some("[".into())), "filters");
    assert_eq!(refused(|p| p.from = Some("2026-10-01".into())), "to");
    let series = |metric: Option<&str>, interval: Option<&str>| TimeseriesParams {
        metric: metric.map(str::to_owned),
        interval: interval.map(str::to_owned),
        ..TimeseriesParams::default()
    };
    assert_eq!(world.refusal(timeseries::run(&context, &series(Some("clicks"), None))), "metric");
    assert_eq!(world.refusal(timeseries::run(&context, &series(None, Some("second")))), "interval");
    assert_eq!(world.refusal(timeseries::run(&context, &series(None, Some("minute")))), "interval");
    let params = BreakdownParams { limit: Some("1001".into()), ..BreakdownParams::default() };
    assert_eq!(world.refusal(breakdown::run(&context, "page", &params)), "limit");
    let params = BreakdownParams::default();
    assert_eq!(world.refusal(breakdown::run(&context, "pathname", &params)), "dimension");
}

#[test]
fn a_parameter_nobody_knows_is_an_error() {
    assert!(serde_json::from_str::<OverviewParams>(r#"{"perod":"7d"}"#).is_err());
    assert!(serde_json::from_str::<BreakdownParams>(r#"{"offset":"7"}"#).is_err());
    assert!(
        serde_json::from_str::<TimeseriesParams>(r#"{"period":"7d","metric":"visits"}"#).is_ok()
    );
}

#[test]
fn visitors_are_exact_within_one_day_of_utc_and_else_a_sum_of_days() {
    let precision = |zone: &str, period: &str| {
        let world = World::empty("a.example", zone, "2026-10-28T12:00:00Z");
        let params = overview(|p| p.period = Some(period.to_owned()));
        world.run(overview::run(&world.context(), &params)).precision.visitors
    };
    assert_eq!(precision("UTC", "day"), VisitorPrecision::Exact);
    assert_eq!(precision("Europe/Berlin", "day"), VisitorPrecision::SumOfDays);
    assert_eq!(precision("UTC", "7d"), VisitorPrecision::SumOfDays);
}

#[test]
fn a_deadline_ends_a_report() {
    let mut world = empty();
    world.config.deadline = std::time::Duration::ZERO;
    let params = OverviewParams::default();
    let context = world.context();
    let answer = tokio::runtime::Runtime::new().unwrap().block_on(overview::run(&context, &params));
    assert!(matches!(answer, Err(web::report::ReportError::Deadline)), "{answer:?}");
}
