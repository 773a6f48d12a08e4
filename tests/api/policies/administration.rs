//! Rules and roles, changed and explained.

use serde_json::json;

use crate::fixture::{Room, rule, texts};
use crate::harness::{Database, Server, on_both};
use crate::realtime::socket::{Socket, lab};

on_both! {
    async fn a_rule_is_checked_before_it_is_stored(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let before = room.admin.get("/policies").await.is(200).json()["items"].clone();
        for (member, value) in [
            ("subject", json!("editor")),
            ("subject", json!("user:1")),
            ("object", json!("nothing")),
            ("object", json!("sys:nothing")),
            ("action", json!("write")),
            ("condition", json!("autor == auth.id")),
            ("condition", json!("likes ==")),
            ("fields", json!("text,nothing")),
        ] {
            let mut bad = rule("read", "", "");
            bad[member] = value;
            let refused = room.admin.post("/policies", &bad).await.is_problem(422, "validation_failed");
            assert_eq!(refused.pointers(), [format!("/{member}")]);
        }
        let mut unknown = rule("read", "", "");
        unknown["effekt"] = json!("deny");
        room.admin.post("/policies", &unknown).await.is_problem(422, "validation_failed");
        let bad = json!({ "items": [rule("read", "", ""), rule("read", "nothing == 1", "")] });
        let refused = room.admin.put("/policies", &bad).await.is_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), ["/items/1/condition"]);
        assert_eq!(room.admin.get("/policies").await.json()["items"], before);
    }

    async fn a_change_of_rules_takes_effect_on_the_next_request(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        Room::say(&room.ada, "x", "lab").await;
        let rules = room.admin.get("/policies").await.json()["items"].clone();
        let read = rules.as_array().unwrap().iter().find(|rule| rule["object"] == "messages" && rule["action"] == "read").unwrap();
        let path = format!("/policies/{}", read["id"].as_str().unwrap());

        assert_eq!(texts(&room.bob.get("/records/messages").await.is(200)), ["x"]);
        room.admin.patch(&path, &json!({ "condition": "author == auth.id" })).await.is(200);
        assert_eq!(texts(&room.bob.get("/records/messages").await.is(200)), Vec::<String>::new());
        room.admin.delete(&path).await.is(204);
        room.bob.get("/records/messages").await.is_problem(403, "policy_denied");
        room.admin.put("/policies", &json!({ "items": rules })).await.is(200);
        assert_eq!(texts(&room.bob.get("/records/messages").await.is(200)), ["x"]);
    }

    async fn roles_inherit_and_only_administrators_make_administrators(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        Room::say(&room.ada, "private", "home").await;
        let editors = json!({ "subject": "role:editor", "object": "mess*", "action": "read" });
        room.admin.post("/policies", &editors).await.is(201);
        room.admin.put_empty("/roles/chief/members/nobody").await.is_problem(422, "validation_failed");
        room.admin.put_empty("/roles/editor/members/role:chief").await.is(204);
        room.admin.put_empty("/roles/chief/members/role:editor").await.is_problem(409, "conflict");
        // Every account is also everybody, so what everybody is given they have: the circle needs one link.
        room.admin.put_empty("/roles/user/members/role:public").await.is_problem(409, "conflict");
        room.admin.put_empty("/roles/user/members/role:user").await.is_problem(409, "conflict");
        room.admin.put_empty(&format!("/roles/chief/members/user:{}", room.bob.id)).await.is(204);
        assert_eq!(texts(&room.bob.get("/records/messages").await.is(200)), ["private"]);

        let keeper = json!({ "subject": "role:chief", "object": "sys:policies", "action": "*" });
        room.admin.post("/policies", &keeper).await.is(201);
        room.bob.get("/policies").await.is(200);
        room.bob.put_empty(&format!("/roles/admin/members/user:{}", room.bob.id)).await.is_problem(403, "policy_denied");
        room.bob.put_empty("/roles/admin/members/role:chief").await.is_problem(403, "policy_denied");
        room.bob.get("/collections").await.is_problem(403, "policy_denied");
        server.anonymous().get("/policies").await.is_problem(401, "unauthenticated");
        room.admin.delete(&format!("/roles/chief/members/user:{}", room.bob.id)).await.is(204);
        room.bob.get("/policies").await.is_problem(403, "policy_denied");
    }

    /// Roles, allowances and denials reach over as many roles as there can be in a row.
    async fn a_rule_means_the_same_over_any_number_of_roles(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        room.admin.post("/collections", &json!({ "name": "vaults", "schema": { "type": "object", "properties": {} } })).await.is(201);
        room.admin.post("/records/vaults", &json!({})).await.is(201);
        let link = async |role: usize, member: String| room.admin.put_empty(&format!("/roles/r{role}/members/{member}")).await;
        for n in 1..32 {
            link(n, format!("role:r{}", n - 1)).await.is(204);
        }
        link(0, format!("user:{}", room.bob.id)).await.is(204);

        assert_eq!(room.bob.get("/auth/me").await.json()["roles"].as_array().unwrap().len(), 34);
        let about = |n: usize, effect: &str| json!({ "subject": format!("role:r{n}"), "object": "vaults", "action": "read", "effect": effect });
        for n in [0, 8, 9, 10, 11, 12, 31] {
            let added = room.admin.post("/policies", &about(n, "allow")).await.is(201).json();
            assert_eq!(room.bob.get("/records/vaults").await.is(200).json()["items"].as_array().unwrap().len(), 1, "r{n}");
            let denied = room.admin.post("/policies", &about(31 - n, "deny")).await.is(201).json();
            assert_eq!(room.bob.get("/records/vaults").await.is(200).json()["items"], json!([]), "r{n}");
            for rule in [added, denied] {
                room.admin.delete(&format!("/policies/{}", rule["id"].as_str().unwrap())).await.is(204);
            }
        }
        // A chain of one more is refused, wherever it would grow.
        for (role, member) in [(32, "role:r31"), (0, "role:below"), (9, "role:r31")] {
            let refused = link(role, member.to_owned()).await.is_problem(409, "conflict");
            assert!(role == 9 || refused.text().contains("32 of them"), "{}", refused.text());
        }
        link(31, "role:side".to_owned()).await.is(204);
        link(31, format!("user:{}", room.ada.id)).await.is(204);
    }

    async fn a_denial_explains_itself_to_administrators(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let id = Room::say(&room.ada, "x", "lab").await["id"].as_str().unwrap().to_owned();
        let ask = async |who: &str, data: serde_json::Value| {
            let inquiry = json!({ "subject": who, "collection": "messages", "action": "update", "id": id, "data": data });
            room.admin.post("/policies/explain", &inquiry).await.is(200).json()
        };
        let bob = ask(&format!("user:{}", room.bob.id), json!({ "text": "y" })).await;
        assert_eq!((&bob["allowed"], &bob["status"]), (&json!(false), &json!(403)));
        let part = &bob["rules"][0]["condition"]["parts"][0];
        assert_eq!(part["expression"], "author == auth.id");
        assert_eq!(part["held"], "false");
        assert_eq!(part["operands"][1]["value"], room.bob.id);
        let ada = ask(&format!("user:{}", room.ada.id), json!({ "text": "y" })).await;
        assert_eq!(ada["allowed"], true);
        let too_much = ask(&format!("user:{}", room.ada.id), json!({ "text": "y", "author": room.bob.id })).await;
        assert_eq!((&too_much["allowed"], &too_much["refusedFields"]), (&json!(false), &json!(["author"])));
        assert_eq!(ask("anonymous", json!({ "text": "y" })).await["status"], 404);
        let inquiry = json!({ "subject": "anonymous", "collection": "messages", "action": "read" });
        room.bob.post("/policies/explain", &inquiry).await.is_problem(403, "policy_denied");
        assert_eq!(room.admin.get(&format!("/records/messages/{id}")).await.json()["text"], "x");
    }

    async fn an_explanation_shows_what_stands_behind_a_relation(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let first = Room::say(&room.ada, "x", "lab").await["id"].clone();
        let answer = json!({ "text": "y", "room": "lab", "author": room.bob.id, "parent": first });
        let second = room.bob.post("/records/messages", &answer).await.is(201).json()["id"].clone();
        room.admin.post("/policies", &rule("delete", "parent.author.email == auth.email && parent.likes > 3", "")).await.is(201);
        let operands = async |id: &serde_json::Value| {
            let subject = format!("user:{}", room.bob.id);
            let inquiry = json!({ "subject": subject, "collection": "messages", "action": "delete", "id": id });
            let told = room.admin.post("/policies/explain", &inquiry).await.is(200).json();
            let parts = told["rules"][1]["condition"]["parts"].as_array().unwrap().clone();
            parts.into_iter().flat_map(|part| part["operands"].as_array().unwrap().clone()).collect::<Vec<_>>()
        };

        let met = operands(&second).await;
        assert_eq!(met[0], json!({ "expression": "parent.author.email", "value": "ada@plinth.test" }));
        assert_eq!(met[1], json!({ "expression": "auth.email", "value": "bob@plinth.test" }));
        assert_eq!(met[2], json!({ "expression": "parent.likes", "value": 0 }));
        let met = operands(&first).await;
        assert_eq!(met[0], json!({ "expression": "parent.author.email" }), "it leads nowhere");
    }
}

#[tokio::test]
async fn the_end_of_all_rules_reaches_the_other_servers() {
    let database = Database::postgres();
    let (here, there) = (Server::start(&database).await, Server::start(&database).await);
    let room = Room::furnish(&here).await;
    let mut socket = Socket::of(&there, &room.bob).await;
    socket.subscribe(lab()).await;

    room.admin.put("/policies", &json!({ "items": [] })).await.is(200);

    assert_eq!(socket.expect("reset").await["reason"], "policy");
    room.bob.at(there.url()).get("/records/messages").await.is_problem(404, "not_found");
}
