//! A value during evaluation: borrowed from the record, the expression or the bindings wherever it can be.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::instant::Instant;
use crate::value::{self, Value};

/// A value during evaluation.
#[derive(Debug, Clone)]
pub(crate) enum Val<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Instant(Instant),
    Duration(i64),
    List(&'a [Value]),
    /// A JSON array or object; other JSON is one of the above.
    Json(&'a Json),
}

impl<'a> Val<'a> {
    pub(crate) fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Float(value) => Self::Float(*value),
            Value::Text(text) => Self::Text(Cow::Borrowed(text)),
            Value::Instant(instant) => Self::Instant(*instant),
            Value::Duration(millis) => Self::Duration(*millis),
            Value::List(items) => Self::List(items),
            Value::Json(json) => Self::of_json(json),
        }
    }

    /// A number is an integer if it is written as one and fits 64 bits, else a double.
    pub(crate) fn of_json(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(int), _) => Self::Int(int),
                (None, float) => Self::Float(float.unwrap_or(f64::INFINITY)),
            },
            Json::String(text) => Self::Text(Cow::Borrowed(text)),
            Json::Array(_) | Json::Object(_) => Self::Json(json),
        }
    }

    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Float(value) => Value::Float(value),
            Self::Text(text) => Value::Text(text.into_owned()),
            Self::Instant(instant) => Value::Instant(instant),
            Self::Duration(millis) => Value::Duration(millis),
            Self::List(items) => Value::List(items.to_vec()),
            Self::Json(json) => Value::Json(Arc::new(json.clone())),
        }
    }

    /// CEL's `==`. Two JSON documents have no answer: the databases compare them by other rules than CEL does.
    pub(crate) fn equals(&self, other: &Val<'_>) -> Option<bool> {
        match (self, other) {
            (Self::Json(_), Val::Json(_) | Val::List(_)) | (Self::List(_), Val::Json(_)) => None,
            (Self::List(a), Val::List(b)) => Some(a.len() == b.len() && a.iter().zip(*b).all(|(a, b)| a.equals(b))),
            (Self::Null, Val::Null) => Some(true),
            _ => Some(self.compare(other) == Some(Ordering::Equal)),
        }
    }

    /// The order of two values; none for unlike kinds, null, lists and documents.
    pub(crate) fn compare(&self, other: &Val<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Val::Bool(b)) => Some(a.cmp(b)),
            (Self::Int(a), Val::Int(b)) => Some(a.cmp(b)),
            (Self::Float(a), Val::Float(b)) => a.partial_cmp(b),
            (Self::Int(a), Val::Float(b)) => value::compare_int_float(*a, *b),
            (Self::Float(a), Val::Int(b)) => value::compare_int_float(*b, *a).map(Ordering::reverse),
            (Self::Text(a), Val::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
            (Self::Instant(a), Val::Instant(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Val::Duration(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}
