//! Reports: the shape of answers, and what is refused.
//!
//! What the numbers are is tested in `web`.

use http::Method;
use serde_json::{Value, json};

use crate::{Ask, World};

async fn visited() -> (World, String) {
    let world = World::new();
    for (number, path) in ["/", "/a", "/b"].iter().enumerate() {
        let body = json!({"n": "pageview", "u": format!("https://shop.example{path}?utm_source=news"), "d": "shop.example"});
        let ask = Ask::new(Method::POST, "/api/event")
            .body("text/plain", body.to_string())
            .header("user-agent", crate::ingest::FIREFOX)
            .header("accept-language", "en")
            .from(&format!("203.0.113.{number}"));
        assert_eq!(world.send(ask).await.status, 202);
    }
    world.loaded().await;
    let key = world.key(&["read:web"]);
    (world, key)
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn every_report_has_its_shape() {
    let (world, key) = visited().await;
    let get = async |path: &str| {
        world.send(Ask::get(&format!("/v1/sites/shop.example/{path}")).key(&key)).await.json(200)
    };
    let overview = get("overview?period=day&compare=previous").await;
    assert_eq!(keys(&overview), ["comparison", "metrics", "precision", "range"]);
    assert_eq!(
        overview["range"],
        json!({"from": "2026-11-22", "to": "2026-11-22", "period": "day", "time_zone": "UTC"})
    );
    assert_eq!(overview["metrics"]["visitors"], 3);
    assert_eq!(overview["comparison"]["metrics"]["visitors"], 0);

    let series = get("timeseries?period=day&metric=pageviews&interval=hour").await;
    assert_eq!(keys(&series), ["comparison", "interval", "metric", "points", "range"]);
    assert_eq!(series["points"].as_array().unwrap().len(), 24);
    assert_eq!(
        series["points"][12],
        json!({"at": "2026-11-22T12:00:00+00:00", "value": 3.0, "partial": true})
    );

    let pages = get("breakdown/page?period=day&limit=2").await;
    assert_eq!(keys(&pages), ["dimension", "items", "next_cursor", "range", "total_rows"]);
    assert_eq!((pages["items"].as_array().unwrap().len(), &pages["total_rows"]), (2, &json!(3)));
    let cursor = pages["next_cursor"].as_str().unwrap();
    let rest = get(&format!("breakdown/page?period=day&limit=2&cursor={cursor}")).await;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (1, &Value::Null));

    let now = get("realtime").await;
    assert_eq!(
        (&now["current_visitors"], now["minutes"].as_array().unwrap().len()),
        (&json!(3), 30)
    );
    let filters = "filters=%5B%5B%22is%22%2C%22page%22%2C%5B%22%2Fa%22%5D%5D%5D";
    let filtered = get(&format!("overview?period=day&{filters}")).await;
    assert_eq!(filtered["metrics"]["visitors"], 1);
}

#[tokio::test]
async fn every_dimension_can_be_asked() {
    let (world, key) = visited().await;
    let dimensions = world.send(Ask::get("/v1/dimensions").key(&key)).await.json(200);
    let dimensions = dimensions["items"].as_array().unwrap();
    assert!(dimensions.len() >= 23);
    for dimension in dimensions {
        let id = dimension["id"].as_str().unwrap();
        let path = format!("/v1/sites/shop.example/breakdown/{id}?period=day");
        assert_eq!(world.send(Ask::get(&path).key(&key)).await.json(200)["dimension"], id);
    }
}

#[tokio::test]
async fn parameters_that_cannot_be_used_are_named() {
    let world = World::new();
    let key = world.key(&["read:web"]);
    for (path, expected) in [
        ("overview?period=fortnight", "invalid period"),
        ("overview?from=2026-01-02&to=2026-01-01", "invalid to"),
        ("overview?from=2020-01-01&to=2026-01-01", "invalid to"),
        ("overview?from=yesterday&to=2026-01-01", "invalid from"),
        ("overview?filters=nonsense", "invalid filters"),
        (
            "overview?filters=%5B%5B%22is%22%2C%22nothing%22%2C%5B%22a%22%5D%5D%5D",
            "invalid filters",
        ),
        ("overview?compare=never", "invalid compare"),
        ("timeseries?metric=nothing", "invalid metric"),
        ("timeseries?period=12mo&interval=minute", "invalid interval"),
        ("breakdown/page?limit=1001", "invalid limit"),
        ("breakdown/page?limit=0", "invalid limit"),
        ("breakdown/page?limit=x", "invalid limit"),
        ("breakdown/page?cursor=x", "invalid cursor"),
        ("breakdown/page?sort=colour", "invalid sort"),
        ("breakdown/page?order=up", "invalid order"),
    ] {
        let answer =
            world.send(Ask::get(&format!("/v1/sites/shop.example/{path}")).key(&key)).await;
        assert_eq!(answer.problem(422), expected, "{path}");
    }
    for (path, expected) in [
        ("overview?nothing=1", "bad-request nothing"),
        ("overview?period=day&period=7d", "bad-request period"),
        ("overview?period=%ff", "bad-request"),
    ] {
        let answer =
            world.send(Ask::get(&format!("/v1/sites/shop.example/{path}")).key(&key)).await;
        assert_eq!(answer.problem(400), expected, "{path}");
    }
    let path = "/v1/sites/shop.example/breakdown/page?limit=1001";
    let problem = world.send(Ask::get(path).key(&key)).await.json(422);
    assert_eq!(problem["errors"][0]["message"], "must be a whole number from 1 to 1000");
    let path = "/v1/sites/shop.example/breakdown/page?limit=1000";
    world.send(Ask::get(path).key(&key)).await.json(200);
}

#[tokio::test]
async fn a_site_that_is_not_there_is_the_same_404_everywhere() {
    let world = World::new();
    let key = world.key(&["read:web"]);
    let mut bodies = Vec::new();
    for path in [
        "/v1/sites/absent.example/overview",
        "/v1/sites/absent.example/timeseries",
        "/v1/sites/absent.example/breakdown/page",
        "/v1/sites/shop.example/breakdown/nothing",
        "/v1/sites/absent.example/realtime",
        "/v1/sites/absent.example/status",
        "/v1/sites/a%00b/overview",
        "/v1/events?site=absent.example",
    ] {
        let mut problem = world.send(Ask::get(path).key(&key)).await.json(404);
        problem.as_object_mut().unwrap().remove("request_id");
        bodies.push(problem);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn a_report_that_takes_too_long_says_so() {
    let world = World::with(|options| options.reports.deadline = std::time::Duration::ZERO);
    let key = world.key(&["read:web"]);
    let answer = world.send(Ask::get("/v1/sites/shop.example/overview").key(&key)).await;
    assert_eq!(answer.problem(503), "timeout");
    assert!(answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn listed_origins_may_read_reports_without_cookies_and_no_other() {
    let world = World::new();
    let key = world.key(&["read:web"]);
    let ask = Ask::get("/v1/dimensions").key(&key).header("origin", "https://elsewhere.example");
    assert!(!world.send(ask).await.headers.contains_key("access-control-allow-origin"));
}
