//! The delete of a record that others may point at: what their relations say is done here, not by the database, so
//! that every record that goes or changes with it is in the change log.
//!
//! First everything that goes is gathered, level by level; then relations that restrict are looked at, where one that
//! goes itself restricts nothing; then what stays is unset, and what goes is deleted, the last found first. A circle
//! has no such order, so relations inside it are released before.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use plinth_model::schema::catalog::Incoming;
use plinth_model::schema::{Catalog, OnDelete};
use plinth_model::sql::write::{self, RecordWrite};
use plinth_model::{Collection, Field, Record, RecordId, Seq, Value};

use crate::mutation::Cause;
use crate::transact::{Author, Why, read_records};
use crate::tx::{Fault, Tx, missed};

/// Targets in one question for referrers.
const CHUNK: usize = 500;

/// A record that goes.
struct Going {
    collection: Arc<Collection>,
    record: Record,
}

/// What is known of a delete.
#[derive(Default)]
struct Fallout {
    /// What goes, in the order in which it was found.
    going: Vec<Going>,
    /// The place of each in there.
    places: HashMap<String, HashMap<RecordId, usize>>,
    /// What stays, and how it was and will be.
    changed: BTreeMap<(String, RecordId), (Arc<Collection>, Record, Record)>,
}

/// Deletes a record and does what the relations that point at it say; answers the place of its own change.
pub(crate) async fn delete<T: Tx, R>(
    tx: &mut T,
    catalog: &Catalog,
    collection: &Arc<Collection>,
    record: Record,
    author: Author,
) -> Result<Seq, Why<R>> {
    let mut fallout = Fallout::default();
    fallout.add(collection, record);
    fallout.gather(tx, catalog).await?;
    fallout.look_at_the_rest(tx, catalog).await?;
    fallout.change(tx, author).await?;
    Ok(fallout.remove(tx, author).await?)
}

impl Fallout {
    fn add(&mut self, collection: &Arc<Collection>, record: Record) {
        let places = self.places.entry(collection.name.clone()).or_default();
        if let Entry::Vacant(entry) = places.entry(record.id) {
            entry.insert(self.going.len());
            self.going.push(Going { collection: Arc::clone(collection), record });
        }
    }

    fn place(&self, collection: &str, id: RecordId) -> Option<usize> {
        self.places.get(collection)?.get(&id).copied()
    }

    /// Finds everything that cascades, level by level.
    async fn gather<T: Tx>(&mut self, tx: &mut T, catalog: &Catalog) -> Result<(), Fault> {
        let mut seen = 0;
        while seen < self.going.len() {
            let level = by_collection(&self.going[seen..]);
            seen = self.going.len();
            for (target, ids) in level {
                for incoming in catalog.incoming(&target).filter(|i| i.on_delete == OnDelete::Cascade) {
                    for record in referrers(tx, &incoming, &ids).await? {
                        self.add(incoming.collection, record);
                    }
                }
            }
        }
        Ok(())
    }

    /// Refuses where a relation restricts, and notes what is to be unset.
    async fn look_at_the_rest<T: Tx, R>(&mut self, tx: &mut T, catalog: &Catalog) -> Result<(), Why<R>> {
        for (target, ids) in by_collection(&self.going) {
            for incoming in catalog.incoming(&target).filter(|i| i.on_delete != OnDelete::Cascade) {
                let staying = referrers(tx, &incoming, &ids).await?;
                let staying =
                    staying.into_iter().filter(|record| self.place(&incoming.collection.name, record.id).is_none());
                for record in staying.collect::<Vec<_>>() {
                    if incoming.on_delete == OnDelete::Restrict {
                        let (collection, field) = (incoming.collection.name.clone(), incoming.field.name.clone());
                        return Err(Cause::Restricted { collection, field }.into());
                    }
                    self.unset(&incoming, record, &ids);
                }
            }
        }
        Ok(())
    }

    fn unset(&mut self, incoming: &Incoming<'_>, record: Record, targets: &[RecordId]) {
        let Some((place, _)) = incoming.collection.own_field(&incoming.field.name) else { return };
        let (_, _, new) = self
            .changed
            .entry((incoming.collection.name.clone(), record.id))
            .or_insert_with(|| (Arc::clone(incoming.collection), record.clone(), record));
        new.values[place] = without(std::mem::replace(&mut new.values[place], Value::Null), targets);
    }

    async fn change<T: Tx>(&mut self, tx: &mut T, author: Author) -> Result<(), Fault> {
        for (collection, old, mut new) in std::mem::take(&mut self.changed).into_values() {
            new.revision = author.revision(Some(&old));
            new.updated_at = author.now;
            let entry = author.entry(&collection, Some(&old), Some(&new));
            let write = RecordWrite::Update { old: &old, new: &new };
            if tx.write(&collection, write, entry, author.checked_by).await?.is_none() {
                return Err(missed(tx, author.checked_by).await);
            }
        }
        Ok(())
    }

    async fn remove<T: Tx>(&self, tx: &mut T, author: Author) -> Result<Seq, Fault> {
        for (place, going) in self.going.iter().enumerate() {
            let fields = self.relations_forward(place);
            if !fields.is_empty() {
                tx.run(write::release(&going.collection, tx.dialect(), going.record.id, &fields)).await?;
            }
        }
        let mut last = None;
        for going in self.going.iter().rev() {
            let entry = author.entry(&going.collection, Some(&going.record), None);
            last = tx.write(&going.collection, RecordWrite::Delete(&going.record), entry, author.checked_by).await?;
            if last.is_none() {
                break;
            }
        }
        match last {
            Some(last) => Ok(last),
            None => Err(missed(tx, author.checked_by).await),
        }
    }

    /// Relations of the record at `place` to records found later, which are deleted before it: those stand in the way.
    fn relations_forward(&self, place: usize) -> Vec<&str> {
        let Going { collection, record } = &self.going[place];
        let points_forward = |field: &Field, value: &Value| {
            let Some((target, _)) = field.kind.target() else { return false };
            ids_in(value).into_iter().any(|id| self.place(target, id).is_some_and(|other| other > place))
        };
        let fields = collection.fields.iter().zip(&record.values);
        fields.filter(|(field, value)| points_forward(field, value)).map(|(field, _)| field.name.as_str()).collect()
    }
}

async fn referrers<T: Tx>(tx: &mut T, incoming: &Incoming<'_>, targets: &[RecordId]) -> Result<Vec<Record>, Fault> {
    let mut found = Vec::new();
    for chunk in targets.chunks(CHUNK) {
        let statement = write::referrers(incoming, tx.dialect(), chunk);
        found.append(&mut read_records(tx, incoming.collection, statement).await?);
    }
    Ok(found)
}

fn by_collection(going: &[Going]) -> BTreeMap<String, Vec<RecordId>> {
    let mut ids: BTreeMap<String, Vec<RecordId>> = BTreeMap::new();
    for one in going {
        ids.entry(one.collection.name.clone()).or_default().push(one.record.id);
    }
    ids
}

/// A relation's value without these targets.
fn without(value: Value, targets: &[RecordId]) -> Value {
    match value {
        Value::List(ids) => {
            let stays = |id: &Value| !ids_in(id).iter().any(|id| targets.contains(id));
            Value::List(ids.into_iter().filter(stays).collect())
        }
        _ => Value::Null,
    }
}

/// The ids in a relation's value.
fn ids_in(value: &Value) -> Vec<RecordId> {
    match value {
        Value::Text(text) => text.parse().into_iter().collect(),
        Value::List(values) => values.iter().flat_map(ids_in).collect(),
        _ => Vec::new(),
    }
}
