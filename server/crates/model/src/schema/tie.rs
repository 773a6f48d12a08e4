//! Which fields a rule of the whole record ties to each other: what one of them may hold hangs on what another holds, as in
//! `if` a message is closed `then` it needs a reason.
//!
//! Rules that judge each field by itself (`properties`, `required`, and `allOf` of such) tie nothing. A keyword that looks
//! at members without naming them, such as `maxProperties`, ties all fields.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::document::percent_decode;
use super::field::Field;
use super::keyword::is_annotation;

/// The ties of a checked document: each the places of two fields or more.
pub(super) fn ties(schema: &Json, fields: &[Field]) -> Vec<BTreeSet<usize>> {
    let reader = Reader { root: schema, fields };
    let mut ties = Vec::new();
    if let Json::Object(members) = schema {
        // The document's own properties are the fields: no member is unevaluated there.
        let keywords = members.keys().filter(|keyword| *keyword != "unevaluatedProperties");
        keywords.for_each(|keyword| reader.collect_keyword(keyword, members, &mut ties));
    }
    ties.retain(|tie| tie.len() > 1);
    ties.sort();
    ties.dedup();
    ties
}

struct Reader<'a> {
    root: &'a Json,
    fields: &'a [Field],
}

impl Reader<'_> {
    /// The ties of a schema that must hold.
    fn collect(&self, node: &Json, ties: &mut Vec<BTreeSet<usize>>) {
        let members = node.as_object();
        members.into_iter().for_each(|members| members.keys().for_each(|key| self.collect_keyword(key, members, ties)));
    }

    fn collect_keyword(&self, keyword: &str, members: &Map<String, Json>, ties: &mut Vec<BTreeSet<usize>>) {
        let value = &members[keyword];
        match keyword {
            // Each judges one member; `then` and `else` go with the `if`.
            "properties"
            | "required"
            | "additionalProperties"
            | "patternProperties"
            | "propertyNames"
            | "then"
            | "else" => {}
            "if" => {
                let parts = ["if", "then", "else"].iter().filter_map(|part| members.get(*part));
                ties.push(parts.flat_map(|part| self.read_by(part)).collect());
            }
            "allOf" => value.as_array().into_iter().flatten().for_each(|part| self.collect(part, ties)),
            "$ref" => self.target(value).into_iter().for_each(|target| self.collect(target, ties)),
            "dependentRequired" | "dependentSchemas" => {
                ties.extend(value.as_object().into_iter().flatten().map(|(name, need)| self.dependent(name, need)));
            }
            _ => ties.push(self.read_by_keyword(keyword, value)),
        }
    }

    /// The fields that decide whether a record fits a schema.
    fn read_by(&self, node: &Json) -> BTreeSet<usize> {
        let keywords = node.as_object().into_iter().flatten();
        keywords.flat_map(|(keyword, value)| self.read_by_keyword(keyword, value)).collect()
    }

    fn read_by_keyword(&self, keyword: &str, value: &Json) -> BTreeSet<usize> {
        match (keyword, value) {
            ("properties", Json::Object(members)) => members.keys().filter_map(|name| self.place(name)).collect(),
            ("required", names) => self.names(names),
            ("dependentRequired" | "dependentSchemas", Json::Object(members)) => {
                members.iter().flat_map(|(name, need)| self.dependent(name, need)).collect()
            }
            ("allOf" | "anyOf" | "oneOf", Json::Array(parts)) => {
                parts.iter().flat_map(|part| self.read_by(part)).collect()
            }
            ("not" | "if" | "then" | "else", part) => self.read_by(part),
            ("$ref", reference) => self.target(reference).map(|target| self.read_by(target)).unwrap_or_default(),
            ("type" | "$schema" | "$id" | "$defs" | "definitions", _) => BTreeSet::new(),
            (other, _) if is_annotation(other) => BTreeSet::new(),
            _ => (0..self.fields.len()).collect(),
        }
    }

    /// A field and what must be there, or hold, if it is.
    fn dependent(&self, name: &str, need: &Json) -> BTreeSet<usize> {
        let needed = if need.is_array() { self.names(need) } else { self.read_by(need) };
        self.place(name).into_iter().chain(needed).collect()
    }

    fn names(&self, names: &Json) -> BTreeSet<usize> {
        names.as_array().into_iter().flatten().filter_map(|name| self.place(name.as_str()?)).collect()
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// What a `$ref` means; the document has no circles.
    fn target(&self, reference: &Json) -> Option<&Json> {
        self.root.pointer(&percent_decode(reference.as_str()?.strip_prefix('#')?)?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::Definition;
    use crate::schema::parse::parse;

    /// The ties of a schema with the fields a to d, as words.
    fn tied(rules: Json) -> Vec<String> {
        let text = json!({"type": "string"});
        let mut schema = json!({"type": "object", "properties": {"a": text, "b": text, "c": text, "d": text}});
        schema.as_object_mut().unwrap().extend(rules.as_object().unwrap().clone());
        let definition = Definition { name: "notes".into(), schema, indexes: Vec::new(), search: Vec::new() };
        let notes = parse(&definition).unwrap_or_else(|broken| panic!("{broken:?}"));
        let word = |tie: &BTreeSet<usize>| tie.iter().map(|place| notes.fields[*place].name.as_str()).collect();
        ties(&notes.schema, &notes.fields).iter().map(word).collect()
    }

    #[test]
    fn rules_that_look_at_several_members_tie_them() {
        let (a, b, c) = (json!({"required": ["a"]}), json!({"required": ["b"]}), json!({"required": ["c"]}));
        let meant = json!({"properties": {"a": {"const": "x"}}});
        for (rules, expected) in [
            (json!({"if": meant, "then": b}), "ab"),
            (json!({"if": meant, "then": b, "else": c}), "abc"),
            (json!({"then": b}), ""),
            (json!({"anyOf": [a, b]}), "ab"),
            (json!({"oneOf": [{"allOf": [a, {"not": b}]}, c]}), "abc"),
            (json!({"not": {"required": ["a", "b"]}}), "ab"),
            (json!({"not": a}), ""),
            (json!({"dependentRequired": {"a": ["b"], "c": ["d"]}}), "ab cd"),
            (json!({"dependentSchemas": {"a": {"properties": {"b": {"minLength": 1}}}}}), "ab"),
            (json!({"allOf": [a, b, {"required": ["c", "d"]}, meant]}), ""),
            (json!({"allOf": [{"if": meant, "then": b}, {"anyOf": [b, c]}]}), "ab bc"),
            (json!({"allOf": [{"$ref": "#/$defs/pair"}], "$defs": {"pair": {"anyOf": [a, b]}}}), "ab"),
            (json!({"anyOf": [{"$ref": "#/$defs/first"}, b], "$defs": {"first": a}}), "ab"),
            (json!({"maxProperties": 2}), "abcd"),
            (json!({"anyOf": [{"minProperties": 1}, a]}), "abcd"),
            (json!({"allOf": [{"propertyNames": {"maxLength": 9}}]}), ""),
            (json!({"required": ["a", "b"], "additionalProperties": false, "title": "notes", "x-own": 1}), ""),
            (json!({"anyOf": [{"title": "one"}, {"description": "two", "required": ["a"]}]}), ""),
        ] {
            assert_eq!(tied(rules.clone()).join(" "), expected, "{rules}");
        }
    }
}
