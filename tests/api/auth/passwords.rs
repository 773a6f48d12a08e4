//! Changing the own password.

use serde_json::{Value as Json, json};

use crate::harness::{Database, PASSWORD, Server, on_both};

fn change(current: &str, new: &str) -> Json {
    json!({ "currentPassword": current, "newPassword": new })
}

on_both! {
    async fn a_new_password_ends_all_other_sessions(database: Database) {
        let server = Server::start(&database).await;
        let ada = server.register("ada").await;
        let other = server.log_in("ada@plinth.test").await;
        other.get("/auth/me").await.is(200);

        ada.patch("/auth/password", &change(PASSWORD, "a fresh long passphrase")).await.is(204);

        ada.get("/auth/me").await.is(200);
        ada.post("/auth/refresh", &json!({ "refreshToken": ada.refresh_token })).await.is(200);
        other.get("/auth/me").await.is_problem(401, "unauthenticated");
        let refresh = json!({ "refreshToken": other.refresh_token });
        server.anonymous().post("/auth/refresh", &refresh).await.is_problem(401, "invalid_credentials");
        let log_in = |password: &str| json!({ "email": "ada@plinth.test", "password": password });
        server.anonymous().post("/auth/login", &log_in(PASSWORD)).await.is_problem(401, "invalid_credentials");
        server.anonymous().post("/auth/login", &log_in("a fresh long passphrase")).await.is(200);
    }

    async fn a_wrong_current_or_a_weak_new_password_changes_nothing(database: Database) {
        let server = Server::start(&database).await;
        let ada = server.register("ada").await;

        let wrong = ada.patch("/auth/password", &change("not the passphrase", "a fresh long passphrase")).await;
        wrong.is_problem(401, "invalid_credentials");
        let weak = ada.patch("/auth/password", &change(PASSWORD, "password1")).await;
        assert_eq!(weak.is_problem(422, "validation_failed").pointers(), ["/newPassword"]);
        let missing = ada.patch("/auth/password", &json!({ "newPassword": "a fresh long passphrase" })).await;
        assert_eq!(missing.is_problem(422, "validation_failed").pointers(), ["/currentPassword"]);

        server.log_in("ada@plinth.test").await;
        let nobody = server.anonymous();
        nobody.patch("/auth/password", &change(PASSWORD, "a fresh long passphrase")).await.is_problem(401, "unauthenticated");
    }

    async fn a_session_that_begins_while_the_password_changes_does_not_outlive_it(database: Database) {
        let server = Server::start(&database).await;
        let ada = server.register("ada").await;
        let body = json!({ "email": "ada@plinth.test", "password": PASSWORD });

        let sign_ins: Vec<_> = (0..10)
            .map(|_| {
                let (person, body) = (server.anonymous(), body.clone());
                tokio::spawn(async move { person.post("/auth/login", &body).await })
            })
            .collect();
        ada.patch("/auth/password", &change(PASSWORD, "a fresh long passphrase")).await.is(204);
        for sign_in in sign_ins {
            let answer = sign_in.await.unwrap();
            assert!([200, 401].contains(&answer.status), "{}", answer.text());
            if answer.status == 200 {
                let late = crate::harness::Person::signed_in(server.url(), &answer);
                late.get("/auth/me").await.is_problem(401, "unauthenticated");
            }
        }

        let sessions = ada.get("/auth/sessions").await.is(200).json();
        assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
    }
}
