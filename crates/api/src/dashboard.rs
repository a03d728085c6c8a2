//! The dashboard: the files of `ui/dist`, and `index.html` for each of its
//! pages.
//!
//! The front end routes by itself, so a browser that asks for a page nobody knows here gets `index.html` (and the front end says
//! what it does not know). What is not a page keeps its 404: everything under the prefixes below, names that begin with a dot,
//! and every request that does not ask for HTML; so a mistyped API path, or `/.env`, never answers 200.

use std::sync::LazyLock;

use gate::http::{Headers, Path, Problem, Raw, RawRequest, Route, Routes};
use gate::{Class, Permit, Policy};
use http::{HeaderMap, Method};
use rust_embed::RustEmbed;

use crate::app::App;
use crate::assets::{Assets, IMMUTABLE, NO_STORE};

/// First segments under which no page of the dashboard is.
const NOT_PAGES: [&str; 7] = ["v1", "api", "js", "assets", "health", "metrics", "demo"];

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
struct Folder;

static FILES: LazyLock<Assets> = LazyLock::new(Assets::of::<Folder>);

pub(crate) fn routes() -> Vec<Route<App>> {
    let policy = Policy::public(Class::Static);
    vec![
        Route::new(Method::GET, "/", policy, get_dashboard).summary("The dashboard"),
        Route::new(Method::GET, "/assets/{*path}", policy, get_asset)
            .summary("A file of the dashboard"),
    ]
}

/// Lets the dashboard answer for its pages.
pub(crate) fn fallback(routes: Routes<App>) -> Routes<App> {
    routes.fallback(Policy::public(Class::Static), get_page)
}

async fn get_dashboard(_: Permit, _: App, Headers(headers): Headers) -> Result<Raw, Problem> {
    page(&headers)
}

async fn get_asset(
    _: Permit,
    _: App,
    Path(path): Path<String>,
    Headers(headers): Headers,
) -> Result<Raw, Problem> {
    let file = FILES.get(&format!("assets/{path}")).ok_or_else(Problem::not_found)?;
    Ok(Raw(file.respond(&headers, IMMUTABLE)))
}

async fn get_page(_: Permit, _: App, request: RawRequest) -> Result<Raw, Problem> {
    if is_page(request.head.uri.path()) && asks_for_html(&request.head.headers) {
        page(&request.head.headers)
    } else {
        Err(Problem::not_found())
    }
}

fn page(headers: &HeaderMap) -> Result<Raw, Problem> {
    let file = FILES.get("index.html").ok_or_else(Problem::not_found)?;
    Ok(Raw(file.respond(headers, NO_STORE)))
}

/// Whether a page of the dashboard could be there.
pub(crate) fn is_page(path: &str) -> bool {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let known = segments.clone().next().is_some_and(|first| NOT_PAGES.contains(&first));
    !known && !segments.any(|segment| segment.starts_with('.'))
}

/// Browsers name HTML when they open a page; scripts, images and most tools do not.
fn asks_for_html(headers: &HeaderMap) -> bool {
    let values =
        headers.get_all(http::header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|range| {
        range.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/html"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_what_is_nothing_else() {
        for path in
            ["/", "/sites/example.com", "/sites/example.com/settings", "/setup", "/apiary", "//x"]
        {
            assert!(is_page(path), "{path}");
        }
        for path in [
            "/v1",
            "/v1/nothing",
            "//v1/x",
            "/api/event/x",
            "/js/x",
            "/assets/x.js",
            "/.env",
            "/a/.git/config",
            "/demo/x",
        ] {
            assert!(!is_page(path), "{path}");
        }
    }

    #[test]
    fn only_who_names_html_gets_a_page() {
        for (accept, expected) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("Text/HTML;q=0.5", true),
            ("*/*", false),
            ("image/avif,image/webp,*/*;q=0.8", false),
            ("application/json", false),
            ("", false),
        ] {
            let headers = [(http::header::ACCEPT, http::HeaderValue::from_static(accept))]
                .into_iter()
                .collect();
            assert_eq!(asks_for_html(&headers), expected, "{accept}");
        }
    }

    #[test]
    fn the_page_and_the_files_it_names_are_there() {
        assert!(FILES.get("index.html").is_some());
        assert!(FILES.get("index.html.gz").is_none(), "a twin is a file of its own");
    }
}
