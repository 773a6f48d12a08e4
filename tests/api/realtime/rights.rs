//! What a subscriber may see, at that moment.

use serde_json::json;

use super::socket::{Socket, lab, told};
use crate::fixture::{Room, rule};
use crate::harness::{Database, Server, on_both};

on_both! {
    async fn an_event_passes_the_policies_of_a_read(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let all = json!({ "op": "subscribe", "sub": "s", "collection": "messages" });
        let (mut ada, mut bob) = (Socket::of(&server, &room.ada).await, Socket::of(&server, &room.bob).await);
        ada.subscribe(all.clone()).await;
        bob.subscribe(all.clone()).await;
        Room::say(&room.ada, "private", "home").await;
        Room::say(&room.ada, "open", "lab").await;
        assert_eq!(told(&bob.expect("change").await), "create open");
        assert_eq!(told(&ada.expect("change").await), "create private");
        assert_eq!(told(&ada.expect("change").await), "create open");

        let mut nobody = Socket::open(&server).await;
        nobody.say(all).await;
        assert_eq!(nobody.expect("error").await["problem"]["code"], "not_found");
        for filter in ["secret == \"x\"", "parent.secret == \"x\"", "true || secret == \"x\"", "nothing == 1"] {
            bob.say(json!({ "op": "subscribe", "sub": "x", "collection": "messages", "filter": filter })).await;
            assert_eq!(bob.expect("error").await["problem"]["code"], "unknown_field");
        }
    }

    async fn a_change_of_rules_resets_what_it_changes_and_nothing_else(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let (mut admin, mut bob) = (Socket::of(&server, &room.admin).await, Socket::of(&server, &room.bob).await);
        admin.subscribe(lab()).await;
        bob.subscribe(lab()).await;
        room.admin.post("/policies", &rule("read", "likes > 5", "")).await.is(201);
        assert_eq!(bob.expect("reset").await["reason"], "policy");
        bob.subscribe(lab()).await;
        Room::say(&room.ada, "x", "lab").await;
        assert_eq!(told(&bob.expect("change").await), "create x");
        assert_eq!(told(&admin.expect("change").await), "create x");
    }

    async fn a_condition_over_a_relation_is_asked_of_the_database(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.ada).await;
        let filter = "author.email.startsWith(\"ada\") && room == \"lab\"";
        socket.subscribe(json!({ "op": "subscribe", "sub": "s", "collection": "messages", "filter": filter, "fields": "text", "expand": "author" })).await;
        Room::say(&room.bob, "of bob", "lab").await;
        Room::say(&room.ada, "of ada", "lab").await;
        let change = socket.expect("change").await;
        assert_eq!(change["record"]["text"], "of ada");
        assert_eq!(change["record"]["expand"]["author"]["email"], "ada@plinth.test");
        assert!(change["record"].get("room").is_none());
    }

    async fn the_end_of_a_session_ends_its_sockets(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut sockets = Vec::new();
        for who in [&room.ada, &room.bob] {
            let mut socket = Socket::of(&server, who).await;
            socket.subscribe(lab()).await;
            sockets.push(socket);
        }
        room.ada.post("/auth/logout", &json!({ "refreshToken": room.ada.refresh_token })).await.is(204);
        assert_eq!(sockets[0].end().await, 4401);
        room.admin.patch(&format!("/users/{}", room.bob.id), &json!({ "disabled": true })).await.is(200);
        assert_eq!(sockets[1].end().await, 4401);
        let mut again = Socket::open(&server).await;
        again.say(json!({ "op": "auth", "token": room.ada.token })).await;
        assert_eq!(again.expect("error").await["problem"]["code"], "unauthenticated");
    }

    async fn a_changed_definition_goes_on_where_it_can_and_resets_where_it_can_not(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.bob).await;
        socket.subscribe(lab()).await;
        let mut schema = crate::fixture::messages()["schema"].clone();
        schema["properties"]["text"]["maxLength"] = json!(300);
        room.admin.patch("/collections/messages", &json!({ "schema": schema })).await.is(200);
        Room::say(&room.ada, "on", "lab").await;
        assert_eq!(told(&socket.expect("change").await), "create on");
        schema["properties"].as_object_mut().unwrap().remove("room");
        room.admin.patch("/collections/messages?allowDestructive=true", &json!({ "schema": schema, "indexes": [] })).await.is(200);
        socket.expect("reset").await;
    }
}
