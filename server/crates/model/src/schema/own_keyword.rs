//! The own keywords, `x-unique`, `x-relation` and `x-renamed-from`: well formed, and only where they mean something.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::document::Document;
use super::explain::describe;
use super::keyword::{Reach, children};
use super::name;
use super::violation::{Violation, join};
use crate::nearest::hint;

/// The values of `onDelete`.
const ON_DELETE: [&str; 3] = ["restrict", "cascade", "setNull"];

/// Where own keywords were understood: places of schemas.
#[derive(Debug, Default)]
pub(super) struct Understood {
    /// Schemas of fields: every own keyword means something.
    pub(super) fields: HashSet<String>,
    /// Schemas of items of relations to many: `x-relation` does.
    pub(super) items: HashSet<String>,
}

/// Everything wrong with the own keywords in the part of the document that applies to records.
pub(super) fn check(document: &Document<'_>, understood: &Understood) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut seen = HashSet::new();
    visit(document, "", document.root, &mut seen, &mut |pointer, node| {
        for keyword in ["x-unique", "x-relation", "x-renamed-from"] {
            let Some(value) = node.get(keyword) else { continue };
            let at = join(pointer, keyword);
            let in_place =
                understood.fields.contains(pointer) || keyword == "x-relation" && understood.items.contains(pointer);
            if in_place {
                violations.extend(check_form(&at, keyword, value));
            } else {
                violations.push(Violation::new(at, "misplaced", misplaced(keyword)));
            }
        }
    });
    violations
}

fn misplaced(keyword: &str) -> String {
    match keyword {
        "x-relation" => {
            "x-relation belongs to a field of text, or to the items of a field that is an array of text".to_owned()
        }
        _ => format!("{keyword} belongs to a field, directly under the schema's properties"),
    }
}

fn visit<'a>(
    document: &Document<'a>,
    pointer: &str,
    node: &'a Json,
    seen: &mut HashSet<String>,
    each: &mut impl FnMut(&str, &'a Json),
) {
    if !seen.insert(pointer.to_owned()) {
        return;
    }
    each(pointer, node);
    for child in children(pointer, node).into_iter().filter(|child| child.reach != Reach::Nothing) {
        visit(document, &child.pointer, child.node, seen, each);
    }
    let target = node.get("$ref").and_then(Json::as_str).and_then(|reference| document.target(reference));
    if let Some((pointer, node)) = target {
        visit(document, &pointer, node, seen, each);
    }
}

fn check_form(at: &str, keyword: &str, value: &Json) -> Vec<Violation> {
    match (keyword, value) {
        ("x-unique", Json::Bool(_)) => Vec::new(),
        ("x-unique", other) => {
            vec![Violation::new(at, "type", format!("expected true or false, found {}", describe(other)))]
        }
        ("x-renamed-from", Json::String(old)) => name::check_field(old)
            .err()
            .map(|error| Violation::new(at, "name", error.to_string()))
            .into_iter()
            .collect(),
        ("x-renamed-from", other) => {
            vec![Violation::new(at, "type", format!("expected the field's old name, found {}", describe(other)))]
        }
        (_, relation) => check_relation(at, relation),
    }
}

fn check_relation(at: &str, relation: &Json) -> Vec<Violation> {
    let Some(members) = relation.as_object() else {
        let message =
            format!("expected {{\"collection\": \"NAME\", \"onDelete\": \"restrict\"}}, found {}", describe(relation));
        return vec![Violation::new(at, "type", message)];
    };
    let mut violations = Vec::new();
    for (member, value) in members {
        let at = join(at, member);
        violations.extend(match (member.as_str(), value) {
            ("collection", Json::String(target)) => {
                name::check_collection(target).err().map(|error| Violation::new(at, "name", error.to_string()))
            }
            ("onDelete", Json::String(word)) if ON_DELETE.contains(&word.as_str()) => None,
            ("collection", other) => Some(Violation::new(
                at,
                "type",
                format!("expected the name of a collection, found {}", describe(other)),
            )),
            ("onDelete", other) => {
                let meant = other.as_str().map_or_else(String::new, |word| hint(word, ON_DELETE));
                Some(Violation::new(at, "enum", format!("must be one of {}{meant}", ON_DELETE.join(", "))))
            }
            (other, _) => {
                let message =
                    format!("x-relation has collection and onDelete only{}", hint(other, ["collection", "onDelete"]));
                Some(Violation::new(at, "unknown_keyword", message))
            }
        });
    }
    if !members.contains_key("collection") {
        violations.push(Violation::new(join(at, "collection"), "required", "name the collection that it points at"));
    }
    violations
}
