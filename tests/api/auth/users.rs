//! The administration of accounts.

use serde_json::json;

use crate::harness::{ADMIN, Database, PASSWORD, Server, on_both};

on_both! {
    async fn an_administrator_makes_sees_changes_and_removes_an_account(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;

        let body = json!({ "email": "ada@plinth.test", "password": PASSWORD, "verified": true, "roles": ["editor"] });
        let made = admin.post("/users", &body).await.is(201);
        let path = made.header("location").strip_prefix("/api/v1").unwrap().to_owned();
        let user = made.json();
        assert_eq!((&user["verified"], &user["disabled"], &user["lastSeenAt"]), (&json!(true), &json!(false), &json!(null)));
        assert!(user["roles"].as_array().unwrap().contains(&json!("editor")), "{user}");

        let ada = server.log_in("ada@plinth.test").await;
        let changed = admin.patch(&path, &json!({ "email": "Ada.L@plinth.test", "verified": false })).await.is(200).json();
        assert_eq!((&changed["email"], &changed["verified"]), (&json!("ada.l@plinth.test"), &json!(false)));
        assert_ne!(changed["lastSeenAt"], json!(null));
        assert_eq!(ada.get("/auth/me").await.is(200).json()["email"], "ada.l@plinth.test");

        admin.delete(&path).await.is(204);
        admin.get(&path).await.is_problem(404, "not_found");
        ada.get("/auth/me").await.is_problem(401, "unauthenticated");
        let refresh = json!({ "refreshToken": ada.refresh_token });
        server.anonymous().post("/auth/refresh", &refresh).await.is_problem(401, "invalid_credentials");
        server.anonymous().post("/auth/register", &json!({ "email": "ada.l@plinth.test", "password": PASSWORD })).await.is(201);
    }

    async fn disabling_and_a_new_password_end_what_goes_on(database: Database) {
        let server = Server::start(&database).await;
        let (admin, ada, bob) = (server.admin().await, server.register("ada").await, server.register("bob").await);
        ada.get("/auth/me").await.is(200);
        bob.get("/auth/me").await.is(200);

        admin.patch(&format!("/users/{}", ada.id), &json!({ "disabled": true })).await.is(200);
        admin.patch(&format!("/users/{}", bob.id), &json!({ "password": "a fresh long passphrase" })).await.is(200);

        for person in [&ada, &bob] {
            person.get("/auth/me").await.is_problem(401, "unauthenticated");
            let refresh = json!({ "refreshToken": person.refresh_token });
            server.anonymous().post("/auth/refresh", &refresh).await.is_problem(401, "invalid_credentials");
        }
        admin.patch(&format!("/users/{}", ada.id), &json!({ "disabled": false })).await.is(200);
        ada.get("/auth/me").await.is_problem(401, "unauthenticated");
        server.log_in("ada@plinth.test").await;
    }

    async fn sessions_of_others_are_seen_and_ended(database: Database) {
        let server = Server::start(&database).await;
        let (admin, ada) = (server.admin().await, server.register("ada").await);
        let other = server.log_in("ada@plinth.test").await;
        let path = format!("/users/{}/sessions", ada.id);

        let sessions = admin.get(&path).await.is(200).json();
        assert_eq!(sessions["items"].as_array().unwrap().len(), 2);
        let newest = sessions["items"][0]["id"].as_str().unwrap();
        admin.delete(&format!("{path}/{newest}")).await.is(204);
        other.get("/auth/me").await.is_problem(401, "unauthenticated");
        ada.get("/auth/me").await.is(200);
        admin.delete(&path).await.is(204);
        ada.get("/auth/me").await.is_problem(401, "unauthenticated");

        admin.get("/users/01890a5d-ac96-774b-bcce-b302099a8057/sessions").await.is_problem(404, "not_found");
    }

    async fn a_list_goes_on_page_by_page_newest_first(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        for n in 0..7 {
            let body = json!({ "email": format!("user{n}@plinth.test"), "password": PASSWORD });
            admin.post("/users", &body).await.is(201);
        }

        let mut emails = Vec::new();
        let mut path = "/users?limit=3&search=USER".to_owned();
        loop {
            let page = admin.get(&path).await.is(200).json();
            emails.extend(page["items"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()));
            match page["nextCursor"].as_str() {
                Some(cursor) => path = format!("/users?limit=3&search=USER&cursor={cursor}"),
                None => break,
            }
        }

        let wanted: Vec<_> = (0..7).rev().map(|n| format!("user{n}@plinth.test")).collect();
        assert_eq!(emails, wanted);
        admin.get("/users?limit=0").await.is_problem(400, "invalid_parameter");
        admin.get("/users?limit=501").await.is_problem(400, "invalid_parameter");
        admin.get("/users?limt=3").await.is_problem(400, "unknown_parameter");
        admin.get("/users?cursor=x").await.is_problem(400, "invalid_cursor");
        let nothing = admin.get("/users?search=%25").await.is(200).json();
        assert_eq!(nothing["items"], json!([]));
    }

    async fn what_administrators_send_is_checked_too(database: Database) {
        let server = Server::start(&database).await;
        let (admin, ada) = (server.admin().await, server.register("ada").await);
        let path = format!("/users/{}", ada.id);

        for (body, pointer) in [
            (json!({ "email": "no address" }), "/email"),
            (json!({ "password": "password" }), "/password"),
            (json!({ "quux": 1 }), "/quux"),
            (json!({ "id": "01890a5d-ac96-774b-bcce-b302099a8057" }), "/id"),
            (json!({ "updatedAt": "2020-01-01T00:00:00.000Z" }), "/updatedAt"),
        ] {
            let answer = admin.patch(&path, &body).await.is_problem(422, "validation_failed");
            assert_eq!(answer.pointers(), [pointer]);
        }
        let taken = admin.patch(&path, &json!({ "email": ADMIN })).await.is_problem(409, "conflict");
        assert_eq!(taken.pointers(), ["/email"]);
        admin.patch("/users/role:admin", &json!({})).await.is_problem(404, "not_found");

        assert_eq!(ada.get("/auth/me").await.is(200).json()["email"], "ada@plinth.test");
    }

    async fn nobody_else_administers_accounts(database: Database) {
        let server = Server::start(&database).await;
        let (ada, bob) = (server.register("ada").await, server.register("bob").await);
        let path = format!("/users/{}", bob.id);

        for (person, status, code) in
            [(&ada, 403, "policy_denied"), (&server.anonymous(), 401, "unauthenticated")]
        {
            person.get("/users").await.is_problem(status, code);
            person.get(&path).await.is_problem(status, code);
            person.post("/users", &json!({ "email": "eve@plinth.test", "password": PASSWORD })).await.is_problem(status, code);
            person.patch(&path, &json!({ "password": "a fresh long passphrase" })).await.is_problem(status, code);
            person.delete(&path).await.is_problem(status, code);
            person.get(&format!("{path}/sessions")).await.is_problem(status, code);
            person.delete(&format!("{path}/sessions")).await.is_problem(status, code);
        }

        bob.get("/auth/me").await.is(200);
    }

    async fn who_administers_accounts_can_not_become_administrator_by_it(database: Database) {
        let server = Server::start(&database).await;
        let (admin, helper) = (server.admin().await, server.register("helper").await);
        let rule = |action: &str| {
            json!({ "subject": "role:support", "object": "sys:users", "action": action, "condition": "", "fields": "", "effect": "allow" })
        };
        admin.post("/policies", &rule("read")).await.is(201);
        admin.post("/policies", &rule("write")).await.is(201);
        admin.put_empty(&format!("/roles/support/members/user:{}", helper.id)).await.is(204);
        let of_admin = format!("/users/{}", admin.id);

        helper.get(&of_admin).await.is(200);
        helper.patch(&of_admin, &json!({ "password": "a fresh long passphrase" })).await.is_problem(403, "policy_denied");
        helper.patch(&of_admin, &json!({ "email": "mine@plinth.test" })).await.is_problem(403, "policy_denied");
        helper.delete(&of_admin).await.is_problem(403, "policy_denied");
        helper.delete(&format!("{of_admin}/sessions")).await.is_problem(403, "policy_denied");
        let new = json!({ "email": "eve@plinth.test", "password": PASSWORD, "roles": ["admin"] });
        helper.post("/users", &new).await.is_problem(403, "policy_denied");

        let plain = json!({ "email": "eve@plinth.test", "password": PASSWORD });
        helper.post("/users", &plain).await.is(201);
        admin.get("/auth/me").await.is(200);
    }

    async fn who_administers_accounts_takes_over_none_that_sees_more(database: Database) {
        let server = Server::start(&database).await;
        let (admin, helper, auditor) =
            (server.admin().await, server.register("helper").await, server.register("auditor").await);
        for (role, object, action) in [("support", "sys:users", "*"), ("audit", "sys:policies", "read")] {
            let rule = json!({ "subject": format!("role:{role}"), "object": object, "action": action });
            admin.post("/policies", &rule).await.is(201);
        }
        admin.put_empty(&format!("/roles/support/members/user:{}", helper.id)).await.is(204);
        let of_auditor = format!("/users/{}", auditor.id);
        helper.patch(&of_auditor, &json!({ "verified": true })).await.is(200);
        admin.put_empty(&format!("/roles/audit/members/user:{}", auditor.id)).await.is(204);

        for change in [json!({ "password": "a fresh long passphrase" }), json!({ "email": "mine@plinth.test" }), json!({ "disabled": true })] {
            helper.patch(&of_auditor, &change).await.is_problem(403, "policy_denied");
        }
        helper.delete(&format!("{of_auditor}/sessions")).await.is_problem(403, "policy_denied");
        helper.delete(&of_auditor).await.is_problem(403, "policy_denied");
        auditor.get("/policies").await.is(200);
        // Who sees as much may.
        admin.put_empty(&format!("/roles/audit/members/user:{}", helper.id)).await.is(204);
        helper.patch(&of_auditor, &json!({ "password": "a fresh long passphrase" })).await.is(200);
    }

    async fn the_last_administrator_stays(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let path = format!("/users/{}", admin.id);

        admin.patch(&path, &json!({ "disabled": true })).await.is_problem(409, "restricted");
        admin.delete(&path).await.is_problem(409, "restricted");
        let second = json!({ "email": "second@plinth.test", "password": PASSWORD, "roles": ["admin"] });
        admin.post("/users", &second).await.is(201);

        admin.delete(&path).await.is(204);
        server.log_in("second@plinth.test").await.get("/users").await.is(200);
    }
}
