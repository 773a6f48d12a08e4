//! Snapshots, filters, and going on where one was.

use serde_json::json;

use super::socket::{Socket, lab, told};
use crate::fixture::Room;
use crate::harness::{Database, Server, on_both};

/// What a subscription that goes on receives first: `live` may come before what another node, or the Postgres log, has
/// only just settled.
async fn all_missed(socket: &mut Socket, request: serde_json::Value, count: usize) -> Vec<String> {
    let mut missed: Vec<String> = socket.subscribe(request).await.iter().map(told).collect();
    while missed.len() < count {
        missed.push(told(&socket.expect("change").await));
    }
    missed
}

on_both! {
    async fn a_record_that_leaves_the_filter_is_deleted_and_one_that_enters_is_created(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.bob).await;
        socket.subscribe(lab()).await;

        let path = format!("/records/messages/{}", Room::say(&room.ada, "one", "home").await["id"].as_str().unwrap());
        room.ada.patch(&path, &json!({ "room": "lab" })).await.is(200);
        room.ada.patch(&path, &json!({ "text": "two" })).await.is(200);
        room.ada.patch(&path, &json!({ "room": "home" })).await.is(200);
        room.ada.delete(&path).await.is(204);
        Room::say(&room.ada, "end", "lab").await;
        let mut heard = Vec::new();
        for _ in 0..4 {
            heard.push(socket.expect("change").await);
        }
        assert_eq!(heard.iter().map(told).collect::<Vec<_>>(), ["create one", "update two", "delete -", "create end"]);
        assert!(heard[2].get("record").is_none());
        assert!(heard[0]["record"].get("secret").is_none());
    }

    async fn what_was_missed_arrives_in_order_and_once(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.bob).await;
        socket.subscribe(lab()).await;
        Room::say(&room.ada, "first", "lab").await;
        let cursor = socket.expect("change").await["cursor"].as_str().unwrap().to_owned();
        drop(socket);

        for n in 0..700 {
            Room::say(&room.ada, &n.to_string(), if n % 7 == 0 { "home" } else { "lab" }).await;
        }
        let mut socket = Socket::of(&server, &room.bob).await;
        let mut request = lab();
        request["since"] = json!(cursor);
        let missed = all_missed(&mut socket, request, 600).await;
        let expected: Vec<String> = (0..700).filter(|n| n % 7 != 0).map(|n| format!("create {n}")).collect();
        assert_eq!(missed, expected);
        Room::say(&room.ada, "last", "lab").await;
        assert_eq!(told(&socket.expect("change").await), "create last");
    }

    async fn a_killed_server_loses_and_repeats_nothing(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.bob).await;
        socket.subscribe(lab()).await;
        Room::say(&room.ada, "before", "lab").await;
        let cursor = socket.expect("change").await["cursor"].as_str().unwrap().to_owned();
        Room::say(&room.ada, "unseen", "lab").await;
        server.kill();

        let server = Server::start(&database).await;
        let (ada, bob) = (room.ada.at(server.url()), room.bob.at(server.url()));
        Room::say(&ada, "after", "lab").await;
        let mut socket = Socket::of(&server, &bob).await;
        let mut request = lab();
        request["since"] = json!(cursor);
        assert_eq!(all_missed(&mut socket, request, 2).await, ["create unseen", "create after"]);
        Room::say(&ada, "last", "lab").await;
        assert_eq!(told(&socket.expect("change").await), "create last");
    }

    async fn a_snapshot_and_the_changes_after_it_meet_without_a_gap(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let writer = { let ada = room.ada.clone(); tokio::spawn(async move {
            for n in 0..150 {
                Room::say(&ada, &n.to_string(), "lab").await;
            }
        }) };
        let mut socket = Socket::of(&server, &room.bob).await;
        for n in 0..10 {
            let name = format!("s{n}");
            socket.say(json!({ "op": "subscribe", "sub": name, "collection": "messages", "filter": "room == \"lab\"", "snapshot": true, "limit": 500 })).await;
        }
        writer.await.expect("all was written");
        Room::say(&room.ada, "end", "lab").await;
        let mut held = vec![Vec::new(); 10];
        let mut ended = 0;
        while ended < 10 {
            let plinth_client::Heard::Frame(frame) = socket.heard().await else { panic!("the connection ended") };
            let Some(place) = frame["sub"].as_str().and_then(|sub| sub[1..].parse::<usize>().ok()) else { continue };
            match frame["op"].as_str() {
                Some("snapshot") => held[place].extend(frame["items"].as_array().unwrap().iter().map(|item| item["text"].as_str().unwrap().to_owned())),
                Some("change") => held[place].push(frame["record"]["text"].as_str().unwrap().to_owned()),
                _ => continue,
            }
            ended += usize::from(held[place].last().is_some_and(|text| text == "end"));
        }
        let expected: Vec<String> = (0..150).map(|n| n.to_string()).chain(["end".to_owned()]).collect();
        for mut texts in held {
            texts.sort_by_key(|text| text.parse::<u32>().unwrap_or(u32::MAX));
            assert_eq!(texts, expected);
        }
    }

    async fn nothing_arrives_of_a_write_that_did_not_happen(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.bob).await;
        socket.subscribe(lab()).await;
        let good = json!({ "method": "create", "collection": "messages", "data": { "text": "phantom", "room": "lab", "author": room.ada.id } });
        let bad = json!({ "method": "create", "collection": "messages", "data": { "text": "", "author": room.ada.id } });
        room.ada.post("/batch", &json!([good, bad])).await.is(422);
        Room::say(&room.ada, "real", "lab").await;
        assert_eq!(told(&socket.expect("change").await), "create real");
    }
}

#[tokio::test]
async fn what_a_copy_that_is_put_back_has_undone_is_read_again() {
    let database = Database::sqlite();
    let (file, copy) = (database.directory().join("plinth.db"), database.scratch().join("copy.db"));
    let mut server = Server::start(&database).await;
    let room = Room::furnish(&server).await;
    let mut socket = Socket::of(&server, &room.bob).await;
    socket.subscribe(lab()).await;
    Room::say(&room.ada, "kept", "lab").await;
    let kept = socket.expect("change").await["cursor"].clone();
    assert_eq!(server.stop(), Some(0));
    std::fs::copy(&file, &copy).expect("a copy");

    let mut server = Server::start(&database).await;
    let (ada, bob) = (room.ada.at(server.url()), room.bob.at(server.url()));
    let mut socket = Socket::of(&server, &bob).await;
    socket.subscribe(lab()).await;
    Room::say(&ada, "undone", "lab").await;
    let undone = socket.expect("change").await["cursor"].clone();
    assert_eq!(server.stop(), Some(0));
    std::fs::rename(&copy, &file).expect("it is put back");

    let server = Server::start(&database).await;
    let (ada, bob) = (room.ada.at(server.url()), room.bob.at(server.url()));
    for text in ["a", "b", "c"] {
        Room::say(&ada, text, "lab").await;
    }
    let mut socket = Socket::of(&server, &bob).await;
    let mut request = lab();
    request["since"] = undone;
    socket.say(request.clone()).await;
    assert_eq!(socket.expect("reset").await["reason"], "expired");
    request["since"] = kept;
    assert_eq!(all_missed(&mut socket, request, 3).await, ["create a", "create b", "create c"]);
}
