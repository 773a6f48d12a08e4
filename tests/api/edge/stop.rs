//! Stopping in good order, and not starting.

use std::time::Duration;

use serde_json::json;

use crate::fixture::Room;
use crate::harness::{Database, Options, PASSWORD, Person, Server, Wire, command, on_both, run};
use crate::realtime::socket::{Socket, lab};

/// Writes one message after the other until the server says that it closes the connection: those that were
/// acknowledged. Whatever is sent before that must be answered, and in full.
async fn write_until_the_end(who: Person, writer: usize) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for n in 0..10_000 {
        let text = format!("{writer}-{n}");
        let body = json!({ "text": text, "room": "lab", "author": who.id });
        let answer = who.post("/records/messages", &body).await.is(201);
        acknowledged.push(text);
        if answer.header("connection") == "close" {
            break;
        }
    }
    acknowledged
}

on_both! {
    async fn what_was_begun_is_finished_before_the_end(database: Database) {
        let mut server = Server::start(&database).await;
        server.register("ada").await;
        let body = json!({ "email": "ada@plinth.test", "password": PASSWORD }).to_string();
        let head = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut begun = Wire::to(&server).await;
        begun.write(format!("{head}{}", &body[..10])).await;
        // The other request is answered, so the first has been read.
        server.anonymous().get_at("/healthz").await.is(200);

        server.ask_to_stop();
        begun.write(&body[10..]).await;
        let answer = begun.until_closed(Duration::from_secs(10)).await;

        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert_eq!(server.wait(), Some(0));
    }

    async fn under_load_no_request_fails_and_every_socket_is_told(database: Database) {
        let mut server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut sockets = Vec::new();
        for _ in 0..20 {
            let mut socket = Socket::of(&server, &room.bob).await;
            socket.subscribe(lab()).await;
            sockets.push(socket);
        }
        // Each with a connection of its own, which is kept.
        let writers = (0..8).map(|_| room.ada.on_its_own()).enumerate();
        let writers: Vec<_> = writers.map(|(n, ada)| tokio::spawn(write_until_the_end(ada, n))).collect();
        sockets[0].expect("change").await;

        server.ask_to_stop();

        for socket in &mut sockets {
            assert_eq!(socket.end().await, 1012);
        }
        let mut acknowledged = Vec::new();
        for writer in writers {
            acknowledged.extend(writer.await.expect("a writer ends without a failed request"));
        }
        assert_eq!(server.wait(), Some(0));
        drop(server);
        let server = Server::start(&database).await;
        let texts = crate::fixture::texts(&room.bob.at(server.url()).get("/records/messages?limit=500&sort=-createdAt").await);
        let kept = acknowledged.iter().rev().take(100).filter(|text| texts.contains(text)).count();
        assert_eq!(kept, acknowledged.len().min(100), "an acknowledged write is gone");
    }

    async fn what_does_not_end_is_cut_off(database: Database) {
        let options = Options::default().set("PLINTH_SERVER_DRAIN_TIMEOUT", "500ms");
        let mut server = Server::start_with(&database, options).await;
        let mut endless = Wire::to(&server).await;
        let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
        endless.write(head).await;
        server.anonymous().get_at("/healthz").await.is(200);

        assert_eq!(server.stop(), Some(0));

        assert!(server.log().contains("some requests were cut off"), "{}", server.log());
    }

    async fn a_taken_port_is_named(database: Database) {
        let server = Server::start(&database).await;
        let other = Database::sqlite();

        let (code, out, err) = run(command(&other).args(["serve", "--listen", server.authority()]).args(other.flags()));

        assert_eq!((code, out.as_str()), (Some(1), ""));
        assert!(err.contains(&format!("can't listen on {}", server.authority())), "{err}");
        assert!(!other.directory().exists(), "nothing was made");
    }
}

#[tokio::test]
async fn a_second_server_on_one_directory_is_refused() {
    let database = Database::sqlite();
    let server = Server::start(&database).await;

    let (code, _, err) = run(command(&database).args(["serve", "--listen", "127.0.0.1:0"]).args(database.flags()));

    assert_eq!(code, Some(1));
    assert!(err.contains("in use by another server") && err.contains(&server.pid().to_string()), "{err}");
    server.anonymous().get_at("/readyz").await.is(200);
}

#[tokio::test]
async fn a_killed_server_leaves_nothing_that_keeps_the_next_from_starting() {
    let database = Database::sqlite();
    let server = Server::start(&database).await;
    let ada = server.register("ada").await;
    server.kill();

    let server = Server::start(&database).await;

    ada.at(server.url()).get("/auth/me").await.is(200);
}
