//! From a definition to a collection.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::catalog::Catalog;
use super::check::Validator;
use super::collection::Collection;
use super::definition::Definition;
use super::document::Document;
use super::field::Field;
use super::own_keyword::{self, Understood};
use super::property::Property;
use super::violation::{Violation, excerpt, join};
use super::{explain, index, limit, name};
use crate::nearest::hint;

/// The collection that a definition means, or everything that is wrong with it; pointers into the definition.
///
/// ```
/// use plinth_model::schema::{Definition, FieldKind, Scalar, parse::parse};
/// let definition: Definition = serde_json::from_value(serde_json::json!({
///     "name": "posts",
///     "schema": {"type": "object", "properties": {"title": {"type": "string"}}},
/// })).unwrap();
/// let posts = parse(&definition).unwrap();
/// assert_eq!(posts.fields[0].kind, FieldKind::Scalar(Scalar::Text));
/// ```
pub fn parse(definition: &Definition) -> Result<Collection, Vec<Violation>> {
    let mut violations = Vec::new();
    if let Err(error) = name::check_collection(&definition.name) {
        violations.push(Violation::new("/name", "name", error.to_string()));
    }
    let fields = fields(&definition.name, &definition.schema).unwrap_or_else(|broken| {
        violations.extend(broken.into_iter().map(|violation| violation.under("/schema")));
        None
    });
    index::check_search(&definition.search, &mut violations);
    let Some(fields) = fields else { return Err(violations) };
    let indexes = index::parse(&definition.indexes, &fields, &mut violations);
    if !violations.is_empty() {
        return Err(violations);
    }
    let validator = Validator::new(&definition.schema, &fields, &index::text_limits(&fields, &indexes))
        .map_err(|broken| broken.into_iter().map(|violation| violation.under("/schema")).collect::<Vec<_>>())?;
    Ok(Collection {
        name: definition.name.clone(),
        schema: definition.schema.clone(),
        fields,
        indexes,
        search: Vec::new(),
        validator: Arc::new(validator),
        system: Collection::system_fields(),
    })
}

/// What stands against a collection among the others: a name that differs from another in case only, a relation to
/// a collection that does not exist. `catalog` may hold an older version of the same collection.
pub fn check_among(collection: &Collection, catalog: &Catalog) -> Vec<Violation> {
    let mut violations = Vec::new();
    let twin =
        catalog.iter().find(|other| other.name != collection.name && other.name.eq_ignore_ascii_case(&collection.name));
    if let Some(twin) = twin {
        let message = format!("differs from the collection {:?} in case only: choose another name", twin.name);
        violations.push(Violation::new("/name", "name", message));
    }
    for field in &collection.fields {
        let Some((target, _)) = field.kind.target() else { continue };
        if target != collection.name && catalog.get(target).is_none() {
            let meant = hint(target, catalog.iter().map(|other| other.name.as_str()));
            let message = format!("points at {target:?}, which is no collection{meant}: create it first");
            violations.push(Violation::new(join("/schema/properties", &field.name), "relation", message));
        }
    }
    violations
}

/// The fields of a schema; pointers into the schema.
fn fields(collection: &str, schema: &Json) -> Result<Option<Vec<Field>>, Vec<Violation>> {
    let document = Document::check(schema)?;
    let mut violations = Vec::new();
    let nothing = Map::new();
    let properties = schema.get("properties").and_then(Json::as_object).unwrap_or(&nothing);
    check_root(schema, properties, &mut violations);
    if properties.len() > limit::FIELDS {
        return Err(violations);
    }
    let required: Vec<&str> =
        schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
    let mut understood = Understood::default();
    let mut fields = Vec::with_capacity(properties.len());
    for (name, node) in properties {
        let required = required.contains(&name.as_str());
        let property = Property { document: &document, collection, name, node, required };
        fields.extend(property.field(&mut understood, &mut violations));
    }
    violations.extend(own_keyword::check(&document, &understood));
    check_names(&fields, &mut violations);
    if violations.is_empty() { Ok(Some(fields)) } else { Err(violations) }
}

/// The rules for a record as a whole.
fn check_root(schema: &Json, properties: &Map<String, Json>, violations: &mut Vec<Violation>) {
    let mut refuse = |at: &str, message: String| violations.push(Violation::new(at, "not_allowed", message));
    if schema.get("type").is_some_and(|kind| kind != "object") {
        refuse("/type", "a record is an object: write \"type\": \"object\"".to_owned());
    }
    if schema.get("$ref").is_some() {
        refuse(
            "/$ref",
            "the fields must stand under the schema's own properties: a $ref can stand inside them".to_owned(),
        );
    }
    for keyword in ["additionalProperties", "unevaluatedProperties"] {
        if schema.get(keyword).is_some_and(|value| *value != Json::Bool(false)) {
            let message = "a record has its fields and nothing else: leave it out or write false; a field of {\"type\": \"object\"} holds any members";
            refuse(&join("", keyword), message.to_owned());
        }
    }
    if schema.get("patternProperties").is_some() {
        refuse("/patternProperties", "each field needs a name of its own under properties".to_owned());
    }
    if properties.len() > limit::FIELDS {
        refuse("/properties", format!("{} fields: at most {} are allowed", properties.len(), limit::FIELDS));
    }
    let required = schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    let unknown = required.enumerate().filter(|(_, name)| !properties.contains_key(*name));
    for (n, name) in unknown.take(explain::MOST) {
        let meant = hint(name, properties.keys().map(String::as_str));
        refuse(&join("/required", n), format!("{:?} is no field of properties{meant}", excerpt(name)));
    }
}

/// Names against one another.
fn check_names(fields: &[Field], violations: &mut Vec<Violation>) {
    let mut by_folded: HashMap<String, &str> = HashMap::new();
    let mut old_names: HashMap<&str, &str> = HashMap::new();
    for field in fields {
        let pointer = join("/properties", &field.name);
        if let Some(twin) = by_folded.insert(field.name.to_ascii_lowercase(), &field.name) {
            let message = format!("differs from {twin:?} in case only: choose another name");
            violations.push(Violation::new(&pointer, "name", message));
        }
        let Some(old) = field.renamed_from.as_deref() else { continue };
        let at = join(&pointer, "x-renamed-from");
        if let Some(other) = old_names.insert(old, &field.name) {
            violations.push(Violation::new(
                &at,
                "contradiction",
                format!("{other:?} takes over the data of {old:?} already"),
            ));
        }
        if old != field.name && fields.iter().any(|field| field.name == old) {
            let message = format!("there is a field {old:?}, so nothing was renamed: remove one of the two");
            violations.push(Violation::new(at, "contradiction", message));
        }
    }
}
