//! Bodies that are refused before anything is done with them.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Database, PASSWORD, Server, Wire, on_both};

/// A body sent to where anybody may send one.
async fn send(server: &Server, body: impl Into<Vec<u8>>) -> Answer {
    send_as(server, "application/json", body).await
}

async fn send_as(server: &Server, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    let nobody = server.anonymous();
    let request = nobody.request(Method::POST, "/auth/login").header("content-type", content_type);
    nobody.send(request.body(body.into())).await
}

on_both! {
    async fn what_is_not_json_is_refused_with_its_place(database: Database) {
        let server = Server::start(&database).await;

        for body in [&b""[..], b"{", b"{\"email\":}", b"{\"email\":\"a\"} x", b"{'email':1}", b"{\"a\":NaN}", b"\xff", b"{\"a\":1,}"] {
            let answer = send(&server, body).await.is_problem(400, "invalid_json");
            let offset = answer.json()["offset"].as_u64().expect("a place");
            assert!(offset <= body.len() as u64, "{}: {}", String::from_utf8_lossy(body), answer.text());
        }
        let misplaced = send(&server, "{\"email\":\"a\",\n \"password\":nul}").await.is_problem(400, "invalid_json");
        assert!((20..=32).contains(&misplaced.json()["offset"].as_u64().unwrap()), "{}", misplaced.text());
    }

    async fn tricks_with_json_are_refused(database: Database) {
        let server = Server::start(&database).await;
        let twice = format!("{{\"email\":\"ada@plinth.test\",\"password\":\"{PASSWORD}\",\"email\":\"eve@plinth.test\"}}");

        send(&server, twice).await.is_problem(400, "invalid_json");
        send(&server, "{\"a\":{\"b\":1,\"b\":2}}").await.is_problem(400, "invalid_json");
        for depth in [65, 10_000, 100_000] {
            let nested = "[".repeat(depth) + &"]".repeat(depth);
            send(&server, nested).await.is_problem(400, "invalid_json");
            let nested = "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
            send(&server, nested).await.is_problem(400, "invalid_json");
        }
        send(&server, "{\"a\":1e400}").await.is_problem(400, "invalid_json");
        send(&server, "{\"__proto__\":{\"admin\":true}}").await.is_problem(422, "validation_failed");
        server.anonymous().get("/setup").await.is(200);
    }

    async fn a_body_that_is_too_large_is_refused_with_the_limit(database: Database) {
        let server = Server::start(&database).await;
        let fits = format!("{{\"email\":\"{}\",\"password\":\"x\"}}", "a".repeat((1 << 20) - 27));
        assert_eq!(fits.len(), 1 << 20);

        send(&server, fits.clone()).await.is_problem(401, "invalid_credentials");
        let answer = send(&server, fits + " ").await.is_problem(413, "too_large");
        assert!(answer.json()["detail"].as_str().unwrap().contains("1048576"), "{}", answer.text());
    }

    async fn a_body_of_unknown_length_is_cut_at_the_limit(database: Database) {
        let server = Server::start(&database).await;
        let before = server.resident();
        let begin = Instant::now();

        let mut wire = Wire::to(&server).await;
        let head = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            server.authority()
        );
        wire.write(head).await;
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(65_536));
        for _ in 0..512 {
            if !wire.write(&chunk).await {
                break;
            }
        }
        let answer = wire.until_closed(Duration::from_secs(10)).await;

        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(begin.elapsed() < Duration::from_mins(1));
        assert!(server.resident() < before + 64 * 1024, "from {before} to {} KiB", server.resident());
        server.anonymous().get("/setup").await.is(200);
    }

    async fn a_body_of_many_members_is_refused_soon(database: Database) {
        let server = Server::start(&database).await;
        let members: Vec<String> = (0..90_000).map(|n| format!("\"m{n}\":1")).collect();
        let begin = Instant::now();

        send(&server, format!("{{{}}}", members.join(","))).await.is_problem(422, "validation_failed");

        assert!(begin.elapsed() < Duration::from_secs(30), "it took {:?}", begin.elapsed());
    }

    async fn another_content_type_is_refused(database: Database) {
        let server = Server::start(&database).await;
        let body = json!({ "email": "ada@plinth.test", "password": PASSWORD }).to_string();

        for content_type in ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", "json"] {
            send_as(&server, content_type, body.clone()).await.is_problem(415, "unsupported_media_type");
        }
        send_as(&server, "Application/JSON; charset=utf-8", body.clone()).await.is_problem(401, "invalid_credentials");
        let nobody = server.anonymous();
        let zipped = nobody.request(Method::POST, "/auth/login").header("content-type", "application/json");
        let zipped = zipped.header("content-encoding", "gzip").body(body);
        nobody.send(zipped).await.is_problem(415, "unsupported_media_type");
    }
}
