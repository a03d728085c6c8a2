//! The demo shop: pages under `/demo/` with the real tracker.
//!
//! A click there shows on the dashboard.
//!
//! Only there when the server was started with a demo site; otherwise every address under `/demo` is a 404 like any other.

use std::collections::HashMap;

use gate::http::{Headers, Path, Problem, Raw, Route};
use gate::{Class, Permit, Policy};
use http::{HeaderMap, Method};
use rust_embed::RustEmbed;

use crate::app::App;
use crate::assets::{Asset, NO_STORE};

pub(crate) fn routes() -> Vec<Route<App>> {
    let policy = Policy::public(Class::Static);
    vec![
        Route::new(Method::GET, "/demo/", policy, get_demo)
            .summary("The demo shop, if there is one"),
        Route::new(Method::GET, "/demo/{*path}", policy, get_demo_page)
            .summary("A page of the demo shop"),
    ]
}

/// The domain the pages are written with.
const WRITTEN_FOR: &str = "eiderandelm.example";

#[derive(RustEmbed)]
#[folder = "src/demo"]
struct Folder;

/// The pages and files by their path below `/demo/`, for one site.
pub(crate) struct Demo(HashMap<String, Asset>);

impl Demo {
    /// The shop of this site.
    pub(crate) fn new(domain: &str) -> Self {
        let files = Folder::iter().filter_map(|path| {
            let text = String::from_utf8(Folder::get(&path)?.data.into_owned()).ok()?;
            let asset = Asset::from_text(&path, text.replace(WRITTEN_FOR, domain));
            Some((address(&path).to_owned(), asset))
        });
        Self(files.collect())
    }

    /// The page or file of this path below `/demo/`.
    pub(crate) fn get(&self, path: &str) -> Option<&Asset> {
        self.0.get(path.trim_end_matches('/'))
    }
}

/// Pages are asked for without their ending, the first one by nothing.
fn address(file: &str) -> &str {
    match file.strip_suffix(".html") {
        Some("index") => "",
        Some(page) => page,
        None => file,
    }
}

async fn get_demo(_: Permit, app: App, Headers(headers): Headers) -> Result<Raw, Problem> {
    page(&app, "", &headers)
}

async fn get_demo_page(
    _: Permit,
    app: App,
    Path(path): Path<String>,
    Headers(headers): Headers,
) -> Result<Raw, Problem> {
    page(&app, &path, &headers)
}

fn page(app: &App, path: &str, headers: &HeaderMap) -> Result<Raw, Problem> {
    let asset = app.demo().and_then(|demo| demo.get(path)).ok_or_else(Problem::not_found)?;
    Ok(Raw(asset.respond(headers, NO_STORE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_by_name_and_carry_the_site() {
        let demo = Demo::new("other.example");
        for path in [
            "",
            "tea-bowl",
            "slow-clay/",
            "cart",
            "thanks",
            "shop.css",
            "shop.js",
            "tea-bowl.svg",
            "care-guide.txt",
        ] {
            assert!(demo.get(path).is_some(), "{path}");
        }
        for path in ["index.html", "index", "nothing", "../demo.rs"] {
            assert!(demo.get(path).is_none(), "{path}");
        }
    }
}
