//! Events: what a subscription delivers is what a read would show before and after each write.
//!
//! Related records count as they are when the event is made, which is after the write. Where a write turns what is seen
//! of records that it did not write, their subscribers are told to start anew, and the snapshot is compared; where nobody
//! tells them to, nothing else has turned.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::oracle::{Oracle, Who, World};
use super::stage::{Stage, text};
use crate::harness::{Person, Server};
use crate::realtime::socket::Socket;
use plinth_client::Heard;

/// The subscriptions of everybody: name, collection, filter.
const SUBSCRIPTIONS: [(&str, &str, &str); 3] =
    [("notes", "notes", ""), ("topics", "note_topics", ""), ("high", "notes", "level > 1")];

/// Somebody's connection.
pub(super) struct Listener {
    socket: Socket,
}

/// What a subscription is told of one record: the type, and the record unless it is gone.
type Event = (&'static str, Option<Json>);

impl Listener {
    /// Connects, and watches the lamp.
    pub(super) async fn of(server: &Server, person: &Person) -> Self {
        let mut socket = match person.token {
            Some(_) => Socket::of(server, person).await,
            None => Socket::open(server).await,
        };
        socket.subscribe(json!({ "op": "subscribe", "sub": "lamp", "collection": "lamp" })).await;
        Self { socket }
    }

    /// Subscribes: the snapshot, or the status of the refusal.
    async fn subscribe(
        &mut self,
        (sub, collection, filter): (&str, &str, &str),
    ) -> Result<BTreeMap<String, Json>, u64> {
        let request =
            json!({ "op": "subscribe", "sub": sub, "collection": collection, "filter": filter, "snapshot": true });
        self.socket.say(request).await;
        let mut items = BTreeMap::new();
        loop {
            let Heard::Frame(frame) = self.socket.heard().await else { panic!("the connection ended") };
            assert_eq!(frame["sub"], sub, "{frame}");
            match frame["op"].as_str() {
                Some("error") => return Err(frame["problem"]["status"].as_u64().unwrap_or_default()),
                Some("live") => return Ok(items),
                Some("snapshot") => {
                    let found = frame["items"].as_array().cloned().unwrap_or_default();
                    items.extend(found.into_iter().map(|item| (text(&item["id"]), item)));
                }
                _ => assert_eq!(frame["op"], "subscribed"),
            }
        }
    }

    /// Everything up to the next flash of the lamp.
    async fn until_flash(&mut self, into: &mut Vec<Json>) {
        loop {
            let Heard::Frame(frame) = self.socket.heard().await else { panic!("the connection ended") };
            if frame["sub"] == "lamp" {
                return;
            }
            into.push(frame);
        }
    }

    /// Ends the subscriptions.
    async fn forget(&mut self) {
        for (sub, ..) in SUBSCRIPTIONS {
            self.socket.say(json!({ "op": "unsubscribe", "sub": sub })).await;
        }
        self.socket.until_pong().await;
    }
}

impl Oracle<'_> {
    /// What a subscriber may know of a record: nothing, if it is out of sight or does not match the filter.
    fn told(&self, who: &Who, collection: &str, filter: &str, row: Option<&Json>) -> Option<Json> {
        let view = self.view(who, collection, row?)?;
        (filter.is_empty() || view["level"].as_i64().is_some_and(|level| level > 1)).then_some(view)
    }

    /// What a subscriber finds, or the status of the refusal.
    fn snapshot(&self, who: &Who, (_, collection, filter): (&str, &str, &str)) -> Result<BTreeMap<String, Json>, u64> {
        self.entry(who, "read", collection).map_err(u64::from)?;
        if !filter.is_empty() && !self.knows(who, collection, "level") {
            return Err(400);
        }
        let told = |(id, row)| Some((String::clone(id), self.told(who, collection, filter, Some(row))?));
        Ok(self.world[collection].iter().filter_map(told).collect())
    }

    /// Fails where a record is seen otherwise than before though nobody wrote it.
    fn nothing_else_turned(&self, who: &Who, collection: &str, filter: &str, before: &World, what: &str) {
        let earlier = Oracle { rules: self.rules, world: before };
        for (id, row) in &self.world[collection] {
            if before[collection].get(id) == Some(row) {
                let (was, is) = [&earlier, self].map(|oracle| oracle.told(who, collection, filter, Some(row))).into();
                assert_eq!(was, is, "{what}: {id} turned, and nothing told of it");
            }
        }
    }

    /// What a subscriber is told of each record that a write changed.
    fn events(&self, who: &Who, collection: &str, filter: &str, before: &World) -> BTreeMap<String, Event> {
        let (before, after) = (&before[collection], &self.world[collection]);
        let ids = before.keys().chain(after.keys()).filter(|id| before.get(*id) != after.get(*id));
        let event = |id: &String| {
            let was = self.told(who, collection, filter, before.get(id));
            let event = match (was, self.told(who, collection, filter, after.get(id))) {
                (None, None) => return None,
                (None, view) => ("create", view),
                (Some(_), None) => ("delete", None),
                (Some(_), view) => ("update", view),
            };
            Some((id.clone(), event))
        };
        ids.filter_map(event).collect()
    }
}

impl Stage {
    /// Everybody subscribes to what they may; the snapshots are compared.
    pub(super) async fn listen(&mut self) {
        for n in 0..self.actors.len() {
            self.actors[n].listener.forget().await;
            for subscription in SUBSCRIPTIONS {
                let snapshot = self.actors[n].listener.subscribe(subscription).await;
                let who = &self.actors[n].who;
                let expected = self.oracle().snapshot(who, subscription);
                assert_eq!(snapshot, expected, "{} subscribes to {subscription:?}", who.name);
                self.compared += 1;
            }
        }
    }

    /// Somebody who was told to start anew does.
    async fn listen_anew(&mut self, actor: usize, subscription: (&str, &str, &str), what: &str) {
        let snapshot = self.actors[actor].listener.subscribe(subscription).await;
        let expected = self.oracle().snapshot(&self.actors[actor].who, subscription);
        assert_eq!(snapshot, expected, "{what} starts anew");
        self.anew += 1;
        self.compared += 1;
    }

    /// Compares what everybody was told of the write that made this world out of `before`.
    pub(super) async fn compare_events(&mut self, before: &World, what: &str) {
        let mut heard: Vec<Vec<Json>> = vec![Vec::new(); self.actors.len()];
        // One round may have asked for notes just before the write and for the lamp just after its flash; it ended
        // before the second flash, so the round that brings that one has asked for notes again.
        for _ in 0..2 {
            self.admin.post("/records/lamp", &json!({})).await.is(201);
            for (actor, frames) in self.actors.iter_mut().zip(&mut heard) {
                actor.listener.until_flash(frames).await;
            }
        }
        let mut anew = Vec::new();
        for (n, (actor, frames)) in self.actors.iter().zip(&heard).enumerate() {
            for subscription in SUBSCRIPTIONS {
                let (sub, collection, filter) = subscription;
                let oracle = self.oracle();
                let known = filter.is_empty() || oracle.knows(&actor.who, collection, "level");
                let expected = match oracle.entry(&actor.who, "read", collection) {
                    Ok(()) if known => oracle.events(&actor.who, collection, filter, before),
                    _ => BTreeMap::new(),
                };
                let told: Vec<&Json> = frames.iter().filter(|frame| frame["sub"] == sub).collect();
                let what = format!("{} is told in {sub} of: {what}", actor.who.name);
                if told.last().is_some_and(|last| last["op"] == "reset" && last["reason"] == "relation") {
                    anew.push((n, subscription, what));
                    continue;
                }
                if known && oracle.entry(&actor.who, "read", collection).is_ok() {
                    oracle.nothing_else_turned(&actor.who, collection, filter, before, &what);
                }
                assert_eq!(told.len(), expected.len(), "{what}: {told:?}, expected {expected:?}");
                for frame in &told {
                    let (kind, record) = &expected[frame["id"].as_str().unwrap_or_default()];
                    assert_eq!((&frame["op"], &frame["type"]), (&json!("change"), &json!(kind)), "{what}: {frame}");
                    assert_eq!(frame.get("record"), record.as_ref(), "{what}: {frame}");
                }
                self.heard += told.len();
                self.compared += 1;
            }
        }
        for (actor, subscription, what) in anew {
            self.listen_anew(actor, subscription, &what).await;
        }
    }
}
