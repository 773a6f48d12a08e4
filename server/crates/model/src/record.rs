//! A record in memory.

use crate::id::RecordId;
use crate::instant::Instant;
use crate::schema::Collection;
use crate::value::Value;

/// A whole record: what a table's row holds. Its values stand in the order of its collection's own fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its name.
    pub id: RecordId,
    /// When it was created.
    pub created_at: Instant,
    /// When it was last written.
    pub updated_at: Instant,
    /// Grows with every write of this id; what an `ETag` is made of.
    pub revision: i64,
    /// The own fields' values, in the order of [`Collection::fields`].
    pub values: Vec<Value>,
}

impl Record {
    /// The value of a field by name, the system fields included; `None` if the collection has no such field.
    pub fn get(&self, collection: &Collection, name: &str) -> Option<Value> {
        match name {
            "id" => Some(Value::Text(self.id.to_string())),
            "createdAt" => Some(Value::Instant(self.created_at)),
            "updatedAt" => Some(Value::Instant(self.updated_at)),
            own => collection.own_field(own).map(|(place, _)| self.values[place].clone()),
        }
    }

    /// The record as a client that may see everything receives it.
    pub fn to_json(&self, collection: &Collection) -> serde_json::Map<String, serde_json::Value> {
        let system = [
            ("id".to_owned(), self.id.to_string().into()),
            ("createdAt".to_owned(), self.created_at.to_string().into()),
            ("updatedAt".to_owned(), self.updated_at.to_string().into()),
        ];
        let own =
            collection.fields.iter().zip(&self.values).map(|(field, value)| (field.name.clone(), value.to_json()));
        system.into_iter().chain(own).collect()
    }
}
