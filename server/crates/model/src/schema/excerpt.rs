//! The part of a definition that some of its fields need, to stand in another document.
//!
//! A schema says more than its fields: definitions that only others use, references to other fields, collections that
//! relations lead to, names of the past. An excerpt starts from single fields and takes what they reach and nothing
//! else, so it tells of no field that was not asked for.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::document::percent_decode;
use super::keyword::{Holds, holds};

/// Takes fields out of a definition.
pub struct Excerpt<'a> {
    schema: &'a Json,
    /// Where the excerpt will stand, such as `#/components/schemas/posts`.
    place: String,
    /// Whether a collection may be named.
    names: &'a dyn Fn(&str) -> bool,
    /// The names under `$defs` of what is referred to, by its place in the definition.
    known: BTreeMap<String, String>,
    definitions: Map<String, Json>,
}

impl<'a> Excerpt<'a> {
    /// An excerpt of this schema document that will stand at `place`, and names the collections that `names` lets it.
    pub fn new(schema: &'a Json, place: String, names: &'a dyn Fn(&str) -> bool) -> Self {
        Self { schema, place, names, known: BTreeMap::new(), definitions: Map::new() }
    }

    /// A field's schema.
    pub fn property(&mut self, name: &str) -> Option<Json> {
        let node = self.schema.get("properties")?.get(name)?;
        Some(self.take(node))
    }

    /// What the fields that were taken refer to: the excerpt's `$defs`.
    pub fn definitions(self) -> Map<String, Json> {
        self.definitions
    }

    fn take(&mut self, node: &Json) -> Json {
        let Json::Object(members) = node else { return node.clone() };
        let mut taken = Map::with_capacity(members.len());
        for (keyword, value) in members {
            let value = match (keyword.as_str(), value) {
                // What is under $defs is taken when it is referred to.
                ("$comment" | "$defs" | "definitions" | "x-renamed-from", _) => continue,
                ("x-relation", relation) if !self.may_name(relation) => continue,
                ("$ref", Json::String(reference)) => match self.refer(reference) {
                    Some(reference) => Json::String(reference),
                    None => continue,
                },
                _ => self.take_inside(keyword, value),
            };
            taken.insert(keyword.clone(), value);
        }
        Json::Object(taken)
    }

    fn take_inside(&mut self, keyword: &str, value: &Json) -> Json {
        match (holds(keyword), value) {
            (Some(Holds::One), node) => self.take(node),
            (Some(Holds::Many), Json::Array(nodes)) => nodes.iter().map(|node| self.take(node)).collect(),
            (Some(Holds::Named), Json::Object(nodes)) => {
                Json::Object(nodes.iter().map(|(name, node)| (name.clone(), self.take(node))).collect())
            }
            (_, value) => value.clone(),
        }
    }

    fn may_name(&self, relation: &Json) -> bool {
        relation.get("collection").and_then(Json::as_str).is_some_and(self.names)
    }

    /// The reference as it reads in the excerpt. None if it points at nothing, which no checked definition does.
    fn refer(&mut self, reference: &str) -> Option<String> {
        let pointer = percent_decode(reference.strip_prefix('#')?)?;
        let name = match self.known.get(&pointer) {
            Some(name) => name.clone(),
            None => {
                let node = self.schema.pointer(&pointer)?;
                let name = self.name(&pointer);
                self.known.insert(pointer, name.clone());
                let taken = self.take(node);
                self.definitions.insert(name.clone(), taken);
                name
            }
        };
        Some(format!("{}/$defs/{name}", self.place))
    }

    /// What is under `$defs` keeps its name; anything else gets one that tells nothing of where it was.
    fn name(&self, pointer: &str) -> String {
        let own =
            |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if let Some(name) = pointer.strip_prefix("/$defs/").filter(own) {
            return name.to_owned();
        }
        format!("part-{}", self.known.len() + 1)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_excerpt_holds_what_its_fields_reach_and_nothing_else() {
        let schema = json!({
            "properties": {
                "size": { "$ref": "#/$defs/length", "$comment": "k7f", "x-renamed-from": "k7f" },
                "width": { "$ref": "#/properties/k7f", "examples": [{ "$ref": "#/$defs/k7f" }] },
                "of": { "type": "string", "x-relation": { "collection": "k7f" } },
                "author": { "type": "string", "x-relation": { "collection": "users" } },
                "k7f": { "type": "object", "properties": { "x-relation": { "$ref": "#/$defs/length" } } },
            },
            "$defs": { "length": { "anyOf": [{ "$ref": "#/$defs/unit" }] }, "unit": { "type": "number" }, "k7f": {} },
        });
        let mut excerpt = Excerpt::new(&schema, "#/at".to_owned(), &|name| name == "users");
        let taken = ["size", "width", "of", "author"].map(|name| excerpt.property(name).unwrap());
        assert_eq!(taken[0], json!({ "$ref": "#/at/$defs/length" }));
        assert_eq!(taken[1], json!({ "$ref": "#/at/$defs/part-3", "examples": [{ "$ref": "#/$defs/k7f" }] }));
        assert_eq!(taken[2], json!({ "type": "string" }));
        assert_eq!(taken[3], json!({ "type": "string", "x-relation": { "collection": "users" } }));
        let definitions = json!({
            "unit": { "type": "number" },
            "length": { "anyOf": [{ "$ref": "#/at/$defs/unit" }] },
            "part-3": { "type": "object", "properties": { "x-relation": { "$ref": "#/at/$defs/length" } } },
        });
        assert_eq!(Json::Object(excerpt.definitions()), definitions);
    }
}
