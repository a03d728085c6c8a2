//! Overview and breakdown against the naive recomputation; paging, search,
//! order.

use jiff::civil::date;
use web::dimensions::DIMENSIONS;
use web::report::breakdown::{self, BreakdownItem, BreakdownParams};
use web::report::overview::{self, OverviewParams};

use crate::filters;
use crate::oracle::{FilterSpec, Numbers, Oracle, is_of_events};
use crate::support::{World, random_events};

pub const ZONE: &str = "Europe/Berlin";

/// Five days around the night in which clocks go back.
pub fn world(seed: u64) -> World {
    let world = World::empty("a.example", ZONE, "2026-10-28T12:00:00Z");
    let start = "2026-10-22T20:00:00Z".parse().unwrap();
    world.load(&random_events(seed, start, 5, 900), 37);
    world
}

/// Ranges whose edges cut visits: `(from, to)` in October.
pub const RANGES: [(i8, i8); 4] = [(23, 26), (24, 24), (25, 25), (24, 27)];

/// The instants between which these days of October lie.
pub fn bounds_in((from, to): (i8, i8), zone: &str) -> (jiff::Timestamp, jiff::Timestamp) {
    let midnight = |day: i8| date(2026, 10, day).at(0, 0, 0, 0).in_tz(zone).unwrap().timestamp();
    (midnight(from), midnight(to + 1))
}

pub fn select<'a>(
    oracle: &'a Oracle,
    range: (i8, i8),
    filters: &[FilterSpec],
) -> crate::oracle::Selection<'a> {
    let (start, end) = bounds_in(range, ZONE);
    oracle.select(start, end, filters)
}

pub fn dates((from, to): (i8, i8)) -> (Option<String>, Option<String>) {
    (Some(format!("2026-10-{from}")), Some(format!("2026-10-{to}")))
}

#[test]
fn overviews_are_those_of_the_naive_recomputation() {
    for seed in 0..2 {
        let world = world(seed);
        let oracle = Oracle::new(&world);
        for range in RANGES {
            for filters in filters::all() {
                let (from, to) = dates(range);
                let params = OverviewParams {
                    from,
                    to,
                    filters: filters::json(&filters),
                    ..OverviewParams::default()
                };
                let found = world.run(overview::run(&world.context(), &params)).metrics;
                let expected = select(&oracle, range, &filters).numbers();
                let found = Numbers {
                    visitors: found.visitors,
                    visits: found.visits,
                    pageviews: found.pageviews,
                    events: found.events,
                    bounce_rate: Some(found.bounce_rate),
                    duration_s: Some(found.visit_duration_s),
                };
                let expected = Numbers {
                    bounce_rate: expected.bounce_rate.or(Some(0.0)),
                    duration_s: expected.duration_s.or(Some(0.0)),
                    ..expected
                };
                assert_eq!(found, expected, "seed {seed}, {range:?}, {filters:?}");
            }
        }
    }
}

#[test]
fn every_breakdown_is_that_of_the_naive_recomputation() {
    let world = world(11);
    let oracle = Oracle::new(&world);
    for range in RANGES {
        for dimension in DIMENSIONS {
            check_breakdown(&world, &oracle, range, &[], dimension.id);
        }
    }
}

/// Every filter with every third dimension, and every dimension with every third filter.
#[test]
fn filtered_breakdowns_are_those_of_the_naive_recomputation() {
    let world = world(12);
    let oracle = Oracle::new(&world);
    for (number, filters) in filters::all().iter().enumerate() {
        let range = RANGES[number % RANGES.len()];
        for dimension in DIMENSIONS.iter().skip(number % 3).step_by(3) {
            check_breakdown(&world, &oracle, range, filters, dimension.id);
        }
    }
}

fn check_breakdown(
    world: &World,
    oracle: &Oracle,
    range: (i8, i8),
    filters: &[FilterSpec],
    dimension: &str,
) {
    let (from, to) = dates(range);
    let params = BreakdownParams {
        from,
        to,
        filters: filters::json(filters),
        limit: Some("1000".to_owned()),
        ..BreakdownParams::default()
    };
    let found = world.run(breakdown::run(&world.context(), dimension, &params));
    let selection = select(oracle, range, filters);
    let total = selection.numbers().visitors;
    let expected = selection.breakdown(dimension);
    let about = format!("{dimension} {range:?} {filters:?}");
    assert_eq!(found.total_rows, expected.len() as u64, "{about}");
    assert_eq!(found.items.len(), expected.len(), "{about}");
    assert!(found.items.is_sorted_by_key(|item| std::cmp::Reverse(item.visitors)), "{about}");
    for item in &found.items {
        check_item(dimension, item, &expected[&item.value], total, &about);
    }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn check_item(dimension: &str, item: &BreakdownItem, expected: &Numbers, total: u64, about: &str) {
    assert_eq!(item.visitors, expected.visitors, "{about} {item:?}");
    assert_eq!(item.visits, Some(expected.visits), "{about} {item:?}");
    assert!(item.pageviews.is_none_or(|views| views == expected.pageviews), "{about} {item:?}");
    assert!(item.events.is_none_or(|events| events == expected.events), "{about} {item:?}");
    assert_eq!(item.pageviews.is_none(), dimension == "event", "{about}");
    assert!(item.events.is_some() || is_of_events(dimension), "{about}");
    assert_eq!(item.bounce_rate, expected.bounce_rate, "{about} {item:?}");
    assert_eq!(item.visit_duration_s, expected.duration_s, "{about} {item:?}");
    let share = (item.visitors as f64 / total as f64 * 1000.0).round() / 10.0;
    assert!((item.percentage - share).abs() < 1e-9, "{about} {item:?}");
}

fn params(set: impl FnOnce(&mut BreakdownParams)) -> BreakdownParams {
    let (from, to) = dates((23, 26));
    let mut params = BreakdownParams { from, to, ..BreakdownParams::default() };
    set(&mut params);
    params
}

#[test]
fn pages_of_an_answer_join_without_gap_or_overlap() {
    let world = world(1);
    let all = world.run(breakdown::run(&world.context(), "page", &params(|_| ()))).items;
    assert!(all.len() > 4);
    let mut joined = Vec::new();
    let mut cursor = None;
    loop {
        let params = params(|p| (p.limit, p.cursor) = (Some("2".to_owned()), cursor.clone()));
        let page = world.run(breakdown::run(&world.context(), "page", &params));
        assert_eq!(page.total_rows, all.len() as u64);
        joined.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(joined, all);
    let behind = params(|p| p.cursor = Some("500".to_owned()));
    let behind = world.run(breakdown::run(&world.context(), "page", &behind));
    assert_eq!(
        (behind.items.len(), behind.total_rows, behind.next_cursor),
        (0, all.len() as u64, None)
    );
}

#[test]
fn a_search_finds_any_case_and_takes_signs_as_they_are() {
    let world = world(1);
    let find = |dimension: &str, text: &str| {
        let params = params(|p| p.search = Some(text.to_owned()));
        let found = world.run(breakdown::run(&world.context(), dimension, &params));
        assert_eq!(found.total_rows, found.items.len() as u64);
        let mut values: Vec<_> = found.items.into_iter().filter_map(|item| item.value).collect();
        values.sort();
        values
    };
    assert_eq!(find("page", "/A"), ["/A", "/a"]);
    assert_eq!(find("page", "%"), ["/b%c"]);
    assert_eq!(find("page", "_"), [""; 0]);
    assert_eq!(find("city", "kÖln"), ["KÖLN", "Köln"]);
    assert_eq!(find("page", "' OR 1=1 --"), [""; 0]);
}

#[test]
fn every_order_is_kept_and_what_cannot_be_said_comes_last() {
    let world = world(1);
    for sort in breakdown::Sort::ALL {
        for order in ["asc", "desc"] {
            let params = params(|p| {
                (p.sort, p.order) = (Some(sort.id().to_owned()), Some(order.to_owned()));
            });
            let items = world.run(breakdown::run(&world.context(), "page", &params)).items;
            let key = |item: &BreakdownItem| match sort {
                breakdown::Sort::Visitors => Some(item.visitors as f64),
                breakdown::Sort::Visits => item.visits.map(|n| n as f64),
                breakdown::Sort::Pageviews => item.pageviews.map(|n| n as f64),
                breakdown::Sort::Events => item.events.map(|n| n as f64),
                breakdown::Sort::BounceRate => item.bounce_rate,
                breakdown::Sort::VisitDuration => item.visit_duration_s,
            };
            for pair in items.windows(2) {
                match (key(&pair[0]), key(&pair[1])) {
                    (Some(first), Some(next)) if order == "asc" => assert!(first <= next),
                    (Some(first), Some(next)) => assert!(first >= next),
                    (None, Some(_)) => panic!("{} {order}", sort.id()),
                    (_, None) => {}
                }
            }
        }
    }
}

#[test]
fn each_value_is_compared_with_itself() {
    let world = world(2);
    let oracle = Oracle::new(&world);
    for dimension in DIMENSIONS {
        let params = BreakdownParams {
            from: Some("2026-10-25".to_owned()),
            to: Some("2026-10-26".to_owned()),
            compare: Some("previous".to_owned()),
            limit: Some("1000".to_owned()),
            ..BreakdownParams::default()
        };
        let items = world.run(breakdown::run(&world.context(), dimension.id, &params)).items;
        let before = select(&oracle, (23, 24), &[]).breakdown(dimension.id);
        assert!(!items.is_empty());
        for item in items {
            let expected = before.get(&item.value).map_or(0, |numbers| numbers.visitors);
            assert_eq!(
                item.comparison.unwrap().visitors,
                expected,
                "{} {:?}",
                dimension.id,
                item.value
            );
        }
    }
}

#[test]
fn an_overview_is_compared_with_the_range_before_and_with_last_year() {
    let world = world(2);
    let oracle = Oracle::new(&world);
    let compare = |comparison: &str| {
        let (from, to) = dates((25, 26));
        let params = OverviewParams {
            from,
            to,
            compare: Some(comparison.to_owned()),
            ..OverviewParams::default()
        };
        world.run(overview::run(&world.context(), &params)).comparison.unwrap()
    };
    let previous = compare("previous");
    assert_eq!(
        (previous.range.from.as_str(), previous.range.to.as_str()),
        ("2026-10-23", "2026-10-24")
    );
    let expected = select(&oracle, (23, 24), &[]).numbers();
    assert!(expected.visitors > 0);
    assert_eq!(
        (previous.metrics.visitors, previous.metrics.pageviews),
        (expected.visitors, expected.pageviews)
    );
    let year = compare("year");
    assert_eq!(year.range.from, "2025-10-25");
    assert_eq!(year.metrics.visits, 0);
}
