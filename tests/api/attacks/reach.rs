//! Ways around a limit: of an account's rights, of a session's end, of what one request may cost.

use plinth_client::Heard;
use serde_json::{Value as Json, json};

use crate::fixture::{Room, rule};
use crate::harness::{Database, PASSWORD, Server, on_both};
use crate::realtime::socket::{Socket, lab, told};

fn comments() -> Json {
    let post = json!({ "type": "string", "x-relation": { "collection": "messages", "onDelete": "cascade" } });
    json!({ "name": "comments", "schema": { "type": "object", "properties": { "post": post, "text": { "type": "string" } } } })
}

on_both! {
    async fn a_condition_that_asks_for_the_time_shows_each_account_its_own(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut rules = crate::fixture::rules();
        rules[0] = rule("read", "now >= timestamp(\"2024-01-01T00:00:00Z\") && author == auth.id", "");
        room.admin.put("/policies", &json!({ "items": rules })).await.is(200);
        let mut sockets = Vec::new();
        for who in [&room.ada, &room.bob] {
            let mut socket = Socket::of(&server, who).await;
            socket.subscribe(json!({ "op": "subscribe", "sub": "s", "collection": "messages" })).await;
            sockets.push(socket);
        }

        Room::say(&room.ada, "of ada", "lab").await;
        Room::say(&room.bob, "of bob", "lab").await;

        assert_eq!(told(&sockets[0].expect("change").await), "create of ada");
        assert_eq!(told(&sockets[1].expect("change").await), "create of bob");
    }

    async fn filters_that_ask_for_the_time_are_told_apart(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.ada).await;
        for text in ["a", "b"] {
            let filter = format!("now > timestamp(\"2024-01-01T00:00:00Z\") && text == \"{text}\"");
            socket.subscribe(json!({ "op": "subscribe", "sub": text, "collection": "messages", "filter": filter })).await;
        }

        Room::say(&room.ada, "b", "lab").await;

        assert_eq!(socket.expect("change").await["sub"], "b");
        assert!(socket.until_pong().await.iter().all(|frame| frame["op"] != "change"));
    }

    async fn a_busy_connection_ends_with_its_session(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut socket = Socket::of(&server, &room.bob).await;
        socket.subscribe(lab()).await;
        for _ in 0..400 {
            let subscribe = json!({ "op": "subscribe", "sub": "x", "collection": "messages", "snapshot": true });
            socket.shout(subscribe.to_string()).await;
            socket.shout(json!({ "op": "unsubscribe", "sub": "x" }).to_string()).await;
        }

        room.admin.patch(&format!("/users/{}", room.bob.id), &json!({ "disabled": true })).await.is(200);
        Room::say(&room.ada, "after the end", "lab").await;

        while let Heard::Frame(frame) = socket.heard().await {
            assert!(!frame.to_string().contains("after the end"), "{frame}");
        }
    }

    async fn who_makes_accounts_gives_no_right_that_they_have_not(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        for (subject, object) in [("role:support", "sys:users"), ("role:ops", "sys:policies")] {
            let rule = json!({ "subject": subject, "object": object, "action": "*" });
            room.admin.post("/policies", &rule).await.is(201);
        }
        room.admin.put_empty(&format!("/roles/support/members/user:{}", room.bob.id)).await.is(204);
        room.admin.put_empty(&format!("/roles/ops/members/user:{}", room.ada.id)).await.is(204);
        let new = |roles: Json| json!({ "email": "new@plinth.test", "password": PASSWORD, "roles": roles });

        for role in ["admin role:editor", "role:admin", "", "x y", "\n"] {
            let refused = room.admin.post("/users", &new(json!([role]))).await.is_problem(422, "validation_failed");
            assert_eq!(refused.pointers(), ["/roles/0"]);
        }
        room.bob.post("/users", &new(json!(["ops"]))).await.is_problem(403, "policy_denied");
        let account = format!("/users/{}", room.ada.id);
        for change in [json!({ "password": PASSWORD }), json!({ "email": "mine@plinth.test" }), json!({ "disabled": true })] {
            room.bob.patch(&account, &change).await.is(403);
        }
        room.bob.delete(&account).await.is(403);
        room.bob.post("/users", &new(json!([]))).await.is(201);
    }

    async fn nobody_registers_as_more_than_they_could_make_of_themselves(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let mut schema = admin.get("/collections/users").await.json()["schema"].clone();
        schema["properties"]["team"] = json!({ "type": "string" });
        schema["properties"]["name"] = json!({ "type": "string" });
        admin.patch("/collections/users", &json!({ "schema": schema })).await.is(200);
        let rules = admin.get("/policies").await.json()["items"].clone();
        let update = rules.as_array().unwrap().iter().find(|rule| rule["action"] == "update").unwrap()["id"].clone();
        let condition = json!({ "condition": "id == auth.id && data.team == team" });
        admin.patch(&format!("/policies/{}", update.as_str().unwrap()), &condition).await.is(200);
        let account = |own: Json| {
            let mut body = json!({ "email": "eve@plinth.test", "password": PASSWORD });
            body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
            body
        };

        let nobody = server.anonymous();
        let refused = nobody.post("/auth/register", &account(json!({ "team": "red", "name": "Eve" }))).await;
        assert!(refused.is_problem(422, "validation_failed").pointers().contains(&"/team".to_owned()));
        let made = nobody.post("/auth/register", &account(json!({ "name": "Eve" }))).await.is(201).json();
        assert_eq!((&made["user"]["name"], &made["user"]["team"]), (&json!("Eve"), &json!(null)));
    }

    async fn one_request_costs_no_more_than_a_limit(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        room.admin.post("/collections", &comments()).await.is(201);
        let post = Room::say(&room.ada, "x", "lab").await["id"].clone();
        let text = "x".repeat(2000);
        let many: Vec<Json> = (0..100).map(|_| json!({ "post": post, "text": text })).collect();
        room.admin.post("/records/comments", &json!(many)).await.is(201);

        let multiplied = "/records/comments?limit=100&expand=post.comments_via_post.post.comments_via_post";
        let refused = room.admin.get(multiplied).await.is_problem(400, "invalid_parameter");
        assert!(refused.text().contains("would answer more than 16 MiB"), "{}", refused.text());
        room.admin.get("/records/comments?limit=1&expand=post.comments_via_post").await.is(200);

        let nested = "comments_via_post.exists(a, comments_via_post.exists(b, comments_via_post.exists(c, a.text + b.text == c.text)))";
        let query = json!({ "filter": nested });
        let refused = room.admin.post("/records/messages/query", &query).await.is_problem(400, "invalid_filter");
        assert!(refused.text().contains("at most 2 deep"), "{}", refused.text());

        let unknown: serde_json::Map<_, _> = (0..20_000).map(|n| (format!("k{n}"), json!(1))).collect();
        let refused = room.ada.post("/records/messages", &Json::Object(unknown)).await.is_problem(422, "validation_failed");
        assert!(refused.pointers().len() <= 200, "{}", refused.pointers().len());
    }

    async fn a_plan_shows_no_value_to_who_may_not_read_it(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let keeper = json!({ "subject": "role:keeper", "object": "sys:collections", "action": "*" });
        room.admin.post("/policies", &keeper).await.is(201);
        room.admin.put_empty(&format!("/roles/keeper/members/user:{}", room.bob.id)).await.is(204);
        Room::say(&room.ada, "private", "home").await;
        let mut schema = crate::fixture::messages()["schema"].clone();
        schema["properties"]["text"]["maxLength"] = json!(3);
        let change = json!({ "schema": schema });

        let path = "/collections/messages?dryRun=true";
        let told = room.bob.patch(path, &change).await.is(200);
        assert_eq!(told.json()["plan"]["steps"][0]["failures"]["rows"], 1);
        assert!(!told.text().contains("private"), "{}", told.text());
        let refused = room.bob.patch("/collections/messages", &change).await.is_problem(409, "plan_blocked");
        assert!(!refused.text().contains("private"), "{}", refused.text());
        assert!(room.admin.patch(path, &change).await.text().contains("private"));
    }

    async fn an_operator_tells_nothing_of_what_is_hidden(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let mut rules = crate::fixture::rules();
        rules[0] = rule("read", "", "text,author");
        room.admin.put("/policies", &json!({ "items": rules })).await.is(200);
        let id = Room::say(&room.ada, "x", "lab").await["id"].as_str().unwrap().to_owned();

        let path = format!("/records/messages/{id}");
        room.ada.patch(&path, &json!({ "likes": { "$inc": 1 } })).await.is_problem(403, "policy_denied");
        room.ada.patch(&path, &json!({ "likes": 7 })).await.is(200);
        assert_eq!(room.admin.get(&path).await.json()["likes"], 7);
    }

    async fn an_explanation_is_for_those_who_could_read_it_anyway(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let reader = json!({ "subject": "role:auditor", "object": "sys:policies", "action": "read" });
        room.admin.post("/policies", &reader).await.is(201);
        room.admin.put_empty(&format!("/roles/auditor/members/user:{}", room.bob.id)).await.is(204);
        let id = Room::say(&room.ada, "private", "home").await["id"].clone();
        let inquiry = json!({ "subject": format!("user:{}", room.ada.id), "collection": "messages", "action": "read", "id": id });

        room.bob.get("/policies").await.is(200);
        room.bob.post("/policies/explain", &inquiry).await.is_problem(403, "policy_denied");
        room.admin.post("/policies/explain", &inquiry).await.is(200);
    }

    async fn the_last_administrator_stays_whatever_roles_there_are(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        room.admin.put_empty("/roles/admin/members/role:boss").await.is(204);
        let me = format!("/roles/admin/members/user:{}", room.admin.id);

        room.admin.delete(&me).await.is(409);

        room.admin.put_empty(&format!("/roles/boss/members/user:{}", room.bob.id)).await.is(204);
        room.admin.delete(&me).await.is(204);
        room.bob.delete(&format!("/roles/boss/members/user:{}", room.bob.id)).await.is(409);
    }
}
