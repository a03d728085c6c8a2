//! Events in.

use http::Method;
use serde_json::{Value, json};

use crate::{Answer, Ask, World};

pub(crate) const FIREFOX: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// As a browser's tracker sends it.
fn browser(ask: Ask) -> Ask {
    ask.header("user-agent", FIREFOX)
        .header("accept-language", "de-DE,de;q=0.8")
        .header("origin", "https://shop.example")
        .header("sec-fetch-mode", "cors")
        .header("sec-fetch-site", "cross-site")
}

fn post(body: &str) -> Ask {
    Ask::new(Method::POST, "/api/event").body("text/plain;charset=UTF-8", body)
}

fn pageview(path: &str) -> String {
    json!({"n": "pageview", "u": format!("https://shop.example{path}"), "d": "shop.example"})
        .to_string()
}

#[tokio::test]
async fn an_event_is_answered_as_plausible_answers_it() {
    let world = World::new();
    let answer = world.send(browser(post(&pageview("/")))).await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (202, "ok"));
    assert!(!answer.headers.contains_key("x-shelduck-dropped"));
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert_eq!(answer.headers["cross-origin-resource-policy"], "cross-origin");
    assert!(!answer.headers.contains_key("set-cookie"));
    for body in [
        json!({"name": "Signup", "url": "https://shop.example/x", "domain": "shop.example", "props": {"plan": "a"}}),
        json!({"n": "Buy", "u": "https://shop.example/x", "d": "shop.example", "ra": 12.5, "rc": "EUR"}),
    ] {
        assert_eq!(world.send(browser(Ask::post("/api/event", &body))).await.status, 202, "{body}");
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_in_the_report() {
    let world = World::new();
    for path in ["/", "/a", "/a"] {
        assert_eq!(world.send(browser(post(&pageview(path)))).await.status, 202);
    }
    world.loaded().await;
    let key = world.key(&["read:web"]);
    let overview = world
        .send(Ask::get("/v1/sites/shop.example/overview?period=day").key(&key))
        .await
        .json(200);
    assert_eq!(
        (&overview["metrics"]["visitors"], &overview["metrics"]["pageviews"]),
        (&json!(1), &json!(3))
    );
    let sites = world.send(Ask::get("/v1/sites").key(&key)).await.json(200);
    assert_eq!(sites["items"][0]["visitors_24h"], 1);
    let status = world.send(Ask::get("/v1/sites/shop.example/status").key(&key)).await.json(200);
    assert_eq!(
        (&status["events_24h"], &status["last_event_at"]),
        (&json!(3), &json!(crate::world::NOW))
    );
}

#[tokio::test]
async fn a_robot_is_told_that_it_does_not_count() {
    let world = World::new();
    let answer = world
        .send(
            post(&pageview("/"))
                .header("user-agent", "Googlebot/2.1 (+http://www.google.com/bot.html)"),
        )
        .await;
    assert_eq!(answer.status, 202);
    assert!(!answer.headers["x-shelduck-dropped"].is_empty());
    assert_eq!(answer.headers["x-plausible-dropped"], "1");
    world.loaded().await;
    let key = world.key(&["read:web"]);
    let status = world.send(Ask::get("/v1/sites/shop.example/status").key(&key)).await.json(200);
    assert_eq!(status["events_24h"], 0);
    assert_eq!(status["dropped_24h"][0]["count"], 1);
}

#[tokio::test]
async fn a_body_that_is_no_event_is_refused_by_field_and_changes_nothing() {
    let world = World::new();
    let before = world.journal.durable();
    for (body, expected) in [
        ("", "bad-request"),
        ("nonsense", "bad-request"),
        ("[]", "bad-request"),
        ("{\"n\":\"pageview\"", "bad-request"),
        ("{}", "bad-request name url"),
        ("{\"n\":\"pageview\",\"u\":\"not an address\",\"d\":\"shop.example\"}", "bad-request url"),
        (
            "{\"n\":\"pageview\",\"u\":\"https://shop.example/\",\"d\":\"absent.example\"}",
            "unknown-site domain",
        ),
        (
            "{\"n\":\"pageview\",\"u\":\"https://shop.example/\",\"d\":\"shop.example\",\"w\":-1}",
            "bad-request w",
        ),
    ] {
        assert_eq!(world.send(browser(post(body))).await.problem(400), expected, "{body}");
    }
    let long = json!({"n": "x".repeat(121), "u": "https://shop.example/", "d": "shop.example"})
        .to_string();
    let problem = world.send(browser(post(&long))).await.json(400);
    assert_eq!(problem["errors"][0]["message"], "must have at most 120 characters");
    let nested = format!("{}{}", "[".repeat(50_000), "]".repeat(10_000));
    assert_eq!(world.send(browser(post(&nested))).await.problem(400), "bad-request");
    assert_eq!(world.journal.durable(), before, "a refused event was stored");
}

#[tokio::test]
async fn a_body_has_a_size_and_a_type() {
    let world = World::new();
    let padded = |bytes: usize| {
        let mut body = pageview("/");
        body.push_str(&" ".repeat(bytes - body.len()));
        body
    };
    assert_eq!(world.send(browser(post(&padded(64 * 1024)))).await.status, 202);
    assert_eq!(world.send(browser(post(&padded(64 * 1024 + 1)))).await.problem(413), "too-large");
    for kind in
        ["application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "text/html"]
    {
        let ask = Ask::new(Method::POST, "/api/event").body(kind, pageview("/"));
        assert_eq!(world.send(browser(ask)).await.problem(415), "unsupported-type", "{kind}");
    }
}

#[tokio::test]
async fn only_pages_of_the_site_may_send() {
    let world = World::new();
    let send = async |origin: &str| -> Answer {
        world
            .send(post(&pageview("/")).header("user-agent", FIREFOX).header("origin", origin))
            .await
    };
    for origin in [
        "https://evil.example",
        "https://shop.example.evil.example",
        "null",
        "https://evilshop.example",
    ] {
        let answer = send(origin).await;
        assert_eq!(answer.problem(403), "foreign-origin", "{origin}");
    }
    for origin in ["https://shop.example", "https://www.shop.example", "http://shop.example:8443"] {
        assert_eq!(send(origin).await.status, 202, "{origin}");
    }
}

#[tokio::test]
async fn a_page_asks_first_and_may() {
    let world = World::new();
    let ask = Ask::new(Method::OPTIONS, "/api/event")
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let answer = world.send(ask).await;
    answer.nothing(204);
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert!(answer.headers["access-control-allow-methods"].to_str().unwrap().contains("POST"));
}

#[tokio::test]
async fn the_pixel_counts_and_is_an_image() {
    let world = World::new();
    let query = "d=shop.example&u=https%3A%2F%2Fshop.example%2Fmail";
    let answer =
        world.send(Ask::get(&format!("/api/event?{query}")).header("user-agent", FIREFOX)).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 43));
    assert_eq!(answer.headers["content-type"], "image/gif");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert!(answer.body.starts_with(b"GIF89a"));
    assert_eq!(
        world.send(Ask::get("/api/event?d=shop.example")).await.problem(400),
        "bad-request url"
    );
    world.loaded().await;
    let key = world.key(&["read:web"]);
    let pages = world
        .send(Ask::get("/v1/sites/shop.example/breakdown/page?period=day").key(&key))
        .await
        .json(200);
    assert_eq!(pages["items"][0]["value"], "/mail");
}

#[tokio::test]
async fn a_closed_journal_is_said_and_nothing_is_acknowledged() {
    let world = World::new();
    world.journal.close();
    let answer = world.send(browser(post(&pageview("/")))).await;
    assert_eq!(answer.problem(503), "unavailable");
    assert!(answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn an_event_needs_no_credential_and_takes_none() {
    let world = World::new();
    let cookie = world.session("admin");
    let ask = browser(post(&pageview("/")))
        .header("cookie", &cookie)
        .header("authorization", "Bearer nonsense");
    let answer = world.send(ask).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
}

/// The answer never says which of a visitor's facts were read.
#[tokio::test]
async fn the_answer_holds_nothing_of_the_request() {
    let world = World::new();
    let answer = world.send(browser(post(&pageview("/secret-page")))).await;
    let shown = format!("{:?} {}", answer.headers, answer.text());
    for secret in ["secret-page", "203.0.113", "Firefox"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let problem: Value = world.send(browser(post("{\"n\":\"zq-secret\",\"u\":7}"))).await.json(400);
    assert!(!problem.to_string().contains("zq-secret"), "{problem}");
}
