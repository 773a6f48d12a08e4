//! A JSON merge patch (RFC 7386) on a record, with three operators that read the stored value:
//! `{"likes": {"$inc": 1}}` on integers and numbers, `{"tags": {"$add": […], "$remove": […]}}` on lists and relations.
//!
//! `$inc` counts an unset value as zero. A list is treated as a set by its operators: `$remove` is done first and takes
//! out every equal item, `$add` appends what is not there yet. In a field of JSON such members are data like any other.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use super::check::Hand;
use super::coerce;
use super::collection::Collection;
use super::draft::Draft;
use super::explain::describe;
use super::field::{Field, FieldKind, Scalar};
use super::violation::{Violation, join};
use crate::nearest::hint;
use crate::record::Record;
use crate::value::Value;

impl Collection {
    /// The values of `current` under a JSON merge patch with `$inc`, `$add` and `$remove`.
    pub fn patch(&self, hand: Hand, current: &Record, patch: Map<String, Json>) -> Result<Vec<Value>, Vec<Violation>> {
        let mut draft = Draft::new(self, self.fields.len());
        for (place, value) in current.values.iter().enumerate() {
            draft.put_stored(place, value);
        }
        draft.given.fill(false);
        for (name, change) in patch {
            let Some(place) = draft.own(&name, &change, Some(current)) else { continue };
            match merged(&self.fields[place], &current.values[place], || draft.take(place), change) {
                Ok(value) => {
                    draft.guard(hand, place, &value, current);
                    draft.put(place, name, value);
                }
                Err(violation) => draft.refuse(violation.under(&join("", &name))),
            }
        }
        draft.finish(Some(current))
    }

    /// Whether a part of a patch leaves its field as it is. What equals the stored object need not: null takes a member out.
    pub fn leaves(&self, name: &str, change: &Json, current: &Record) -> bool {
        self.own_field(name).is_some_and(|(place, field)| {
            let stored = &current.values[place];
            merged(field, stored, || Some(stored.to_json()), change.clone())
                .is_ok_and(|value| self.repeats(name, &value, current))
        })
    }
}

/// A field's value after its part of the patch.
fn merged(
    field: &Field,
    stored: &Value,
    document: impl FnOnce() -> Option<Json>,
    change: Json,
) -> Result<Json, Violation> {
    match (&field.kind, change) {
        (FieldKind::Json, change) => Ok(merge(document().unwrap_or(Json::Null), change)),
        (FieldKind::Scalar(scalar @ (Scalar::Integer | Scalar::Number)), Json::Object(operators)) => {
            increment(scalar, stored, &operators)
        }
        (FieldKind::List(scalar), Json::Object(operators)) => edit(scalar, stored, operators),
        (FieldKind::Relations { .. }, Json::Object(operators)) => edit(&Scalar::Text, stored, operators),
        (_, change) => Ok(change),
    }
}

/// RFC 7386 section 2.
fn merge(target: Json, patch: Json) -> Json {
    let Json::Object(changes) = patch else { return patch };
    let mut members = if let Json::Object(members) = target { members } else { Map::new() };
    for (name, change) in changes {
        if change.is_null() {
            members.shift_remove(&name);
        } else {
            let inner = members.get_mut(&name).map_or(Json::Null, Json::take);
            members.insert(name, merge(inner, change));
        }
    }
    Json::Object(members)
}

fn increment(scalar: &Scalar, stored: &Value, operators: &Map<String, Json>) -> Result<Json, Violation> {
    check_operators(operators, &["$inc"])?;
    let Some(Json::Number(step)) = operators.get("$inc") else {
        let found = operators.get("$inc").map_or("nothing", describe);
        return Err(Violation::new("/$inc", "type", format!("expected a number to add, found {found}")));
    };
    if *scalar == Scalar::Integer {
        let step = coerce::integer(step).map_err(|violation| violation.under("/$inc"))?;
        let stored = if let Value::Int(stored) = stored { *stored } else { 0 };
        return stored.checked_add(step).map(Json::from).ok_or_else(|| coerce::out_of_range().under("/$inc"));
    }
    let stored = if let Value::Float(stored) = stored { *stored } else { 0.0 };
    let sum = stored + coerce::float(step);
    serde_json::Number::from_f64(sum).map(Json::Number).ok_or_else(|| {
        Violation::new("/$inc", "out_of_range", "the sum is beyond the range of a 64-bit float (about ±1.8e308)")
    })
}

fn edit(scalar: &Scalar, stored: &Value, mut operators: Map<String, Json>) -> Result<Json, Violation> {
    check_operators(&operators, &["$add", "$remove"])?;
    let added = operands(scalar, &mut operators, "$add")?;
    let removed: HashSet<String> = operands(scalar, &mut operators, "$remove")?.iter().map(Json::to_string).collect();
    let stored = if let Value::List(stored) = stored { stored.as_slice() } else { &[] };
    let mut items: Vec<Json> =
        stored.iter().map(Value::to_json).filter(|item| !removed.contains(&item.to_string())).collect();
    let mut present: HashSet<String> = items.iter().map(Json::to_string).collect();
    items.extend(added.into_iter().filter(|item| present.insert(item.to_string())));
    Ok(Json::Array(items))
}

/// The items of an operator, in the one spelling of their kind.
fn operands(scalar: &Scalar, operators: &mut Map<String, Json>, name: &str) -> Result<Vec<Json>, Violation> {
    let at = join("", name);
    match operators.shift_remove(name) {
        None => Ok(Vec::new()),
        Some(Json::Array(items)) => {
            let read = |(n, item)| {
                coerce::scalar_value(scalar, item)
                    .map(|value| value.to_json())
                    .map_err(|violation| violation.under(&join(&at, n)))
            };
            items.into_iter().enumerate().map(read).collect()
        }
        Some(other) => {
            Err(Violation::new(at, "type", format!("expected an array of items, found {}", describe(&other))))
        }
    }
}

/// An object in place of a scalar or a list holds operators and nothing else.
fn check_operators(operators: &Map<String, Json>, known: &[&str]) -> Result<(), Violation> {
    let usage = known.join(" and ");
    if operators.is_empty() {
        return Err(Violation::new("", "type", format!("expected a value, or an object with {usage}")));
    }
    match operators.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => {
            let message = format!("here an object may hold {usage} only{}", hint(unknown, known.iter().copied()));
            Err(Violation::new(join("", unknown), "unknown_operator", message))
        }
        None => Ok(()),
    }
}
