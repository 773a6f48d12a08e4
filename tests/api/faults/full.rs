//! A disk that runs full under a server that writes: R4 of the reliability tests.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::volume::Volume;
use crate::harness::{Answer, Database, Options, Person, Server};
use crate::realtime::socket::Socket;

/// A text that fills a small disk soon.
const LONG: usize = 20_000;

async fn write(who: &Person, number: usize) -> Answer {
    let text = format!("{number:08}{}", "x".repeat(LONG));
    who.post("/records/notes", &json!({ "text": text })).await
}

/// The number that a note begins with.
fn number(record: &Json) -> usize {
    record["text"].as_str().expect("a text")[..8].parse().expect("a number")
}

/// Every note that is stored.
async fn stored(who: &Person) -> BTreeSet<usize> {
    let (mut all, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = who.get(&format!("/records/notes?limit=500{cursor}")).await.is(200).json();
        all.extend(page["items"].as_array().expect("items").iter().map(number));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_nothing_else_until_there_is_room() {
    let database = Database::sqlite();
    let volume = Volume::mount(&database.directory(), "24m");
    let server = Server::start_with(&database, Options::default().may_complain()).await;
    let admin = server.admin().await;
    let schema = json!({ "type": "object", "properties": { "text": { "type": "string" } } });
    admin.post("/collections", &json!({ "name": "notes", "schema": schema })).await.is(201);
    let mut socket = Socket::of(&server, &admin).await;
    socket.subscribe(json!({ "op": "subscribe", "sub": "s", "collection": "notes" })).await;

    let (mut acknowledged, mut refused) = (BTreeSet::new(), 0);
    let mut next = 0;
    while refused < 20 {
        next += 1;
        assert!(next < 5_000, "the disk never got full");
        let answer = write(&admin, next).await;
        if answer.status == 201 {
            acknowledged.insert(next);
            continue;
        }
        refused += 1;
        let answer = answer.is_problem(507, "storage_full");
        assert!(answer.json()["detail"].as_str().unwrap().contains("full"), "{}", answer.text());
        admin.get("/records/notes?limit=1").await.is(200);
    }
    assert!(!acknowledged.is_empty());
    server.anonymous().get_at("/readyz").await.is(200);
    assert_eq!(stored(&admin).await, acknowledged);

    volume.resize("64m");
    let begin = Instant::now();
    while write(&admin, next + 1).await.status != 201 {
        assert!(begin.elapsed() < Duration::from_secs(20), "no write after there was room");
    }
    acknowledged.insert(next + 1);
    assert_eq!(stored(&admin).await, acknowledged);
    let mut heard = BTreeSet::new();
    while heard.len() < acknowledged.len() {
        let change = socket.expect("change").await;
        assert!(heard.insert(number(&change["record"])), "twice: {change}");
    }
    assert_eq!(heard, acknowledged);
    let log = server.log();
    assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");

    server.kill();
    let server = Server::start(&database).await;
    assert_eq!(stored(&admin.at(server.url())).await, acknowledged);
}
