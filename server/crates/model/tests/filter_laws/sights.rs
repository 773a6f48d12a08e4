//! Somebody who sees a part: which part, and the world that is left of the whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use plinth_model::filter::{Bindings, Context, Expr, Sights, Truth, compile};
use plinth_model::schema::Catalog;
use plinth_model::{FieldSight, Record, RowSight, Sight, Value};

use crate::world::World;

/// Sights by collection.
pub(crate) struct Eyes(BTreeMap<&'static str, Arc<Sight>>);

impl Sights for Eyes {
    fn sight(&self, collection: &str) -> Option<Arc<Sight>> {
        self.0.get(collection).cloned()
    }
}

/// A collection, the condition of its rows, and the conditions of its fields.
type Rule = (&'static str, Option<&'static str>, &'static [(&'static str, &'static str)]);

/// What hides.
const RULES: [Rule; 4] = [
    ("items", None, &[("text0", "bool1"), ("meta", "owner == auth.id || int0 == null"), ("ints0", "bool0")]),
    ("users", Some("score == null || score < 100"), &[("team", "verified"), ("boss", "team != \"a\"")]),
    ("labels", None, &[("rank", "owner == auth.id || rank == null")]),
    ("notes", Some("stars == null || stars > 0"), &[("text", "author == auth.id"), ("author", "stars != 3")]),
];

fn rule(catalog: &Catalog, collection: &str, source: &str) -> Arc<Expr> {
    let users = catalog.get("users").unwrap();
    let collection = catalog.get(collection).unwrap();
    let context = Context { catalog, collection, users, sights: None, data: false, params: None };
    Arc::new(compile(source, &context).unwrap())
}

pub(crate) fn eyes(catalog: &Catalog) -> Eyes {
    let sights = RULES.iter().map(|(collection, rows, fields)| {
        let mut sight = Sight::all(catalog.get(collection).unwrap());
        if let Some(rows) = rows {
            sight.rows = RowSight::Where(rule(catalog, collection, rows));
        }
        for (field, condition) in *fields {
            sight.fields.insert((*field).to_owned(), FieldSight::When(rule(catalog, collection, condition)));
        }
        (*collection, Arc::new(sight))
    });
    Eyes(sights.collect())
}

/// The records as they would be if the rest were not there.
pub(crate) fn redacted(world: &World, catalog: &Catalog, bindings: &Bindings) -> World {
    let part = |name: &str, records: &[Record]| {
        records.iter().filter_map(|record| seen(catalog, name, record, bindings)).collect()
    };
    World {
        people: part("users", &world.people),
        labels: part("labels", &world.labels),
        items: part("items", &world.items),
        notes: part("notes", &world.notes),
    }
}

/// A record as it is seen, if it is.
pub(crate) fn seen(catalog: &Catalog, name: &str, record: &Record, bindings: &Bindings) -> Option<Record> {
    let collection = catalog.get(name).unwrap();
    let (_, rows, fields) = RULES.iter().find(|(collection, ..)| *collection == name).unwrap();
    let holds = |source: &str| rule(catalog, name, source).bind(bindings).eval(record, collection, None) == Truth::True;
    if !rows.is_none_or(holds) {
        return None;
    }
    let mut seen = record.clone();
    for (field, condition) in *fields {
        if !holds(condition) {
            seen.values[collection.own_field(field).unwrap().0] = Value::Null;
        }
    }
    Some(seen)
}
