//! The dashboard's files, the tracker, the demo shop.

use http::{Method, StatusCode};

use crate::{Answer, Ask, World};

fn page(path: &str) -> Ask {
    Ask::get(path).header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
}

/// The address of the first script the page names.
fn script_of(html: &str) -> String {
    let start = html.find("src=\"/assets/").unwrap() + 5;
    html[start..].split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn every_page_is_the_dashboard_and_is_kept_by_nobody() {
    let world = World::new();
    let first = world.send(page("/")).await;
    assert_eq!(first.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(first.headers["cache-control"], "no-store");
    let csp = first.headers["content-security-policy"].to_str().unwrap();
    assert!(
        csp.contains("script-src 'self'") && csp.contains("require-trusted-types-for 'script'"),
        "{csp}"
    );
    for path in ["/sites/shop.example", "/account", "/setup?x=1"] {
        assert_eq!(world.send(page(path)).await.body, first.body, "{path}");
    }
    assert_eq!(world.send(Ask::get("/sites/shop.example")).await.problem(404), "not-found");
    assert_eq!(
        world
            .send(Ask::new(Method::POST, "/sites/x").header("accept", "text/html"))
            .await
            .problem(404),
        "not-found"
    );
}

#[tokio::test]
async fn the_page_runs_nothing_of_its_own_or_of_others() {
    let world = World::new();
    let html = world.send(page("/")).await.text();
    assert!(
        !html.contains("<style")
            && !html.contains("style=\"")
            && !html.contains("http://")
            && !html.contains("https://"),
        "{html}"
    );
    for script in html.split("<script").skip(1) {
        let (tag, rest) = script.split_once('>').unwrap();
        assert!(tag.contains(" src=\"/assets/") && rest.starts_with("</script>"), "{html}");
    }
}

#[tokio::test]
async fn files_never_change_and_come_as_small_as_can_be() {
    let world = World::new();
    let script = script_of(&world.send(page("/")).await.text());
    let get = async |encoding: &str| -> Answer {
        world.send(Ask::get(&script).header("accept-encoding", encoding)).await
    };
    let plain = get("identity").await;
    assert_eq!(plain.headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(plain.headers["cache-control"], "public, max-age=31536000, immutable");
    for (encoding, expected) in [("br, gzip", "br"), ("gzip", "gzip")] {
        let packed = get(encoding).await;
        assert_eq!(packed.headers["content-encoding"], expected);
        assert!(packed.body.len() < plain.body.len() / 2, "{expected}");
        assert!(packed.headers.get_all("vary").iter().any(|vary| vary == "accept-encoding"));
        assert_ne!(packed.headers["etag"], plain.headers["etag"]);
    }
    let etag = plain.headers["etag"].to_str().unwrap();
    let again = world.send(Ask::get(&script).header("if-none-match", etag)).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(again.headers["cache-control"], "public, max-age=31536000, immutable");
}

#[tokio::test]
async fn the_tracker_is_served_to_other_peoples_pages() {
    let world = World::new();
    let base = world.send(Ask::get("/js/script.js").header("origin", "https://shop.example")).await;
    assert_eq!(base.status, 200);
    assert_eq!(base.headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(base.headers["cross-origin-resource-policy"], "cross-origin");
    assert_eq!(base.headers["cache-control"], "public, max-age=3600");
    assert!(!base.headers.contains_key("set-cookie"));
    assert_eq!(world.send(Ask::get("/js/plausible.js")).await.body, base.body);
    let all = world.send(Ask::get("/js/script.outbound-links.hash.js")).await;
    assert_eq!(all.status, 200);
    assert!(all.body.len() > base.body.len());
    let etag = base.headers["etag"].to_str().unwrap();
    assert_eq!(
        world.send(Ask::get("/js/script.js").header("if-none-match", etag)).await.status,
        StatusCode::NOT_MODIFIED
    );
}

#[tokio::test]
async fn the_demo_shop_is_there_when_asked_for() {
    let world = World::with(|options| options.demo_site = Some("demo.example".parse().unwrap()));
    let shop = world.send(page("/demo/")).await;
    assert_eq!(shop.headers["content-type"], "text/html; charset=utf-8");
    let html = shop.text();
    assert!(html.contains("data-domain=\"demo.example\"") && html.contains("/js/script"), "{html}");
    assert_eq!(world.send(page("/demo/thanks")).await.status, 200);
    assert_eq!(
        world.send(Ask::get("/demo/shop.js")).await.headers["content-type"],
        "text/javascript; charset=utf-8"
    );
    assert_eq!(world.send(page("/demo/nothing")).await.problem(404), "not-found");
}
