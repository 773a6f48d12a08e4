//! A subscription that the database can't answer in the time that a statement has.

use std::time::Duration;

use serde_json::json;

use super::socket::{Socket, told};
use crate::fixture::Room;
use crate::harness::{Database, Options, Server, on_both};

/// Answers to one message: a condition over pairs of them looks at 16 million.
const ANSWERS: usize = 4_000;
/// Takes far longer than a statement may, if the message is one of the answers. An answer that nobody likes turns nothing
/// for the others.
const DEAR: &str = "parent.messages_via_parent.exists(a, a.likes >= 0 && \
    parent.messages_via_parent.exists(b, b.likes >= 0 && a.likes + b.likes > 5000))";

on_both! {
    async fn a_condition_that_always_takes_too_long_ends_its_subscription_and_no_other(database: Database) {
        let options = Options::default().set("PLINTH_DATABASE_STATEMENT_TIMEOUT", "700ms");
        let server = Server::start_with(&database, options).await;
        let room = Room::furnish(&server).await;
        let parent = Room::say(&room.ada, "parent", "lab").await["id"].clone();
        for _ in 0..ANSWERS / 500 {
            let many: Vec<_> = (0..500).map(|n| json!({ "text": "x", "room": "lab", "author": room.ada.id, "likes": n, "parent": parent })).collect();
            room.ada.post("/records/messages", &json!(many)).await.is(201);
        }
        let mut first = Socket::of(&server, &room.ada).await;
        let mut second = Socket::of(&server, &room.ada).await;
        let dear = json!({ "op": "subscribe", "sub": "dear", "collection": "messages", "filter": DEAR });
        let plain = json!({ "op": "subscribe", "sub": "plain", "collection": "messages", "filter": "room == \"dear\"" });
        for socket in [&mut first, &mut second] {
            socket.subscribe(plain.clone()).await;
            socket.subscribe(dear.clone()).await;
        }

        let body = |text: &str, parent: &serde_json::Value| json!({ "text": text, "room": "dear", "author": room.ada.id, "parent": parent, "likes": -1 });
        room.ada.post("/records/messages", &body("one", &parent)).await.is(201);
        for socket in [&mut first, &mut second] {
            let (mut changes, mut errors) = (Vec::new(), Vec::new());
            while changes.is_empty() || errors.is_empty() {
                let frame = socket.frame().await;
                if frame["op"] == "error" { errors.push(frame) } else { changes.push(frame) }
            }
            assert_eq!(changes.iter().map(told).collect::<Vec<_>>(), ["create one"]);
            assert_eq!((&errors[0]["sub"], &errors[0]["problem"]["code"]), (&json!("dear"), &json!("unavailable")));
            assert!(errors[0]["problem"]["detail"].as_str().unwrap().contains("3 tries"), "{}", errors[0]);
        }

        // The sockets live on, with what else they have, and with room for another of that name.
        let easy = json!({ "op": "subscribe", "sub": "dear", "collection": "messages", "filter": "text == \"two\"" });
        for socket in [&mut first, &mut second] {
            assert!(socket.until_pong().await.is_empty());
            socket.subscribe(easy.clone()).await;
        }
        room.ada.post("/records/messages", &body("two", &json!(null))).await.is(201);
        for socket in [&mut first, &mut second] {
            let mut subs: Vec<_> = [socket.expect("change").await, socket.expect("change").await].map(|change| change["sub"].clone()).into();
            subs.sort_by_key(ToString::to_string);
            assert_eq!(subs, ["dear", "plain"]);
        }
        // Nothing asks the database any more.
        tokio::time::timeout(Duration::from_secs(5), room.ada.get("/records/messages?limit=1")).await.expect("an answer").is(200);
    }
}
