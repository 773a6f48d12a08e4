//! Lists of records that are large: a page has a limit in bytes.

use serde_json::{Value as Json, json};

use crate::harness::{Answer, Database, Person, Server, on_both};
use crate::realtime::socket::Socket;

/// Records of 900 KB: ten are more than the 8 MiB that a page holds.
const RECORDS: usize = 24;
const BYTES: usize = 900_000;

/// An administrator, and the records `0` to `23`.
async fn library(server: &Server) -> Person {
    let admin = server.admin().await;
    let schema =
        json!({ "type": "object", "properties": { "n": { "type": "integer" }, "body": { "type": "string" } } });
    admin.post("/collections", &json!({ "name": "books", "schema": schema })).await.is(201);
    for n in 0..RECORDS {
        let body = format!("{n:02}{}", "x".repeat(BYTES));
        admin.post("/records/books", &json!({ "n": n, "body": body })).await.is(201);
    }
    admin
}

fn numbers(answer: &Answer) -> Vec<u64> {
    let items = answer.json()["items"].as_array().cloned().unwrap_or_default();
    items.iter().filter_map(|item| item["n"].as_u64()).collect()
}

async fn page(admin: &Person, question: &str, cursor: &Json) -> Answer {
    let cursor = cursor.as_str().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    admin.get(&format!("/records/books?{question}{cursor}")).await.is(200)
}

on_both! {
    async fn a_page_that_is_full_ends_early_and_the_next_goes_on_from_there(database: Database) {
        let server = Server::start(&database).await;
        let admin = library(&server).await;
        for (sort, order) in [("n", (0..24).collect::<Vec<u64>>()), ("-n", (0..24).rev().collect())] {
            let question = format!("sort={sort}&limit=500");
            let first = page(&admin, &question, &json!(null)).await;
            assert_eq!((numbers(&first), &first.json()["prevCursor"]), (order[..10].to_vec(), &json!(null)));
            let second = page(&admin, &question, &first.json()["nextCursor"]).await;
            assert_eq!(numbers(&second), order[10..20]);
            let last = page(&admin, &question, &second.json()["nextCursor"]).await;
            assert_eq!((numbers(&last), &last.json()["nextCursor"]), (order[20..].to_vec(), &json!(null)));

            // On the way back, a page keeps the end at which it meets the one before.
            let back = page(&admin, &question, &last.json()["prevCursor"]).await;
            assert_eq!(numbers(&back), order[10..20]);
            assert_eq!(numbers(&page(&admin, &question, &back.json()["nextCursor"]).await), order[20..]);
            let start = page(&admin, &question, &back.json()["prevCursor"]).await;
            assert_eq!((numbers(&start), &start.json()["prevCursor"]), (order[..10].to_vec(), &json!(null)));
        }

        // Where the last record fills the page, nothing is left behind it.
        let full = page(&admin, "sort=n&limit=500&filter=n<10", &json!(null)).await;
        assert_eq!((numbers(&full).len(), &full.json()["nextCursor"]), (10, &json!(null)));
        let counted = page(&admin, "sort=n&limit=11&count=exact", &json!(null)).await;
        assert_eq!((numbers(&counted).len(), &counted.json()["total"]), (10, &json!(24)));
        assert_eq!(numbers(&page(&admin, "sort=n&limit=500&fields=n", &json!(null)).await).len(), RECORDS);
    }

    async fn what_must_be_whole_is_refused_when_it_is_too_large(database: Database) {
        let server = Server::start(&database).await;
        let admin = library(&server).await;
        // What is read to put records in order counts as they do.
        for question in ["page=1&limit=11", "page=2&limit=11&sort=n", "page=1&limit=500&fields=n&sort=body"] {
            let problem = admin.get(&format!("/records/books?{question}")).await.is_problem(413, "too_large");
            let detail = problem.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("8 MiB") && detail.contains("cursor"), "{detail}");
        }
        assert_eq!(numbers(&page(&admin, "page=3&limit=10&sort=n", &json!(null)).await), [20, 21, 22, 23]);

        let mut socket = Socket::of(&server, &admin).await;
        let mut request = json!({ "op": "subscribe", "sub": "s", "collection": "books", "snapshot": true, "sort": "n", "limit": 11 });
        socket.say(request.clone()).await;
        let problem = &socket.expect("error").await["problem"];
        assert_eq!(problem["code"], "too_large");
        assert!(problem["detail"].as_str().unwrap().contains("8 MiB"), "{problem}");
        request["limit"] = json!(2);
        socket.say(request).await;
        socket.expect("subscribed").await;
        let snapshot = socket.expect("snapshot").await;
        assert_eq!(snapshot["items"].as_array().map(Vec::len), Some(2));
    }
}
