//! The installation check and the list of sites.

use std::time::Duration;

use web::report::status;

use crate::oracle::{Oracle, distinct, text, time};
use crate::support::{DAY, World, random_events};

#[test]
fn a_site_without_events_says_so_and_how_to_begin() {
    let world = World::empty("a.example", "Europe/Berlin", "2026-10-28T12:00:00Z");
    let status = world.run(status::run(&world.context(), "https://stats.example"));
    assert_eq!((status.first_event_at, status.last_event_at), (None, None));
    assert_eq!((status.events_24h, status.dropped_24h.len()), (0, 0));
    assert_eq!(status.script_url, "https://stats.example/js/script.js");
    assert!(status.snippet.contains(r#"data-domain="a.example""#));
}

#[test]
fn the_last_day_is_counted_with_what_was_dropped() {
    let world = World::empty("a.example", "Europe/Berlin", "2026-10-25T12:00:00Z");
    world.load(&random_events(3, "2026-10-23T20:00:00Z".parse().unwrap(), 1, 600), 100);
    let since = world.now.as_microsecond() - DAY;
    let status = world.run(status::run(&world.context(), "https://stats.example"));
    let all = Oracle::new(&world)
        .select(jiff::Timestamp::UNIX_EPOCH, jiff::Timestamp::MAX, &[])
        .events
        .len();
    let recent = |row: &crate::oracle::Row| {
        text(row, "site").as_deref() == Some("a.example") && time(row, "timestamp") >= since
    };
    let rows = world.rows("events");
    let counted =
        rows.iter().filter(|row| recent(row) && text(row, "name").as_deref() != Some("engagement"));
    let counted = counted.count() as u64;
    assert!(counted > 0 && counted < all as u64);
    assert_eq!(status.events_24h, counted);
    let dropped = world.rows("dropped_events").iter().filter(|row| recent(row)).count() as u64;
    assert!(dropped > 0);
    assert_eq!(status.dropped_24h.iter().map(|reason| reason.count).sum::<u64>(), dropped);
    let first = world
        .rows("visits")
        .iter()
        .filter(|row| text(row, "site").as_deref() == Some("a.example"))
        .map(|row| time(row, "started_at"))
        .min()
        .unwrap();
    let first = jiff::Timestamp::from_microsecond(first).unwrap();
    assert_eq!(status.first_event_at, Some(first.to_string()));
}

#[test]
fn the_list_of_sites_has_the_visitors_of_each() {
    let world = World::empty("a.example", "Europe/Berlin", "2026-10-25T12:00:00Z");
    world.load(&random_events(3, "2026-10-23T20:00:00Z".parse().unwrap(), 1, 600), 100);
    let sites =
        world.run(status::visitors_24h(&world.warehouse, world.now, Duration::from_secs(60)));
    let since = world.now.as_microsecond() - DAY;
    let rows = world.rows("visits");
    for site in ["a.example", "other.example"] {
        let ours: Vec<_> = rows
            .iter()
            .filter(|row| {
                text(row, "site").as_deref() == Some(site) && time(row, "last_at") >= since
            })
            .collect();
        assert_eq!(sites[site], distinct(&ours, "visitor_id"), "{site}");
    }
}
