//! The keywords of JSON Schema 2020-12, and which of them hold schemas.

use serde_json::Value as Json;

use super::violation::join;
use crate::nearest::distance;

/// How a keyword holds schemas.
#[derive(Clone, Copy)]
pub(super) enum Holds {
    /// One.
    One,
    /// An array of them.
    Many,
    /// An object whose members they are.
    Named,
}

/// What a subschema speaks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The same value as the schema around it.
    Same,
    /// One part of that value.
    Part,
    /// Each of any number of parts of that value.
    Each,
    /// Nothing by itself: it is there to be referred to.
    Nothing,
}

/// Keywords that hold schemas.
const APPLICATORS: [(&str, Holds, Reach); 20] = [
    ("allOf", Holds::Many, Reach::Same),
    ("anyOf", Holds::Many, Reach::Same),
    ("oneOf", Holds::Many, Reach::Same),
    ("not", Holds::One, Reach::Same),
    ("if", Holds::One, Reach::Same),
    ("then", Holds::One, Reach::Same),
    ("else", Holds::One, Reach::Same),
    ("dependentSchemas", Holds::Named, Reach::Same),
    ("properties", Holds::Named, Reach::Part),
    ("patternProperties", Holds::Named, Reach::Each),
    ("additionalProperties", Holds::One, Reach::Each),
    ("unevaluatedProperties", Holds::One, Reach::Each),
    ("propertyNames", Holds::One, Reach::Each),
    ("items", Holds::One, Reach::Each),
    ("prefixItems", Holds::Many, Reach::Part),
    ("contains", Holds::One, Reach::Each),
    ("unevaluatedItems", Holds::One, Reach::Each),
    ("contentSchema", Holds::One, Reach::Nothing),
    ("$defs", Holds::Named, Reach::Nothing),
    ("definitions", Holds::Named, Reach::Nothing),
];

/// Keywords that hold no schema.
const OTHERS: [&str; 38] = [
    "$schema",
    "$id",
    "$ref",
    "$comment",
    "type",
    "enum",
    "const",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxContains",
    "minContains",
    "maxProperties",
    "minProperties",
    "required",
    "dependentRequired",
    "title",
    "description",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "examples",
    "format",
    "contentEncoding",
    "contentMediaType",
    "x-unique",
    "x-relation",
    "x-file",
    "x-renamed-from",
];

/// Keywords of other drafts and dialects that would be passed over without a word, and what to write instead.
const FOREIGN: [(&str, &str); 12] = [
    ("dependencies", "write dependentRequired or dependentSchemas"),
    ("additionalItems", "write items beside prefixItems"),
    ("nullable", "write \"type\": [\"string\", \"null\"], or leave the field out of required"),
    ("divisibleBy", "write multipleOf"),
    ("extends", "write allOf"),
    ("disallow", "write not"),
    ("$dynamicRef", "write $ref with #/$defs/NAME"),
    ("$dynamicAnchor", "refer to it as #/$defs/NAME"),
    ("$recursiveRef", "write $ref with #/$defs/NAME"),
    ("$recursiveAnchor", "refer to it as #/$defs/NAME"),
    ("$anchor", "refer to it as #/$defs/NAME"),
    ("$vocabulary", "leave it out: the vocabularies of 2020-12 are what applies"),
];

/// How a keyword holds schemas, if it does.
pub(super) fn holds(keyword: &str) -> Option<Holds> {
    APPLICATORS.iter().find(|(known, ..)| *known == keyword).map(|(_, holds, _)| *holds)
}

/// A schema inside another.
pub(super) struct Child<'a> {
    /// What it speaks about.
    pub(super) reach: Reach,
    /// Its place in the document.
    pub(super) pointer: String,
    /// Itself.
    pub(super) node: &'a Json,
}

/// The schemas that stand directly inside the one at `pointer`, `$ref` not followed.
pub(super) fn children<'a>(pointer: &str, node: &'a Json) -> Vec<Child<'a>> {
    let mut found = Vec::new();
    for (keyword, holds, reach) in APPLICATORS {
        let Some(inner) = node.get(keyword) else { continue };
        let at = join(pointer, keyword);
        match (holds, inner) {
            (Holds::One, node) => found.push(Child { reach, pointer: at, node }),
            (Holds::Many, Json::Array(items)) => {
                found.extend(items.iter().enumerate().map(|(n, node)| Child { reach, pointer: join(&at, n), node }));
            }
            (Holds::Named, Json::Object(members)) => {
                found.extend(members.iter().map(|(name, node)| Child { reach, pointer: join(&at, name), node }));
            }
            _ => {}
        }
    }
    found
}

/// What to write instead of a keyword that means nothing here, if it is one of another draft or a slip of the pen.
/// Keywords that start with `x-` are anybody's own.
pub(super) fn advice(keyword: &str) -> Option<String> {
    if let Some((_, advice)) = FOREIGN.iter().find(|(foreign, _)| *foreign == keyword) {
        return Some((*advice).to_owned());
    }
    let mut known = APPLICATORS.iter().map(|(name, ..)| *name).chain(OTHERS);
    if keyword.starts_with("x-") || keyword.chars().count() < 4 || known.clone().any(|name| name == keyword) {
        return None;
    }
    let near = |name: &str| name.len().abs_diff(keyword.len()) <= 1 && distance(keyword, name) <= 1;
    let slip = known.find(|name| near(name));
    slip.map(|name| format!("did you mean {name:?}?"))
}

/// Keywords that say something about a value without allowing or refusing it.
const ANNOTATIONS: [&str; 9] =
    ["$comment", "title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples", "contentSchema"];

/// Whether a keyword says nothing about which values are allowed.
pub(super) fn is_annotation(keyword: &str) -> bool {
    ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-")
}

/// A schema without annotations and without keywords that start with `x-`, at every level.
pub(super) fn rules(node: &Json) -> Json {
    let Json::Object(members) = node else { return node.clone() };
    let kept = members.iter().filter(|(name, _)| !is_annotation(name));
    let rule = |(name, value): (&String, &Json)| {
        let value = match (holds(name), value) {
            (Some(Holds::One), value) => rules(value),
            (Some(Holds::Many), Json::Array(items)) => items.iter().map(rules).collect(),
            (Some(Holds::Named), Json::Object(named)) => {
                named.iter().map(|(name, node)| (name.clone(), rules(node))).collect()
            }
            (_, value) => value.clone(),
        };
        (name.clone(), value)
    };
    kept.map(rule).collect()
}
