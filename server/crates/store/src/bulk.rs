//! Many creates in one statement (Postgres): 500 round trips are one.

use std::sync::Arc;

use plinth_model::schema::image;
use plinth_model::sql::select::ColumnKind;
use plinth_model::sql::write;
use plinth_model::{Collection, Record, Seq};

use crate::error::Error;
use crate::mutation::{Mutation, MutationKind, Outcome};
use crate::system::Row;
use crate::transact::{Author, Why};
use crate::tx::{Columns, Fault, Tx, outdated};

/// The most records in one statement.
const BULK: usize = 1000;

/// How many mutations, from the first on, are creates in one collection with nothing to be checked.
pub(crate) fn creates_from<R>(mutations: &[Mutation<R>]) -> usize {
    let Some(first) = mutations.first() else { return 0 };
    let is_plain = |mutation: &&Mutation<R>| {
        let unchecked = matches!(&mutation.kind, MutationKind::Create { check, .. } if check.is_empty());
        unchecked && Arc::ptr_eq(&mutation.collection, &first.collection)
    };
    mutations.iter().take(BULK).take_while(is_plain).count()
}

/// Their records.
pub(crate) fn new_records<R>(mutations: &[Mutation<R>]) -> Vec<Record> {
    let record = |mutation: &Mutation<R>| match &mutation.kind {
        MutationKind::Create { record, .. } => Some(record.clone()),
        MutationKind::Change(_) => None,
    };
    mutations.iter().filter_map(record).collect()
}

/// Creates records in one statement. Which of them fails can't be told.
pub(crate) async fn create<T: Tx, R>(
    tx: &mut T,
    collection: &Collection,
    mut records: Vec<Record>,
    author: Author,
) -> Result<Vec<Outcome>, Why<R>> {
    records.iter_mut().for_each(|record| record.revision = author.revision(None));
    let images: Vec<String> = records.iter().map(|record| image::encode(collection, record)).collect();
    let statement = write::insert_many(collection, &images, author.now, author.by, author.checked_by);
    let rows = match tx.rows(statement, Columns::Kinds(&[ColumnKind::Integer])).await {
        Ok(rows) => rows,
        Err(Fault::Unique(_) | Fault::ForeignKey(_) | Fault::Error(Error::Fault(_))) => return Err(Why::InBulk),
        Err(fault) => return Err(fault.into()),
    };
    if rows.is_empty() {
        return Err(Fault::from(outdated()).into());
    }
    if rows.len() != records.len() {
        return Err(Fault::from(Error::Fault("the change log did not take all records".to_owned())).into());
    }
    let outcome = |(row, record): (Row, Record)| Ok(Outcome { seq: Some(Seq(row.int(0)?)), record: Some(record) });
    rows.into_iter().zip(records).map(outcome).collect::<Result<_, Error>>().map_err(|error| Fault::from(error).into())
}
