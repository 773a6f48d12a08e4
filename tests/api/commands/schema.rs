//! `plinth schema`, `plinth types` and `plinth check`.

use std::fs;

use serde_json::{Value as Json, json};

use super::Desk;
use crate::fixture::{Room, messages};
use crate::harness::{Database, Server, on_both};
use crate::realtime::socket::{Socket, lab, told};

/// A collection whose definition alone is longer than 64 KiB.
fn long() -> Json {
    let field = |n: u32| (format!("field{n}"), json!({ "type": "string", "description": "x".repeat(1000) }));
    let properties: serde_json::Map<String, Json> = (0..100).map(field).collect();
    json!({ "name": "long", "schema": { "type": "object", "properties": properties } })
}

on_both! {
    async fn a_command_says_the_same_beside_a_server_and_alone(database: Database) {
        let desk = Desk { database: &database };
        let mut server = Server::start(&database).await;
        desk.define(&messages());
        desk.define(&long());
        assert_eq!(desk.plinth("schema apply").well(), "Changed: long, messages\n");

        let mut other = messages();
        other["schema"]["properties"]["likes"] = json!({ "type": "string" });
        fs::create_dir(desk.path("other")).unwrap();
        fs::write(desk.path("other/messages.json"), other.to_string()).unwrap();
        let words = ["schema apply", "schema diff", "schema diff --dir other", "schema apply --dir missing",
            "schema pull --dir pulled", "types", "check"];
        let tell = || {
            let said = words.map(|words| desk.plinth(words));
            let files = ["long", "messages", "users"].map(|name| desk.read(&format!("pulled/{name}.json")));
            fs::remove_dir_all(desk.path("pulled")).unwrap();
            (said, files)
        };
        let beside = tell();
        assert_eq!(server.stop(), Some(0));
        let alone = tell();

        assert_eq!(beside, alone);
        let [apply, diff, changed, missing, pull, types, check] = beside.0;
        assert_eq!(apply.well(), "The database was as the files say.\n");
        assert_eq!(diff.well(), "The database is as the files say.\n");
        let changed = changed.well();
        assert!(changed.starts_with("messages\n  changeKind ") && changed.contains("likes"), "{changed}");
        assert!(missing.refused().contains("missing: "));
        assert_eq!(pull.well(), "pulled/long.json\npulled/messages.json\npulled/users.json\n");
        assert!(types.well().contains("messages: {"));
        assert_eq!(check.well(), "configuration: good\ndatabase: good\ncollections: 3, policies: 2, all readable\n");
    }

    async fn a_difference_names_the_rows_that_stand_against_it(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut long = Vec::new();
        for n in 0..7 {
            let made = Room::say(&room.ada, &format!("a rather long secret, number {n}"), "lab").await;
            long.push(made["id"].as_str().unwrap().to_owned());
        }
        let short = Room::say(&room.ada, "short", "lab").await["id"].as_str().unwrap().to_owned();
        let desk = Desk { database: &database };
        let mut definition = messages();
        definition["schema"]["properties"]["text"]["maxLength"] = json!(10);
        desk.define(&definition);

        let said = desk.plinth("schema diff").well();

        assert!(said.starts_with("messages\n  changeRules "), "{said}");
        assert!(said.contains("7 rows do not fit (max_length):\n") && said.ends_with("  and 2 more\n"), "{said}");
        assert_eq!(long.iter().filter(|id| said.lines().any(|line| line.trim() == id.as_str())).count(), 5, "{said}");
        assert!(!said.contains(&short) && !said.contains("secret"), "{said}");
        let refused = desk.plinth("schema apply").refused();
        assert!(refused.contains("schema diff"), "{refused}");
    }

    async fn a_file_is_a_whole_definition_and_what_was_pulled_changes_nothing(database: Database) {
        let server = Server::start(&database).await;
        Room::furnish(&server).await;
        let desk = Desk { database: &database };
        desk.plinth("schema pull").well();
        assert_eq!(desk.plinth("schema diff").well(), "The database is as the files say.\n");
        assert_eq!(desk.plinth("schema apply").well(), "The database was as the files say.\n");

        let mut definition = messages();
        definition["schema"]["properties"]["text"]["description"] = json!("What was said.");
        desk.define(&definition);
        let said = desk.plinth("schema diff").well();
        assert!(said.starts_with("messages\n  changeText "), "{said}");

        definition.as_object_mut().unwrap().remove("indexes");
        desk.define(&definition);
        let said = desk.plinth("schema diff").well();
        assert!(said.starts_with("messages\n  dropIndex "), "{said}");
        assert_eq!(desk.plinth("schema apply").well(), "Changed: messages\n");
        assert_eq!(desk.plinth("schema apply").well(), "The database was as the files say.\n");
        let stored = server.admin().await.get("/collections/messages").await.is(200).json();
        assert_eq!(stored["indexes"], json!([]));
    }

    async fn definitions_applied_beside_a_server_are_in_force_for_requests_and_subscriptions(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let desk = Desk { database: &database };
        let mut socket = Socket::of(&server, &room.bob).await;
        socket.subscribe(lab()).await;
        Room::say(&room.ada, "before", "lab").await;
        assert_eq!(told(&socket.expect("change").await), "create before");
        let mut definition = messages();
        definition["schema"]["properties"].as_object_mut().unwrap().remove("room");
        definition["indexes"] = json!([]);
        desk.define(&definition);

        let refused = desk.plinth("schema apply").refused();
        assert!(refused.starts_with("plinth: messages: ") && refused.contains("--allow-destructive"), "{refused}");
        Room::say(&room.ada, "still", "lab").await;
        assert_eq!(told(&socket.expect("change").await), "create still");

        assert_eq!(desk.plinth("schema apply --allow-destructive").well(), "Changed: messages\n");
        assert_eq!(socket.expect("reset").await["reason"], "policy", "the rule that let bob read is silenced");
        let record = json!({ "text": "x", "room": "lab", "author": room.ada.id });
        room.ada.post("/records/messages", &record).await.is_problem(422, "validation_failed");
    }
}

#[tokio::test]
async fn on_sqlite_an_applied_file_is_in_force_when_the_command_ends() {
    let database = Database::sqlite();
    let server = Server::start(&database).await;
    let room = Room::furnish(&server).await;
    let desk = Desk { database: &database };
    let mut socket = Socket::of(&server, &room.bob).await;
    socket.subscribe(lab()).await;
    let longer = "x".repeat(201);
    let record = json!({ "text": longer, "room": "lab", "author": room.ada.id });
    room.ada.post("/records/messages", &record).await.is_problem(422, "validation_failed");

    let mut definition = messages();
    definition["schema"]["properties"]["text"]["maxLength"] = json!(300);
    desk.define(&definition);
    assert_eq!(desk.plinth("schema apply").well(), "Changed: messages\n");
    room.ada.post("/records/messages", &record).await.is(201);
    assert_eq!(told(&socket.expect("change").await), format!("create {longer}"));

    definition["schema"]["properties"]["mood"] = json!({ "type": "string" });
    desk.define(&definition);
    assert_eq!(desk.plinth("schema apply").well(), "Changed: messages\n");
    let record = json!({ "text": "x", "room": "lab", "author": room.ada.id, "mood": "glad" });
    let made = room.admin.post("/records/messages", &record).await.is(201).json();
    assert_eq!(made["mood"], "glad");
    let change = socket.expect("change").await;
    assert_eq!((told(&change).as_str(), change["record"].get("mood")), ("create x", None), "no rule shows it to bob");
    assert_eq!(room.admin.get("/collections/messages").await.json()["schema"], definition["schema"]);
}
