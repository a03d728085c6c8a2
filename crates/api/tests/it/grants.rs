//! Every route of a site, asked by who was granted another one.
//!
//! The list is the route table itself: a route that names a site and forgets to say so to the gate fails here.

use api::routes_table;
use gate::http::RouteRow;
use http::Method;
use serde_json::json;

use crate::world::SITE;
use crate::{Answer, Ask, World};

const OTHER: &str = "other.example";

fn ask(row: &RouteRow, site: &str) -> Ask {
    let path = row
        .path
        .replace("{site}", site)
        .replace("{dimension}", "page")
        .replace("{id}", "00000000-0000-4000-8000-000000000000");
    let ask = Ask::new(row.method.parse::<Method>().unwrap(), &path);
    if row.body_bytes_max > 0 { ask.json(&json!({})) } else { ask }
}

/// An answer without what differs from request to request.
fn shape(answer: &Answer) -> (u16, String) {
    let id = answer.headers["x-request-id"].to_str().unwrap();
    (answer.status.as_u16(), answer.text().replace(id, "id"))
}

#[tokio::test]
async fn every_route_of_a_site_hides_the_sites_that_were_not_granted() {
    let world = World::new();
    world.add_site(OTHER, "UTC");
    let grant = format!("web/{OTHER}");
    let keys = [
        world.key(&[&format!("read:{grant}")]),
        world.key(&[&format!("write:{grant}"), &format!("query:{grant}"), "read:net"]),
    ];
    let cookies = ["viewer", "analyst", "operator"].map(|role| world.session_with(role, &[&grant]));
    let rows: Vec<RouteRow> =
        routes_table().into_iter().filter(|row| row.path.contains("{site}")).collect();
    assert!(rows.len() >= 8, "the table has too few routes of a site");
    for row in &rows {
        let place = format!("{} {}", row.method, row.path);
        let scope = row.scope.as_deref().unwrap_or_default();
        assert!(scope.ends_with("web/{site}"), "{place} asks for {scope}, not for its site");
        let mut answers = Vec::new();
        for site in [SITE, "missing.example", "www.Shop.Example.", "not%20a%20site", "%ff"] {
            for key in &keys {
                answers.push(shape(&world.send(ask(row, site).key(key)).await));
            }
            for cookie in &cookies {
                answers.push(shape(&world.send(ask(row, site).cookie(cookie)).await));
            }
        }
        answers.dedup();
        let [(status, body)] = answers.as_slice() else {
            panic!("{place} tells sites apart: {answers:?}");
        };
        assert_eq!(*status, 404, "{place}");
        assert!(body.contains("urn:shelduck:problem:not-found"), "{place}: {body}");
        assert!(world.control.site(&SITE.parse().unwrap()).unwrap().is_some(), "{place}");
    }
}

#[tokio::test]
async fn the_granted_site_is_there_in_any_spelling() {
    let world = World::new();
    world.add_site(OTHER, "UTC");
    let cookie = world.session_with("operator", &["web/WWW.Shop.example"]);
    for site in [SITE, "Shop.Example", "www.shop.example"] {
        let path = format!("/v1/sites/{site}");
        let shown = world.send(Ask::get(&path).cookie(&cookie)).await.json(200);
        assert_eq!(shown["domain"], SITE);
    }
    let change = Ask::new(Method::PATCH, &format!("/v1/sites/{SITE}"));
    let change = change.json(&json!({"time_zone": "Europe/Berlin"})).cookie(&cookie);
    world.send(change).await.json(200);
    let new = Ask::post("/v1/sites", &json!({"domain": "new.example"})).cookie(&cookie);
    assert_eq!(world.send(new).await.problem(403), "forbidden", "one site is not the database");
}

#[tokio::test]
async fn lists_and_streams_show_nothing_of_other_sites() {
    let world = World::new();
    world.add_site(OTHER, "UTC");
    let cookie = world.session_with("viewer", &[&format!("web/{OTHER}")]);
    let listed = routes_table().into_iter().filter(|row| {
        row.scope.as_deref().is_some_and(|scope| scope.ends_with("/*")) && row.method == "GET"
    });
    let mut seen = 0;
    for row in listed {
        let answer = world.send(Ask::get(&row.path).cookie(&cookie)).await;
        assert_ne!(answer.status, 403, "{}", row.path);
        assert!(!answer.text().contains(SITE), "{} shows {SITE}", row.path);
        seen += 1;
    }
    assert!(seen >= 3);
    let sites = world.send(Ask::get("/v1/sites").cookie(&cookie)).await.json(200);
    assert_eq!(sites["items"].as_array().unwrap().len(), 1);
    assert_eq!(sites["items"][0]["domain"], OTHER);
    let stream = async |site: &str| {
        world.send(Ask::get(&format!("/v1/events?site={site}")).cookie(&cookie)).await
    };
    assert_eq!(stream(OTHER).await.status, 200);
    let hidden = shape(&stream(SITE).await);
    assert_eq!(hidden.0, 404);
    assert_eq!(shape(&stream("missing.example").await), hidden);
    assert_eq!(shape(&stream("not%20a%20site").await), hidden);
}

#[tokio::test]
async fn a_key_for_one_site_is_made_by_who_has_that_site() {
    let world = World::new();
    world.add_site(OTHER, "UTC");
    let cookie = world.session_with("viewer", &[&format!("web/{SITE}")]);
    let create = async |scope: &str| {
        let body = json!({"name": "ci", "scopes": [scope]});
        world.send(Ask::post("/v1/keys", &body).cookie(&cookie)).await
    };
    let made = create("read:web/www.Shop.example").await.json(201);
    assert_eq!(made["scopes"], json!([format!("read:web/{SITE}")]));
    let secret = made["secret"].as_str().unwrap();
    let get = async |site: &str| {
        world.send(Ask::get(&format!("/v1/sites/{site}")).key(secret)).await.status.as_u16()
    };
    assert_eq!((get(SITE).await, get(OTHER).await), (200, 404));
    for scope in ["read:web", "read:*", "write:web/shop.example", "read:web/other.example"] {
        assert_eq!(create(scope).await.problem(403), "forbidden scopes", "{scope}");
    }
    assert_eq!(create("read:web/not a site").await.problem(422), "invalid scopes");
}

#[tokio::test]
async fn only_the_doors_and_ones_own_account_answer_while_something_is_required() {
    let world = World::new();
    for row in routes_table() {
        let place = format!("{} {}", row.method, row.path);
        let own = row.path.starts_with("/v1/auth/") || row.path.starts_with("/v1/me/");
        let open = row.access != "public" && own;
        assert_eq!(row.while_required, open, "{place}");
        if row.access == "public" || row.access == "operator" {
            continue;
        }
        let cookie = world.session("admin");
        let number = |user: &control::User| user.name["admin-".len()..].parse::<u32>().unwrap();
        let newest = world.control.users().unwrap().into_iter().max_by_key(number).unwrap();
        world.control.demand_password_change(newest.id).unwrap();
        let answer = world.send(ask(&row, SITE).cookie(&cookie)).await;
        let refused = answer.text().contains("urn:shelduck:problem:action-required");
        assert_eq!(refused, !open, "{place}: {}", answer.text());
    }
}
