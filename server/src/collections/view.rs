//! A collection as an administrator sees it: its definition, and how it is stored.

use plinth_model::schema::typescript;
use plinth_store::collections::StoredCollection;
use serde_json::{Map, Value as Json, json};

use super::{Collections, Error};

/// A definition with its hash and times.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The definition as JSON, with `kind`, `system`, `hash`, `createdAt` and `updatedAt`.
    pub json: Map<String, Json>,
    /// A text that changes with the definition.
    pub hash: String,
}

impl View {
    /// The view of a stored definition.
    pub fn of(stored: &StoredCollection) -> Result<Self, Error> {
        let mut json: Map<String, Json> = serde_json::from_str(&stored.definition)
            .map_err(|error| plinth_store::Error::Corrupt(format!("definition of {}: {error}", stored.name)))?;
        json.entry("kind").or_insert_with(|| "base".into());
        json.insert("system".into(), json!(stored.name == plinth_model::schema::collection::USERS));
        json.insert("hash".into(), stored.hash.as_str().into());
        json.insert("createdAt".into(), stored.created_at.to_string().into());
        json.insert("updatedAt".into(), stored.updated_at.to_string().into());
        Ok(Self { json, hash: stored.hash.clone() })
    }
}

impl Collections {
    /// All collections in order of their names.
    pub fn list(&self) -> Result<Vec<View>, Error> {
        let state = self.policy.state();
        let names = state.catalog().iter().filter_map(|collection| state.stored(&collection.name));
        names.map(View::of).collect()
    }

    /// The collections as TypeScript types for `createClient<Schema>`.
    pub fn typescript(&self) -> String {
        typescript::types(self.policy.state().catalog())
    }

    /// One collection.
    pub fn get(&self, name: &str) -> Result<View, Error> {
        self.policy.state().stored(name).ok_or(Error::NotFound).and_then(View::of)
    }
}
