//! What `visits` promises, case by case.

use proptest::prelude::*;

use super::*;
use crate::identity::VisitorIds;

const MINUTE: i64 = 60 * 1_000_000;

fn event(minute: i64, visitor: u64, name: &'static str) -> EventRecord<'static> {
    EventRecord {
        at_micros: minute * MINUTE,
        site: "a.example",
        name,
        hostname: "a.example",
        pathname: "/",
        visitor: VisitorIds { today: visitor, yesterday: None },
        interactive: name != ENGAGEMENT,
        scroll_depth: None,
        engaged_ms: None,
        props: None,
        revenue: None,
        attributes: Attributes::default(),
        dropped: None,
    }
}

fn new() -> Visits {
    Visits::rebuild([])
}

/// Applies the events under the names 1, 2, … and answers all visits, open and closed, by name.
fn all(events: &[EventRecord<'static>]) -> Vec<Visit> {
    let mut visits = new();
    for (event, name) in events.iter().zip(1..) {
        visits.apply(event, name);
    }
    let mut all = visits.take_changes().closed;
    all.extend(visits.open.into_values());
    all.sort_by_key(|visit| visit.visit_id);
    all
}

#[test]
fn thirty_minutes_of_nothing_end_a_visit_and_not_a_moment_less() {
    let visits = all(&[event(0, 1, PAGEVIEW), event(30, 1, PAGEVIEW), event(60, 1, PAGEVIEW)]);
    assert_eq!(visits.len(), 1);
    assert_eq!((visits[0].pageviews, visits[0].last_at), (3, 60 * MINUTE));
    let mut late = event(30, 1, PAGEVIEW);
    late.at_micros += 1;
    let visits = all(&[event(0, 1, PAGEVIEW), late]);
    assert_eq!(visits.iter().map(|visit| visit.visit_id).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_visit_has_the_pages_it_began_and_ended_on() {
    let mut first = event(0, 1, "Signup");
    first.hostname = "app.a.example";
    let mut entry = event(1, 1, PAGEVIEW);
    entry.pathname = "/in";
    let mut exit = event(2, 1, PAGEVIEW);
    exit.pathname = "/out";
    let visits = all(&[first.clone(), entry, exit, event(3, 1, ENGAGEMENT)]);
    let visit = &visits[0];
    assert_eq!(visit.entry_hostname.as_ref(), "app.a.example");
    assert_eq!(visit.entry_page.as_deref(), Some("/in"));
    assert_eq!(visit.exit_page.as_deref(), Some("/out"));
    assert_eq!((visit.pageviews, visit.events, visit.last_at), (2, 3, 3 * MINUTE));
    assert_eq!(all(&[first])[0].entry_page, None);
}

#[test]
fn a_second_page_or_an_interaction_ends_a_bounce() {
    let mut passive = event(1, 1, "Video seen");
    passive.interactive = false;
    let bounces = |events: &[EventRecord<'static>]| all(events)[0].bounce;
    assert!(bounces(&[event(0, 1, PAGEVIEW)]));
    assert!(bounces(&[event(0, 1, PAGEVIEW), passive, event(2, 1, ENGAGEMENT)]));
    assert!(!bounces(&[event(0, 1, PAGEVIEW), event(1, 1, "Click")]));
    assert!(!bounces(&[event(0, 1, PAGEVIEW), event(1, 1, PAGEVIEW)]));
}

#[test]
fn engagement_goes_on_with_a_visit_and_never_begins_one() {
    let mut visits = new();
    assert_eq!(
        visits.apply(&event(0, 1, ENGAGEMENT), 1),
        Applied::Dropped(ENGAGEMENT_WITHOUT_VISIT)
    );
    visits.apply(&event(1, 1, PAGEVIEW), 2);
    assert!(
        matches!(visits.apply(&event(20, 1, ENGAGEMENT), 3), Applied::Counted(visit) if visit.visit_id == 2)
    );
    assert!(
        matches!(visits.apply(&event(45, 1, PAGEVIEW), 4), Applied::Counted(visit) if visit.visit_id == 2)
    );
    assert_eq!(
        visits.apply(&event(80, 1, ENGAGEMENT), 5),
        Applied::Dropped(ENGAGEMENT_WITHOUT_VISIT)
    );
    assert!(visits.is_empty());
}

#[test]
fn a_visit_survives_midnight_under_the_new_number() {
    let mut after = event(10, 2, PAGEVIEW);
    after.visitor.yesterday = Some(1);
    let visits = all(&[event(0, 1, PAGEVIEW), after.clone(), event(20, 2, PAGEVIEW)]);
    assert_eq!(visits.len(), 1);
    assert_eq!((visits[0].visit_id, visits[0].visitor_id, visits[0].pageviews), (1, 2, 3));
    // Yesterday's number is free again, and a visit under today's number goes first.
    let visits = all(&[event(0, 1, PAGEVIEW), event(1, 2, PAGEVIEW), after]);
    assert_eq!(visits.iter().map(|visit| visit.pageviews).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn sites_and_visitors_are_apart() {
    let mut elsewhere = event(0, 1, PAGEVIEW);
    elsewhere.site = "b.example";
    assert_eq!(all(&[event(0, 1, PAGEVIEW), elsewhere, event(0, 2, PAGEVIEW)]).len(), 3);
}

#[test]
fn a_clock_that_jumps_ahead_and_back_breaks_only_the_visits_it_meets() {
    let year = 365 * 24 * 60;
    let visits = all(&[
        event(0, 1, PAGEVIEW),
        event(year, 2, PAGEVIEW),
        event(1, 1, PAGEVIEW),
        event(2, 1, PAGEVIEW),
        event(3, 2, PAGEVIEW),
        event(4, 2, PAGEVIEW),
    ]);
    let pageviews: Vec<_> =
        visits.iter().map(|visit| (visit.visitor_id, visit.pageviews)).collect();
    assert_eq!(pageviews, [(1, 1), (2, 1), (1, 2), (2, 2)]);
}

#[test]
fn a_dropped_event_belongs_to_no_visit() {
    let mut bot = event(0, 1, PAGEVIEW);
    bot.dropped = Some("crawler:Googlebot");
    let mut visits = new();
    assert_eq!(visits.apply(&bot, 1), Applied::Dropped("crawler:Googlebot"));
    assert!(visits.is_empty());
}

#[test]
fn one_visit_too_many_closes_the_oldest() {
    let mut visits = Visits::with_open_max(2, []);
    visits.apply(&event(0, 1, PAGEVIEW), 1);
    visits.apply(&event(1, 2, PAGEVIEW), 2);
    visits.apply(&event(2, 1, PAGEVIEW), 3);
    visits.apply(&event(3, 3, PAGEVIEW), 4);
    assert_eq!(visits.len(), 2);
    assert_eq!(visits.take_changes().closed[0].visit_id, 2);
}

/// The same rules, by asking every visit at every event.
fn model(events: &[EventRecord<'static>]) -> (Vec<Visit>, Vec<u64>) {
    let mut visits: Vec<(Visit, bool)> = Vec::new();
    let mut dropped = Vec::new();
    for (event, name) in events.iter().zip(1..) {
        let (now, today) = (event.at_micros, event.visitor.today);
        for (visit, is_open) in &mut visits {
            *is_open &= now - visit.last_at <= TIMEOUT_MICROS + DISORDER_MICROS;
        }
        let find = |visits: &[(Visit, bool)], visitor: u64| {
            visits.iter().position(|(visit, is_open)| {
                *is_open && *visit.site == *event.site && visit.visitor_id == visitor
            })
        };
        let goes_on = |visits: &[(Visit, bool)], visitor: u64| {
            find(visits, visitor).filter(|at| (now - visits[*at].0.last_at).abs() <= TIMEOUT_MICROS)
        };
        let known = goes_on(&visits, today).or_else(|| goes_on(&visits, event.visitor.yesterday?));
        if event.dropped.is_some() || (known.is_none() && event.name == ENGAGEMENT) {
            dropped.push(name);
            continue;
        }
        if let Some(other) = find(&visits, today).filter(|other| known != Some(*other)) {
            visits[other].1 = false;
        }
        let at = known.unwrap_or_else(|| {
            visits.push((Visit::begin(event, name), true));
            visits.len() - 1
        });
        visits[at].0.add(event);
    }
    (visits.into_iter().map(|(visit, _)| visit).collect(), dropped)
}

fn events() -> impl Strategy<Value = Vec<EventRecord<'static>>> {
    let step = prop_oneof![
        8 => 0..5 * MINUTE,
        2 => 25 * MINUTE..35 * MINUTE,
        2 => -MINUTE..0,
        1 => Just(30 * MINUTE),
        1 => -100 * MINUTE..100 * MINUTE,
    ];
    let name = prop_oneof![4 => Just(PAGEVIEW), 2 => Just(ENGAGEMENT), 1 => Just("Click")];
    let one = (
        step,
        name,
        0..4_u64,
        prop::option::weighted(0.2, 0..4_u64),
        0..2_u8,
        prop::bool::weighted(0.1),
        any::<bool>(),
    );
    prop::collection::vec(one, 0..60).prop_map(|steps| {
        let mut now = 1_000 * MINUTE;
        steps
            .into_iter()
            .map(|(step, name, visitor, yesterday, site, dropped, interactive)| {
                now += step;
                EventRecord {
                    at_micros: now,
                    site: ["a.example", "b.example"][usize::from(site)],
                    pathname: ["/", "/a", "/b", "/c"][usize::try_from(visitor).unwrap()],
                    visitor: VisitorIds { today: visitor, yesterday },
                    interactive,
                    dropped: dropped.then_some("headless"),
                    ..event(0, 0, name)
                }
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn visits_are_those_of_the_naive_model(events in events()) {
        let (expected, expected_dropped) = model(&events);
        let mut visits = new();
        let mut dropped = Vec::new();
        for (event, name) in events.iter().zip(1..) {
            if matches!(visits.apply(event, name), Applied::Dropped(_)) {
                dropped.push(name);
            }
        }
        let mut found = visits.take_changes().closed;
        found.extend(visits.open.into_values());
        found.sort_by_key(|visit| visit.visit_id);
        prop_assert_eq!(found, expected);
        prop_assert_eq!(dropped, expected_dropped);
    }

    #[test]
    fn a_rebuild_between_any_two_events_changes_nothing(events in events(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(events.len() + 1);
        let mut whole = new();
        let mut before = new();
        for (event, name) in events[..cut].iter().zip(1..) {
            whole.apply(event, name);
            before.apply(event, name);
        }
        whole.take_changes();
        let mut after = Visits::rebuild(before.open.into_values());
        for (event, name) in events[cut..].iter().zip(cut as u64 + 1..) {
            prop_assert_eq!(whole.apply(event, name), after.apply(event, name));
        }
        let sorted = |mut changes: Changes| {
            changes.closed.sort_by_key(|visit| visit.visit_id);
            changes
        };
        prop_assert_eq!(sorted(whole.take_changes()), sorted(after.take_changes()));
        prop_assert_eq!(whole.open, after.open);
    }
}
