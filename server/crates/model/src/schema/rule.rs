//! The rules of a field or a record apart from its kind: whether they changed, and whether old values may break the new.

use serde_json::{Map, Value as Json};

use super::collection::Collection;
use super::field::Field;
use super::keyword;

/// What became of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuleChange {
    /// They mean the same.
    None,
    /// Every value that was allowed still is.
    Looser,
    /// Values that exist may break them.
    Other,
}

/// What became of a field's rules.
pub(super) fn between(before: (&Collection, &Field), after: (&Collection, &Field)) -> RuleChange {
    let (old, new) = (of_field(before), of_field(after));
    match (&old, &new) {
        _ if old == new => RuleChange::None,
        (Json::Object(old), Json::Object(new)) if loosened(old, new) => RuleChange::Looser,
        _ => RuleChange::Other,
    }
}

/// A field's rules: its schema without annotations, and the definitions if it refers to them.
fn of_field((collection, field): (&Collection, &Field)) -> Json {
    let node = collection.schema.get("properties").and_then(|properties| properties.get(&field.name));
    with_definitions(collection, keyword::rules(node.unwrap_or(&Json::Null)))
}

/// The rules for a record as a whole: what stands in the schema besides its fields; none if nothing does.
pub(super) fn of_record(collection: &Collection) -> Option<Json> {
    let Json::Object(mut members) = keyword::rules(&collection.schema) else { return None };
    for keyword in [
        "properties",
        "required",
        "type",
        "additionalProperties",
        "unevaluatedProperties",
        "$schema",
        "$id",
        "$defs",
        "definitions",
    ] {
        members.shift_remove(keyword);
    }
    (!members.is_empty()).then(|| with_definitions(collection, Json::Object(members)))
}

fn with_definitions(collection: &Collection, mut rules: Json) -> Json {
    let refers = refers(&rules);
    if let (Json::Object(members), true) = (&mut rules, refers) {
        // A `$ref` may point anywhere in the document.
        members.insert("$defs".to_owned(), keyword::rules(&collection.schema));
    }
    rules
}

fn refers(rules: &Json) -> bool {
    match rules {
        Json::Object(members) => members.contains_key("$ref") || members.values().any(refers),
        Json::Array(items) => items.iter().any(refers),
        _ => false,
    }
}

/// Whether each keyword that differs lets more through than before.
fn loosened(old: &Map<String, Json>, new: &Map<String, Json>) -> bool {
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    names
        .filter(|name| old.get(*name) != new.get(*name))
        .all(|name| keyword_loosened(name, old.get(name), new.get(name)))
}

fn keyword_loosened(name: &str, old: Option<&Json>, new: Option<&Json>) -> bool {
    let number = |json: Option<&Json>| json.and_then(Json::as_f64);
    match name {
        "maxLength" | "maxItems" | "maxProperties" | "maximum" | "exclusiveMaximum" => {
            new.is_none() || number(old) <= number(new) && old.is_some()
        }
        "minLength" | "minItems" | "minProperties" | "minimum" | "exclusiveMinimum" => {
            new.is_none() || number(new) <= number(old) && old.is_some()
        }
        "pattern" | "multipleOf" | "uniqueItems" | "const" | "not" | "contains" | "propertyNames"
        | "dependentRequired" => new.is_none(),
        "enum" | "type" => {
            new.is_none()
                || old.is_some_and(|old| {
                    members(old).iter().all(|value| members(new.unwrap_or(&Json::Null)).contains(value))
                })
        }
        _ => false,
    }
}

/// The values of `enum`, or the types of `type`, which may be one word.
fn members(json: &Json) -> Vec<&Json> {
    json.as_array().map_or_else(|| vec![json], |values| values.iter().collect())
}
