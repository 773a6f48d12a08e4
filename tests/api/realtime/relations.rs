//! Conditions that follow relations: what a record at the other end does to those that were not written themselves.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::socket::{Socket, told};
use crate::harness::{Database, Dice, Person, Server, on_both, until};

/// Rooms, who is in them, and what is said there: read by members, in rooms that are open.
struct House {
    admin: Person,
    ada: Person,
    bob: Person,
    room: Json,
}

impl House {
    async fn build(server: &Server) -> Self {
        let admin = server.admin().await;
        let (text, flag) = (json!({ "type": "string" }), json!({ "type": "boolean" }));
        let to = |collection: &str| json!({ "type": "string", "x-relation": { "collection": collection, "onDelete": "cascade" } });
        for (name, properties) in [
            ("rooms", json!({ "name": text, "open": flag })),
            ("members", json!({ "room": to("rooms"), "user": to("users"), "note": text })),
            ("lines", json!({ "room": to("rooms"), "text": text })),
        ] {
            let schema = json!({ "type": "object", "properties": properties });
            admin.post("/collections", &json!({ "name": name, "schema": schema })).await.is(201);
        }
        let condition = "room.open == true && room.members_via_room.exists(m, m.user == auth.id)";
        for (object, condition) in [("lines", condition), ("rooms", ""), ("members", "")] {
            let rule = json!({ "subject": "role:user", "object": object, "action": "read", "condition": condition });
            admin.post("/policies", &rule).await.is(201);
        }
        let (ada, bob) = (server.register("ada").await, server.register("bob").await);
        let room = admin.post("/records/rooms", &json!({ "name": "lab", "open": true })).await.is(201).json();
        let house = Self { admin, ada, bob, room: room["id"].clone() };
        house.let_in(&house.ada).await;
        house
    }

    async fn let_in(&self, who: &Person) -> String {
        let member = json!({ "room": self.room, "user": who.id });
        path("members", &self.admin.post("/records/members", &member).await.is(201).json())
    }

    async fn say(&self, text: &str) -> Json {
        self.admin.post("/records/lines", &json!({ "room": self.room, "text": text })).await.is(201).json()
    }

    fn room(&self) -> String {
        path("rooms", &json!({ "id": self.room }))
    }

    /// What a list shows, by id.
    async fn listed(&self, who: &Person) -> Held {
        held(&who.get("/records/lines?limit=500").await.is(200).json()["items"])
    }
}

fn path(collection: &str, record: &Json) -> String {
    format!("/records/{collection}/{}", record["id"].as_str().expect("an id"))
}

fn lines() -> Json {
    json!({ "op": "subscribe", "sub": "s", "collection": "lines" })
}

/// Texts by ids.
type Held = BTreeMap<String, Json>;

fn held(items: &Json) -> Held {
    let items = items.as_array().expect("items").iter();
    items.map(|item| (item["id"].as_str().expect("an id").to_owned(), item["text"].clone())).collect()
}

/// A snapshot, and the place behind it.
async fn snapshot(socket: &mut Socket) -> (Held, Json) {
    let mut request = lines();
    (request["snapshot"], request["limit"]) = (json!(true), json!(500));
    socket.say(request).await;
    let cursor = socket.expect("subscribed").await["cursor"].clone();
    let items = socket.expect("snapshot").await["items"].clone();
    socket.expect("live").await;
    (held(&items), cursor)
}

/// The texts of a snapshot, oldest first.
async fn anew(socket: &mut Socket) -> Vec<String> {
    let held = snapshot(socket).await.0;
    held.values().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

on_both! {
    async fn who_is_let_in_or_put_out_starts_anew_and_nobody_else_does(database: Database) {
        let server = Server::start(&database).await;
        let house = House::build(&server).await;
        house.say("one").await;
        let (mut ada, mut bob) = (Socket::of(&server, &house.ada).await, Socket::of(&server, &house.bob).await);
        assert_eq!(anew(&mut ada).await, ["one"]);
        assert_eq!(anew(&mut bob).await, Vec::<String>::new());

        let membership = house.let_in(&house.bob).await;
        assert_eq!(bob.expect("reset").await["reason"], "relation");
        assert_eq!(anew(&mut bob).await, ["one"]);
        house.admin.patch(&membership, &json!({ "note": "says little" })).await.is(200);
        house.say("two").await;
        for socket in [&mut ada, &mut bob] {
            assert_eq!(told(&socket.expect("change").await), "create two");
        }

        house.admin.delete(&membership).await.is(204);
        assert_eq!(bob.expect("reset").await["reason"], "relation");
        assert_eq!(anew(&mut bob).await, Vec::<String>::new());
        house.say("three").await;
        assert_eq!(told(&ada.expect("change").await), "create three");
        assert!(bob.until_pong().await.is_empty());
    }

    async fn a_record_behind_a_relation_matters_by_what_is_read_of_it(database: Database) {
        let server = Server::start(&database).await;
        let house = House::build(&server).await;
        house.say("one").await;
        let mut ada = Socket::of(&server, &house.ada).await;
        anew(&mut ada).await;

        house.admin.patch(&house.room(), &json!({ "name": "laboratory" })).await.is(200);
        house.admin.post("/records/rooms", &json!({ "name": "another", "open": true })).await.is(201);
        house.say("two").await;
        assert_eq!(told(&ada.expect("change").await), "create two");

        house.admin.patch(&house.room(), &json!({ "open": false })).await.is(200);
        assert_eq!(ada.expect("reset").await["reason"], "relation");
        assert_eq!(anew(&mut ada).await, Vec::<String>::new());
        house.admin.patch(&house.room(), &json!({ "open": true })).await.is(200);
        assert_eq!(ada.expect("reset").await["reason"], "relation");
        assert_eq!(anew(&mut ada).await, ["one", "two"]);

        // All lines go with it: what was in sight through the room alone is not left standing.
        house.admin.delete(&house.room()).await.is(204);
        assert_eq!(ada.expect("reset").await["reason"], "relation");
        assert_eq!(anew(&mut ada).await, Vec::<String>::new());
    }

    async fn who_was_away_meanwhile_starts_anew(database: Database) {
        let server = Server::start(&database).await;
        let house = House::build(&server).await;
        let mut bob = Socket::of(&server, &house.bob).await;
        let cursor = snapshot(&mut bob).await.1;
        drop(bob);
        let mut since = lines();
        since["since"] = cursor;

        let mut bob = Socket::of(&server, &house.bob).await;
        house.say("unseen").await;
        house.admin.post("/records/members", &json!({ "room": house.room, "user": house.admin.id })).await.is(201);
        assert!(bob.subscribe(since.clone()).await.is_empty());
        drop(bob);

        house.let_in(&house.bob).await;
        let mut bob = Socket::of(&server, &house.bob).await;
        bob.say(since).await;
        bob.expect("subscribed").await;
        assert_eq!(bob.expect("reset").await["reason"], "relation");
    }

    /// What is behind a relation is read as it is now, so what was said and gone while it was another way is not told.
    async fn what_was_said_behind_a_closed_door_is_not_told_when_it_opens(database: Database) {
        let server = Server::start(&database).await;
        let house = House::build(&server).await;
        let one = house.say("one").await;
        house.admin.patch(&house.room(), &json!({ "open": false })).await.is(200);
        let mut ada = Socket::of(&server, &house.ada).await;
        let mut since = lines();
        since["since"] = snapshot(&mut ada).await.1;
        drop(ada);

        let gone = house.say("between us").await;
        house.admin.delete(&path("lines", &gone)).await.is(204);
        house.admin.patch(&path("lines", &one), &json!({ "text": "one, as it was put first" })).await.is(200);
        house.admin.patch(&path("lines", &one), &json!({ "text": "two" })).await.is(200);
        house.admin.patch(&house.room(), &json!({ "open": true })).await.is(200);

        let mut ada = Socket::of(&server, &house.ada).await;
        ada.say(since).await;
        ada.expect("subscribed").await;
        assert_eq!(ada.expect("reset").await["reason"], "relation");
        assert_eq!(anew(&mut ada).await, ["two"]);
    }

    /// Whatever happens to rooms, members and lines: who takes the changes onto their snapshot, and a new snapshot where
    /// they are told to, holds what a list shows.
    async fn what_is_held_is_what_is_seen(database: Database) {
        let server = Server::start(&database).await;
        let house = House::build(&server).await;
        let mut ada = Socket::of(&server, &house.ada).await;
        let mut held = snapshot(&mut ada).await.0;
        let mut dice = Dice::seeded_by("POLICY_SEED");
        let (mut said, mut members, mut resets) = (Vec::new(), Vec::new(), 0);
        for n in 0..80 {
            match dice.below(7) {
                0 => drop(house.admin.patch(&house.room(), &json!({ "open": dice.below(2) == 0 })).await.is(200)),
                1 => members.push(house.let_in(&house.ada).await),
                2 => members.push(house.let_in(&house.bob).await),
                3 if !members.is_empty() => {
                    house.admin.delete(&members.swap_remove(dice.below(members.len()))).await.is(204);
                }
                4 if !said.is_empty() => {
                    let line: String = said.swap_remove(dice.below(said.len()));
                    house.admin.delete(&line).await.is(204);
                }
                _ => said.push(path("lines", &house.say(&n.to_string()).await)),
            }
            if dice.below(3) == 0 {
                let listed = house.listed(&house.ada).await;
                until(&format!("{dice}: after {n} the held is the seen"), async || {
                    resets += listen(&mut ada, &mut held).await;
                    held == listed
                })
                .await;
            }
        }
        assert!(resets > 0, "{dice}: nothing ever turned");
    }
}

/// Takes what was told onto what is held, and a snapshot where it is told to; answers how often it was.
async fn listen(socket: &mut Socket, held: &mut Held) -> usize {
    let mut resets = 0;
    for frame in socket.until_pong().await {
        let id = frame["id"].as_str().unwrap_or_default().to_owned();
        match (frame["op"].as_str(), frame["type"].as_str()) {
            (Some("change"), Some("create")) => {
                assert_eq!(held.insert(id, frame["record"]["text"].clone()), None, "held already: {frame}");
            }
            (Some("change"), Some("delete")) => assert!(held.remove(&id).is_some(), "not held: {frame}"),
            (Some("reset"), _) => {
                resets += 1;
                *held = snapshot(socket).await.0;
            }
            _ => panic!("heard {frame}"),
        }
    }
    resets
}
