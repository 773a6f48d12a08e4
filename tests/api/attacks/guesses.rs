//! Whoever writes a field that they do not see learns nothing of what it held, whichever way they write.

use serde_json::{Value as Json, json};

use crate::fixture::rule;
use crate::harness::{Answer, Database, Person, Server, on_both};

/// What the hidden fields hold.
fn held() -> Json {
    json!({ "text": "x", "pin": "7391", "count": 3, "tags": ["a"], "meta": { "pin": "k7f", "b": 1 }, "seal": "s1", "state": "open", "note": "n" })
}

/// A record whose writer may set all and see `text` alone; or that much by a rule that only the database can tell.
async fn furnish(server: &Server, elsewhere: bool) -> (Person, Person, String) {
    let (admin, ada) = (server.admin().await, server.register("ada").await);
    let text = json!({ "type": "string" });
    let schema = json!({ "type": "object", "properties": {
        "text": text, "pin": text, "count": { "type": "integer" }, "tags": { "type": "array", "items": text },
        "meta": { "type": "object", "maxProperties": 3, "properties": { "pin": { "type": "string", "maxLength": 4 } } },
        "seal": { "type": "string", "readOnly": true, "default": "s1" },
        "state": text, "note": { "type": "string" },
        "author": { "type": "string", "x-relation": { "collection": "users" } },
    }, "if": { "required": ["state", "text"], "properties": { "state": { "const": "open" }, "text": { "const": "y" } } }, "then": { "properties": { "note": { "maxLength": 0 } } } });
    admin.post("/collections", &json!({ "name": "messages", "schema": schema })).await.is(201);
    let mut rules = vec![rule("read", "", "text"), rule("update", "", "")];
    if elsewhere {
        rules.push(rule("read", "author.email == \"nobody@plinth.test\"", ""));
    }
    for rule in rules {
        admin.post("/policies", &rule).await.is(201);
    }
    let mut body = held();
    body["author"] = json!(admin.id);
    body.as_object_mut().unwrap().remove("seal");
    let id = admin.post("/records/messages", &body).await.is(201).json()["id"].as_str().unwrap().to_owned();
    (admin, ada, id)
}

/// What a writer is told, but for what differs in every answer.
fn told(answer: &Answer) -> Json {
    let mut body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    for member in ["requestId", "updatedAt"] {
        body.as_object_mut().map(|body| body.remove(member));
    }
    json!([answer.status, body])
}

on_both! {
    /// A batch whose second operation expects the version before the first: it fails as soon as the first wrote, and
    /// undoes it, so nobody would notice the guesses.
    async fn a_guess_that_is_undone_tells_nothing(database: Database) {
        let server = Server::start(&database).await;
        let (admin, ada, id) = furnish(&server, false).await;
        let path = format!("/records/messages/{id}");
        let tag = ada.get(&path).await.is(200).header("etag").to_owned();
        let guess = async |method: &str, mut data: Json| {
            // A replace that left it out would unset it.
            data["text"] = json!("x");
            let batch = json!([
                { "method": method, "collection": "messages", "id": id, "data": data },
                { "method": "update", "collection": "messages", "id": id, "data": {}, "ifMatch": tag },
            ]);
            told(&ada.post("/batch", &batch).await)
        };

        let pairs = [
            (json!({ "pin": "7391" }), json!({ "pin": "0000" })),
            (json!({ "count": 3 }), json!({ "count": 4 })),
            (json!({ "tags": ["a"] }), json!({ "tags": ["b"] })),
            (json!({ "meta": { "pin": "k7f", "b": 1 } }), json!({ "meta": { "pin": "zzz" } })),
            (json!({ "seal": "s1" }), json!({ "seal": "s2" })),
            (json!({ "tags": { "$add": ["a"] } }), json!({ "tags": { "$add": ["b"] } })),
            (json!({ "tags": { "$remove": ["b"] } }), json!({ "tags": { "$remove": ["a"] } })),
            (json!({ "count": { "$inc": 0 } }), json!({ "count": { "$inc": 1 } })),
            (json!({ "meta": { "absent": null } }), json!({ "meta": { "b": null } })),
        ];
        for (right, wrong) in pairs {
            for method in ["update", "replace"] {
                assert_eq!(guess(method, right.clone()).await, guess(method, wrong.clone()).await, "{method} {right}");
            }
        }
        // Nor does the version that a write leaves: who sets what is there writes it.
        let before = admin.get(&path).await.json();
        let written = ada.patch(&path, &json!({ "pin": "7391" })).await.is(200).json();
        assert!(written["updatedAt"].as_str() > before["updatedAt"].as_str(), "{written}");
        // Who sees a field and sets what is there writes nothing, as before.
        let after = admin.patch(&path, &json!({ "pin": "7391" })).await.is(200).json();
        assert_eq!(after["updatedAt"], written["updatedAt"]);
    }

    /// A rule of the whole record makes whether a write is taken hang on what is stored unseen: nothing that it ties is
    /// written by itself.
    async fn a_rule_across_fields_tells_nothing_of_those_unseen(database: Database) {
        let server = Server::start(&database).await;
        let (admin, ada, open) = furnish(&server, false).await;
        let shut = json!({ "text": "x", "state": "shut", "note": "n", "author": admin.id });
        let shut = admin.post("/records/messages", &shut).await.is(201).json()["id"].as_str().unwrap().to_owned();
        let batch = |id: &str, data: &Json| json!([{ "method": "update", "collection": "messages", "id": id, "data": data }]);
        let same = |told: [Json; 2]| {
            assert_eq!(told[0][0], told[1][0], "{told:?}");
            let status = told[0][0].as_u64().unwrap();
            // What is written tells its own record's times and version.
            assert!(status < 300 || told[0] == told[1], "{told:?}");
            status
        };
        let patched = async |data: Json| {
            let ids = [&open, &shut].map(|id| format!("/records/messages/{id}"));
            let by_patch = same([told(&ada.patch(&ids[0], &data).await), told(&ada.patch(&ids[1], &data).await)]);
            let by_put = same([told(&ada.put(&ids[0], &data).await), told(&ada.put(&ids[1], &data).await)]);
            let [open, shut] = [&open, &shut].map(|id| batch(id, &data));
            let by_batch = same([told(&ada.post("/batch", &open).await), told(&ada.post("/batch", &shut).await)]);
            [by_patch, by_put, by_batch]
        };

        // What is known to be broken, what is known to hold, and what hangs on the state.
        for data in [json!({ "text": "y" }), json!({ "text": "z" }), json!({ "text": "y", "note": "" }), json!({ "state": "open", "text": "y" })] {
            assert_eq!(patched(data.clone()).await, [403, 403, 403], "{data}");
        }
        assert_eq!(patched(json!({ "text": "x", "pin": "1" })).await, [200, 200, 200]);
        // The simulator says which.
        let inquiry = json!({ "subject": format!("user:{}", ada.id), "collection": "messages", "action": "update", "id": shut, "data": { "text": "y" } });
        let simulated = admin.post("/policies/explain", &inquiry).await.is(200).json();
        assert_eq!((&simulated["allowed"], &simulated["status"]), (&json!(false), &json!(403)), "{simulated}");
        assert!(simulated["reason"].as_str().unwrap().contains("state does not show"), "{simulated}");
        // Who sets all that is tied says all that the rule asks for; who sees all is told what is wrong.
        assert_eq!(patched(json!({ "text": "y", "state": "open", "note": "" })).await, [200, 200, 200]);
        let wrong = admin.patch(&format!("/records/messages/{open}"), &json!({ "note": "n" })).await;
        assert_eq!(wrong.is_problem(422, "validation_failed").pointers(), ["/note"]);
    }

    /// What equals the stored object need not leave it as it is: null takes a member out.
    async fn a_patch_is_what_comes_of_it(database: Database) {
        let server = Server::start(&database).await;
        let (admin, ada) = (server.admin().await, server.register("ada").await);
        let (text, object) = (json!({ "type": "string" }), json!({ "type": "object" }));
        let mut seal = object.clone();
        (seal["readOnly"], seal["default"]) = (json!(true), json!({ "x": null, "y": 1 }));
        let schema = json!({ "type": "object", "properties": { "text": text, "meta": object, "secret": text, "seal": seal },
            "anyOf": [{ "properties": { "meta": { "required": ["x"] } }, "required": ["meta"] }, { "required": ["secret"] }] });
        admin.post("/collections", &json!({ "name": "messages", "schema": schema })).await.is(201);
        for rule in [rule("read", "", "text,meta,seal"), rule("update", "", "")] {
            admin.post("/policies", &rule).await.is(201);
        }
        for secret in [json!("k7f"), json!(null)] {
            let body = json!({ "meta": { "x": null }, "secret": secret });
            let record = admin.post("/records/messages", &body).await.is(201).json();
            let path = format!("/records/messages/{}", record["id"].as_str().unwrap());
            for meta in [json!({ "x": null }), json!({ "y": 1 }), json!({ "x": 1 })] {
                ada.patch(&path, &json!({ "meta": meta })).await.is_problem(403, "policy_denied");
            }
            ada.patch(&path, &json!({ "meta": {}, "text": "t" })).await.is(200);
            let refused = admin.patch(&path, &json!({ "seal": { "x": null, "y": 1 } })).await;
            assert_eq!(refused.is_problem(422, "validation_failed").pointers(), ["/seal"]);
            admin.patch(&path, &json!({ "seal": { "y": 1 } })).await.is(200);
            assert_eq!(admin.get(&path).await.json()["seal"], json!({ "x": null, "y": 1 }));
        }
    }

    /// Nobody sees what is `writeOnly`, and a form is sent back as it was read: neither is refused for a rule that ties.
    async fn a_rule_across_fields_is_in_nobodys_way(database: Database) {
        let server = Server::start(&database).await;
        let (admin, ada) = (server.admin().await, server.register("ada").await);
        let text = json!({ "type": "string" });
        let schema = json!({ "type": "object", "properties": { "text": text, "state": text, "hint": text, "open": { "type": "boolean" },
            "pin": { "type": "string", "writeOnly": true } }, "minProperties": 1, "dependentRequired": { "pin": ["hint"] } });
        admin.post("/collections", &json!({ "name": "messages", "schema": schema })).await.is(201);
        for rule in [rule("read", "", "text,hint,open"), rule("read", "open == true", "state"), rule("update", "", "")] {
            admin.post("/policies", &rule).await.is(201);
        }
        let body = json!({ "text": "x", "state": "s", "hint": "h", "pin": "1", "open": false });
        let record = admin.post("/records/messages", &body).await.is(201).json();
        let path = format!("/records/messages/{}", record["id"].as_str().unwrap());

        let form = admin.get(&path).await.json();
        admin.put(&path, &form).await.is(200);
        admin.patch(&path, &json!({ "text": "y" })).await.is(200);
        let unhinted = admin.patch(&path, &json!({ "hint": null })).await.is_problem(422, "validation_failed");
        assert_eq!(unhinted.pointers(), ["/hint"]);
        let form = ada.get(&path).await.json();
        assert_eq!(form["state"], json!(null));
        ada.put(&path, &form).await.is(200);
        assert_eq!(admin.get(&path).await.json()["state"], "s");
        for (who, data) in [(&admin, json!({ "text": "z" })), (&ada, json!({ "text": "y", "hint": "h" }))] {
            let inquiry = json!({ "subject": format!("user:{}", who.id), "collection": "messages", "action": "update", "id": record["id"], "data": data });
            let simulated = admin.post("/policies/explain", &inquiry).await.is(200).json();
            assert_eq!(simulated["status"], who.patch(&path, &data).await.status, "{simulated}");
        }
    }

    /// A schema rule that fails on account of what is stored unseen is not told; a merge into it is not done.
    async fn a_refused_patch_tells_nothing_of_a_hidden_object(database: Database) {
        for elsewhere in [false, true] {
            let server = Server::start(&database).await;
            if elsewhere {
                let (admin, ada) = (server.admin().await, server.log_in("ada@plinth.test").await);
                let id = admin.get("/records/messages").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
                admin.post("/policies", &rule("read", "author.email == \"nobody@plinth.test\"", "")).await.is(201);
                refuse(&admin, &ada, &id).await;
            } else {
                let (admin, ada, id) = furnish(&server, false).await;
                refuse(&admin, &ada, &id).await;
            }
        }
    }

    /// Who sees a field by a relation may do with it what whoever sees it may.
    async fn what_shows_by_a_relation_can_be_merged_into(database: Database) {
        let server = Server::start(&database).await;
        let (admin, ada, id) = furnish(&server, true).await;
        let path = format!("/records/messages/{id}");
        let patch = json!({ "meta": { "c": 1 }, "count": { "$inc": 1 }, "seal": "s1" });
        ada.patch(&path, &patch).await.is_problem(403, "policy_denied");
        let shown = rule("read", "author.email.endsWith(\"@plinth.test\")", "");
        admin.post("/policies", &shown).await.is(201);

        let written = ada.patch(&path, &patch).await.is(200).json();

        assert_eq!((&written["meta"]["c"], &written["meta"]["b"], &written["count"]), (&json!(1), &json!(1), &json!(4)));
    }
}

async fn refuse(admin: &Person, ada: &Person, id: &str) {
    let path = format!("/records/messages/{id}");
    let before = admin.get(&path).await.json();
    let tell = async |body: Json| told(&ada.patch(&path, &body).await);

    let known = tell(json!({ "meta": { "pin": "a" } })).await;
    assert_eq!(known[0], 403, "{known}");
    for members in [json!({ "b": 2 }), json!({ "c": 1, "d": 2 }), json!({ "zz": null }), json!({ "pin": "too long" })] {
        assert_eq!(tell(json!({ "meta": members })).await, known);
    }
    // The simulator foretells it.
    let inquiry = json!({ "subject": format!("user:{}", ada.id), "collection": "messages", "action": "update", "id": id, "data": { "meta": { "c": 1 } } });
    let simulated = admin.post("/policies/explain", &inquiry).await.is(200).json();
    assert_eq!((&simulated["allowed"], &simulated["status"]), (&json!(false), &json!(403)), "{simulated}");
    // A rule of the whole record is broken by a field that is neither seen nor sent.
    let refused = ada.patch(&path, &json!({ "text": "y" })).await.is_problem(403, "policy_denied");
    assert!(!refused.text().contains("note"), "{}", refused.text());
    assert_eq!(admin.get(&path).await.json(), before);
    // The whole value can be set, and what is wrong with it is said.
    let wrong = ada.patch(&path, &json!({ "count": "many" })).await.is_problem(422, "validation_failed");
    assert_eq!(wrong.pointers(), ["/count"]);
    let wrong = ada
        .put(&path, &json!({ "text": "x", "meta": { "pin": "too long" } }))
        .await
        .is_problem(422, "validation_failed");
    assert_eq!(wrong.pointers(), ["/meta/pin"]);
}
