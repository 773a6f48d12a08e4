//! Writes: each alone or in a batch, and asked of the simulator before it is done.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Map, Value as Json, json};

use super::draw;
use super::oracle::{Oracle, SYSTEM, Who};
use super::stage::{Stage, text};
use crate::harness::{Answer, Dice, Person};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Create,
    Update,
    Replace,
    Delete,
}

/// A write that somebody tries.
#[derive(Debug)]
struct Try {
    kind: Kind,
    collection: &'static str,
    id: String,
    body: Map<String, Json>,
    in_batch: bool,
}

/// What becomes of it: the status of the refusal, or the status of the success and the record as it is then.
type Outcome = Result<(u16, Option<Json>), u16>;

impl Try {
    fn action(&self) -> &'static str {
        match self.kind {
            Kind::Create => "create",
            Kind::Update | Kind::Replace => "update",
            Kind::Delete => "delete",
        }
    }

    async fn send(&self, person: &Person) -> Answer {
        let path = format!("/records/{}", self.collection);
        let (method, path) = match self.kind {
            _ if self.in_batch => return self.send_in_batch(person).await,
            Kind::Create => (Method::POST, path),
            Kind::Update => (Method::PATCH, format!("{path}/{}", self.id)),
            Kind::Replace => (Method::PUT, format!("{path}/{}", self.id)),
            Kind::Delete => return person.delete(&format!("{path}/{}", self.id)).await,
        };
        let mut body = self.body.clone();
        if self.kind == Kind::Create {
            body.insert("id".to_owned(), json!(self.id));
        }
        person.send(person.request(method, &path).json(&body)).await
    }

    async fn send_in_batch(&self, person: &Person) -> Answer {
        let method = match self.kind {
            Kind::Create => "create",
            Kind::Update => "update",
            Kind::Replace => "replace",
            Kind::Delete => "delete",
        };
        let mut write = json!({ "method": method, "collection": self.collection, "id": self.id });
        if self.kind != Kind::Delete {
            write["data"] = json!(self.body);
        }
        person.post("/batch", &json!([write])).await
    }

    /// The status and the record of an answer, whichever way it came.
    fn told(&self, answer: &Answer) -> (u16, Option<Json>) {
        if !self.in_batch || answer.status != 200 {
            return (answer.status, (!answer.body.is_empty()).then(|| answer.json()));
        }
        let result = answer.json()["results"][0].clone();
        let status = result["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        (status.unwrap_or_default(), result.get("record").cloned())
    }
}

impl Oracle<'_> {
    fn outcome(&self, who: &Who, attempt: &Try) -> Outcome {
        let stored = self.world[attempt.collection].get(&attempt.id);
        match (attempt.kind, stored) {
            (Kind::Create, _) => self.create(who, attempt),
            (Kind::Replace, stored) => self.replace(who, attempt, stored),
            (Kind::Update | Kind::Delete, stored) => {
                self.entry(who, attempt.action(), attempt.collection)?;
                self.change(who, attempt, stored.ok_or(404_u16)?)
            }
        }
    }

    fn create(&self, who: &Who, attempt: &Try) -> Outcome {
        self.entry(who, "create", attempt.collection)?;
        self.knows_all(who, "create", attempt)?;
        let mut new = json!({ "id": attempt.id });
        for field in draw::fields(attempt.collection) {
            new[field] = attempt.body.get(*field).cloned().unwrap_or_default();
        }
        let touched: BTreeSet<&str> =
            attempt.body.iter().filter(|(_, value)| !value.is_null()).map(|(field, _)| field.as_str()).collect();
        match self.may(who, "create", attempt.collection, (&new, Some(&new)), &touched) {
            true => Ok((201, Some(new))),
            false => Err(403),
        }
    }

    /// As an update of what is there, or a create of what is not. Whoever may only create learns of a record that is
    /// there what a reader would.
    fn replace(&self, who: &Who, attempt: &Try, stored: Option<&Json>) -> Outcome {
        let entries = ["create", "update"].map(|action| self.entry(who, action, attempt.collection));
        match (stored, entries) {
            (_, [Err(status), Err(_)]) => Err(status),
            (None, [Ok(()), _]) => self.create(who, attempt),
            (None, _) => Err(404),
            (Some(stored), [_, Ok(())]) => self.change(who, attempt, stored),
            (Some(stored), _) if self.reads(who, attempt.collection, stored) => Err(403),
            _ => Err(404),
        }
    }

    fn change(&self, who: &Who, attempt: &Try, stored: &Json) -> Outcome {
        let collection = attempt.collection;
        if !self.reads(who, collection, stored) {
            return Err(404);
        }
        if attempt.kind == Kind::Delete {
            let may = self.may(who, "delete", collection, (stored, None), &BTreeSet::new());
            let refused = if may { self.restricted(stored) } else { Some(403) };
            return refused.map_or(Ok((204, None)), Err);
        }
        self.knows_all(who, "update", attempt)?;
        let (mut new, mut touched) = (stored.clone(), BTreeSet::new());
        for field in draw::fields(collection) {
            let (given, shown) = (attempt.body.get(*field), self.shows(who, collection, stored, field));
            let keeps = match attempt.kind {
                Kind::Replace => !shown && given.is_none_or(Json::is_null),
                _ => given.is_none(),
            };
            if keeps {
                continue;
            }
            new[field] = given.cloned().unwrap_or_default();
            // What its writer does not see is touched by naming it: whether it differs is not theirs to know.
            if new[field] != stored[field] || !shown {
                touched.insert(*field);
            }
        }
        match self.may(who, "update", collection, (stored, Some(&new)), &touched) {
            true => Ok((200, Some(new))),
            false => Err(403),
        }
    }

    /// What notes point at by `labels` stays.
    fn restricted(&self, stored: &Json) -> Option<u16> {
        let labelled = |note: &Json| note["labels"].as_array().is_some_and(|labels| labels.contains(&stored["id"]));
        self.world["notes"].values().any(labelled).then_some(409)
    }

    fn reads(&self, who: &Who, collection: &str, row: &Json) -> bool {
        self.entry(who, "read", collection).is_ok() && self.sees(who, collection, row)
    }

    /// A field that somebody can neither read nor ever write does not exist for them.
    fn knows_all(&self, who: &Who, action: &str, attempt: &Try) -> Result<(), u16> {
        let exists = |field: &String| {
            self.knows(who, attempt.collection, field) || self.could_write(who, action, attempt.collection, field)
        };
        if attempt.body.keys().all(exists) { Ok(()) } else { Err(422) }
    }
}

impl Stage {
    /// Somebody tries a write: the simulator, the answer, what is stored and what everybody hears are compared.
    pub(super) async fn compare_write(&mut self, dice: &mut Dice) {
        let actor = dice.below(self.actors.len());
        let attempt = self.attempt(dice);
        // A put keeps what its writer may not see; here the server keeps more, since memory can't tell what that is.
        let hangs = self.oracle().fields_hang_on_others(&self.actors[actor].who, attempt.collection);
        if attempt.kind == Kind::Replace && hangs {
            return;
        }
        let what = format!("{} tries {attempt:?}", self.actors[actor].who.name);
        let expected = self.oracle().outcome(&self.actors[actor].who, &attempt);
        self.compare_simulation(actor, &attempt, &expected, &what).await;
        let answer = attempt.send(&self.actors[actor].person).await;
        let (status, record) = attempt.told(&answer);
        let wanted = expected.as_ref().map_or_else(|status| *status, |(status, _)| *status);
        assert_eq!(
            status,
            wanted,
            "{what}: {}\nstored {:?}",
            answer.text(),
            self.world[attempt.collection].get(&attempt.id)
        );
        let after = self.read().await;
        let before = std::mem::replace(&mut self.world, after);
        match expected {
            Err(_) => assert_eq!(before, self.world, "{what}"),
            Ok((_, new)) => {
                let stored = self.world[attempt.collection].get(&attempt.id);
                assert_eq!(stored.map(own), new.as_ref().map(own), "{what}");
                let who = &self.actors[actor].who;
                let view = stored.map(|row| self.answered(who, attempt.collection, row));
                assert_eq!(record, view, "{what}");
            }
        }
        self.compared += 2;
        *self.written.entry(status).or_default() += 1;
        self.compare_events(&before, &what).await;
    }

    fn attempt(&self, dice: &mut Dice) -> Try {
        use Kind::{Create, Delete, Replace, Update};
        let kind = dice.pick(&[Create, Update, Update, Update, Replace, Replace, Delete]);
        let collection = dice.pick(&["notes", "notes", "note_topics"]);
        let ids = self.ids(collection);
        let fresh = kind == Create || ids.is_empty() || dice.percent(if kind == Replace { 30 } else { 5 });
        let id = if fresh { draw::id(dice) } else { dice.pick(&ids) };
        let percent = dice.pick(&[12, 25, 60]);
        let mut body = draw::body(dice, collection, percent, &self.accounts, &self.ids("note_topics"));
        if let (Some(stored), true) = (self.world[collection].get(&id), dice.percent(50)) {
            // Values that are there already: nothing may come of them.
            body.iter_mut().for_each(|(field, value)| *value = stored[field].clone());
        }
        Try { kind, collection, id, body, in_batch: dice.percent(30) }
    }

    /// The record as its writer is answered: by its id alone if they do not see it.
    fn answered(&self, who: &Who, collection: &str, row: &Json) -> Json {
        let oracle = self.oracle();
        let view = oracle.entry(who, "read", collection).ok().and_then(|()| oracle.view(who, collection, row));
        view.unwrap_or_else(|| json!({ "id": row["id"] }))
    }

    /// The simulator foretells what the write comes to.
    async fn compare_simulation(&mut self, actor: usize, attempt: &Try, expected: &Outcome, what: &str) {
        let who = &self.actors[actor].who;
        let exists = self.world[attempt.collection].contains_key(&attempt.id);
        if attempt.kind == Kind::Replace
            || exists == (attempt.kind == Kind::Create)
            || matches!(expected, Err(409 | 422))
        {
            return;
        }
        let subject = who.id.as_ref().map_or_else(|| "anonymous".to_owned(), |id| format!("user:{id}"));
        let mut inquiry = json!({ "subject": subject, "collection": attempt.collection, "action": attempt.action() });
        if exists {
            inquiry["id"] = json!(attempt.id);
        }
        if attempt.kind != Kind::Delete {
            inquiry["data"] = json!(attempt.body);
        }
        let told = self.admin.post("/policies/explain", &inquiry).await.is(200).json();
        let status = expected.as_ref().err().copied().unwrap_or(200);
        assert_eq!(
            (&told["allowed"], &told["status"]),
            (&json!(status == 200), &json!(status)),
            "simulated, {what}: {told}"
        );
        self.compared += 1;
    }
}

/// A record without what the server sets.
fn own(row: &Json) -> Json {
    let mut row = row.clone();
    for field in SYSTEM.iter().filter(|field| **field != "id") {
        row.as_object_mut().map(|row| row.remove(*field));
    }
    assert!(!text(&row["id"]).is_empty());
    row
}
