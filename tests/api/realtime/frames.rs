//! Frames that no client should send.

use std::time::Duration;

use plinth_client::{Client, Heard, RawSocket};
use serde_json::json;

use super::socket::{Socket, lab, told};
use crate::fixture::Room;
use crate::harness::{Database, Options, Person, Server, Wire, on_both};

/// What a server says to whoever sends these bytes through a socket.
async fn said(server: &Server, bytes: &[u8]) -> String {
    let mut wire = Wire::to(server).await;
    let upgrade = "GET /api/v1/realtime HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: plinth.v1\r\n\r\n";
    assert!(wire.write(upgrade).await);
    assert!(wire.write(bytes).await);
    wire.until_closed(Duration::from_secs(10)).await
}

on_both! {
    async fn a_bad_frame_is_answered_and_the_connection_goes_on(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.bob).await;
        for bad in ["", "{", "[]", "{\"op\":\"shout\"}", "{\"op\":\"ping\",\"x\":1}", "{\"op\":\"auth\"}", "{\"op\":\"auth\",\"token\":{}}", "{\"op\":\"subscribe\",\"sub\":\"\",\"collection\":\"messages\"}"] {
            socket.say_text(bad).await;
            socket.expect("error").await;
        }
        for (member, value) in [("filter", json!("lieks == 1")), ("since", json!("x")), ("limit", json!(5)), ("fields", json!("*")), ("collection", json!("nothing"))] {
            let mut request = lab();
            request[member] = value;
            socket.say(request).await;
            assert_eq!(socket.expect("error").await["sub"], "s");
        }
        socket.subscribe(lab()).await;
        socket.say(lab()).await;
        assert_eq!(socket.expect("error").await["problem"]["code"], "conflict");
        socket.say(json!({ "op": "unsubscribe", "sub": "s" })).await;
        Room::say(&room.ada, "x", "lab").await;
        assert!(socket.until_pong().await.is_empty());
    }

    async fn who_does_not_speak_the_protocol_is_shown_out(database: Database) {
        let server = Server::start(&database).await;
        let mut talker = Socket::open(&server).await;
        for _ in 0..20 {
            talker.shout("nonsense").await;
        }
        assert_eq!(talker.end().await, 4400);
        let mut binary = Socket::open(&server).await;
        binary.say_binary(vec![0; 16]).await;
        assert_eq!(binary.end().await, 4400);
        server.anonymous().get("/setup").await.is(200);
    }

    /// Each is told the limit, however much more it has to send, and whether it waits for an answer or not.
    async fn a_frame_above_the_limit_is_answered_with_the_limit(database: Database) {
        let server = Server::start(&database).await;
        for size in [(1 << 16) + 1, 1 << 20] {
            for binary in [false, true] {
                let mut huge = Socket::open(&server).await;
                if binary { huge.shout_binary(vec![0; size]).await } else { huge.shout("x".repeat(size)).await }
                assert_eq!(huge.ending().await, (1009, "a message can have at most 65536 bytes".to_owned()), "{size}");
            }
        }
        let mut most = Socket::open(&server).await;
        most.shout(format!("{{\"op\":\"ping\"}}{}", " ".repeat((1 << 16) - 13))).await;
        most.expect("pong").await;

        // Only the head of a frame that is far too long; and one that comes in parts.
        let head = |opcode: u8, length: u64| [&[opcode, 0xff][..], &length.to_be_bytes(), &[0; 4]].concat();
        let part = |opcode: u8| [head(opcode, 30_000), vec![b' '; 30_000]].concat();
        let in_parts = [part(0x01), part(0x00), part(0x00)].concat();
        for frames in [head(0x81, 1 << 40), head(0x82, 1 << 17), in_parts] {
            let told = said(&server, &frames).await;
            assert!(told.contains("a message can have at most 65536 bytes"), "{told}");
        }
        for (frame, reason) in [(vec![0x81, 0x01, b'x'], "not a valid WebSocket frame"), (vec![0x81, 0x81, 0, 0, 0, 0, 0xff], "a text must be UTF-8")] {
            assert!(said(&server, &frame).await.contains(reason), "{reason}");
        }
        server.anonymous().get("/setup").await.is(200);
    }

    async fn there_is_a_limit_of_subscriptions(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.bob).await;
        let mut request = lab();
        for n in 0..100 {
            request["sub"] = json!(n.to_string());
            socket.subscribe(request.clone()).await;
        }
        request["sub"] = json!("more");
        socket.say(request).await;
        let refused = socket.expect("error").await;
        assert_eq!(refused["problem"]["code"], "rate_limited");
        assert!(refused["problem"]["detail"].as_str().unwrap().contains("100"));
    }

    async fn what_a_connection_asks_for_has_a_limit_in_bytes(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.bob).await;
        let long = |n: usize| {
            let words: Vec<String> = (0..4000).map(|m| format!("{n} {m}")).collect();
            json!({ "op": "subscribe", "sub": n.to_string(), "collection": "messages", "filter": "text in params.words", "params": { "words": words } })
        };
        let mut asked = 0;
        let refused = loop {
            socket.say(long(asked)).await;
            let frame = socket.frame().await;
            if frame["op"] == "error" {
                break frame["problem"].clone();
            }
            socket.expect("live").await;
            asked += 1;
        };
        assert_eq!(refused["code"], "too_large");
        assert!(refused["detail"].as_str().unwrap().contains("262144"), "{refused}");
        assert!((3..20).contains(&asked), "{asked}");
        // What has ended makes room.
        socket.say(json!({ "op": "unsubscribe", "sub": "0" })).await;
        assert!(socket.subscribe(long(99)).await.is_empty());
        Room::say(&room.ada, "99 7", "lab").await;
        assert_eq!(told(&socket.expect("change").await), "create 99 7");
    }

    async fn an_account_can_have_so_many_connections_and_no_more(database: Database) {
        let options = Options::default().set("PLINTH_REALTIME_MAX_CONNECTIONS_PER_ACCOUNT", "2");
        let server = Server::start_with(&database, options).await;
        let room = Room::furnish(&server).await;
        let auth = |who: &Person| json!({ "op": "auth", "token": who.token });
        let (mut first, mut second) = (Socket::of(&server, &room.ada).await, Socket::of(&server, &room.ada).await);
        // A newer token of the same account is no further connection, and a failed try is none at all.
        for _ in 0..3 {
            first.say(auth(&room.ada)).await;
            first.expect("authenticated").await;
        }
        let limit = (4429, "an account can have at most 2 connections at once".to_owned());
        let mut third = Socket::open(&server).await;
        third.say(json!({ "op": "auth", "token": "x" })).await;
        third.expect("error").await;
        third.say(auth(&room.ada)).await;
        assert_eq!(third.ending().await, limit);
        // Others have their own.
        let _bob = (Socket::of(&server, &room.bob).await, Socket::of(&server, &room.bob).await);
        second.say(auth(&room.bob)).await;
        second.expect("error").await;

        // A connection that ends gives its place back, be it closed or its session over.
        drop(second);
        let mut again = loop {
            let mut socket = Socket::open(&server).await;
            socket.say(auth(&room.ada)).await;
            match socket.heard().await {
                Heard::Frame(frame) => break (frame["op"] == "authenticated").then_some(socket).expect("it is let in"),
                refused => assert!(matches!(refused, Heard::Closed(4429, _)), "{refused:?}"),
            }
        };
        room.ada.delete("/auth/sessions").await.is(204);
        for socket in [&mut first, &mut again] {
            assert_eq!(socket.end().await, 4401);
        }
        let ada = server.log_in("ada@plinth.test").await;
        let _here = (Socket::of(&server, &ada).await, Socket::of(&server, &ada).await);
        let mut more = Socket::open(&server).await;
        more.say(auth(&ada)).await;
        assert_eq!(more.ending().await, limit);
    }

    async fn a_page_of_another_site_opens_no_socket(database: Database) {
        let server = Server::start(&database).await;
        let client = Client::new(server.url()).expect("an address");
        for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
            assert!(RawSocket::connect_with(&client, &[("origin", origin)]).await.is_err(), "{origin}");
        }
        let own = server.url().to_owned();
        assert!(RawSocket::connect_with(&client, &[("origin", &own)]).await.is_ok());
    }

    async fn a_server_that_stops_says_so(database: Database) {
        let mut server = Server::start(&database).await;
        let mut socket = Socket::open(&server).await;
        server.ask_to_stop();
        assert_eq!(socket.end().await, 1012);
        assert_eq!(server.wait(), Some(0));
    }
}
