//! A SQLite database that another program holds or takes away while the server runs.

use std::fs;

use serde_json::json;

use crate::fixture::{Room, texts};
use crate::harness::{Database, Server};

#[tokio::test]
async fn a_write_waits_for_another_program_and_is_refused_if_that_takes_long() {
    let database = Database::sqlite();
    let server = Server::start(&database).await;
    let room = Room::furnish(&server).await;
    let other = rusqlite::Connection::open(database.directory().join("plinth.db")).unwrap();

    other.execute_batch("begin immediate").unwrap();
    let body = json!({ "text": "patient", "room": "lab", "author": room.ada.id });
    let writing = {
        let (ada, body) = (room.ada.clone(), body.clone());
        tokio::spawn(async move { ada.post("/records/messages", &body).await })
    };
    room.ada.get("/records/messages").await.is(200);
    other.execute_batch("commit").unwrap();
    writing.await.unwrap().is(201);

    other.execute_batch("begin immediate").unwrap();
    let refused = room.ada.post("/records/messages", &body).await.is_problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(texts(&room.ada.get("/records/messages").await.is(200)), ["patient"]);
    other.execute_batch("commit").unwrap();

    Room::say(&room.ada, "after", "lab").await;
    assert_eq!(texts(&room.ada.get("/records/messages?sort=createdAt").await), ["patient", "after"]);
}

#[tokio::test]
async fn no_write_is_acknowledged_to_a_file_that_nobody_would_find() {
    let database = Database::sqlite();
    let server = Server::start(&database).await;
    let room = Room::furnish(&server).await;
    let (file, elsewhere) = (database.directory().join("plinth.db"), database.directory().join("moved.db"));
    let body = json!({ "text": "lost", "room": "lab", "author": room.ada.id });

    fs::rename(&file, &elsewhere).unwrap();
    room.ada.post("/records/messages", &body).await.is_problem(503, "unavailable");
    server.anonymous().get_at("/readyz").await.is(503);
    server.anonymous().get_at("/healthz").await.is(200);
    fs::write(&file, "another file").unwrap();
    room.ada.post("/records/messages", &body).await.is_problem(503, "unavailable");
    assert_eq!(fs::read_to_string(&file).unwrap(), "another file");

    fs::rename(&elsewhere, &file).unwrap();
    server.anonymous().get_at("/readyz").await.is(200);
    Room::say(&room.ada, "kept", "lab").await;
    assert_eq!(texts(&room.ada.get("/records/messages").await), ["kept"]);
}
