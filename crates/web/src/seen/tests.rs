//! What `seen` promises, case by case.

use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60 * 1_000_000;
const DAY: i64 = DAY_MICROS;

#[derive(Debug, Clone)]
struct Step {
    person: u64,
    wait: i64,
    name: &'static str,
    page: usize,
    source: usize,
}

#[derive(Debug, Clone)]
struct EventRow {
    at: i64,
    name: &'static str,
    page: usize,
    visitor_id: u64,
    visit_id: u64,
    marks: EventMarks,
}

#[derive(Debug, Clone)]
struct VisitRow {
    visitor_id: u64,
    person: u64,
    started_at: i64,
    last_at: i64,
    source: usize,
    marks: VisitMarks,
}

const PAGES: [&str; 6] = ["/", "/a", "/b", "/c", "/d", "/e"];
const SOURCES: [Option<&str>; 3] = [None, Some("Google"), Some("Bing")];

/// A loader in small: visits of 30 minutes, numbers of a day, visits carried over midnight, batches.
struct Loader {
    seen: Seen,
    now: i64,
    events: Vec<EventRow>,
    visits: BTreeMap<u64, VisitRow>,
    touched: HashSet<u64>,
}

fn number(person: u64, at: i64) -> u64 {
    person * 1_000_000 + u64::try_from(day_of(at)).unwrap()
}

impl Loader {
    fn new(visitors_max: usize, pairs_max: usize) -> Self {
        let now = 20_000 * DAY;
        let seen = Seen::empty(Bounds { visitors_max, pairs_max });
        Self { seen, now, events: vec![], visits: BTreeMap::new(), touched: HashSet::new() }
    }

    fn step(&mut self, step: &Step) {
        self.now += step.wait;
        let at = self.now;
        let open = self.visits.iter_mut().rev().find(|(_, visit)| visit.person == step.person);
        let open = open.filter(|(_, visit)| at - visit.last_at <= 30 * MINUTE);
        let visitor_id = number(step.person, at);
        let (visit_id, started_at) = if let Some((visit_id, visit)) = open {
            visit.last_at = at;
            visit.visitor_id = visitor_id;
            (*visit_id, visit.started_at)
        } else if step.name == ENGAGEMENT {
            return;
        } else {
            let visit_id = self.events.len() as u64 + 1;
            self.visits.insert(
                visit_id,
                VisitRow {
                    visitor_id,
                    person: step.person,
                    started_at: at,
                    last_at: at,
                    source: step.source,
                    marks: VisitMarks::UNKNOWN,
                },
            );
            (visit_id, at)
        };
        self.touched.insert(visit_id);
        let key = VisitKey { site: "a.example", visitor_id, visit_id, started_at };
        let event = EventValues {
            at,
            yesterday: Some(number(step.person, at - DAY)),
            name: step.name,
            hostname: "a.example",
            pathname: PAGES[step.page],
        };
        let marks = self.seen.event(&key, &event);
        let (name, page) = (step.name, step.page);
        self.events.push(EventRow { at, name, page, visitor_id, visit_id, marks });
    }

    fn end_batch(&mut self) {
        for (visit_id, visit) in &mut self.visits {
            if !self.touched.remove(visit_id) {
                continue;
            }
            let (visitor_id, started_at) = (visit.visitor_id, visit.started_at);
            let key = VisitKey { site: "a.example", visitor_id, visit_id: *visit_id, started_at };
            let mut attributes = [None; ATTRIBUTES];
            attributes[1] = SOURCES[visit.source];
            let values = VisitValues { entry_page: None, exit_page: None, attributes };
            visit.marks = self.seen.visit(&key, &values);
        }
        self.seen.end_batch();
    }
}

fn run(steps: &[(Step, bool)], visitors_max: usize, pairs_max: usize) -> Loader {
    let mut loader = Loader::new(visitors_max, pairs_max);
    for (step, ends_batch) in steps {
        loader.step(step);
        if *ends_batch {
            loader.end_batch();
        }
    }
    loader.end_batch();
    loader
}

fn distinct(numbers: impl Iterator<Item = u64>) -> usize {
    numbers.collect::<HashSet<_>>().len()
}

/// The rule of the reports: count what repeats nothing, compare the numbers of the rest.
fn by_marks(rows: impl Iterator<Item = (bool, bool, u64)>) -> usize {
    let rows: Vec<_> = rows.collect();
    rows.iter().filter(|(known, repeats, _)| *known && !repeats).count()
        + distinct(rows.iter().filter(|(known, ..)| !known).map(|(.., number)| *number))
}

fn check_visits(loader: &Loader, start: i64, end: i64) {
    let active: Vec<_> =
        loader.visits.values().filter(|v| v.started_at < end && v.last_at >= start).collect();
    let count = |rows: &[&VisitRow], mark: u32| {
        by_marks(rows.iter().map(|visit| {
            (visit.marks.since >= start, visit.marks.repeats & mark != 0, visit.visitor_id)
        }))
    };
    let numbers = |rows: &[&VisitRow]| distinct(rows.iter().map(|visit| visit.visitor_id));
    assert_eq!(count(&active, RETURNING), numbers(&active));
    let mark = Dimension::find("source").unwrap().mark;
    for source in 0..SOURCES.len() {
        let rows: Vec<_> = active.iter().copied().filter(|v| v.source == source).collect();
        assert_eq!(count(&rows, mark), numbers(&rows), "{source}");
    }
}

fn check_pages(loader: &Loader, start: i64, end: i64) {
    let start_hour = u32::try_from((start + HOUR_MICROS - 1).div_euclid(HOUR_MICROS)).unwrap();
    for page in 0..PAGES.len() {
        let rows: Vec<_> = loader
            .events
            .iter()
            .filter(|e| e.name == PAGEVIEW && e.page == page && e.at >= start && e.at < end)
            .collect();
        let count = |mark: u32, number: fn(&EventRow) -> u64| {
            by_marks(rows.iter().map(|event| {
                let EventMarks { since_hour, repeats } = event.marks;
                let known = since_hour >= start_hour && repeats & (PAGE << UNSURE_SHIFT) == 0;
                (known, repeats & mark != 0, number(event))
            }))
        };
        let visitors = distinct(rows.iter().map(|event| event.visitor_id));
        let visits = distinct(rows.iter().map(|event| event.visit_id));
        assert_eq!(count(PAGE, |event| event.visitor_id), visitors, "{page}");
        assert_eq!(count(PAGE << IN_VISIT_SHIFT, |event| event.visit_id), visits, "{page}");
    }
}

fn steps() -> impl Strategy<Value = Vec<(Step, bool)>> {
    let wait = prop_oneof![6 => 0..10 * MINUTE, 2 => 20 * MINUTE..40 * MINUTE, 2 => 0..DAY];
    let name = prop_oneof![6 => Just(PAGEVIEW), 2 => Just("Signup"), 1 => Just(ENGAGEMENT)];
    let step = (0..4_u64, wait, name, 0..PAGES.len(), 0..SOURCES.len())
        .prop_map(|(person, wait, name, page, source)| Step { person, wait, name, page, source });
    prop::collection::vec((step, prop::bool::weighted(0.3)), 0..120)
}

proptest! {
    #[test]
    fn marks_count_what_numbers_count(
        steps in steps(),
        visitors_max in prop_oneof![Just(usize::MAX), 1..5_usize],
        pairs_max in prop_oneof![Just(usize::MAX), 2..6_usize],
        from in 0..72_i64,
        hours in 1..72_i64,
    ) {
        let loader = run(&steps, visitors_max, pairs_max);
        for start in [20_000 * DAY + from * HOUR_MICROS, 20_000 * DAY, 20_001 * DAY] {
            check_visits(&loader, start, start + hours * HOUR_MICROS);
            check_pages(&loader, start, start + hours * HOUR_MICROS);
        }
    }
}

fn view(person: u64, wait: i64, page: usize) -> Step {
    Step { person, wait, name: PAGEVIEW, page, source: 0 }
}

fn marks(steps: &[Step], visitors_max: usize) -> Vec<EventMarks> {
    let steps: Vec<_> = steps.iter().map(|step| (step.clone(), true)).collect();
    run(&steps, visitors_max, PAIRS_MAX).events.iter().map(|event| event.marks).collect()
}

#[test]
fn a_page_seen_again_is_marked_for_the_visitor_and_for_the_visit() {
    let seen: Vec<_> =
        marks(&[view(1, 0, 0), view(1, 1, 0), view(1, 60 * MINUTE, 0), view(2, 0, 0)], 9)
            .iter()
            .map(|marks| marks.repeats & (PAGE | PAGE << IN_VISIT_SHIFT))
            .collect();
    assert_eq!(seen, [0, PAGE | PAGE << IN_VISIT_SHIFT, PAGE, 0]);
}

#[test]
fn a_page_seen_on_both_sides_of_midnight_is_one_visit() {
    let loader = run(
        &[(view(1, DAY - MINUTE, 0), true), (view(1, 2 * MINUTE, 0), true)],
        usize::MAX,
        usize::MAX,
    );
    assert_eq!(loader.visits.len(), 1);
    assert_eq!(loader.events[1].marks.repeats & PAGE, 0);
    assert_ne!(loader.events[1].marks.repeats & (PAGE << IN_VISIT_SHIFT), 0);
}

#[test]
fn visitors_one_past_the_bound_are_unknown_until_the_next_day() {
    let known: Vec<_> = marks(
        &[
            view(1, DISORDER_MICROS, 0),
            view(2, 0, 0),
            view(3, 0, 0),
            view(1, 0, 0),
            view(3, DAY, 0),
            view(4, DISORDER_MICROS, 0),
        ],
        2,
    )
    .iter()
    .map(|marks| marks.since_hour > 0)
    .collect();
    assert_eq!(known, [true, true, false, true, true, true]);
}

#[test]
fn a_clock_set_back_makes_new_visitors_unknown() {
    let known: Vec<_> = marks(
        &[view(1, DAY, 0), view(2, -DISORDER_MICROS, 0), view(3, -DISORDER_MICROS - 1, 0)],
        9,
    )
    .iter()
    .map(|marks| marks.since_hour > 0)
    .collect();
    assert_eq!(known, [true, true, false]);
}

#[test]
fn numbers_are_forgotten_after_their_day() {
    let mut loader = Loader::new(usize::MAX, usize::MAX);
    loader.now += HOUR_MICROS;
    for _ in 0..3 {
        for person in 0..10 {
            loader.step(&view(person, if person == 0 { DAY } else { 1 }, 0));
        }
        loader.end_batch();
    }
    assert_eq!(loader.seen.len(), 10);
}
