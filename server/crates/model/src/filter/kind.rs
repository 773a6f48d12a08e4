//! The static kinds of expressions.

use std::fmt;
use std::sync::Arc;

use crate::schema::{FieldKind, Scalar};
use crate::value::Value;

/// What an expression yields, besides null and errors.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// Only ever null.
    Null,
    Bool,
    Int,
    Double,
    Text,
    /// The id of a record of this collection: text that can be followed.
    Id(Arc<str>),
    Instant,
    Duration,
    List(Box<Kind>),
    /// Any JSON value; its kind is known when it is read.
    Json,
}

impl Kind {
    /// The kind of a field.
    pub(crate) fn of_field(kind: &FieldKind) -> Self {
        match kind {
            FieldKind::Scalar(scalar) => Self::of_scalar(scalar),
            FieldKind::Json => Self::Json,
            FieldKind::List(scalar) => Self::List(Box::new(Self::of_scalar(scalar))),
            FieldKind::Relation { collection, .. } => Self::Id(collection.as_str().into()),
            FieldKind::Relations { collection, .. } => Self::List(Box::new(Self::Id(collection.as_str().into()))),
        }
    }

    fn of_scalar(scalar: &Scalar) -> Self {
        match scalar {
            Scalar::Text | Scalar::Choice(_) => Self::Text,
            Scalar::Integer => Self::Int,
            Scalar::Number => Self::Double,
            Scalar::Boolean => Self::Bool,
            Scalar::Instant => Self::Instant,
        }
    }

    /// The kind of a value.
    pub(crate) fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Int(_) => Self::Int,
            Value::Float(_) => Self::Double,
            Value::Text(_) => Self::Text,
            Value::Instant(_) => Self::Instant,
            Value::Duration(_) => Self::Duration,
            Value::List(items) => Self::List(Box::new(Self::of_items(items.iter().map(Self::of_value)))),
            Value::Json(_) => Self::Json,
        }
    }

    /// The kind of a list's items: their common kind, or JSON for a mixture.
    pub(crate) fn of_items(kinds: impl IntoIterator<Item = Kind>) -> Self {
        let mut kinds = kinds.into_iter().filter(|kind| *kind != Self::Null);
        let Some(first) = kinds.next() else { return Self::Null };
        kinds.fold(first, |known, kind| known.join(&kind).unwrap_or(Self::Json))
    }

    /// The kind of "one of these two", if they have one: null joins with everything, JSON takes everything in,
    /// and a mixture of integers and doubles is compared as doubles are.
    pub(crate) fn join(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (a, b) if a == b => Some(a.clone()),
            (Self::Null, kind) | (kind, Self::Null) => Some(kind.clone()),
            (Self::Json, _) | (_, Self::Json) => Some(Self::Json),
            (Self::Text | Self::Id(_), Self::Text | Self::Id(_)) => Some(Self::Text),
            (Self::List(a), Self::List(b)) => a.join(b).map(|item| Self::List(Box::new(item))),
            _ => None,
        }
    }

    /// Whether `==` between them is more than a mistake.
    pub(crate) fn can_equal(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => true,
            (Self::List(a), Self::List(b)) => a.can_equal(b),
            (Self::List(_), _) | (_, Self::List(_)) => false,
            (Self::Json, other) | (other, Self::Json) => !matches!(other, Self::Instant | Self::Duration),
            (a, b) => a == b || (a.is_number() && b.is_number()) || (a.is_text() && b.is_text()),
        }
    }

    /// Whether `<` between them can have an answer.
    pub(crate) fn can_order(&self, other: &Self) -> bool {
        !matches!(self, Self::Null | Self::List(_)) && !matches!(other, Self::Null) && self.can_equal(other)
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Double)
    }

    pub(crate) fn is_double(&self) -> bool {
        matches!(self, Self::Double)
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Id(_))
    }
}

impl fmt::Display for Kind {
    /// As error texts say it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("a boolean"),
            Self::Int => f.write_str("an integer"),
            Self::Double => f.write_str("a number"),
            Self::Text => f.write_str("text"),
            Self::Id(_) => f.write_str("an id"),
            Self::Instant => f.write_str("a timestamp"),
            Self::Duration => f.write_str("a duration"),
            Self::List(_) => f.write_str("a list"),
            Self::Json => f.write_str("JSON"),
        }
    }
}
