//! Writes of records, inside a transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use plinth_model::schema::catalog::Version;
use plinth_model::schema::{Catalog, image};
use plinth_model::sql::select::ColumnKind;
use plinth_model::sql::write::{self, Entry, RecordWrite};
use plinth_model::{ChangeKind, Collection, Instant, Record, RecordId, Seq, Value};

use crate::apply;
use crate::bulk;
use crate::cascade;
use crate::error::Error;
use crate::mutation::{Behind, Cause, Check, Decision, Failure, Mutation, MutationKind, Outcome, Write};
use crate::tx::{Columns, Fault, Tx, missed, outdated};

/// Mutations and what goes with them.
pub(crate) struct Work<R> {
    /// All collections.
    pub(crate) catalog: Arc<Catalog>,
    /// The writes.
    pub(crate) mutations: Vec<Mutation<R>>,
    /// What follows them.
    pub(crate) behind: Option<Behind>,
    /// Who writes, and when.
    pub(crate) author: Author,
    /// Whether creates may share a statement (Postgres).
    pub(crate) in_bulk: bool,
}

/// Records that are read and then written, by collection.
pub(crate) type Changed = BTreeMap<String, Vec<RecordId>>;

impl<R> Work<R> {
    /// The work of these mutations, if each is of a collection as it is in the catalog: one that is not was checked by
    /// other definitions.
    pub(crate) fn new(
        catalog: Arc<Catalog>,
        mutations: Vec<Mutation<R>>,
        behind: Option<Behind>,
        by: Option<RecordId>,
        now: Instant,
        in_bulk: bool,
    ) -> Result<Self, Failure<R>> {
        let known = |own: &Arc<Collection>| catalog.get(&own.name).is_some_and(|known| Arc::ptr_eq(known, own));
        if let Some(index) = mutations.iter().position(|mutation| !known(&mutation.collection)) {
            return Err(Failure { index, cause: outdated().into() });
        }
        let author = Author { by, now, checked_by: catalog.version() };
        Ok(Self { catalog, mutations, behind, author, in_bulk })
    }

    /// The records that the work reads and then writes.
    pub(crate) fn changed(&self) -> Changed {
        let mut changed = Changed::new();
        for mutation in self.mutations.iter().filter(|mutation| matches!(mutation.kind, MutationKind::Change(_))) {
            changed.entry(mutation.collection.name.clone()).or_default().push(mutation.id);
        }
        changed
    }
}

/// Who writes, when, and by which definitions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Author {
    /// The account.
    pub(crate) by: Option<RecordId>,
    /// The clock of this node.
    pub(crate) now: Instant,
    /// The version of the definitions that the writes were checked by: they happen at no other.
    pub(crate) checked_by: Version,
}

/// Where and why the work stopped; the transaction is to be undone, and the fault then explained.
#[derive(Debug)]
pub(crate) struct Stop<R> {
    /// The mutation.
    pub(crate) index: usize,
    /// Why.
    pub(crate) why: Why<R>,
}

/// Why the work stopped.
#[derive(Debug)]
pub(crate) enum Why<R> {
    /// A reason that needs no explanation.
    Cause(Cause<R>),
    /// A statement failed; the record is the one that was being written.
    Fault(Fault, Option<Box<Record>>),
    /// One of several records in a statement failed: to be done again, one by one.
    InBulk,
}

impl<R> From<Fault> for Why<R> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault, None)
    }
}

impl<R> From<Cause<R>> for Why<R> {
    fn from(cause: Cause<R>) -> Self {
        Self::Cause(cause)
    }
}

impl Author {
    /// The revision that follows `old`: microseconds, so that a record that is deleted and made again under its id
    /// does not come back to a revision that somebody knows.
    pub(crate) fn revision(self, old: Option<&Record>) -> i64 {
        let now = self.now.millis().saturating_mul(1000);
        old.map_or(now, |old| now.max(old.revision.saturating_add(1)))
    }

    /// The change of a record.
    pub(crate) fn entry(self, collection: &Collection, before: Option<&Record>, after: Option<&Record>) -> Entry {
        let kind = match (before, after) {
            (None, _) => ChangeKind::Create,
            (Some(_), Some(_)) => ChangeKind::Update,
            (Some(_), None) => ChangeKind::Delete,
        };
        let id = before.or(after).map_or_else(String::new, |record| record.id.to_string());
        Entry {
            collection: collection.name.clone(),
            record: id,
            kind,
            before: before.map(|record| image::encode(collection, record)),
            after: after.map(|record| image::encode(collection, record)),
            at: self.now,
            by: self.by,
        }
    }
}

/// Does all of it, or stops where it fails.
pub(crate) async fn run<T: Tx, R>(tx: &mut T, work: &mut Work<R>) -> Result<Vec<Outcome>, Stop<R>> {
    let total = work.mutations.len();
    let mut outcomes = Vec::with_capacity(total);
    let guarded = total > 1 || work.behind.is_some();
    while outcomes.len() < total {
        let index = outcomes.len();
        let at = |why| Stop { index, why };
        let creates = if work.in_bulk { bulk::creates_from(&work.mutations[index..]) } else { 0 };
        if creates > 1 {
            let records = bulk::new_records(&work.mutations[index..index + creates]);
            let collection = Arc::clone(&work.mutations[index].collection);
            outcomes.extend(bulk::create(tx, &collection, records, work.author).await.map_err(at)?);
        } else {
            let mut writing = Writing { tx: &mut *tx, catalog: &work.catalog, author: work.author, guarded };
            outcomes.push(writing.mutate(&mut work.mutations[index]).await.map_err(at)?);
        }
    }
    if let Some(behind) = &work.behind {
        let applied = apply::run(tx, &behind(&outcomes)).await;
        applied.map_err(|fault| Stop { index: total, why: Why::Fault(fault, None) })?;
    }
    Ok(outcomes)
}

/// Does a single write without a transaction around it, in one statement behind one read, if it can be done so; none
/// if it can't. Where somebody else wrote in between, the answer is [`Fault::Again`], and nothing happened.
pub(crate) async fn quick<T: Tx, R>(tx: &mut T, work: &mut Work<R>) -> Result<Option<Vec<Outcome>>, Stop<R>> {
    let ([mutation], None) = (&mut work.mutations[..], &work.behind) else { return Ok(None) };
    let mut writing = Writing { tx, catalog: &work.catalog, author: work.author, guarded: false };
    let outcome = writing.mutate_at_once(mutation).await.map_err(|why| Stop { index: 0, why })?;
    Ok(outcome.map(|outcome| vec![outcome]))
}

/// One mutation in its transaction.
struct Writing<'a, T> {
    tx: &'a mut T,
    catalog: &'a Catalog,
    author: Author,
    /// Whether something may fail after the first write.
    guarded: bool,
}

impl<T: Tx> Writing<'_, T> {
    async fn mutate<R>(&mut self, mutation: &mut Mutation<R>) -> Result<Outcome, Why<R>> {
        match &mut mutation.kind {
            MutationKind::Create { record, check } => {
                self.check(check, 0).await?;
                self.put(&mutation.collection, None, record.clone()).await
            }
            MutationKind::Change(decide) => {
                let stored = self.stored(&mutation.collection, mutation.id, true).await?;
                let decision = decide(stored.as_ref()).map_err(Cause::Refused)?;
                self.carry_out(&mutation.collection, stored, decision).await
            }
        }
    }

    async fn mutate_at_once<R>(&mut self, mutation: &mut Mutation<R>) -> Result<Option<Outcome>, Why<R>> {
        match &mut mutation.kind {
            MutationKind::Create { record, check } if check.is_empty() => {
                self.put(&mutation.collection, None, record.clone()).await.map(Some)
            }
            MutationKind::Create { .. } => Ok(None),
            MutationKind::Change(decide) => {
                let stored = self.stored(&mutation.collection, mutation.id, false).await?;
                let decision = decide(stored.as_ref()).map_err(Cause::Refused)?;
                let checked = !decision.before.is_empty() || !decision.after.is_empty();
                let spreads = decision.write == Write::Delete
                    && self.catalog.incoming(&mutation.collection.name).next().is_some();
                if checked || spreads {
                    return Ok(None);
                }
                self.carry_out(&mutation.collection, stored, decision).await.map(Some)
            }
        }
    }

    async fn stored(&mut self, collection: &Collection, id: RecordId, locked: bool) -> Result<Option<Record>, Fault> {
        let statement = write::stored(collection, self.tx.dialect(), id, locked);
        Ok(read_records(self.tx, collection, statement).await?.pop())
    }

    async fn carry_out<R>(
        &mut self,
        collection: &Arc<Collection>,
        stored: Option<Record>,
        decision: Decision,
    ) -> Result<Outcome, Why<R>> {
        self.check(&decision.before, 0).await?;
        self.guarded |= !decision.after.is_empty();
        let outcome = match (decision.write, stored) {
            (Write::Put(new), stored) => self.put(collection, stored, new).await?,
            (Write::Delete, Some(stored)) => self.delete(collection, stored).await?,
            (Write::Delete, None) => Outcome { seq: None, record: None },
            (Write::Nothing, stored) => Outcome { seq: None, record: stored },
        };
        self.check(&decision.after, decision.before.len()).await?;
        Ok(outcome)
    }

    async fn check<R>(&mut self, checks: &[Check], first: usize) -> Result<(), Why<R>> {
        for (n, check) in checks.iter().enumerate() {
            let rows = self.tx.rows(check.statement.clone(), Columns::Kinds(&[ColumnKind::Boolean])).await?;
            let holds = rows.first().is_some_and(|row| row.0.first() == Some(&Value::Bool(true)));
            if !holds {
                return Err(Cause::CheckFailed(first + n).into());
            }
        }
        Ok(())
    }

    async fn put<R>(
        &mut self,
        collection: &Collection,
        old: Option<Record>,
        mut new: Record,
    ) -> Result<Outcome, Why<R>> {
        new.revision = self.author.revision(old.as_ref());
        if let Some(old) = &old {
            new.id = old.id;
            new.created_at = old.created_at;
        }
        let entry = self.author.entry(collection, old.as_ref(), Some(&new));
        let write = match &old {
            None => RecordWrite::Insert(&new),
            Some(old) => RecordWrite::Update { old, new: &new },
        };
        match self.write(collection, write, entry).await {
            Ok(seq) => Ok(Outcome { seq: Some(seq), record: Some(new) }),
            Err(fault) => Err(Why::Fault(fault, Some(Box::new(new)))),
        }
    }

    async fn write(&mut self, collection: &Collection, write: RecordWrite<'_>, entry: Entry) -> Result<Seq, Fault> {
        if self.guarded {
            self.tx.guard().await?;
        }
        match self.tx.write(collection, write, entry, self.author.checked_by).await? {
            Some(seq) => Ok(seq),
            None => Err(missed(self.tx, self.author.checked_by).await),
        }
    }

    async fn delete<R>(&mut self, collection: &Arc<Collection>, stored: Record) -> Result<Outcome, Why<R>> {
        if self.catalog.incoming(&collection.name).next().is_some() {
            self.tx.guard().await?;
            let seq = cascade::delete(self.tx, self.catalog, collection, stored, self.author).await?;
            return Ok(Outcome { seq: Some(seq), record: None });
        }
        let entry = self.author.entry(collection, Some(&stored), None);
        let seq = self.write(collection, RecordWrite::Delete(&stored), entry).await?;
        Ok(Outcome { seq: Some(seq), record: None })
    }
}

/// The whole records that a statement of the model yields.
pub(crate) async fn read_records<T: Tx>(
    tx: &mut T,
    collection: &Collection,
    statement: plinth_model::Statement,
) -> Result<Vec<Record>, Fault> {
    let kinds: Vec<ColumnKind> = write::columns(collection).map(|(_, kind)| kind).collect();
    let rows = tx.rows(statement, Columns::Kinds(&kinds)).await?;
    rows.into_iter().map(|row| Ok(read_record(collection, row.0)?)).collect()
}

/// The record of a row in the columns of [`write::columns`].
pub(crate) fn read_record(collection: &Collection, row: Vec<Value>) -> Result<Record, Error> {
    write::record(collection, row)
        .ok_or_else(|| Error::Corrupt(format!("a row of {} is not what the collection says", collection.name)))
}
