//! The OpenAPI 3.1 document: made from the collections in force and from what its reader may see and do.
//!
//! A collection without any rule for the reader is not in it, nor is a field that the reader can neither read nor
//! write, nor what only such fields need or lead to, so the document tells nobody more than the API itself would.

mod components;
mod fixed;
mod records;

use serde_json::{Map, Value as Json, json};

use crate::code::Code;
use crate::policy::{Action, Caller, Denied, Policy};

/// The document for this reader. `server` is the address under which the API is reached.
pub fn document(policy: &Policy, caller: &Caller, server: &str) -> Result<Json, Denied> {
    let mut paths = Map::new();
    let mut schemas = components::schemas();
    let state = policy.state();
    let mut known = Vec::new();
    for collection in state.catalog().iter() {
        let right = |action| match policy.authorize(caller, action, &collection.name) {
            Ok(grant) => Ok(Some(grant)),
            Err(fault @ Denied::Fault(_)) => Err(fault),
            Err(_) => Ok(None),
        };
        let rights = records::Rights {
            read: right(Action::Read)?,
            create: right(Action::Create)?,
            update: right(Action::Update)?,
            delete: right(Action::Delete)?,
        };
        if rights.any() {
            known.push((collection, rights));
        }
    }
    let names = |name: &str| known.iter().any(|(collection, _)| collection.name == name);
    for (collection, rights) in &known {
        records::describe(collection, rights, &names, &mut paths, &mut schemas);
    }
    fixed::paths(&mut paths, &schemas);
    Ok(json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Plinth",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Collections described by JSON Schema, as records, live changes and policies.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": format!("{}/api/v1", server.trim_end_matches('/')) }],
        "security": [{}, { "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas,
            "responses": { "Problem": problem_response() },
            "parameters": components::parameters(),
        },
    }))
}

/// A reference to a component's schema.
fn schema(name: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// A reference to a shared parameter.
fn parameter(name: &str) -> Json {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

/// A JSON body of this schema.
fn body(schema: Json) -> Json {
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

/// An answer of this schema.
fn answer(description: &str, schema: Json) -> Json {
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}

/// An answer without a body.
fn empty(description: &str) -> Json {
    json!({ "description": description })
}

fn problem_response() -> Json {
    json!({
        "description": "A failure: RFC 9457.",
        "content": { "application/problem+json": { "schema": schema("Problem") } },
    })
}

/// One operation: what it does, what it takes, and what it answers besides failures.
struct Operation<'a> {
    id: &'a str,
    tag: &'a str,
    summary: &'a str,
    parameters: Vec<Json>,
    body: Option<Json>,
    answers: Vec<(u16, Json)>,
}

impl Operation<'_> {
    fn to_json(&self) -> Json {
        let mut responses: Map<String, Json> =
            self.answers.iter().map(|(status, answer)| (status.to_string(), answer.clone())).collect();
        responses.insert("default".into(), json!({ "$ref": "#/components/responses/Problem" }));
        let mut operation = Map::new();
        operation.insert("operationId".into(), self.id.into());
        operation.insert("tags".into(), json!([self.tag]));
        operation.insert("summary".into(), self.summary.into());
        if !self.parameters.is_empty() {
            operation.insert("parameters".into(), self.parameters.clone().into());
        }
        if let Some(body) = &self.body {
            operation.insert("requestBody".into(), body.clone());
        }
        operation.insert("responses".into(), Json::Object(responses));
        Json::Object(operation)
    }
}

/// Adds an operation to a path.
fn put(paths: &mut Map<String, Json>, path: &str, method: &str, operation: &Operation<'_>) {
    let entry = paths.entry(path).or_insert_with(|| json!({}));
    if let Json::Object(methods) = entry {
        methods.insert(method.to_owned(), operation.to_json());
    }
}

/// The table of codes.
fn codes() -> Json {
    let code = |code: &Code| json!({ "code": code.as_str(), "status": code.status(), "title": code.title(), "meaning": code.meaning().trim() });
    Code::ALL.iter().map(code).collect()
}
