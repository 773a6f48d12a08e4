//! Values, and the one meaning of their equality and order that SQL and memory both obey.
//!
//! A value is what a column holds or an expression yields. Text compares bytewise. Integers and floats compare
//! as numbers across the two kinds, exactly (2^63-1 is not rounded to a float first). `Null` is a value of its
//! own: equal to itself only, and without order against anything, as in CEL.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::instant::Instant;

/// One value of a record's field or of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Unset.
    Null,
    /// True or false.
    Bool(bool),
    /// A 64-bit signed integer.
    Int(i64),
    /// A finite or infinite IEEE 754 double; stored ones are finite, since JSON has no others.
    Float(f64),
    /// Text, in UTF-8.
    Text(String),
    /// A point in time, to the millisecond.
    Instant(Instant),
    /// A span of time in milliseconds; never stored.
    Duration(i64),
    /// A list, as of an array field or a list literal.
    List(Vec<Value>),
    /// A JSON document, as of an object field.
    Json(Arc<serde_json::Value>),
}

impl Value {
    /// Text from anything that becomes a `String`.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Whether this is [`Value::Null`].
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// CEL's `==`: numbers by value across kinds, lists by element, everything else within its kind.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(_) | Self::Float(_), Self::Int(_) | Self::Float(_)) => {
                self.compare(other) == Some(Ordering::Equal)
            }
            (Self::List(a), Self::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b)),
            _ => self == other,
        }
    }

    /// The order of two values, or `None` where CEL has none: unlike kinds, null, lists, documents, NaN.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b),
            (Self::Int(a), Self::Float(b)) => compare_int_float(*a, *b),
            (Self::Float(a), Self::Int(b)) => compare_int_float(*b, *a).map(Ordering::reverse),
            (Self::Text(a), Self::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
            (Self::Instant(a), Self::Instant(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// The JSON that a client sees for this value; durations are written in CEL's form (`"1.5s"`).
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Int(value) => Json::from(*value),
            Self::Float(value) => serde_json::Number::from_f64(*value).map_or(Json::Null, Json::Number),
            Self::Text(value) => Json::String(value.clone()),
            Self::Instant(value) => Json::String(value.to_string()),
            Self::Duration(millis) => Json::String(format_duration(*millis)),
            Self::List(values) => Json::Array(values.iter().map(Self::to_json).collect()),
            Self::Json(value) => (**value).clone(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Instant> for Value {
    fn from(value: Instant) -> Self {
        Self::Instant(value)
    }
}

/// Compares without rounding: the float is split into its whole and fractional part.
#[expect(clippy::cast_possible_truncation, reason = "the float is checked to lie within i64's range first")]
pub(crate) fn compare_int_float(int: i64, float: f64) -> Option<Ordering> {
    const TWO_POW_63: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        return None;
    }
    if float >= TWO_POW_63 {
        return Some(Ordering::Less);
    }
    if float < -TWO_POW_63 {
        return Some(Ordering::Greater);
    }
    let whole = float.trunc();
    let by_whole = int.cmp(&(whole as i64));
    Some(by_whole.then_with(|| 0.0_f64.partial_cmp(&(float - whole)).unwrap_or(Ordering::Equal)))
}

fn format_duration(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    match millis % 1000 {
        0 => format!("{sign}{}s", millis / 1000),
        rest => format!("{sign}{}.{}s", millis / 1000, format!("{rest:03}").trim_end_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_integer_is_less_than_the_next_float() {
        let greatest = Value::Int(i64::MAX);
        assert_eq!(greatest.compare(&Value::Float(9_223_372_036_854_775_808.0)), Some(Ordering::Less));
        assert_eq!(Value::Int(3).compare(&Value::Float(3.5)), Some(Ordering::Less));
        assert_eq!(Value::Int(-3).compare(&Value::Float(-3.5)), Some(Ordering::Greater));
        assert!(Value::Int(3).equals(&Value::Float(3.0)));
    }

    #[test]
    fn null_equals_null_and_has_no_order() {
        assert!(Value::Null.equals(&Value::Null));
        assert_eq!(Value::Null.compare(&Value::Int(0)), None);
    }

    #[test]
    fn durations_are_written_as_cel_writes_them() {
        assert_eq!(Value::Duration(1500).to_json(), "1.5s");
        assert_eq!(Value::Duration(-86_400_000).to_json(), "-86400s");
    }
}
