//! Administrators who change each other at once: one stays, and no role comes to inherit itself.

use serde_json::json;

use crate::harness::{Answer, Database, PASSWORD, Person, Server, on_both, until};

/// How often each race is run.
const ROUNDS: usize = 4;

/// What two administrators can do to each other.
const WAYS: [&str; 3] = ["disable", "delete", "leave"];

async fn end(who: &Person, other: &Person, way: &str) -> Answer {
    let path = format!("/users/{}", other.id);
    match way {
        "disable" => who.patch(&path, &json!({ "disabled": true })).await,
        "delete" => who.delete(&path).await,
        _ => who.delete(&format!("/roles/admin/members/user:{}", other.id)).await,
    }
}

/// Lets an administrator make another one and both end each other, over and over; `there` is where the second asks.
async fn race(here: &Server, there: &Server) {
    let mut first = here.admin().await;
    for n in 0..ROUNDS * WAYS.len() {
        let email = format!("boss{n}@plinth.test");
        let body = json!({ "email": email, "password": PASSWORD, "roles": ["admin"] });
        first.post("/users", &body).await.is(201);
        let second = here.log_in(&email).await;
        let [one, other] = [first.at(here.url()).on_its_own(), second.at(there.url()).on_its_own()];
        until("the other node knows them", async || other.get("/users").await.status == 200).await;

        let way = WAYS[n % WAYS.len()];
        let (a, b) = tokio::join!(end(&one, &second, way), end(&other, &first, way));

        let done = [&a, &b].map(|answer| (200..300).contains(&answer.status));
        assert_ne!(done, [true, true], "{way}: both ended each other");
        assert_ne!(done, [false, false], "{way}: {} {}", a.text(), b.text());
        let refused = if done[0] { b } else { a };
        assert!([401, 403, 404, 409].contains(&refused.status), "{way}: {}", refused.text());
        let left = if done[0] { first } else { second };
        left.at(here.url()).get("/users").await.is(200);
        first = left;
    }
}

/// Lets two roles become members of each other at once.
async fn join_each_other(here: &Server, there: &Server) {
    let (one, other) = (here.admin().await.on_its_own(), there.admin().await.on_its_own());
    for n in 0..8 {
        let (forth, back) = (format!("/roles/a{n}/members/role:b{n}"), format!("/roles/b{n}/members/role:a{n}"));
        let joined = tokio::join!(one.put_empty(&forth), other.put_empty(&back));
        let mut statuses = [joined.0.status, joined.1.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409], "{} {}", joined.0.text(), joined.1.text());
    }
}

on_both! {
    async fn of_two_who_end_each_other_one_stays(database: Database) {
        let server = Server::start(&database).await;
        race(&server, &server).await;
    }

    async fn no_role_comes_to_inherit_itself(database: Database) {
        let server = Server::start(&database).await;
        join_each_other(&server, &server).await;
    }

    /// An administrator through other roles is one; one who is locked out is none.
    async fn who_is_locked_out_is_not_the_administrator_who_is_left(database: Database) {
        let server = Server::start(&database).await;
        let (admin, ada) = (server.admin().await, server.register("ada").await);
        let membership = format!("/roles/admin/members/user:{}", admin.id);
        admin.put_empty("/roles/admin/members/role:chief").await.is(204);
        admin.put_empty(&format!("/roles/chief/members/user:{}", ada.id)).await.is(204);

        admin.patch(&format!("/users/{}", ada.id), &json!({ "disabled": true })).await.is(200);
        admin.delete(&membership).await.is_problem(409, "conflict");
        admin.patch(&format!("/users/{}", ada.id), &json!({ "disabled": false })).await.is(200);
        admin.delete(&membership).await.is(204);
        admin.get("/users").await.is_problem(403, "policy_denied");
        let ada = server.log_in("ada@plinth.test").await;
        ada.delete("/roles/admin/members/role:chief").await.is_problem(409, "conflict");
        ada.delete(&format!("/roles/chief/members/user:{}", ada.id)).await.is_problem(409, "conflict");
        ada.patch(&format!("/users/{}", ada.id), &json!({ "disabled": true })).await.is_problem(409, "restricted");
    }
}

#[tokio::test]
async fn nor_do_two_servers_let_them() {
    let database = Database::postgres();
    let (here, there) = (Server::start(&database).await, Server::start(&database).await);
    join_each_other(&here, &there).await;
    race(&here, &there).await;
}
