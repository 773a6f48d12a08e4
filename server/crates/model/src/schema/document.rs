//! A schema document by itself: whether it is JSON Schema 2020-12 that can be kept, compiled and applied safely.
//!
//! `$ref` is followed inside the document only, and never in a circle: without recursion the cost of checking a value
//! is bounded when the definition is saved, and no record can make the validator run away.

use std::collections::HashMap;

use jsonschema::PatternOptions;
use serde_json::Value as Json;

use super::cost;
use super::explain;
use super::keyword::{self, children};
use super::limit;
use super::violation::{Violation, join};
use crate::nearest::hint;

/// The only `$schema` there is.
pub const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The formats that are asserted.
const FORMATS: [&str; 19] = [
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// The names of the types.
const TYPES: [&str; 7] = ["string", "integer", "number", "boolean", "object", "array", "null"];

/// A document that passed every check of its own.
pub(super) struct Document<'a> {
    /// The document.
    pub(super) root: &'a Json,
    /// Every schema in it by its place.
    nodes: HashMap<String, &'a Json>,
}

impl<'a> Document<'a> {
    /// Checks a document; pointers into it.
    pub(super) fn check(root: &'a Json) -> Result<Self, Vec<Violation>> {
        check_frame(root).map_err(|violation| vec![violation])?;
        let broken = check_meta(root);
        if !broken.is_empty() {
            return Err(broken);
        }
        let mut document = Self { root, nodes: HashMap::new() };
        document.collect(String::new(), root);
        let mut violations = Vec::new();
        document.check_nodes(&mut violations);
        if violations.is_empty() {
            violations.extend(cost::check(&document));
        }
        if violations.is_empty() { Ok(document) } else { Err(violations) }
    }

    /// The schema that a `$ref` means, and its place.
    pub(super) fn target(&self, reference: &str) -> Option<(String, &'a Json)> {
        let pointer = percent_decode(reference.strip_prefix('#')?)?;
        self.nodes.get(&pointer).map(|node| (pointer, *node))
    }

    fn collect(&mut self, pointer: String, node: &'a Json) {
        for child in children(&pointer, node) {
            self.collect(child.pointer, child.node);
        }
        self.nodes.insert(pointer, node);
    }

    fn check_nodes(&self, violations: &mut Vec<Violation>) {
        let mut pointers: Vec<&String> = self.nodes.keys().collect();
        pointers.sort();
        for pointer in pointers {
            if violations.len() >= explain::MOST {
                break;
            }
            self.check_node(pointer, self.nodes[pointer], violations);
        }
        let patterns = self.nodes.values().map(|node| patterns(node).count()).sum::<usize>();
        if patterns > limit::PATTERNS {
            let message = format!("{patterns} patterns in one schema: at most {} are allowed", limit::PATTERNS);
            violations.push(Violation::new("", "too_large", message));
        }
    }

    fn check_node(&self, pointer: &str, node: &Json, violations: &mut Vec<Violation>) {
        let Some(members) = node.as_object() else { return };
        for (name, value) in members {
            let at = || join(pointer, name);
            if let Some(advice) = keyword::advice(name) {
                violations.push(Violation::new(
                    at(),
                    "unknown_keyword",
                    format!("{name:?} has no meaning in this schema: {advice}"),
                ));
            }
            let refusal = match (name.as_str(), value) {
                ("$ref", Json::String(reference)) => self.refuse_reference(reference),
                ("$id", _) if !pointer.is_empty() => {
                    Some("a schema inside another can't have an $id: remove it".to_owned())
                }
                ("$schema", value) if value != DRAFT => Some(format!("must be {DRAFT:?}, or be left out")),
                ("format", Json::String(format)) => refuse_format(format),
                ("enum", Json::Array(values)) if values.is_empty() => {
                    Some("allows no value: name at least one".to_owned())
                }
                ("enum", Json::Array(values)) => refuse_length(values.len()),
                ("x-file", _) => Some("files are not supported yet: leave x-file out".to_owned()),
                _ => None,
            };
            violations.extend(refusal.map(|message| Violation::new(at(), code_of(name), message)));
        }
        let refused = patterns(node).filter_map(|(at, pattern)| refuse_pattern(pattern).map(|message| (at, message)));
        violations.extend(refused.map(|(at, message)| Violation::new(format!("{pointer}{at}"), "pattern", message)));
    }

    fn refuse_reference(&self, reference: &str) -> Option<String> {
        if !reference.starts_with('#') {
            return Some("a $ref can't leave the document, nothing is fetched: copy the schema under $defs and write #/$defs/NAME".to_owned());
        }
        let known = self.nodes.keys().filter_map(|pointer| pointer.strip_prefix("/$defs/"));
        let name = reference.strip_prefix("#/$defs/").unwrap_or(reference);
        self.target(reference).is_none().then(|| format!("points at no schema of this document{}", hint(name, known)))
    }
}

fn code_of(keyword: &str) -> &'static str {
    match keyword {
        "$ref" => "ref",
        "format" => "format",
        "enum" => "enum",
        _ => "not_allowed",
    }
}

/// Size and depth, before anything walks the document.
fn check_frame(root: &Json) -> Result<(), Violation> {
    if !root.is_object() {
        let message = format!("expected a JSON Schema object, found {}", explain::describe(root));
        return Err(Violation::new("", "type", message));
    }
    if depth_exceeds(root, limit::SCHEMA_DEPTH) {
        let message = format!("nested deeper than {} levels: flatten it, or use $defs", limit::SCHEMA_DEPTH);
        return Err(Violation::new("", "too_large", message));
    }
    let bytes = root.to_string().len();
    if bytes > limit::SCHEMA_BYTES {
        let message = format!("{bytes} bytes: at most {} are allowed", limit::SCHEMA_BYTES);
        return Err(Violation::new("", "too_large", message));
    }
    match root.get("$schema") {
        Some(draft) if draft != DRAFT => {
            let message = format!("must be {DRAFT:?}, or be left out");
            Err(Violation::new("/$schema", "not_allowed", message))
        }
        _ => Ok(()),
    }
}

fn depth_exceeds(node: &Json, limit: usize) -> bool {
    match node {
        Json::Array(items) => limit == 0 || items.iter().any(|item| depth_exceeds(item, limit - 1)),
        Json::Object(members) => limit == 0 || members.values().any(|member| depth_exceeds(member, limit - 1)),
        _ => false,
    }
}

/// What the meta-schema of 2020-12 says, with the words that people mistype most often said better.
fn check_meta(root: &Json) -> Vec<Violation> {
    let meta = jsonschema::draft202012::meta::validator();
    if meta.is_valid(root) {
        return Vec::new();
    }
    let mut violations: Vec<Violation> =
        meta.iter_errors(root).flat_map(|error| explain::explain(&error)).take(explain::MOST).collect();
    for violation in &mut violations {
        let found = root.pointer(&violation.pointer);
        if let (true, Some(Json::String(word))) = (violation.pointer.ends_with("/type"), found) {
            violation.message = format!("{word:?} is no type{}: the types are {}", hint(word, TYPES), TYPES.join(", "));
        }
    }
    violations.dedup();
    violations
}

fn refuse_format(format: &str) -> Option<String> {
    (!FORMATS.contains(&format)).then(|| {
        format!("{format:?} is no known format{}: the formats are {}", hint(format, FORMATS), FORMATS.join(", "))
    })
}

fn refuse_length(values: usize) -> Option<String> {
    (values > limit::ENUM_VALUES).then(|| {
        format!("{values} values: at most {} are allowed; a collection with a relation holds more", limit::ENUM_VALUES)
    })
}

/// The patterns that stand directly in a schema, with their places in it.
fn patterns(node: &Json) -> impl Iterator<Item = (String, &str)> {
    let own = node.get("pattern").and_then(Json::as_str).map(|pattern| ("/pattern".to_owned(), pattern));
    let of_names = node.get("patternProperties").and_then(Json::as_object).into_iter().flatten();
    own.into_iter().chain(of_names.map(|(pattern, _)| (join("/patternProperties", pattern), pattern.as_str())))
}

fn refuse_pattern(pattern: &str) -> Option<String> {
    if pattern.chars().count() > limit::PATTERN_CHARS {
        return Some(format!("a pattern of more than {} characters: shorten it", limit::PATTERN_CHARS));
    }
    let schema = serde_json::json!({ "pattern": pattern });
    let compiled = jsonschema::options().with_pattern_options(linear()).build(&schema);
    compiled.is_err().then(|| {
        "not a regular expression that runs in linear time: check its brackets, make its repetitions smaller, and do without look-around and back-references".to_owned()
    })
}

/// Patterns run on an engine without backtracking, each within a bounded size.
pub(super) fn linear() -> PatternOptions<jsonschema::Regex> {
    PatternOptions::regex().size_limit(limit::PATTERN_BYTES).dfa_size_limit(limit::PATTERN_BYTES)
}

/// RFC 3986 section 2.1, as far as a fragment needs it.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let hex = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}
