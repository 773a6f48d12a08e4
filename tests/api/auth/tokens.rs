//! Access tokens.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Database, Options, Server, on_both};

on_both! {
    async fn a_token_that_is_not_exactly_ours_is_refused(database: Database) {
        let server = Server::start(&database).await;
        let ada = server.register("ada").await;
        let token = ada.token.clone().unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        // {"alg":"none","typ":"JWT"}, {"alg":"HS256","typ":"JWT"}
        let (none, hs256) = ("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9");

        for forged in [
            format!("{none}.{}.", parts[1]),
            format!("{none}.{}.{}", parts[1], parts[2]),
            format!("{hs256}.{}.{}", parts[1], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}.{}", parts[0], parts[1].replacen('e', "f", 1), parts[2]),
            format!("{token}x"),
            format!("{token}.x"),
            "x".to_owned(),
            "x".repeat(8_000),
        ] {
            ada.with_token(&forged).get("/auth/me").await.is_problem(401, "unauthenticated");
        }
        for header in ["Basic YTpi", "Bearer", "Bearer ", &token, &format!("Token {token}")] {
            let nobody = server.anonymous();
            let request = nobody.request(Method::GET, "/auth/me").header("authorization", header);
            let answer = nobody.send(request).await.is_problem(401, "unauthenticated");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        let twice = ada.request(Method::GET, "/auth/me").header("authorization", "Bearer other");
        ada.send(twice).await.is_problem(401, "unauthenticated");
        ada.get("/auth/me").await.is(200);
    }

    async fn a_bad_token_is_not_taken_for_nobody(database: Database) {
        let server = Server::start(&database).await;
        let stranger = server.anonymous().with_token("x");

        stranger.get("/records/users").await.is_problem(401, "unauthenticated");
    }

    async fn a_token_ends_with_its_time_and_the_session_goes_on(database: Database) {
        let server = Server::start_with(&database, Options::default().set("PLINTH_AUTH_ACCESS_TOKEN", "1s")).await;
        let ada = server.register("ada").await;

        let begin = std::time::Instant::now();
        while ada.get("/auth/me").await.status == 200 {
            assert!(begin.elapsed() < std::time::Duration::from_secs(4), "the token does not end");
        }

        ada.get("/auth/me").await.is_problem(401, "unauthenticated");
        let refresh = json!({ "refreshToken": ada.refresh_token });
        server.anonymous().post("/auth/refresh", &refresh).await.is(200);
    }

    async fn a_session_that_is_not_used_ends(database: Database) {
        let server = Server::start_with(&database, Options::default().set("PLINTH_AUTH_SESSION_IDLE", "1500ms")).await;
        let ada = server.register("ada").await;
        let refresh = json!({ "refreshToken": ada.refresh_token });

        let begin = std::time::Instant::now();
        while ada.get("/auth/me").await.status == 200 {
            assert!(begin.elapsed() < std::time::Duration::from_secs(5), "the session does not end");
        }

        server.anonymous().post("/auth/refresh", &refresh).await.is_problem(401, "invalid_credentials");
        server.log_in("ada@plinth.test").await;
    }

    async fn tokens_outlive_a_restart(database: Database) {
        let server = Server::start(&database).await;
        let ada = server.register("ada").await;
        drop(server);

        let server = Server::start(&database).await;

        ada.at(server.url()).get("/auth/me").await.is(200);
        let refresh = json!({ "refreshToken": ada.refresh_token });
        server.anonymous().post("/auth/refresh", &refresh).await.is(200);
    }

    async fn a_new_key_signs_and_the_old_one_is_still_known(database: Database) {
        let server = Server::start(&database).await;
        let ada = server.register("ada").await;
        drop(server);

        let server = Server::start_with(&database, Options::default().set("PLINTH_AUTH_KEY_ROTATION", "1ms")).await;
        let bob = server.register("bob").await;

        let key = |person: &crate::harness::Person| person.token.clone().unwrap().split('.').next().unwrap().to_owned();
        assert_ne!(key(&ada), key(&bob));
        ada.at(server.url()).get("/auth/me").await.is(200);
        bob.get("/auth/me").await.is(200);
    }
}
