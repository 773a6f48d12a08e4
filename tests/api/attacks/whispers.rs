//! A refused write tells its writer nothing of fields and records that they may not see.

use serde_json::{Value as Json, json};

use crate::fixture::rule;
use crate::harness::{Answer, Database, PASSWORD, Person, Server, on_both};

/// The fields of `messages` that everybody signed in may see and set.
const KNOWN: &str = "text,room";

/// `messages` with a unique field that people know, one that they can set unseen, and one that they know nothing of.
async fn furnish(server: &Server) -> (Person, Person) {
    let admin = server.admin().await;
    let text = json!({ "type": "string" });
    let unique = json!({ "type": "string", "x-unique": true });
    let definition = json!({
        "name": "messages",
        "schema": { "type": "object", "properties": {
            "text": unique, "room": text, "ticket": unique,
            "vault": { "type": "string", "x-unique": true, "default": "k7f" },
        } },
        "indexes": [{ "fields": ["room", "vault"], "unique": true }],
    });
    admin.post("/collections", &definition).await.is(201);
    let writable = format!("{KNOWN},ticket");
    for rule in [rule("read", "", KNOWN), rule("create", "", &writable), rule("update", "", &writable)] {
        admin.post("/policies", &rule).await.is(201);
    }
    (admin, server.register("ada").await)
}

/// The same record, made in each way that there is.
async fn each_way(who: &Person, record: &Json, stored: &str) -> Vec<Answer> {
    let id = uuid::Uuid::now_v7();
    let create = json!([{ "method": "create", "collection": "messages", "data": record }]);
    let update = json!([{ "method": "update", "collection": "messages", "id": stored, "data": record }]);
    vec![
        who.post("/records/messages", record).await,
        who.post("/records/messages", &json!([record])).await,
        who.put(&format!("/records/messages/{id}"), record).await,
        who.put(&format!("/records/messages/{stored}"), record).await,
        who.patch(&format!("/records/messages/{stored}"), record).await,
        who.post("/batch", &create).await,
        who.post("/batch", &update).await,
    ]
}

on_both! {
    /// That a value is taken can't be hidden from who writes it; which fields an index has can.
    async fn a_taken_value_names_no_field_that_its_writer_does_not_see(database: Database) {
        let server = Server::start(&database).await;
        let (admin, ada) = furnish(&server).await;
        let taken = json!({ "text": "a", "room": "r", "ticket": "t", "vault": "v" });
        admin.post("/records/messages", &taken).await.is(201);
        let own = admin.post("/records/messages", &json!({ "text": "b", "room": "s", "vault": "w" })).await.is(201).json();
        let stored = own["id"].as_str().unwrap();

        for answer in each_way(&ada, &json!({ "text": "c", "ticket": "t" }), stored).await {
            let answer = answer.is_problem(409, "conflict");
            assert!(!answer.text().contains("ticket"), "{}", answer.text());
        }
        for answer in each_way(&ada, &json!({ "text": "a", "ticket": "free" }), stored).await {
            let answer = answer.is_problem(409, "conflict");
            assert!(answer.pointers()[0].ends_with("/text"), "{}", answer.text());
        }
        for answer in each_way(&admin, &json!({ "text": "c", "ticket": "t", "vault": "x" }), stored).await {
            assert!(answer.is_problem(409, "conflict").pointers()[0].ends_with("/ticket"));
        }
        // The default of a field that Ada knows nothing of is taken by her first record.
        ada.post("/records/messages", &json!({ "text": "d", "room": "t" })).await.is(201);
        for room in ["t", "u"] {
            let answer = ada.post("/records/messages", &json!({ "text": "e", "room": room })).await.is_problem(409, "conflict");
            assert!(!answer.text().contains("vault") && answer.pointers().is_empty(), "{}", answer.text());
        }
    }

    async fn a_taken_value_of_an_account_names_no_field_that_it_would_not_see(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let mut definition = admin.get("/collections/users").await.is(200).json();
        // The administrator has the default, and nobody else can.
        definition["schema"]["properties"]["badge"] = json!({ "type": "string", "x-unique": true, "default": "none" });
        admin.patch("/collections/users", &json!({ "schema": definition["schema"] })).await.is(200);
        let read = json!({ "subject": "role:user", "object": "users", "action": "read", "condition": "id == auth.id", "fields": "email" });
        admin.put("/policies", &json!({ "items": [read] })).await.is(200);

        let body = json!({ "email": "bob@plinth.test", "password": PASSWORD });
        let refused = server.anonymous().post("/auth/register", &body).await.is_problem(409, "conflict");

        assert!(!refused.text().contains("badge"), "{}", refused.text());
    }

    /// Whoever registers learns of no field of accounts that an account would not see of itself.
    async fn a_registration_takes_a_hidden_field_for_an_unknown_one(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let mut definition = admin.get("/collections/users").await.is(200).json();
        for name in ["nick", "badge"] {
            definition["schema"]["properties"][name] = json!({ "type": "string" });
        }
        admin.patch("/collections/users", &json!({ "schema": definition["schema"] })).await.is(200);
        let rule = |action: &str, fields: &str| json!({ "subject": "role:user", "object": "users", "action": action, "condition": "id == auth.id", "fields": fields });
        admin.put("/policies", &json!({ "items": [rule("read", "email"), rule("update", "nick")] })).await.is(200);
        let register = async |name: &str, value: Json| {
            let mut body = json!({ "email": format!("{}@plinth.test", uuid::Uuid::now_v7()), "password": PASSWORD });
            body[name] = value;
            server.anonymous().post("/auth/register", &body).await
        };
        let refused = async |name: &str, value: Json| {
            let answer = register(name, value).await.is_problem(422, "validation_failed");
            unnumbered(&answer).to_string().replace(name, "NAME")
        };

        assert_eq!(refused("badge", json!("x")).await, refused("zzzzz", json!("x")).await);
        assert_eq!(refused("badge", json!(1)).await, refused("zzzzz", json!(1)).await);
        assert_eq!(refused("badg", json!("x")).await, refused("zzzz", json!("x")).await);
        register("nick", json!("ada")).await.is(201);

        definition["schema"]["required"] = json!(["email", "badge"]);
        admin.patch("/collections/users?allowDestructive=true", &json!({ "schema": definition["schema"] })).await;
        let users = admin.get("/users").await.is(200).json();
        for user in users["items"].as_array().unwrap() {
            admin.patch(&format!("/users/{}", user["id"].as_str().unwrap()), &json!({ "badge": "b" })).await.is(200);
        }
        admin.patch("/collections/users", &json!({ "schema": definition["schema"] })).await.is(200);
        let answer = register("nick", json!("bob")).await.is_problem(403, "policy_denied");
        assert!(!answer.text().contains("badge"), "{}", answer.text());
    }

    /// What a record must have and its writer may not know of is a refusal, not a name.
    async fn a_required_field_is_not_named_to_who_may_not_know_of_it(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let text = json!({ "type": "string" });
        let schema = json!({ "type": "object", "required": ["text", "vault"], "properties": { "text": text, "room": text, "vault": text } });
        admin.post("/collections", &json!({ "name": "messages", "schema": schema })).await.is(201);
        for rule in [rule("read", "", KNOWN), rule("create", "", KNOWN)] {
            admin.post("/policies", &rule).await.is(201);
        }
        let ada = server.register("ada").await;
        let stored = admin.post("/records/messages", &json!({ "text": "x", "vault": "k7f" })).await.is(201).json();

        let create = json!([{ "method": "create", "collection": "messages", "data": { "text": "x" } }]);
        for answer in [
            ada.post("/records/messages", &json!({ "text": "x" })).await,
            ada.post("/records/messages", &json!([{ "text": "x" }])).await,
            ada.put(&format!("/records/messages/{}", uuid::Uuid::now_v7()), &json!({ "text": "x" })).await,
            ada.post("/batch", &create).await,
        ] {
            let answer = answer.is_problem(403, "policy_denied");
            assert!(!answer.text().contains("vault"), "{}", answer.text());
        }
        let missing = ada.post("/records/messages", &json!({ "room": "r" })).await.is_problem(422, "validation_failed");
        assert_eq!(missing.pointers(), ["/text"]);
        assert_eq!(admin.get("/records/messages?count=exact").await.json()["total"], 1, "{stored}");
    }

    /// The description of the API tells of what its reader sees, and of nothing that only the rest needs.
    async fn the_description_tells_of_no_field_that_its_reader_does_not_see(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let relation = |collection: &str| json!({ "type": "string", "x-relation": { "collection": collection } });
        admin.post("/collections", &json!({ "name": "vaults", "schema": { "type": "object", "properties": {} } })).await.is(201);
        let schema = json!({
            "type": "object",
            "required": ["text", "hidden"],
            "properties": {
                "text": { "$ref": "#/$defs/line" },
                "room": { "$ref": "#/properties/hidden", "examples": [{ "$ref": "#/$defs/line" }] },
                "of": relation("vaults"),
                "parent": relation("messages"),
                "hidden": { "$ref": "#/$defs/rank" },
                "vault": relation("vaults"),
            },
            "$defs": { "line": { "type": "string", "maxLength": 80 }, "rank": { "enum": ["low", "high"] }, "unused": { "const": "k7f" } },
        });
        admin.post("/collections", &json!({ "name": "messages", "schema": schema })).await.is(201);
        let seen = "text,of,parent";
        for rule in [rule("read", "", seen), rule("create", "", seen), rule("update", "", seen)] {
            admin.post("/policies", &rule).await.is(201);
        }
        let ada = server.register("ada").await;

        let told = ada.get("/openapi.json").await.is(200).json();

        let text = told.to_string();
        for word in ["hidden", "vault", "rank", "unused", "k7f", "\"high\""] {
            assert!(!text.contains(word), "{word}");
        }
        let schemas = &told["components"]["schemas"];
        assert_eq!(schemas["messagesCreate"]["required"], json!(["text"]));
        assert_eq!(schemas["messages"]["properties"]["parent"]["anyOf"][0]["x-relation"], json!({ "collection": "messages" }));
        assert_eq!(schemas["messages"]["$defs"], json!({ "line": { "type": "string", "maxLength": 80 } }));
        assert_references(&told);

        // Who may see a field that borrows from a hidden one learns what it may hold, and not whose it is.
        admin.post("/policies", &rule("create", "", "text,room")).await.is(201);
        let told = ada.get("/openapi.json").await.is(200).json();
        assert!(told.to_string().contains("\"high\"") && !told.to_string().contains("hidden"));
        assert_references(&told);
        assert_references(&admin.get("/openapi.json").await.is(200).json());
    }

    /// A rule that looks at the other end of a relation refuses a record that it hides as one that is not there.
    async fn a_rule_on_the_target_tells_a_hidden_one_from_none_to_nobody(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let rooms = json!({ "type": "object", "properties": { "open": { "type": "boolean" } } });
        let relation = |collection: &str| json!({ "type": "string", "x-relation": { "collection": collection } });
        let schema = json!({ "type": "object", "properties": { "text": { "type": "string" }, "room": relation("rooms"), "to": relation("users") } });
        admin.post("/collections", &json!({ "name": "rooms", "schema": rooms })).await.is(201);
        admin.post("/collections", &json!({ "name": "messages", "schema": schema })).await.is(201);
        let read = json!({ "subject": "role:user", "object": "rooms", "action": "read", "condition": "open == true", "fields": "" });
        for rule in [read, rule("read", "", ""), rule("create", "data.room.open == true", ""), rule("update", "data.room.open == true", "")] {
            admin.post("/policies", &rule).await.is(201);
        }
        let ada = server.register("ada").await;
        let room = async |open: bool| admin.post("/records/rooms", &json!({ "open": open })).await.is(201).json()["id"].clone();
        let (open, hidden, nothing) = (room(true).await, room(false).await, json!(uuid::Uuid::now_v7()));
        let own = ada.post("/records/messages", &json!({ "text": "x", "room": open })).await.is(201).json();

        let mut answers = Vec::new();
        for target in [&hidden, &nothing] {
            let body = json!({ "text": "x", "room": target });
            let told = each_way(&ada, &body, own["id"].as_str().unwrap()).await;
            answers.push(told.into_iter().map(|answer| unnumbered(&answer.is_problem(403, "policy_denied"))).collect::<Vec<_>>());
        }
        assert_eq!(answers[0], answers[1]);
        // Without such a rule a relation may lead to a record that its writer does not read: to another account, say.
        ada.post("/records/messages", &json!({ "room": open, "to": admin.id })).await.is(201);
        let missing = ada.post("/records/messages", &json!({ "room": open, "to": nothing })).await;
        assert_eq!(missing.is_problem(422, "validation_failed").pointers(), ["/to"]);
    }
}

/// A problem without the id of its request.
fn unnumbered(answer: &Answer) -> Json {
    let mut problem = answer.json();
    problem["requestId"] = json!(null);
    problem
}

/// Every reference leads to something.
fn assert_references(document: &Json) {
    let mut nodes = vec![document];
    while let Some(node) = nodes.pop() {
        match node {
            Json::Object(members) => {
                if let Some(Json::String(reference)) = members.get("$ref") {
                    assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
                }
                nodes.extend(members.iter().filter(|(name, _)| *name != "examples").map(|(_, node)| node));
            }
            Json::Array(items) => nodes.extend(items),
            _ => {}
        }
    }
}
