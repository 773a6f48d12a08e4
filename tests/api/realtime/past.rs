//! What was written in the past is told as it could be seen then: a right of today shows nothing of a time without it.

use serde_json::{Value as Json, json};

use super::socket::{Socket, told};
use crate::fixture::{Room, rule};
use crate::harness::{Database, Person, Server, on_both, until};

/// A way to take a right away, and to give it back.
#[derive(Debug, Clone, Copy)]
enum Way {
    Rule,
    Deny,
    Role,
    Team,
}

/// Who may read `messages` by one right alone, and that right.
struct Right {
    way: Way,
    room: Room,
    /// The rule, where it comes and goes.
    rule: String,
}

impl Right {
    async fn give(server: &Server, way: Way) -> Self {
        let room = Room::furnish(server).await;
        let standing = room.admin.get("/policies").await.json();
        for rule in standing["items"].as_array().expect("rules").iter().filter(|rule| rule["object"] == "messages") {
            room.admin.delete(&path("policies", rule)).await.is(204);
        }
        let text = json!({ "type": "string" });
        let users = room.admin.get("/collections/users").await.json();
        let mut schema = users["schema"].clone();
        (schema["properties"]["team"], schema["properties"]["motto"]) = (text.clone(), text);
        room.admin.patch("/collections/users", &json!({ "schema": schema })).await.is(200);
        let mut right = Self { way, room, rule: String::new() };
        let read = match way {
            Way::Rule => None,
            Way::Deny => Some(rule("read", "", "")),
            Way::Role => Some(json!({ "subject": "role:editor", "object": "messages", "action": "read" })),
            Way::Team => Some(rule("read", "auth.team == \"red\"", "")),
        };
        if let Some(read) = read {
            right.room.admin.post("/policies", &read).await.is(201);
        }
        Room::say(&right.room.admin, "first", "lab").await;
        if !matches!(way, Way::Deny) {
            right.set(true).await;
        }
        right
    }

    async fn set(&mut self, given: bool) {
        let Room { admin, bob, .. } = &self.room;
        let member = format!("/roles/editor/members/user:{}", bob.id);
        match (self.way, given) {
            (Way::Rule, true) => self.rule = made(admin, &rule("read", "", "")).await,
            (Way::Deny, false) => {
                let mut deny = rule("read", "", "");
                deny["effect"] = json!("deny");
                self.rule = made(admin, &deny).await;
            }
            (Way::Rule, false) | (Way::Deny, true) => drop(admin.delete(&self.rule).await.is(204)),
            (Way::Role, true) => drop(admin.put_empty(&member).await.is(204)),
            (Way::Role, false) => drop(admin.delete(&member).await.is(204)),
            (Way::Team, given) => {
                let team = json!({ "team": if given { "red" } else { "blue" } });
                admin.patch(&format!("/records/users/{}", bob.id), &team).await.is(200);
            }
        }
        let sees = async || bob.get("/records/messages").await.json()["items"][0]["text"] == "first";
        until("the right is there or gone", async || sees().await == given).await;
    }

    /// What is no matter: somebody else's roles and fields, a field of their own that no rule reads, rules about others and
    /// about other collections, that come and go.
    async fn change_others(&self) {
        let Room { admin, ada, bob } = &self.room;
        admin.put_empty(&format!("/roles/editor/members/user:{}", ada.id)).await.is(204);
        admin.patch(&format!("/records/users/{}", ada.id), &json!({ "team": "green" })).await.is(200);
        admin.patch(&format!("/records/users/{}", bob.id), &json!({ "motto": "onwards" })).await.is(200);
        for (subject, object) in [("role:auditor", "messages"), ("role:user", "note_*")] {
            let rule = made(admin, &json!({ "subject": subject, "object": object, "action": "read" })).await;
            admin.patch(&rule, &json!({ "condition": "true" })).await.is(200);
            admin.delete(&rule).await.is(204);
        }
    }

    /// Something that is written and gone again while nobody but the administrator may read it.
    async fn whisper(&self) {
        let secret = Room::say(&self.room.admin, "secret", "lab").await;
        self.room.admin.delete(&path("records/messages", &secret)).await.is(204);
    }
}

async fn made(admin: &Person, rule: &Json) -> String {
    path("policies", &admin.post("/policies", rule).await.is(201).json())
}

fn path(collection: &str, record: &Json) -> String {
    format!("/{collection}/{}", record["id"].as_str().expect("an id"))
}

/// What somebody who was away is told behind a place, up to `live` or a reset: that is the last.
async fn resumed(server: &Server, who: &Person, request: &Json, cursor: &Json) -> Vec<String> {
    let mut request = request.clone();
    request["since"] = cursor.clone();
    let mut socket = Socket::of(server, who).await;
    socket.say(request).await;
    socket.expect("subscribed").await;
    let mut all = Vec::new();
    loop {
        let frame = socket.frame().await;
        match frame["op"].as_str() {
            Some("change") => all.push(told(&frame)),
            Some("reset") => all.push(format!("reset {}", frame["reason"].as_str().expect("a reason"))),
            _ => all.push(frame["op"].to_string().replace('"', "")),
        }
        if frame["op"] != "change" {
            return all;
        }
    }
}

/// The place at the end of the log.
async fn place(server: &Server, who: &Person, request: &Json) -> Json {
    let mut socket = Socket::of(server, who).await;
    socket.say(request.clone()).await;
    socket.expect("subscribed").await["cursor"].clone()
}

/// The right goes and comes back while somebody is away.
async fn there_and_back(database: Database, way: Way) {
    let server = Server::start(&database).await;
    let mut right = Right::give(&server, way).await;
    let all = json!({ "op": "subscribe", "sub": "s", "collection": "messages" });
    let before = place(&server, &right.room.bob, &all).await;
    right.set(false).await;
    right.whisper().await;
    right.set(true).await;
    assert_eq!(resumed(&server, &right.room.bob, &all, &before).await, ["reset policy"]);

    // Where nothing was written meanwhile there is nothing to hide, and what becomes of others' rights is no matter.
    let before = place(&server, &right.room.bob, &all).await;
    right.set(false).await;
    right.set(true).await;
    Room::say(&right.room.admin, "open", "lab").await;
    right.change_others().await;
    assert_eq!(resumed(&server, &right.room.bob, &all, &before).await, ["create open", "live"]);

    // Nor does a place of others, from before there was an account, show it the past.
    let newcomer = server.register("newcomer").await;
    if matches!(way, Way::Rule | Way::Deny) {
        assert_eq!(resumed(&server, &newcomer, &all, &before).await, ["reset policy"]);
    }
}

on_both! {
    async fn a_rule_that_came_back_shows_nothing_of_the_time_without_it(database: Database) {
        there_and_back(database, Way::Rule).await;
    }

    async fn a_rule_that_denied_hides_what_was_written_meanwhile(database: Database) {
        there_and_back(database, Way::Deny).await;
    }

    async fn a_role_that_came_back_shows_nothing_of_the_time_without_it(database: Database) {
        there_and_back(database, Way::Role).await;
    }

    async fn a_field_of_the_account_that_came_back_shows_nothing_of_the_time_without_it(database: Database) {
        there_and_back(database, Way::Team).await;
    }

    /// A client that does not read, so that all of it is still to be told when the right is back.
    async fn a_slow_reader_is_not_told_either(database: Database) {
        let server = Server::start(&database).await;
        let mut right = Right::give(&server, Way::Rule).await;
        let mut socket = Socket::of(&server, &right.room.bob).await;
        socket.subscribe(json!({ "op": "subscribe", "sub": "s", "collection": "messages" })).await;
        let meta = json!({ "m": "x".repeat(9_000) });
        let each = json!({ "text": "long", "room": "lab", "author": right.room.admin.id, "meta": meta });
        for _ in 0..30 {
            right.room.admin.post("/records/messages", &json!(vec![&each; 100])).await.is(201);
        }
        right.set(false).await;
        right.whisper().await;
        right.set(true).await;

        loop {
            let frame = socket.frame().await;
            if frame["op"] == "reset" {
                assert_eq!(frame["reason"], "policy");
                break;
            }
            assert_eq!(told(&frame), "create long");
        }
    }

    /// A draft that was changed or taken back before its time is not told in its first form once the time has come.
    async fn what_its_time_had_not_come_for_is_not_told_later(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let standing = room.admin.get("/policies").await.json();
        for rule in standing["items"].as_array().expect("rules").iter().filter(|rule| rule["action"] == "read" && rule["object"] == "messages") {
            room.admin.delete(&path("policies", rule)).await.is(204);
        }
        room.admin.post("/policies", &rule("read", "createdAt < now - duration(\"3s\")", "")).await.is(201);
        let all = json!({ "op": "subscribe", "sub": "s", "collection": "messages" });
        let before = place(&server, &room.bob, &all).await;
        let draft = |text: &str| json!({ "text": text, "room": "lab", "author": room.admin.id });
        let kept = room.admin.post("/records/messages", &draft("first words")).await.is(201).json();
        let gone = room.admin.post("/records/messages", &draft("taken back")).await.is(201).json();
        room.admin.patch(&path("records/messages", &kept), &json!({ "text": "last words" })).await.is(200);
        room.admin.delete(&path("records/messages", &gone)).await.is(204);
        let listed = async || room.bob.get("/records/messages").await.json()["items"][0]["text"] == "last words";
        until("its time has come", listed).await;

        room.admin.patch(&path("records/messages", &kept), &json!({ "likes": 1 })).await.is(200);
        assert_eq!(resumed(&server, &room.bob, &all, &before).await, ["update last words", "live"]);
    }
}
