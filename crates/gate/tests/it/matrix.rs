//! Every route asked by everybody, compared with what its policy says.

use gate::http::RouteRow;

use crate::support::{Call, World, request, routes};

/// What each route says to nobody, to a reader, to an editor, to an administrator and to the operator.
fn expected(row: &RouteRow) -> [bool; 5] {
    match (row.access, row.scope.as_deref()) {
        ("public", None) => [true; 5],
        ("signed_in", None) => [false, true, true, true, true],
        ("scope", Some("read:web" | "read:web/*" | "read:web/{name}")) => {
            [false, true, true, true, true]
        }
        ("scope", Some("write:web" | "write:web/{name}" | "query:web")) => {
            [false, false, true, true, true]
        }
        ("scope", Some("admin:*")) => [false, false, false, true, true],
        other => panic!("a new kind of access: {other:?}"),
    }
}

fn ask(row: &RouteRow) -> Call {
    let path = row.path.replace("{id}", "1").replace("{name}", "x").replace("{*path}", "some/page");
    let call = request(row.method.parse().unwrap(), &path);
    if row.body_bytes_max > 0 { call.json(r#"{"name":"x","weight":1}"#) } else { call }
}

#[tokio::test]
async fn every_route_answers_everybody_as_its_policy_says() {
    let world = World::new();
    let keys =
        [world.key(&["read:web"]), world.key(&["write:web", "query:web"]), world.key(&["admin:*"])];
    let elsewhere = world.key(&["read:net", "write:net", "query:net"]);
    for row in routes().table() {
        if ["/panic", "/leak", "/conflict", "/slow", "/api/slow"].contains(&row.path.as_str()) {
            continue;
        }
        let mut calls = vec![ask(&row)];
        calls.extend(keys.iter().map(|key| ask(&row).key(key)));
        calls.push(ask(&row).through_the_socket());
        for (place, (call, allowed)) in calls.into_iter().zip(expected(&row)).enumerate() {
            let status = world.status(call).await;
            let refused = if place == 0 { status == 401 } else { status == 403 };
            assert_eq!(refused, !allowed, "{} {} asked by {place}: {status}", row.method, row.path);
        }
        if row.access == "scope" {
            assert_eq!(world.status(ask(&row).key(&elsewhere)).await, 403, "{}", row.path);
        }
    }
}

#[tokio::test]
async fn no_route_can_be_reached_with_another_method() {
    let world = World::new();
    for row in routes().table() {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"] {
            let known = routes()
                .table()
                .iter()
                .any(|other| other.path == row.path && other.method == method);
            if known {
                continue;
            }
            let path = row
                .path
                .replace("{id}", "1")
                .replace("{name}", "x")
                .replace("{*path}", "some/page");
            let reply =
                world.send(request(method.parse().unwrap(), &path).from("198.51.100.9")).await;
            let fallback = row.path == "/{*path}";
            assert_eq!(reply.status, if fallback { 404 } else { 405 }, "{method} {path}");
            assert_eq!(reply.header("allow").is_some(), !fallback);
            world.clock.forward(1);
        }
    }
}

#[test]
fn the_table_says_it_all() {
    let table = serde_json::to_value(routes().table()).unwrap();
    let row = |operation: &str| {
        table.as_array().unwrap().iter().find(|row| row["operation"] == operation).unwrap().clone()
    };
    assert_eq!(
        row("create_thing"),
        serde_json::json!({
            "method": "POST", "path": "/v1/things", "operation": "create_thing", "class": "write", "access": "scope",
            "scope": "write:web", "while_required": false, "fresh": false, "cost": 1, "cors": "same_origin", "csrf": "cookie", "body_bytes_max": 1_048_576,
            "deadline_ms": 30_000,
        })
    );
    assert_eq!(row("log_in")["csrf"], "door");
    assert_eq!(row("record_event")["cors"], "ingest");
    assert_eq!(table.as_array().unwrap().last().unwrap()["operation"], "get_page");
}
