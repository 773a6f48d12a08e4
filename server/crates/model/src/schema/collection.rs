//! A collection: the checked, immutable form of a definition.

use std::sync::Arc;

use serde_json::Value as Json;

use super::check::Validator;
use super::field::{Field, FieldKind, Scalar};

/// The name of the built-in collection of accounts.
pub const USERS: &str = "users";

/// A checked definition: the document as it was given, and the fields that it means.
#[derive(Debug, Clone)]
pub struct Collection {
    /// Its name, which is also its table's.
    pub name: String,
    /// The JSON Schema document as it was given, unknown keywords included.
    pub schema: Json,
    /// The own fields, in the order of the schema's properties.
    pub fields: Vec<Field>,
    /// The indexes that were asked for, unique ones of `x-unique` fields not among them.
    pub indexes: Vec<Index>,
    /// Fields of the full-text index.
    pub search: Vec<String>,
    /// Checks whole records; compiled once.
    pub validator: Arc<Validator>,
    /// `id`, `createdAt`, `updatedAt`: fields of every record, set by the server.
    pub system: [Field; 3],
}

/// An index over several fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its columns, first first.
    pub fields: Vec<IndexField>,
    /// Whether no two records may agree in all of them.
    pub unique: bool,
}

/// One column of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexField {
    /// The field, a system field allowed.
    pub name: String,
    /// Whether it is kept greatest first (written `-name`).
    pub descending: bool,
}

impl Collection {
    /// Any field of a record by name, the system fields included.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.all_fields().find(|field| field.name == name)
    }

    /// An own field and its place in [`crate::Record::values`].
    pub fn own_field(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name == name)
    }

    /// Every field of a record in the order in which a client sees them: `id`, `createdAt`, `updatedAt`, own ones.
    pub fn all_fields(&self) -> impl Iterator<Item = &Field> {
        self.system.iter().chain(&self.fields)
    }

    /// Whether this is the built-in collection of accounts.
    pub fn is_users(&self) -> bool {
        self.name == USERS
    }

    /// The system fields, the same for every collection.
    pub fn system_fields() -> [Field; 3] {
        [("id", Scalar::Text), ("createdAt", Scalar::Instant), ("updatedAt", Scalar::Instant)].map(|(name, kind)| {
            Field {
                name: name.to_owned(),
                kind: FieldKind::Scalar(kind),
                required: true,
                nullable: false,
                default: None,
                unique: false,
                read_only: true,
                write_only: false,
                renamed_from: None,
            }
        })
    }
}
