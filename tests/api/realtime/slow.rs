//! Clients that do not read: R10 of the reliability tests.

use std::time::{Duration, Instant};

use plinth_client::Heard;
use serde_json::{Value as Json, json};

use super::socket::Socket;
use crate::harness::{Database, Options, Person, Server, on_both};

/// Clients that never read.
const SLOW: usize = 20;
/// Records of one request, and requests of one wave: more than what the kernel takes for a client that does not read.
const BATCH: usize = 100;
const WAVE: usize = 30;
/// What a client that does not read may cost, and what the shared memory of changes and the caches of the database may
/// grow by meanwhile, in KiB. A queue for each client would take 13 MiB each.
const EACH: u64 = 256;
const NOISE: u64 = 128 * 1024;

/// Writes a wave of records of 4.5 KB, numbered from here on.
async fn wave(admin: &Person, from: usize) -> usize {
    let body = "x".repeat(4_400);
    for n in 0..WAVE {
        let first = from + n * BATCH;
        let records: Vec<_> = (first..first + BATCH).map(|n| json!({ "n": n, "body": body })).collect();
        admin.post("/records/events", &json!(records)).await.is(201);
    }
    from + WAVE * BATCH
}

fn number(change: &Json) -> usize {
    usize::try_from(change["record"]["n"].as_u64().expect("a number")).expect("a small one")
}

/// Reads the changes up to this number, which must be the next ones.
async fn follow(socket: &mut Socket, from: usize, to: usize) {
    for n in from..to {
        assert_eq!(number(&socket.expect("change").await), n);
    }
}

fn subscription() -> Json {
    json!({ "op": "subscribe", "sub": "s", "collection": "events" })
}

on_both! {
    async fn who_does_not_read_costs_nothing_and_loses_nothing(database: Database) {
        let options = Options::default().set("PLINTH_REALTIME_WRITE_TIMEOUT", "2s");
        let server = Server::start_with(&database, options).await;
        let admin = server.admin().await;
        let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" }, "body": { "type": "string" } } });
        admin.post("/collections", &json!({ "name": "events", "schema": schema })).await.is(201);
        let mut fast = Socket::of(&server, &admin).await;
        fast.subscribe(subscription()).await;
        let (missed, ()) = tokio::join!(wave(&admin, 0), follow(&mut fast, 0, WAVE * BATCH));

        let (connected, mut slow) = (connections(&server), Vec::new());
        for _ in 0..SLOW {
            let mut socket = Socket::of(&server, &admin).await;
            socket.subscribe(subscription()).await;
            slow.push(socket);
        }
        let before = server.resident();
        let (end, ()) = tokio::join!(wave(&admin, missed), follow(&mut fast, missed, missed + WAVE * BATCH));
        let grown = server.resident().saturating_sub(before);
        assert!(grown < SLOW as u64 * EACH + NOISE, "{grown} KiB for {SLOW} clients that do not read");

        // They are let go of by themselves.
        let patience = Instant::now();
        while connections(&server) > connected {
            assert!(patience.elapsed() < Duration::from_mins(1), "they are still connected");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let (mut read, mut cursor) = (missed, String::new());
        loop {
            match slow[0].heard().await {
                Heard::Frame(change) => {
                    assert_eq!(number(&change), read);
                    (read, cursor) = (read + 1, change["cursor"].as_str().expect("a cursor").to_owned());
                }
                Heard::Closed(code, _) => {
                    assert_eq!(code, 4408);
                    break;
                }
                Heard::Lost => break,
            }
        }
        assert!((missed..end).contains(&read), "it was not cut off");
        let mut again = Socket::of(&server, &admin).await;
        let mut request = subscription();
        request["since"] = json!(cursor);
        let rest = again.subscribe(request).await;
        assert_eq!(rest.iter().map(number).collect::<Vec<_>>(), (read..end).collect::<Vec<_>>());
        admin.post("/records/events", &json!({ "n": end })).await.is(201);
        follow(&mut again, end, end + 1).await;
        follow(&mut fast, end, end + 1).await;
    }
}

/// Connections that the server has not closed, as the kernel tells.
fn connections(server: &Server) -> usize {
    let listed = std::fs::read_to_string(format!("/proc/{}/net/tcp", server.pid())).expect("the kernel tells");
    let port = server.authority().rsplit(':').next().and_then(|port| port.parse::<u16>().ok()).expect("a port");
    let local = format!("0100007F:{port:04X}");
    let lines = listed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    // The local address, and the state: 01 is established.
    lines.filter(|columns| columns.get(1) == Some(&&*local) && columns.get(3) == Some(&"01")).count()
}
