//! The loader's marks only make reports faster: without them, and after
//! restarts, the answers are the same.

use web::dimensions::DIMENSIONS;
use web::report::breakdown::{self, BreakdownParams};
use web::report::overview::{self, OverviewParams};
use web::report::timeseries::{self, TimeseriesParams};
use web::seen::{PAGE, PAIRS_MAX, UNSURE_SHIFT};

use crate::breakdown::{RANGES, ZONE, bounds_in, dates};
use crate::oracle::{Oracle, number};
use crate::support::{MINUTE, World, random_events, view, visitor};

fn answers(world: &World) -> Vec<String> {
    let mut answers = Vec::new();
    for range in [RANGES[0], RANGES[2]] {
        let (from, to) = dates(range);
        let params = OverviewParams { from, to, ..OverviewParams::default() };
        answers.push(format!("{:?}", world.run(overview::run(&world.context(), &params))));
        for interval in ["hour", "day", "week", "month"] {
            let (from, to) = dates(range);
            let interval = Some(interval.to_owned());
            let params = TimeseriesParams { from, to, interval, ..TimeseriesParams::default() };
            answers.push(format!("{:?}", world.run(timeseries::run(&world.context(), &params))));
        }
        for dimension in DIMENSIONS {
            let (from, to) = dates(range);
            let params = BreakdownParams { from, to, ..BreakdownParams::default() };
            let answer = world.run(breakdown::run(&world.context(), dimension.id, &params));
            answers.push(format!("{answer:?}"));
        }
    }
    answers
}

fn load(seed: u64, events_per_commit: usize, restarts: usize) -> World {
    let world = World::empty("a.example", ZONE, "2026-10-28T12:00:00Z");
    let events = random_events(seed, "2026-10-22T20:00:00Z".parse().unwrap(), 5, 900);
    for part in events.chunks(events.len() / (restarts + 1) + 1) {
        world.load(part, events_per_commit);
    }
    world
}

fn forget_marks(world: &World) {
    let mut writer = world.warehouse.writer("web").unwrap();
    let offset = writer.offset();
    writer
        .commit(offset, |batch| {
            batch.execute("UPDATE web.events SET visitor_since_hour = 0, repeats = 0", &[])?;
            for table in ["open_visits", "closed_visits"] {
                let sql = format!(
                    "UPDATE web.{table} SET visitor_since = make_timestamp(0), repeats = 0"
                );
                batch.execute(&sql, &[])?;
            }
            Ok(())
        })
        .unwrap();
}

fn known(world: &World, table: &str, column: &str) -> usize {
    let is_known = |row: &&crate::oracle::Row| match &row[column] {
        warehouse::Value::Timestamp(micros) => *micros > 0,
        _ => number(row, column) > 0,
    };
    world.rows(table).iter().filter(is_known).count()
}

#[test]
fn reports_are_the_same_without_marks() {
    for seed in 30..32 {
        let world = load(seed, 50, 0);
        assert_eq!(known(&world, "events", "visitor_since_hour"), world.rows("events").len());
        assert_eq!(known(&world, "visits", "visitor_since"), world.rows("visits").len());
        let with_marks = answers(&world);
        forget_marks(&world);
        assert_eq!(known(&world, "events", "visitor_since_hour"), 0);
        assert_eq!(with_marks, answers(&world), "seed {seed}");
    }
}

#[test]
fn restarts_change_no_mark() {
    for seed in 40..42 {
        let marks = |world: &World, table: &str, columns: [&str; 3]| {
            let mut rows: Vec<_> = world
                .rows(table)
                .iter()
                .map(|row| columns.map(|column| format!("{:?}", row[column])))
                .collect();
            rows.sort();
            rows
        };
        let (whole, in_parts) = (load(seed, 20, 0), load(seed, 20, 9));
        for world in [&whole, &in_parts] {
            assert_eq!(known(world, "visits", "visitor_since"), world.rows("visits").len());
        }
        let of_visits = ["visitor_id", "started_at", "repeats"];
        assert_eq!(marks(&whole, "visits", of_visits), marks(&in_parts, "visits", of_visits));
        let of_events = ["visitor_id", "timestamp", "repeats"];
        assert_eq!(marks(&whole, "events", of_events), marks(&in_parts, "events", of_events));
    }
}

/// More pages than are remembered of one visitor, some before and some after the bound, on both sides of midnight.
#[test]
fn a_visitor_of_too_many_pages_is_counted_by_number() {
    let world = World::empty("a.example", "UTC", "2026-10-28T12:00:00Z");
    let paths: Vec<String> = (0..PAIRS_MAX + 50).map(|number| format!("/{number}")).collect();
    let start: jiff::Timestamp = "2026-10-24T22:00:00Z".parse().unwrap();
    let mut events = Vec::new();
    for (number, path) in paths.iter().chain(&paths).enumerate() {
        let at = start.as_microsecond() + i64::try_from(number).unwrap() * MINUTE / 3;
        events.push(view(visitor("a.example", 1, at), at, path));
    }
    world.load(&events, 50);
    let unsure = world
        .rows("events")
        .iter()
        .filter(|row| number(row, "repeats") >> UNSURE_SHIFT & u64::from(PAGE) != 0)
        .count();
    assert!(unsure > 50, "{unsure}");
    let oracle = Oracle::new(&world);
    for range in [(24, 24), (25, 25), (24, 25)] {
        let (start, end) = bounds_in(range, "UTC");
        let expected = oracle.select(start, end, &[]).breakdown("page");
        let (from, to) = dates(range);
        let limit = Some("1000".to_owned());
        let params = BreakdownParams { from, to, limit, ..BreakdownParams::default() };
        let items = world.run(breakdown::run(&world.context(), "page", &params)).items;
        assert_eq!(items.len(), expected.len());
        for item in items {
            let expected = &expected[&item.value];
            assert_eq!(
                (item.visitors, item.visits),
                (expected.visitors, Some(expected.visits)),
                "{item:?}"
            );
            assert_eq!(item.events, None);
        }
    }
}
