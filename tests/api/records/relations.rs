//! Relations: what they point at, what points back, and what goes with it.

use serde_json::json;

use crate::fixture::{Room, texts};
use crate::harness::{Database, Server, on_both};

on_both! {
    async fn an_expand_shows_what_its_reader_may_see_and_nothing_else(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let parent = Room::say(&room.ada, "parent", "lab").await;
        let child = json!({ "text": "child", "room": "lab", "author": room.bob.id, "parent": parent["id"] });
        room.bob.post("/records/messages", &child).await.is(201);

        let path = "/records/messages?sort=createdAt&expand=author,parent,messages_via_parent&fields=text,parent.text";
        let seen = room.ada.get(path).await.is(200).json();
        let (first, second) = (&seen["items"][0], &seen["items"][1]);
        assert_eq!(first["expand"]["author"]["email"], "ada@plinth.test");
        assert_eq!(second["expand"]["parent"], json!({ "text": "parent" }));
        assert!(second["expand"].get("author").is_none(), "bob's account is not for ada: {second}");
        assert!(first["expand"].get("parent").is_none());
        assert_eq!(first["expand"]["messages_via_parent"][0]["text"], "child");
        for unknown in ["nobody", "text", "users_via_nothing", "secret"] {
            room.ada.get(&format!("/records/messages?expand={unknown}")).await.is_problem(400, "unknown_field");
        }
    }

    async fn a_relation_must_lead_somewhere(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let nowhere = "01890a5d-ac96-774b-bcce-b302099a8057";
        let body = json!({ "text": "x", "author": room.ada.id, "parent": nowhere });
        let refused = room.ada.post("/records/messages", &body).await.is_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), ["/parent"]);
    }

    async fn what_points_at_a_deleted_record_goes_or_lets_go(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let parent = Room::say(&room.ada, "parent", "lab").await;
        let id = parent["id"].as_str().unwrap();
        let child = json!({ "text": "child", "room": "lab", "author": room.bob.id, "parent": id });
        room.bob.post("/records/messages", &child).await.is(201);

        room.ada.delete(&format!("/records/messages/{id}")).await.is(204);
        let left = room.bob.get("/records/messages").await.is(200);
        assert_eq!(texts(&left), ["child"]);
        assert!(left.json()["items"][0]["parent"].is_null());
        room.admin.delete(&format!("/users/{}", room.bob.id)).await.is(204);
        assert_eq!(texts(&room.admin.get("/records/messages").await.is(200)), Vec::<String>::new());
    }

    async fn a_list_of_relations_keeps_its_order_and_its_targets(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let tags = json!({ "name": "tags", "schema": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string", "x-unique": true } } } });
        admin.post("/collections", &tags).await.is(201);
        let many = json!({ "type": "array", "items": { "type": "string", "x-relation": { "collection": "tags", "onDelete": "setNull" } } });
        let posts = json!({ "name": "posts", "schema": { "type": "object", "properties": { "title": { "type": "string" }, "tags": many } } });
        admin.post("/collections", &posts).await.is(201);
        let made = admin.post("/records/tags", &json!([{ "name": "red" }, { "name": "blue" }])).await.is(201).json();
        let (red, blue) = (made["items"][0]["id"].as_str().unwrap(), made["items"][1]["id"].as_str().unwrap());
        admin.post("/records/tags", &json!({ "name": "red" })).await.is_problem(409, "conflict");
        admin.post("/records/posts", &json!({ "title": "both", "tags": [blue, red] })).await.is(201);
        admin.post("/records/posts", &json!({ "title": "twice", "tags": [red, red] })).await.is_problem(422, "validation_failed");

        let ask = async |path: &str| admin.get(path).await.is(200).json();
        let listed = ask("/records/posts?expand=tags").await;
        assert_eq!(listed["items"][0]["tags"], json!([blue, red]));
        assert_eq!(listed["items"][0]["expand"]["tags"][0]["name"], "blue");
        assert_eq!(ask("/records/posts?filter=tags.exists(t,t.name==\"red\")&count=exact").await["total"], 1);
        assert_eq!(ask("/records/tags?expand=posts_via_tags&filter=name==\"red\"").await["items"][0]["expand"]["posts_via_tags"][0]["title"], "both");
        admin.delete(&format!("/records/tags/{blue}")).await.is(204);
        assert_eq!(ask("/records/posts").await["items"][0]["tags"], json!([red]));
    }
}
