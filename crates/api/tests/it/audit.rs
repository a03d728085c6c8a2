//! The audit log over HTTP: filters, pages, bounds; and what is written of it.

use std::path::Path;

use audit::{AuditLog, Config, Entry, Note, Signer, Weight};
use gate::audit::EventName;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::world::NOW;
use crate::{Ask, World};

/// Events, who did them and how they ended; each a minute after the one before.
const WRITTEN: [(&str, &str, &str); 6] = [
    ("authn_login_success", "user:1", "success"),
    ("authz_admin", "user:1", "success"),
    ("authn_login_fail", "anonymous", "denied"),
    ("authz_admin", "user:2", "failure"),
    ("excess_rate_limit_exceeded", "key:3", "shadow"),
    ("authz_admin", "user:1", "success"),
];

fn minute(number: i64) -> Timestamp {
    NOW.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(number)
}

fn write(dir: &Path, times: usize) {
    let signer = Signer::from_seed(&[7; 32]).unwrap();
    let log = AuditLog::open(Config::new(dir.to_owned()), signer).unwrap().0;
    for _ in 0..times {
        for (place, (event, actor, outcome)) in (0..).zip(WRITTEN) {
            log.record(Entry {
                at: minute(place),
                event,
                outcome,
                actor: actor.to_owned(),
                action: Some("update_site".to_owned()),
                object: Some(format!("site:{place}")),
                database: Some("web".to_owned()),
                request_id: Some("0193-request".to_owned()),
                origin: Some("c0de".to_owned()),
                network: Some("192.0.2.0/24".to_owned()),
                weight: Weight::Act,
            });
        }
    }
    log.close();
}

/// A world with such a log, and an administrator of it.
fn world(times: usize) -> (World, String, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), times);
    let path = dir.path().to_owned();
    let world = World::with(|options| options.audit_dir = Some(path));
    let admin = world.session("admin");
    (world, admin, dir)
}

async fn get(world: &World, cookie: &str, query: &str) -> Value {
    world.send(Ask::get(&format!("/v1/audit{query}")).cookie(cookie)).await.json(200)
}

/// The objects of the events of a page, without those of the log itself.
fn objects(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items.iter().filter_map(|item| item["object"].as_str()).collect()
}

#[tokio::test]
async fn records_are_found_by_each_filter_and_by_several() {
    let (world, admin, _dir) = world(1);
    let from = |number| minute(number).to_string();
    for (query, expected) in [
        (String::new(), &["5", "4", "3", "2", "1", "0"][..]),
        ("?event=authz_admin".to_owned(), &["5", "3", "1"]),
        ("?actor=user:1".to_owned(), &["5", "1", "0"]),
        ("?outcome=denied".to_owned(), &["2"]),
        ("?outcome=shadow".to_owned(), &["4"]),
        ("?event=authz_admin&actor=user:1&outcome=success".to_owned(), &["5", "1"]),
        ("?event=nothing_like_it".to_owned(), &[]),
        (format!("?actor=user:1&from={}", from(1)), &["5", "1"]),
        (format!("?actor=user:1&to={}", from(1)), &["0"]),
        (format!("?from={}&to={}", from(2), from(4)), &["3", "2"]),
    ] {
        let page = get(&world, &admin, &query).await;
        let expected: Vec<String> = expected.iter().map(|place| format!("site:{place}")).collect();
        assert_eq!(objects(&page), expected, "{query}");
        assert!(page["next_cursor"].is_null(), "{query}: {page}");
    }
    let found = get(&world, &admin, "?actor=key:3").await;
    let item = &found["items"][0];
    for (field, value) in [
        ("event", "excess_rate_limit_exceeded"),
        ("outcome", "shadow"),
        ("action", "update_site"),
        ("database", "web"),
        ("request_id", "0193-request"),
        ("origin", "c0de"),
        ("network", "192.0.2.0/24"),
        ("at", "2026-11-22T12:04:00Z"),
    ] {
        assert_eq!(item[field], value, "{item}");
    }
    assert!(item["sequence"].as_u64().unwrap() > 1 && item.get("chain").is_none(), "{item}");
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended() {
    let (world, admin, _dir) = world(50);
    for limit in [1, 7, 100, 1000] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        for _ in 0..200 {
            let query = format!("?event=authz_admin&limit={limit}{cursor}");
            let page = get(&world, &admin, &query).await;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit);
            seen.extend(items.iter().map(|item| item["sequence"].as_u64().unwrap()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), 150, "by {limit}");
        assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "newest first, none twice");
    }
    let whole = get(&world, &admin, "").await;
    assert_eq!(whole["items"].as_array().unwrap().len(), 100, "a page is of a hundred");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let (world, admin, _dir) = world(1);
    for query in [
        "?limit=0",
        "?limit=1001",
        "?limit=-1",
        "?cursor=x",
        "?cursor=-1",
        "?outcome=maybe",
        "?from=yesterday",
        "?to=1",
        "?object=site:1",
    ] {
        let answer = world.send(Ask::get(&format!("/v1/audit{query}")).cookie(&admin)).await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{query}: {}", answer.status);
    }
    for role in ["viewer", "analyst", "operator"] {
        let answer = world.send(Ask::get("/v1/audit").cookie(&world.session(role))).await;
        assert_eq!(answer.problem(403), "forbidden", "{role}");
    }
    assert_eq!(world.send(Ask::get("/v1/audit")).await.problem(401), "unauthenticated");
}

#[test]
fn the_document_names_every_event() {
    let document = include_str!("../../../../docs/security/audit.md");
    let gate = EventName::ALL.iter().map(|event| event.name());
    let names: Vec<&str> = gate.chain(Note::EVENTS).collect();
    for name in &names {
        assert!(document.contains(&format!("| `{name}` |")), "{name} is not described");
    }
    let described = document.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    for name in described.filter(|name| name.contains('_')) {
        assert!(names.contains(&name) || name.ends_with("_id"), "there is no event {name}");
    }
}
