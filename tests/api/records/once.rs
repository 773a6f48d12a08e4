//! `Idempotency-Key`: what is sent again is done once, and is given the first answer.

use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::fixture::{Room, rule};
use crate::harness::{Answer, Database, Person, Server, on_both};

async fn send(who: &Person, path: &str, key: &str, body: &Json) -> Answer {
    who.send(who.request(Method::POST, path).header("idempotency-key", key).json(body)).await
}

async fn stored(room: &Room) -> Vec<Json> {
    let items = room.admin.get("/records/messages?sort=createdAt").await.is(200).json()["items"].clone();
    items.as_array().expect("items").clone()
}

on_both! {
    async fn what_is_sent_again_is_given_the_first_answer(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let body = json!({ "text": "one", "room": "lab", "author": room.ada.id });
        let first = send(&room.ada, "/records/messages", "k", &body).await.is(201);
        let path = format!("/records/messages/{}", first.json()["id"].as_str().unwrap());

        room.ada.patch(&path, &json!({ "text": "two" })).await.is(200);
        let again = send(&room.ada, "/records/messages", "k", &body).await.is(201);
        assert_eq!((again.json(), again.header("etag")), (first.json(), first.header("etag")));
        assert_eq!(again.header("location"), first.header("location"));
        let stale = room.ada.request(Method::PATCH, &path).header("if-match", again.header("etag"));
        room.ada.send(stale.json(&json!({ "text": "three" }))).await.is_problem(412, "precondition_failed");

        room.ada.delete(&path).await.is(204);
        let again = send(&room.ada, "/records/messages", "k", &body).await.is(201);
        assert_eq!(again.json(), first.json());
        assert_eq!(stored(&room).await, Vec::<Json>::new());
    }

    async fn a_batch_that_is_sent_again_counts_nothing_twice(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let id = Room::say(&room.ada, "one", "lab").await["id"].clone();
        let gone = Room::say(&room.ada, "gone", "lab").await["id"].clone();
        let new = "0190b5d0-0000-7000-8000-000000000001";
        let on = |method: &str, id: &Json, data: Json| json!({ "method": method, "collection": "messages", "id": id, "data": data });
        let batch = json!([
            on("update", &id, json!({ "likes": { "$inc": 1 } })),
            on("replace", &json!(new), json!({ "text": "new", "room": "lab", "author": room.ada.id })),
            { "method": "delete", "collection": "messages", "id": gone },
        ]);

        let first = send(&room.ada, "/batch", "k", &batch).await.is(200).json();
        assert_eq!(first["results"][0]["record"]["likes"], 1, "{first}");
        assert_eq!(first["results"][1]["status"], 201, "{first}");
        room.ada.patch(&format!("/records/messages/{}", id.as_str().unwrap()), &json!({ "likes": 5 })).await.is(200);

        assert_eq!(send(&room.ada, "/batch", "k", &batch).await.is(200).json(), first);
        let likes: Vec<_> = stored(&room).await.iter().map(|record| record["likes"].clone()).collect();
        assert_eq!(likes, [json!(5), json!(0)]);
    }

    async fn a_key_is_its_senders_own_and_of_one_request(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let body = |who: &Person, text: &str| json!({ "text": text, "room": "lab", "author": who.id });
        send(&room.ada, "/records/messages", "k", &body(&room.ada, "hers")).await.is(201);

        let other = send(&room.ada, "/records/messages", "k", &body(&room.ada, "another")).await;
        assert_eq!(other.is_problem(422, "validation_failed").json()["errors"][0]["code"], "idempotency_key");
        send(&room.ada, "/records/messages", "", &body(&room.ada, "none")).await.is_problem(400, "malformed_request");
        send(&room.bob, "/records/messages", "k", &body(&room.bob, "his")).await.is(201);
        assert_eq!(stored(&room).await.len(), 2);
    }

    async fn of_many_that_are_sent_at_once_one_is_done(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let body = json!({ "text": "one", "room": "lab", "author": room.ada.id });
        let sent: Vec<_> = (0..40).map(|_| {
            let (ada, body) = (room.ada.clone(), body.clone());
            tokio::spawn(async move { send(&ada, "/records/messages", "k", &body).await.is(201).json() })
        }).collect();
        let mut answers = Vec::new();
        for sent in sent {
            answers.push(sent.await.unwrap());
        }
        assert_eq!(stored(&room).await.len(), 1);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }

    async fn a_first_answer_is_not_read_by_another_definition(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let text = |name: &str| json!({ "name": "notes", "schema": { "type": "object", "properties": { name: { "type": "string" } } } });
        admin.post("/collections", &text("a")).await.is(201);
        let body = json!({ "a": "first" });
        let first = send(&admin, "/records/notes", "k", &body).await.is(201).json();
        let renamed = json!({ "schema": { "type": "object", "properties": { "b": { "type": "string", "x-renamed-from": "a" } } } });
        admin.patch("/collections/notes", &renamed).await.is(200);

        let again = send(&admin, "/records/notes", "k", &body).await.is(201).json();
        assert_eq!((&again["id"], &again["b"]), (&first["id"], &json!("first")));

        admin.delete("/collections/notes?allowDestructive=true").await.is(204);
        admin.post("/collections", &text("a")).await.is(201);
        let of_a_namesake = send(&admin, "/records/notes", "k", &body).await.is(201).json();
        assert_eq!(of_a_namesake, json!({ "id": first["id"] }));
    }

    /// Rules of today show nothing in a record of old that its reader could not see in it.
    async fn a_first_answer_shows_nothing_that_was_never_theirs(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let body = json!({ "text": "one", "room": "lab", "author": room.ada.id });
        let path = format!("/records/messages/{}", Room::say(&room.ada, "one", "lab").await["id"].as_str().unwrap());
        room.admin.patch(&path, &json!({ "secret": "k7f", "author": room.ada.id })).await.is(200);
        let batch = json!([{ "method": "update", "collection": "messages", "id": path.rsplit('/').next(), "data": { "text": "two" } }]);
        send(&room.ada, "/batch", "k", &batch).await.is(200);
        room.admin.patch(&path, &json!({ "author": room.bob.id, "secret": null })).await.is(200);
        room.admin.post("/policies", &rule("read", "author == auth.id", "secret")).await.is(201);

        let shown = send(&room.ada, "/batch", "k", &batch).await.is(200).json();
        let record = &shown["results"][0]["record"];
        assert_eq!((&record["text"], &record["secret"]), (&json!("two"), &json!(null)), "{shown}");
        // What they see no more is answered with its id alone.
        room.admin.patch(&path, &json!({ "room": "home" })).await.is(200);
        let unseen = send(&room.ada, "/batch", "k", &batch).await.is(200).json();
        assert_eq!(unseen["results"][0]["record"].as_object().unwrap().len(), 1, "{unseen}");
        send(&room.ada, "/records/messages", "l", &body).await.is(201);
    }

    async fn a_first_answer_shows_what_its_reader_sees_today_and_goes_as_far_back_as_the_log(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let body = json!({ "text": "one", "room": "lab", "author": room.ada.id });
        let first = send(&room.ada, "/records/messages", "k", &body).await.is(201).json();
        let path = format!("/records/messages/{}", first["id"].as_str().unwrap());
        room.ada.patch(&path, &json!({ "text": "two" })).await.is(200);

        // Longer ago than the log goes back, there is what is stored now.
        database.execute("delete from _changes where seq < (select max(seq) from _changes)");
        assert_eq!(send(&room.ada, "/records/messages", "k", &body).await.is(201).json()["text"], "two");

        let mut hide = rule("read", "author == auth.id", "");
        hide["effect"] = json!("deny");
        room.admin.post("/policies", &hide).await.is(201);
        let again = send(&room.ada, "/records/messages", "k", &body).await.is(201);
        assert_eq!((again.json(), again.header("etag")), (json!({ "id": first["id"] }), ""));
    }
}
