//! Bad input: refused by name, and nothing half done.

use reqwest::Method;
use serde_json::json;

use crate::fixture::Room;
use crate::harness::{Database, Server, on_both};

on_both! {
    async fn every_failing_place_of_a_body_is_named(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let body = json!({ "txt": "x", "text": 5, "likes": 1.5, "at": "yesterday", "tags": ["a", 1], "parent": "x", "author": room.ada.id });
        let refused = room.admin.post("/records/messages", &body).await.is_problem(422, "validation_failed");
        let mut pointers = refused.pointers();
        pointers.sort();
        assert_eq!(pointers, ["/at", "/likes", "/parent", "/tags/1", "/text", "/txt"]);
        assert!(refused.text().contains("did you mean text"), "{}", refused.text());
        assert_eq!(room.admin.get("/records/messages?count=exact").await.json()["total"], 0);
    }

    async fn what_is_no_json_is_refused_with_its_place(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let send = async |body: String| {
            let request = room.ada.request(Method::POST, "/records/messages").header("content-type", "application/json");
            room.ada.send(request.body(body)).await
        };
        for bad in ["", "{", "{\"text\":\"a\",\"text\":\"b\"}", "{\"likes\":1e400}", "[1,]", "nul"] {
            send(bad.to_owned()).await.is_problem(400, "invalid_json");
        }
        send("[".repeat(10_000)).await.is_problem(400, "invalid_json");
        send(format!("\"{}\"", "x".repeat(2 << 20))).await.is_problem(413, "too_large");
        send("7".to_owned()).await.is_problem(422, "validation_failed");
        let form = room.ada.request(Method::POST, "/records/messages").body("text=x");
        room.ada.send(form).await.is_problem(415, "unsupported_media_type");
    }

    async fn a_list_refuses_what_it_does_not_know(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let long = format!("filter={}", "likes==1||".repeat(500) + "likes==1");
        let deep = format!("filter={}likes==1{}", "(".repeat(200), ")".repeat(200));
        for (query, code) in [
            ("filtre=x", "unknown_parameter"),
            ("limit=0", "invalid_parameter"),
            ("limit=501", "invalid_parameter"),
            ("limit=30&limit=31", "invalid_parameter"),
            ("page=0", "invalid_parameter"),
            ("sort=tags", "invalid_parameter"),
            ("sort=text,text", "invalid_parameter"),
            ("sort=1", "unknown_field"),
            ("sort=rowid", "unknown_field"),
            ("fields=*", "unknown_field"),
            ("fields=author.email", "invalid_parameter"),
            ("params=[]", "invalid_parameter"),
            ("filter=likes==", "invalid_filter"),
            ("filter=likes==\"x\"", "invalid_filter"),
            ("filter=lieks==1", "unknown_field"),
            ("filter=text.matches(\"(a\")", "invalid_filter"),
            (&long, "invalid_filter"),
            (&deep, "invalid_filter"),
        ] {
            room.ada.get(&format!("/records/messages?{query}")).await.is_problem(400, code);
        }
        let position = room.ada.get("/records/messages?filter=likes==1%26%26lieks==1").await.json();
        assert_eq!(position["position"], 10, "{position}");
    }

    async fn an_id_is_a_uuid_of_version_7_in_its_one_spelling(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        for bad in ["role:admin", "../x", "_x", "01890A5D-AC96-774B-BCCE-B302099A8057", "550e8400-e29b-41d4-a716-446655440000", ""] {
            let body = json!({ "id": bad, "text": "x", "author": room.ada.id });
            let refused = room.ada.post("/records/messages", &body).await.is_problem(422, "validation_failed");
            assert_eq!(refused.pointers(), ["/id"]);
        }
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let body = json!({ "id": id, "text": "x", "room": "lab", "author": room.ada.id });
        room.ada.post("/records/messages", &body).await.is(201);
        room.ada.post("/records/messages", &body).await.is_problem(409, "conflict");
        let other = json!({ "id": "01890a5d-ac96-774b-bcce-b302099a8058", "text": "x" });
        let path = format!("/records/messages/{id}");
        room.admin.put(&path, &other).await.is_problem(422, "validation_failed");
    }
}
