//! Values under another kind: what a change of a field's kind does to the data.
//!
//! Nothing is rounded, cut or guessed: a value that does not fit stands against the change, and the plan counts it.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Number, Value as Json};

use super::coerce::{coerce, scalar_value};
use super::field::{FieldKind, Scalar};
use crate::id::RecordId;
use crate::instant::Instant;
use crate::value::Value;

/// Why a value does not fit the new kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unconvertible(pub String);

/// The value under the new kind. Null stays null; nothing is rounded or cut to fit.
///
/// ```
/// use plinth_model::schema::{FieldKind, Scalar, convert::convert};
/// use plinth_model::Value;
/// let (text, integer) = (FieldKind::Scalar(Scalar::Text), FieldKind::Scalar(Scalar::Integer));
/// assert_eq!(convert(&"42".into(), &text, &integer), Ok(Value::Int(42)));
/// assert!(convert(&"many".into(), &text, &integer).is_err());
/// ```
pub fn convert(value: &Value, from: &FieldKind, to: &FieldKind) -> Result<Value, Unconvertible> {
    if value.is_null() || Shape::of(from) == Shape::of(to) {
        return Ok(value.clone());
    }
    match (value, Shape::of(to)) {
        (value, Shape::Json) => Ok(Value::Json(Arc::new(value.to_json()))),
        (Value::Json(document), _) => from_document(document, to),
        (Value::List(items), Shape::One(scalar)) => match items.as_slice() {
            [] => Ok(Value::Null),
            [item] => one(item, scalar),
            more => Err(Unconvertible(format!("holds {} items, and the new kind holds one", more.len()))),
        },
        (Value::List(items), Shape::Many(scalar)) => {
            items.iter().map(|item| one(item, scalar)).collect::<Result<_, _>>().and_then(|items| many(scalar, items))
        }
        (value, Shape::One(scalar)) => one(value, scalar),
        (value, Shape::Many(scalar)) => one(value, scalar).map(|item| Value::List(vec![item])),
    }
}

/// Whether every value of the old kind has one of its own under the new, from which it could be had back.
pub fn keeps_everything(from: &FieldKind, to: &FieldKind) -> bool {
    match (Shape::of(from), Shape::of(to)) {
        (from, to) if from == to => true,
        (_, Shape::Json) => true,
        (Shape::One(from), Shape::One(to) | Shape::Many(to)) | (Shape::Many(from), Shape::Many(to)) => widens(from, to),
        _ => false,
    }
}

fn widens(from: Item<'_>, to: Item<'_>) -> bool {
    match (from, to) {
        (from, to) if from == to => true,
        (Item::Scalar(Scalar::Number), Item::Scalar(to)) => matches!(to, Scalar::Integer | Scalar::Text),
        (Item::Scalar(Scalar::Text), Item::Scalar(to)) => matches!(to, Scalar::Choice(_)),
        (Item::Scalar(Scalar::Choice(_)), Item::Scalar(to)) => matches!(to, Scalar::Choice(_) | Scalar::Text),
        (Item::Scalar(Scalar::Text | Scalar::Choice(_)), Item::Id) => true,
        (_, Item::Scalar(Scalar::Text)) => true,
        (Item::Scalar(Scalar::Boolean | Scalar::Instant), Item::Scalar(Scalar::Integer)) => true,
        (Item::Scalar(Scalar::Integer), Item::Scalar(to)) => {
            matches!(to, Scalar::Number | Scalar::Boolean | Scalar::Instant)
        }
        _ => false,
    }
}

/// A kind, as far as a conversion depends on it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape<'a> {
    One(Item<'a>),
    Many(Item<'a>),
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Item<'a> {
    Scalar(&'a Scalar),
    Id,
}

impl<'a> Shape<'a> {
    fn of(kind: &'a FieldKind) -> Self {
        match kind {
            FieldKind::Scalar(scalar) => Self::One(Item::Scalar(scalar)),
            FieldKind::Relation { .. } => Self::One(Item::Id),
            FieldKind::List(scalar) => Self::Many(Item::Scalar(scalar)),
            FieldKind::Relations { .. } => Self::Many(Item::Id),
            FieldKind::Json => Self::Json,
        }
    }
}

/// A document is read as a member of that kind would be; a lone scalar fills a list.
fn from_document(document: &Json, to: &FieldKind) -> Result<Value, Unconvertible> {
    let as_list = matches!(to, FieldKind::List(_) | FieldKind::Relations { .. }) && !document.is_array();
    let json = if as_list { Json::Array(vec![document.clone()]) } else { document.clone() };
    coerce(to, None, json).map_err(|violations| {
        Unconvertible(violations.into_iter().next().map_or_else(String::new, |violation| violation.message))
    })
}

fn many(item: Item<'_>, values: Vec<Value>) -> Result<Value, Unconvertible> {
    if item == Item::Id {
        let mut seen = HashSet::new();
        let twice = values.iter().any(|value| !seen.insert(value.to_json().to_string()));
        if twice {
            return Err(Unconvertible("holds the same record twice".to_owned()));
        }
    }
    Ok(Value::List(values))
}

fn one(value: &Value, to: Item<'_>) -> Result<Value, Unconvertible> {
    match to {
        Item::Id => match value {
            Value::Text(text) if text.parse::<RecordId>().is_ok() => Ok(value.clone()),
            _ => Err(Unconvertible("is not the id of a record".to_owned())),
        },
        Item::Scalar(Scalar::Text) => Ok(Value::Text(as_text(value))),
        Item::Scalar(Scalar::Choice(words)) => {
            let text = as_text(value);
            if words.contains(&text) {
                Ok(Value::Text(text))
            } else {
                Err(Unconvertible("is none of the allowed words".to_owned()))
            }
        }
        Item::Scalar(scalar) => {
            let converted = match value {
                Value::Text(text) => from_text(text, scalar),
                other => from_scalar(other, scalar),
            };
            converted.ok_or_else(|| Unconvertible(format!("can't be read as {}", noun(scalar))))
        }
    }
}

fn noun(scalar: &Scalar) -> &'static str {
    match scalar {
        Scalar::Text | Scalar::Choice(_) => "text",
        Scalar::Integer => "an integer of 64 bits",
        Scalar::Number => "a number that a 64-bit float holds exactly",
        Scalar::Boolean => "true or false",
        Scalar::Instant => "a date-time",
    }
}

/// Text as JSON would write the value, without the quotes.
fn as_text(value: &Value) -> String {
    match value.to_json() {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

/// The text is read as JSON would be: `007` is no number, since it may be a code.
fn from_text(text: &str, to: &Scalar) -> Option<Value> {
    let json = match to {
        Scalar::Instant => Json::String(text.to_owned()),
        Scalar::Boolean => Json::Bool(text.parse().ok()?),
        _ => Json::Number(serde_json::from_str::<Number>(text).ok()?),
    };
    scalar_value(to, json).ok()
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "the result is compared with the value, exactly"
)]
fn from_scalar(value: &Value, to: &Scalar) -> Option<Value> {
    match (value, to) {
        (Value::Int(int), Scalar::Number) => {
            let float = Value::Float(*int as f64);
            float.equals(value).then_some(float)
        }
        (Value::Int(int), Scalar::Boolean) => matches!(int, 0 | 1).then_some(Value::Bool(*int == 1)),
        (Value::Int(int), Scalar::Instant) => Instant::from_millis(*int).map(Value::Instant),
        (Value::Float(float), Scalar::Integer) => {
            let int = *float as i64;
            (Value::Int(int).equals(value)).then_some(Value::Int(int))
        }
        (Value::Bool(value), Scalar::Integer) => Some(Value::Int(i64::from(*value))),
        (Value::Instant(instant), Scalar::Integer) => Some(Value::Int(instant.millis())),
        _ => None,
    }
}
