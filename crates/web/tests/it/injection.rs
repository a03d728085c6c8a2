//! What stands in a report's parameters is data, whatever it looks like.

use web::dimensions::DIMENSIONS;
use web::identity::VisitorIds;
use web::report::breakdown::{self, BreakdownParams};
use web::report::overview::{self, OverviewParams};

use crate::support::{MINUTE, World, view};

/// Ends of texts, statements and comments, and the marks of parameters and patterns.
const HOSTILE: &[&str] = &[
    "/'; DROP TABLE web.events; --",
    "/') OR ('1'='1",
    "/\" OR \"\"=\"",
    "/' UNION ALL SELECT path, 1, 1 FROM glob('/etc/*') --",
    "/x' AND getenv('HOME') <> '",
    "/%' OR pathname LIKE '%",
    "/$1 $2 ? ?1 :name @name {0} {}",
    "/\\' \\\\ \\x27",
    "/* */ -- #",
    "/\u{2019}\u{ff07}\u{201c}",
    "/read_csv('/etc/passwd')",
];

/// One visitor on each hostile page.
fn world() -> World {
    let world = World::empty("a.example", "UTC", "2026-10-28T12:00:00Z");
    let start = "2026-10-28T08:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
    let events: Vec<_> = HOSTILE
        .iter()
        .zip(1_u32..)
        .map(|(page, place)| {
            let visitor = VisitorIds { today: u64::from(place), yesterday: None };
            view(visitor, start + i64::from(place) * MINUTE, page)
        })
        .collect();
    world.load(&events, 100);
    world
}

fn visitors(world: &World, dimension: &str, value: &str) -> u64 {
    let filters = serde_json::json!([["is", dimension, [value]]]).to_string();
    let params = OverviewParams {
        period: Some("day".to_owned()),
        filters: Some(filters),
        ..OverviewParams::default()
    };
    world.run(overview::run(&world.context(), &params)).metrics.visitors
}

#[test]
fn a_hostile_value_is_found_as_itself_and_nowhere_else() {
    let world = world();
    for value in HOSTILE {
        for dimension in DIMENSIONS {
            let pages = ["page", "entry_page", "exit_page"];
            let expected = u64::from(pages.contains(&dimension.id));
            assert_eq!(
                visitors(&world, dimension.id, value),
                expected,
                "{}: {value}",
                dimension.id
            );
        }
        let search = BreakdownParams {
            period: Some("day".to_owned()),
            search: Some((*value).to_owned()),
            ..BreakdownParams::default()
        };
        let found = world.run(breakdown::run(&world.context(), "page", &search)).items;
        assert_eq!(found.len(), 1, "{value}");
        assert_eq!(found[0].value.as_deref(), Some(*value));
    }
    assert_eq!(world.rows("events").len(), HOSTILE.len());
}
