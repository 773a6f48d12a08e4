//! Writes of one record and of many.

use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::fixture::Room;
use crate::harness::{Database, Server, on_both};

on_both! {
    async fn what_was_read_can_be_written_back(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let body = json!({
            "text": "naïve 😀", "author": room.ada.id, "likes": i64::MAX, "score": 1.0, "tags": ["b", "a", "b"],
            "at": "2026-01-01T12:00:00.5+02:00", "meta": { "deep": { "n": [1, 2.50, null] }, "__proto__": { "x": 1 } },
        });

        let made = room.admin.post("/records/messages", &body).await.is(201);
        let record = made.json();
        assert_eq!(record["likes"], i64::MAX);
        assert_eq!(record["at"], "2026-01-01T10:00:00.500Z");
        assert_eq!(record["tags"], json!(["b", "a", "b"]));
        assert_eq!(record["meta"], body["meta"]);
        assert!(record["room"].is_null() && record["parent"].is_null());

        let path = made.header("location").strip_prefix("/api/v1").expect("below the API").to_owned();
        assert_eq!(room.admin.get(&path).await.is(200).json(), record);
        assert_eq!(room.admin.put(&path, &record).await.is(200).json()["text"], record["text"]);
        let unchanged = room.admin.patch(&path, &record).await.is(200);
        assert_eq!(unchanged.json()["meta"], record["meta"]);
    }

    async fn a_stale_version_is_refused_and_nothing_changes(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let path = format!("/records/messages/{}", Room::say(&room.ada, "one", "lab").await["id"].as_str().unwrap());
        let first = room.ada.get(&path).await.is(200);
        let patch = async |etag: &str, text: &str| {
            let request = room.ada.request(Method::PATCH, &path).header("if-match", etag);
            room.ada.send(request.json(&json!({ "text": text }))).await
        };

        patch(first.header("etag"), "two").await.is(200);
        patch(first.header("etag"), "three").await.is_problem(412, "precondition_failed");
        patch("\"nonsense\"", "three").await.is_problem(412, "precondition_failed");
        patch("*", "four").await.is(200);
        assert_eq!(room.ada.get(&path).await.json()["text"], "four");
        let now = room.ada.get(&path).await;
        let asked = room.ada.request(Method::GET, &path).header("if-none-match", now.header("etag"));
        room.ada.send(asked).await.is(304);
    }

    async fn a_hundred_increments_at_once_are_all_counted(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let path = format!("/records/messages/{}", Room::say(&room.ada, "one", "lab").await["id"].as_str().unwrap());

        let increments = (0..100).map(|_| {
            let (ada, path) = (room.ada.clone(), path.clone());
            tokio::spawn(async move { ada.patch(&path, &json!({ "likes": { "$inc": 1 } })).await.is(200) })
        });
        for increment in increments.collect::<Vec<_>>() {
            increment.await.expect("it was answered");
        }
        assert_eq!(room.ada.get(&path).await.json()["likes"], 100);
        room.ada.patch(&path, &json!({ "likes": { "$inc": i64::MAX } })).await.is_problem(422, "validation_failed");
        assert_eq!(room.ada.get(&path).await.json()["likes"], 100);
    }

    async fn a_batch_is_done_whole_or_not_at_all(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let create = json!({ "method": "create", "collection": "messages", "id": id,
            "data": { "text": "parent", "room": "lab", "author": room.ada.id } });
        let child = json!({ "method": "create", "collection": "messages",
            "data": { "text": "child", "room": "lab", "author": room.ada.id, "parent": id } });
        let bad = json!({ "method": "create", "collection": "messages", "data": { "text": "", "author": room.ada.id } });

        let refused = room.ada.post("/batch", &json!([create, child, bad])).await.is_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), ["/2/data/text"]);
        room.ada.get(&format!("/records/messages/{id}")).await.is_problem(404, "not_found");

        let done = room.ada.post("/batch", &json!([create, child])).await.is(200).json();
        assert_eq!(done["results"][1]["record"]["parent"], id);
        let taken = room.ada.post("/batch", &json!([child, create])).await.is_problem(409, "conflict");
        assert_eq!(taken.pointers(), ["/1/data/id"]);
        let listed = room.ada.get("/records/messages?count=exact").await.json();
        assert_eq!(listed["total"], 2);
    }

    async fn nothing_in_a_batch_is_passed_over(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let (one, two) = ("01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8058");
        let operation = |method: &str, own: Json| {
            let mut data = json!({ "text": "x", "room": "lab", "author": room.ada.id });
            data["id"] = own;
            json!([{ "method": method, "collection": "messages", "id": one, "data": data }])
        };

        for method in ["create", "replace"] {
            for own in [json!(two), json!(7), json!("none")] {
                let refused = room.ada.post("/batch", &operation(method, own)).await.is_problem(422, "validation_failed");
                assert_eq!(refused.pointers(), ["/0/data/id"], "{method}");
            }
        }
        for id in [one, two] {
            room.ada.get(&format!("/records/messages/{id}")).await.is_problem(404, "not_found");
        }
        for (method, own) in [("create", json!(one)), ("replace", json!(one))] {
            room.ada.post("/batch", &operation(method, own)).await.is(200);
        }
        let refused = room.ada.post("/batch", &operation("delete", json!(one))).await.is_problem(400, "invalid_parameter");
        assert!(refused.text().contains("leave it out of a delete"), "{}", refused.text());
        room.ada.get(&format!("/records/messages/{one}")).await.is(200);
    }

    async fn an_array_is_made_whole_or_not_at_all(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let message = |text: &str| json!({ "text": text, "room": "lab", "author": room.ada.id });

        let refused = room.ada.post("/records/messages", &json!([message("a"), message("")])).await;
        assert_eq!(refused.is_problem(422, "validation_failed").pointers(), ["/1/text"]);
        let many: Vec<_> = (0..500).map(|n| message(&n.to_string())).collect();
        let made = room.ada.post("/records/messages", &json!(many)).await.is(201).json();
        assert_eq!(made["items"].as_array().unwrap().len(), 500);
        let more: Vec<_> = (0..501).map(|n| message(&n.to_string())).collect();
        room.ada.post("/records/messages", &json!(more)).await.is_problem(413, "too_large");
        assert_eq!(room.ada.get("/records/messages?count=exact&limit=1").await.json()["total"], 500);
    }
}
