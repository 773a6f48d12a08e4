//! A server with the collections, people and sockets that the cases share, and the records as they are now.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::draw;
use super::events::Listener;
use super::oracle::{Oracle, Rule, Who, World};
use crate::harness::{Answer, Database, Dice, Options, Person, Server};

/// The collections that are compared.
pub(super) const COLLECTIONS: [&str; 3] = ["notes", "note_topics", "users"];

/// What a role or an account inherits.
const INHERITED: [(&str, &str); 2] = [("role:chief", "role:editor"), ("role:editor", "role:writer")];

/// Somebody who asks.
pub(super) struct Actor {
    pub(super) who: Who,
    pub(super) person: Person,
    pub(super) listener: Listener,
}

/// The server and everybody on it.
pub(super) struct Stage {
    pub(super) admin: Person,
    pub(super) actors: Vec<Actor>,
    /// The ids of the accounts.
    pub(super) accounts: Vec<String>,
    pub(super) rules: Vec<Rule>,
    pub(super) world: World,
    /// Answers that were compared.
    pub(super) compared: u64,
    /// How the writes were answered: how many by status.
    pub(super) written: BTreeMap<u16, u64>,
    /// Events that were heard.
    pub(super) heard: usize,
    /// Subscriptions that were told to start anew.
    pub(super) anew: usize,
    pub(super) server: Server,
}

impl Stage {
    /// Starts a server, with `nobody`, `ada` (no role), `bob` (a writer) and `cleo` (a chief, so an editor and writer).
    pub(super) async fn set(database: &Database) -> Self {
        let server = Server::start_with(database, Options::default().set("PLINTH_AUTH_ACCESS_TOKEN", "12h")).await;
        let admin = server.admin().await;
        for collection in draw::collections() {
            admin.post("/collections", &collection).await.is(201);
        }
        let lamp = json!({ "name": "lamp", "schema": { "type": "object", "properties": {} } });
        admin.post("/collections", &lamp).await.is(201);
        let (ada, bob, cleo) =
            (server.register("ada").await, server.register("bob").await, server.register("cleo").await);
        let accounts: Vec<String> = [&ada, &bob, &cleo].map(|person| person.id.clone()).to_vec();
        let mut memberships = INHERITED.map(|(member, role)| (member.to_owned(), role.to_owned())).to_vec();
        memberships.push((format!("user:{}", bob.id), "role:writer".to_owned()));
        memberships.push((format!("user:{}", cleo.id), "role:chief".to_owned()));
        for (member, role) in &memberships {
            let role = role.trim_start_matches("role:");
            admin.put_empty(&format!("/roles/{role}/members/{member}")).await.is(204);
        }
        let mut stage = Self {
            admin,
            actors: Vec::new(),
            accounts,
            rules: Vec::new(),
            world: World::new(),
            compared: 0,
            written: BTreeMap::new(),
            heard: 0,
            anew: 0,
            server,
        };
        stage.enforce(Vec::new()).await;
        for (name, person) in [("nobody", stage.server.anonymous()), ("ada", ada), ("bob", bob), ("cleo", cleo)] {
            let id = person.token.is_some().then(|| person.id.clone());
            let who = Who::new(name, id, &memberships);
            let listener = Listener::of(&stage.server, &person).await;
            stage.actors.push(Actor { who, person, listener });
        }
        stage
    }

    /// New records under new rules.
    pub(super) async fn draw(&mut self, dice: &mut Dice) {
        let rules = draw::rules(dice, &self.accounts);
        self.clear().await;
        let topics: Vec<String> = (0..4).map(|_| draw::id(dice)).collect();
        let mut writes = Vec::new();
        for n in 0..12 {
            let (collection, id) =
                topics.get(n).map_or_else(|| ("notes", draw::id(dice)), |id| ("note_topics", id.clone()));
            let data = draw::body(dice, collection, 85, &self.accounts, &topics);
            writes.push(json!({ "method": "create", "collection": collection, "id": id, "data": data }));
        }
        self.admin.post("/batch", &Json::Array(writes)).await.is(200);
        self.world = self.read().await;
        self.enforce(rules).await;
    }

    async fn clear(&self) {
        let doomed = ["notes", "note_topics"].into_iter().flat_map(|collection| {
            let ids = self.world.get(collection).into_iter().flat_map(BTreeMap::keys);
            ids.map(move |id| json!({ "method": "delete", "collection": collection, "id": id }))
        });
        let doomed: Vec<Json> = doomed.collect();
        if !doomed.is_empty() {
            self.admin.post("/batch", &Json::Array(doomed)).await.is(200);
        }
    }

    /// Puts these rules in the place of all, and the one that lets everybody see the lamp.
    async fn enforce(&mut self, rules: Vec<Rule>) {
        let sent = rules.iter().map(|rule| {
            json!({ "subject": rule.subject, "object": rule.object, "action": rule.action, "fields": rule.fields,
                "condition": rule.condition.cel, "effect": if rule.denies { "deny" } else { "allow" } })
        });
        let lamp = json!({ "subject": "role:public", "object": "lamp", "action": "read" });
        let items: Vec<Json> = sent.chain([lamp]).collect();
        self.admin.put("/policies", &json!({ "items": items })).await.is(200);
        self.rules = rules;
    }

    /// All records as they are stored.
    pub(super) async fn read(&self) -> World {
        let mut world = World::new();
        for collection in COLLECTIONS {
            let listed = self.admin.get(&format!("/records/{collection}?limit=500")).await.is(200).json();
            let items = listed["items"].as_array().cloned().unwrap_or_default();
            world.insert(collection, items.into_iter().map(|item| (text(&item["id"]), item)).collect());
        }
        world
    }

    pub(super) fn oracle(&self) -> Oracle<'_> {
        Oracle { rules: &self.rules, world: &self.world }
    }

    /// The ids of a collection.
    pub(super) fn ids(&self, collection: &str) -> Vec<String> {
        self.world[collection].keys().cloned().collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let rules = self.rules.iter().map(|rule| {
                let effect = if rule.denies { "deny" } else { "allow" };
                let Rule { subject, object, action, condition, fields, .. } = rule;
                format!("p, {subject}, {object}, {action}, {}, {fields:?}, {effect}\n", condition.cel)
            });
            eprintln!("{}{:#?}", rules.collect::<String>(), self.world);
        }
    }
}

/// The text of a JSON string.
pub(super) fn text(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

/// Fails unless the answer has this status and, if it is a success with a body, this body.
#[track_caller]
pub(super) fn assert_answer(answer: &Answer, status: u16, body: Option<&Json>, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    if let Some(body) = body {
        assert_eq!(&answer.json(), body, "{what}");
    }
}
