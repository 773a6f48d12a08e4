//! Whether a record is what its collection says: the compiled schema, and what uses it on whole records.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value as Json};

use super::coerce::coerce;
use super::collection::Collection;
use super::document::linear;
use super::draft::{Draft, canonical, read_only};
use super::explain;
use super::field::{Field, FieldKind};
use super::tie::ties;
pub use super::violation::Violation;
use super::violation::{inside, join};
use crate::id::{NotAnId, RecordId};
use crate::record::Record;
use crate::value::Value;

/// Checks whole records of one collection; compiled once.
#[derive(Debug)]
pub struct Validator {
    pub(super) rules: jsonschema::Validator,
    /// The own fields by name.
    places: HashMap<String, usize>,
    /// Bytes of text that a field may hold because it is indexed.
    pub(super) most_bytes: Vec<Option<usize>>,
    /// What a create without the member takes.
    pub(super) defaults: Vec<Option<Json>>,
    /// Places of fields that a rule of the whole record ties to each other.
    ties: Vec<BTreeSet<usize>>,
}

/// Whose hand writes: the server may set `readOnly` fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// A client's.
    Client,
    /// The server's own.
    Server,
}

/// Takes `id` out of a create's body: the name that the client chose, if it did. Null counts as not chosen.
pub fn take_id(body: &mut Map<String, Json>) -> Result<Option<RecordId>, Violation> {
    match body.shift_remove("id") {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => {
            text.parse().map(Some).map_err(|error: NotAnId| Violation::new("/id", "id", format!("this is {error}")))
        }
        Some(other) => {
            Err(Violation::new("/id", "type", format!("expected text, found {}", explain::describe(&other))))
        }
    }
}

impl Collection {
    /// The values of a new record: defaults set, everything checked. `id` is the caller's ([`take_id`]).
    pub fn create(&self, hand: Hand, body: Map<String, Json>) -> Result<Vec<Value>, Vec<Violation>> {
        let mut draft = Draft::new(self, body.len());
        for (name, value) in body {
            let Some(place) = draft.own(&name, &value, None) else { continue };
            let given = !value.is_null() && self.validator.defaults[place].as_ref() != Some(&value);
            if self.fields[place].read_only && hand == Hand::Client && given {
                draft.refuse(read_only(&name));
            }
            draft.put(place, name, value);
        }
        draft.fill_defaults();
        draft.finish(None)
    }

    /// The values of a record that is written anew in place of `current`: as a create, except that `id`, `createdAt`,
    /// `updatedAt` and `readOnly` members may be repeated as they are, and that a `readOnly` or `writeOnly` member
    /// that is missing keeps its value (so what was read can be written back).
    pub fn replace(&self, hand: Hand, current: &Record, body: Map<String, Json>) -> Result<Vec<Value>, Vec<Violation>> {
        let mut draft = Draft::new(self, body.len());
        for (name, value) in body {
            let Some(place) = draft.own(&name, &value, Some(current)) else { continue };
            draft.guard(hand, place, &value, current);
            draft.put(place, name, value);
        }
        for (place, field) in self.fields.iter().enumerate() {
            if (field.read_only || field.write_only) && !draft.given[place] {
                draft.put_stored(place, &current.values[place]);
            }
        }
        draft.fill_defaults();
        draft.finish(None)
    }

    /// The fields that rules of the whole record tie to one of these, those themselves among them: what the one may hold
    /// hangs on what the other holds.
    pub fn tied_to(&self, wanted: impl Fn(&Field) -> bool) -> Vec<&Field> {
        let ties = self.validator.ties.iter().filter(|tie| tie.iter().any(|place| wanted(&self.fields[*place])));
        let places: BTreeSet<usize> = ties.flatten().copied().collect();
        places.into_iter().map(|place| &self.fields[place]).collect()
    }

    /// Whether this is what an own field of the record holds.
    pub fn repeats(&self, name: &str, sent: &Json, stored: &Record) -> bool {
        self.own_field(name).is_some_and(|(place, field)| {
            coerce(&field.kind, None, sent.clone()).is_ok_and(|sent| sent == stored.values[place])
        })
    }

    /// Whether stored values satisfy the schema.
    pub fn verify(&self, values: &[Value]) -> Result<(), Vec<Violation>> {
        let mut draft = Draft::new(self, values.len());
        for (place, value) in values.iter().enumerate() {
            draft.put_stored(place, value);
        }
        draft.finish(None).map(|_| ())
    }
}

impl Validator {
    /// Compiles a checked schema; pointers into it.
    pub(super) fn new(schema: &Json, fields: &[Field], most_bytes: &[Option<usize>]) -> Result<Self, Vec<Violation>> {
        let mut document = schema.clone();
        if let Some(members) = document.as_object_mut() {
            // An $id would only change the base that `#/…` is resolved against.
            members.shift_remove("$id");
        }
        let rules = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .with_pattern_options(linear())
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            .offline()
            .build(&document)
            .map_err(|error| explain::explain(&error))?;
        let mut validator = Self {
            rules,
            places: fields.iter().enumerate().map(|(place, field)| (field.name.clone(), place)).collect(),
            most_bytes: most_bytes.to_vec(),
            defaults: Vec::new(),
            ties: ties(schema, fields),
        };
        let mut violations = Vec::new();
        for (field, most_bytes) in fields.iter().zip(most_bytes) {
            let default = field.default.as_ref().map(|default| canonical(&field.kind, default.clone()));
            violations
                .extend(default.iter().flat_map(|default| validator.default_violations(field, *most_bytes, default)));
            validator.defaults.push(default);
        }
        if violations.is_empty() { Ok(validator) } else { Err(violations) }
    }

    /// Where an own field stands in a record's values.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// What a create without the member takes, as a value.
    pub(super) fn default_of(&self, place: usize, kind: &FieldKind) -> Option<Value> {
        self.defaults[place].clone().and_then(|default| coerce(kind, None, default).ok())
    }

    /// What a default breaks of its own field's rules.
    fn default_violations(&self, field: &Field, most_bytes: Option<usize>, default: &Json) -> Vec<Violation> {
        let record = Json::Object(Map::from_iter([(field.name.clone(), default.clone())]));
        let own = join("", &field.name);
        let relative = |violation: Violation| {
            Some(Violation { pointer: inside(&own, &violation.pointer)?.to_owned(), ..violation })
        };
        let mut broken: Vec<_> = explain::violations(&self.rules, &record).into_iter().filter_map(relative).collect();
        if broken.is_empty() {
            broken.extend(coerce(&field.kind, most_bytes, default.clone()).err().into_iter().flatten());
        }
        let at = join(&join("/properties", &field.name), "default");
        broken
            .into_iter()
            .map(|violation| Violation {
                message: format!("the default does not fit: {}", violation.message),
                ..violation.under(&at)
            })
            .collect()
    }
}
