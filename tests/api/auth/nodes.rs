//! Several servers on one Postgres: what ends on one ends on all.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Database, Person, Server, until};
use crate::realtime::socket::Socket;

/// Waits until a server refuses the token.
async fn refused_by(server: &Server, person: &Person) {
    let (person, begin) = (person.at(server.url()), Instant::now());
    while person.get("/auth/me").await.status == 200 {
        assert!(begin.elapsed() < Duration::from_secs(5), "the token is still good on the other server");
    }
}

#[tokio::test]
async fn what_ends_on_one_server_ends_on_the_other() {
    let database = Database::postgres();
    let (here, there) = (Server::start(&database).await, Server::start(&database).await);
    let admin = here.admin().await;
    let people = ["ada", "bob", "cat", "dan"];
    let mut signed_in = Vec::new();
    for name in people {
        let person = here.register(name).await;
        person.at(there.url()).get("/auth/me").await.is(200);
        signed_in.push(person);
    }

    let [ada, bob, cat, dan] = &signed_in[..] else { unreachable!("there are four") };
    ada.post("/auth/logout", &json!({ "refreshToken": ada.refresh_token })).await.is(204);
    admin.patch(&format!("/users/{}", bob.id), &json!({ "disabled": true })).await.is(200);
    admin.delete(&format!("/users/{}", cat.id)).await.is(204);
    admin.patch(&format!("/users/{}", dan.id), &json!({ "password": "a fresh long passphrase" })).await.is(200);

    for person in &signed_in {
        refused_by(&there, person).await;
    }
}

/// A write that is open holds up the log behind its place, and with it every event; what ends a right does not wait.
#[tokio::test]
async fn an_open_write_keeps_no_right_alive_on_the_other_server() {
    const OPEN: &str = "begin;
        insert into _changes (collection, record, kind, at) values ('none', 'none', 'create', 0);
        select pg_sleep(20);
        rollback";
    let database = Database::postgres();
    let (here, there) = (Server::start(&database).await, Server::start(&database).await);
    let admin = here.admin().await;
    let vault = json!({ "name": "vault", "schema": { "type": "object", "properties": { "v": { "type": "string" } } } });
    admin.post("/collections", &vault).await.is(201);
    let rule = json!({ "subject": "role:editor", "object": "vault", "action": "read" });
    admin.post("/policies", &rule).await.is(201);
    let (ada, bob, cat) = (here.register("ada").await, here.register("bob").await, here.register("cat").await);
    let member = format!("/roles/editor/members/user:{}", cat.id);
    admin.put_empty(&member).await.is(204);
    let there_too = cat.at(there.url());
    until("the other server knows her role", async || there_too.get("/records/vault").await.status == 200).await;
    for person in [&ada, &bob] {
        person.at(there.url()).get("/auth/me").await.is(200);
    }
    let mut socket = Socket::of(&there, &ada).await;
    socket.subscribe(json!({ "op": "subscribe", "sub": "s", "collection": "users" })).await;

    let open = database.execute_beside(OPEN);
    // It has its place before anything that is behind it.
    tokio::time::sleep(Duration::from_millis(500)).await;
    ada.delete("/auth/sessions").await.is(204);
    admin.patch(&format!("/users/{}", bob.id), &json!({ "disabled": true })).await.is(200);
    admin.delete(&member).await.is(204);

    let begin = Instant::now();
    for person in [&ada, &bob] {
        refused_by(&there, person).await;
    }
    until("her role has ended there", async || there_too.get("/records/vault").await.status == 404).await;
    assert_eq!(socket.end().await, 4401);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    assert!(!open.is_finished(), "the write was not open all the time");
    open.join().expect("it ends");
}

#[tokio::test]
async fn a_token_of_one_server_is_good_on_the_other_also_with_a_new_key() {
    let database = Database::postgres();
    let here = Server::start(&database).await;
    let ada = here.register("ada").await;
    let rotating = crate::harness::Options::default().set("PLINTH_AUTH_KEY_ROTATION", "1ms");

    let there = Server::start_with(&database, rotating).await;
    let bob = there.register("bob").await;

    ada.at(there.url()).get("/auth/me").await.is(200);
    bob.at(here.url()).get("/auth/me").await.is(200);
}

#[tokio::test]
async fn one_refresh_token_has_one_successor_over_all_servers() {
    let database = Database::postgres();
    let (here, there) = (Server::start(&database).await, Server::start(&database).await);
    let ada = here.register("ada").await;
    let body = json!({ "refreshToken": ada.refresh_token });

    let tries: Vec<_> = (0..20)
        .map(|n| {
            let person = if n % 2 == 0 { here.anonymous() } else { there.anonymous() };
            let body = body.clone();
            tokio::spawn(
                async move { person.post("/auth/refresh", &body).await.is(200).json()["refreshToken"].clone() },
            )
        })
        .collect();
    let mut successors = Vec::new();
    for attempt in tries {
        successors.push(attempt.await.unwrap());
    }

    successors.dedup();
    assert_eq!(successors.len(), 1);
}
