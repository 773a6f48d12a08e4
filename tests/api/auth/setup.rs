//! The first administrator.

use serde_json::{Value as Json, json};

use crate::harness::{ADMIN, Database, Options, PASSWORD, Server, command, on_both, run};

/// A server without an administrator, and the token of the link that it printed.
async fn fresh(database: &Database) -> (Server, String) {
    let mut server = Server::start_with(database, Options::default().without_admin()).await;
    assert!(server.line().contains("no administrator"));
    let link = server.line();
    let (page, token) = link.trim().split_once("#token=").expect("a link with a token");
    assert_eq!(page, format!("{}/_/setup", server.url()));
    (server, token.to_owned())
}

fn body(token: &str, email: &str) -> Json {
    json!({ "token": token, "email": email, "password": PASSWORD })
}

on_both! {
    async fn the_printed_link_makes_one_administrator(database: Database) {
        let (server, token) = fresh(&database).await;
        let anonymous = server.anonymous();
        assert_eq!(anonymous.get("/setup").await.is(200).json(), json!({ "open": true }));

        let answer = anonymous.post("/setup", &body(&token, "root@plinth.test")).await.is(201);

        let roles = answer.json()["user"]["roles"].clone();
        assert!(roles.as_array().unwrap().contains(&json!("admin")), "{roles}");
        assert_eq!(anonymous.get("/setup").await.is(200).json(), json!({ "open": false }));
        anonymous.post("/setup", &body(&token, "eve@plinth.test")).await.is_problem(409, "setup_done");
        server.admin().await.get("/users").await.is(200);
    }

    async fn without_the_token_nobody_becomes_administrator(database: Database) {
        let (server, token) = fresh(&database).await;
        let anonymous = server.anonymous();

        for wrong in ["", "x", &token[1..], &token.to_lowercase(), "done"] {
            let answer = anonymous.post("/setup", &body(wrong, "eve@plinth.test")).await;
            answer.is_problem(403, "setup_token_invalid");
        }
        for wrong in [json!({}), json!([]), json!(null), json!(0), json!(true), json!([token])] {
            let body = json!({ "token": wrong, "email": "eve@plinth.test", "password": PASSWORD });
            anonymous.post("/setup", &body).await.is_problem(422, "validation_failed");
        }
        server.register("ada").await.get("/users").await.is_problem(403, "policy_denied");

        assert_eq!(anonymous.get("/setup").await.is(200).json(), json!({ "open": true }));
        assert!(!database.dump().contains(&token), "the token itself is stored");
    }

    async fn a_mistake_does_not_use_the_token_up(database: Database) {
        let (server, token) = fresh(&database).await;
        let anonymous = server.anonymous();

        let weak = json!({ "token": token, "email": "root@plinth.test", "password": "password" });
        anonymous.post("/setup", &weak).await.is_problem(422, "validation_failed");
        anonymous.post("/setup", &body(&token, "no address")).await.is_problem(422, "validation_failed");

        anonymous.post("/setup", &body(&token, "root@plinth.test")).await.is(201);
    }

    async fn of_many_uses_of_the_token_at_once_one_succeeds(database: Database) {
        let (server, token) = fresh(&database).await;

        let tries: Vec<_> = (0..20)
            .map(|n| {
                let (person, body) = (server.anonymous(), body(&token, &format!("root{n}@plinth.test")));
                tokio::spawn(async move { person.post("/setup", &body).await })
            })
            .collect();
        let mut winners = Vec::new();
        for attempt in tries {
            let answer = attempt.await.unwrap();
            match answer.status {
                201 => winners.push(answer),
                403 | 409 => {}
                status => panic!("{status}: {}", answer.text()),
            }
        }

        assert_eq!(winners.len(), 1);
        let admin = crate::harness::Person::signed_in(server.url(), &winners[0]);
        let users = admin.get("/users").await.is(200).json();
        assert_eq!(users["items"].as_array().unwrap().len(), 1);
    }

    async fn a_token_ends_with_its_time(database: Database) {
        let options = Options::default().without_admin().set("PLINTH_AUTH_SETUP_LINK", "1ms");
        let mut server = Server::start_with(&database, options).await;
        server.line();
        let link = server.line();
        let (_, token) = link.trim().split_once("#token=").unwrap();

        let answer = server.anonymous().post("/setup", &body(token, "root@plinth.test")).await;

        answer.is_problem(403, "setup_token_invalid");
    }

    async fn the_environment_names_the_first_administrator_once(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let other = json!({ "email": "second@plinth.test", "password": PASSWORD, "roles": ["admin"] });
        admin.post("/users", &other).await.is(201);
        admin.patch("/auth/password", &json!({ "currentPassword": PASSWORD, "newPassword": "a fresh long passphrase" })).await.is(204);
        drop(server);

        let server = Server::start(&database).await;

        let old = json!({ "email": ADMIN, "password": PASSWORD });
        server.anonymous().post("/auth/login", &old).await.is_problem(401, "invalid_credentials");
    }

    async fn the_command_makes_an_administrator_with_and_without_a_server(database: Database) {
        std::fs::write(database.scratch().join("password"), "a fresh long passphrase\n").unwrap();
        let create = |email: &str| {
            let mut command = command(&database);
            command.args(["admin", "create", "--email", email, "--password-file", "password"]).args(database.flags());
            run(&mut command)
        };
        let (code, out, err) = create("first@plinth.test");
        assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
        let server = Server::start_with(&database, Options::default().without_admin()).await;
        let ada = server.register("ada").await;

        assert_eq!(create("second@plinth.test").0, Some(0));
        let (code, out, _) = create("ada@plinth.test");
        assert_eq!(code, Some(0));
        assert!(out.contains("was there already"), "{out}");
        let (code, _, err) = create("no address");
        assert_eq!(code, Some(1));
        assert!(err.contains("no e-mail address"), "{err}");

        for email in ["first@plinth.test", "second@plinth.test", "ada@plinth.test"] {
            let body = json!({ "email": email, "password": "a fresh long passphrase" });
            let answer = server.anonymous().post("/auth/login", &body).await.is(200);
            let roles = answer.json()["user"]["roles"].clone();
            assert!(roles.as_array().unwrap().contains(&json!("admin")), "{email}: {roles}");
        }
        ada.post("/auth/refresh", &json!({ "refreshToken": ada.refresh_token })).await.is_problem(401, "invalid_credentials");
    }
}
