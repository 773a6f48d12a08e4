//! From a failed statement to its meaning: which fields are taken, which relation points at nothing.
//!
//! Asked after the failed work was undone, since a transaction of Postgres answers nothing once it failed.

use plinth_model::sql::select::ColumnKind;
use plinth_model::sql::write;
use plinth_model::{Collection, Dialect, Record, Value};

use crate::apply;
use crate::error::Error;
use crate::mutation::{Cause, Failure, MutationKind};
use crate::transact::{Stop, Why, Work};
use crate::tx::{Columns, Fault, Tx, UniqueFault};

/// The failure that a stop amounts to. The work is looked at before anything is asked, since it can't be shared.
pub(crate) fn failure<T: Tx, R>(tx: &mut T, work: &Work<R>, stop: Stop<R>) -> impl Future<Output = Failure<R>> {
    let suspects = match &stop.why {
        Why::Fault(Fault::ForeignKey(_), Some(record)) => suspects(work, stop.index, record),
        _ => Vec::new(),
    };
    async move {
        let cause = match stop.why {
            Why::Cause(cause) => cause,
            Why::Fault(fault, None) => Cause::Database(error(tx, fault).await),
            Why::Fault(fault, Some(_)) => record_cause(tx, suspects, fault).await,
            Why::InBulk => Cause::Database(Error::Fault("a record among several could not be written".to_owned())),
        };
        Failure { index: stop.index, cause }
    }
}

/// The error that a fault outside of records amounts to.
pub(crate) async fn error<T: Tx>(tx: &mut T, fault: Fault) -> Error {
    match fault {
        Fault::Unique(unique) => match columns(tx, &unique).await {
            Ok(fields) => Error::Conflict { table: unique.table, fields },
            Err(fault) => plain(fault),
        },
        other => plain(other),
    }
}

/// The error that a fault is when nothing more can be asked.
pub(crate) fn plain(fault: Fault) -> Error {
    match fault {
        Fault::Unique(unique) => Error::Conflict { table: unique.table, fields: unique.columns },
        Fault::ForeignKey(text) => Error::Fault(text),
        Fault::Again(error) | Fault::Error(error) => error,
    }
}

async fn record_cause<T: Tx, R>(tx: &mut T, suspects: Vec<Suspect>, fault: Fault) -> Cause<R> {
    match fault {
        Fault::Unique(unique) => match columns(tx, &unique).await {
            Ok(fields) if fields == ["id"] => Cause::IdTaken,
            Ok(fields) => Cause::Conflict { fields },
            Err(fault) => Cause::Database(plain(fault)),
        },
        Fault::ForeignKey(text) => match missing_target(tx, suspects).await {
            Ok(Some(field)) => Cause::MissingTarget { field },
            Ok(None) => Cause::Database(Error::Fault(text)),
            Err(fault) => Cause::Database(plain(fault)),
        },
        other => Cause::Database(plain(other)),
    }
}

/// The columns of a unique index.
async fn columns<T: Tx>(tx: &mut T, unique: &UniqueFault) -> Result<Vec<String>, Fault> {
    let Some(index) = &unique.index else { return Ok(unique.columns.clone()) };
    let sql = "select a.attname::text
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
        join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema
        cross join unnest(i.indkey) with ordinality as k (attnum, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
        where c.relname = $1 and k.place <= i.indnkeyatts
        order by k.place";
    let statement = apply::statement(Dialect::Postgres, sql, vec![Value::text(index)]);
    let rows = tx.rows(statement, Columns::Kinds(&[ColumnKind::Text])).await?;
    Ok(rows.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<_, _>>()?)
}

/// A relation of a record that could not be written.
struct Suspect {
    field: String,
    target: String,
    ids: Vec<Value>,
}

/// The relations of a record whose targets should be there.
fn suspects<R>(work: &Work<R>, index: usize, record: &Record) -> Vec<Suspect> {
    let Some(mutation) = work.mutations.get(index) else { return Vec::new() };
    let relations = mutation.collection.fields.iter().zip(&record.values).filter_map(|(field, value)| {
        let (target, _) = field.kind.target()?;
        let ids = match value {
            Value::Text(_) => std::slice::from_ref(value),
            Value::List(ids) => ids,
            _ => return None,
        };
        let ids = ids.iter().filter(|id| !made_by(work, index, &mutation.collection, target, id)).cloned().collect();
        Some(Suspect { field: field.name.clone(), target: target.to_owned(), ids })
    });
    relations.collect()
}

/// The first relation that points at nothing.
async fn missing_target<T: Tx>(tx: &mut T, suspects: Vec<Suspect>) -> Result<Option<String>, Fault> {
    for Suspect { field, target, ids } in suspects {
        let asked = ids.len();
        let statement = write::existing(tx.dialect(), &target, ids);
        let found = tx.rows(statement, Columns::Kinds(&[ColumnKind::Text])).await?;
        if found.len() < asked {
            return Ok(Some(field));
        }
    }
    Ok(None)
}

/// Whether a target is made by the same work, and so is missing only because that was undone.
fn made_by<R>(work: &Work<R>, index: usize, own: &Collection, target: &str, id: &Value) -> bool {
    let Value::Text(id) = id else { return false };
    let itself = own.name == target && work.mutations[index].id.to_string() == *id;
    itself
        || work.mutations[..index].iter().any(|earlier| {
            earlier.collection.name == target
                && earlier.id.to_string() == *id
                && matches!(earlier.kind, MutationKind::Create { .. })
        })
}
