//! Query parameters that an address does not know: refused before anything is done.

use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::fixture::Room;
use crate::harness::{Answer, Database, Person, Server, on_both};

/// Every method at every path of the document, with ids of things that are there.
async fn every_route(who: &Person, ids: &[(&str, String)]) -> Vec<(Method, String)> {
    let document = who.get("/openapi.json").await.is(200).json();
    let mut routes = Vec::new();
    for (template, methods) in document["paths"].as_object().expect("paths") {
        let owner = if template.starts_with("/records/messages") { "message" } else { "user" };
        let path = template.split('/').map(|part| match part.trim_matches(['{', '}']) {
            "id" if template.starts_with("/policies") => value(ids, "rule"),
            "id" => value(ids, owner),
            plain if plain == part => part.to_owned(),
            name => value(ids, name),
        });
        let path = path.collect::<Vec<_>>().join("/");
        for method in methods.as_object().expect("methods").keys() {
            routes.push((method.to_uppercase().parse().expect("a method"), path.clone()));
        }
    }
    routes
}

fn value(ids: &[(&str, String)], name: &str) -> String {
    ids.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no {name}")).1.clone()
}

/// Everything that a write could have changed.
async fn everything(admin: &Person) -> Vec<Json> {
    let mut all = Vec::new();
    for path in ["/collections", "/policies", "/roles", "/users", "/records/messages"] {
        let mut json = admin.get(path).await.is(200).json();
        json.as_object_mut().map(|json| json.remove("version"));
        all.push(json);
    }
    all
}

async fn ask(who: &Person, method: &Method, path: &str, query: &str) -> Answer {
    let request = who.request(method.clone(), &format!("{path}?{query}"));
    let body = match path {
        "/policies" if *method == Method::PUT => Some(json!({ "items": [] })),
        "/batch" => Some(json!([])),
        _ if [Method::POST, Method::PUT, Method::PATCH].contains(method) => Some(json!({})),
        _ => None,
    };
    who.send(if let Some(body) = body { request.json(&body) } else { request }).await
}

on_both! {
    async fn no_route_passes_over_a_parameter(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let message = Room::say(&room.ada, "x", "lab").await["id"].as_str().unwrap().to_owned();
        let rule = room.admin.get("/policies").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
        let session = room.ada.get("/auth/sessions").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
        room.admin.put_empty(&format!("/roles/staff/members/user:{}", room.ada.id)).await.is(204);
        let ids = [
            ("message", message), ("user", room.ada.id.clone()), ("rule", rule), ("session", session),
            ("role", "staff".to_owned()), ("member", format!("user:{}", room.ada.id)), ("name", "messages".to_owned()),
        ];
        let before = everything(&room.admin).await;
        let routes = every_route(&room.admin, &ids).await;
        assert!(routes.len() > 40, "{}", routes.len());

        for (method, path) in &routes {
            for who in [&room.admin, &room.ada, &server.anonymous()] {
                let answer = ask(who, method, path, "nonsense=1").await;
                answer.is_problem(400, "unknown_parameter");
            }
            // A parameter of other routes is not one of this: only collections are planned.
            if !path.starts_with("/collections") {
                ask(&room.admin, method, path, "dryRun=true").await.is_problem(400, "unknown_parameter");
            }
        }

        assert_eq!(everything(&room.admin).await, before);
    }
}
