//! Where the subscriptions of a client and its one connection meet: the protocol, and a mailbox each.
//!
//! Everything here happens under one short lock and never waits. A mailbox is bounded: when its reader lags, the
//! subscription is taken off the wire and put back where it was, so that one slow reader costs neither memory nor
//! the others' time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use super::event::RawEvent;
use super::protocol::{Key, Output, Protocol};
use super::watch::Watch;
use crate::error::{Error, Problem, Refusal, Result};

/// How many events wait for a reader before its subscription is paused.
const MAILBOX: usize = 1024;

#[derive(Debug, Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
    /// Rung when there is something to send or nothing left to do.
    pub(crate) bell: Notify,
}

#[derive(Debug, Default)]
struct State {
    protocol: Protocol,
    mailboxes: HashMap<Key, Mailbox>,
    is_driven: bool,
}

#[derive(Debug, Default)]
struct Mailbox {
    events: VecDeque<Result<RawEvent>>,
    reader: Option<Waker>,
    is_over: bool,
    is_full: bool,
}

impl Hub {
    /// Adds a subscription; the second value tells whether somebody must drive the connection now.
    pub(crate) fn subscribe(&self, collection: &str, watch: Watch) -> (Key, bool) {
        let mut state = self.lock();
        let key = state.protocol.subscribe(collection, watch);
        state.mailboxes.insert(key, Mailbox::default());
        let must_drive = !std::mem::replace(&mut state.is_driven, true);
        self.bell.notify_one();
        (key, must_drive)
    }

    /// Removes a subscription.
    pub(crate) fn unsubscribe(&self, key: Key) {
        let mut state = self.lock();
        state.mailboxes.remove(&key);
        state.protocol.unsubscribe(key);
        self.bell.notify_one();
    }

    /// The next event of a subscription.
    pub(crate) fn poll(&self, key: Key, context: &Context<'_>) -> Poll<Option<Result<RawEvent>>> {
        let mut state = self.lock();
        let Some(mailbox) = state.mailboxes.get_mut(&key) else { return Poll::Ready(None) };
        let event = mailbox.events.pop_front();
        if event.is_none() && !mailbox.is_over {
            mailbox.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        if mailbox.is_full && mailbox.events.len() <= MAILBOX / 2 {
            mailbox.is_full = false;
            state.protocol.resume(key);
            self.bell.notify_one();
        }
        Poll::Ready(event)
    }

    /// Works on the protocol.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Protocol) -> R) -> R {
        work(&mut self.lock().protocol)
    }

    /// Puts what a frame led to into the mailboxes; hands back what concerns the connection.
    pub(crate) fn receive(&self, text: &str) -> Result<Vec<Output>, serde_json::Error> {
        let mut state = self.lock();
        let outputs = state.protocol.received(text)?;
        let mut rest = Vec::new();
        for output in outputs {
            match output {
                Output::Deliver(key, event) => state.put(key, event),
                Output::End(key, problem) => state.end(key, Error::Refused(Box::new(Refusal::of(problem)))),
                output => rest.push(output),
            }
        }
        Ok(rest)
    }

    /// Ends every subscription for the same reason.
    pub(crate) fn fail(&self, problem: &Problem) {
        let mut state = self.lock();
        for key in state.protocol.keys() {
            state.end(key, Error::Refused(Box::new(Refusal::of(problem.clone()))));
        }
    }

    /// Whether nobody drives the connection any more, because nobody follows anything.
    pub(crate) fn leave_if_idle(&self) -> bool {
        let mut state = self.lock();
        state.is_driven = !state.protocol.is_empty();
        !state.is_driven
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock leaves it half done, so a panic elsewhere is no reason to stop.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(&mut self, key: Key, event: RawEvent) {
        let Some(mailbox) = self.mailboxes.get_mut(&key) else { return };
        mailbox.push(Ok(event));
        if mailbox.events.len() >= MAILBOX && !mailbox.is_full {
            mailbox.is_full = true;
            self.protocol.pause(key);
        }
    }

    fn end(&mut self, key: Key, error: Error) {
        self.protocol.unsubscribe(key);
        if let Some(mailbox) = self.mailboxes.get_mut(&key) {
            mailbox.push(Err(error));
            mailbox.is_over = true;
        }
    }
}

impl Mailbox {
    fn push(&mut self, event: Result<RawEvent>) {
        self.events.push_back(event);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::Event;

    fn change(name: &str, number: usize) -> String {
        format!(r#"{{"op":"change","sub":"{name}","type":"delete","id":"{number}","cursor":"c{number}","at":""}}"#)
    }

    /// The frames that wait to be sent, as JSON.
    fn sent(hub: &Hub) -> Vec<serde_json::Value> {
        let frames = hub.with(Protocol::take_outbox);
        frames.iter().map(|frame| serde_json::from_str(frame).unwrap()).collect()
    }

    fn next(hub: &Hub, key: Key) -> Poll<Option<Result<RawEvent>>> {
        hub.poll(key, &Context::from_waker(Waker::noop()))
    }

    /// A server that sends whenever it may, against a reader that reads only when the server may not.
    #[test]
    fn slow_reader_loses_nothing_and_its_mailbox_stays_bounded() {
        const TOTAL: usize = 5 * MAILBOX;
        let hub = Hub::default();
        let (key, _) = hub.subscribe("posts", Watch::new());
        hub.with(|protocol| protocol.begin(None));
        let (mut name, mut to_send, mut read, mut pauses) = (None, 0, 0, 0);
        while read < TOTAL {
            for frame in sent(&hub) {
                name = (frame["op"] == "subscribe").then(|| frame["sub"].as_str().unwrap().to_owned());
                match frame["since"].as_str() {
                    Some(since) => to_send = since[1..].parse::<usize>().unwrap() + 1,
                    None => pauses += usize::from(frame["op"] == "unsubscribe"),
                }
            }
            if let Some(name) = name.as_ref().filter(|_| to_send < TOTAL) {
                hub.receive(&change(name, to_send)).unwrap();
                to_send += 1;
                continue;
            }
            assert!(to_send - read <= MAILBOX, "{to_send} sent, {read} read");
            let Poll::Ready(Some(Ok(Event::Change(change)))) = next(&hub, key) else { panic!("nothing at {read}") };
            assert_eq!(change.id, read.to_string());
            read += 1;
        }
        assert!(pauses > 1, "the reader never lagged");
    }

    #[test]
    fn refused_subscription_tells_why_and_ends() {
        let hub = Hub::default();
        let (key, _) = hub.subscribe("posts", Watch::new());
        hub.fail(&Problem { status: 403, code: "origin".into(), ..Problem::default() });
        assert!(matches!(next(&hub, key), Poll::Ready(Some(Err(error))) if error.code() == "origin"));
        assert!(matches!(next(&hub, key), Poll::Ready(None)));
        assert!(hub.leave_if_idle());
    }
}
