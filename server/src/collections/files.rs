//! Definitions as files: one JSON document a collection, named after it.
//!
//! A file is a whole definition: where it has no `indexes` or `search`, the collection has none.
//! Files are applied in the order in which relations need it. Collections that point at each other are made without
//! those relations first and completed afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use plinth_model::json::{MAX_DEPTH, parse_json};
use plinth_model::schema::Definition;
use plinth_model::schema::collection::USERS;
use plinth_store::collections::StoredCollection;
use serde_json::{Map, Value as Json, json};

use super::apply::{Change, Options, read_definition};
use super::{Collections, Error, Plan};

/// Why files were not read, written or applied.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is no definition.
    #[error("{}: {reason}", path.display())]
    Definition {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The database's collections could not be changed.
    #[error("{collection}: {}", describe(error))]
    Collection {
        /// The collection.
        collection: String,
        /// Why.
        error: Error,
    },
}

/// What an error says, with every place that it names.
fn describe(error: &Error) -> String {
    match error {
        Error::Invalid(violations) => {
            let lines = violations.iter().map(|violation| format!("{} {}", violation.pointer, violation.message));
            lines.collect::<Vec<_>>().join("; ")
        }
        Error::Destructive(_) => "the plan loses data: repeat with --allow-destructive if that is meant".to_owned(),
        Error::Blocked(_) => "stored rows don't fit: run `plinth schema diff` to see which".to_owned(),
        other => other.to_string(),
    }
}

/// The difference between one file and the database.
#[derive(Debug)]
pub struct Difference {
    /// The collection.
    pub collection: String,
    /// What applying its file would do; empty if nothing but the definition's text changes.
    pub plan: Plan,
}

impl Difference {
    /// `{collection, plan}`, the plan as clients see it.
    pub fn to_json(&self) -> Json {
        json!({ "collection": self.collection, "plan": self.plan.to_json() })
    }
}

/// Reads every `*.json` of a directory, by collection.
pub fn read_directory(directory: &Path) -> Result<BTreeMap<String, Map<String, Json>>, FileError> {
    let io = |source| FileError::Io { path: directory.to_owned(), source };
    let mut definitions = BTreeMap::new();
    for entry in std::fs::read_dir(directory).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let (name, body) = read_file(&path)?;
            definitions.insert(name, body);
        }
    }
    Ok(definitions)
}

fn read_file(path: &Path) -> Result<(String, Map<String, Json>), FileError> {
    let bytes = std::fs::read(path).map_err(|source| FileError::Io { path: path.to_owned(), source })?;
    let broken = |reason: String| FileError::Definition { path: path.to_owned(), reason };
    let json = parse_json(&bytes, MAX_DEPTH).map_err(|error| broken(error.to_string()))?;
    let Json::Object(mut body) = json else {
        return Err(broken("a definition is a JSON object with name and schema".to_owned()));
    };
    body.remove("kind");
    for list in ["indexes", "search"] {
        body.entry(list).or_insert_with(|| json!([]));
    }
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    match body.get("name").and_then(Json::as_str) {
        Some(name) if name == stem => Ok((name.to_owned(), body)),
        Some(name) => Err(broken(format!("it defines {name:?}: call the file {name}.json"))),
        None => Err(broken("the member name is missing".to_owned())),
    }
}

/// Writes definitions into a directory, one file a collection; answers the files.
pub fn write_directory(
    directory: &Path,
    definitions: &BTreeMap<String, Map<String, Json>>,
) -> Result<Vec<PathBuf>, FileError> {
    std::fs::create_dir_all(directory).map_err(|source| FileError::Io { path: directory.to_owned(), source })?;
    let write = |(name, definition): (&String, &Map<String, Json>)| {
        let path = directory.join(format!("{name}.json"));
        let text = format!("{:#}\n", json!(definition));
        std::fs::write(&path, text).map_err(|source| FileError::Io { path: path.clone(), source })?;
        Ok(path)
    };
    definitions.iter().map(write).collect()
}

impl Collections {
    /// Every definition, as it stands in its file, by collection.
    pub fn definitions(&self) -> Result<BTreeMap<String, Json>, FileError> {
        let state = self.policy.state();
        let stored = state.catalog().iter().filter_map(|collection| state.stored(&collection.name));
        let read = |stored: &StoredCollection| {
            let definition = read_definition(stored).map_err(|error| of(&stored.name, error))?;
            Ok((stored.name.clone(), json!(definition)))
        };
        stored.map(read).collect()
    }

    /// What applying these definitions would do, each against the database as it is.
    pub async fn compare(&self, files: &BTreeMap<String, Map<String, Json>>) -> Result<Vec<Difference>, FileError> {
        let options = Options { dry_run: true, ..Options::default() };
        let mut differences = Vec::new();
        for (name, body) in ordered(files) {
            let result = match self.policy.state().stored(name) {
                Some(_) => self.change(name, body.clone(), &options).await,
                None => self.create(without_missing_relations(body, &self.known()), &options).await,
            };
            if let Change::Planned(plan) = result.map_err(|error| of(name, error))?
                && (!plan.is_empty() || self.differs(name, body))
            {
                differences.push(Difference { collection: name.to_owned(), plan });
            }
        }
        Ok(differences)
    }

    /// Makes the database's collections as these definitions say; answers the collections that changed. Collections
    /// without a file stay as they are.
    pub async fn apply_files(
        &self,
        files: &BTreeMap<String, Map<String, Json>>,
        allow_destructive: bool,
    ) -> Result<Vec<String>, FileError> {
        let options = Options { allow_destructive, ..Options::default() };
        let mut changed = BTreeSet::new();
        for (name, body) in ordered(files) {
            if self.policy.state().stored(name).is_none() {
                let first = without_missing_relations(body, &self.known());
                self.create(first, &options).await.map_err(|error| of(name, error))?;
                changed.insert(name.to_owned());
            }
        }
        for (name, body) in ordered(files) {
            let dry = Options { dry_run: true, ..options.clone() };
            let planned = self.change(name, body.clone(), &dry).await.map_err(|error| of(name, error))?;
            if matches!(&planned, Change::Planned(plan) if !plan.is_empty()) || self.differs(name, body) {
                self.change(name, body.clone(), &options).await.map_err(|error| of(name, error))?;
                changed.insert(name.to_owned());
            }
        }
        Ok(changed.into_iter().collect())
    }

    /// Whether the stored definition's text differs, as when only a description changed.
    fn differs(&self, name: &str, body: &Map<String, Json>) -> bool {
        let definition = Definition::read(body.clone());
        let state = self.policy.state();
        match (definition, state.stored(name)) {
            (Ok(definition), Some(stored)) => definition.hash() != stored.hash,
            _ => false,
        }
    }

    fn known(&self) -> BTreeSet<String> {
        self.policy.state().catalog().iter().map(|collection| collection.name.clone()).collect()
    }
}

fn of(collection: &str, error: Error) -> FileError {
    FileError::Collection { collection: collection.to_owned(), error }
}

/// The definitions, each behind those it points at, as far as that is possible; `users` first.
fn ordered(files: &BTreeMap<String, Map<String, Json>>) -> Vec<(&str, &Map<String, Json>)> {
    let mut order: Vec<(&str, &Map<String, Json>)> = Vec::new();
    let mut open: Vec<&str> = files.keys().map(String::as_str).collect();
    open.sort_by_key(|name| *name != USERS);
    while !open.is_empty() {
        let ready = open.iter().position(|name| {
            let targets = targets(&files[*name]);
            targets.iter().all(|target| target == name || !open.contains(&target.as_str()))
        });
        // In a circle somebody has to be first.
        let name = open.remove(ready.unwrap_or(0));
        if let Some((name, body)) = files.get_key_value(name) {
            order.push((name, body));
        }
    }
    order
}

fn relation_of(property: &Json) -> Option<&str> {
    let relation = property.get("x-relation").or_else(|| property.pointer("/items/x-relation"))?;
    relation.get("collection")?.as_str()
}

fn targets(body: &Map<String, Json>) -> BTreeSet<String> {
    let properties = body.get("schema").and_then(|schema| schema.get("properties")).and_then(Json::as_object);
    properties.into_iter().flatten().filter_map(|(_, property)| relation_of(property)).map(str::to_owned).collect()
}

/// The definition without the relations whose target does not exist yet, and the indexes that name them.
fn without_missing_relations(body: &Map<String, Json>, known: &BTreeSet<String>) -> Map<String, Json> {
    let mut body = body.clone();
    let own = body.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
    let mut dropped = BTreeSet::new();
    if let Some(properties) =
        body.get_mut("schema").and_then(|schema| schema.get_mut("properties")).and_then(Json::as_object_mut)
    {
        properties.retain(|name, property| {
            let kept = relation_of(property).is_none_or(|target| target == own || known.contains(target));
            if !kept {
                dropped.insert(name.clone());
            }
            kept
        });
    }
    if let Some(required) =
        body.get_mut("schema").and_then(|schema| schema.get_mut("required")).and_then(Json::as_array_mut)
    {
        required.retain(|name| name.as_str().is_none_or(|name| !dropped.contains(name)));
    }
    if let Some(indexes) = body.get_mut("indexes").and_then(Json::as_array_mut) {
        indexes.retain(|index| {
            let fields = index.get("fields").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
            let names: Vec<&str> = fields.map(|field| field.trim_start_matches('-')).collect();
            names.iter().all(|name| !dropped.contains(*name))
        });
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(name: &str, points_at: &[&str]) -> (String, Map<String, Json>) {
        let properties: Map<String, Json> = points_at
            .iter()
            .map(|target| ((*target).to_owned(), json!({ "type": "string", "x-relation": { "collection": target } })))
            .collect();
        let Json::Object(body) = json!({ "name": name, "schema": { "type": "object", "properties": properties } })
        else {
            unreachable!()
        };
        (name.to_owned(), body)
    }

    #[test]
    fn a_collection_comes_behind_those_it_points_at() {
        let files = BTreeMap::from([definition("a", &["b"]), definition("b", &["c"]), definition("c", &[])]);
        let order: Vec<&str> = ordered(&files).into_iter().map(|(name, _)| name).collect();
        assert_eq!(order, ["c", "b", "a"]);
    }

    #[test]
    fn a_circle_is_broken_by_leaving_a_relation_for_later() {
        let files = BTreeMap::from([definition("a", &["b"]), definition("b", &["a", "b"])]);
        assert_eq!(ordered(&files).len(), 2);
        let first = without_missing_relations(&files["b"], &BTreeSet::new());
        let properties = first["schema"]["properties"].as_object().unwrap();
        assert_eq!(properties.keys().collect::<Vec<_>>(), ["b"]);
    }
}
