//! The documents made from the routes: the table and OpenAPI, as golden files.

use std::collections::BTreeSet;

use serde_json::Value;

#[test]
fn the_route_table() {
    insta::assert_json_snapshot!("routes", api::routes_table());
}

#[test]
fn the_openapi_document() {
    insta::assert_json_snapshot!("openapi", api::openapi());
}

#[test]
fn every_route_is_documented_in_words() {
    let document = api::openapi();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            assert!(
                operation["summary"].as_str().is_some_and(|text| text.len() > 5),
                "{method} {path} has no summary"
            );
            let answers = operation["responses"].as_object().unwrap();
            assert!(
                answers.keys().any(|status| status.starts_with('2')),
                "{method} {path} has no good answer"
            );
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = api::openapi();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(references.len() > 10, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                references.insert(reference.clone());
            }
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}
