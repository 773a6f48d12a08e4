//! Indexes and the full-text list of a definition.

use std::collections::HashSet;

use super::collection::{Collection, Index, IndexField};
use super::definition::IndexDefinition;
use super::field::{Field, FieldKind, Scalar};
use super::limit;
use super::violation::{Violation, join};
use crate::nearest::hint;

/// The indexes that were asked for; pointers into the definition.
pub(super) fn parse(definitions: &[IndexDefinition], own: &[Field], violations: &mut Vec<Violation>) -> Vec<Index> {
    if definitions.len() > limit::INDEXES {
        let message = format!("{} indexes: at most {} are allowed", definitions.len(), limit::INDEXES);
        violations.push(Violation::new("/indexes", "too_large", message));
        return Vec::new();
    }
    let system = Collection::system_fields();
    let fields: Vec<&Field> = system.iter().chain(own).collect();
    let mut indexes: Vec<Index> = Vec::new();
    for (n, definition) in definitions.iter().enumerate() {
        let at = join("/indexes", n);
        let Some(index) = one(&at, definition, &fields, violations) else { continue };
        if indexes.contains(&index) {
            violations.push(Violation::new(at, "duplicate", "the same index stands here twice: remove one of the two"));
        }
        indexes.push(index);
    }
    indexes
}

fn one(at: &str, definition: &IndexDefinition, fields: &[&Field], violations: &mut Vec<Violation>) -> Option<Index> {
    let at = join(at, "fields");
    let count = definition.fields.len();
    if count == 0 || count > limit::INDEX_FIELDS {
        let message = format!("an index has 1 to {} fields, this one {count}", limit::INDEX_FIELDS);
        violations.push(Violation::new(at, "too_large", message));
        return None;
    }
    let before = violations.len();
    let mut seen = HashSet::new();
    let mut columns = Vec::with_capacity(count);
    for (n, written) in definition.fields.iter().enumerate() {
        let (name, descending) = written.strip_prefix('-').map_or((written.as_str(), false), |name| (name, true));
        if let Some((code, message)) = refusal(name, fields, &mut seen) {
            violations.push(Violation::new(join(&at, n), code, message));
        }
        columns.push(IndexField { name: name.to_owned(), descending });
    }
    (violations.len() == before).then_some(Index { fields: columns, unique: definition.unique })
}

fn refusal<'a>(name: &'a str, fields: &[&Field], seen: &mut HashSet<&'a str>) -> Option<(&'static str, String)> {
    let Some(field) = fields.iter().find(|field| field.name == name) else {
        let meant = hint(name, fields.iter().map(|field| field.name.as_str()));
        return Some(("unknown_field", format!("there is no field {name:?}{meant}")));
    };
    if !matches!(field.kind, FieldKind::Scalar(_) | FieldKind::Relation { .. }) {
        return Some((
            "not_allowed",
            format!("{name:?} holds JSON or a list, which an index can't order: leave it out"),
        ));
    }
    (!seen.insert(name)).then(|| ("duplicate", format!("{name:?} stands twice in one index: remove one of the two")))
}

/// Full-text search is not there yet, and is refused rather than passed over.
pub(super) fn check_search(search: &[String], violations: &mut Vec<Violation>) {
    if !search.is_empty() {
        violations.push(Violation::new(
            "/search",
            "not_supported",
            "full-text search is not supported yet: leave search empty",
        ));
    }
}

/// How many bytes of text each own field may hold because it stands in an index; none if it stands in none.
pub(super) fn text_limits(own: &[Field], indexes: &[Index]) -> Vec<Option<usize>> {
    let is_text =
        |name: &str| own.iter().any(|field| field.name == name && field.kind == FieldKind::Scalar(Scalar::Text));
    own.iter()
        .map(|field| {
            if !is_text(&field.name) {
                return None;
            }
            let shares = indexes.iter().filter(|index| index.fields.iter().any(|column| column.name == field.name));
            let shares = shares.map(|index| index.fields.iter().filter(|column| is_text(&column.name)).count());
            shares.chain(field.unique.then_some(1)).max().map(|texts| limit::INDEX_BYTES / texts)
        })
        .collect()
}
