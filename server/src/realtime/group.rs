//! A group: one distinct question, evaluated once per change for everybody who asks it.
//!
//! The first subscriber that pulls evaluates the new changes and keeps the result; the others take it from there.
//! Visibility is the pure function of the images before and after; only a condition that follows a relation asks
//! the database, once per group and change. When a record behind such a relation changes so that the condition may say
//! something else of others ([`plinth_model::filter::Turn`]), no change of theirs tells it: the question is asked anew.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use plinth_model::filter::{Bound, Truth, Turn};
use plinth_model::sight::BoundRows;
use plinth_model::sql::Writer;
use plinth_model::sql::predicate::{self, RowSource};
use plinth_model::sql::select::ColumnKind;
use plinth_model::{Field, Instant, Record, Seen, Seq, Value};
use plinth_store::{Asker, Store, asker};
use serde_json::{Map, Value as Json};
use tokio::sync::Mutex;

use super::frame;
use super::question::{Conditions, Key, Question};
use super::turns::{DEAR, Turns};
use crate::changes::Feed;
use crate::changes::ring::Logged;
use crate::clock::SharedClock;
use crate::records::Records;

/// Events kept for subscribers of the group that have not taken them yet; who is further behind reads the log.
const MAX_EVENTS: usize = 4096;

/// Bytes of events that one group keeps, and all groups of the node together; each may keep what fits a pull.
const MAX_BYTES: usize = 4 * 1024 * 1024;
const MAX_BYTES_OF_ALL: usize = 64 * 1024 * 1024;

/// Bytes of events from which on a pull ends: a client that does not read keeps no more than this and one event.
const PULL_BYTES: usize = 64 * 1024;

/// Changes read from the log at once for a subscriber that lags: at most so many, and about so many bytes.
const LAG_BATCH: usize = 256;
const LAG_BYTES: usize = 256 * 1024;

/// The pause after an evaluation that failed: until then, the other members of the group are told the same.
const PAUSE: Duration = Duration::from_millis(200);

/// An event that members of the group receive.
#[derive(Debug)]
pub struct Event {
    /// Its place in the log.
    pub seq: Seq,
    /// Whether it stands for a change behind a relation that turned what the question says: nothing is told of that.
    turns: bool,
    /// The frame between its head and its cursor.
    body: Bytes,
    cursor: String,
    at: Instant,
    frame: OnceLock<(Box<str>, Bytes)>,
}

/// What a pull brought.
pub struct Pulled {
    /// The events, in order.
    pub events: Vec<Arc<Event>>,
    /// The place up to which the subscriber has now seen everything.
    pub reached: Seq,
    /// Whether the change there turned what the question says of other records, so that it has to be asked anew.
    pub turned: bool,
}

impl Pulled {
    fn up_to(reached: Seq, events: Vec<Arc<Event>>) -> Self {
        Self { events, reached, turned: false }
    }
}

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

/// The evaluated part of the log: everything in (`from`, `upto`].
struct Memo {
    from: Seq,
    upto: Seq,
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    /// The bytes that all groups of this node hold.
    held: Held,
    /// The last evaluation, if it failed, and when the next one may begin.
    failed: Option<(Failed, Duration)>,
}

/// The bytes of events that the groups of a node hold together.
pub type Held = Arc<AtomicUsize>;

impl Event {
    /// The frame for a subscription of this name. Most subscribers of a group use the same name; its frame is kept.
    pub fn frame(&self, sub: &str) -> Bytes {
        let (name, frame) = self.frame.get_or_init(|| (sub.into(), self.frame_with(sub, &self.cursor)));
        if **name == *sub { frame.clone() } else { self.frame_with(sub, &self.cursor) }
    }

    /// The frame for a subscription that is at a place of its own.
    pub fn frame_with(&self, sub: &str, cursor: &str) -> Bytes {
        let (head, end) = (frame::change_head(sub), frame::change_end(cursor, self.at));
        [head.as_bytes(), &self.body, end.as_bytes()].concat().into()
    }

    /// What it takes in memory: itself, its frame, and what holds them.
    fn bytes(&self) -> usize {
        2 * self.body.len() + 384
    }
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
        let memo = Mutex::new(Memo { from: head, upto: head, events: VecDeque::new(), bytes: 0, held, failed: None });
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

    /// At most `limit` events behind `after`, and no more than fit a pull. Where a change can't be evaluated, everything
    /// before it comes first.
    pub async fn pull(&self, after: Seq, limit: usize) -> Result<Option<Pulled>, Failed> {
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
        self.pull_from_log(after).await
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
        for change in changes {
            if let Some(event) = self.event(&change).await? {
                memo.push(Arc::new(event));
            }
            memo.upto = change.change.seq;
        }
        memo.upto = reached;
        Ok(())
    }

    async fn pull_from_log(&self, after: Seq) -> Result<Option<Pulled>, Failed> {
        let limit = self.lag_batch.load(Ordering::Relaxed);
        let logged = self.feed.logged(&self.question.concerned(), after, limit).await;
        let Some((changes, reached)) = logged.map_err(|error| self.failed(error))? else { return Ok(None) };
        let each = changes.iter().map(|change| change.bytes()).sum::<usize>() / changes.len().max(1);
        self.lag_batch.store((LAG_BYTES / each.max(1)).clamp(1, LAG_BATCH), Ordering::Relaxed);
        let (mut events, mut bytes, mut passed) = (Vec::new(), 0, after);
        for change in changes {
            match self.event(&change).await {
                Ok(Some(event)) if event.turns => {
                    return Ok(Some(Pulled { events, reached: event.seq, turned: true }));
                }
                Ok(Some(event)) => {
                    bytes += event.body.len();
                    events.push(Arc::new(event));
                }
                Ok(None) => {}
                Err(error) if passed == after => return Err(self.failed(error)),
                Err(_) => return Ok(Some(Pulled::up_to(passed, events))),
            }
            passed = change.change.seq;
            if bytes >= PULL_BYTES {
                return Ok(Some(Pulled::up_to(change.change.seq, events)));
            }
        }
        Ok(Some(Pulled::up_to(reached, events)))
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
        if self.turns_with(logged) {
            let (body, cursor) = Default::default();
            return Ok(Some(Event {
                seq: change.seq,
                turns: true,
                body,
                cursor,
                at: change.at,
                frame: OnceLock::new(),
            }));
        }
        if change.collection != self.question.collection().name {
            return Ok(None);
        }
        let images = logged
            .images(self.question.collection())
            .map_err(|error| plinth_store::Error::Corrupt(error.to_string()))?;
        let conditions = self.question.at(self.clock.now());
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
        let (turns, body, frame) = (false, body.into(), OnceLock::new());
        Ok(Some(Event { seq: change.seq, turns, body, cursor, at: change.at, frame }))
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

    async fn admitted(&self, conditions: &Conditions, record: Option<&Record>) -> Result<bool, plinth_store::Error> {
        let Some(record) = record else { return Ok(false) };
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
    async fn record(&self, conditions: &Conditions, record: &Record) -> Result<Vec<u8>, plinth_store::Error> {
        let members =
            self.question.selection().members(self.question.grant()).expect("Question::new has checked the selection");
        let mut json = Map::with_capacity(members.len());
        for field in members {
            let value = if self.shows(conditions, field, record).await? {
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
        conditions: &Conditions,
        field: &Field,
        record: &Record,
    ) -> Result<bool, plinth_store::Error> {
        match conditions.sight.fields.get(&field.name) {
            None => Ok(false),
            Some(None) => Ok(true),
            Some(Some(condition)) => self.holds(condition, record).await,
        }
    }
}

impl Memo {
    fn push(&mut self, event: Arc<Event>) {
        self.bytes += event.bytes();
        self.held.fetch_add(event.bytes(), Ordering::Relaxed);
        self.events.push_back(event);
        while self.is_too_large()
            && let Some(oldest) = self.events.pop_front()
        {
            self.from = oldest.seq;
            self.bytes -= oldest.bytes();
            self.held.fetch_sub(oldest.bytes(), Ordering::Relaxed);
        }
    }

    fn is_too_large(&self) -> bool {
        self.events.len() > MAX_EVENTS
            || self.bytes > MAX_BYTES
            || (self.bytes > PULL_BYTES && self.held.load(Ordering::Relaxed) > MAX_BYTES_OF_ALL)
    }

    /// Forgets everything: the changes up to `tail` are in memory no more.
    fn start_over(&mut self, tail: Seq) {
        self.held.fetch_sub(std::mem::take(&mut self.bytes), Ordering::Relaxed);
        self.events.clear();
        (self.from, self.upto) = (tail, tail);
    }

    fn take(&self, after: Seq, limit: usize) -> Pulled {
        let start = self.events.partition_point(|event| event.seq <= after);
        let (mut events, mut bytes) = (Vec::new(), 0);
        for event in self.events.range(start..) {
            if event.turns {
                return Pulled { events, reached: event.seq, turned: true };
            }
            events.push(Arc::clone(event));
            bytes += event.body.len();
            if events.len() == limit || bytes >= PULL_BYTES {
                return Pulled::up_to(event.seq, events);
            }
        }
        Pulled::up_to(self.upto.max(after), events)
    }
}

impl Drop for Memo {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
