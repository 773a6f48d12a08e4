//! The client's side of the realtime protocol as a state machine: no socket, no clock, no waiting.
//!
//! A subscription is a scope and a cursor. While it is connected it has a name on the wire; a connection that
//! breaks, a reader that lags or a reset takes the name away, and the next one begins after the last cursor that
//! was handed on. Names are never used twice, so a late frame of an ended one can't be taken for news.

use std::collections::{BTreeMap, HashMap};

use serde_json::value::RawValue;

use super::event::{Event, RawEvent};
use super::frame::{Incoming, Outgoing, Subscribe};
use super::watch::{Start, Watch};
use crate::error::Problem;

/// Names a subscription for as long as it lives.
pub(crate) type Key = u64;

/// What a frame led to.
#[derive(Debug)]
pub(crate) enum Output {
    /// The server is there and pings at least this often; [`Protocol::begin`] comes next.
    Hello { heartbeat_ms: u64 },
    /// News for a subscription.
    Deliver(Key, RawEvent),
    /// The subscription is refused and over.
    End(Key, Problem),
    /// The server refuses something that is no subscription's own.
    Complaint(Problem),
    /// The server can't serve a subscription at the moment; connect again later.
    Busy,
}

/// All subscriptions of one client.
#[derive(Debug, Default)]
pub(crate) struct Protocol {
    subs: BTreeMap<Key, Sub>,
    /// The names on the wire of the present connection.
    names: HashMap<String, Key>,
    outbox: Vec<String>,
    counter: u64,
    is_open: bool,
}

#[derive(Debug)]
struct Sub {
    collection: String,
    watch: Watch,
    /// The last cursor handed on; where the next connection goes on.
    reached: Option<String>,
    name: Option<String>,
    /// The parts of a snapshot, and the cursor that it is taken at.
    snapshot: Option<(Vec<Box<RawValue>>, String)>,
    /// Why what was handed on is void; told once the subscription stands again.
    reset: Option<String>,
    is_paused: bool,
}

impl Protocol {
    /// Whether nobody follows anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.subs.is_empty()
    }

    /// The frames to send, in order.
    pub(crate) fn take_outbox(&mut self) -> Vec<String> {
        std::mem::take(&mut self.outbox)
    }

    /// All subscriptions.
    pub(crate) fn keys(&self) -> Vec<Key> {
        self.subs.keys().copied().collect()
    }

    /// Begins to follow.
    pub(crate) fn subscribe(&mut self, collection: &str, watch: Watch) -> Key {
        self.counter += 1;
        let key = self.counter;
        let sub = Sub {
            collection: collection.to_owned(),
            watch,
            reached: None,
            name: None,
            snapshot: None,
            reset: None,
            is_paused: false,
        };
        self.subs.insert(key, sub);
        self.ask(key);
        key
    }

    /// Ends a subscription.
    pub(crate) fn unsubscribe(&mut self, key: Key) {
        self.hush(key);
        self.subs.remove(&key);
    }

    /// Stops the news of a subscription whose reader lags; it goes on from where it is.
    pub(crate) fn pause(&mut self, key: Key) {
        self.hush(key);
        if let Some(sub) = self.subs.get_mut(&key) {
            sub.is_paused = true;
        }
    }

    /// Goes on with a paused subscription.
    pub(crate) fn resume(&mut self, key: Key) {
        if let Some(sub) = self.subs.get_mut(&key).filter(|sub| sub.is_paused) {
            sub.is_paused = false;
            self.ask(key);
        }
    }

    /// After `hello`: signs in, or stays anonymous, and asks for everything again.
    pub(crate) fn begin(&mut self, token: Option<&str>) {
        self.is_open = true;
        if let Some(token) = token {
            self.authenticate(token);
        }
        for key in self.keys() {
            self.ask(key);
        }
    }

    /// Sends a token; on an open connection it must be one of the same account.
    pub(crate) fn authenticate(&mut self, token: &str) {
        self.outbox.push(Outgoing::Auth { token }.text());
    }

    /// Asks for a sign of life.
    pub(crate) fn ping(&mut self) {
        self.outbox.push(Outgoing::Ping.text());
    }

    /// The connection is gone.
    pub(crate) fn closed(&mut self) {
        self.is_open = false;
        self.outbox.clear();
        self.names.clear();
        for sub in self.subs.values_mut() {
            sub.name = None;
            sub.snapshot = None;
        }
    }

    /// Another account, or none, is signed in: what was handed on was seen with other eyes.
    pub(crate) fn account_changed(&mut self) {
        self.closed();
        for sub in self.subs.values_mut() {
            sub.start_over("account");
        }
    }

    /// Takes a frame of the server.
    pub(crate) fn received(&mut self, text: &str) -> Result<Vec<Output>, serde_json::Error> {
        Ok(match Incoming::read(text)? {
            Incoming::Hello { heartbeat_ms } => vec![Output::Hello { heartbeat_ms }],
            Incoming::Authenticated | Incoming::Other => Vec::new(),
            Incoming::Reset { sub, reason } => {
                self.on_reset(&sub, &reason);
                Vec::new()
            }
            Incoming::Error { sub: Some(sub), problem } => self.on_error(&sub, problem),
            Incoming::Error { sub: None, problem } => vec![Output::Complaint(problem)],
            Incoming::Subscribed { sub, cursor } => self.deliver(&sub, |sub| sub.on_subscribed(cursor)),
            Incoming::Snapshot { sub, items, last } => self.deliver(&sub, |sub| sub.on_snapshot(items, last)),
            Incoming::Live { sub, cursor } => self.deliver(&sub, |sub| {
                sub.reached = Some(cursor.clone());
                Some(Event::Live { cursor })
            }),
            Incoming::Change { sub, change } => self.deliver(&sub, |sub| {
                let is_news = sub.reached.replace(change.cursor.clone()).as_ref() != Some(&change.cursor);
                is_news.then_some(Event::Change(change))
            }),
        })
    }

    fn deliver(&mut self, name: &str, take: impl FnOnce(&mut Sub) -> Option<RawEvent>) -> Vec<Output> {
        let Some(key) = self.names.get(name).copied() else { return Vec::new() };
        let event = self.subs.get_mut(&key).and_then(take);
        event.map(|event| Output::Deliver(key, event)).into_iter().collect()
    }

    fn on_reset(&mut self, name: &str, reason: &str) {
        let Some(key) = self.names.remove(name) else { return };
        if let Some(sub) = self.subs.get_mut(&key) {
            sub.start_over(reason);
        }
        self.ask(key);
    }

    fn on_error(&mut self, name: &str, problem: Problem) -> Vec<Output> {
        let Some(key) = self.names.get(name).copied() else { return Vec::new() };
        if problem.status == 503 {
            return vec![Output::Busy];
        }
        if problem.status == 401 {
            return vec![Output::Complaint(problem)];
        }
        self.names.remove(name);
        let reset = self.subs.remove(&key).and_then(|sub| sub.reset);
        let mut outputs: Vec<_> =
            reset.map(|reason| Output::Deliver(key, Event::Reset { reason })).into_iter().collect();
        outputs.push(Output::End(key, problem));
        outputs
    }

    /// Gives the subscription a name on the wire, where there is one.
    fn ask(&mut self, key: Key) {
        let Some(sub) = self.subs.get_mut(&key) else { return };
        if !self.is_open || sub.is_paused || sub.name.is_some() {
            return;
        }
        self.counter += 1;
        let name = format!("s{}", self.counter);
        let start = sub.start();
        let frame = Outgoing::Subscribe(Subscribe::new(&name, &sub.collection, &sub.watch.scope, &start));
        self.outbox.push(frame.text());
        sub.name = Some(name.clone());
        self.names.insert(name, key);
    }

    /// Takes the subscription off the wire.
    fn hush(&mut self, key: Key) {
        let Some(name) = self.subs.get_mut(&key).and_then(|sub| sub.name.take()) else { return };
        self.names.remove(&name);
        self.outbox.push(Outgoing::Unsubscribe { sub: &name }.text());
    }
}

impl Sub {
    fn start(&self) -> Start {
        match &self.reached {
            Some(cursor) => Start::Since(cursor.clone()),
            None => self.watch.start.clone(),
        }
    }

    fn start_over(&mut self, reason: &str) {
        self.name = None;
        self.snapshot = None;
        // Only what was handed on can be void: before that there is nothing to tell.
        if self.reached.take().is_some() || matches!(self.watch.start, Start::Since(_)) {
            self.reset = Some(reason.to_owned());
        }
        if let Start::Since(_) = self.watch.start {
            self.watch.start = Start::Now;
        }
    }

    fn on_subscribed(&mut self, cursor: String) -> Option<RawEvent> {
        if self.reached.is_none() {
            match &self.watch.start {
                Start::Snapshot { .. } => self.snapshot = Some((Vec::new(), cursor)),
                Start::Now => self.reached = Some(cursor),
                // The server may name its newest cursor here; the changes before it are still to come.
                Start::Since(since) => self.reached = Some(since.clone()),
            }
        }
        self.reset.take().map(|reason| Event::Reset { reason })
    }

    /// Half a snapshot is worth nothing after a broken connection, so it is handed on whole.
    fn on_snapshot(&mut self, part: Vec<Box<RawValue>>, is_last: bool) -> Option<RawEvent> {
        self.snapshot.as_mut()?.0.extend(part);
        if !is_last {
            return None;
        }
        let (items, cursor) = self.snapshot.take()?;
        self.reached = Some(cursor);
        Some(Event::Snapshot(items))
    }
}

#[cfg(test)]
#[path = "protocol_tests.rs"]
mod tests;
