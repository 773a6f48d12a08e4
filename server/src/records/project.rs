//! A record in memory as one caller sees it, as JSON.

use plinth_model::schema::FieldKind;
use plinth_model::sight::BoundSight;
use plinth_model::{Collection, Field, Record, Value};
use serde_json::{Map, Value as Json};

/// The members of a record in sight; `None` if only the database can tell what shows.
pub fn project(
    collection: &Collection,
    record: &Record,
    sight: &BoundSight,
    members: &[&Field],
) -> Option<Map<String, Json>> {
    let mut json = Map::with_capacity(members.len());
    for field in members {
        let shows = sight.shows(&field.name, collection, record)?;
        let value = if shows { record.get(collection, &field.name).unwrap_or(Value::Null) } else { Value::Null };
        json.insert(field.name.clone(), value.to_json());
    }
    Some(json)
}

/// Whether the field is a relation, so that `expand` can follow it.
pub fn is_relation(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Relation { .. } | FieldKind::Relations { .. })
}
