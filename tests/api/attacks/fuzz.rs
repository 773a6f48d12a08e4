//! Text that nobody would send is answered like any mistake, and the server goes on.

use std::time::Duration;

use plinth_client::{Client, Heard, RawSocket};
use reqwest::Method;
use serde_json::{Map, Value as Json, json};

use super::garble;
use crate::fixture::Room;
use crate::harness::{Answer, Database, Dice, Options, Person, Server, Wire, on_both};
use crate::realtime::socket::Socket;

/// Requests of one of four clients, and frames: 700, or what `FUZZ_TRIES` says.
fn tries() -> usize {
    crate::crash::rounds("FUZZ_TRIES", 700)
}

/// Fails for an answer that is the server's fault, or that tells of the database.
fn is_the_callers_fault(answer: &Answer, what: &str, dice: &Dice) {
    let text = answer.text();
    assert!(answer.status < 500, "{what} {dice}: {} {text}", answer.status);
    for word in ["sqlite", "syntax error at", "near \"", "SQLSTATE", "relation \"", "no such column"] {
        assert!(!text.contains(word), "{what} {dice}: {text}");
    }
    if answer.status >= 400 {
        answer.clone().is_problem(answer.status, answer.json()["code"].as_str().unwrap_or("no code"));
    }
}

fn parameters(dice: &mut Dice) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for _ in 0..=dice.below(2) {
        all.push(match dice.below(9) {
            0 => ("sort", garble::text(dice)),
            1 => ("fields", garble::text(dice)),
            2 => ("expand", garble::text(dice)),
            3 => ("cursor", garble::text(dice)),
            4 => ("params", format!("{{\"a\":{}}}", garble::text(dice))),
            5 => ("limit", garble::text(dice)),
            6 => ("filter", garble::text(dice)),
            _ => ("filter", garble::condition(dice)),
        });
    }
    all
}

async fn ask_for_a_list(who: &Person, dice: &mut Dice) {
    let parameters = parameters(dice);
    let answer = if dice.below(4) == 0 {
        let body: Map<String, Json> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        who.post("/records/messages/query", &Json::Object(body)).await
    } else {
        let query: Vec<_> = parameters.iter().map(|(name, text)| format!("{name}={}", garble::encoded(text))).collect();
        who.get(&format!("/records/messages?{}", query.join("&"))).await
    };
    is_the_callers_fault(&answer, &format!("{parameters:?}"), dice);
}

/// A value of any type, sometimes of a good one.
fn value(dice: &mut Dice) -> Json {
    match dice.below(9) {
        0 => json!(null),
        1 => json!(i64::MAX),
        2 => json!(-0.0),
        3 => json!([garble::text(dice), 1, null]),
        4 => json!({ "$inc": garble::text(dice) }),
        5 => json!({ "$inc": i64::MAX }),
        6 => json!({ garble::text(dice): { "$add": ["x"], "$remove": [1] } }),
        _ => json!(garble::text(dice)),
    }
}

async fn write_something(who: &Person, id: &str, dice: &mut Dice) {
    let fields = [
        "text",
        "room",
        "likes",
        "score",
        "at",
        "tags",
        "meta",
        "author",
        "parent",
        "secret",
        "id",
        "_rev",
        "__proto__",
    ];
    let mut body = Map::from_iter([("text".to_owned(), json!("x")), ("author".to_owned(), json!(who.id))]);
    for _ in 0..=dice.below(3) {
        body.insert(dice.pick(&fields).to_owned(), value(dice));
    }
    let body = Json::Object(body);
    let answer = match dice.below(4) {
        0 => who.patch(&format!("/records/messages/{id}"), &body).await,
        1 => who.put(&format!("/records/messages/{id}"), &body).await,
        2 => {
            who.post(
                "/batch",
                &json!([{ "method": "update", "collection": garble::text(dice), "id": id, "data": body }]),
            )
            .await
        }
        _ => who.post("/records/messages", &body).await,
    };
    is_the_callers_fault(&answer, &body.to_string(), dice);
}

async fn write_a_rule(admin: &Person, dice: &mut Dice) {
    let condition = if dice.below(2) == 0 { garble::text(dice) } else { garble::condition(dice) };
    let rule = json!({ "subject": "role:nobody", "object": "messages", "action": "read", "condition": condition, "fields": "" });
    is_the_callers_fault(&admin.post("/policies", &rule).await, &condition, dice);
    let question = json!({ "subject": garble::text(dice), "collection": "messages", "action": "update", "data": { "text": value(dice) } });
    is_the_callers_fault(&admin.post("/policies/explain", &question).await, &question.to_string(), dice);
}

async fn ask_for_users(admin: &Person, dice: &mut Dice) {
    let (name, text) = (dice.pick(&["search", "cursor", "limit"]), garble::text(dice));
    let path = format!("/users?{name}={}", garble::encoded(&text));
    is_the_callers_fault(&admin.get(&path).await, &format!("{name}={text:?}"), dice);
    let rule = json!({ "id": text, "subject": "role:nobody", "object": "messages", "action": "read", "condition": "", "fields": "" });
    // With a second one that has no subject, so that the rules of this test stay what they are.
    let answer = admin
        .put("/policies", &json!({ "items": [rule, { "subject": "nobody", "object": "messages", "action": "read" }] }))
        .await;
    is_the_callers_fault(&answer, &rule.to_string(), dice);
    let register = json!({ "email": format!("{text}@plinth.test"), "password": text });
    is_the_callers_fault(&admin.post("/auth/register", &register).await, &register.to_string(), dice);
    let body = json!({ "refreshToken": text });
    is_the_callers_fault(&admin.post("/auth/refresh", &body).await, &body.to_string(), dice);
    let roles = format!("/roles/{}/members/{}", garble::encoded(&text), garble::encoded(&garble::text(dice)));
    is_the_callers_fault(&admin.put_empty(&roles).await, &roles, dice);
    is_the_callers_fault(&admin.delete(&roles).await, &roles, dice);
}

async fn ask_for_a_path(who: &Person, dice: &mut Dice) {
    let route = dice.pick(&["/records", "/collections", "/users", "/roles", "/policies", "/auth/sessions", "/nothing"]);
    let path = format!("{route}/{}", garble::encoded(&garble::text(dice)));
    let method = dice.pick(&[Method::GET, Method::DELETE, Method::PATCH]);
    let answer = who.send(who.request(method, &path).json(&json!({}))).await;
    is_the_callers_fault(&answer, &path, dice);
}

/// A frame of some kind, or none.
fn frame(dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => garble::text(dice),
        1 => json!({ "op": "auth", "token": garble::text(dice) }).to_string(),
        2 => json!({ "op": garble::text(dice), "sub": garble::text(dice) }).to_string(),
        3 => "[".repeat(dice.below(60_000)),
        _ => {
            let mut subscribe = json!({ "op": "subscribe", "sub": garble::text(dice), "collection": "messages", "filter": garble::condition(dice) });
            for name in ["since", "fields", "expand", "sort", "snapshot", "limit", "params"] {
                if dice.below(4) == 0 {
                    subscribe[name] = value(dice);
                }
            }
            subscribe.to_string()
        }
    }
}

on_both! {
    async fn no_text_in_a_request_is_the_servers_fault(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let everything = json!({ "subject": "role:user", "object": "messages", "action": "*", "condition": "", "fields": "" });
        room.admin.post("/policies", &everything).await.is(201);
        let whole = json!({ "text": "x", "room": "lab", "author": room.ada.id, "likes": 3, "score": 0.5, "tags": ["red"], "meta": { "color": "blue" } });
        let id = room.ada.post("/records/messages", &whole).await.is(201).json()["id"].as_str().unwrap().to_owned();
        let (pid, before) = (server.pid(), server.resident());

        let mut workers = tokio::task::JoinSet::new();
        let dice = Dice::seeded_by("FUZZ_SEED");
        for worker in 0..4 {
            let mut dice = dice.nth(worker);
            let (ada, admin, id) = (room.ada.clone(), room.admin.clone(), id.clone());
            workers.spawn(async move {
                for n in 0..tries() {
                    ask_for_a_list(&ada, &mut dice).await;
                    match n % 8 {
                        0 | 1 => write_something(&ada, &id, &mut dice).await,
                        2 => write_a_rule(&admin, &mut dice).await,
                        3 | 4 => ask_for_a_path(&admin, &mut dice).await,
                        5 => ask_for_users(&admin, &mut dice).await,
                        _ => {}
                    }
                }
            });
        }
        while let Some(worker) = workers.join_next().await {
            worker.expect("every answer was as it must be");
        }

        room.ada.get("/records/messages").await.is(200);
        assert_eq!(server.pid(), pid);
        assert!(server.resident() < before + 256 * 1024, "from {before} to {} KiB", server.resident());
    }

    async fn no_frame_is_the_servers_fault(database: Database) {
        let options = Options::default().set("PLINTH_REALTIME_MAX_SUBSCRIPTIONS", "20");
        let server = Server::start_with(&database, options).await;
        let room = Room::furnish(&server).await;
        let client = Client::new(server.url()).unwrap();
        let mut dice = Dice::seeded_by("FUZZ_SEED");
        let mut sent = 0;
        while sent < tries() {
            let mut socket = RawSocket::connect(&client).await.expect("it connects");
            if dice.below(2) == 0 {
                socket.send(&json!({ "op": "auth", "token": room.ada.token })).await.unwrap();
            }
            let begun = sent;
            while sent < begun + 40 && socket.send_text(frame(&mut dice)).await.is_ok() {
                sent += 1;
            }
            // It may have been shown out; otherwise it is still listened to.
            let _ = socket.send(&json!({ "op": "ping" })).await;
            loop {
                match socket.next_within(Duration::from_secs(20)).await.expect("an answer in time") {
                    Heard::Frame(frame) if frame["op"] == "pong" => break,
                    Heard::Frame(frame) => {
                        let status = frame["problem"]["status"].as_u64().unwrap_or_default();
                        assert!(status < 500, "{dice}: {frame}");
                    }
                    Heard::Closed(code, _) => {
                        assert!([1009, 4400].contains(&code), "{dice}: {code}");
                        break;
                    }
                    Heard::Lost => break,
                }
            }
        }
        let mut socket = Socket::of(&server, &room.bob).await;
        assert!(socket.until_pong().await.is_empty());
    }

    async fn raw_frames_of_any_shape_end_the_connection_and_nothing_else(database: Database) {
        let server = Server::start(&database).await;
        let before = server.resident();
        let upgrade = format!(
            "GET /api/v1/realtime HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: plinth.v1\r\n\r\n",
            server.authority()
        );
        let fragment = [0x01, 0x81, 0, 0, 0, 0, b'x'];
        let more = [0x00, 0x81, 0, 0, 0, 0, b'x'];
        let endless: Vec<u8> = fragment.into_iter().chain(more.repeat(100_000)).collect();
        for (bytes, name) in [
            (vec![0x81, 0x01, b'x'], "unmasked"),
            (vec![0x83, 0x80, 0, 0, 0, 0], "unknown opcode"),
            (vec![0xf1, 0x80, 0, 0, 0, 0], "reserved bits"),
            (vec![0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], "2^63 bytes"),
            (vec![0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe], "no UTF-8"),
            ([&[0x89, 0xfe, 0x01, 0x00, 0, 0, 0, 0][..], &[b'x'; 256]].concat(), "a long ping"),
            (vec![0x80, 0x80, 0, 0, 0, 0], "continues nothing"),
            (endless, "fragments without an end"),
        ] {
            let mut wire = Wire::to(&server).await;
            wire.write(&upgrade).await;
            wire.write(bytes).await;
            let answer = wire.until_closed(Duration::from_secs(20)).await;
            assert!(answer.starts_with("HTTP/1.1 101 "), "{name}: {answer}");
        }
        assert!(server.resident() < before + 32 * 1024, "from {before} to {} KiB", server.resident());
        server.anonymous().get_at("/readyz").await.is(200);
    }

    async fn who_pings_without_an_end_does_not_keep_others_waiting(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.bob).await;
        let flood = {
            let client = Client::new(server.url()).unwrap();
            tokio::spawn(async move {
                let mut socket = RawSocket::connect(&client).await.expect("it connects");
                for _ in 0..20_000 {
                    if socket.send_text("{\"op\":\"ping\"}").await.is_err() {
                        return;
                    }
                }
            })
        };
        socket.subscribe(crate::realtime::socket::lab()).await;
        for n in 0..20 {
            Room::say(&room.ada, &n.to_string(), "lab").await;
            socket.expect("change").await;
        }
        flood.abort();
        assert!(socket.until_pong().await.is_empty());
    }
}
