//! Create, update, replace and delete: each is one mutation, decided inside the transaction.
//!
//! The decision sees the stored record while nobody else can write it, so preconditions, the policy on both sides of
//! the write, a merge patch and `$inc` are exact. It is pure; a condition that follows a relation becomes a check
//! that the database answers in the same transaction.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use plinth_model::schema::check::take_id;
use plinth_model::sql::{Dialect, Writer};
use plinth_model::{Instant, Record, RecordId};
use plinth_store::{Cause, Check, Decision, Mutation, MutationKind, Outcome, Write};
use serde_json::{Map, Value as Json};

use super::body::{new_record, take_unknown};
use super::gate::{Flags, Gate};
use super::once::Once;
use super::precondition::Precondition;
use super::project::project;
use super::renewal::RENEWALS;
use super::selection::Selection;
use super::{ETag, Error, Records};
use crate::policy::Grant;

/// One write, with the right to it.
#[derive(Clone)]
pub enum Operation {
    /// Makes a record.
    Create {
        /// The right to create.
        grant: Grant,
        /// The body, `id` among it if the client chose one.
        body: Map<String, Json>,
    },
    /// Changes a record.
    Update {
        /// The right to update.
        grant: Grant,
        /// The record.
        id: RecordId,
        /// A JSON merge patch.
        patch: Map<String, Json>,
        /// What must be true of the record before.
        precondition: Precondition,
    },
    /// Makes a record under this id, or writes it anew.
    Replace {
        /// The right to create, if the caller has it.
        create: Option<Grant>,
        /// The right to update, if the caller has it.
        update: Option<Grant>,
        /// The record.
        id: RecordId,
        /// The body.
        body: Map<String, Json>,
        /// What must be true of the record before.
        precondition: Precondition,
    },
    /// Deletes a record.
    Delete {
        /// The right to delete.
        grant: Grant,
        /// The record.
        id: RecordId,
        /// What must be true of the record before.
        precondition: Precondition,
    },
}

impl Operation {
    /// The right by which it is answered.
    pub(super) fn grant(&self) -> Option<&Grant> {
        match self {
            Self::Create { grant, .. } | Self::Update { grant, .. } | Self::Delete { grant, .. } => Some(grant),
            Self::Replace { create, update, .. } => update.as_ref().or(create.as_ref()),
        }
    }
}

/// What a write did.
#[derive(Debug, Clone)]
pub struct Written {
    /// The record.
    pub id: RecordId,
    /// What became of it.
    pub effect: Effect,
    /// The record as its writer sees it; the id alone if they may not read it. None if it was deleted.
    pub json: Option<Bytes>,
    /// Its entity tag, if its writer may read it.
    pub etag: Option<ETag>,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It was made.
    Created,
    /// It was written.
    Updated,
    /// It was deleted.
    Deleted,
}

impl Written {
    /// Of a record that its writer may not read.
    pub(super) fn unseen(id: RecordId, effect: Effect) -> Self {
        Self { id, effect, json: Some(format!("{{\"id\":\"{id}\"}}").into()), etag: None }
    }
}

/// A mutation on its way, and what is needed to answer for it.
struct Prepared {
    mutation: Mutation<Error>,
    grant: Grant,
    told: Arc<Told>,
    /// Set by the decision when there was no record before.
    created: Arc<AtomicBool>,
}

impl Records {
    /// Does one operation.
    pub async fn write(&self, operation: Operation) -> Result<Written, Error> {
        let mut written = self.write_all(vec![operation], None).await.map_err(Error::alone)?;
        written.pop().ok_or_else(|| plinth_store::Error::Fault("a write had no outcome".into()).into())
    }

    /// Does all operations in one transaction, or none. A failure is [`Error::InBatch`] and names the operation. What
    /// was done `once` under a key is not done again, and answered again.
    pub async fn write_all(&self, operations: Vec<Operation>, once: Option<&Once>) -> Result<Vec<Written>, Error> {
        let mut operations = operations;
        if let Some(once) = once
            && let Some(written) = self.earlier(once, operations.iter().filter_map(Operation::grant)).await?
        {
            return Ok(written);
        }
        for _ in 0..RENEWALS {
            let definitions = operations.iter().find_map(Operation::definitions).unwrap_or_default();
            match self.write_now(operations.clone(), once).await {
                Err(error) if error.is_outdated() => operations = self.renew(operations, definitions).await?,
                done => return done,
            }
        }
        self.write_now(operations, once).await
    }

    async fn write_now(&self, operations: Vec<Operation>, once: Option<&Once>) -> Result<Vec<Written>, Error> {
        let now = self.clock.now();
        let (mut mutations, mut answers) = (Vec::new(), Vec::new());
        for (index, operation) in operations.into_iter().enumerate() {
            let prepared = self.prepare(operation, now).map_err(|cause| in_batch(index, cause))?;
            mutations.push(prepared.mutation);
            answers.push((prepared.grant, prepared.told, prepared.created));
        }
        let Some((first, ..)) = answers.first() else {
            return Ok(Vec::new());
        };
        let (catalog, by) = (first.state().catalog().clone(), first.caller().id());
        let ids: Vec<RecordId> = mutations.iter().map(|mutation| mutation.id).collect();
        let created: Vec<_> = answers.iter().map(|(.., created)| created.clone()).collect();
        let note = once.map(|once| once.note(ids.clone(), created, now));
        let outcomes = match self.store.transact_with(catalog, mutations, note, by, now).await {
            Ok(outcomes) => outcomes,
            Err(failure) => {
                if let (Some(once), true) = (once, super::once::was_used(&failure.cause)) {
                    let written = self.earlier(once, answers.iter().map(|(grant, ..)| grant)).await?;
                    return written.ok_or(Error::KeyReused);
                }
                let cause = match (failure.cause, answers.get(failure.index)) {
                    (Cause::CheckFailed(check), Some((_, told, _))) => told.reason(check),
                    (Cause::Restricted { collection, field }, Some((grant, ..))) => {
                        restricted(grant, collection, field)
                    }
                    (Cause::Conflict { fields }, Some((grant, ..))) => conflict(grant, fields),
                    (cause, _) => cause.into(),
                };
                return Err(in_batch(failure.index, cause));
            }
        };
        let mut written = Vec::with_capacity(outcomes.len());
        for ((id, outcome), (grant, _, created)) in ids.into_iter().zip(outcomes).zip(answers) {
            written.push(self.answer(id, outcome, &grant, created.load(Ordering::Relaxed), now).await?);
        }
        Ok(written)
    }

    fn prepare(&self, operation: Operation, now: Instant) -> Result<Prepared, Error> {
        let dialect = self.store.dialect();
        match operation {
            Operation::Create { grant, body } => self.create(grant, body, now),
            Operation::Update { grant, id, patch, precondition } => {
                let gate = Gate::new(&grant, dialect, now);
                Ok(Prepared::change(grant, id, dialect, move |stored, flags| {
                    let Some(stored) = stored else { return Err(Error::NotFound) };
                    gate.in_sight(stored, flags)?;
                    precondition.check(Some(stored))?;
                    gate.patch(stored, patch.clone(), now, flags)
                }))
            }
            Operation::Replace { create, update, id, body, precondition } => {
                self.replace(create, update, id, body, precondition, now)
            }
            Operation::Delete { grant, id, precondition } => {
                if grant.collection().is_users() {
                    return Err(Error::Accounts("deleted"));
                }
                let gate = Gate::new(&grant, dialect, now);
                Ok(Prepared::change(grant, id, dialect, move |stored, flags| {
                    let Some(stored) = stored else { return Err(Error::NotFound) };
                    gate.in_sight(stored, flags)?;
                    precondition.check(Some(stored))?;
                    gate.admit(&gate.grant.requirement([]), stored, None, flags)?;
                    Ok(Write::Delete)
                }))
            }
        }
    }

    fn create(&self, grant: Grant, mut body: Map<String, Json>, now: Instant) -> Result<Prepared, Error> {
        let collection = grant.collection().clone();
        if collection.is_users() {
            return Err(Error::Accounts("made"));
        }
        let id = take_id(&mut body).map_err(|violation| Error::Invalid(vec![violation]))?;
        let id = id.unwrap_or_else(|| self.entropy.record_id(now));
        let unknown = take_unknown(&grant, &mut body);
        let gate = Gate::new(&grant, self.store.dialect(), now);
        let (record, changed) = new_record(&grant, id, body, &unknown, now)?;
        let mut flags = Flags::default();
        gate.admit(&grant.requirement(changed.iter().map(String::as_str)), &record, Some(&record), &mut flags)?;
        let kind = MutationKind::Create { record, check: flags.checks };
        let created = Arc::new(AtomicBool::new(true));
        Ok(Prepared { mutation: Mutation { collection, id, kind }, grant, told: Arc::default(), created })
    }

    fn replace(
        &self,
        create: Option<Grant>,
        update: Option<Grant>,
        id: RecordId,
        body: Map<String, Json>,
        precondition: Precondition,
        now: Instant,
    ) -> Result<Prepared, Error> {
        let Some(grant) = update.as_ref().or(create.as_ref()).cloned() else {
            return Err(Error::PolicyDenied);
        };
        let dialect = self.store.dialect();
        let [create, update] = [create, update].map(|grant| grant.map(|grant| Gate::new(&grant, dialect, now)));
        Ok(Prepared::change(grant, id, dialect, move |stored, flags| match (stored, &create, &update) {
            (None, create, _) => {
                // To who can't make it, one that is missing is one out of sight.
                let gate = create.as_ref().filter(|gate| !gate.collection().is_users()).ok_or(Error::NotFound)?;
                precondition.check(None)?;
                flags.created = true;
                gate.create_in_place(body.clone(), id, now, flags).map(Write::Put)
            }
            (Some(stored), _, Some(gate)) => {
                gate.in_sight(stored, flags)?;
                precondition.check(Some(stored))?;
                gate.replace(stored, body.clone(), now, flags)
            }
            // Who may only create learns of a record that is there what a reader of it would.
            (Some(stored), create, None) => {
                create.as_ref().ok_or(Error::PolicyDenied)?.in_sight(stored, flags)?;
                precondition.check(Some(stored))?;
                Err(Error::PolicyDenied)
            }
        }))
    }

    /// The record as its writer sees it.
    pub(super) async fn answer(
        &self,
        id: RecordId,
        outcome: Outcome,
        grant: &Grant,
        created: bool,
        now: Instant,
    ) -> Result<Written, Error> {
        let Some(record) = outcome.record else {
            return Ok(Written { id, effect: Effect::Deleted, json: None, etag: None });
        };
        let effect = if created { Effect::Created } else { Effect::Updated };
        if !grant.reads() {
            return Ok(Written::unseen(id, effect));
        }
        let (collection, sight) = (grant.collection(), grant.sight().bind(&grant.bindings(now)));
        let members = Selection::default().members(grant)?;
        let json = match sight.admits(collection, &record) {
            Some(false) => return Ok(Written::unseen(id, effect)),
            Some(true) => project(collection, &record, &sight, &members),
            None => None,
        };
        if let Some(json) = json {
            let etag = ETag::new(record.revision, &sight.key());
            return Ok(Written { id, effect, json: Some(Json::Object(json).to_string().into()), etag: Some(etag) });
        }
        match self.get(grant, id, &Selection::default()).await {
            Ok(found) => Ok(Written { id, effect, json: Some(found.json), etag: Some(found.etag) }),
            Err(Error::NotFound) => Ok(Written::unseen(id, effect)),
            Err(error) => Err(error),
        }
    }
}

impl Prepared {
    /// A mutation whose decision is `decide`; the checks that it leaves in the flags run before the write.
    fn change(
        grant: Grant,
        id: RecordId,
        dialect: Dialect,
        mut decide: impl FnMut(Option<&Record>, &mut Flags) -> Result<Write, Error> + Send + 'static,
    ) -> Prepared {
        let (told, created) = (Arc::new(Told::default()), Arc::new(AtomicBool::new(false)));
        let (tell, tell_created) = (told.clone(), created.clone());
        let decide = move |stored: Option<&Record>| {
            let mut flags = Flags::default();
            let decided = decide(stored, &mut flags);
            tell.sight_asked.store(flags.sight_asked, Ordering::Relaxed);
            tell.asked.store(flags.asked, Ordering::Relaxed);
            tell_created.store(flags.created, Ordering::Relaxed);
            let (write, refusal) = match decided {
                Ok(write) => (write, None),
                // Any other reason would tell that there is such a record, or what it holds: the database is asked
                // first whether it is in sight.
                Err(error) if flags.asked > 0 => {
                    flags.checks.truncate(flags.asked);
                    flags.checks.push(never(dialect));
                    (Write::Nothing, Some(error))
                }
                Err(error) => return Err(error),
            };
            *tell.refusal.lock().unwrap_or_else(PoisonError::into_inner) = refusal;
            Ok(Decision { write, before: flags.checks, after: Vec::new() })
        };
        let kind = MutationKind::Change(Box::new(decide));
        let mutation = Mutation { collection: grant.collection().clone(), id, kind };
        Prepared { mutation, grant, told, created }
    }
}

/// What a decision tells of the checks that it left.
#[derive(Default)]
struct Told {
    /// Whether the first asks if the record is in sight.
    sight_asked: AtomicBool,
    /// How many of the first ask what the writer sees.
    asked: AtomicUsize,
    /// Why the write is refused, should those hold; the check behind them fails then.
    refusal: Mutex<Option<Error>>,
}

impl Told {
    /// Why the write is refused, if this check was the one that failed.
    fn reason(&self, check: usize) -> Error {
        if check == 0 && self.sight_asked.load(Ordering::Relaxed) {
            return Error::NotFound;
        }
        if check < self.asked.load(Ordering::Relaxed) {
            return Error::PolicyDenied;
        }
        let refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner).take();
        refusal.unwrap_or(Error::PolicyDenied)
    }
}

/// A check that fails.
fn never(dialect: Dialect) -> Check {
    let mut w = Writer::new(dialect);
    w.sql("select false");
    Check { statement: w.finish() }
}

/// The refusal to delete what others point at, which it names only to those who may know of them.
fn restricted(grant: &Grant, collection: String, field: String) -> Error {
    let known = grant.related(&collection).is_some_and(|other| other.sight().fields.contains_key(&field));
    if known { Error::Restricted { collection, field } } else { Error::RestrictedUnseen }
}

/// The refusal of values that are taken. Who does not see every field of the index is told of none: some of them would
/// read as an index of their own.
fn conflict(grant: &Grant, fields: Vec<String>) -> Error {
    let seen = fields.iter().all(|field| grant.sight().fields.contains_key(field));
    Error::Conflict { fields: if seen { fields } else { Vec::new() } }
}

fn in_batch(index: usize, cause: Error) -> Error {
    Error::InBatch { index, cause: Box::new(cause) }
}
