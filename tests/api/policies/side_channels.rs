//! What a caller may not read can't be asked about either: the answers are equal byte for byte.

use serde_json::{Value as Json, json};

use crate::fixture::{Room, rule};
use crate::harness::{Answer, Database, Server, on_both};

/// An answer without what differs in every answer.
fn told(answer: &Answer, name: &str) -> Json {
    let text = answer.text().replace(name, "NAME");
    let mut problem: Json = serde_json::from_str(&text).expect("a problem");
    problem["requestId"] = json!(null);
    json!([answer.status, problem])
}

on_both! {
    async fn a_hidden_field_is_an_unknown_one(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let body = json!({ "text": "x", "room": "lab", "author": room.ada.id, "secret": "k7f" });
        room.admin.post("/records/messages", &body).await.is(201);
        let ask = async |path: String| room.ada.get(&path).await;
        for template in [
            "filter=NAME == \"k7f\"", "filter=NAME != \"k7f\"", "filter=NAME.startsWith(\"k\")", "filter=has(NAME)",
            "filter=size(NAME) > 1", "filter=true || NAME == \"k7f\"", "filter=parent.NAME == \"x\"", "sort=NAME", "sort=-NAME", "fields=NAME",
            "expand=NAME", "filter=messages_via_parent.exists(m, m.NAME == \"x\")",
        ] {
            let hidden = ask(format!("/records/messages?{}", template.replace("NAME", "secret"))).await;
            let absent = ask(format!("/records/messages?{}", template.replace("NAME", "zzzzzz"))).await;
            assert_eq!(hidden.status, 400, "{template}: {}", hidden.text());
            assert_eq!(told(&hidden, "secret"), told(&absent, "zzzzzz"), "{template}");
        }
        let listed = ask("/records/messages".to_owned()).await.is(200);
        assert!(!listed.text().contains("secret") && !listed.text().contains("k7f"));

        let id = listed.json()["items"][0]["id"].as_str().unwrap().to_owned();
        let write = async |name: &str| room.ada.patch(&format!("/records/messages/{id}"), &json!({ name: "v" })).await;
        assert_eq!(told(&write("secret").await, "secret"), told(&write("zzzzzz").await, "zzzzzz"));
        assert_eq!(told(&write("secre").await, "secre"), told(&write("zzzzz").await, "zzzzz"));
        let document = room.ada.get("/openapi.json").await.is(200);
        assert!(!document.text().contains("secret"), "the document tells of the field");
    }

    async fn rules_of_a_dropped_collection_do_not_come_back(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        Room::say(&room.ada, "x", "lab").await;
        room.admin.delete("/collections/messages").await.is_problem(409, "destructive_plan");
        room.admin.delete("/collections/messages?allowDestructive=true").await.is(204);
        room.admin.post("/collections", &crate::fixture::messages()).await.is(201);
        room.ada.get("/records/messages").await.is_problem(404, "not_found");
        assert_eq!(room.admin.get("/records/messages?count=exact").await.json()["total"], 0);
    }

    async fn a_rule_whose_field_is_gone_allows_nothing(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        Room::say(&room.ada, "x", "lab").await;
        let mut definition = crate::fixture::messages();
        definition["schema"]["properties"].as_object_mut().unwrap().remove("room");
        let patch = json!({ "schema": definition["schema"], "indexes": [] });
        room.admin.patch("/collections/messages?allowDestructive=true", &patch).await.is(200);
        room.bob.get("/records/messages").await.is_problem(403, "policy_denied");
        definition["schema"]["properties"]["room"] = json!({ "type": "string", "default": "lab" });
        // Nor does it come back with a field of that name.
        room.admin.patch("/collections/messages", &json!({ "schema": definition["schema"] })).await.is(409);
        room.admin.post("/policies", &rule("read", "author == auth.id && false", "")).await.is(201);
    }

    async fn a_record_out_of_sight_is_absent_whatever_else_is_wrong(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let read = rule("read", "author.email.startsWith(\"bob\")", "");
        let update = rule("update", "likes > 5", "text,likes");
        let delete = rule("delete", "likes > 5", "");
        room.admin.put("/policies", &json!({ "items": [read, update, delete] })).await.is(200);
        let body = json!({ "text": "x", "author": room.ada.id });
        let id = room.admin.post("/records/messages", &body).await.is(201).json()["id"].as_str().unwrap().to_owned();
        let path = format!("/records/messages/{id}");

        for body in [json!({ "text": "y" }), json!({ "text": "" }), json!({ "likes": "many" }), json!({})] {
            room.bob.patch(&path, &body).await.is_problem(404, "not_found");
        }
        let stale = room.bob.request(reqwest::Method::PATCH, &path).header("if-match", "\"x\"").json(&json!({ "text": "y" }));
        room.bob.send(stale).await.is_problem(404, "not_found");
        room.bob.put(&path, &json!({ "text": "y", "author": room.bob.id })).await.is_problem(404, "not_found");
        room.bob.delete(&path).await.is_problem(404, "not_found");
        let batch = json!([{ "method": "update", "collection": "messages", "id": id, "data": { "text": "y" } }]);
        room.bob.post("/batch", &batch).await.is_problem(404, "not_found");
        room.admin.patch(&path, &json!({ "author": room.bob.id })).await.is(200);
        room.bob.patch(&path, &json!({ "text": "y" })).await.is_problem(403, "policy_denied");
        room.bob.delete(&path).await.is_problem(403, "policy_denied");
    }

    async fn a_write_tells_nothing_of_a_field_that_its_writer_does_not_see(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let own = rule("read", "author == auth.id", "secret");
        let liked = rule("update", "likes > 5", "secret");
        let all = rule("update", "", "text,room,likes,author,score,at,tags,meta,parent");
        for rule in [own, liked, all] {
            room.admin.post("/policies", &rule).await.is(201);
        }
        let body = json!({ "text": "x", "room": "lab", "author": room.ada.id, "secret": "k7f" });
        let id = room.admin.post("/records/messages", &body).await.is(201).json()["id"].as_str().unwrap().to_owned();
        let path = format!("/records/messages/{id}");

        let right = room.bob.patch(&path, &json!({ "secret": "k7f" })).await.is_problem(403, "policy_denied");
        let wrong = room.bob.patch(&path, &json!({ "secret": "zzz" })).await.is_problem(403, "policy_denied");
        assert_eq!(told(&right, "k7f"), told(&wrong, "zzz"));
        room.ada.patch(&path, &json!({ "secret": "k7f" })).await.is(200);
        let mut read = room.bob.get(&path).await.is(200).json();
        read["text"] = json!("y");
        assert_eq!(room.bob.put(&path, &read).await.is(200).json()["text"], "y");
        let stored = room.admin.get(&path).await.json();
        assert_eq!((&stored["text"], &stored["secret"]), (&json!("y"), &json!("k7f")));
    }

    async fn a_refused_delete_names_no_collection_that_may_not_be_known(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let hidden = json!({ "name": "vault", "schema": { "type": "object", "properties": {
            "guards": { "type": "string", "x-relation": { "collection": "messages", "onDelete": "restrict" } } } } });
        room.admin.post("/collections", &hidden).await.is(201);
        let id = Room::say(&room.ada, "x", "lab").await["id"].as_str().unwrap().to_owned();
        room.admin.post("/records/vault", &json!({ "guards": id })).await.is(201);

        let refused = room.ada.delete(&format!("/records/messages/{id}")).await.is_problem(409, "restricted");
        assert!(!refused.text().contains("vault") && !refused.text().contains("guards"), "{}", refused.text());
        let refused = room.admin.delete(&format!("/records/messages/{id}")).await.is_problem(409, "restricted");
        assert!(refused.text().contains("vault"));
    }

    async fn without_a_right_to_read_no_field_is_known(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let create = rule("create", "", "text,author");
        room.admin.put("/policies", &json!({ "items": [create] })).await.is(200);
        let write = async |name: &str| {
            let body = json!({ "text": "x", "author": room.bob.id, name: "v" });
            room.bob.post("/records/messages", &body).await.is_problem(422, "validation_failed")
        };
        assert_eq!(told(&write("secret").await, "secret"), told(&write("zzzzzz").await, "zzzzzz"));
    }
}
