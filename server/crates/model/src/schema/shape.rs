//! Which values a schema lets through, as far as a column's type depends on it.
//!
//! A shape is an upper bound: what `not`, `if` alone and the like take away is not seen. Where several schemas apply
//! to one value (`$ref`, `allOf`), their shapes meet; where one of several does (`anyOf`, `oneOf`), they join.

use serde_json::Value as Json;

use super::document::Document;
use super::field::OnDelete;
use super::violation::join;

/// A set of JSON types; integers and fractions apart, so that `number` is both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const NONE: Self = Self(0);
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(2);
    pub(super) const INTEGER: Self = Self(4);
    pub(super) const FRACTION: Self = Self(8);
    pub(super) const NUMBER: Self = Self(4 | 8);
    pub(super) const STRING: Self = Self(16);
    pub(super) const ARRAY: Self = Self(32);
    pub(super) const OBJECT: Self = Self(64);
    pub(super) const ANY: Self = Self(127);

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn holds(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn named(name: &str) -> Self {
        match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => Self::NONE,
        }
    }

    /// The type of one value; `1.0` is an integer, as JSON Schema says.
    fn of(value: &Json) -> Self {
        match value {
            Json::Null => Self::NULL,
            Json::Bool(_) => Self::BOOLEAN,
            Json::Number(number) if number.as_f64().is_some_and(|float| float.fract() != 0.0) => Self::FRACTION,
            Json::Number(_) => Self::INTEGER,
            Json::String(_) => Self::STRING,
            Json::Array(_) => Self::ARRAY,
            Json::Object(_) => Self::OBJECT,
        }
    }
}

/// `x-relation`, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// The other collection.
    pub(super) collection: String,
    /// What happens here when its record goes.
    pub(super) on_delete: OnDelete,
    /// Where the keyword stands.
    pub(super) pointer: String,
}

/// What is known of the values that a schema lets through.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Their types.
    pub(super) types: Types,
    /// All texts among them, if they are counted out by `enum` or `const`.
    pub(super) texts: Option<Vec<String>>,
    /// Whether texts are date-times.
    pub(super) instant: bool,
    /// What an array's items are; none if nothing is said of all of them.
    pub(super) items: Option<Box<Shape>>,
    /// Whether texts are ids of records elsewhere.
    pub(super) link: Option<Link>,
    /// The places of the schemas that apply to the value itself.
    pub(super) places: Vec<String>,
}

impl Shape {
    fn of_types(types: Types) -> Self {
        Self { types, texts: None, instant: false, items: None, link: None, places: Vec::new() }
    }

    /// The shape of the schema at `pointer`.
    pub(super) fn of(document: &Document<'_>, pointer: &str, node: &Json) -> Self {
        let mut shape = match node {
            Json::Bool(false) => Self::of_types(Types::NONE),
            _ => Self::of_types(Types::ANY),
        };
        shape.places.push(pointer.to_owned());
        if node.is_object() {
            shape.read_own(document, pointer, node);
            shape.read_inner(document, pointer, node);
        }
        shape
    }

    /// The keywords that speak for themselves.
    fn read_own(&mut self, document: &Document<'_>, pointer: &str, node: &Json) {
        match node.get("type") {
            Some(Json::String(name)) => self.types = Types::named(name),
            Some(Json::Array(names)) => {
                self.types = names.iter().filter_map(Json::as_str).map(Types::named).fold(Types::NONE, Types::or);
            }
            _ => {}
        }
        if let Some(Json::Array(values)) = node.get("enum") {
            self.read_values(&values.iter().collect::<Vec<_>>());
        }
        if let Some(value) = node.get("const") {
            self.read_values(&[value]);
        }
        self.instant = node.get("format").is_some_and(|format| format == "date-time");
        self.link = node.get("x-relation").and_then(|keyword| read_link(&join(pointer, "x-relation"), keyword));
        if let (Some(items), None) = (node.get("items"), node.get("prefixItems")) {
            self.items = Some(Box::new(Self::of(document, &join(pointer, "items"), items)));
        }
    }

    fn read_values(&mut self, values: &[&Json]) {
        let allowed = Self {
            texts: Some(values.iter().filter_map(|value| value.as_str()).map(str::to_owned).collect()),
            ..Self::of_types(values.iter().map(|value| Types::of(value)).fold(Types::NONE, Types::or))
        };
        self.meet(allowed);
    }

    /// The keywords that hold schemas for the same value.
    fn read_inner(&mut self, document: &Document<'_>, pointer: &str, node: &Json) {
        let each = |keyword: &str| {
            let schemas = node.get(keyword).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
            let at = join(pointer, keyword);
            schemas.iter().enumerate().map(|(n, schema)| Self::of(document, &join(&at, n), schema)).collect::<Vec<_>>()
        };
        let target = node.get("$ref").and_then(Json::as_str).and_then(|reference| document.target(reference));
        if let Some((at, schema)) = target {
            self.meet(Self::of(document, &at, schema));
        }
        for shape in each("allOf") {
            self.meet(shape);
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(shape) = each(keyword).into_iter().reduce(Self::join) {
                self.meet(shape);
            }
        }
        if let (Some(_), Some(then), Some(other)) = (node.get("if"), node.get("then"), node.get("else")) {
            let then = Self::of(document, &join(pointer, "then"), then);
            self.meet(then.join(Self::of(document, &join(pointer, "else"), other)));
        }
    }

    /// What both let through.
    fn meet(&mut self, other: Self) {
        self.types = self.types.and(other.types);
        self.texts = match (self.texts.take(), other.texts) {
            (Some(mine), Some(theirs)) => Some(mine.into_iter().filter(|text| theirs.contains(text)).collect()),
            (mine, theirs) => mine.or(theirs),
        };
        self.instant |= other.instant;
        self.items = match (self.items.take(), other.items) {
            (Some(mut mine), Some(theirs)) => {
                mine.meet(*theirs);
                Some(mine)
            }
            (mine, theirs) => mine.or(theirs),
        };
        self.link = self.link.take().or(other.link);
        self.places.extend(other.places);
    }

    /// What either lets through.
    fn join(mut self, mut other: Self) -> Self {
        let texts = |shape: &Self| shape.types.holds(Types::STRING);
        let (mine, theirs) = (texts(&self), texts(&other));
        if theirs && !mine {
            (self.texts, self.instant, self.link) = (other.texts.take(), other.instant, other.link.take());
        } else if mine && theirs {
            self.texts = self.texts.take().zip(other.texts.take()).map(|(mut mine, theirs)| {
                mine.extend(theirs);
                mine
            });
            self.instant &= other.instant;
            self.link = self
                .link
                .take()
                .filter(|link| other.link.as_ref().is_some_and(|theirs| theirs.collection == link.collection));
        }
        let arrays = |shape: &Self| shape.types.holds(Types::ARRAY);
        self.items = match (arrays(&self), arrays(&other)) {
            (true, true) => self.items.zip(other.items).map(|(mine, theirs)| Box::new(mine.join(*theirs))),
            (false, true) => other.items,
            _ => self.items,
        };
        self.types = self.types.or(other.types);
        self.places.extend(other.places);
        self
    }
}

/// Reads `x-relation`; what is wrong with it is said elsewhere, where violations are gathered.
fn read_link(pointer: &str, keyword: &Json) -> Option<Link> {
    let on_delete = match keyword.get("onDelete").and_then(Json::as_str) {
        Some("cascade") => OnDelete::Cascade,
        Some("setNull") => OnDelete::SetNull,
        _ => OnDelete::Restrict,
    };
    let collection = keyword.get("collection")?.as_str()?.to_owned();
    Some(Link { collection, on_delete, pointer: pointer.to_owned() })
}
