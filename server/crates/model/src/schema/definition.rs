//! A definition: what a person or a file says a collection is, before it is checked.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::explain::{self, describe};
use super::keyword::children;
use super::violation::{Violation, excerpt, join};
use crate::digest::hex_digest;
use crate::nearest::hint;

/// A collection as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// A JSON Schema 2020-12 document.
    pub schema: Json,
    /// Indexes over several fields.
    #[serde(default)]
    pub indexes: Vec<IndexDefinition>,
    /// Fields of the full-text index.
    #[serde(default)]
    pub search: Vec<String>,
}

/// An index as it is written down: `{"fields": ["status", "-createdAt"], "unique": true}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexDefinition {
    /// Names of fields, each with `-` before it if it is kept greatest first.
    pub fields: Vec<String>,
    /// Whether no two records may agree in all of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
}

impl Definition {
    /// Reads a definition from a body that holds `name`, `schema`, `indexes`, `search` and `kind`, nothing else.
    pub fn read(mut body: Map<String, Json>) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        if body.remove("kind").is_some_and(|kind| kind != "base") {
            violations.push(Violation::new(
                "/kind",
                "not_supported",
                "views are not supported yet: write \"base\", or leave kind out",
            ));
        }
        let name = body.remove("name");
        let schema = body.remove("schema");
        let indexes =
            take_list(&mut body, "indexes", "{\"fields\": [\"name\", \"-other\"], \"unique\": false}", &mut violations);
        let search = take_list(&mut body, "search", "names of fields", &mut violations);
        for unknown in body.keys().take(explain::MOST) {
            let meant = hint(unknown, ["name", "schema", "indexes", "search", "kind"]);
            violations.push(Violation::new(
                join("", unknown),
                "unknown_field",
                format!("a collection has no member {:?}{meant}: remove it", excerpt(unknown)),
            ));
        }
        match (&name, &schema) {
            (Some(Json::String(_)), Some(_)) => {}
            (Some(Json::String(_)), None) => {
                violations.push(Violation::new("/schema", "required", "give the JSON Schema of the records"));
            }
            (Some(other), _) => {
                violations.push(Violation::new("/name", "type", format!("expected text, found {}", describe(other))));
            }
            (None, _) => violations.push(Violation::new("/name", "required", "give the collection a name")),
        }
        match (name, schema) {
            (Some(Json::String(name)), Some(schema)) if violations.is_empty() => {
                Ok(Self { name, schema, indexes, search })
            }
            _ => Err(violations),
        }
    }

    /// A short text that is equal for equal definitions: the `ETag` of a collection. The order of the properties
    /// counts, since it is the order of the fields.
    pub fn hash(&self) -> String {
        let written = serde_json::json!([self.name, self.schema, self.indexes, self.search]).to_string();
        hex_digest(&written, 16)
    }

    /// Lets every relation that points at `from` point at `to`, as after a rename; whether there was one.
    pub fn retarget(&mut self, from: &str, to: &str) -> bool {
        let mut places = Vec::new();
        relations_to("", &self.schema, from, &mut places);
        for place in &places {
            if let Some(target) = self.schema.pointer_mut(place) {
                *target = to.into();
            }
        }
        !places.is_empty()
    }
}

/// A member that is a list, each item read by itself; an absent one is empty.
fn take_list<T: serde::de::DeserializeOwned>(
    body: &mut Map<String, Json>,
    name: &str,
    form: &str,
    violations: &mut Vec<Violation>,
) -> Vec<T> {
    let at = join("", name);
    let items = match body.remove(name) {
        None => return Vec::new(),
        Some(Json::Array(items)) => items,
        Some(other) => {
            violations.push(Violation::new(
                at,
                "type",
                format!("expected an array of {form}, found {}", describe(&other)),
            ));
            return Vec::new();
        }
    };
    let mut read = Vec::with_capacity(items.len());
    for (n, item) in items.into_iter().enumerate() {
        match serde_json::from_value(item) {
            Ok(item) => read.push(item),
            Err(_) => violations.push(Violation::new(join(&at, n), "type", format!("expected {form}"))),
        }
    }
    read
}

/// The places of all `x-relation`s that point at a collection.
fn relations_to(pointer: &str, node: &Json, target: &str, found: &mut Vec<String>) {
    if node.pointer("/x-relation/collection").is_some_and(|collection| collection == target) {
        found.push(format!("{pointer}/x-relation/collection"));
    }
    for child in children(pointer, node) {
        relations_to(&child.pointer, child.node, target, found);
    }
}
