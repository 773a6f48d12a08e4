//! What somebody may not see does not show in any answer, order, log or event.

use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::fixture::{Room, rule, texts};
use crate::harness::{Answer, Database, Options, PASSWORD, Person, Server, on_both};
use crate::realtime::socket::{Socket, told};

/// What an answer shows, but for what differs in every answer.
fn shown(answer: &Answer) -> Json {
    let mut body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    body["requestId"] = json!(null);
    let mut headers: Vec<_> = answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    // The length differs with the request id, which is a number that grows.
    headers.retain(|header| ["date:", "x-request-id:", "content-length:"].iter().all(|name| !header.starts_with(name)));
    headers.sort();
    json!([answer.status, headers, body])
}

/// Every request on a collection and a record.
async fn everything(who: &Person, collection: &str, id: &str) -> Vec<Json> {
    let whole = format!("/records/{collection}");
    let one = format!("{whole}/{id}");
    let body = json!({ "text": "x" });
    let batch = |method: &str| json!([{ "method": method, "collection": collection, "id": id, "data": body }]);
    let mut answers = vec![
        who.get(&whole).await,
        who.get(&format!("{whole}?filter=x==1&sort=y&fields=z&expand=q&count=exact")).await,
        who.post(&format!("{whole}/query"), &json!({})).await,
        who.get(&one).await,
        who.get(&format!("{one}?expand=author")).await,
        who.patch(&one, &body).await,
        who.delete(&one).await,
        who.send(who.request(Method::DELETE, &one).header("if-match", "\"x\"")).await,
    ];
    for method in ["update", "delete"] {
        answers.push(who.post("/batch", &batch(method)).await);
    }
    answers.iter().map(shown).collect()
}

/// An id that names nothing.
const NOTHING: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

on_both! {
    /// A record that is hidden, and a collection that is hidden, answer as what is not there.
    async fn what_is_hidden_answers_as_what_is_not_there(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let vault = json!({ "name": "vaults", "schema": { "type": "object", "properties": { "text": { "type": "string" } } } });
        room.admin.post("/collections", &vault).await.is(201);
        let kept = room.admin.post("/records/vaults", &json!({ "text": "k7f" })).await.is(201).json();
        let hidden = Room::say(&room.ada, "k7f", "home").await;

        for who in [&room.bob, &server.anonymous()] {
            let id = kept["id"].as_str().unwrap();
            assert_eq!(everything(who, "vaults", id).await, everything(who, "nowhere", id).await);
            let id = hidden["id"].as_str().unwrap();
            assert_eq!(everything(who, "messages", id).await, everything(who, "messages", NOTHING).await);
        }
        let mut socket = Socket::of(&server, &room.bob).await;
        let mut problems = Vec::new();
        for collection in ["vaults", "nowhere"] {
            socket.say(json!({ "op": "subscribe", "sub": "s", "collection": collection, "filter": "x == 1" })).await;
            problems.push(socket.expect("error").await);
        }
        assert_eq!(problems[0], problems[1]);
        // Nor does an expand: a hidden target and none are the same.
        let to_hidden = json!({ "text": "seen", "room": "lab", "author": room.ada.id, "parent": hidden["id"] });
        let said = room.ada.post("/records/messages", &to_hidden).await.is(201).json();
        let expanded = room.bob.get(&format!("/records/messages/{}?expand=parent", said["id"].as_str().unwrap())).await.is(200).json();
        assert_eq!(expanded["expand"], json!({}));
    }

    /// No way of naming a field gets at a hidden one.
    async fn no_name_reaches_a_hidden_field(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        for (text, secret) in [("a", "z"), ("b", "k7f"), ("c", "a")] {
            let body = json!({ "text": text, "room": "lab", "author": room.ada.id, "secret": secret });
            room.admin.post("/records/messages", &body).await.is(201);
        }
        for name in [
            "secret", "SECRET", "\"secret\"", "`secret`", "messages.secret", "secret%20", "%09secret", "+secret", "-secret", "--secret", "text,secret",
            "1", "2", "rowid", "oid", "_rowid_", "ctid", "xmin", "lower(secret)", "secret%20desc", "secret;", "secret--", "*", "**", "x:secret",
            "author.secret", "parent.secret", "(secret)", "secret%00", "case%20when%20secret>'k'%20then%201%20end",
        ] {
            for parameter in ["sort", "fields", "expand"] {
                let answer = room.bob.get(&format!("/records/messages?{parameter}={name}")).await;
                assert_eq!(answer.status, 400, "{parameter}={name}: {}", answer.text());
                assert!(!answer.text().contains("k7f"));
            }
        }
        assert_eq!(texts(&room.bob.get("/records/messages?sort=text").await), ["a", "b", "c"]);
        let etags: Vec<_> = ["fields=text", "fields=text,likes", "count=exact", "count=estimated"].into_iter().collect();
        for query in etags {
            assert!(!room.bob.get(&format!("/records/messages?{query}")).await.is(200).text().contains("secret"));
        }
    }

    /// Nothing secret is in the log at its finest, in the metrics, in the documents, or in an error.
    async fn nothing_secret_is_logged_or_described(database: Database) {
        let options = Options::default().set("PLINTH_LOG_LEVEL", "trace").may_complain();
        let server = Server::start_with(&database, options).await;
        let room = Room::furnish(&server).await;
        let body = json!({ "text": "x", "room": "lab", "author": room.ada.id, "secret": "k7fk7fk7f" });
        let id = room.admin.post("/records/messages", &body).await.is(201).json()["id"].as_str().unwrap().to_owned();
        let _ = room.admin.post("/records/messages", &json!({ "text": "", "secret": "k7fk7fk7f", "author": 1 })).await;
        let filter = json!({ "filter": "secret == params.s", "params": { "s": "k7fk7fk7f" } });
        room.admin.post("/records/messages/query", &filter).await.is(200);
        room.bob.post("/records/messages/query", &filter).await.is(400);
        room.admin.patch(&format!("/records/messages/{id}"), &json!({ "secret": "k7fk7fk7f2" })).await.is(200);
        let mut socket = Socket::of(&server, &room.bob).await;
        socket.subscribe(json!({ "op": "subscribe", "sub": "s", "collection": "messages" })).await;
        room.admin.patch(&format!("/records/messages/{id}"), &json!({ "secret": "k7fk7fk7f3", "text": "y" })).await.is(200);
        loop {
            let change = socket.expect("change").await;
            assert!(!change.to_string().contains("k7f") && !change.to_string().contains("secret"));
            if told(&change) == "update y" {
                break;
            }
        }
        let _ = server.anonymous().post("/auth/login", &json!({ "email": "ada@plinth.test", "password": "wrong-wrong-wrong" })).await;
        let refreshed = room.bob.post("/auth/refresh", &json!({ "refreshToken": room.bob.refresh_token })).await.is(200).json();

        let metrics = server.anonymous().get_at("/metrics").await.is(200).text();
        let documents = [room.bob.get("/openapi.json").await.text(), server.anonymous().get("/openapi.json").await.text()];
        for text in documents.iter().chain([&metrics]) {
            assert!(!text.contains("secret") && !text.contains("k7f") && !text.contains(&id), "{text}");
        }
        let log = server.log();
        assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log is not at its finest");
        let tokens = [&room.ada, &room.bob, &room.admin].into_iter().flat_map(|who| [who.token.clone(), who.refresh_token.clone()]).flatten();
        let more = [&refreshed["accessToken"], &refreshed["refreshToken"]].into_iter().filter_map(|token| token.as_str().map(str::to_owned));
        for word in tokens.chain(more).chain([PASSWORD.to_owned(), "wrong-wrong-wrong".to_owned(), "k7fk7fk7f".to_owned(), "$argon2".to_owned()]) {
            let line = log.lines().find(|line| line.contains(&word));
            assert!(line.is_none(), "{word} is in the log: {line:?}");
        }
    }

    /// A deletion reaches those who saw the record, and tells its id alone.
    async fn a_deletion_reaches_only_those_who_saw_the_record(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let (mut ada, mut bob) = (Socket::of(&server, &room.ada).await, Socket::of(&server, &room.bob).await);
        for socket in [&mut ada, &mut bob] {
            socket.subscribe(json!({ "op": "subscribe", "sub": "s", "collection": "messages" })).await;
        }
        let hidden = Room::say(&room.ada, "hidden", "home").await;
        let seen = Room::say(&room.ada, "seen", "lab").await;
        for record in [&hidden, &seen] {
            room.ada.delete(&format!("/records/messages/{}", record["id"].as_str().unwrap())).await.is(204);
        }
        Room::say(&room.ada, "end", "lab").await;

        let mut heard = Vec::new();
        while heard.last().is_none_or(|change: &Json| told(change) != "create end") {
            heard.push(bob.expect("change").await);
        }
        assert_eq!(heard.iter().map(told).collect::<Vec<_>>(), ["create seen", "delete -", "create end"]);
        assert!(!json!(heard).to_string().contains(hidden["id"].as_str().unwrap()));
        let mut members: Vec<_> = heard[1].as_object().unwrap().keys().cloned().collect();
        members.sort();
        assert_eq!(members, ["at", "cursor", "id", "op", "sub", "type"]);
        for expected in ["create hidden", "create seen", "delete -", "delete -", "create end"] {
            assert_eq!(told(&ada.expect("change").await), expected);
        }
    }

    /// No shape of a subscription's condition gets at a hidden field.
    async fn no_subscription_asks_about_a_hidden_field(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        room.admin.post("/policies", &rule("read", "likes > 100", "")).await.is(201);
        let body = json!({ "text": "x", "room": "lab", "author": room.ada.id, "secret": "k7f" });
        room.admin.post("/records/messages", &body).await.is(201);
        let mut socket = Socket::of(&server, &room.bob).await;
        for filter in ["secret == \"k7f\"", "!(secret != \"k7f\")", "has(secret)", "secret == null", "true || secret == \"k7f\"", "parent.secret == \"k7f\"", "messages_via_parent.exists(m, m.secret == \"k7f\")", "[secret].exists(s, s == \"k7f\")", "{\"a\": secret}.a == \"k7f\"", "secret in [\"k7f\"]", "(likes > 0 ? secret : text) == \"k7f\""] {
            socket.say(json!({ "op": "subscribe", "sub": "s", "collection": "messages", "filter": filter, "snapshot": true })).await;
            // The rule for rows with many likes shows the field there, so it may be named; on this row it is null.
            let frames = socket.until_pong().await;
            let told = json!(frames).to_string();
            assert!(!told.contains("k7f"), "{filter}: {told}");
            let matched = frames.iter().any(|frame| frame["items"].as_array().is_some_and(|items| !items.is_empty()));
            let may_match = ["secret == null", "true || secret == \"k7f\""].contains(&filter);
            assert!(!matched || may_match, "{filter}: {told}");
            socket.say(json!({ "op": "unsubscribe", "sub": "s" })).await;
        }
    }
}
