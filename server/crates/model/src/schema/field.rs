//! A field and its kind: what a property of the schema became.

/// One property of a collection's schema, as a column.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a keyword of the schema")]
pub struct Field {
    /// The property's name, which is also the column's.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether a record must have it (`required`).
    pub required: bool,
    /// Whether the schema itself gives `null` a meaning (`"type": ["string", "null"]`, `enum` with `null`);
    /// then a required field may hold it.
    pub nullable: bool,
    /// The value that a create without the property takes (`default`).
    pub default: Option<serde_json::Value>,
    /// `x-unique`: no two records hold the same value; null is not compared.
    pub unique: bool,
    /// `readOnly`: only the server sets it.
    pub read_only: bool,
    /// `writeOnly`: accepted, never returned, not usable in a filter or a sort.
    pub write_only: bool,
    /// `x-renamed-from`: the name under which the data was kept before.
    pub renamed_from: Option<String>,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldKind {
    /// One scalar.
    Scalar(Scalar),
    /// A JSON object (or any JSON, where the schema says no type), kept as it came.
    Json,
    /// An array of scalars.
    List(Scalar),
    /// The id of one record of another collection.
    Relation {
        /// The other collection.
        collection: String,
        /// What happens here when that record goes.
        on_delete: OnDelete,
    },
    /// Ids of any number of records of another collection, in order, each once.
    Relations {
        /// The other collection.
        collection: String,
        /// What happens here when one of those records goes; `SetNull` takes its id out of the list.
        on_delete: OnDelete,
    },
}

/// A kind that fits one SQL column without structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// `{"type": "string"}`.
    Text,
    /// `{"type": "integer"}`: 64 bits, signed.
    Integer,
    /// `{"type": "number"}`: a finite double.
    Number,
    /// `{"type": "boolean"}`.
    Boolean,
    /// `{"type": "string", "format": "date-time"}`.
    Instant,
    /// `{"enum": ["a", "b"]}`: text, one of these.
    Choice(Vec<String>),
}

/// What happens to the records that point at a deleted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// The delete is refused while anything points there; the default.
    Restrict,
    /// They are deleted too.
    Cascade,
    /// Their relation is unset.
    SetNull,
}

impl FieldKind {
    /// The collection this field points at, if it is a relation.
    pub fn target(&self) -> Option<(&str, OnDelete)> {
        match self {
            Self::Relation { collection, on_delete } | Self::Relations { collection, on_delete } => {
                Some((collection, *on_delete))
            }
            _ => None,
        }
    }
}

impl Field {
    /// Whether a stored record can lack a value here.
    pub fn can_be_null(&self) -> bool {
        !self.required || self.nullable
    }
}
