//! The place that a cursor names: whose it is, in which sense it was told, and when it is gone.

use std::collections::BTreeSet;

use plinth_client::Heard;
use serde_json::{Value as Json, json};

use super::socket::{Socket, lab, told};
use crate::fixture::{Room, rule};
use crate::harness::{Database, Options, Person, Server, on_both};

/// What becomes of a subscription that goes on from a cursor: `reset` and its reason, or the code of an error.
async fn refused(server: &Server, person: &Person, mut request: Json, cursor: &Json) -> String {
    request["since"] = cursor.clone();
    let mut socket = Socket::of(server, person).await;
    socket.say(request).await;
    let frame = socket.frame().await;
    let why = if frame["op"] == "reset" { &frame["reason"] } else { &frame["problem"]["code"] };
    format!("{} {}", frame["op"].as_str().unwrap(), why.as_str().unwrap_or("-"))
}

async fn cursor_of(socket: &mut Socket, op: &str) -> Json {
    socket.expect(op).await["cursor"].clone()
}

fn swapped(text: &str, at: usize) -> String {
    let other = |letter| if letter == 'A' { 'B' } else { 'A' };
    text.chars().enumerate().map(|(n, letter)| if n == at { other(letter) } else { letter }).collect()
}

on_both! {
    async fn a_place_that_nobody_was_told_is_refused(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.bob).await;
        socket.subscribe(lab()).await;
        Room::say(&room.ada, "x", "lab").await;
        let cursor = cursor_of(&mut socket, "change").await;
        let text = cursor.as_str().unwrap();

        for at in 0..text.len() {
            let edited = json!(swapped(text, at));
            assert_eq!(refused(&server, &room.bob, lab(), &edited).await, "error invalid_cursor", "{edited}");
        }
        for other in ["", "0", "nonsense", "0-0123456789abcdef", &text[1..], &format!("{text}A")] {
            assert_eq!(refused(&server, &room.bob, lab(), &json!(other)).await, "error invalid_cursor", "{other}");
        }
        assert_eq!(refused(&server, &room.bob, lab(), &cursor).await, "subscribed -");
    }

    async fn a_place_belongs_to_the_question_it_was_told_in(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.bob).await;
        socket.say(lab()).await;
        let cursor = cursor_of(&mut socket, "subscribed").await;

        let mut other = lab();
        other["filter"] = json!("room == \"home\"");
        assert_eq!(refused(&server, &room.bob, other, &cursor).await, "reset policy");
        let mut other = lab();
        other["collection"] = json!("users");
        other.as_object_mut().unwrap().remove("filter");
        assert_ne!(refused(&server, &room.bob, other, &cursor).await, "subscribed -");
        // What ada sees besides the room is her own, and not what bob's place was told in.
        assert_eq!(refused(&server, &room.ada, lab(), &cursor).await, "reset policy");
        // Less of the same records is the same question.
        let mut fewer = lab();
        fewer["fields"] = json!("text");
        assert_eq!(refused(&server, &room.bob, fewer, &cursor).await, "subscribed -");
    }

    async fn who_was_away_while_their_sight_changed_starts_anew(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.bob).await;
        socket.say(lab()).await;
        let cursor = cursor_of(&mut socket, "subscribed").await;
        drop(socket);

        let deny = json!({ "effect": "deny", "subject": "role:user", "object": "messages", "action": "read", "condition": "likes > 5" });
        let id = room.admin.post("/policies", &deny).await.is(201).json()["id"].as_str().unwrap().to_owned();
        assert_eq!(refused(&server, &room.bob, lab(), &cursor).await, "reset policy");
        room.admin.delete(&format!("/policies/{id}")).await.is(204);
        assert_eq!(refused(&server, &room.bob, lab(), &cursor).await, "subscribed -");

        let schema = room.admin.get("/collections/messages").await.json()["schema"].clone();
        let with = |field: &str| {
            let mut schema = schema.clone();
            schema["properties"][field] = json!({ "type": "string", "default": "dd" });
            json!({ "schema": schema })
        };
        // A field that bob does not see changes nothing for him.
        room.admin.patch("/collections/messages", &with("hidden")).await.is(200);
        assert_eq!(refused(&server, &room.bob, lab(), &cursor).await, "subscribed -");
        room.admin.post("/policies", &rule("read", "", "")).await.is(201);
        let mut socket = Socket::of(&server, &room.bob).await;
        socket.say(lab()).await;
        let cursor = cursor_of(&mut socket, "subscribed").await;
        room.admin.patch("/collections/messages?allowDestructive=true", &with("shown")).await.is(200);
        assert_eq!(refused(&server, &room.bob, lab(), &cursor).await, "reset schema");
    }

    async fn a_filter_over_a_relation_starts_anew_when_the_other_end_is_seen_differently(database: Database) {
        let server = Server::start(&database).await;
        let (admin, bob) = (server.admin().await, server.register("bob").await);
        let text = json!({ "type": "string" });
        let mut users = admin.get("/collections/users").await.json()["schema"].clone();
        users["properties"]["team"] = text.clone();
        admin.patch("/collections/users", &json!({ "schema": users })).await.is(200);
        admin.patch(&format!("/users/{}", bob.id), &json!({ "team": "a" })).await.is(200);
        let to_room = json!({ "type": "string", "x-relation": { "collection": "rooms" } });
        for (name, properties) in [("rooms", json!({ "name": text, "team": text })), ("notes", json!({ "text": text, "room": to_room }))] {
            let schema = json!({ "type": "object", "properties": properties });
            admin.post("/collections", &json!({ "name": name, "schema": schema })).await.is(201);
        }
        for (object, condition) in [("rooms", "team == auth.team"), ("notes", "")] {
            let rule = json!({ "subject": "role:user", "object": object, "action": "read", "condition": condition });
            admin.post("/policies", &rule).await.is(201);
        }
        let mut rooms = Vec::new();
        for team in ["a", "b"] {
            let made = admin.post("/records/rooms", &json!({ "name": "lab", "team": team })).await.is(201).json();
            rooms.push(made["id"].as_str().unwrap().to_owned());
        }
        let mut socket = Socket::of(&server, &bob).await;
        socket.subscribe(json!({ "op": "subscribe", "sub": "filter", "collection": "notes", "filter": "room.name == \"lab\"" })).await;
        socket.subscribe(json!({ "op": "subscribe", "sub": "expand", "collection": "notes", "expand": "room" })).await;

        admin.patch(&format!("/users/{}", bob.id), &json!({ "team": "b" })).await.is(200);
        let reset = socket.expect("reset").await;
        assert_eq!((reset["sub"].as_str(), reset["reason"].as_str()), (Some("filter"), Some("policy")));
        for (text, room) in [("in a", &rooms[0]), ("in b", &rooms[1])] {
            admin.post("/records/notes", &json!({ "text": text, "room": room })).await.is(201);
        }
        let (a, b) = (socket.expect("change").await, socket.expect("change").await);
        assert_eq!((told(&a).as_str(), &a["record"]["expand"]), ("create in a", &json!({})), "what bob sees no more");
        assert_eq!((told(&b).as_str(), &b["record"]["expand"]["room"]["team"]), ("create in b", &json!("b")));
    }

    async fn a_snapshot_is_gone_on_from_without_repeating_it(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let writers: Vec<_> = (0..4).map(|_| tokio::spawn(come_and_go(room.ada.clone(), stopped.clone()))).collect();

        for round in 0..25 {
            let mut socket = Socket::of(&server, &room.bob).await;
            let mut request = lab();
            request["snapshot"] = json!(true);
            request["limit"] = json!(500);
            socket.say(request).await;
            let cursor = cursor_of(&mut socket, "subscribed").await;
            let mut held = BTreeSet::new();
            loop {
                let snapshot = socket.expect("snapshot").await;
                held.extend(snapshot["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()));
                if snapshot["last"] == true {
                    break;
                }
            }
            // Half of the time as if the connection were cut right after the snapshot, else after a change behind it.
            let cursor = if round % 2 == 0 { cursor } else { after_a_change(&mut socket, &mut held).await };
            drop(socket);
            let mut socket = Socket::of(&server, &room.bob).await;
            let mut request = lab();
            request["since"] = cursor;
            for change in socket.subscribe(request).await {
                apply(&mut held, &change);
            }
        }
        stop.send(true).unwrap();
        for writer in writers {
            writer.await.unwrap();
        }
    }

    async fn who_lags_behind_what_is_kept_is_told(database: Database) {
        let options = Options::default().set("PLINTH_REALTIME_WRITE_TIMEOUT", "10m").set("PLINTH_REALTIME_HEARTBEAT", "10m");
        let server = Server::start_with(&database, options).await;
        let admin = server.admin().await;
        let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" }, "body": { "type": "string" } } });
        admin.post("/collections", &json!({ "name": "events", "schema": schema })).await.is(201);
        let request = json!({ "op": "subscribe", "sub": "s", "collection": "events" });
        let mut socket = Socket::of(&server, &admin).await;
        socket.say(request.clone()).await;
        let cursor = cursor_of(&mut socket, "subscribed").await;
        drop(socket);
        let body = "x".repeat(20_000);
        for batch in 0..40 {
            let records: Vec<Json> = (0..40).map(|n| json!({ "n": batch * 40 + n, "body": body })).collect();
            admin.post("/records/events", &json!(records)).await.is(201);
        }

        let mut socket = Socket::of(&server, &admin).await;
        let mut since = request;
        since["since"] = cursor;
        socket.say(since).await;
        socket.expect("subscribed").await;
        // It does not read on; meanwhile all but the newest changes are dropped.
        admin.get("/records/events?limit=1").await.is(200);
        database.execute("delete from _changes where seq < (select max(seq) from _changes)");
        let mut next = 0;
        let reason = loop {
            match socket.heard().await {
                Heard::Frame(frame) if frame["op"] == "change" => {
                    assert_eq!(frame["record"]["n"], next, "a change is missing, and nothing said so");
                    next += 1;
                }
                Heard::Frame(frame) if frame["op"] == "reset" => break frame["reason"].clone(),
                other => panic!("heard {other:?}"),
            }
        };
        assert_eq!(reason, "expired");
        assert!(next < 1600);
    }
}

/// Writes messages and deletes them again until told to stop.
async fn come_and_go(who: Person, stopped: tokio::sync::watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let made = Room::say(&who, "here", "lab").await;
        who.delete(&format!("/records/messages/{}", made["id"].as_str().unwrap())).await.is(204);
    }
}

/// Takes one change, whose cursor is the place.
async fn after_a_change(socket: &mut Socket, held: &mut BTreeSet<String>) -> Json {
    loop {
        let frame = socket.frame().await;
        if frame["op"] == "change" {
            apply(held, &frame);
            return frame["cursor"].clone();
        }
    }
}

/// A change of what is held: a create of what is not, or a delete of what is.
fn apply(held: &mut BTreeSet<String>, change: &Json) {
    let id = change["id"].to_string();
    let fits = match change["type"].as_str() {
        Some("create") => held.insert(id),
        Some("delete") => held.remove(&id),
        _ => held.contains(&id),
    };
    assert!(fits, "{change} was in the snapshot already");
}
