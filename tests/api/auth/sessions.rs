//! Sessions: seen, and ended by whom they belong to.

use serde_json::json;

use crate::harness::{Database, Server, on_both};

on_both! {
    async fn logging_out_ends_the_session_at_once(database: Database) {
        let server = Server::start(&database).await;
        let ada = server.register("ada").await;
        let other = server.log_in("ada@plinth.test").await;
        let refresh = json!({ "refreshToken": ada.refresh_token });
        ada.get("/auth/me").await.is(200);

        ada.post("/auth/logout", &refresh).await.is(204);

        ada.get("/auth/me").await.is_problem(401, "unauthenticated");
        server.anonymous().post("/auth/refresh", &refresh).await.is_problem(401, "invalid_credentials");
        other.get("/auth/me").await.is(200);
        server.anonymous().post("/auth/logout", &refresh).await.is(204);
    }

    async fn an_account_sees_its_sessions_and_nobody_elses(database: Database) {
        let server = Server::start(&database).await;
        let (ada, bob) = (server.register("ada").await, server.register("bob").await);
        server.log_in("ada@plinth.test").await;

        let sessions = ada.get("/auth/sessions").await.is(200).json();

        let sessions = sessions["items"].as_array().unwrap();
        assert_eq!(sessions.len(), 2);
        assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
        assert!(sessions.iter().all(|session| session["address"] == "127.0.0.1"));
        assert_eq!(bob.get("/auth/sessions").await.is(200).json()["items"].as_array().unwrap().len(), 1);
    }

    async fn one_session_is_ended_and_a_strangers_is_not(database: Database) {
        let server = Server::start(&database).await;
        let (ada, bob) = (server.register("ada").await, server.register("bob").await);
        let other = server.log_in("ada@plinth.test").await;
        let sessions = other.get("/auth/sessions").await.is(200).json();
        let of_ada = sessions["items"].as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
        let path = format!("/auth/sessions/{}", of_ada["id"].as_str().unwrap());

        bob.delete(&path).await.is_problem(404, "not_found");
        ada.get("/auth/me").await.is(200);
        other.delete(&path).await.is(204);

        ada.get("/auth/me").await.is_problem(401, "unauthenticated");
        other.get("/auth/me").await.is(200);
        other.delete(&path).await.is_problem(404, "not_found");
        other.delete("/auth/sessions/role:admin").await.is_problem(404, "not_found");
    }

    async fn all_sessions_are_ended_this_one_too(database: Database) {
        let server = Server::start(&database).await;
        let ada = server.register("ada").await;
        let other = server.log_in("ada@plinth.test").await;

        ada.delete("/auth/sessions").await.is(204);

        ada.get("/auth/me").await.is_problem(401, "unauthenticated");
        other.get("/auth/me").await.is_problem(401, "unauthenticated");
        server.log_in("ada@plinth.test").await;
    }

    async fn nobody_has_no_sessions(database: Database) {
        let server = Server::start(&database).await;

        let nobody = server.anonymous();

        nobody.get("/auth/me").await.is_problem(401, "unauthenticated");
        nobody.get("/auth/sessions").await.is_problem(401, "unauthenticated");
        nobody.delete("/auth/sessions").await.is_problem(401, "unauthenticated");
        nobody.patch("/auth/me", &json!({})).await.is_problem(401, "unauthenticated");
    }
}
