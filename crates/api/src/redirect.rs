//! Plain HTTP where HTTPS is wanted: pages are sent there, nothing else is.
//!
//! A program that sends its key over plain HTTP must notice, and not be led on by a redirect that its library follows
//! silently (ASVS 4.1.2). Where pages go is what the operator says, never what the request names as its host.

use axum::body::Body;
use gate::http::{Kind, Problem, Raw, RawRequest, Response, Routes};
use gate::{Class, Permit, Policy};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use url::Url;

use crate::app::App;
use crate::dashboard::is_page;

const HTTPS_ONLY: Kind =
    Kind::new("https-only", StatusCode::FORBIDDEN, "This is served over HTTPS only");

pub(crate) fn routes() -> Routes<App> {
    Routes::new().fallback(Policy::public(Class::Static), redirect_page)
}

async fn redirect_page(_: Permit, app: App, request: RawRequest) -> Result<Raw, Problem> {
    let uri = &request.head.uri;
    let base = &app.options().public_url;
    if !is_page(uri.path()) || base.scheme() != "https" {
        return Err(Problem::new(HTTPS_ONLY));
    }
    let target = target(base, uri.path(), uri.query());
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    let target = HeaderValue::from_str(target.as_str()).map_err(Problem::internal)?;
    response.headers_mut().insert(LOCATION, target);
    Ok(Raw(response))
}

/// The same page under our own address; the path is set as such, so nothing in it can name another host.
fn target(base: &Url, path: &str, query: Option<&str>) -> Url {
    let mut target = base.clone();
    target.set_path(path);
    target.set_query(query);
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_to_another_host() {
        let base: Url = "https://stats.example:8443".parse().unwrap();
        for (path, query, expected) in [
            ("/", None, "https://stats.example:8443/"),
            ("/sites/a", Some("period=7d"), "https://stats.example:8443/sites/a?period=7d"),
            ("//evil.example/x", None, "https://stats.example:8443//evil.example/x"),
            ("/\\evil.example", None, "https://stats.example:8443//evil.example"),
            ("/@evil.example", None, "https://stats.example:8443/@evil.example"),
            ("/a%0d%0aset-cookie:x", None, "https://stats.example:8443/a%0d%0aset-cookie:x"),
        ] {
            assert_eq!(target(&base, path, query).as_str(), expected);
        }
    }
}
