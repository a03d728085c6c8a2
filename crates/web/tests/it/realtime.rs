//! The report on now.

use web::record::EventRecord;
use web::report::realtime::{self, RealtimeParams};

use crate::support::{self, MINUTE, World, random_events, visitor};

const NOW: &str = "2026-10-28T12:00:30Z";

fn world() -> World {
    World::empty("a.example", "Europe/Berlin", NOW)
}

/// A page view by a person so many seconds before now.
fn view(world: &World, person: u64, seconds: i64, page: &'static str) -> EventRecord<'static> {
    let at = world.now.as_microsecond() - seconds * 1_000_000;
    support::view(visitor("a.example", person, at), at, page)
}

#[test]
fn now_is_five_minutes_and_the_list_is_thirty() {
    let world = world();
    let mut events = vec![
        view(&world, 1, 0, "/"),
        view(&world, 2, 5 * 60, "/"),
        view(&world, 3, 5 * 60 + 1, "/a"),
        // The list begins at 11:31:00, which is 29 minutes and a half ago.
        view(&world, 4, 29 * 60 + 30, "/a"),
        view(&world, 5, 29 * 60 + 31, "/b"),
        view(&world, 1, 60, "/a"),
    ];
    events.sort_by_key(|event| event.at_micros);
    world.load(&events, 10);
    let answer = world.run(realtime::run(&world.context(), &RealtimeParams::default()));
    assert_eq!(answer.current_visitors, 2);
    assert_eq!((answer.visitors_30m, answer.pageviews_30m), (4, 5));
    assert_eq!(answer.minutes.len(), 30);
    assert_eq!(answer.minutes[0].at, "2026-10-28T12:31:00+01:00");
    assert_eq!(answer.minutes[29].at, "2026-10-28T13:00:00+01:00");
    assert_eq!((answer.minutes[0].visitors, answer.minutes[29].pageviews), (1, 1));
    let sum: u64 = answer.minutes.iter().map(|minute| minute.pageviews).sum();
    assert_eq!(sum, answer.pageviews_30m);
    let pages: Vec<_> =
        answer.pages.iter().map(|page| (page.value.as_deref(), page.visitors)).collect();
    assert_eq!(pages, [(Some("/a"), 3), (Some("/"), 2)]);
    assert_eq!(answer.sources[0].value, None);
    assert_eq!(answer.countries[0].value.as_deref(), Some("DE"));
    assert_eq!(world.run(realtime::current_visitors(&world.context())), 2);
}

#[test]
fn filters_hold_here_too() {
    let world = world();
    let events = [view(&world, 2, 90, "/"), view(&world, 1, 60, "/"), view(&world, 1, 30, "/a")];
    world.load(&events, 10);
    let with = |filters: &str| {
        let params = RealtimeParams { filters: Some(filters.to_owned()) };
        world.run(realtime::run(&world.context(), &params)).pageviews_30m
    };
    assert_eq!(with(r#"[["is","page",["/a"]]]"#), 1);
    assert_eq!(with(r#"[["is","exit_page",["/a"]]]"#), 2);
    assert_eq!(with(r#"[["is","country",["US"]]]"#), 0);
}

#[test]
fn nobody_is_there_before_anybody_came() {
    let world = world();
    let old = random_events(1, "2026-10-20T00:00:00Z".parse().unwrap(), 2, 100);
    assert!(old.iter().all(|event| event.at_micros < world.now.as_microsecond() - 60 * MINUTE));
    world.load(&old, 50);
    let answer = world.run(realtime::run(&world.context(), &RealtimeParams::default()));
    assert_eq!((answer.current_visitors, answer.visitors_30m, answer.pages.len()), (0, 0, 0));
    assert!(answer.minutes.iter().all(|minute| minute.visitors == 0));
}
