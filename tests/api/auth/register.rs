//! Making accounts.

use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::harness::{ADMIN, Database, Options, PASSWORD, Server, on_both};

on_both! {
    async fn an_account_registers_and_sees_itself(database: Database) {
        let server = Server::start(&database).await;

        let body = json!({ "email": " Ada@Plinth.Test ", "password": PASSWORD });
        let answer = server.anonymous().post("/auth/register", &body).await.is(201);

        assert_eq!(answer.json()["user"]["email"], "ada@plinth.test");
        assert_eq!(answer.json()["expiresIn"], 600);
        assert_eq!(answer.header("cache-control"), "no-store");
        let me = server.log_in("ADA@plinth.test").await.get("/auth/me").await.is(200).json();
        assert_eq!(me["roles"], json!(["public", "user"]));
        assert_eq!(me["verified"], false);
    }

    async fn an_address_has_one_account_however_it_is_written(database: Database) {
        let server = Server::start(&database).await;
        server.register("ada").await;

        let body = json!({ "email": "ADA@PLINTH.TEST", "password": "another long passphrase" });
        let answer = server.anonymous().post("/auth/register", &body).await.is_problem(409, "conflict");

        assert_eq!(answer.pointers(), ["/email"]);
        server.log_in("ada@plinth.test").await;
    }

    async fn of_many_registrations_of_one_address_at_once_one_succeeds(database: Database) {
        let server = Server::start(&database).await;
        let body = json!({ "email": "ada@plinth.test", "password": PASSWORD });

        let tries = (0..30).map(|_| {
            let (person, body) = (server.anonymous(), body.clone());
            tokio::spawn(async move { person.post("/auth/register", &body).await.status })
        });
        let mut made = 0;
        for attempt in tries.collect::<Vec<_>>() {
            match attempt.await.unwrap() {
                201 => made += 1,
                status => assert_eq!(status, 409),
            }
        }

        assert_eq!(made, 1);
        let users = server.admin().await.get("/users?search=ada").await.is(200).json();
        assert_eq!(users["items"].as_array().unwrap().len(), 1);
    }

    async fn what_belongs_to_the_server_can_not_be_registered(database: Database) {
        let server = Server::start(&database).await;

        for (member, value) in [
            ("role", json!("admin")),
            ("roles", json!(["admin"])),
            ("verified", json!(true)),
            ("disabled", json!(false)),
            ("id", json!("01890a5d-ac96-774b-bcce-b302099a8057")),
            ("createdAt", json!("2020-01-01T00:00:00.000Z")),
            ("password_hash", json!("x")),
            ("token_version", json!(7)),
            ("_rev", json!(7)),
            ("user", json!({ "roles": ["admin"] })),
        ] {
            let mut body = json!({ "email": "eve@plinth.test", "password": PASSWORD });
            body[member] = value;
            let answer = server.anonymous().post("/auth/register", &body).await;
            let answer = answer.is_problem(422, "validation_failed");
            assert_eq!(answer.pointers(), [format!("/{member}")], "{member}");
        }

        let query = server.anonymous().request(Method::POST, "/auth/register?roles=admin");
        let body = json!({ "email": "eve@plinth.test", "password": PASSWORD });
        server.anonymous().send(query.json(&body)).await.is_problem(400, "unknown_parameter");
        let users = server.admin().await.get("/users?search=eve").await.is(200).json();
        assert_eq!(users["items"], json!([]));
    }

    async fn every_broken_rule_is_told_at_once_with_its_place(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        add_field(&admin.get("/collections/users").await.json(), &admin, json!({ "type": "string", "maxLength": 5 })).await;

        let body = json!({ "email": "ada@plinth.test", "password": "short", "name": "too long a name", "age": 3 });
        let answer = server.anonymous().post("/auth/register", &body).await.is_problem(422, "validation_failed");

        let mut pointers = answer.pointers();
        pointers.sort();
        assert_eq!(pointers, ["/age", "/name", "/password"]);
    }

    async fn own_fields_are_registered_and_seen(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        add_field(&admin.get("/collections/users").await.json(), &admin, json!({ "type": "string", "maxLength": 50 })).await;

        let body = json!({ "email": "ada@plinth.test", "password": PASSWORD, "name": "Ada" });
        let answer = server.anonymous().post("/auth/register", &body).await.is(201);

        assert_eq!(answer.json()["user"]["name"], "Ada");
        let me = server.log_in("ada@plinth.test").await.get("/auth/me").await.is(200).json();
        assert_eq!(me["name"], "Ada");
    }

    async fn passwords_that_are_tried_first_or_can_not_be_typed_are_refused(database: Database) {
        let server = Server::start(&database).await;

        for password in ["password", "Passw0rd!", "12345678", "qwertyuiop", "ada@plinth.test", "seven77", "nul\0inside"] {
            let body = json!({ "email": "ada@plinth.test", "password": password });
            let answer = server.anonymous().post("/auth/register", &body).await.is_problem(422, "validation_failed");
            assert_eq!(answer.pointers(), ["/password"], "{password}");
            let repeats = password != "password" && answer.text().contains(password);
            assert!(!repeats, "the answer repeats the password {password:?}");
        }
    }

    async fn a_body_of_another_type_is_refused_member_by_member(database: Database) {
        let server = Server::start(&database).await;

        for wrong in [json!(null), json!(true), json!(0), json!([]), json!({}), json!(["ada@plinth.test"])] {
            let email = json!({ "email": wrong, "password": PASSWORD });
            let password = json!({ "email": "ada@plinth.test", "password": wrong });
            for body in [email, password, wrong.clone()] {
                let answer = server.anonymous().post("/auth/register", &body).await;
                answer.is_problem(422, "validation_failed");
            }
        }
    }

    async fn closed_registration_is_closed_to_everybody(database: Database) {
        let options = Options::default().set("PLINTH_AUTH_REGISTRATION", "closed");
        let server = Server::start_with(&database, options).await;

        for email in ["ada@plinth.test", ADMIN] {
            let body = json!({ "email": email, "password": PASSWORD });
            server.anonymous().post("/auth/register", &body).await.is_problem(403, "registration_closed");
        }
        let body = json!({ "email": "ada@plinth.test", "password": PASSWORD });
        server.admin().await.post("/users", &body).await.is(201);
        server.log_in("ada@plinth.test").await;
    }

    async fn a_password_is_kept_nowhere(database: Database) {
        let server = Server::start_with(&database, Options::default().set("PLINTH_LOG_LEVEL", "trace")).await;
        let ada = server.register("ada").await;
        let log = server.log();
        drop(server);

        let dump = database.dump();
        for secret in [PASSWORD, ada.token.as_deref().unwrap(), ada.refresh_token.as_deref().unwrap()] {
            assert!(!dump.contains(secret) && !log.contains(secret), "{secret}");
        }
        assert!(dump.contains("$argon2id$v=19$m=19456,t=2,p=1$"));
    }
}

/// Adds the field `name` to the accounts.
async fn add_field(users: &Json, admin: &crate::harness::Person, field: Json) {
    let mut schema = users["schema"].clone();
    schema["properties"]["name"] = field;
    admin.patch("/collections/users", &json!({ "schema": schema })).await.is(200);
}
