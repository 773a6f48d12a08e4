//! Clients that take their time, or too much.

use std::time::Duration;

use plinth_client::{Client, Heard, RawSocket};

use crate::harness::{Database, Options, Server, Wire, on_both};

/// A server that waits a second.
async fn impatient(database: &Database) -> Server {
    let options = Options::default().set("PLINTH_SERVER_HEADER_TIMEOUT", "1s").set("PLINTH_SERVER_IDLE_TIMEOUT", "2s");
    Server::start_with(database, options).await
}

const PATIENCE: Duration = Duration::from_secs(6);

on_both! {
    async fn a_head_that_comes_letter_by_letter_is_given_up(database: Database) {
        let server = impatient(&database).await;
        let mut wire = Wire::to(&server).await;
        let head = "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: yes\r\n\r\n";

        let mut closed = false;
        for letter in head.chars() {
            tokio::time::sleep(Duration::from_millis(100)).await;
            closed |= !wire.write(letter.to_string()).await;
        }

        let answer = wire.until_closed(PATIENCE).await;
        assert!(closed || !answer.contains(" 200 "), "{answer}");
        server.anonymous().get_at("/healthz").await.is(200);
    }

    async fn a_body_that_does_not_come_is_given_up(database: Database) {
        let server = impatient(&database).await;
        let mut wire = Wire::to(&server).await;
        let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{";

        wire.write(head).await;

        let answer = wire.until_closed(PATIENCE).await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"code\":\"request_timeout\""), "{answer}");
    }

    async fn a_connection_that_says_nothing_is_closed(database: Database) {
        let server = impatient(&database).await;
        let mut silent = Vec::new();
        for _ in 0..200 {
            silent.push(Wire::to(&server).await);
        }

        server.anonymous().get_at("/healthz").await.is(200);

        for wire in silent {
            assert_eq!(wire.until_closed(PATIENCE).await, "");
        }
    }

    async fn a_connection_that_did_its_work_may_idle_longer_than_a_head_may_take(database: Database) {
        let server = impatient(&database).await;
        let mut wire = Wire::to(&server).await;

        for _ in 0..3 {
            wire.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
            tokio::time::sleep(Duration::from_millis(1_300)).await;
        }

        let answer = wire.until_closed(PATIENCE).await;
        assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 3, "{answer}");
    }

    async fn an_open_socket_is_no_head(database: Database) {
        let server = impatient(&database).await;
        let mut socket = RawSocket::connect(&Client::new(server.url()).unwrap()).await.unwrap();

        for _ in 0..4 {
            socket.send(&serde_json::json!({ "op": "ping" })).await.unwrap();
            assert!(matches!(socket.next_op("pong").await, Heard::Frame(_)));
            tokio::time::sleep(Duration::from_millis(900)).await;
        }
    }

    async fn an_endless_head_is_refused(database: Database) {
        let server = Server::start(&database).await;
        let before = server.resident();
        let mut wire = Wire::to(&server).await;

        wire.write("GET /healthz HTTP/1.1\r\nHost: x\r\n").await;
        let line = format!("X-Long: {}\r\n", "x".repeat(4_000));
        for _ in 0..256 {
            if !wire.write(&line).await {
                break;
            }
        }

        let answer = wire.until_closed(PATIENCE).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
        assert!(server.resident() < before + 16 * 1024);
        server.anonymous().get_at("/healthz").await.is(200);
    }

    async fn more_connections_than_there_are_places_wait(database: Database) {
        let options = Options::default().set("PLINTH_SERVER_MAX_CONNECTIONS", "3").set("PLINTH_SERVER_IDLE_TIMEOUT", "1s");
        let server = Server::start_with(&database, options).await;

        let mut taken = Vec::new();
        for _ in 0..10 {
            taken.push(Wire::to(&server).await);
        }

        server.anonymous().get_at("/healthz").await.is(200);
        drop(taken);
    }

    async fn what_is_no_http_is_closed(database: Database) {
        let server = Server::start(&database).await;

        for bytes in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"SSH-2.0-x\r\n", b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"] {
            let mut wire = Wire::to(&server).await;
            wire.write(bytes).await;
            let answer = wire.until_closed(Duration::from_secs(20)).await;
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
        }
        server.anonymous().get_at("/healthz").await.is(200);
    }
}
