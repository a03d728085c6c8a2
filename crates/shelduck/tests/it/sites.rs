//! What the tests share: a server with one site, and events for it.

use anyhow::{Result, ensure};
use http::Method;
use serde_json::json;
use testkit::{Answer, Client, Options, Server};

/// The site every test counts.
pub(crate) const SITE: &str = "shop.example";

/// A browser nobody takes for a robot.
pub(crate) const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";

/// Limits that a test from one address does not trip.
pub(crate) fn generous() -> Options {
    Options::default()
        .with("LIMITS__CATEGORIES__INGEST", "4000000000")
        .with("LIMITS__CATEGORIES__READ", "4000000000")
        .with("LIMITS__CATEGORIES__WRITE", "4000000000")
        .with("LIMITS__CATEGORIES__AUTH", "4000000000")
        .with("LIMITS__BURSTS__API_SIZE", "4000000000")
        .with("LIMITS__BURSTS__LOGIN_SIZE", "4000000000")
        .with("WEB__BATCH_INTERVAL", "50ms")
        .with("AUTH__PASSWORDS__MEMORY", "19MiB")
        .with("AUTH__PASSWORDS__ITERATIONS", "2")
}

/// A server with the site and its admin.
pub(crate) async fn server_with_site(options: Options) -> Result<(Server, Client)> {
    let server = Server::start(options)?;
    let mut admin = server.admin().await?;
    let made = admin.send_json(Method::POST, "/v1/sites", &json!({"domain": SITE})).await?;
    ensure!(made.status == 201, "{} {}", made.status, made.text());
    Ok((server, admin))
}

/// Somebody's browser, sending events.
pub(crate) fn browser(server: &Server) -> Result<Client> {
    let mut client = Client::anonymous(server.address()?);
    client.headers.insert("user-agent", BROWSER.parse()?);
    client.headers.insert("accept-language", "en".parse()?);
    client.headers.insert("origin", format!("https://{SITE}").parse()?);
    Ok(client)
}

/// Sends a page view.
pub(crate) async fn page_view(client: &mut Client, path: &str) -> Result<Answer> {
    let body = json!({"n": "pageview", "d": SITE, "u": format!("https://{SITE}{path}")});
    client
        .send(Method::POST, "/api/event", Some(("text/plain", serde_json::to_vec(&body)?.into())))
        .await
}
