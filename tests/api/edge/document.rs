//! The OpenAPI document tells the truth: every address is in it, and what is answered is what it says.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::fixture::Room;
use crate::harness::{Database, Person, Server, on_both};

/// The document, and somebody who asks by it.
struct Reader {
    document: Json,
    person: Person,
}

impl Reader {
    async fn of(person: &Person) -> Self {
        let document = person.get("/openapi.json").await.is(200).json();
        Self { document, person: person.clone() }
    }

    /// Asks, and holds the answer against what the document says of this operation and status.
    async fn ask(&self, method: &str, template: &str, path: &str, body: Option<Json>) -> Json {
        let request = self.person.request(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), path);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        let answer = self.person.send(request).await;
        let what = format!("{method} {path} {}", answer.status);
        let operation = &self.document["paths"][template][method];
        assert!(operation.is_object(), "{method} {template} is not in the document");
        let responses = &operation["responses"];
        let told = responses.get(answer.status.to_string()).filter(|_| answer.status < 400).cloned();
        let told = told.unwrap_or_else(|| {
            assert!(answer.status >= 400, "{what}: the document has no such answer");
            self.document["components"]["responses"]["Problem"].clone()
        });
        let Some(content) = told.get("content") else {
            assert!(answer.body.is_empty(), "{what}: {}", answer.text());
            return Json::Null;
        };
        let kind = answer.header("content-type").split(';').next().unwrap_or_default().to_owned();
        let schema = &content[&kind]["schema"];
        assert!(schema.is_object(), "{what}: {kind} is not in the document");
        let json = if kind == "text/plain" { json!(answer.text()) } else { answer.json() };
        let whole = json!({ "$ref": "#/told", "told": schema, "components": self.document["components"] });
        let validator = jsonschema::draft202012::new(&whole).expect("the document's schemas are valid");
        let faults: Vec<String> =
            validator.iter_errors(&json).map(|fault| format!("{} {fault}", fault.instance_path())).collect();
        assert!(faults.is_empty(), "{what}: {json:#}\n{}", faults.join("\n"));
        json
    }
}

fn sources(directory: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else {
            into.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Methods and addresses below `/api/v1`, as the server's own code has them.
fn routes() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src/http"), &mut files);
    let mut routes = BTreeSet::new();
    for file in files {
        for rest in file.split(".route(").skip(1) {
            let Some((path, handlers)) = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'))
            else {
                continue;
            };
            let line = handlers.split(".route(").next().unwrap_or_default().lines().take(2).collect::<String>();
            for method in ["get", "post", "put", "patch", "delete"] {
                if line.contains(&format!("{method}(")) {
                    routes.insert(format!("{method} {path}"));
                }
            }
        }
    }
    routes
}

on_both! {
    async fn every_address_is_in_the_document(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let paths = Reader::of(&room.admin).await.document["paths"].clone();
        let mut told = BTreeSet::new();
        for (path, methods) in paths.as_object().unwrap() {
            let path = path.replace("/records/messages", "/records/{collection}");
            told.extend(methods.as_object().unwrap().keys().map(|method| format!("{method} {path}")));
        }
        told.retain(|route| !route.contains("/records/users"));
        // What is not below `/api/v1`.
        let outside = ["get /", "get /_", "get /_/", "get /_/{*path}", "get /healthz", "get /readyz", "get /metrics"];
        let mut known = routes();
        known.retain(|route| !outside.contains(&route.as_str()));
        assert_eq!(told, known);
    }

    async fn what_is_answered_is_what_the_document_says(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let reader = Reader::of(&room.admin).await;
        let ask = async |method, template: &str, path: &str, body| reader.ask(method, template, path, body).await;

        let many = "/records/messages";
        let one = "/records/messages/{id}";
        let full = json!({
            "text": "a", "room": "lab", "likes": 3, "score": 1.5, "at": "2026-01-31T09:30:00Z", "tags": ["x"],
            "meta": { "k": null }, "secret": "s", "author": room.ada.id,
        });
        let made = ask("post", many, many, Some(full.clone())).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let path = format!("{many}/{id}");
        ask("post", many, many, Some(json!([full, { "text": "b", "author": room.bob.id, "parent": id }]))).await;
        ask("post", many, many, Some(json!({ "text": "" }))).await;
        ask("get", many, "/records/messages?limit=1&count=exact&expand=author,parent&sort=-likes", None).await;
        ask("get", many, "/records/messages?fields=text&filter=nonsense", None).await;
        ask("post", "/records/messages/query", "/records/messages/query", Some(json!({ "limit": 2, "cursor": null }))).await;
        ask("get", one, &format!("{path}?expand=messages_via_parent"), None).await;
        ask("get", one, &format!("{many}/{}", room.ada.id), None).await;
        ask("patch", one, &path, Some(json!({ "likes": { "$inc": 1 }, "tags": { "$add": ["y"] }, "meta": null }))).await;
        ask("put", one, &path, Some(json!({ "text": "c", "author": room.ada.id }))).await;
        ask("delete", one, &path, None).await;
        let batch = json!([{ "method": "create", "collection": "messages", "data": { "text": "d", "author": room.ada.id } }]);
        ask("post", "/batch", "/batch", Some(batch)).await;

        for path in ["/setup", "/auth/me", "/auth/sessions", "/users", "/collections", "/policies", "/roles", "/types/typescript", "/openapi.json"] {
            ask("get", path, path, None).await;
        }
        let account = json!({ "email": "eve@plinth.test", "password": "a long passphrase of eve", "roles": ["editor"] });
        let eve = ask("post", "/users", "/users", Some(account)).await["id"].as_str().unwrap().to_owned();
        ask("get", "/users", "/users?limit=1&search=eve", None).await;
        ask("get", "/users/{id}", &format!("/users/{eve}"), None).await;
        ask("patch", "/users/{id}", &format!("/users/{eve}"), Some(json!({ "verified": true }))).await;
        ask("get", "/users/{id}/sessions", &format!("/users/{}/sessions", room.ada.id), None).await;
        ask("get", "/roles/{role}/members", "/roles/editor/members", None).await;
        ask("delete", "/users/{id}", &format!("/users/{eve}"), None).await;

        let notes = json!({ "name": "notes", "schema": { "type": "object", "properties": { "t": { "type": "string" } } } });
        ask("post", "/collections", "/collections?dryRun=true", Some(notes.clone())).await;
        ask("post", "/collections", "/collections", Some(notes)).await;
        ask("get", "/collections/{name}", "/collections/notes", None).await;
        room.admin.post("/records/notes", &json!({ "t": "long" })).await.is(201);
        let shorter = json!({ "schema": { "type": "object", "properties": { "t": { "type": "string", "maxLength": 1 } } } });
        ask("patch", "/collections/{name}", "/collections/notes?dryRun=true", Some(shorter.clone())).await;
        ask("patch", "/collections/{name}", "/collections/notes", Some(shorter)).await;
        ask("delete", "/collections/{name}", "/collections/notes?dryRun=true", None).await;
        ask("delete", "/collections/{name}", "/collections/notes?allowDestructive=true", None).await;

        let rule = json!({ "subject": "role:public", "object": "messages", "action": "read", "fields": ["text"] });
        let rule = ask("post", "/policies", "/policies", Some(rule)).await["id"].as_str().unwrap().to_owned();
        ask("patch", "/policies/{id}", &format!("/policies/{rule}"), Some(json!({ "condition": "likes > 1" }))).await;
        let subject = format!("user:{}", room.bob.id);
        let inquiry = json!({ "subject": subject, "collection": "messages", "action": "update", "id": made["id"], "data": {} });
        ask("post", "/policies/explain", "/policies/explain", Some(inquiry)).await;
        ask("delete", "/policies/{id}", &format!("/policies/{rule}"), None).await;
        let member = format!("/roles/editor/members/{subject}");
        ask("put", "/roles/{role}/members/{member}", &member, None).await;
        ask("delete", "/roles/{role}/members/{member}", &member, None).await;

        let login = json!({ "email": "ada@plinth.test", "password": crate::harness::PASSWORD });
        ask("post", "/auth/login", "/auth/login", Some(login)).await;
        let fresh = json!({ "email": "new@plinth.test", "password": crate::harness::PASSWORD });
        let signed_in = ask("post", "/auth/register", "/auth/register", Some(fresh)).await;
        ask("post", "/auth/refresh", "/auth/refresh", Some(json!({ "refreshToken": signed_in["refreshToken"] }))).await;
        ask("post", "/auth/login", "/auth/login", Some(json!({ "email": "x" }))).await;
    }
}
