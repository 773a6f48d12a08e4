//! Lists: filters, orders, cursors.

use serde_json::{Value as Json, json};

use crate::fixture::{Room, texts};
use crate::harness::{Database, Server, on_both};

on_both! {
    async fn pages_meet_whatever_comes_and_goes(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        for (text, likes) in [("a", 1), ("b", 2), ("c", 2), ("d", 3), ("e", 5)] {
            let body = json!({ "text": text, "room": "lab", "author": room.ada.id, "likes": likes });
            room.ada.post("/records/messages", &body).await.is(201);
        }
        let page = async |cursor: Option<&str>| {
            let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            room.bob.get(&format!("/records/messages?sort=-likes,text&limit=2{cursor}")).await.is(200)
        };

        let first = page(None).await;
        assert_eq!(texts(&first), ["e", "d"]);
        assert!(first.header("link").contains("rel=\"next\""));
        let next = first.json()["nextCursor"].as_str().unwrap().to_owned();
        room.ada.post("/records/messages", &json!({ "text": "z", "room": "lab", "author": room.ada.id, "likes": 9 })).await.is(201);
        let second = page(Some(&next)).await;
        assert_eq!(texts(&second), ["b", "c"]);
        let back = second.json()["prevCursor"].as_str().unwrap().to_owned();
        assert_eq!(texts(&page(Some(&back)).await), ["e", "d"]);
        let last = page(second.json()["nextCursor"].as_str()).await;
        assert_eq!(texts(&last), ["a"]);
        assert!(last.json()["nextCursor"].is_null());
    }

    async fn null_comes_before_every_value_and_text_goes_by_bytes(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let rooms = [Some("é"), None, Some("Z"), Some("a"), Some(""), Some("😀"), Some("\u{e000}")];
        for (n, name) in rooms.iter().enumerate() {
            let body = json!({ "text": n.to_string(), "room": name, "author": room.ada.id });
            room.admin.post("/records/messages", &body).await.is(201);
        }
        let up = ["1", "4", "2", "3", "0", "6", "5"];
        assert_eq!(texts(&room.admin.get("/records/messages?sort=room").await.is(200)), up);
        let down: Vec<&str> = up.iter().rev().copied().collect();
        assert_eq!(texts(&room.admin.get("/records/messages?sort=-room").await.is(200)), down);
        let mut paged = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = room.admin.get(&format!("/records/messages?sort=-room&limit=1{cursor}")).await.is(200);
            paged.extend(texts(&page));
            match page.json()["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(paged, down);
    }

    async fn a_cursor_serves_its_owner_and_its_question_only(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        for n in 0..3 {
            Room::say(&room.ada, &n.to_string(), "lab").await;
        }
        let listed = room.ada.get("/records/messages?limit=1&sort=text").await.is(200).json();
        let cursor = listed["nextCursor"].as_str().unwrap();

        room.ada.get(&format!("/records/messages?limit=1&sort=text&cursor={cursor}")).await.is(200);
        for (who, question) in [
            (&room.bob, "limit=1&sort=text"),
            (&room.admin, "limit=1&sort=text"),
            (&room.ada, "limit=1&sort=-text"),
            (&room.ada, "limit=1"),
            (&room.ada, "limit=1&sort=text&filter=likes==0"),
        ] {
            who.get(&format!("/records/messages?{question}&cursor={cursor}")).await.is_problem(400, "invalid_cursor");
        }
        let mut edited = cursor.to_owned();
        let swapped = if edited.ends_with('A') { "B" } else { "A" };
        edited.replace_range(edited.len() - 1.., swapped);
        for broken in [edited.as_str(), "", "AAAA", "not a cursor", &"A".repeat(5000)] {
            let path = format!("/records/messages?limit=1&sort=text&cursor={}", broken.replace(' ', "%20"));
            room.ada.get(&path).await.is_problem(400, "invalid_cursor");
        }
    }

    async fn long_sort_keys_have_short_cursors(database: Database) {
        let server = Server::start(&database).await;
        let admin = server.admin().await;
        let long = json!({ "type": "object", "properties": { "text": { "type": "string" }, "shown": { "type": "boolean" } } });
        admin.post("/collections", &json!({ "name": "essays", "schema": long })).await.is(201);
        // They differ at their ends only, and there are two of each.
        let text = |n: usize| format!("{}{}", "é".repeat(50_000), n / 2);
        for n in 0..6 {
            admin.post("/records/essays", &json!({ "text": text(n), "shown": true })).await.is(201);
        }
        let page = async |cursor: &str| {
            let path = format!("/records/essays?sort=-text&limit=1&fields=id,text&filter=shown&cursor={cursor}");
            let listed = admin.get(path.trim_end_matches("&cursor=")).await.is(200);
            assert!(listed.header("link").len() < 2048, "{}", listed.header("link"));
            listed.json()
        };
        let cursor = |page: &Json, name: &str| page[name].as_str().unwrap_or_default().to_owned();

        let (mut pages, mut next) = (Vec::new(), String::new());
        loop {
            pages.push(page(&next).await);
            next = cursor(&pages[pages.len() - 1], "nextCursor");
            if next.is_empty() {
                break;
            }
        }
        let ids: Vec<&Json> = pages.iter().map(|page| &page["items"][0]["id"]).collect();
        let found: Vec<&str> = pages.iter().map(|page| page["items"][0]["text"].as_str().unwrap()).collect();
        assert_eq!(found, [5, 4, 3, 2, 1, 0].map(text));
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 6);
        assert_eq!(page(&cursor(&pages[3], "prevCursor")).await["items"], pages[2]["items"]);

        // What the filter no longer shows is still a place; what stands elsewhere or is gone is none.
        let (edge, next) = (format!("/records/essays/{}", ids[0].as_str().unwrap()), cursor(&pages[0], "nextCursor"));
        admin.patch(&edge, &json!({ "shown": false })).await.is(200);
        assert_eq!(page(&next).await["items"], pages[1]["items"]);
        let path = format!("/records/essays?sort=-text&limit=1&filter=shown&cursor={next}");
        admin.patch(&edge, &json!({ "text": "a" })).await.is(200);
        let refused = admin.get(&path).await.is_problem(400, "invalid_cursor").json();
        assert!(refused["detail"].as_str().unwrap().contains("begin anew"), "{refused}");
        admin.delete(&edge).await.is(204);
        admin.get(&path).await.is_problem(400, "invalid_cursor");
    }

    async fn links_that_no_header_has_room_for_are_left_to_the_body(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        for n in 0..2 {
            Room::say(&room.ada, &n.to_string(), "lab").await;
        }
        let path = |letters: usize| format!("/records/messages?limit=1&filter=text!=\"{}\"", "a".repeat(letters));
        assert!(room.ada.get(&path(200)).await.is(200).header("link").contains("rel=\"next\""));
        let long = room.ada.get(&path(4000)).await.is(200);
        assert!(long.headers.get("link").is_none());
        assert!(long.json()["nextCursor"].is_string());
    }

    async fn a_filter_is_cel_with_its_meaning_of_null(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        for (text, likes, tags) in [("red one", 1, json!(["red", "x"])), ("two", 2, json!(null)), ("Three", 3, json!([]))] {
            let body = json!({ "text": text, "room": "lab", "author": room.ada.id, "likes": likes, "tags": tags,
                "meta": { "color": text }, "score": if likes == 2 { json!(null) } else { json!(0.5) } });
            room.ada.post("/records/messages", &body).await.is(201);
        }
        let ask = async |filter: &str| {
            let body = json!({ "filter": filter, "sort": "likes", "params": { "names": ["two", "Three"] } });
            texts(&room.bob.post("/records/messages/query", &body).await.is(200))
        };
        assert_eq!(ask("score < 1.0").await, ["red one", "Three"]);
        assert_eq!(ask("!(score < 1.0)").await, Vec::<String>::new());
        assert_eq!(ask("score < 1.0 || likes == 2").await, ["red one", "two", "Three"]);
        assert_eq!(ask("score == null").await, ["two"]);
        assert_eq!(ask("\"red\" in tags").await, ["red one"]);
        assert_eq!(ask("tags.exists(t, t.startsWith(\"re\"))").await, ["red one"]);
        assert_eq!(ask("text in params.names").await, ["two", "Three"]);
        assert_eq!(ask("text.matches(\"^[a-z]\")").await, ["red one", "two"]);
        assert_eq!(ask("meta.color == \"two\" && has(meta.color)").await, ["two"]);
        assert_eq!(ask("author.email.contains(\"ada\") && likes >= 2").await, Vec::<String>::new());
        assert_eq!(ask("likes / (likes - 2) > 0").await, ["Three"]);
        assert_eq!(ask("createdAt <= now && createdAt > now - duration(\"1h\")").await.len(), 3);
    }
}
