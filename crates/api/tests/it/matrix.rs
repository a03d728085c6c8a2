//! Every route × every kind of caller, compared with the route's own policy.
//!
//! The list is the route table itself, so a new route is here the moment it exists. What is looked at is whether the gate let the
//! request through; what the handler then says is only written into the snapshot for a reviewer to see.

use std::fmt::Write as _;

use gate::http::RouteRow;
use gate::{CorsClass, CsrfRule};
use http::Method;

use crate::world::ORIGIN;
use crate::{Answer, Ask, World};

/// How the gate answers who may not.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Through,
    Unauthenticated,
    Forbidden,
    CrossOrigin,
}

fn verdict(answer: &Answer) -> Verdict {
    let body = answer.text();
    let says = |slug: &str| body.contains(&format!("\"urn:shelduck:problem:{slug}\""));
    match answer.status.as_u16() {
        401 if says("unauthenticated") => Verdict::Unauthenticated,
        403 if says("forbidden") => Verdict::Forbidden,
        403 if says("cross-origin") => Verdict::CrossOrigin,
        _ => Verdict::Through,
    }
}

/// A request for a route: variables filled in, a body where one is read.
fn ask(row: &RouteRow) -> Ask {
    let path = row
        .path
        .replace("{site}", crate::world::SITE)
        .replace("{dimension}", "page")
        .replace("{id}", "00000000-0000-4000-8000-000000000000")
        .replace("{name}", "script.js")
        .replace("{*path}", "nothing-here");
    let ask = Ask::new(row.method.parse::<Method>().unwrap(), &path);
    if row.body_bytes_max > 0 { ask.json(&serde_json::json!({})) } else { ask }
}

struct Personas<'a> {
    world: &'a World,
    agent: String,
    admin_key: String,
}

impl Personas<'_> {
    async fn anonymous(&self, row: &RouteRow) -> Answer {
        self.send(row, ask(row)).await
    }

    /// Somebody who is known and may do nothing but what agents do.
    async fn too_little(&self, row: &RouteRow) -> Answer {
        let cookie = self.world.session("agent");
        self.send(row, ask(row).cookie(&cookie)).await
    }

    async fn too_little_key(&self, row: &RouteRow) -> Answer {
        self.send(row, ask(row).key(&self.agent)).await
    }

    async fn enough_key(&self, row: &RouteRow) -> Answer {
        self.send(row, ask(row).key(&self.admin_key)).await
    }

    /// A session of its own for each request, because one of the routes ends it.
    async fn enough_session(&self, row: &RouteRow) -> Answer {
        let cookie = self.world.session("admin");
        self.send(row, ask(row).cookie(&cookie)).await
    }

    /// Who controls the machine, over the local socket.
    async fn operator(&self, row: &RouteRow) -> Answer {
        self.send(row, ask(row).local()).await
    }

    /// The cookie of an admin, sent by a foreign page.
    async fn hostile_page(&self, row: &RouteRow) -> Answer {
        let cookie = self.world.session("admin");
        let ask = ask(row).header("cookie", &cookie).header("origin", "https://evil.example");
        self.send(row, ask.header("sec-fetch-site", "cross-site")).await
    }

    /// The same from an old browser, which sends only `Origin`.
    async fn hostile_old_page(&self, row: &RouteRow) -> Answer {
        let cookie = self.world.session("admin");
        self.send(row, ask(row).header("cookie", &cookie).header("origin", "https://evil.example"))
            .await
    }

    /// A cookie without a word about where the request comes from.
    async fn silent_page(&self, row: &RouteRow) -> Answer {
        let cookie = self.world.session("admin");
        self.send(row, ask(row).header("cookie", &cookie)).await
    }

    async fn send(&self, row: &RouteRow, ask: Ask) -> Answer {
        if is_admin(row) { self.world.send_admin(ask).await } else { self.world.send(ask).await }
    }
}

fn is_admin(row: &RouteRow) -> bool {
    matches!(row.path.as_str(), "/metrics" | "/health/detail")
}

fn expected_without_credential(row: &RouteRow) -> Verdict {
    if row.access == "public" { Verdict::Through } else { Verdict::Unauthenticated }
}

fn expected_with_too_little(row: &RouteRow) -> Verdict {
    if row.access == "scope" { Verdict::Forbidden } else { expected_with_enough(row) }
}

/// What the operator alone may do is more than an administrator has.
fn expected_with_enough(row: &RouteRow) -> Verdict {
    if row.access == "operator" { Verdict::Forbidden } else { Verdict::Through }
}

fn expected_of_a_foreign_page(row: &RouteRow) -> Verdict {
    let exempt = row.csrf == CsrfRule::Exempt;
    if exempt || row.access == "operator" {
        expected_with_enough(row)
    } else {
        Verdict::CrossOrigin
    }
}

fn check_foreign_reading(row: &RouteRow, hostile: &Answer) {
    let readable = hostile.headers.get("access-control-allow-origin").is_some();
    assert_eq!(
        readable,
        row.cors == CorsClass::Ingest,
        "{} {}: who may read",
        row.method,
        row.path
    );
    assert!(
        !hostile.headers.contains_key("access-control-allow-credentials"),
        "{} {}",
        row.method,
        row.path
    );
}

/// Who controls the machine may do everything but what only somebody with an account can.
fn check_operator(row: &RouteRow, answer: &Answer) {
    let verdict = verdict(answer);
    let personal = row.access == "signed_in" && verdict == Verdict::Forbidden;
    assert!(
        verdict == Verdict::Through || personal,
        "{} {}: the operator: {}",
        row.method,
        row.path,
        answer.text()
    );
}

fn check_headers(row: &RouteRow, answer: &Answer) {
    let place = format!("{} {}", row.method, row.path);
    for name in [
        "x-content-type-options",
        "x-frame-options",
        "content-security-policy",
        "referrer-policy",
        "x-request-id",
    ] {
        assert!(answer.headers.contains_key(name), "{place}: {name}");
    }
    assert!(!answer.headers.contains_key("server"), "{place}");
    assert!(
        !answer.headers.contains_key("set-cookie") || place == "POST /v1/auth/logout",
        "{place}: a cookie"
    );
    let csp = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(!csp.contains("unsafe") && csp.contains("frame-ancestors 'none'"), "{place}: {csp}");
}

#[tokio::test]
async fn the_gate_keeps_the_policy_of_every_route() {
    let world = World::new();
    let keyed = || Personas {
        world: &world,
        agent: world.key(&["agent:*"]),
        admin_key: world.key(&["admin:*"]),
    };
    let mut personas = keyed();
    let table = api::routes_table();
    assert!(table.len() > 40, "the table is too short to be all routes");
    let mut matrix = String::new();
    for row in &table {
        if row.path.starts_with("/v1/sites") {
            world.restore_site();
        }
        let place = format!("{} {}", row.method, row.path);
        let anonymous = personas.anonymous(row).await;
        assert_eq!(
            verdict(&anonymous),
            expected_without_credential(row),
            "{place}: anonymous: {}",
            anonymous.text()
        );
        let too_little = personas.too_little(row).await;
        let expected = expected_with_too_little(row);
        assert_eq!(verdict(&too_little), expected, "{place}: too little: {}", too_little.text());
        if expected == Verdict::Forbidden {
            let key = personas.too_little_key(row).await;
            assert_eq!(verdict(&key), expected, "{place}: a key for too little: {}", key.text());
        }
        let key = personas.enough_key(row).await;
        let session = personas.enough_session(row).await;
        let expected = expected_with_enough(row);
        assert_eq!(verdict(&session), expected, "{place}: enough: {}", session.text());
        if expected == Verdict::Forbidden {
            assert_eq!(verdict(&key), expected, "{place}: a key of an admin: {}", key.text());
        }
        check_operator(row, &personas.operator(row).await);
        let hostile = personas.hostile_page(row).await;
        let expected = expected_of_a_foreign_page(row);
        assert_eq!(verdict(&hostile), expected, "{place}: a foreign page: {}", hostile.text());
        assert_eq!(
            verdict(&personas.hostile_old_page(row).await),
            expected,
            "{place}: a foreign page of an old browser"
        );
        assert_eq!(
            verdict(&personas.silent_page(row).await),
            expected,
            "{place}: a cookie without an origin"
        );
        check_foreign_reading(row, &hostile);
        for answer in [&anonymous, &too_little, &key, &session, &hostile] {
            check_headers(row, answer);
            assert!(answer.status.as_u16() != 500, "{place}: {}", answer.text());
        }
        let statuses = [&anonymous, &too_little, &key, &session, &hostile]
            .map(|answer| answer.status.as_u16());
        let [anonymous, too_little, key, session, hostile] = statuses;
        writeln!(
            matrix,
            "{place:<46} {:<10} {:<9} anonymous {anonymous} too-little {too_little} key {key} session {session} foreign-page {hostile}",
            row.class.name(),
            row.scope.as_deref().unwrap_or(row.access),
        )
        .unwrap();
        // These take all keys back, or may.
        if row.path.starts_with("/v1/panic/") || row.path == "/v1/secrets/retire" {
            personas = keyed();
        }
    }
    insta::assert_snapshot!("matrix", matrix);
}

#[tokio::test]
async fn our_own_origin_is_enough_for_a_browser_without_fetch_metadata() {
    let world = World::new();
    let cookie = world.session("admin");
    let ask = Ask::post("/v1/sites", &serde_json::json!({"domain": "new.example"}));
    let answer = world.send(ask.header("cookie", &cookie).header("origin", ORIGIN)).await;
    answer.json(201);
}

#[tokio::test]
async fn what_is_not_there_is_not_there_for_anybody() {
    let world = World::new();
    let key = world.key(&["admin:*"]);
    for path in [
        "/v1/nothing",
        "/v1",
        "/api/nothing",
        "/js/other.js",
        "/assets/nothing.js",
        "/demo/",
        "/.env",
        "/metrics",
        "/health/detail",
    ] {
        let html = Ask::get(path).header("accept", "text/html");
        assert_eq!(world.send(html).await.problem(404), "not-found", "{path}");
        assert_eq!(world.send(Ask::get(path).key(&key)).await.problem(404), "not-found", "{path}");
    }
    assert_eq!(
        world.send(Ask::new(Method::DELETE, "/v1/sites")).await.problem(405),
        "method-not-allowed"
    );
    assert_eq!(
        world.send(Ask::new(Method::TRACE, "/v1/sites")).await.problem(405),
        "method-not-allowed"
    );
}
