//! A group: one distinct question, evaluated once per change for everybody who asks it.
//!
//! The first subscriber that pulls evaluates the new changes and keeps the result; the others take it from there.
//! Visibility is the pure function of the images before and after; only a condition that follows a relation asks
//! the database, once per group and change. When a record behind such a relation changes so that the condition may say
//! something else of others ([`plinth_model::filter::Turn`]), no change of theirs tells it: the question is asked anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use plinth_model::filter::{Bound, Truth, Turn};
use plinth_model::sight::BoundRows;
use plinth_model::sql::Writer;
use plinth_model::sql::predicate::{self, RowSource};
use plinth_model::sql::select::ColumnKind;
use plinth_model::{Field, Record, Seen, Seq, Value};
use plinth_store::{Asker, Store, asker};
use serde_json::{Map, Value as Json};
use tokio::sync::Mutex;

use super::memo::{Event, Held, Memo, PULL_BYTES, Pulled};
use super::question::{Conditions, Key, Question};
use super::turns::{DEAR, Turns};
use crate::changes::Feed;
use crate::changes::ring::Logged;
use crate::clock::SharedClock;
use crate::records::Records;

/// Changes read from the log at once for a subscriber that lags: at most so many, and about so many bytes.
const LAG_BATCH: usize = 256;
const LAG_BYTES: usize = 256 * 1024;

/// Changes evaluated before it is looked whether what they were judged by has turned.
const CHUNK: usize = 16;

/// The pause after an evaluation that failed: until then, the other members of the group are told the same.
const PAUSE: Duration = Duration::from_millis(200);

/// Why a pull brought nothing.
#[derive(Debug, Clone)]
pub struct Failed {
    /// What the database said.
    pub error: plinth_store::Error,
    /// Which of the group's evaluations failed: members that are told of the same one have not asked again themselves.
    pub attempt: u64,
}

/// A question and what was found out about it.
pub struct Group {
    key: Key,
    question: Question,
    store: Store,
    feed: Feed,
    records: Records,
    clock: SharedClock,
    memo: Mutex<Memo>,
    /// How many changes to read from the log at once, by the size of those read last.
    lag_batch: AtomicUsize,
    /// Evaluations that failed.
    failures: AtomicU64,
    turns: Arc<Turns>,
    /// Nanoseconds that the conditions of the change at hand took.
    spent: AtomicU64,
    /// Whether those of the last change were dear.
    dear: AtomicBool,
}

impl Group {
    /// A group that has evaluated nothing yet.
    pub fn new(
        key: Key,
        question: Question,
        store: Store,
        feed: Feed,
        records: Records,
        clock: SharedClock,
        held: Held,
        turns: Arc<Turns>,
    ) -> Self {
        let head = feed.head();
        let memo = Mutex::new(Memo::new(head, held));
        let lag_batch = AtomicUsize::new(LAG_BATCH / 8);
        let (failures, spent, dear) = Default::default();
        Self { key, question, store, feed, records, clock, memo, lag_batch, failures, turns, spent, dear }
    }

    /// What the group is found by.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// What it asks.
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// At most `limit` events behind `after`, and no more than fit a pull, for whoever knows that nothing turned up to
    /// `sure`. Where a change can't be evaluated, everything before it comes first.
    pub async fn pull(&self, after: Seq, sure: Seq, limit: usize) -> Result<Option<Pulled>, Failed> {
        if self.feed.head() <= after {
            return Ok(Some(Pulled::up_to(after, Vec::new())));
        }
        let mut memo = self.memo.lock().await;
        let evaluated = self.try_new(&mut memo).await;
        if after >= memo.from {
            if after >= memo.upto {
                evaluated?;
            }
            return Ok(Some(memo.take(after, limit)));
        }
        drop(memo);
        self.pull_from_log(after, sure).await
    }

    /// Evaluates what is new, unless that failed a moment ago: each try may take as long as a statement may.
    async fn try_new(&self, memo: &mut Memo) -> Result<(), Failed> {
        if let Some((failed, again)) = &memo.failed
            && self.clock.elapsed() < *again
        {
            return Err(failed.clone());
        }
        let evaluated =
            asker::scope(Asker::Subscribers, self.evaluate_new(memo)).await.map_err(|error| self.failed(error));
        memo.failed = evaluated.as_ref().err().map(|failed| (failed.clone(), self.clock.elapsed() + PAUSE));
        evaluated
    }

    fn failed(&self, error: plinth_store::Error) -> Failed {
        Failed { error, attempt: self.failures.fetch_add(1, Ordering::Relaxed) + 1 }
    }

    /// Brings the memo up to the head. If the changes behind it are in memory no more, it starts over at the tail.
    async fn evaluate_new(&self, memo: &mut Memo) -> Result<(), plinth_store::Error> {
        let wanted = |name: &str| self.question.collection().name == name || self.question.followed(name).is_some();
        let recent = match self.feed.recent(wanted, memo.upto) {
            Some(recent) => recent,
            None => {
                let tail = self.feed.tail();
                memo.start_over(tail);
                match self.feed.recent(wanted, tail) {
                    Some(recent) => recent,
                    None => return Ok(()),
                }
            }
        };
        let (changes, reached) = recent;
        let mut rest = &changes[..];
        if let Some(last) = rest.iter().rposition(|change| self.turns_with(change)) {
            let untold = rest[..=last].iter().map(|change| change.change.seq).collect();
            memo.turn(rest[last].change.seq, untold);
            rest = &rest[last + 1..];
        }
        while !rest.is_empty() {
            let (some, others) = rest.split_at(rest.len().min(CHUNK));
            let (events, upto, failed) = self.events(some).await;
            let ahead = self.turns_behind(reached).await?;
            if !ahead.is_empty() {
                let untold = rest.iter().map(|change| change.change.seq).chain(ahead).collect();
                memo.turn(reached, untold);
                return Ok(());
            }
            events.into_iter().for_each(|event| memo.push(event));
            memo.upto = upto.unwrap_or(memo.upto);
            failed.map_or(Ok(()), Err)?;
            rest = others;
        }
        memo.upto = reached;
        Ok(())
    }

    /// What members receive of these changes, up to the first that can't be evaluated; the place up to which they were.
    async fn events(&self, changes: &[Arc<Logged>]) -> (Vec<Arc<Event>>, Option<Seq>, Option<plinth_store::Error>) {
        let (mut events, mut upto) = (Vec::new(), None);
        for change in changes {
            match self.event(change).await {
                Ok(event) => events.extend(event.map(Arc::new)),
                Err(error) => return (events, upto, Some(error)),
            }
            upto = Some(change.change.seq);
        }
        (events, upto, None)
    }

    /// The first changes behind this place, settled or not, that turned what the question says, if any did: the database
    /// answers for what is behind a relation as it is now, so what came before them can't be judged any more.
    async fn turns_behind(&self, place: Seq) -> Result<Vec<Seq>, plinth_store::Error> {
        let followed = self.question.follows();
        if followed.is_empty() {
            return Ok(Vec::new());
        }
        let mut after = place;
        loop {
            let changes = self.store.changes_ahead(&followed, after, LAG_BATCH).await?;
            let last = changes.last().filter(|_| changes.len() == LAG_BATCH).map(|change| change.seq);
            let logged = changes.into_iter().map(Logged::new);
            let turns: Vec<_> =
                logged.filter(|logged| self.turns_with(logged)).map(|logged| logged.change.seq).collect();
            match last.filter(|_| turns.is_empty()) {
                Some(last) => after = last,
                None => return Ok(turns),
            }
        }
    }

    async fn pull_from_log(&self, after: Seq, sure: Seq) -> Result<Option<Pulled>, Failed> {
        let limit = self.lag_batch.load(Ordering::Relaxed);
        let head = self.feed.head();
        let logged = self.feed.logged(&self.question.concerned(), after, limit).await;
        let Some((changes, reached)) = logged.map_err(|error| self.failed(error))? else { return Ok(None) };
        let each = changes.iter().map(|change| change.bytes()).sum::<usize>() / changes.len().max(1);
        self.lag_batch.store((LAG_BYTES / each.max(1)).clamp(1, LAG_BATCH), Ordering::Relaxed);
        let pulled = self.pull_changes(&changes, after, reached).await.map_err(|error| self.failed(error))?;
        let turns = self.turns_behind(sure.max(after)).await.map_err(|error| self.failed(error))?;
        if turns.is_empty() {
            return Ok(Some(Pulled { sure: head, ..pulled }));
        }
        let untold = changes.iter().map(|change| change.change.seq).chain(turns).collect();
        Ok(Some(Pulled::turned(reached, Vec::new(), untold)))
    }

    async fn pull_changes(
        &self,
        changes: &[Arc<Logged>],
        after: Seq,
        reached: Seq,
    ) -> Result<Pulled, plinth_store::Error> {
        let (mut events, mut bytes, mut passed) = (Vec::new(), 0, after);
        for change in changes {
            match self.event(change).await {
                Ok(Some(event)) => {
                    bytes += event.body.len();
                    events.push(Arc::new(event));
                }
                Ok(None) => {}
                Err(error) if passed == after => return Err(error),
                Err(_) => return Ok(Pulled::up_to(passed, events)),
            }
            passed = change.change.seq;
            if bytes >= PULL_BYTES {
                return Ok(Pulled::up_to(passed, events));
            }
        }
        Ok(Pulled::up_to(reached, events))
    }

    /// What members of the group receive of a change. If that of the last was dear to find out, it waits its turn, and
    /// then lets others have theirs.
    async fn event(&self, logged: &Logged) -> Result<Option<Event>, plinth_store::Error> {
        let dear = self.dear.load(Ordering::Relaxed);
        let turn = if dear { self.turns.take().await } else { None };
        self.spent.store(0, Ordering::Relaxed);
        let event = self.evaluate(logged).await;
        let spent = Duration::from_nanos(self.spent.load(Ordering::Relaxed));
        self.dear.store(spent > DEAR, Ordering::Relaxed);
        drop(turn);
        if dear {
            tokio::task::yield_now().await;
        }
        event
    }

    async fn evaluate(&self, logged: &Logged) -> Result<Option<Event>, plinth_store::Error> {
        let change = &logged.change;
        if change.collection != self.question.collection().name {
            return Ok(None);
        }
        let images = logged
            .images(self.question.collection())
            .map_err(|error| plinth_store::Error::Corrupt(error.to_string()))?;
        let conditions = self.question.between(change.at, self.clock.now());
        let before = self.admitted(&conditions, images.before.as_ref()).await?;
        let after = self.admitted(&conditions, images.after.as_ref()).await?;
        let Some(seen) = Seen::of(before, after) else {
            return Ok(None);
        };
        let record = match (seen, &images.after) {
            (Seen::Create | Seen::Update, Some(record)) => Some(self.record(&conditions, record).await?),
            _ => None,
        };
        let mut body = format!("\"type\":\"{}\",\"id\":\"{}\"", seen.as_str(), change.id).into_bytes();
        if let Some(record) = record {
            body.extend_from_slice(b",\"record\":");
            body.extend_from_slice(&record);
        }
        let cursor = self.feed.cursor(change.seq, self.question.asked(), &[]);
        Ok(Some(Event::new(change.seq, change.at, body.into(), cursor)))
    }

    /// Whether a change of a record behind a relation turned what the question says of others. One that can't be read by
    /// the definition of today may have.
    fn turns_with(&self, logged: &Logged) -> bool {
        let Some(collection) = self.question.followed(&logged.change.collection) else { return false };
        if logged.change.seq <= self.question.grant().state().readable_from(&collection.name) {
            return true;
        }
        let Ok(images) = logged.images(collection) else { return true };
        let turn = Turn { collection, before: images.before.as_ref(), after: images.after.as_ref() };
        self.question.at(self.clock.now()).turn_with(turn)
    }

    async fn admitted(
        &self,
        moments: &[Arc<Conditions>],
        record: Option<&Record>,
    ) -> Result<bool, plinth_store::Error> {
        let Some(record) = record else { return Ok(false) };
        for conditions in moments {
            if !self.admitted_at(conditions, record).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn admitted_at(&self, conditions: &Conditions, record: &Record) -> Result<bool, plinth_store::Error> {
        let in_sight = match &conditions.sight.rows {
            BoundRows::All => true,
            BoundRows::None => false,
            BoundRows::Where(condition) => self.holds(condition, record).await?,
        };
        match &conditions.filter {
            Some(filter) if in_sight => self.holds(filter, record).await,
            _ => Ok(in_sight),
        }
    }

    /// Whether a condition is true of a record, asking the database if it follows a relation.
    async fn holds(&self, condition: &Bound, record: &Record) -> Result<bool, plinth_store::Error> {
        let collection = self.question.collection();
        let begun = self.clock.elapsed();
        let truth = condition.eval(record, collection, None);
        let took = self.clock.elapsed().saturating_sub(begun).as_nanos();
        self.spent.fetch_add(u64::try_from(took).unwrap_or(u64::MAX), Ordering::Relaxed);
        match truth {
            Truth::True => return Ok(true),
            Truth::Error if condition.needs_database() => {}
            Truth::False | Truth::Error => return Ok(false),
        }
        let mut w = Writer::new(self.store.dialect());
        w.sql("select ");
        predicate::render_exact(&mut w, condition, RowSource::Record { collection, record }, None);
        let rows = self.store.fetch(w.finish(), &[ColumnKind::Boolean]).await?;
        Ok(rows.first().is_some_and(|row| row.0.first() == Some(&Value::Bool(true))))
    }

    /// The record as the group sees it, as JSON.
    async fn record(&self, moments: &[Arc<Conditions>], record: &Record) -> Result<Vec<u8>, plinth_store::Error> {
        let members =
            self.question.selection().members(self.question.grant()).expect("Question::new has checked the selection");
        let mut json = Map::with_capacity(members.len());
        for field in members {
            let value = if self.shows(moments, field, record).await? {
                record.get(self.question.collection(), &field.name).unwrap_or(Value::Null).to_json()
            } else {
                Json::Null
            };
            json.insert(field.name.clone(), value);
        }
        let json = Json::Object(json).to_string().into_bytes();
        if self.question.selection().expand.is_empty() {
            return Ok(json);
        }
        self.records.expand_one(self.question.grant(), self.question.selection(), record, json).await
    }

    async fn shows(
        &self,
        moments: &[Arc<Conditions>],
        field: &Field,
        record: &Record,
    ) -> Result<bool, plinth_store::Error> {
        for conditions in moments {
            let shows = match conditions.sight.fields.get(&field.name) {
                None => false,
                Some(None) => true,
                Some(Some(condition)) => self.holds(condition, record).await?,
            };
            if !shows {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
