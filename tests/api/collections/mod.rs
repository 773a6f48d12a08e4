//! `/collections`: definitions made, changed and dropped while the server runs.

use serde_json::{Value as Json, json};

use crate::fixture::{Room, messages};
use crate::harness::{Database, Server, on_both};

fn definition(name: &str, properties: Json) -> Json {
    json!({ "name": name, "schema": { "type": "object", "properties": properties } })
}

on_both! {
    async fn a_bad_definition_is_refused_by_name(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let long = "x".repeat(200);
        for (body, pointer) in [
            (definition("posts", json!({ "id": { "type": "string" } })), "/schema/properties/id"),
            (definition("posts", json!({ "select": { "type": "string" } })), "/schema/properties/select"),
            (definition("posts", json!({ "select\"; drop": { "type": "string" } })), "/schema/properties/select\"; drop"),
            (definition("posts", json!({ long.as_str(): { "type": "string" } })), &format!("/schema/properties/{long}")),
            (definition("posts", json!({ "a": { "$ref": "http://127.0.0.1/x.json" } })), "/schema/properties/a/$ref"),
            (definition("posts", json!({ "a": { "type": "strin" } })), "/schema/properties/a/type"),
            (definition("posts", json!({ "a": { "type": "string", "x-relation": { "collection": "nothing" } } })), "/schema/properties/a"),
            (definition("Posts", json!({})), "/name"),
            (definition("_posts", json!({})), "/name"),
            (json!({ "name": "posts", "schema": { "type": "array" } }), "/schema/type"),
        ] {
            let refused = admin.post("/collections", &body).await.is_problem(422, "validation_failed");
            assert!(refused.pointers().iter().any(|found| found.starts_with(pointer)), "{body}: {}", refused.text());
        }
        let twins = definition("posts", json!({ "title": { "type": "string" }, "Title": { "type": "string" } }));
        admin.post("/collections", &twins).await.is_problem(422, "validation_failed");
        admin.post("/collections", &definition("users", json!({}))).await.is_problem(409, "conflict");
        admin.post("/collections", &definition("uSers", json!({}))).await.is(409);
        let names: Vec<Json> = admin.get("/collections").await.json()["items"].as_array().unwrap().iter().map(|c| c["name"].clone()).collect();
        assert_eq!(names, ["users"]);
        assert!(!database.dump().contains("drop"), "nothing of a refused definition is left");
    }

    async fn a_reserved_word_of_sql_is_a_name_like_any_other(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let fields = json!({ "group": { "type": "string" }, "from": { "type": "integer" }, "order": { "type": "boolean" } });
        admin.post("/collections", &definition("table", fields)).await.is(201);
        admin.post("/records/table", &json!({ "group": "x", "from": 1, "order": true })).await.is(201);
        let listed = admin.get("/records/table?filter=group==\"x\"%26%26from==1&sort=-order").await.is(200);
        assert_eq!(listed.json()["items"][0]["from"], 1);
    }

    async fn a_plan_counts_the_rows_that_stand_against_it(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        for text in ["short", "this one is rather long", "this one as well, it is"] {
            Room::say(&room.ada, text, "lab").await;
        }
        let mut schema = messages()["schema"].clone();
        schema["properties"]["text"]["maxLength"] = json!(10);
        let plan = room.admin.patch("/collections/messages?dryRun=true", &json!({ "schema": schema })).await.is(200).json();
        let step = &plan["plan"]["steps"][0];
        assert_eq!((&step["step"], &step["rows"], &step["failures"]["rows"]), (&json!("changeRules"), &json!(3), &json!(2)));
        assert_eq!(step["failures"]["sample"][0]["value"], "this one is rather long");
        assert_eq!(plan["plan"]["blocked"], true);
        room.admin.patch("/collections/messages", &json!({ "schema": schema })).await.is_problem(409, "plan_blocked");
        room.ada.post("/records/messages", &json!({ "text": "still as long as before", "author": room.ada.id })).await.is(201);
    }

    async fn a_renamed_field_keeps_its_data_and_a_new_one_takes_its_default(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        Room::say(&room.ada, "x", "lab").await;
        let mut definition = messages();
        let properties = definition["schema"]["properties"].as_object_mut().unwrap();
        properties.remove("text");
        properties.insert("body".into(), json!({ "type": "string", "x-renamed-from": "text" }));
        properties.insert("kind".into(), json!({ "enum": ["text", "image"], "default": "text" }));
        definition["schema"]["required"] = json!(["body", "author", "kind"]);
        let before = room.admin.get("/collections/messages").await.is(200);
        let stale = room.admin.request(reqwest::Method::PATCH, "/collections/messages").header("if-match", "\"old\"");
        room.admin.send(stale.json(&json!({ "schema": definition["schema"] }))).await.is_problem(412, "precondition_failed");
        let fresh = room.admin.request(reqwest::Method::PATCH, "/collections/messages").header("if-match", before.header("etag"));
        room.admin.send(fresh.json(&json!({ "schema": definition["schema"] }))).await.is(200);
        let record = room.admin.get("/records/messages").await.json()["items"][0].clone();
        assert_eq!((&record["body"], &record["kind"]), (&json!("x"), &json!("text")));
        let types = room.admin.get("/types/typescript").await.is(200).text();
        assert!(types.contains("body: string") && types.contains("\"text\" | \"image\""), "{types}");
    }

    async fn a_field_is_not_renamed_onto_one_that_is_there(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        Room::say(&room.ada, "x", "lab").await;
        let mut schema = messages()["schema"].clone();
        schema["properties"].as_object_mut().unwrap().remove("text");
        schema["properties"]["room"]["x-renamed-from"] = json!("text");
        schema["required"] = json!(["author"]);

        let refused = room.admin.patch("/collections/messages?allowDestructive=true", &json!({ "schema": schema })).await;
        let refused = refused.is_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), ["/schema/properties/room/x-renamed-from"]);
        assert_eq!(room.ada.get("/records/messages").await.json()["items"][0]["text"], "x");
        // In two steps it is what was meant, and what was done stays written in the schema.
        schema["properties"].as_object_mut().unwrap().remove("room");
        schema["properties"]["body"] = json!({ "type": "string", "x-renamed-from": "text" });
        room.admin.patch("/collections/messages?allowDestructive=true", &json!({ "schema": schema, "indexes": [] })).await.is(200);
        schema["properties"].as_object_mut().unwrap().remove("body");
        schema["properties"]["heading"] = json!({ "type": "string", "x-renamed-from": "body" });
        for _ in 0..2 {
            room.admin.patch("/collections/messages", &json!({ "schema": schema })).await.is(200);
        }
        assert_eq!(room.admin.get("/records/messages").await.json()["items"][0]["heading"], "x");
    }

    async fn a_plan_counts_the_values_that_would_be_lost(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        for (n, tags) in [json!(["a"]), json!([]), json!(null)].iter().enumerate() {
            let body = json!({ "text": n.to_string(), "room": "lab", "author": room.ada.id, "tags": tags });
            room.ada.post("/records/messages", &body).await.is(201);
        }
        let mut schema = messages()["schema"].clone();
        for name in ["tags", "score", "likes"] {
            schema["properties"].as_object_mut().unwrap().remove(name);
        }

        let plan = room.admin.patch("/collections/messages?dryRun=true", &json!({ "schema": schema })).await.is(200).json();

        let steps = plan["plan"]["steps"].as_array().unwrap().iter();
        let rows: Vec<(&str, u64)> = steps.map(|step| (step["field"].as_str().unwrap(), step["rows"].as_u64().unwrap())).collect();
        assert_eq!(rows, [("likes", 3), ("score", 0), ("tags", 2)]);
        assert_eq!(plan["plan"]["destructive"], true);
    }

    async fn a_renamed_field_keeps_its_index_and_opens_nothing(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        Room::say(&room.ada, "x", "lab").await;
        let mut schema = messages()["schema"].clone();
        let properties = schema["properties"].as_object_mut().unwrap();
        properties.remove("room");
        properties.insert("place".into(), json!({ "type": "string", "x-renamed-from": "room" }));

        let changed = room.admin.patch("/collections/messages", &json!({ "schema": schema })).await.is(200).json();

        assert_eq!(changed["indexes"], json!([{ "fields": ["place", "-createdAt"] }]));
        let seen = room.admin.get("/records/messages?filter=place==\"lab\"").await.is(200);
        assert_eq!(seen.json()["items"][0]["text"], "x");
        room.bob.get("/records/messages").await.is_problem(403, "policy_denied");
    }

    async fn a_rule_does_not_come_to_life_for_a_field_that_is_made_anew(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let with = messages()["schema"].clone();
        let mut without = with.clone();
        without["properties"].as_object_mut().unwrap().remove("room");
        let change = async |schema: &Json, query: &str| {
            room.admin.patch(&format!("/collections/messages?{query}"), &json!({ "schema": schema, "indexes": [] })).await
        };

        let plan = change(&without, "dryRun=true").await.is(200).json();
        let silenced = plan["plan"]["silenced"].as_array().unwrap().clone();
        let named: Vec<_> = silenced.iter().map(|one| one["rule"]["action"].as_str().unwrap()).collect();
        assert_eq!(named, ["read", "create", "update"]);
        assert!(silenced[0]["reason"].as_str().unwrap().contains("room"), "{silenced:?}");
        change(&without, "allowDestructive=true").await.is(200);

        let refused = change(&with, "dryRun=true").await.is_problem(409, "conflict");
        assert!(refused.text().contains("change or delete the rule first"), "{}", refused.text());
        change(&with, "").await.is_problem(409, "conflict");
        for rule in &silenced {
            room.admin.delete(&format!("/policies/{}", rule["rule"]["id"].as_str().unwrap())).await.is(204);
        }
        change(&with, "").await.is(200);
        room.bob.get("/records/messages").await.is_problem(403, "policy_denied");
    }

    async fn a_rule_does_not_go_on_under_a_relation_that_leads_elsewhere(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let open = json!({ "open": { "type": "boolean" } });
        admin.post("/collections", &definition("rooms", open.clone())).await.is(201);
        admin.post("/collections", &definition("halls", open)).await.is(201);
        let notes = |target: &str| definition("notes", json!({ "of": { "type": "string", "x-relation": { "collection": target } } }));
        admin.post("/collections", &notes("rooms")).await.is(201);
        let rule = json!({ "subject": "role:user", "object": "notes", "action": "read", "condition": "of.open" });
        let rule = admin.post("/policies", &rule).await.is(201).json()["id"].as_str().unwrap().to_owned();

        admin.patch("/collections/notes", &notes("halls")).await.is_problem(409, "conflict");

        admin.patch(&format!("/policies/{rule}"), &json!({ "condition": "of == null" })).await.is(200);
        admin.patch("/collections/notes", &notes("halls")).await.is(200);
    }

    async fn a_collection_under_another_name_takes_rules_and_relations_along(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        Room::say(&room.ada, "x", "lab").await;
        let likes = definition("likes", json!({ "of": { "type": "string", "x-relation": { "collection": "messages" } } }));
        room.admin.post("/collections", &likes).await.is(201);
        let mut renamed = messages();
        renamed["name"] = json!("posts");
        renamed["schema"]["properties"]["parent"]["x-relation"]["collection"] = json!("posts");
        room.admin.patch("/collections/messages", &renamed).await.is(200);
        assert_eq!(room.bob.get("/records/posts").await.is(200).json()["items"][0]["text"], "x");
        room.bob.get("/records/messages").await.is_problem(404, "not_found");
        let likes = room.admin.get("/collections/likes").await.is(200).json();
        assert_eq!(likes["schema"]["properties"]["of"]["x-relation"]["collection"], "posts");
        room.admin.delete("/collections/posts?allowDestructive=true").await.is_problem(409, "conflict");
    }

    async fn the_accounts_keep_what_is_the_servers(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let users = admin.get("/collections/users").await.json()["schema"].clone();
        let mut more = users.clone();
        more["properties"]["team"] = json!({ "type": "string" });
        admin.patch("/collections/users", &json!({ "schema": more })).await.is(200);
        let mut less = users;
        less["properties"].as_object_mut().unwrap().remove("email");
        admin.patch("/collections/users?allowDestructive=true", &json!({ "schema": less })).await.is_problem(409, "conflict");
        admin.delete("/collections/users?allowDestructive=true").await.is_problem(409, "conflict");
        let ada = server.register("ada").await;
        let own = format!("/records/users/{}", ada.id);
        ada.patch(&own, &json!({ "team": "red" })).await.is(200);
        ada.patch(&own, &json!({ "verified": true })).await.is_problem(422, "validation_failed");
        ada.patch(&own, &json!({ "email": "x@y.zz" })).await.is_problem(422, "validation_failed");
        ada.post("/records/users", &json!({ "email": "x@y.zz" })).await.is(403);
        assert_eq!(ada.get("/records/users").await.json()["items"].as_array().unwrap().len(), 1);
    }
}
