//! Who may read and write which rows and which fields of them.

use serde_json::json;

use crate::fixture::{Room, rule, texts};
use crate::harness::{Database, Server, on_both};

on_both! {
    async fn without_a_rule_there_is_nothing(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let schema = json!({ "name": "vault", "schema": { "type": "object", "properties": { "x": { "type": "string" } } } });
        admin.post("/collections", &schema).await.is(201);
        let id = admin.post("/records/vault", &json!({ "x": "gold" })).await.is(201).json()["id"].as_str().unwrap().to_owned();
        let ada = server.register("ada").await;

        for who in [&ada, &server.anonymous()] {
            let absent = who.get("/records/nothing").await.is_problem(404, "not_found");
            let hidden = who.get("/records/vault").await.is_problem(404, "not_found");
            let told = |answer: &crate::harness::Answer| {
                let mut problem = answer.json();
                problem["requestId"] = json!(null);
                problem
            };
            assert_eq!(told(&absent), told(&hidden));
            who.get(&format!("/records/vault/{id}")).await.is_problem(404, "not_found");
            who.post("/records/vault", &json!({ "x": "y" })).await.is_problem(404, "not_found");
            who.patch(&format!("/records/vault/{id}"), &json!({ "x": "y" })).await.is_problem(404, "not_found");
            who.delete(&format!("/records/vault/{id}")).await.is_problem(404, "not_found");
        }
        assert_eq!(admin.get(&format!("/records/vault/{id}")).await.json()["x"], "gold");
    }

    async fn the_rules_of_the_room_hold_on_both_sides_of_a_write(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let open = Room::say(&room.ada, "open", "lab").await;
        let private = Room::say(&room.ada, "private", "home").await;
        let path = |record: &serde_json::Value| format!("/records/messages/{}", record["id"].as_str().unwrap());

        assert_eq!(texts(&room.bob.get("/records/messages").await.is(200)), ["open"]);
        assert_eq!(texts(&room.ada.get("/records/messages").await.is(200)), ["open", "private"]);
        room.bob.get(&path(&private)).await.is_problem(404, "not_found");
        room.bob.patch(&path(&private), &json!({ "text": "x" })).await.is_problem(404, "not_found");
        room.bob.delete(&path(&private)).await.is_problem(404, "not_found");
        room.bob.patch(&path(&open), &json!({ "text": "x" })).await.is_problem(403, "policy_denied");
        room.bob.delete(&path(&open)).await.is_problem(403, "policy_denied");
        let foreign = json!({ "text": "x", "room": "lab", "author": room.ada.id });
        room.bob.post("/records/messages", &foreign).await.is_problem(403, "policy_denied");
        room.ada.patch(&path(&open), &json!({ "author": room.bob.id })).await.is_problem(403, "policy_denied");
        room.ada.patch(&path(&open), &json!({ "text": "new", "author": room.ada.id })).await.is(200);
        let batch = json!([{ "method": "update", "collection": "messages", "id": open["id"], "data": { "text": "x" } }]);
        room.bob.post("/batch", &batch).await.is_problem(403, "policy_denied");
        room.bob.put(&path(&open), &foreign).await.is_problem(403, "policy_denied");
        assert_eq!(room.admin.get(&path(&open)).await.json()["text"], "new");
    }

    async fn a_deny_rule_wins_and_an_error_in_it_denies(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        for (text, score) in [("fine", json!(1.0)), ("bad", json!(-1.0)), ("unknown", json!(null))] {
            let body = json!({ "text": text, "room": "lab", "author": room.ada.id, "score": score });
            room.ada.post("/records/messages", &body).await.is(201);
        }
        let mut deny = rule("read", "score < 0.0", "");
        deny["effect"] = json!("deny");
        room.admin.post("/policies", &deny).await.is(201);
        assert_eq!(texts(&room.bob.get("/records/messages").await.is(200)), ["fine"]);
    }

    async fn a_field_shows_on_the_rows_that_its_rule_names(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        for who in [&room.ada, &room.bob] {
            let body = json!({ "text": "x", "room": "lab", "author": who.id, "secret": format!("of {}", who.id) });
            room.admin.post("/records/messages", &body).await.is(201);
        }
        room.admin.post("/policies", &rule("read", "author == auth.id", "secret")).await.is(201);

        let listed = room.ada.get("/records/messages?sort=createdAt").await.is(200).json();
        assert_eq!(listed["items"][0]["secret"], format!("of {}", room.ada.id));
        assert!(listed["items"][1]["secret"].is_null(), "{listed}");
        let ask = async |filter: &str| {
            room.ada.post("/records/messages/query", &json!({ "filter": filter, "count": "exact" })).await.is(200).json()["total"].clone()
        };
        assert_eq!(ask("secret.startsWith(\"of\")").await, 1);
        assert_eq!(ask("secret != null").await, 1);
        assert_eq!(ask("secret == null").await, 1);
        let sorted = room.ada.get("/records/messages?sort=secret&fields=secret").await.is(200).json();
        assert!(sorted["items"][0]["secret"].is_null());
    }

    async fn a_condition_may_reach_over_relations(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let members = json!({ "name": "members", "schema": { "type": "object", "required": ["room", "user"], "properties": {
            "room": { "type": "string" }, "user": { "type": "string", "x-relation": { "collection": "users", "onDelete": "cascade" } } } } });
        room.admin.post("/collections", &members).await.is(201);
        let users = json!({ "object": "messages", "subject": "role:user", "action": "create",
            "condition": "data.author.members_via_user.exists(m, m.room == data.room)" });
        room.admin.post("/policies", &users).await.is(201);
        let body = json!({ "text": "for ada", "room": "club", "author": room.ada.id });
        room.bob.post("/records/messages", &body).await.is_problem(403, "policy_denied");
        room.admin.post("/records/members", &json!({ "room": "club", "user": room.ada.id })).await.is(201);
        room.bob.post("/records/messages", &body).await.is(201);
    }

    async fn a_filter_follows_a_relation_to_a_field_that_shows_on_some_rows(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        // Of the first condition nothing is left for who is signed in; the second hides `likes` on some rows.
        let rules = [rule("read", "!auth.anonymous", "text,parent"), rule("read", "room == \"lab\"", "")];
        room.admin.put("/policies", &json!({ "items": rules })).await.is(200);
        let add = async |body: serde_json::Value| {
            let mut body = body;
            (body["text"], body["author"]) = (json!("x"), json!(room.ada.id));
            room.admin.post("/records/messages", &body).await.is(201).json()["id"].clone()
        };
        for place in ["lab", "home"] {
            let parent = add(json!({ "room": place, "likes": 5 })).await;
            add(json!({ "parent": parent, "room": "hall" })).await;
        }
        let ask = async |filter: &str| {
            room.bob.post("/records/messages/query", &json!({ "filter": filter, "count": "exact" })).await.is(200).json()["total"].clone()
        };
        assert_eq!(ask("parent.likes == 5").await, 1);
        assert_eq!(ask("parent.likes == null").await, 1);
        assert_eq!(ask("messages_via_parent.exists(m, m.parent.likes == 5)").await, 1);
    }
}
