//! A record as the change log keeps it: JSON text of the whole record, `id`, `createdAt`, `updatedAt` and `_rev` first.
//!
//! Every change is written once and read by every node, so both ways go straight between text and values, with no
//! document in between.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value as Json;

use super::coerce::coerce;
use super::collection::Collection;
use crate::id::RecordId;
use crate::instant::Instant;
use crate::record::Record;
use crate::value::Value;

/// The text is no image of a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an image of a record of {collection}: {reason}")]
pub struct ImageError {
    /// The collection.
    pub collection: String,
    /// What was found.
    pub reason: String,
}

/// The image of a record.
#[expect(clippy::missing_panics_doc, reason = "neither can fail")]
pub fn encode(collection: &Collection, record: &Record) -> String {
    let mut text = Vec::with_capacity(160 + 32 * record.values.len());
    let written = Image { collection, record }.serialize(&mut serde_json::Serializer::new(&mut text));
    written.expect("names are text, and a vector takes every byte");
    String::from_utf8(text).expect("JSON is written as UTF-8")
}

/// The record of an image. A field that the image lacks, or holds as another kind than today's, is null.
pub fn decode(collection: &Collection, image: &str) -> Result<Record, ImageError> {
    let mut reader = serde_json::Deserializer::from_str(image);
    let record = Reading(collection).deserialize(&mut reader).and_then(|record| reader.end().map(|()| record));
    record.map_err(|error| ImageError { collection: collection.name.clone(), reason: error.to_string() })
}

struct Image<'a> {
    collection: &'a Collection,
    record: &'a Record,
}

impl Serialize for Image<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(Some(4 + self.record.values.len()))?;
        members.serialize_entry("id", &Shown(&self.record.id))?;
        members.serialize_entry("createdAt", &Shown(&self.record.created_at))?;
        members.serialize_entry("updatedAt", &Shown(&self.record.updated_at))?;
        members.serialize_entry("_rev", &self.record.revision)?;
        for (field, value) in self.collection.fields.iter().zip(&self.record.values) {
            members.serialize_entry(&field.name, &Written(value))?;
        }
        members.end()
    }
}

struct Shown<'a, T>(&'a T);

impl<T: fmt::Display> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

struct Written<'a>(&'a Value);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Text(value) => serializer.serialize_str(value),
            Value::Instant(value) => serializer.collect_str(value),
            Value::Json(value) => value.serialize(serializer),
            Value::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Written(item))?;
                }
                list.end()
            }
            other @ Value::Duration(_) => other.to_json().serialize(serializer),
        }
    }
}

struct Reading<'a>(&'a Collection);

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Record;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Record, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Record, A::Error> {
        let missing = |name| <A::Error as serde::de::Error>::missing_field(name);
        let (mut id, mut created_at, mut updated_at, mut revision) = (None, None, None, None);
        let mut values = vec![Value::Null; self.0.fields.len()];
        while let Some(name) = members.next_key_seed(Name)? {
            match name.as_ref() {
                "id" => id = Some(parsed::<RecordId, A>(&mut members)?),
                "createdAt" => created_at = Some(parsed::<Instant, A>(&mut members)?),
                "updatedAt" => updated_at = Some(parsed::<Instant, A>(&mut members)?),
                "_rev" => revision = Some(members.next_value()?),
                own => match self.0.validator.place(own) {
                    Some(place) => {
                        let json = members.next_value::<Json>()?;
                        values[place] = coerce(&self.0.fields[place].kind, None, json).unwrap_or(Value::Null);
                    }
                    None => {
                        members.next_value::<IgnoredAny>()?;
                    }
                },
            }
        }
        Ok(Record {
            id: id.ok_or_else(|| missing("id"))?,
            created_at: created_at.ok_or_else(|| missing("createdAt"))?,
            updated_at: updated_at.ok_or_else(|| missing("updatedAt"))?,
            revision: revision.ok_or_else(|| missing("_rev"))?,
            values,
        })
    }
}

fn parsed<'de, T, A>(members: &mut A) -> Result<T, A::Error>
where
    T: std::str::FromStr<Err: fmt::Display>,
    A: MapAccess<'de>,
{
    let text = members.next_value::<String>()?;
    text.parse().map_err(serde::de::Error::custom)
}

/// A member's name, borrowed from the text where it can be.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = std::borrow::Cow<'de, str>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = std::borrow::Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(name.into())
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(name.to_owned().into())
    }
}
