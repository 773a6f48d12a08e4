//! Collections and records to test with.

use plinth_model::schema::{Definition, Violation, parse::parse};
use plinth_model::{Collection, Instant, Record, RecordId, Value};
use serde_json::{Map, Value as Json, json};

/// The collection `posts` with these properties, of which some are required.
pub(crate) fn posts(properties: &Json, required: &[&str]) -> Collection {
    collection("posts", properties, required)
}

pub(crate) fn collection(name: &str, properties: &Json, required: &[&str]) -> Collection {
    define(name, &json!({"type": "object", "required": required, "properties": properties}), &json!([]))
        .unwrap_or_else(|text| panic!("{text}"))
}

/// A definition read as the API reads it; violations as text, one a line.
pub(crate) fn define(name: &str, schema: &Json, indexes: &Json) -> Result<Collection, String> {
    let body = json!({"name": name, "schema": schema, "indexes": indexes});
    let definition = Definition::read(object(body)).map_err(|violations| shown(&violations))?;
    parse(&definition).map_err(|violations| shown(&violations))
}

/// What stands against a schema.
pub(crate) fn refusals(schema: &Json) -> String {
    define("posts", schema, &json!([])).map_or_else(|text| text, |_| "accepted".to_owned())
}

/// What stands against one property.
pub(crate) fn refused(property: &Json) -> String {
    refusals(&json!({"type": "object", "properties": {"field": property}}))
}

pub(crate) fn shown(violations: &[Violation]) -> String {
    violations.iter().map(|one| format!("{} {}: {}", one.pointer, one.code, one.message)).collect::<Vec<_>>().join("\n")
}

pub(crate) fn object(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(members) => members,
        other => panic!("{other} is no object"),
    }
}

pub(crate) fn record(values: Vec<Value>) -> Record {
    Record {
        id: id(1),
        created_at: "2026-01-31T09:30:00Z".parse().unwrap(),
        updated_at: "2026-02-01T00:00:00Z".parse().unwrap(),
        revision: 7,
        values,
    }
}

pub(crate) fn id(number: u8) -> RecordId {
    RecordId::from_parts(1_700_000_000_000, &[number; 10])
}

pub(crate) fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}
