//! What a group found out: the events of the part of the log that it evaluated, for members that have not taken them yet.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use plinth_model::{Instant, Seq};

use super::frame;
use super::group::Failed;

/// Events kept for subscribers of the group that have not taken them yet; who is further behind reads the log.
const MAX_EVENTS: usize = 4096;

/// Bytes of events that one group keeps, and all groups of the node together; each may keep what fits a pull.
const MAX_BYTES: usize = 4 * 1024 * 1024;
const MAX_BYTES_OF_ALL: usize = 64 * 1024 * 1024;

/// Bytes of events from which on a pull ends: a client that does not read keeps no more than this and one event.
pub(super) const PULL_BYTES: usize = 64 * 1024;

/// An event that members of the group receive.
#[derive(Debug)]
pub struct Event {
    /// Its place in the log.
    pub seq: Seq,
    /// Set where it stands for what turned the question: nothing is told of that. See [`Pulled::turned`].
    turned: Option<Arc<[Seq]>>,
    /// The frame between its head and its cursor.
    pub(super) body: Bytes,
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
    /// Where something turned what the question says of other records, so that it has to be asked anew: the changes that
    /// did, and those that are not told because they could only be judged by what is behind the relation now. Whoever has
    /// seen all of them goes on.
    pub turned: Option<Arc<[Seq]>>,
    /// Up to where it is known that nothing turned, if it was looked.
    pub sure: Seq,
}

impl Pulled {
    pub(super) fn up_to(reached: Seq, events: Vec<Arc<Event>>) -> Self {
        Self { events, reached, turned: None, sure: Seq::default() }
    }

    pub(super) fn turned(reached: Seq, events: Vec<Arc<Event>>, turned: Arc<[Seq]>) -> Self {
        Self { turned: Some(turned), ..Self::up_to(reached, events) }
    }
}

/// The evaluated part of the log: everything in (`from`, `upto`].
pub(super) struct Memo {
    pub(super) from: Seq,
    pub(super) upto: Seq,
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    /// The bytes that all groups of this node hold.
    held: Held,
    /// The last evaluation, if it failed, and when the next one may begin.
    pub(super) failed: Option<(Failed, Duration)>,
}

/// The bytes of events that the groups of a node hold together.
pub type Held = Arc<AtomicUsize>;

impl Event {
    /// A change that members see: the frame between its head and its cursor, and its cursor.
    pub(super) fn new(seq: Seq, at: Instant, body: Bytes, cursor: String) -> Self {
        Self { seq, turned: None, body, cursor, at, frame: OnceLock::new() }
    }

    fn turn(seq: Seq, turned: Arc<[Seq]>) -> Self {
        Self { turned: Some(turned), ..Self::new(seq, Instant::MIN, Bytes::new(), String::new()) }
    }

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

impl Memo {
    /// Nothing is evaluated, and nothing before this place will be.
    pub(super) fn new(from: Seq, held: Held) -> Self {
        Self { from, upto: from, events: VecDeque::new(), bytes: 0, held, failed: None }
    }

    /// Notes that these changes turned what the question says, or can't be told because of those that did.
    pub(super) fn turn(&mut self, seq: Seq, turned: Arc<[Seq]>) {
        self.push(Arc::new(Event::turn(seq, turned)));
        self.upto = seq;
    }

    pub(super) fn push(&mut self, event: Arc<Event>) {
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
    pub(super) fn start_over(&mut self, tail: Seq) {
        self.held.fetch_sub(std::mem::take(&mut self.bytes), Ordering::Relaxed);
        self.events.clear();
        (self.from, self.upto) = (tail, tail);
    }

    pub(super) fn take(&self, after: Seq, limit: usize) -> Pulled {
        let start = self.events.partition_point(|event| event.seq <= after);
        let (mut events, mut bytes) = (Vec::new(), 0);
        for event in self.events.range(start..) {
            if let Some(turned) = event.turned.clone() {
                return Pulled::turned(event.seq, events, turned);
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
