//! A room with messages: the collection and the rules of the README, and people in it.

use serde_json::{Value as Json, json};

use crate::harness::{Answer, Person, Server};

/// The administrator, and two people who know nothing of each other.
pub(crate) struct Room {
    pub(crate) admin: Person,
    pub(crate) ada: Person,
    pub(crate) bob: Person,
}

/// The schema of `messages`; `secret` is for administrators.
pub(crate) fn messages() -> Json {
    json!({
        "name": "messages",
        "schema": {
            "type": "object",
            "required": ["text", "author"],
            "properties": {
                "text": { "type": "string", "minLength": 1, "maxLength": 200 },
                "room": { "type": "string" },
                "likes": { "type": "integer", "default": 0 },
                "score": { "type": "number" },
                "at": { "type": "string", "format": "date-time" },
                "tags": { "type": "array", "items": { "type": "string" } },
                "meta": { "type": "object" },
                "secret": { "type": "string" },
                "author": { "type": "string", "x-relation": { "collection": "users", "onDelete": "cascade" } },
                "parent": { "type": "string", "x-relation": { "collection": "messages", "onDelete": "setNull" } },
            },
        },
        "indexes": [{ "fields": ["room", "-createdAt"] }],
    })
}

const SEEN: &str = "text,room,likes,score,at,tags,meta,author,parent";

/// A rule of everybody who is signed in.
pub(crate) fn rule(action: &str, condition: &str, fields: &str) -> Json {
    json!({ "subject": "role:user", "object": "messages", "action": action, "condition": condition, "fields": fields })
}

/// Signed-in people read the room `lab` and what they wrote, create as themselves, and change the text of their own.
pub(crate) fn rules() -> Vec<Json> {
    vec![
        rule("read", "room == \"lab\" || author == auth.id", SEEN),
        rule("create", "data.author == auth.id", SEEN),
        rule("update", "author == auth.id", "text,likes,room"),
        rule("delete", "author == auth.id", ""),
    ]
}

impl Room {
    pub(crate) async fn furnish(server: &Server) -> Self {
        let admin = server.admin().await;
        admin.post("/collections", &messages()).await.is(201);
        for rule in rules() {
            admin.post("/policies", &rule).await.is(201);
        }
        Self { admin, ada: server.register("ada").await, bob: server.register("bob").await }
    }

    /// Somebody writes a message.
    pub(crate) async fn say(who: &Person, text: &str, room: &str) -> Json {
        let body = json!({ "text": text, "room": room, "author": who.id });
        who.post("/records/messages", &body).await.is(201).json()
    }
}

/// The texts of a list, in order.
pub(crate) fn texts(answer: &Answer) -> Vec<String> {
    let items = answer.json()["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["text"].as_str().unwrap_or_default().to_owned()).collect()
}
