//! One subscription: a group, and a place in the log.

use std::sync::Arc;

use bytes::Bytes;
use plinth_model::Seq;
use plinth_model::schema::collection::USERS;
use serde_json::{Map, Value as Json};

use super::frame::{self, Reset, Subscribe};
use super::group::{Failed, Group};
use super::hub::Hub;
use super::question::Question;
use crate::changes::Asked;
use crate::changes::cursor::MAX_SEEN;
use crate::changes::ring::Logged;
use crate::code::Code;
use crate::policy::{Account, Action, Caller};
use crate::problem::Problem;
use crate::records;
use crate::records::list::{ListRequest, Start};
use crate::records::selection::Selection;

/// Events taken from the group at once, so that one subscription does not starve the others.
const PULL: usize = 128;

/// So often a change is tried that can't be evaluated before the subscription ends.
const TRIES: u32 = 3;

/// Records in one snapshot frame.
const SNAPSHOT_CHUNK: usize = 100;

/// An open subscription.
pub struct Subscription {
    request: Subscribe,
    /// The request's parameters as JSON: what is looked at again now and then takes less room as text.
    params: Option<Box<str>>,
    /// The bytes of its frame.
    size: usize,
    group: Arc<Group>,
    position: Seq,
    /// Changes behind the position that the snapshot held already (Postgres only).
    seen: Vec<Seq>,
    live: bool,
    failures: Failures,
    /// Up to where no change of rights stands behind something that is still to be told.
    judged: Seq,
    /// Up to where nothing behind a relation turned what it asks.
    sure: Seq,
}

/// The group's evaluations that failed since the last that did not.
#[derive(Default)]
struct Failures {
    count: u32,
    last: u64,
}

/// A place that a subscription can go back to.
pub struct Mark {
    position: Seq,
    seen: Vec<Seq>,
    live: bool,
}

/// Why nothing was taken.
pub enum Halt {
    /// The database does not answer now; every subscription would find the same.
    Away(plinth_store::Error),
    /// The subscription ends, and the client starts anew.
    Reset(Reset),
    /// A change could not be evaluated; it is tried again.
    Again(plinth_store::Error),
    /// It was tried often enough: the subscription is over.
    Over(Problem),
}

/// Why a subscription was not opened.
pub enum Refusal {
    /// The place that it wants to go on from is gone: the client starts anew.
    Reset(Reset),
    /// What is asked can't be had.
    Problem(Problem),
}

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

/// How a subscription goes on when rules or definitions changed.
pub enum Course {
    /// As before.
    On,
    /// It ends, and the client starts anew.
    Reset(Reset),
}

impl Subscription {
    /// Opens a subscription that was asked for in a frame of `size` bytes; the frames are what the client receives at
    /// once.
    pub async fn open(
        hub: &Hub,
        caller: &Caller,
        request: Subscribe,
        size: usize,
    ) -> Result<(Self, Vec<Bytes>), Refusal> {
        check(&request)?;
        let question = question(hub, caller, &request, request.params.as_ref())?;
        let (opened, frames) = Self::begin(hub, question, request).await?;
        Ok((Self { size, ..opened }, frames))
    }

    async fn begin(hub: &Hub, question: Question, request: Subscribe) -> Result<(Self, Vec<Bytes>), Refusal> {
        if let Some(since) = request.since.clone() {
            return Self::resume(hub, question, request, &since).await;
        }
        if request.snapshot {
            return Self::with_snapshot(hub, question, request).await;
        }
        let position = hub.feed().head();
        let cursor = hub.feed().cursor(position, question.asked(), &[]);
        let frames = vec![frame::subscribed(&request.sub, &cursor), frame::live(&request.sub, &cursor)];
        Ok((Self { live: true, ..Self::at(hub, question, request, position) }, frames))
    }

    /// A subscription at this place.
    fn at(hub: &Hub, question: Question, mut request: Subscribe, position: Seq) -> Self {
        let params = request.params.take().map(|params| Json::Object(params).to_string().into());
        let (group, seen, failures) = (hub.group(question), Vec::new(), Failures::default());
        let (judged, sure) = (position, position);
        Self { request, params, size: 0, group, position, seen, live: false, failures, judged, sure }
    }

    async fn resume(
        hub: &Hub,
        question: Question,
        request: Subscribe,
        since: &str,
    ) -> Result<(Self, Vec<Bytes>), Refusal> {
        let cursor = hub.feed().place(since);
        let cursor =
            cursor.ok_or_else(|| Problem::new(Code::InvalidCursor, "since is not a cursor of this server."))?;
        if !hub.feed().reaches(&cursor).await? {
            return Err(Refusal::Reset(Reset::Expired));
        }
        if schema_seq(&question) > cursor.seq {
            return Err(Refusal::Reset(Reset::Schema));
        }
        if let Some(reset) = other_sense(cursor.asked, question.asked()) {
            return Err(Refusal::Reset(reset));
        }
        let frames = vec![frame::subscribed(&request.sub, since)];
        Ok((Self { seen: cursor.seen, ..Self::at(hub, question, request, cursor.seq) }, frames))
    }

    async fn with_snapshot(hub: &Hub, question: Question, request: Subscribe) -> Result<(Self, Vec<Bytes>), Refusal> {
        let list = ListRequest {
            filter: request.filter.clone(),
            params: request.params.clone(),
            sort: request.sort.clone().unwrap_or_default(),
            limit: request.limit,
            start: Start::First,
            selection: selection(&request)?,
            count: None,
        };
        let snapshot = hub.records().snapshot(question.grant(), &list).await?;
        if snapshot.seen.len() > MAX_SEEN {
            let detail = "The change log is too far behind the records for a snapshot: try again soon.";
            return Err(Problem::new(Code::Unavailable, detail).into());
        }
        let cursor = hub.feed().cursor(snapshot.head, question.asked(), &snapshot.seen);
        let mut frames = vec![frame::subscribed(&request.sub, &cursor)];
        let chunks: Vec<&[Bytes]> = snapshot.items.chunks(SNAPSHOT_CHUNK).collect();
        for (n, chunk) in chunks.iter().enumerate() {
            frames.push(frame::snapshot(&request.sub, &chunk.join(&b","[..]), n + 1 == chunks.len()));
        }
        if chunks.is_empty() {
            frames.push(frame::snapshot(&request.sub, b"", true));
        }
        Ok((Self { seen: snapshot.seen, ..Self::at(hub, question, request, snapshot.head) }, frames))
    }

    /// The name that its frames carry.
    pub fn name(&self) -> &str {
        &self.request.sub
    }

    /// The bytes of the frame that asked for it.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Where it is now.
    pub fn mark(&self) -> Mark {
        Mark { position: self.position, seen: self.seen.clone(), live: self.live }
    }

    /// Goes back to where it was: what was taken since is not sent.
    pub fn go_back(&mut self, mark: Mark) {
        (self.position, self.seen, self.live) = (mark.position, mark.seen, mark.live);
    }

    /// Takes what is new, at most a few frames; whether there may be more.
    pub async fn pull(&mut self, hub: &Hub, caller: &Caller, frames: &mut Vec<Bytes>) -> Result<bool, Halt> {
        let head = hub.feed().head();
        if self.live && head <= self.position {
            return Ok(false);
        }
        if self.is_outlived(hub, caller).await.map_err(Halt::Away)? {
            return Err(Halt::Reset(Reset::Policy));
        }
        let pulled = match self.group.pull(self.position, self.sure, PULL).await {
            Ok(Some(pulled)) => pulled,
            Ok(None) => return Err(Halt::Reset(Reset::Expired)),
            Err(failed) => return Err(self.failures.count(failed)),
        };
        self.failures = Failures::default();
        // What a snapshot held already turns nothing that it does not know.
        let knows = |seq: &Seq| *seq <= self.position || self.seen.contains(seq);
        let turned = pulled.turned.as_ref().is_some_and(|turned| !turned.iter().all(knows));
        for event in &pulled.events {
            let passed = self.seen.partition_point(|seq| *seq < event.seq);
            self.seen.drain(..passed);
            match self.seen.first() {
                None => frames.push(event.frame(&self.request.sub)),
                Some(next) if *next == event.seq => {}
                Some(_) => frames.push(event.frame_with(&self.request.sub, &self.cursor(hub, event.seq))),
            }
        }
        if turned {
            return Err(Halt::Reset(Reset::Relation));
        }
        self.position = pulled.reached;
        self.sure = self.sure.max(pulled.sure);
        self.seen.retain(|seq| *seq > self.position);
        let more = self.position < hub.feed().head();
        if !self.live && self.position >= head {
            self.live = true;
            frames.push(frame::live(&self.request.sub, &self.cursor(hub, self.position)));
        }
        Ok(more)
    }

    /// Whether what the caller may do changed behind something that is still to be told, and came back to what it was: that
    /// was written when other rights were in force, and would be judged by those of now.
    async fn is_outlived(&mut self, hub: &Hub, caller: &Caller) -> Result<bool, plinth_store::Error> {
        let (feed, judged) = (hub.feed(), self.judged.max(self.position));
        let head = feed.head();
        let Some(rights) = feed.rights(caller.id(), judged).await? else { return Ok(true) };
        let last = rights.iter().find(|change| self.is_judged_by(hub, caller, change)).map(|change| change.change.seq);
        let first = match last {
            Some(_) => feed.first(&self.group.question().concerned(), self.position, &self.seen).await?,
            None => None,
        };
        self.judged = head;
        Ok(first.zip(last).is_some_and(|(first, last)| first < last))
    }

    /// Whether a change of rights concerns this subscription. Of the account's own record those do that its conditions
    /// read, and of the rules those about its collection and the caller's roles.
    fn is_judged_by(&self, hub: &Hub, caller: &Caller, change: &Logged) -> bool {
        if change.change.collection == "_policies" {
            return hub.policy().state().concerns(&change.change, caller, &self.request.collection);
        }
        let Some(account) = caller.signed_in().filter(|_| change.change.collection == USERS) else { return true };
        let Ok(images) = change.images(&account.users) else { return true };
        let (Some(before), Some(after)) = (images.before, images.after) else { return true };
        [before, after].into_iter().any(|record| {
            let then = Caller::account(Arc::new(Account { record, ..(**account).clone() }));
            let asked = self.question_of(hub, &then).map(|question| question.asked());
            !asked.is_ok_and(|asked| asked.meaning == self.group.question().asked().meaning)
        })
    }

    fn question_of(&self, hub: &Hub, caller: &Caller) -> Result<Question, records::Error> {
        let params = self.params.as_deref().map(|params| serde_json::from_str(params).unwrap_or_default());
        question(hub, caller, &self.request, params.as_ref())
    }

    /// The cursor of a place: with it goes what a snapshot held of the changes behind.
    fn cursor(&self, hub: &Hub, position: Seq) -> String {
        let behind = self.seen.partition_point(|seq| *seq <= position);
        hub.feed().cursor(position, self.group.question().asked(), &self.seen[behind..])
    }

    /// Looks at the subscription again after rules, definitions or the caller's account changed.
    pub fn review(&mut self, hub: &Hub, caller: &Caller) -> Course {
        let Ok(question) = self.question_of(hub, caller) else {
            let gone = hub.policy().state().catalog().get(&self.request.collection).is_none();
            let schema = gone || hub.policy().authorize(caller, Action::Read, &self.request.collection).is_ok();
            return Course::Reset(if schema { Reset::Schema } else { Reset::Policy });
        };
        if question.key() == *self.group.key() {
            return Course::On;
        }
        if let Some(reset) = other_sense(self.group.question().asked(), question.asked()) {
            return Course::Reset(reset);
        }
        if schema_seq(&question) > self.position {
            return Course::Reset(Reset::Schema);
        }
        (self.group, self.failures) = (hub.group(question), Failures::default());
        Course::On
    }
}

impl Failures {
    /// Notes a failure: a question that is too dear for the database is not asked for ever.
    fn count(&mut self, failed: Failed) -> Halt {
        use plinth_store::Error::{Corrupt, Fault, TimedOut};
        let Failed { error, attempt } = failed;
        if !matches!(error, TimedOut | Fault(_) | Corrupt(_)) {
            return Halt::Away(error);
        }
        if attempt != self.last {
            (self.count, self.last) = (self.count + 1, attempt);
        }
        if self.count < TRIES {
            return Halt::Again(error);
        }
        let cause = Problem::from(error);
        let detail = format!(
            "The subscription is over: a change could not be evaluated in {TRIES} tries. {} Go on behind the last cursor \
             with a simpler filter, or later.",
            cause.detail
        );
        Halt::Over(Problem { detail, ..cause })
    }
}

fn check(request: &Subscribe) -> Result<(), Problem> {
    let refuse = |detail: &str| Err(Problem::new(Code::InvalidParameter, detail));
    if request.snapshot && request.since.is_some() {
        return refuse("A subscription starts with a snapshot or goes on since a cursor, not both.");
    }
    if !request.snapshot && (request.sort.is_some() || request.limit.is_some()) {
        return refuse("sort and limit belong to a snapshot: add \"snapshot\": true.");
    }
    Ok(())
}

fn selection(request: &Subscribe) -> Result<Selection, records::Error> {
    Selection::parse(request.fields.as_deref(), request.expand.as_deref())
}

fn question(
    hub: &Hub,
    caller: &Caller,
    request: &Subscribe,
    params: Option<&Map<String, Json>>,
) -> Result<Question, records::Error> {
    let grant = hub.policy().authorize(caller, Action::Read, &request.collection)?;
    Question::new(grant, request.filter.as_deref(), params, selection(request)?)
}

/// Why a place that was told in one sense can't be gone on from in another.
fn other_sense(told: Asked, asked: Asked) -> Option<Reset> {
    let same_definition = told.definition == asked.definition;
    (told.meaning != asked.meaning).then_some(if same_definition { Reset::Policy } else { Reset::Schema })
}

fn schema_seq(question: &Question) -> Seq {
    question.grant().state().readable_from(&question.collection().name)
}
