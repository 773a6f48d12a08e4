//! Names and schemas that reach further than a name and a schema should.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::harness::{Database, Person, Server, on_both};

fn definition(name: &str, properties: &Json) -> Json {
    json!({ "name": name, "schema": { "type": "object", "properties": properties } })
}

fn relation(to: &str) -> Json {
    json!({ "type": "string", "x-relation": { "collection": to } })
}

async fn change(admin: &Person, name: &str, properties: &Json) -> crate::harness::Answer {
    let body = json!({ "schema": { "type": "object", "properties": properties } });
    admin.patch(&format!("/collections/{name}?allowDestructive=true"), &body).await
}

async fn allow(admin: &Person, object: &str, condition: &str, fields: &str) {
    let rule =
        json!({ "subject": "role:user", "object": object, "action": "read", "condition": condition, "fields": fields });
    admin.post("/policies", &rule).await.is(201);
}

on_both! {
    /// A grant ends with the field that it names.
    async fn a_field_that_comes_back_does_not_bring_its_grants_along(database: Database) {
        let server = Server::start(&database).await;
        let (admin, ada) = (server.admin().await, server.register("ada").await);
        let text = json!({ "type": "string" });
        let whole = json!({ "owner": relation("users"), "text": text, "more": text });
        admin.post("/collections", &definition("notes", &whole)).await.is(201);
        allow(&admin, "notes", "owner == auth.id", "text,owner").await;
        admin.post("/records/notes", &json!({ "owner": ada.id, "text": "mine" })).await.is(201);
        assert!(ada.get("/records/notes").await.is(200).text().contains("mine"));

        change(&admin, "notes", &json!({ "text": text, "more": text })).await.is(200);
        ada.get("/records/notes").await.is_problem(404, "not_found");
        let back = change(&admin, "notes", &whole).await.is_problem(409, "conflict");
        assert!(back.json()["detail"].as_str().unwrap().contains("change or delete the rule"), "{}", back.text());
        let renamed = json!({ "text": text, "owner": { "type": "string", "x-renamed-from": "more" } });
        change(&admin, "notes", &renamed).await.is_problem(409, "conflict");
        ada.get("/records/notes").await.is_problem(404, "not_found");

        let rules = admin.get("/policies").await.json()["items"].clone();
        let rule = rules.as_array().unwrap().iter().find(|rule| rule["object"] == "notes").expect("it is still there");
        admin.delete(&format!("/policies/{}", rule["id"].as_str().unwrap())).await.is(204);
        change(&admin, "notes", &whole).await.is(200);
        ada.get("/records/notes").await.is_problem(404, "not_found");
    }

    /// Nor is a field shown that has the name of one that a grant listed, and nor does a grant follow a relation
    /// to another place.
    async fn a_grant_does_not_move_with_names(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let (text, owner) = (json!({ "type": "string" }), json!({ "owner": relation("users") }));
        for name in ["teams", "rooms"] {
            admin.post("/collections", &definition(name, &owner)).await.is(201);
        }
        let whole = json!({ "a": text, "b": text, "of": relation("teams") });
        admin.post("/collections", &definition("notes", &whole)).await.is(201);
        allow(&admin, "notes", "", "a,b").await;
        change(&admin, "notes", &json!({ "b": text, "of": relation("teams") })).await.is(200);
        change(&admin, "notes", &whole).await.is_problem(409, "conflict");

        allow(&admin, "notes", "of.owner == auth.id", "").await;
        change(&admin, "notes", &json!({ "b": text, "of": relation("rooms") })).await.is_problem(409, "conflict");
        // What has nothing to do with the rules is free to change.
        change(&admin, "notes", &json!({ "b": text, "of": relation("teams"), "c": text })).await.is(200);
        // A condition that leads into another collection counts as well.
        change(&admin, "teams", &json!({})).await.is(200);
        change(&admin, "teams", &owner).await.is_problem(409, "conflict");
    }

    /// A name is a name, or is refused.
    async fn hostile_names_are_refused_and_leave_nothing(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let before = tables(&database);
        let long = "x".repeat(64);
        for name in [
            "a\"b", "a;b", "a--b", "a'b", "a b", "a\u{0}b", "a`b", "a]b", "a.b", "a/b", "a%b", "é", "а", "a\u{202e}", "A", "_a", "1a", "",
            "users", "Users", "sqlite_master", "pg_class", "_changes", "*", "sys:users", &long,
        ] {
            let properties = json!({ "x": { "type": "string" } });
            let status = admin.post("/collections", &definition(name, &properties)).await.status;
            let may_be_made = ["pg_class", "sqlite_master"].contains(&name);
            assert!([409, 422].contains(&status) || may_be_made && status == 201, "{name:?}: {status}");
            if ["users", "Users", "sqlite_master", "pg_class"].contains(&name) {
                continue;
            }
            let field = definition("fields", &json!({ name: { "type": "string" } }));
            admin.post("/collections", &field).await.is_problem(422, "validation_failed");
            let renamed = definition("fields", &json!({ "x": { "type": "string", "x-renamed-from": name } }));
            admin.post("/collections", &renamed).await.is_problem(422, "validation_failed");
            let mut index = definition("fields", &properties);
            index["indexes"] = json!([{ "fields": [format!("-{name}")] }]);
            admin.post("/collections", &index).await.is_problem(422, "validation_failed");
        }
        let made = ["pg_class", "sqlite_master"];
        for name in made {
            // It is in nobody's way if it was made.
            admin.delete(&format!("/collections/{name}?allowDestructive=true")).await;
        }
        assert_eq!(tables(&database), before);
    }

    /// Names that Postgres would cut at 63 bytes do not meet; quoted values stay values.
    async fn long_names_and_hostile_defaults_are_kept_apart(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let (first, second) = (format!("{}a", "x".repeat(62)), format!("{}b", "x".repeat(62)));
        let hostile = "'); drop table users; -- \" \\ $1 ?1 {{7*7}} \u{1}";
        let text = json!({ "type": "string", "x-unique": true, "default": hostile });
        for name in [&first, &second] {
            let mut whole = definition(name, &json!({ &first: text, &second: { "type": "integer" } }));
            whole["indexes"] = json!([{ "fields": [&first, &second] }, { "fields": [&second, &first] }]);
            admin.post("/collections", &whole).await.is(201);
        }
        for name in [&first, &second] {
            let made = admin.post(&format!("/records/{name}"), &json!({ &second: 1 })).await.is(201).json();
            assert_eq!(made[&first], hostile);
            let filter = json!({ "filter": format!("{first} == params.a && {second} == 1"), "params": { "a": hostile } });
            let found = admin.post(&format!("/records/{name}/query"), &filter).await.is(200).json();
            assert_eq!(found["items"].as_array().unwrap().len(), 1);
        }
        admin.get("/users").await.is(200);
    }

    /// A schema fetches nothing, and no record takes long to be checked.
    async fn a_schema_is_refused_or_cheap(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        trap.set_nonblocking(true).unwrap();
        let there = trap.local_addr().unwrap();
        let mut bomb = serde_json::Map::from_iter([("l0".to_owned(), json!({ "type": "string" }))]);
        for n in 1..40 {
            let below = json!({ "$ref": format!("#/$defs/l{}", n - 1) });
            bomb.insert(format!("l{n}"), json!({ "allOf": [below, below] }));
        }
        let many: Vec<_> = (0..100_000).map(|n| format!("v{n}")).collect();
        let begin = Instant::now();
        for field in [
            json!({ "$ref": format!("http://{there}/x.json") }),
            json!({ "$dynamicRef": format!("http://{there}/x.json") }),
            json!({ "$schema": format!("http://{there}/x.json"), "type": "string" }),
            json!({ "$id": format!("http://{there}/x.json"), "$ref": "y.json" }),
            json!({ "$ref": "file:///etc/passwd" }),
            json!({ "$ref": "#" }),
            json!({ "$ref": "#/properties/a" }),
            json!({ "type": "string", "pattern": "(a{1000}){1000}" }),
            json!({ "type": "string", "pattern": "(?=a)b" }),
            json!({ "type": "string", "pattern": "(a)\\1" }),
            json!({ "enum": many }),
        ] {
            let refused = admin.post("/collections", &definition("c", &json!({ "a": field }))).await;
            assert_eq!(refused.status, 422, "{}", refused.text());
        }
        let mut explosive = definition("c", &json!({ "a": { "$ref": "#/$defs/l39" } }));
        explosive["schema"]["$defs"] = Json::Object(bomb);
        admin.post("/collections", &explosive).await.is_problem(422, "validation_failed");
        let slow = definition("slow", &json!({ "a": { "type": "string", "pattern": "^(a+)+$" } }));
        admin.post("/collections", &slow).await.is(201);
        let value = json!({ "a": "a".repeat(200_000) + "!" });
        admin.post("/records/slow", &value).await.is_problem(422, "validation_failed");
        let filter = json!({ "filter": "a.matches(\"^(a+)+$\")" });
        admin.post("/records/slow/query", &filter).await.is(200);
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
        assert!(trap.accept().is_err(), "something was fetched");
    }
}

/// The lines of the dump that say what tables and indexes there are.
fn tables(database: &Database) -> Vec<String> {
    let dump = database.dump();
    let mut words: Vec<_> = dump
        .split_whitespace()
        .filter(|word| word.starts_with("public.") || word.starts_with('_'))
        .map(str::to_owned)
        .collect();
    words.sort();
    words.dedup();
    words
}
