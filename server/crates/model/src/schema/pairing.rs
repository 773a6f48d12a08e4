//! Which old field a new one goes on with, and where its column stands meanwhile.
//!
//! Fields are the same if they have the same name, or if one is renamed to the other (`x-renamed-from`); a name that
//! changed its case only is a rename too, said or not.
//!
//! SQLite takes names that differ in case only for the same. So an old column that has such a twin among the new ones
//! steps aside, under a name that no field can have, before anything else happens.

use super::collection::Collection;
use super::field::{Field, FieldKind, Scalar};
use super::violation::{Violation, join};
use crate::sql::ddl::foreign_target;
use crate::sql::select::ColumnKind;

/// The place of the old field whose data a new field takes over.
pub(super) fn source_of(before: &Collection, after: &Collection, field: &Field) -> Option<usize> {
    let same = before.fields.iter().position(|old| old.name == field.name);
    same.or_else(|| claimed(before, after, field)).or_else(|| {
        let place = before.fields.iter().position(|old| old.name.eq_ignore_ascii_case(&field.name))?;
        let free = is_gone(after, &before.fields[place])
            && after.fields.iter().all(|other| claimed(before, after, other) != Some(place));
        free.then_some(place)
    })
}

/// What a definition says of renames that can't be, seen from the one before: a field that was there already beside the
/// one it is said to have been. Without this the one would go on as it is and the other be dropped.
pub fn check_renames(before: &Collection, after: &Collection) -> Vec<Violation> {
    let was_there = |name: &str| before.fields.iter().any(|old| old.name == name);
    let renamed = after.fields.iter().filter_map(|field| Some((&field.name, field.renamed_from.as_deref()?)));
    let stray = renamed.filter(|(name, old)| was_there(name) && was_there(old));
    let violation = |(name, old): (&String, &str)| {
        let message = format!(
            "there is a field {name:?} beside {old:?} already, so {old:?} can't become it: remove this, or drop or rename {name:?} first"
        );
        Violation::new(join(&join("/schema/properties", name), "x-renamed-from"), "contradiction", message)
    };
    stray.map(violation).collect()
}

/// The old field that a new one says it was.
fn claimed(before: &Collection, after: &Collection, field: &Field) -> Option<usize> {
    let is_new = before.fields.iter().all(|old| old.name != field.name);
    let renamed_from = field.renamed_from.as_deref().filter(|_| is_new)?;
    before.fields.iter().position(|old| old.name == renamed_from && is_gone(after, old))
}

fn is_gone(after: &Collection, old: &Field) -> bool {
    after.fields.iter().all(|field| field.name != old.name)
}

/// Whether an old column would be taken for a new one of another name.
fn has_twin(after: &Collection, old: &Field) -> bool {
    after.fields.iter().any(|field| field.name != old.name && field.name.eq_ignore_ascii_case(&old.name))
}

/// The name of an old column once those with a twin have stepped aside.
pub(super) fn cleared(before: &Collection, after: &Collection, place: usize) -> String {
    let old = &before.fields[place];
    if has_twin(after, old) { aside(place) } else { old.name.clone() }
}

/// Whether the values of an old field are written anew into a column of its own.
pub(super) fn replaces(before: &Collection, after: &Collection, place: usize, new: &Field) -> bool {
    let old = &before.fields[place];
    let same_type = ColumnKind::from(&old.kind) == ColumnKind::from(&new.kind);
    let moved =
        foreign_target(&old.kind) != foreign_target(&new.kind) && !stays_own((before, &old.kind), (after, &new.kind));
    !same_type || moved || kind_changes(&old.kind, &new.kind) && !same_storage(&old.kind, &new.kind)
}

/// Whether a relation points at its own collection before and after, whatever that is called.
pub(super) fn stays_own((before, old): (&Collection, &FieldKind), (after, new): (&Collection, &FieldKind)) -> bool {
    let own =
        |collection: &Collection, kind: &FieldKind| kind.target().is_some_and(|(target, _)| target == collection.name);
    own(before, old) && own(after, new)
}

/// Whether values of the old kind are values of the new as they are stored.
fn same_storage(old: &FieldKind, new: &FieldKind) -> bool {
    use FieldKind::{Json, List, Relations, Scalar as One};
    matches!(
        (old, new),
        (One(Scalar::Text | Scalar::Choice(_)), One(Scalar::Text | Scalar::Choice(_)))
            | (List(_) | Relations { .. }, Json)
            | (
                List(Scalar::Text | Scalar::Choice(_)) | Relations { .. },
                List(Scalar::Text | Scalar::Choice(_)) | Relations { .. }
            )
    )
}

/// Where a field's old values stand while rows are rewritten.
pub(super) fn aside(place: usize) -> String {
    format!("_old_{place}")
}

/// Whether two kinds differ in more than the words of a choice or the target of a relation.
pub(super) fn kind_changes(old: &FieldKind, new: &FieldKind) -> bool {
    use FieldKind::{Json, List, Relation, Relations, Scalar as One};
    let same = |old: &Scalar, new: &Scalar| std::mem::discriminant(old) == std::mem::discriminant(new);
    !match (old, new) {
        (One(old), One(new)) | (List(old), List(new)) => same(old, new),
        (Json, Json) | (Relation { .. }, Relation { .. }) | (Relations { .. }, Relations { .. }) => true,
        _ => false,
    }
}
