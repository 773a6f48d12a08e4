//! Many requests of one caller, and what becomes of those of others meanwhile.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use crate::fixture::Room;
use crate::harness::{ADMIN, Database, Options, Person, Server, on_both};

/// Answers to one message: a condition over pairs of them, of each, looks at a thousand million.
const ANSWERS: usize = 1_000;
/// Takes far longer than a statement may.
const DEAR: &str = "/records/messages?filter=parent.messages_via_parent.exists(a,parent.messages_via_parent.exists(b,a.likes%2Bb.likes>5000))";
const CHEAP: &str = "/records/messages?limit=1";

/// Somebody behind a proxy, who does not sign in.
async fn read_from(address: &str, person: &Person, path: &str) -> u16 {
    let request = person.request(reqwest::Method::GET, path).header("x-forwarded-for", address);
    person.send(request).await.status
}

on_both! {
    async fn a_flood_of_dear_lists_holds_up_nobody_else(database: Database) {
        let options = Options::default()
            .set("PLINTH_DATABASE_STATEMENT_TIMEOUT", "5s")
            .set("PLINTH_DATABASE_MAX_CONNECTIONS", "4")
            .set("PLINTH_SERVER_TRUSTED_PROXIES", "127.0.0.0/8");
        let server = Server::start_with(&database, options).await;
        let room = Room::furnish(&server).await;
        room.admin.post("/policies", &json!({ "subject": "role:public", "object": "messages", "action": "read" })).await.is(201);
        let parent = Room::say(&room.ada, "parent", "lab").await["id"].clone();
        let many = |from: usize| (from..from + 500).map(|n| json!({ "text": "x", "room": "lab", "author": room.ada.id, "likes": n, "parent": parent }));
        for n in 0..ANSWERS / 500 {
            room.ada.post("/records/messages", &many(n * 500).collect()).await.is(201);
        }

        let anybody = server.anonymous();
        let flood: Vec<_> = (0..12).map(|_| {
            let somebody = anybody.clone();
            tokio::spawn(async move { read_from("192.0.2.66", &somebody, DEAR).await })
        }).collect();
        // It holds all that it may as soon as what is cheap has to wait as well.
        while let Ok(status) = timeout(Duration::from_millis(300), read_from("192.0.2.66", &anybody, CHEAP)).await {
            assert_eq!(status, 200);
            assert!(!flood.iter().any(tokio::task::JoinHandle::is_finished), "what is cheap never had to wait");
        }

        assert_eq!(read_from("192.0.2.7", &anybody, CHEAP).await, 200);
        room.ada.get(CHEAP).await.is(200);
        server.log_in(ADMIN).await.get("/auth/sessions").await.is(200);
        let done = flood.iter().filter(|read| read.is_finished()).count();
        assert!(done < flood.len() / 2, "{done} of the flood were answered first");
        // What of the flood still waits is not waited for.
        flood.iter().for_each(tokio::task::JoinHandle::abort);
        server.kill();
    }
}
