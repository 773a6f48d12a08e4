//! Several servers on one Postgres.

use serde_json::json;

use super::socket::{Socket, lab, told};
use crate::fixture::Room;
use crate::harness::{Database, Server};

#[tokio::test]
async fn what_is_written_through_one_server_reaches_the_subscriber_of_the_other() {
    let database = Database::postgres();
    let (here, there) = (Server::start(&database).await, Server::start(&database).await);
    let room = Room::furnish(&here).await;
    let (ada_here, ada_there) = (room.ada.clone(), room.ada.at(there.url()));
    let mut socket = Socket::of(&there, &room.bob).await;
    socket.subscribe(lab()).await;

    let writers = [ada_here, ada_there].map(|ada| {
        tokio::spawn(async move {
            let mut ids = Vec::new();
            for n in 0..150 {
                ids.push(Room::say(&ada, &n.to_string(), "lab").await["id"].as_str().unwrap().to_owned());
            }
            ids
        })
    });
    let mut written = Vec::new();
    for writer in writers {
        written.extend(writer.await.expect("it wrote"));
    }
    let mut heard = Vec::new();
    for _ in 0..300 {
        heard.push(socket.expect("change").await["id"].as_str().unwrap().to_owned());
    }
    heard.sort();
    written.sort();
    assert_eq!(heard, written);
    assert!(socket.until_pong().await.is_empty(), "nothing is repeated");
}

#[tokio::test]
async fn a_subscriber_of_a_killed_server_goes_on_at_another() {
    let database = Database::postgres();
    let (here, there) = (Server::start(&database).await, Server::start(&database).await);
    let room = Room::furnish(&here).await;
    let mut socket = Socket::of(&there, &room.bob).await;
    socket.subscribe(lab()).await;
    Room::say(&room.ada, "before", "lab").await;
    let cursor = socket.expect("change").await["cursor"].as_str().unwrap().to_owned();
    Room::say(&room.ada.at(there.url()), "unseen", "lab").await;
    there.kill();
    Room::say(&room.ada, "after", "lab").await;

    let mut socket = Socket::of(&here, &room.bob).await;
    let mut request = lab();
    request["since"] = json!(cursor);
    let missed = socket.subscribe(request).await;
    assert_eq!(missed.iter().map(told).collect::<Vec<_>>(), ["create unseen", "create after"]);
}

#[tokio::test]
async fn rules_and_definitions_changed_here_are_in_force_there() {
    let database = Database::postgres();
    let (here, there) = (Server::start(&database).await, Server::start(&database).await);
    let room = Room::furnish(&here).await;
    let bob = room.bob.at(there.url());
    let mut socket = Socket::of(&there, &bob).await;
    socket.subscribe(lab()).await;
    Room::say(&room.ada, "x", "lab").await;
    socket.expect("change").await;
    let rules = room.admin.get("/policies").await.json()["items"].clone();
    let kept: Vec<_> = rules.as_array().unwrap().iter().filter(|rule| rule["object"] != "messages").cloned().collect();
    room.admin.put("/policies", &json!({ "items": kept })).await.is(200);
    assert_eq!(socket.expect("reset").await["reason"], "policy");
    bob.get("/records/messages").await.is_problem(404, "not_found");
}
