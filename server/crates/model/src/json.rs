//! JSON bytes to a document, with the limits of a server: no duplicate members, no deep nesting, no numbers without end.
//!
//! `serde_json` reads the bytes and owns the grammar; the visitor here adds what it leaves open (RFC 8259 lets a reader
//! do as it likes with duplicate members; the last one winning has hidden attacks from filters before). A parser of our
//! own was not worth its tests.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value as Json};

use crate::schema::violation::excerpt;

/// Why bytes are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at byte {offset})")]
pub struct ParseError {
    /// Where, in bytes from the start: the end of what was refused.
    pub offset: usize,
    /// What was found there and what is allowed.
    pub message: String,
}

/// How deep a document may nest.
pub const MAX_DEPTH: usize = 64;

/// The document, in one pass over the bytes. `max_depth` is at most 127, since `serde_json` itself goes no deeper.
///
/// ```
/// use plinth_model::json::{MAX_DEPTH, parse_json};
/// assert!(parse_json(br#"{"a": [1, 2]}"#, MAX_DEPTH).is_ok());
/// let twice = parse_json(br#"{"a": 1, "a": 2}"#, MAX_DEPTH).unwrap_err();
/// assert_eq!(twice.message, r#"the member "a" stands twice in one object: keep one of the two"#);
/// ```
pub fn parse_json(bytes: &[u8], max_depth: usize) -> Result<Json, ParseError> {
    let refusal = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let node = Node { depth: 0, max_depth, refusal: &refusal };
    node.deserialize(&mut reader)
        .and_then(|document| reader.end().map(|()| document))
        .map_err(|error| explain(bytes, &error, refusal.take()))
}

/// One place of the document: how deep it is, and where to leave the reason if it is refused.
#[derive(Clone, Copy)]
struct Node<'a> {
    depth: usize,
    max_depth: usize,
    refusal: &'a RefCell<Option<String>>,
}

impl Node<'_> {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == self.max_depth {
            return Err(self.refuse(format!("nested deeper than {} levels: flatten the document", self.max_depth)));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn refuse<E: serde::de::Error>(self, reason: String) -> E {
        self.refusal.replace(Some(reason));
        E::custom("refused")
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Json, E> {
        Number::from_f64(value).map(Json::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inner = self.inner()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            match object.entry(name) {
                Entry::Vacant(place) => {
                    place.insert(members.next_value_seed(inner)?);
                }
                Entry::Occupied(taken) => {
                    let name = excerpt(taken.key());
                    return Err(
                        self.refuse(format!("the member {name:?} stands twice in one object: keep one of the two"))
                    );
                }
            }
        }
        Ok(Json::Object(object))
    }
}

fn explain(bytes: &[u8], error: &serde_json::Error, refusal: Option<String>) -> ParseError {
    let message = refusal.unwrap_or_else(|| {
        let found = error.to_string();
        let found = found.split(" at line ").next().unwrap_or_default();
        match found {
            "number out of range" => {
                "a number beyond the range of a 64-bit float (about ±1.8e308): make it smaller".to_owned()
            }
            "invalid unicode code point" | "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
                format!("not JSON: {found}; text must be valid Unicode")
            }
            found => format!("not JSON: {found}"),
        }
    });
    ParseError { offset: offset_of(bytes, error.line(), error.column()), message }
}

/// `serde_json` counts lines and bytes in the line, both from 1.
fn offset_of(bytes: &[u8], line: usize, column: usize) -> usize {
    let line_start = match line.checked_sub(2) {
        Some(skipped) => {
            bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(skipped).map_or(0, |(at, _)| at + 1)
        }
        None => 0,
    };
    (line_start + column.saturating_sub(1)).min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(text: &str) -> String {
        parse_json(text.as_bytes(), MAX_DEPTH).unwrap_err().to_string()
    }

    #[test]
    fn what_is_refused_says_where_and_why() {
        insta::assert_snapshot!(refusal("{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": 2}}"), @r#"the member "c" stands twice in one object: keep one of the two (at byte 26)"#);
        insta::assert_snapshot!(refusal("[1e400]"), @"a number beyond the range of a 64-bit float (about ±1.8e308): make it smaller (at byte 5)");
        insta::assert_snapshot!(refusal("{\"a\": }"), @"not JSON: expected value (at byte 6)");
        insta::assert_snapshot!(refusal(""), @"not JSON: EOF while parsing a value (at byte 0)");
        insta::assert_snapshot!(refusal("{} {}"), @"not JSON: trailing characters (at byte 3)");
        insta::assert_snapshot!(refusal(r#"["\ud800"]"#), @"not JSON: unexpected end of hex escape; text must be valid Unicode (at byte 8)");
        insta::assert_snapshot!(parse_json(b"[\"\xff\"]", 8).unwrap_err(), @"not JSON: invalid unicode code point; text must be valid Unicode (at byte 2)");
    }

    #[test]
    fn depth_is_bounded_also_for_endless_input() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse_json(deep(MAX_DEPTH).as_bytes(), MAX_DEPTH).is_ok());
        insta::assert_snapshot!(refusal(&deep(MAX_DEPTH + 1)), @"nested deeper than 64 levels: flatten the document (at byte 65)");
        insta::assert_snapshot!(refusal(&"{\"a\":".repeat(100_000)), @"nested deeper than 64 levels: flatten the document (at byte 320)");
    }

    #[test]
    fn integers_are_exact_and_prototypes_are_just_names() {
        let document =
            parse_json(br#"{"__proto__": 9223372036854775807, "constructor": -9223372036854775808}"#, 8).unwrap();
        assert_eq!(document["__proto__"], i64::MAX);
        assert_eq!(document["constructor"], i64::MIN);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Err(error) = parse_json(&bytes, MAX_DEPTH) {
                prop_assert!(error.offset <= bytes.len());
            }
        }

        #[test]
        fn what_serde_reads_without_duplicates_is_read_the_same(text in r#"[\[\]{}:,"a1e.\\ -]{0,24}"#) {
            if let Ok(ours) = parse_json(text.as_bytes(), MAX_DEPTH) {
                prop_assert_eq!(Some(ours), serde_json::from_str::<Json>(&text).ok());
            }
        }
    }
}
