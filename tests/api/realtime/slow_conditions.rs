//! A socket whose conditions take the database long: what ends a right does not wait for them.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::socket::Socket;
use crate::harness::{Database, Person, Server, on_both};

/// Lines in one room: a condition over pairs of them looks at more than a million.
const LINES: usize = 1_200;

async fn furnish(admin: &Person) -> Json {
    let text = json!({ "type": "string" });
    let room = json!({ "type": "string", "x-relation": { "collection": "rooms", "onDelete": "cascade" } });
    for (name, properties) in [
        ("rooms", json!({ "name": text })),
        ("lines", json!({ "room": room, "text": text })),
        ("vault", json!({ "text": text })),
    ] {
        let schema = json!({ "type": "object", "properties": properties });
        admin.post("/collections", &json!({ "name": name, "schema": schema })).await.is(201);
    }
    for object in ["rooms", "lines"] {
        let rule = json!({ "subject": "role:user", "object": object, "action": "read" });
        admin.post("/policies", &rule).await.is(201);
    }
    let room = admin.post("/records/rooms", &json!({ "name": "r" })).await.is(201).json()["id"].clone();
    for from in (0..LINES).step_by(400) {
        let many = (from..from + 400).map(|n| json!({ "room": room, "text": format!("{:0200}", n) }));
        admin.post("/records/lines", &many.collect()).await.is(201);
    }
    room
}

/// Takes seconds for one room, and never holds.
fn slow(sub: &str) -> Json {
    let filter = format!("lines_via_room.exists(a, a.room.lines_via_room.exists(b, b.text + a.text == \"{sub}\"))");
    json!({ "op": "subscribe", "sub": sub, "collection": "rooms", "filter": filter })
}

on_both! {
    async fn nothing_is_sent_that_was_written_behind_the_end_of_a_rule(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let room = furnish(&admin).await;
        let rule = json!({ "subject": "role:user", "object": "vault", "action": "read" });
        let rule = admin.post("/policies", &rule).await.is(201).json();
        let ada = server.register("ada").await;
        let mut socket = Socket::of(&server, &ada).await;
        socket.subscribe(slow("s1")).await;
        socket.subscribe(json!({ "op": "subscribe", "sub": "vault", "collection": "vault" })).await;
        socket.subscribe(slow("s2")).await;

        admin.patch(&format!("/records/rooms/{}", room.as_str().unwrap()), &json!({ "name": "n" })).await.is(200);
        tokio::time::sleep(Duration::from_millis(150)).await;
        admin.delete(&format!("/policies/{}", rule["id"].as_str().unwrap())).await.is(204);
        admin.post("/records/vault", &json!({ "text": "behind the end" })).await.is(201);

        let told = socket.frame().await;
        assert_eq!((&told["op"], &told["sub"], &told["reason"]), (&json!("reset"), &json!("vault"), &json!("policy")), "{told}");
        for frame in socket.until_pong().await {
            assert!(!frame.to_string().contains("behind the end"), "{frame}");
        }
    }

    async fn the_end_of_a_session_does_not_wait_for_them(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let room = furnish(&admin).await;
        let ada = server.register("ada").await;
        let mut socket = Socket::of(&server, &ada).await;
        for n in 0..12 {
            socket.subscribe(slow(&format!("s{n}"))).await;
        }

        admin.patch(&format!("/records/rooms/{}", room.as_str().unwrap()), &json!({ "name": "n" })).await.is(200);
        tokio::time::sleep(Duration::from_millis(150)).await;
        ada.delete("/auth/sessions").await.is(204);

        let begin = Instant::now();
        assert_eq!(socket.end().await, 4401);
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    }
}
