//! Writes that are meant for one version of a record, or for none.

use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::fixture::Room;
use crate::harness::{Answer, Database, Person, Server, on_both};

/// A write under one condition.
async fn under(who: &Person, method: Method, path: &str, condition: (&str, &str), body: &Json) -> Answer {
    who.send(who.request(method, path).header(condition.0, condition.1).json(body)).await
}

const NEW: (&str, &str) = ("if-none-match", "*");

on_both! {
    async fn a_put_can_be_meant_for_a_new_record_only(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let path = format!("/records/messages/{}", uuid::Uuid::now_v7());
        let body = |text: &str| json!({ "text": text, "room": "lab", "author": room.ada.id });

        let made = under(&room.ada, Method::PUT, &path, NEW, &body("one")).await.is(201);
        let again = under(&room.ada, Method::PUT, &path, NEW, &body("two")).await.is_problem(412, "precondition_failed");
        assert!(again.text().contains("If-None-Match"));
        // Bob may not write it, and may create: he is told the same.
        under(&room.bob, Method::PUT, &path, NEW, &body("two")).await.is_problem(412, "precondition_failed");

        let etag = made.header("etag").to_owned();
        let weak = format!("\"a,b\", W/{etag}");
        for tags in [etag.as_str(), weak.as_str()] {
            for method in [Method::PUT, Method::PATCH, Method::DELETE] {
                under(&room.ada, method, &path, ("if-none-match", tags), &body("two")).await.is_problem(412, "precondition_failed");
            }
        }
        assert_eq!(room.ada.get(&path).await.json()["text"], "one");
        under(&room.ada, Method::PATCH, &path, ("if-none-match", "\"0-0\""), &json!({ "text": "two" })).await.is(200);
        under(&room.ada, Method::PATCH, &path, ("if-none-match", &etag), &json!({ "text": "three" })).await.is(200);
        under(&room.ada, Method::DELETE, &path, NEW, &json!({})).await.is_problem(412, "precondition_failed");
        room.ada.delete(&path).await.is(204);
        under(&room.ada, Method::DELETE, &path, NEW, &json!({})).await.is_problem(404, "not_found");
    }

    async fn a_put_for_a_new_record_tells_nothing_of_a_hidden_one(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let hidden = Room::say(&room.ada, "k7f", "home").await;
        let path = format!("/records/messages/{}", hidden["id"].as_str().unwrap());
        let body = json!({ "text": "x", "room": "lab", "author": room.bob.id });

        room.bob.put(&path, &body).await.is_problem(404, "not_found");
        under(&room.bob, Method::PUT, &path, NEW, &body).await.is_problem(404, "not_found");
        assert_eq!(room.ada.get(&path).await.json()["text"], "k7f");
    }

    /// Who may update and not create is told the same of a record out of sight and of none.
    async fn a_put_for_one_version_tells_nothing_of_a_hidden_record(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let hidden = Room::say(&room.ada, "k7f", "home").await;
        let created = room.admin.get("/policies").await.json()["items"].as_array().unwrap().iter()
            .find(|rule| rule["action"] == "create" && rule["object"] == "messages").unwrap()["id"].clone();
        room.admin.delete(&format!("/policies/{}", created.as_str().unwrap())).await.is(204);
        let body = json!({ "text": "x", "room": "lab", "author": room.bob.id });

        for condition in [("if-match", "\"1-1\""), ("if-match", "*"), NEW, ("if-none-match", "\"1-1\"")] {
            for id in [hidden["id"].as_str().unwrap().to_owned(), uuid::Uuid::now_v7().to_string()] {
                let path = format!("/records/messages/{id}");
                under(&room.bob, Method::PUT, &path, condition, &body).await.is_problem(404, "not_found");
            }
        }
    }

    /// A field that shows by what is behind a relation comes and goes without a new version of its record.
    async fn a_tag_is_of_what_is_shown(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        room.admin.post("/policies", &crate::fixture::rule("read", "parent.likes > 5", "secret")).await.is(201);
        let parent = Room::say(&room.ada, "parent", "lab").await["id"].as_str().unwrap().to_owned();
        let body = json!({ "text": "x", "room": "lab", "author": room.ada.id, "parent": parent, "secret": "k7f" });
        let child = room.admin.post("/records/messages", &body).await.is(201).json();
        let path = format!("/records/messages/{}", child["id"].as_str().unwrap());
        let (mut tag, parent) = (String::new(), format!("/records/messages/{parent}"));
        for likes in [0, 9, 0] {
            room.admin.patch(&parent, &json!({ "likes": likes })).await.is(200);
            let asked = room.bob.request(Method::GET, &path).header("if-none-match", if tag.is_empty() { "\"0-0\"" } else { &tag });
            let answer = room.bob.send(asked).await.is(200);
            assert_eq!(answer.json()["secret"], if likes > 5 { json!("k7f") } else { json!(null) });
            tag = answer.header("etag").to_owned();
            let asked = room.bob.request(Method::GET, &path).header("if-none-match", &tag);
            room.bob.send(asked).await.is(304);
        }
        let patch = room.ada.request(Method::PATCH, &path).header("if-match", &tag);
        room.ada.send(patch.json(&json!({ "text": "y" }))).await.is(200);
    }

    /// Whoever sends a condition relies on it: it is kept or refused.
    async fn no_condition_on_a_write_is_passed_over(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let said = Room::say(&room.ada, "one", "lab").await;
        let one = format!("/records/messages/{}", said["id"].as_str().unwrap());
        let body = json!({ "text": "two", "room": "lab", "author": room.ada.id });
        let batch = json!([{ "method": "create", "collection": "messages", "data": body }]);
        let since = ("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT");

        for condition in [NEW, ("if-match", "*"), since] {
            for (path, body) in [("/records/messages", &body), ("/batch", &batch), ("/policies", &json!({})), ("/auth/logout", &json!({}))] {
                let refused = under(&room.admin, Method::POST, path, condition, body).await.is_problem(400, "malformed_request");
                assert!(refused.text().contains(condition.0), "{}", refused.text());
            }
        }
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            under(&room.ada, method.clone(), &one, since, &body).await.is_problem(400, "malformed_request");
            for unread in ["x", "\"x", "*, \"x\"", ""] {
                under(&room.ada, method.clone(), &one, ("if-none-match", unread), &body).await.is_problem(400, "malformed_request");
            }
            under(&room.ada, method, &one, ("if-match", "x"), &body).await.is_problem(412, "precondition_failed");
        }
        under(&room.admin, Method::PATCH, "/collections/messages", NEW, &json!({})).await.is_problem(400, "malformed_request");
        let create = json!([{ "method": "create", "collection": "messages", "data": body, "ifMatch": "*" }]);
        room.ada.post("/batch", &create).await.is_problem(400, "invalid_parameter");

        let listed = room.admin.get("/records/messages?count=exact").await.json();
        assert_eq!((&listed["total"], &listed["items"][0]["text"]), (&json!(1), &json!("one")));
    }
}
