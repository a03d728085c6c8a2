//! The document and the refusals of the route list.

use gate::http::{ApiTitle, NoContent, Route, Routes, RoutesError};
use gate::{Class, CorsClass, CsrfRule, Permit, Policy};
use http::Method;

use crate::support::{App, routes};

fn document() -> serde_json::Value {
    routes().openapi(&ApiTitle { title: "Things", version: "1", description: "All about things" })
}

#[test]
fn the_document_follows_the_handlers() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let create = &document["paths"]["/v1/things"]["post"];
    assert_eq!(create["operationId"], "create_thing");
    let schema = &create["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(schema["$ref"], "#/components/schemas/Thing");
    assert_eq!(
        create["responses"]["201"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/Thing"
    );
    assert_eq!(document["components"]["schemas"]["Thing"]["additionalProperties"], false);
    let list = &document["paths"]["/v1/things"]["get"];
    assert_eq!(list["summary"], "All things");
    let limit = &list["parameters"][0];
    assert_eq!(
        (limit["name"].as_str(), limit["in"].as_str(), limit["required"].as_bool()),
        (Some("limit"), Some("query"), Some(false))
    );
    assert_eq!(limit["description"], "Most things.");
    let one = &document["paths"]["/v1/things/{id}"]["get"];
    assert_eq!(
        (one["parameters"][0]["name"].as_str(), one["parameters"][0]["in"].as_str()),
        (Some("id"), Some("path"))
    );
}

#[test]
fn every_operation_says_how_it_is_guarded_and_how_it_fails() {
    let document = document();
    for row in routes().table() {
        if row.path == "/{*path}" {
            continue;
        }
        let operation = &document["paths"][&row.path][row.method.to_ascii_lowercase()];
        assert_eq!(operation["operationId"], row.operation.as_str(), "{}", row.path);
        let guarded = operation["security"].as_array().unwrap().len();
        assert_eq!(guarded, if row.access == "public" { 0 } else { 3 });
        for status in ["400", "429", "500", "503"] {
            assert_eq!(operation["responses"][status]["$ref"], "#/components/responses/Problem");
        }
        assert_eq!(operation["responses"].get("401").is_some(), row.access != "public");
    }
    let text = document.to_string();
    for reference in text.split("\"#/components/").skip(1) {
        let path: Vec<&str> = reference.split('"').next().unwrap().split('/').collect();
        assert!(document["components"][path[0]].get(path[1]).is_some(), "{path:?}");
    }
}

async fn nothing(_: Permit, _: App) -> NoContent {
    NoContent
}

async fn nothing_else(_: Permit, _: App) -> NoContent {
    NoContent
}

fn check(routes: &Routes<App>) -> String {
    routes.check().err().map_or_else(|| "fine".to_owned(), |error| error.to_string())
}

#[test]
fn routes_that_contradict_each_other_are_refused() {
    let read = Policy::read("web");
    let one = || Routes::new().add(Route::new(Method::GET, "/a/{id}", read, nothing));
    assert_eq!(check(&one()), "fine");
    let twice = one().add(Route::new(Method::GET, "/a/{other}", read, nothing_else)).check();
    assert!(matches!(twice, Err(RoutesError::Duplicate(..))));
    let named = one()
        .add(Route::new(Method::POST, "/a/{other}", Policy::write("web"), nothing_else))
        .check();
    assert!(matches!(named, Err(RoutesError::Duplicate(..))));
    assert_eq!(
        check(&one().add(Route::new(Method::GET, "/b", read, nothing))),
        "two routes are called nothing"
    );
    assert_eq!(
        check(&one().add(Route::new(Method::GET, "/b", read, nothing).named("again"))),
        "fine"
    );
}

#[test]
fn policies_that_contradict_themselves_are_refused() {
    let fault = |method: Method, policy: Policy| {
        check(&Routes::new().add(Route::new(method, "/a", policy, nothing)))
    };
    for (method, policy, expected) in [
        (Method::GET, Policy::read("web").cost(0), "free of cost"),
        (Method::GET, Policy::read("web").cors(CorsClass::Ingest), "cannot ask for a credential"),
        (Method::POST, Policy::write("web").cors(CorsClass::Api), "read, not change"),
        (Method::POST, Policy::write("web").csrf(CsrfRule::Exempt), "must prove its origin"),
        (Method::TRACE, Policy::public(Class::Other), "refused everywhere"),
        (Method::HEAD, Policy::public(Class::Other), "answered by the gate"),
    ] {
        assert!(fault(method.clone(), policy).contains(expected), "{method} {policy:?}");
    }
}
