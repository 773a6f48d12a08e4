//! A record on its way to be checked.
//!
//! A body is turned into the document that the schema speaks about: members that are null are left out (null means
//! unset), unless the field is required and its schema allows null; date-times are written in one way. That document
//! goes through the compiled schema as a whole, then member by member into values.

use serde_json::{Map, Value as Json};

use super::check::Hand;
use super::coerce::coerce;
use super::collection::Collection;
use super::explain;
use super::field::{FieldKind, Scalar};
use super::violation::{Violation, excerpt, inside, join};
use crate::instant::Instant;
use crate::nearest::hint;
use crate::record::Record;
use crate::value::Value;

/// The members that the server sets.
const SYSTEM: [&str; 3] = ["id", "createdAt", "updatedAt"];

/// A record on its way to be checked.
pub(super) struct Draft<'a> {
    collection: &'a Collection,
    document: Map<String, Json>,
    /// Which own fields were mentioned, null included.
    pub(super) given: Vec<bool>,
    violations: Vec<Violation>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(collection: &'a Collection, members: usize) -> Self {
        let document = Map::with_capacity(members.min(collection.fields.len()));
        Self { collection, document, given: vec![false; collection.fields.len()], violations: Vec::new() }
    }

    pub(super) fn refuse(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    /// The place of an own field. Members of another kind are checked here and have none: system members may repeat
    /// what is stored, anything else is unknown.
    pub(super) fn own(&mut self, name: &str, value: &Json, current: Option<&Record>) -> Option<usize> {
        let place = self.collection.validator.place(name);
        // The hint in each of them costs more than the member did to send.
        if place.is_none() && self.violations.len() < explain::MOST {
            self.violations.extend(self.foreign(name, value, current));
        }
        place
    }

    fn foreign(&self, name: &str, value: &Json, current: Option<&Record>) -> Option<Violation> {
        if SYSTEM.contains(&name) {
            let same = current.is_some_and(|current| repeats(name, value, current));
            return (!same).then(|| read_only(name));
        }
        if name == "expand" {
            return Some(Violation::new(
                "/expand",
                "read_only",
                "\"expand\" is part of an answer only: leave it out, and write the records in it by themselves",
            ));
        }
        let message = format!(
            "{} has no field {:?}{}: remove it",
            self.collection.name,
            excerpt(name),
            hint(name, self.collection.fields.iter().map(|field| field.name.as_str()))
        );
        Some(Violation::new(join("", name), "unknown_field", message))
    }

    /// Refuses to let a client change what only the server sets.
    pub(super) fn guard(&mut self, hand: Hand, place: usize, value: &Json, current: &Record) {
        let field = &self.collection.fields[place];
        if field.read_only && hand == Hand::Client && !self.collection.repeats(&field.name, value, current) {
            self.violations.push(read_only(&field.name));
        }
    }

    /// Sets a member as it was sent, in the form in which the schema is to see it.
    pub(super) fn put(&mut self, place: usize, name: String, value: Json) {
        let kind = &self.collection.fields[place].kind;
        self.insert(place, name, canonical(kind, value));
    }

    /// Sets a member as it is stored.
    pub(super) fn put_stored(&mut self, place: usize, value: &Value) {
        let name = self.collection.fields[place].name.clone();
        self.insert(place, name, value.to_json());
    }

    fn insert(&mut self, place: usize, name: String, value: Json) {
        let field = &self.collection.fields[place];
        self.given[place] = true;
        if value.is_null() && !(field.required && field.nullable) {
            self.document.shift_remove(&name);
        } else {
            self.document.insert(name, value);
        }
    }

    /// Takes the member out as it stands.
    pub(super) fn take(&mut self, place: usize) -> Option<Json> {
        self.document.get_mut(&self.collection.fields[place].name).map(Json::take)
    }

    /// Sets what was not mentioned and has a default.
    pub(super) fn fill_defaults(&mut self) {
        let defaults = self.collection.fields.iter().zip(&self.collection.validator.defaults);
        for ((field, default), given) in defaults.zip(&self.given) {
            if let (Some(default), false) = (default, given) {
                self.document.insert(field.name.clone(), default.clone());
            }
        }
    }

    /// The values. Where `current` is there, a field that was not mentioned keeps its value without being read again.
    pub(super) fn finish(mut self, current: Option<&Record>) -> Result<Vec<Value>, Vec<Violation>> {
        let Collection { validator, fields, .. } = self.collection;
        let document = Json::Object(std::mem::take(&mut self.document));
        if !validator.rules.is_valid(&document) {
            self.violations.extend(explain::violations(&validator.rules, &document));
        }
        let mut values = current.map_or_else(|| vec![Value::Null; fields.len()], |current| current.values.clone());
        for place in (0..fields.len()).filter(|place| self.given[*place]) {
            values[place] = Value::Null;
        }
        let Json::Object(members) = document else { return Err(self.violations) };
        for (name, json) in members {
            let Some(place) = validator.place(&name) else { continue };
            if current.is_some() && !self.given[place] {
                continue;
            }
            match coerce(&fields[place].kind, validator.most_bytes[place], json) {
                Ok(value) => values[place] = value,
                Err(violations) => self.add_unless_said(&join("", &name), violations),
            }
        }
        if self.violations.is_empty() { Ok(values) } else { Err(self.finish_violations()) }
    }

    /// Adds what a column needs beyond the schema, if the schema did not complain about the member already.
    fn add_unless_said(&mut self, own: &str, violations: Vec<Violation>) {
        if !self.violations.iter().any(|said| inside(own, &said.pointer).is_some()) {
            self.violations.extend(violations.into_iter().map(|violation| violation.under(own)));
        }
    }

    fn finish_violations(mut self) -> Vec<Violation> {
        self.violations.truncate(explain::MOST);
        self.violations
    }
}

/// Whether a system member says what is stored.
fn repeats(name: &str, value: &Json, current: &Record) -> bool {
    let instant = |stored: Instant| value.as_str().and_then(|text| text.parse().ok()) == Some(stored);
    match name {
        "id" => value.as_str() == Some(current.id.to_string().as_str()),
        "createdAt" => instant(current.created_at),
        _ => instant(current.updated_at),
    }
}

/// A member that only the server sets.
pub(super) fn read_only(name: &str) -> Violation {
    Violation::new(
        join("", name),
        "read_only",
        format!("{name:?} is set by the server: leave it out, or repeat it as it is"),
    )
}

/// A date-time in the one spelling in which it is kept, so that it is checked as it will be read.
pub(super) fn canonical(kind: &FieldKind, value: Json) -> Json {
    match (kind, value) {
        (FieldKind::Scalar(Scalar::Instant), Json::String(text)) => match text.parse::<Instant>() {
            Ok(instant) => Json::String(instant.to_string()),
            Err(_) => Json::String(text),
        },
        (FieldKind::List(Scalar::Instant), Json::Array(items)) => {
            Json::Array(items.into_iter().map(|item| canonical(&FieldKind::Scalar(Scalar::Instant), item)).collect())
        }
        (_, value) => value,
    }
}
