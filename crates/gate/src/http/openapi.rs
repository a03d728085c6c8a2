//! The OpenAPI 3.1 document, from the same list as the router.

use http::StatusCode;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::cookie::SESSION_COOKIE;
use super::route::Route;
use crate::policy::{Access, Policy};

const PROBLEM: &str = "#/components/responses/Problem";

/// What the document says about itself.
#[derive(Debug, Clone)]
pub struct ApiTitle {
    /// The product's name.
    pub title: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What it is, in a line.
    pub description: &'static str,
}

/// One operation being described.
#[derive(Debug)]
pub struct Operation<'a> {
    generator: &'a mut SchemaGenerator,
    path: &'static str,
    parameters: Vec<Value>,
    body: Option<Value>,
    responses: Map<String, Value>,
}

impl Operation<'_> {
    /// The schema of a type; what has a name goes into the document's components.
    pub fn schema<T: JsonSchema>(&mut self) -> Schema {
        self.generator.subschema_for::<T>()
    }

    /// A body of JSON.
    pub fn json_body(&mut self, schema: &Schema) {
        self.body = Some(json!({
            "required": true,
            "content": { "application/json": { "schema": schema } },
        }));
    }

    /// An answer.
    pub fn response(&mut self, status: StatusCode, content: Option<(&'static str, Schema)>) {
        let mut response = json!({ "description": status.canonical_reason().unwrap_or("Answer") });
        if let (Some((kind, schema)), Some(response)) = (content, response.as_object_mut()) {
            response.insert("content".to_owned(), json!({ kind: { "schema": schema } }));
        }
        self.responses.insert(status.as_u16().to_string(), response);
    }

    /// The parameters of the path, their schemas from a struct's fields where the names fit.
    pub fn path_parameters(&mut self, schema: &Schema) {
        let schema = self.resolved(schema);
        let properties = schema.get("properties").and_then(Value::as_object);
        for name in path_names(self.path) {
            let own = properties.and_then(|properties| properties.get(name)).cloned();
            let schema = own.unwrap_or_else(|| json!({ "type": "string" }));
            self.parameters
                .push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
        }
    }

    /// The parameters of the query string, one for each field of a struct.
    pub fn query_parameters(&mut self, schema: &Schema) {
        let schema = self.resolved(schema);
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return;
        };
        let required = schema.get("required").and_then(Value::as_array);
        for (name, own) in properties {
            let needed = required.is_some_and(|names| names.iter().any(|one| one == name));
            let mut own = own.clone();
            let about = own.as_object_mut().and_then(|own| own.remove("description"));
            let mut parameter =
                json!({ "name": name, "in": "query", "required": needed, "schema": own });
            if let (Some(about), Some(parameter)) = (about, parameter.as_object_mut()) {
                parameter.insert("description".to_owned(), about);
            }
            self.parameters.push(parameter);
        }
    }

    /// A schema with its reference followed.
    fn resolved(&self, schema: &Schema) -> Value {
        let name =
            schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
        let found = name.and_then(|name| self.generator.definitions().get(name));
        found.cloned().unwrap_or_else(|| schema.clone().to_value())
    }

    fn finish<S: 'static>(mut self, route: &Route<S>) -> Value {
        if self.parameters.iter().all(|parameter| parameter["in"] != "path") {
            for name in path_names(self.path) {
                let schema = json!({ "type": "string" });
                self.parameters.push(
                    json!({ "name": name, "in": "path", "required": true, "schema": schema }),
                );
            }
        }
        if let Some((status, kind)) = route.returns {
            self.responses.retain(|status, _| !status.starts_with('2'));
            self.response(status, Some((kind, schemars::json_schema!({ "type": "string" }))));
        }
        for status in problem_statuses(&route.policy, &self) {
            self.responses.entry(status.to_string()).or_insert_with(|| json!({ "$ref": PROBLEM }));
        }
        self.responses.insert("default".to_owned(), json!({ "$ref": PROBLEM }));
        let mut operation = json!({
            "operationId": &*route.id,
            "tags": [tag(route.path)],
            "responses": self.responses,
            "security": security(&route.policy),
            "x-policy": { "class": route.policy.class, "cost": route.policy.cost, "scope": route.row().scope, "fresh": route.policy.fresh },
        });
        if let Some(operation) = operation.as_object_mut() {
            if let Some(summary) = route.summary {
                operation.insert("summary".to_owned(), summary.into());
            }
            if !self.parameters.is_empty() {
                operation.insert("parameters".to_owned(), self.parameters.into());
            }
            if let Some(body) = self.body {
                operation.insert("requestBody".to_owned(), body);
            }
        }
        operation
    }
}

/// The problems a route can answer with, by its policy.
fn problem_statuses(policy: &Policy, operation: &Operation<'_>) -> Vec<u16> {
    let mut statuses = vec![400, 429, 500, 503];
    if policy.access != Access::Public {
        statuses.push(401);
    }
    if matches!(policy.access, Access::Requires(_) | Access::Operator)
        || policy.fresh
        || policy.csrf != crate::policy::CsrfRule::Exempt
    {
        statuses.push(403);
    }
    if !path_names(operation.path).is_empty() {
        statuses.push(404);
    }
    if policy.body_bytes_max > 0 {
        statuses.extend([408, 413]);
    }
    if operation.body.is_some() {
        statuses.extend([415, 422]);
    }
    statuses
}

fn security(policy: &Policy) -> Value {
    match policy.access {
        Access::Public => json!([]),
        _ => json!([{ "session": [] }, { "bearer": [] }, { "key": [] }]),
    }
}

fn path_names(path: &'static str) -> Vec<&'static str> {
    let name = |part: &'static str| {
        part.strip_prefix('{')?.strip_suffix('}').map(|name| name.trim_start_matches('*'))
    };
    path.split('/').filter_map(name).collect()
}

fn tag(path: &str) -> &str {
    let mut parts = path.split('/').filter(|part| !part.is_empty() && *part != "v1");
    parts.next().unwrap_or("root")
}

/// The whole document.
pub(super) fn document<S: 'static>(routes: &[Route<S>], title: &ApiTitle) -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
        .into_generator();
    let mut sorted: Vec<&Route<S>> = routes.iter().collect();
    sorted.sort_by_key(|route| (route.path, route.method.to_string()));
    let mut paths = Map::new();
    for route in sorted {
        let mut operation = Operation {
            generator: &mut generator,
            path: route.path,
            parameters: Vec::new(),
            body: None,
            responses: Map::new(),
        };
        (route.describe)(&mut operation);
        let described = operation.finish(route);
        let path = paths.entry(route.path.replace("{*", "{")).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.as_str().to_ascii_lowercase(), described);
        }
    }
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": { "title": title.title, "version": title.version, "description": title.description },
        "paths": paths,
        "components": components(schemas),
    })
}

fn components(mut schemas: Map<String, Value>) -> Value {
    schemas.insert("Problem".to_owned(), problem_schema());
    json!({
        "schemas": schemas,
        "responses": { "Problem": {
            "description": "The request was refused or failed",
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        } },
        "securitySchemes": {
            "session": { "type": "apiKey", "in": "cookie", "name": SESSION_COOKIE },
            "bearer": { "type": "http", "scheme": "bearer" },
            "key": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
        },
    })
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "Problem details (RFC 9457)",
        "required": ["type", "title", "status", "request_id"],
        "properties": {
            "type": { "type": "string", "format": "uri" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "request_id": { "type": "string", "format": "uuid" },
            "errors": { "type": "array", "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": { "field": { "type": "string" }, "message": { "type": "string" } },
            } },
            "violated-policies": { "type": "array", "items": { "type": "string" } },
        },
    })
}
