//! The moment at which a definition changes: what was begun before it, and what it leaves for a namesake.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value as Json, json};

use crate::harness::{Answer, Database, Person, Server, on_both, until};
use crate::realtime::socket::Socket;

fn definition(name: &str, properties: &Json) -> Json {
    json!({ "name": name, "schema": { "type": "object", "properties": properties } })
}

fn text() -> Json {
    json!({ "type": "string" })
}

fn relation(to: &str) -> Json {
    json!({ "type": "string", "x-relation": { "collection": to } })
}

/// What somebody was answered who wrote in every way until told to stop.
async fn keep_writing(person: Person, path: String, stop: Arc<AtomicBool>) -> Vec<Answer> {
    let record = json!({ "t": "x" });
    // What takes long to check: the definition changes meanwhile.
    let many = Json::Array(vec![json!({ "t": "x".repeat(500) }); 200]);
    let batch = json!([
        { "method": "create", "collection": "notes", "data": record },
        { "method": "create", "collection": "others", "data": record },
    ]);
    let mut answers = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        answers.push(person.post("/records/notes", &many).await);
        answers.push(person.post("/records/notes", &record).await);
        answers.push(person.patch(&path, &json!({ "t": "y" })).await);
        answers.push(person.put(&path, &record).await);
        answers.push(person.post("/batch", &batch).await);
    }
    answers
}

/// What somebody was answered who wrote and read until told to stop.
async fn keep_asking(person: Person, stop: Arc<AtomicBool>) -> Vec<Answer> {
    let mut answers = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        answers.push(person.post("/records/notes", &json!({ "t": "y" })).await);
        answers.push(person.get("/records/notes?limit=1").await);
    }
    answers
}

/// Adds required fields to a collection, one after the other, while others write to it: no record lacks one.
async fn add_fields_while_others_write(admin: &Person, writers: Vec<Person>) {
    for name in ["notes", "others"] {
        admin.post("/collections", &definition(name, &json!({ "t": text() }))).await.is(201);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let first = admin.post("/records/notes", &json!({ "t": "x" })).await.is(201).json();
    let path = format!("/records/notes/{}", first["id"].as_str().expect("it was made"));
    for person in &writers {
        // Another node learns of the collections a little later.
        until("every node knows them", async || person.get("/records/others").await.status == 200).await;
    }
    let writing: Vec<_> =
        writers.into_iter().map(|person| tokio::spawn(keep_writing(person, path.clone(), stop.clone()))).collect();
    let (mut properties, mut required) = (Map::from_iter([("t".to_owned(), text())]), Vec::new());
    for n in 0..6 {
        properties.insert(format!("f{n}"), json!({ "type": "string", "default": "from the start" }));
        required.push(format!("f{n}"));
        let schema = json!({ "type": "object", "required": required, "properties": properties });
        admin.patch("/collections/notes", &json!({ "schema": schema })).await.is(200);
    }
    stop.store(true, Ordering::Relaxed);
    for writing in writing {
        for answer in writing.await.expect("it wrote") {
            let waits = answer.status == 503 && answer.header("retry-after") == "1";
            assert!([200, 201].contains(&answer.status) || waits, "{}: {}", answer.status, answer.text());
        }
    }
    // Read record by record: a filter may take a required field for set.
    let mut page = String::new();
    loop {
        let found = admin.get(&format!("/records/notes?limit=500{page}")).await.is(200).json();
        for record in found["items"].as_array().expect("items") {
            assert!(required.iter().all(|name| record[name] == "from the start"), "{record}");
        }
        let Some(next) = found["nextCursor"].as_str() else { break };
        page = format!("&cursor={next}");
    }
}

on_both! {
    /// Whatever a write was checked by when it began.
    async fn no_record_breaks_the_definition_in_force(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        add_fields_while_others_write(&admin, (0..4).map(|_| admin.on_its_own()).collect()).await;
    }

    /// Its records are gone, and so are the changes that told of them.
    async fn a_collection_tells_nothing_of_a_namesake_that_was_dropped(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let staff = definition("staff", &json!({ "text": text() }));
        let subscribe = json!({ "op": "subscribe", "sub": "s", "collection": "staff" });
        let mut socket = Socket::of(&server, &admin).await;
        admin.post("/collections", &staff).await.is(201);
        socket.subscribe(subscribe.clone()).await;
        admin.post("/records/staff", &json!({ "text": "nobody knows" })).await.is(201);
        let cursor = socket.expect("change").await["cursor"].clone();
        admin.post("/records/staff", &json!({ "text": "this either" })).await.is(201);
        admin.delete("/collections/staff?allowDestructive=true").await.is(204);

        for kind in ["string", "integer", "string"] {
            admin.post("/collections", &definition("staff", &json!({ "text": { "type": kind } }))).await.is(201);
            admin.post("/policies", &json!({ "subject": "role:public", "object": "staff", "action": "read" })).await.is(201);
            let mut sockets = [Socket::of(&server, &admin).await, Socket::open(&server).await];
            for socket in &mut sockets {
                let mut since = subscribe.clone();
                since["since"] = cursor.clone();
                socket.say(since).await;
                let reset = socket.expect("reset").await;
                assert_eq!(reset["reason"], "schema", "{reset}");
                socket.subscribe(subscribe.clone()).await;
            }
            let value = if kind == "string" { json!("new") } else { json!(1) };
            admin.post("/records/staff", &json!({ "text": value })).await.is(201);
            for socket in &mut sockets {
                assert_eq!(socket.expect("change").await["record"]["text"], value);
            }
            admin.delete("/collections/staff?allowDestructive=true").await.is(204);
        }
    }

    /// Not even that there is a field which the caller does not see.
    async fn nobody_is_told_what_the_database_says(database: Database) {
        let server = Server::start(&database).await;
        let (admin, bob) = (server.admin().await, server.register("bob").await);
        admin.post("/collections", &definition("notes", &json!({ "t": text(), "hidden": text() }))).await.is(201);
        let rule = json!({ "subject": "role:user", "object": "notes", "action": "*", "fields": "t" });
        admin.post("/policies", &rule).await.is(201);
        admin.post("/records/notes", &json!({ "t": "x" })).await.is(201);
        let stop = Arc::new(AtomicBool::new(false));
        let asking: Vec<_> = (0..4).map(|_| tokio::spawn(keep_asking(bob.on_its_own(), stop.clone()))).collect();

        let mut name = "hidden".to_owned();
        for n in 0..8 {
            let next = format!("hidden{n}");
            let renamed = json!({ "t": text(), &next: { "type": "string", "x-renamed-from": name } });
            let schema = json!({ "schema": { "type": "object", "properties": renamed } });
            admin.patch("/collections/notes", &schema).await.is(200);
            name = next;
        }
        stop.store(true, Ordering::Relaxed);

        for answer in asking {
            for answer in answer.await.expect("it asked") {
                let text = answer.text();
                assert!([200, 201, 503].contains(&answer.status), "{}: {text}", answer.status);
                assert!(!text.contains("hidden") && !text.contains("column") && !text.contains("select"), "{text}");
            }
        }
    }

    /// A name that is denied is denied under its next name, or keeps it.
    async fn no_new_name_takes_a_field_from_a_rule_that_denies_it(database: Database) {
        let server = Server::start(&database).await;
        let (admin, bob) = (server.admin().await, server.register("bob").await);
        admin.post("/collections", &definition("notes", &json!({ "t": text(), "secret": text() }))).await.is(201);
        admin.post("/policies", &json!({ "subject": "role:user", "object": "notes", "action": "read" })).await.is(201);
        let deny = json!({ "subject": "role:user", "object": "*", "action": "read", "fields": "secret", "effect": "deny" });
        let deny = admin.post("/policies", &deny).await.is(201).json()["id"].as_str().unwrap().to_owned();
        admin.post("/records/notes", &json!({ "t": "x", "secret": "k7f" })).await.is(201);
        let schema = |properties: Json| json!({ "schema": { "type": "object", "properties": properties } });

        // A name that changes its case only is another name as well, said or not.
        let renamed = json!({ "type": "string", "x-renamed-from": "secret" });
        for (name, field) in [("other", renamed.clone()), ("secreT", text())] {
            for query in ["", "?dryRun=true&allowDestructive=true"] {
                let path = format!("/collections/notes{query}");
                let refused = admin.patch(&path, &schema(json!({ "t": text(), name: field }))).await;
                let detail = refused.is_problem(409, "conflict").json()["detail"].as_str().unwrap().to_owned();
                assert!(detail.contains(&deny) && detail.contains("change or delete the rule first"), "{detail}");
            }
        }
        assert!(!bob.get("/records/notes").await.is(200).text().contains("k7f"));

        // What the rule does not name is free, and without the rule all is.
        let title = json!({ "title": { "type": "string", "x-renamed-from": "t" }, "secret": text() });
        admin.patch("/collections/notes", &schema(title)).await.is(200);
        admin.delete(&format!("/policies/{deny}")).await.is(204);
        admin.patch("/collections/notes", &schema(json!({ "title": text(), "other": renamed }))).await.is(200);
    }

    /// Rules about a glob are for what is made there, not for what is carried in or out under another name.
    async fn no_new_name_takes_a_collection_to_other_rules(database: Database) {
        let server = Server::start(&database).await;
        let (admin, bob) = (server.admin().await, server.register("bob").await);
        for name in ["vault", "own_private", "pub_list"] {
            admin.post("/collections", &definition(name, &json!({ "t": text() }))).await.is(201);
            admin.post(&format!("/records/{name}"), &json!({ "t": name })).await.is(201);
        }
        for (object, effect) in [("pub_*", "allow"), ("own*", "allow"), ("*_private", "deny")] {
            let rule = json!({ "subject": "role:user", "object": object, "action": "read", "effect": effect });
            admin.post("/policies", &rule).await.is(201);
        }

        for (name, to) in [("vault", "pub_vault"), ("own_private", "own_public")] {
            let refused = admin.patch(&format!("/collections/{name}"), &json!({ "name": to })).await;
            let detail = refused.is_problem(409, "conflict").json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("change or delete the rule first"), "{detail}");
            for name in [name, to] {
                assert!(!bob.get(&format!("/records/{name}")).await.text().contains("\"t\""), "{name}");
            }
        }
        for (name, to) in [("vault", "safe"), ("pub_list", "pub_lists"), ("pub_lists", "list")] {
            admin.patch(&format!("/collections/{name}"), &json!({ "name": to })).await.is(200);
        }
        bob.get("/records/list").await.is(404);
    }

    /// It can't be hidden again.
    async fn what_was_hidden_is_shown_on_purpose_only(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let hidden = json!({ "t": text(), "k": { "type": "string", "writeOnly": true } });
        admin.post("/collections", &definition("keys", &hidden)).await.is(201);
        let shown = json!({ "schema": { "type": "object", "properties": { "t": text(), "k": text() } } });
        admin.post("/records/keys", &json!({ "k": "k7f" })).await.is(201);
        admin.patch("/collections/keys", &shown).await.is_problem(409, "destructive_plan");
        assert!(!admin.get("/records/keys").await.text().contains("k7f"));
        admin.patch("/collections/keys?allowDestructive=true", &shown).await.is(200);
        assert!(admin.get("/records/keys").await.text().contains("k7f"));
    }

    async fn one_of_many_gets_a_name(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let making = (0..8).map(|n| {
            let (admin, name) = (admin.on_its_own(), if n % 2 == 0 { "dup" } else { "dUp" });
            tokio::spawn(async move { admin.post("/collections", &definition(name, &json!({ "t": text() }))).await })
        });
        let mut made = 0;
        for answer in making.collect::<Vec<_>>() {
            let answer = answer.await.expect("it asked");
            assert!([201, 409].contains(&answer.status), "{}: {}", answer.status, answer.text());
            made += usize::from(answer.status == 201);
        }
        assert_eq!(made, 1);
    }

    async fn a_relation_and_the_end_of_its_target_exclude_each_other(database: Database) {
        let server = Server::start(&database).await;
        drop_targets(&server.admin().await, &server.admin().await).await;
    }
}

/// Drops collections through one server while relations to them are made through another: one of the two is refused.
async fn drop_targets(here: &Person, there: &Person) {
    for n in 0..6 {
        let (target, source) = (format!("target{n}"), format!("source{n}"));
        here.post("/collections", &definition(&target, &json!({ "t": text() }))).await.is(201);
        let whole = definition(&source, &json!({ "r": relation(&target) }));
        let path = format!("/collections/{target}?allowDestructive=true");
        let (dropped, made) = tokio::join!(here.delete(&path), there.post("/collections", &whole));
        match (dropped.status, made.status) {
            (204, 422) => {}
            (409, 201) => {
                there.get(&format!("/records/{source}?expand=r")).await.is(200);
            }
            other => panic!("{other:?}: {} {}", dropped.text(), made.text()),
        }
    }
}

#[tokio::test]
async fn no_record_breaks_a_definition_that_another_node_put_in_force() {
    let database = Database::postgres();
    let (here, there) = (Server::start(&database).await, Server::start(&database).await);
    let admin = here.admin().await;
    add_fields_while_others_write(&admin, (0..3).map(|_| admin.on_its_own().at(there.url())).collect()).await;
}

#[tokio::test]
async fn two_nodes_agree_on_what_collections_there_are() {
    let database = Database::postgres();
    let (here, there) = (Server::start(&database).await, Server::start(&database).await);
    let admins = [here.admin().await, there.admin().await];
    drop_targets(&admins[0], &admins[1]).await;
    let dup = |n: usize, name: &'static str| {
        let admin = admins[n].on_its_own();
        async move { admin.post("/collections", &definition(name, &json!({}))).await.status }
    };
    let mut statuses = <[u16; 4]>::from(tokio::join!(dup(0, "dup"), dup(1, "dUp"), dup(0, "duP"), dup(1, "dup")));
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
}
