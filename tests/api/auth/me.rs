//! The own account.

use serde_json::json;

use crate::harness::{Database, Person, Server, on_both};

async fn add_fields(admin: &Person) {
    let mut schema = admin.get("/collections/users").await.is(200).json()["schema"].clone();
    schema["properties"]["name"] = json!({ "type": "string", "maxLength": 20 });
    schema["properties"]["pin"] = json!({ "type": "string", "writeOnly": true });
    schema["properties"]["note"] = json!({ "type": "string", "readOnly": true });
    admin.patch("/collections/users", &json!({ "schema": schema })).await.is(200);
}

on_both! {
    async fn an_account_edits_its_own_fields(database: Database) {
        let server = Server::start(&database).await;
        let ada = server.register("ada").await;
        add_fields(&server.admin().await).await;

        let changed = ada.patch("/auth/me", &json!({ "name": "Ada", "pin": "1234" })).await.is(200).json();

        assert_eq!(changed["name"], "Ada");
        let me = ada.get("/auth/me").await.is(200).json();
        assert_eq!(me["name"], "Ada");
        assert_eq!(me.get("pin"), None, "what is written only is not shown");
        assert_eq!(me["email"], "ada@plinth.test");
    }

    async fn what_belongs_to_the_server_can_not_be_edited(database: Database) {
        let server = Server::start(&database).await;
        let ada = server.register("ada").await;
        add_fields(&server.admin().await).await;
        let before = ada.get("/auth/me").await.is(200).json();

        for (member, value) in [
            ("email", json!("eve@plinth.test")),
            ("verified", json!(true)),
            ("roles", json!(["admin"])),
            ("role", json!("admin")),
            ("id", json!("01890a5d-ac96-774b-bcce-b302099a8057")),
            ("note", json!("mine")),
            ("disabled", json!(false)),
            ("password", json!("a fresh long passphrase")),
            ("createdAt", json!("2020-01-01T00:00:00.000Z")),
            ("token_version", json!(1)),
        ] {
            let answer = ada.patch("/auth/me", &json!({ member: value })).await;
            assert!([403, 422].contains(&answer.status), "{member}: {}", answer.text());
        }
        ada.patch("/auth/me", &json!({ "name": "a name that is far too long" })).await.is_problem(422, "validation_failed");

        assert_eq!(ada.get("/auth/me").await.is(200).json(), before);
    }

    async fn an_own_field_that_policies_hide_is_not_shown(database: Database) {
        let server = Server::start(&database).await;
        let (admin, ada) = (server.admin().await, server.register("ada").await);
        add_fields(&admin).await;
        admin.patch(&format!("/users/{}", ada.id), &json!({ "name": "Ada" })).await.is(200);

        let rules = admin.get("/policies").await.is(200).json();
        let mut rules = rules["items"].as_array().unwrap().clone();
        for rule in &mut rules {
            rule["fields"] = json!("id,email,note");
            rule.as_object_mut().unwrap().remove("id");
        }
        admin.put("/policies", &json!({ "items": rules })).await.is(200);

        let me = ada.get("/auth/me").await.is(200).json();
        assert_eq!(me.get("name"), None);
        assert_eq!(me["verified"], false, "an account always knows its standing");
        let refreshed = ada.post("/auth/refresh", &json!({ "refreshToken": ada.refresh_token })).await.is(200);
        assert_eq!(refreshed.json()["user"].get("name"), None);
    }

    async fn an_account_reads_and_edits_itself_and_nobody_else(database: Database) {
        let server = Server::start(&database).await;
        let (ada, bob) = (server.register("ada").await, server.register("bob").await);
        add_fields(&server.admin().await).await;

        let users = ada.get("/records/users").await.is(200).json();
        assert_eq!(users["items"].as_array().unwrap().len(), 1);
        ada.get(&format!("/records/users/{}", ada.id)).await.is(200);
        ada.get(&format!("/records/users/{}", bob.id)).await.is_problem(404, "not_found");
        let foreign = ada.patch(&format!("/records/users/{}", bob.id), &json!({ "name": "mine" })).await;
        foreign.is_problem(404, "not_found");

        server.anonymous().get("/records/users").await.is_problem(404, "not_found");
    }
}
