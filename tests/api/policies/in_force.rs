//! From when on a rule holds: for what was begun before it as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::fixture::{Room, rule};
use crate::harness::{Database, Person, Server, on_both, until};

/// Writes until told to stop, and answers how often each of 201 and 403 came.
async fn keep_writing(who: Person, stop: Arc<AtomicBool>) -> (usize, usize) {
    let (mut done, mut refused) = (0, 0);
    while !stop.load(Ordering::Relaxed) || refused == 0 {
        let body = json!({ "text": "x", "room": "lab", "author": who.id });
        match who.post("/records/messages", &body).await.status {
            201 => done += 1,
            403 => refused += 1,
            // It met a change of the rules once too often.
            503 => {}
            other => panic!("answered {other}"),
        }
    }
    (done, refused)
}

async fn stored(admin: &Person) -> u64 {
    let page = admin.get("/records/messages?limit=1&count=exact").await.is(200).json();
    page["total"].as_u64().expect("a count")
}

/// A rule that forbids takes effect while others write, on this node and on the other: nothing is stored behind it.
async fn forbid_while_others_write(admin: &Person, writers: Vec<Person>) {
    let mut deny = rule("create", "", "");
    deny["effect"] = json!("deny");
    for _ in 0..5 {
        let stop = Arc::new(AtomicBool::new(false));
        let writing: Vec<_> =
            writers.iter().map(|who| tokio::spawn(keep_writing(who.on_its_own(), stop.clone()))).collect();
        let before = stored(admin).await;
        until("they write", async || stored(admin).await >= before + 20).await;

        let made = admin.post("/policies", &deny).await.is(201).json();
        let behind = stored(admin).await;
        stop.store(true, Ordering::Relaxed);
        for writing in writing {
            let (done, refused) = writing.await.expect("it wrote");
            assert!(done > 0 && refused > 0, "{done} {refused}");
        }
        assert_eq!(stored(admin).await, behind, "a write was done behind the rule that forbids it");

        let id = made["id"].as_str().expect("an id");
        admin.delete(&format!("/policies/{id}")).await.is(204);
    }
}

/// A change of rules waits for whoever holds the log, as a vacuum by hand does, and nobody waits long behind it.
#[tokio::test]
async fn a_rule_that_waits_holds_up_no_writes() {
    const HOLD: &str = "begin; lock table _changes in share update exclusive mode; select pg_sleep(9); commit";
    let database = Database::postgres();
    let (here, there) = (Server::start(&database).await, Server::start(&database).await);
    let room = Room::furnish(&here).await;
    let hold = database.execute_beside(HOLD);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;

    let body = json!({ "subject": "role:user", "object": "messages", "action": "read", "condition": "likes > 7" });
    let (mut waits, ada) = (Box::pin(room.admin.post("/policies", &body)), room.ada.at(there.url()));
    let mut writes = 0;
    let made = loop {
        tokio::select! {
            made = &mut waits => break made,
            said = Room::say(&ada, "meanwhile", "lab") => {
                assert!(said["id"].is_string(), "{said}");
                writes += 1;
            }
        }
    };
    made.is(201);
    assert!(hold.is_finished() && writes > 10, "{writes} writes");
    hold.join().expect("it ends");
}

on_both! {
    async fn nothing_is_written_behind_a_rule_that_forbids_it(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        forbid_while_others_write(&room.admin, vec![room.ada.clone(); 6]).await;
    }
}

#[tokio::test]
async fn nor_on_another_node() {
    let database = Database::postgres();
    let (here, there) = (Server::start(&database).await, Server::start(&database).await);
    let room = Room::furnish(&here).await;
    let elsewhere = room.ada.at(there.url());
    until("the other node knows her", async || elsewhere.get("/records/messages").await.status == 200).await;
    forbid_while_others_write(&room.admin, vec![elsewhere; 6]).await;
}
