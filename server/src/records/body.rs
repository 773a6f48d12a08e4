//! The body of a write: what of it the collection does not have, or the caller may not know of, and the record it makes.

use plinth_model::schema::check::{Hand, take_id};
use plinth_model::{Instant, Record, RecordId, Violation};
use serde_json::{Map, Value as Json};

use super::Error;
use crate::nearest;
use crate::policy::Grant;

/// The most unknown members that an answer names; a body of 1 MiB has room for 80,000.
const MOST_UNKNOWN: usize = 100;

/// A new record, and the fields that its body sets to anything but what they would be without it.
pub(super) fn new_record(
    grant: &Grant,
    id: RecordId,
    body: Map<String, Json>,
    unknown: &[Violation],
    now: Instant,
) -> Result<(Record, Vec<String>), Error> {
    let collection = grant.collection();
    let given: Vec<String> = body.keys().cloned().collect();
    let same_as_absent = |name: &String| {
        collection
            .own_field(name)
            .is_none_or(|(_, field)| body.get(name) == Some(field.default.as_ref().unwrap_or(&Json::Null)))
    };
    let changed = given.into_iter().filter(|name| !same_as_absent(name)).collect();
    let values = all_good(grant, unknown, collection.create(Hand::Client, body), |_| true)?;
    Ok((Record { id, created_at: now, updated_at: now, revision: 0, values }, changed))
}

/// A body under an address may repeat the id of the address, and no other.
pub(super) fn without_own_id(mut body: Map<String, Json>, id: RecordId) -> Result<Map<String, Json>, Error> {
    let told = take_id(&mut body).map_err(|violation| Error::Invalid(vec![violation]))?;
    if told.is_some_and(|told| told != id) {
        return Err(mismatch("address"));
    }
    Ok(body)
}

/// The refusal of a body that names another record than what it stands in.
pub(super) fn mismatch(outside: &str) -> Error {
    let message = format!("It differs from the id in the {outside}: leave it out, or repeat that one.");
    Error::Invalid(vec![Violation::new("/id", "mismatch", message)])
}

/// Takes out of a body the members that the collection does not have, and in the same words those that the caller
/// may neither read nor write: otherwise the answer would tell that they exist.
pub(super) fn take_unknown(grant: &Grant, body: &mut Map<String, Json>) -> Vec<Violation> {
    let unknown = |name: &&String| grant.collection().field(name).is_none() || is_hidden(grant, name);
    let names: Vec<String> = body.keys().filter(unknown).cloned().collect();
    for name in &names {
        body.remove(name);
    }
    names.iter().take(MOST_UNKNOWN).map(|name| unknown_member(grant, name)).collect()
}

/// Whether the caller may neither read nor write a field.
fn is_hidden(grant: &Grant, name: &str) -> bool {
    !grant.sight().fields.contains_key(name) && !grant.may_set(name)
}

fn unknown_member(grant: &Grant, name: &str) -> Violation {
    let visible = grant.collection().all_fields().filter(|field| grant.sight().fields.contains_key(&field.name));
    let nearest = nearest::nearest(name, visible.map(|field| field.name.as_str()));
    let hint = nearest.map_or_else(String::new, |name| format!(" (did you mean {name}?)"));
    let message = format!("{} has no field {name:?}{hint}", grant.collection().name);
    Violation::new(plinth_model::schema::violation::join("", name), "unknown_field", message)
}

/// The values that a check found good, or everything that is wrong with the body. What is wrong with a field that the
/// caller may not know of, such as one that is required, or may not know the content of, is only told as a refusal.
pub(super) fn all_good<T>(
    grant: &Grant,
    unknown: &[Violation],
    checked: Result<T, Vec<Violation>>,
    known: impl Fn(&str) -> bool,
) -> Result<T, Error> {
    let violations = match checked {
        Ok(values) if unknown.is_empty() => return Ok(values),
        Ok(_) => Vec::new(),
        Err(violations) => violations,
    };
    let told = |violation: &Violation| {
        let name = violation.pointer.split('/').nth(1).unwrap_or_default();
        grant.collection().own_field(name).is_none() || (!is_hidden(grant, name) && known(name))
    };
    let told: Vec<Violation> = unknown.iter().cloned().chain(violations.into_iter().filter(told)).collect();
    Err(if told.is_empty() { Error::PolicyDenied } else { Error::Invalid(told) })
}
