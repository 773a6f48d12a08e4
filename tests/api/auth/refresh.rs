//! Refresh tokens: used once, followed by one successor, and a reuse ends the session.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::harness::{Answer, Database, Person, Server, on_both};

async fn refresh(person: &Person, token: &str) -> Answer {
    person.post("/auth/refresh", &json!({ "refreshToken": token })).await
}

fn token(answer: &Answer) -> String {
    answer.json()["refreshToken"].as_str().unwrap().to_owned()
}

on_both! {
    async fn a_session_goes_on_with_the_next_token(database: Database) {
        let server = Server::start(&database).await;
        let (ada, anonymous) = (server.register("ada").await, server.anonymous());

        let mut current = ada.refresh_token.clone().unwrap();
        for _ in 0..5 {
            let answer = refresh(&anonymous, &current).await.is(200);
            assert_ne!(token(&answer), current);
            current = token(&answer);
            Person::signed_in(server.url(), &answer).get("/auth/me").await.is(200);
        }

        let sessions = ada.get("/auth/sessions").await.is(200).json();
        assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
    }

    async fn a_token_that_was_replaced_twice_ends_its_session(database: Database) {
        let server = Server::start(&database).await;
        let (ada, anonymous) = (server.register("ada").await, server.anonymous());
        let other = server.log_in("ada@plinth.test").await;
        let first = ada.refresh_token.clone().unwrap();
        let second = token(&refresh(&anonymous, &first).await.is(200));
        let third = token(&refresh(&anonymous, &second).await.is(200));

        refresh(&anonymous, &first).await.is_problem(401, "invalid_credentials");

        refresh(&anonymous, &third).await.is_problem(401, "invalid_credentials");
        ada.get("/auth/me").await.is_problem(401, "unauthenticated");
        other.get("/auth/me").await.is(200);
    }

    async fn a_repeated_refresh_gets_the_same_successor(database: Database) {
        let server = Server::start(&database).await;
        let (ada, anonymous) = (server.register("ada").await, server.anonymous());
        let first = ada.refresh_token.clone().unwrap();

        let once = token(&refresh(&anonymous, &first).await.is(200));
        let again = token(&refresh(&anonymous, &first).await.is(200));

        assert_eq!(once, again);
        refresh(&anonymous, &again).await.is(200);
    }

    async fn many_refreshes_of_one_token_at_once_have_one_successor(database: Database) {
        let server = Server::start(&database).await;
        let ada = server.register("ada").await;
        let first = ada.refresh_token.clone().unwrap();

        let tries: Vec<_> = (0..50)
            .map(|_| {
                let (person, first) = (server.anonymous(), first.clone());
                tokio::spawn(async move { refresh(&person, &first).await })
            })
            .collect();
        let mut successors = BTreeSet::new();
        for attempt in tries {
            successors.insert(token(&attempt.await.unwrap().is(200)));
        }

        assert_eq!(successors.len(), 1);
        let sessions = ada.get("/auth/sessions").await.is(200).json();
        assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
    }

    async fn a_token_that_was_never_made_changes_nothing(database: Database) {
        let server = Server::start(&database).await;
        let (ada, anonymous) = (server.register("ada").await, server.anonymous());
        let real = ada.refresh_token.clone().unwrap();
        let parts: Vec<&str> = real.split('.').collect();

        for forged in [
            String::new(),
            "x".to_owned(),
            real[..real.len() - 2].to_owned(),
            format!("{}.{}.1.{}.{}", parts[0], parts[1], parts[3], parts[4]),
            ada.token.clone().unwrap(),
            "x".repeat(10_000),
        ] {
            refresh(&anonymous, &forged).await.is_problem(401, "invalid_credentials");
        }
        for wrong in [json!({}), json!([]), json!(0), json!(true), json!(["a"])] {
            let answer = anonymous.post("/auth/refresh", &json!({ "refreshToken": wrong })).await;
            answer.is_problem(422, "validation_failed");
        }
        anonymous.post("/auth/refresh", &json!({})).await.is_problem(401, "invalid_credentials");
        anonymous.post("/auth/refresh", &json!({ "refreshToken": Json::Null })).await.is_problem(401, "invalid_credentials");

        refresh(&anonymous, &real).await.is(200);
    }

    async fn a_refresh_token_is_no_access_token(database: Database) {
        let server = Server::start(&database).await;
        let mut ada = server.register("ada").await;

        ada.token = ada.refresh_token.clone();

        ada.get("/auth/me").await.is_problem(401, "unauthenticated");
    }
}
