//! A member's JSON as the value of a field's kind.
//!
//! The rules of the schema are the validator's; here stands what a column needs beyond them: exact 64-bit integers,
//! instants, ids, text without NUL (which Postgres can't hold) and short enough for an index.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Number, Value as Json};

use super::explain::{self, describe};
use super::field::{FieldKind, Scalar};
use super::violation::{Violation, join};
use crate::id::{NotAnId, RecordId};
use crate::instant::{Instant, NotAnInstant};
use crate::value::Value;

/// 2^63, the first float beyond the greatest integer.
const BEYOND: f64 = 9_223_372_036_854_775_808.0;

/// From ±2^53 on a 64-bit float does not tell an integer from its neighbour.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The value of a member, or what stands against it; pointers into the member.
pub(super) fn coerce(kind: &FieldKind, most_bytes: Option<usize>, json: Json) -> Result<Value, Vec<Violation>> {
    if json.is_null() {
        return Ok(Value::Null);
    }
    match kind {
        FieldKind::Scalar(scalar) => {
            within(most_bytes, scalar_value(scalar, json)).map_err(|violation| vec![violation])
        }
        FieldKind::Relation { .. } => id(&json).map_err(|violation| vec![violation]),
        FieldKind::Json => match nul_inside("", &json) {
            Some(pointer) => Err(vec![nul(pointer)]),
            None => Ok(Value::Json(Arc::new(json))),
        },
        FieldKind::List(scalar) => list(json, |item| scalar_value(scalar, item)),
        FieldKind::Relations { .. } => ids(json),
    }
}

/// One scalar; null is none.
pub(super) fn scalar_value(scalar: &Scalar, json: Json) -> Result<Value, Violation> {
    match (scalar, json) {
        (Scalar::Text | Scalar::Choice(_), Json::String(text)) => {
            if text.contains('\0') {
                Err(nul(String::new()))
            } else {
                Ok(Value::Text(text))
            }
        }
        (Scalar::Integer, Json::Number(number)) => integer(&number).map(Value::Int),
        (Scalar::Number, Json::Number(number)) => Ok(Value::Float(float(&number))),
        (Scalar::Boolean, Json::Bool(value)) => Ok(Value::Bool(value)),
        (Scalar::Instant, Json::String(text)) => text
            .parse::<Instant>()
            .map(Value::Instant)
            .map_err(|error: NotAnInstant| Violation::new("", "format", error.to_string())),
        (scalar, json) => {
            Err(Violation::new("", "type", format!("expected {}, found {}", noun(scalar), describe(&json))))
        }
    }
}

fn noun(scalar: &Scalar) -> &'static str {
    match scalar {
        Scalar::Text | Scalar::Choice(_) => "text",
        Scalar::Integer => "an integer",
        Scalar::Number => "a number",
        Scalar::Boolean => "true or false",
        Scalar::Instant => "a date-time as text",
    }
}

/// A whole number of 64 bits; `2.0` is one, as JSON Schema says.
#[expect(clippy::cast_possible_truncation, reason = "the float is whole and less than 2^53")]
pub(super) fn integer(number: &Number) -> Result<i64, Violation> {
    if let Some(integer) = number.as_i64() {
        return Ok(integer);
    }
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() != 0.0 => {
            Err(Violation::new("", "type", "expected an integer, found a number with a fraction"))
        }
        Some(float) if number.is_f64() && float.abs() < EXACT => Ok(float as i64),
        Some(float) if number.is_f64() && float.abs() < BEYOND => Err(Violation::new(
            "",
            "out_of_range",
            "write an integer beyond ±2^53 without a fraction and an exponent, or it would be rounded",
        )),
        _ => Err(out_of_range()),
    }
}

/// An integer beyond 64 bits.
pub(super) fn out_of_range() -> Violation {
    Violation::new("", "out_of_range", format!("an integer lies between {} and {}", i64::MIN, i64::MAX))
}

/// A finite double; negative zero becomes zero, since a database does not tell them apart.
pub(super) fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or_default() + 0.0
}

fn within(most_bytes: Option<usize>, value: Result<Value, Violation>) -> Result<Value, Violation> {
    match (most_bytes, &value) {
        (Some(most), Ok(Value::Text(text))) if text.len() > most => {
            let message = format!("{} bytes of text: at most {most} fit into the index of this field", text.len());
            Err(Violation::new("", "max_length", message))
        }
        _ => value,
    }
}

fn id(json: &Json) -> Result<Value, Violation> {
    let Some(text) = json.as_str() else {
        return Err(Violation::new(
            "",
            "type",
            format!("expected the id of a record as text, found {}", describe(json)),
        ));
    };
    text.parse::<RecordId>()
        .map(|id| Value::Text(id.to_string()))
        .map_err(|error: NotAnId| Violation::new("", "id", format!("must be the id of a record; this is {error}")))
}

fn list(json: Json, mut item: impl FnMut(Json) -> Result<Value, Violation>) -> Result<Value, Vec<Violation>> {
    let Json::Array(items) = json else {
        return Err(vec![Violation::new("", "type", format!("expected an array, found {}", describe(&json)))]);
    };
    let mut values = Vec::with_capacity(items.len());
    let mut violations = Vec::new();
    for (n, json) in items.into_iter().enumerate() {
        match item(json) {
            Ok(value) => values.push(value),
            Err(violation) => violations.push(violation.under(&join("", n))),
        }
        if violations.len() == explain::MOST {
            break;
        }
    }
    if violations.is_empty() { Ok(Value::List(values)) } else { Err(violations) }
}

fn ids(json: Json) -> Result<Value, Vec<Violation>> {
    let mut seen = HashSet::new();
    list(json, |item| {
        let value = id(&item)?;
        let Value::Text(text) = &value else { return Ok(value) };
        if seen.insert(text.clone()) {
            Ok(value)
        } else {
            Err(Violation::new("", "unique_items", "the same record stands here twice: keep it once"))
        }
    })
}

fn nul(pointer: String) -> Violation {
    Violation::new(pointer, "nul_character", "text can't hold the character U+0000: remove it")
}

/// The first text or member name that holds NUL.
fn nul_inside(pointer: &str, json: &Json) -> Option<String> {
    match json {
        Json::String(text) => text.contains('\0').then(|| pointer.to_owned()),
        Json::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(n, item)| nul_inside("", item).map(|inner| format!("{pointer}/{n}{inner}"))),
        Json::Object(members) => members.iter().find_map(|(name, value)| {
            let inner = if name.contains('\0') { Some(String::new()) } else { nul_inside("", value) };
            inner.map(|inner| join(pointer, name) + &inner)
        }),
        _ => None,
    }
}
