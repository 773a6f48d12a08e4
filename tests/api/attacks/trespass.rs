//! Who may only read writes nothing, and no page of another site leads or speaks for anybody.

use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::fixture::Room;
use crate::harness::{Database, Server, Wire, on_both};

/// Requests that change nothing though they are no GET, and those by which everybody edits their own account.
fn is_harmless(path: &str) -> bool {
    path.contains("/auth/")
        || path.ends_with("/setup")
        || path.ends_with("/query")
        || path.ends_with("/explain")
        || path.starts_with("/records/users")
}

/// A body that the route would take from an administrator.
fn body(method: &str, path: &str, id: &str) -> Json {
    match path.trim_start_matches('/').split('/').next().unwrap_or_default() {
        "records" => json!({ "text": "trespass", "author": id }),
        "collections" => json!({ "name": "trespass", "schema": { "type": "object", "properties": {} } }),
        "policies" if method == "put" => json!({ "items": [] }),
        "policies" => {
            json!({ "subject": "role:user", "object": "messages", "action": "*", "condition": "", "fields": "" })
        }
        "users" => json!({ "email": "trespass@plinth.test", "password": "a rather long passphrase" }),
        "batch" => {
            json!([{ "method": "create", "collection": "messages", "data": { "text": "trespass", "author": id } }])
        }
        _ => json!({}),
    }
}

on_both! {
    /// Every route that the description names, asked by somebody who may read everything.
    async fn who_may_read_everything_writes_nothing(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let auditor = server.register("auditor").await;
        let message = Room::say(&room.ada, "x", "lab").await["id"].as_str().unwrap().to_owned();
        let rule = room.admin.get("/policies").await.json()["items"][2]["id"].as_str().unwrap().to_owned();
        for object in ["*", "sys:*"] {
            let rule = json!({ "subject": "role:auditor", "object": object, "action": "read", "condition": "", "fields": "" });
            room.admin.post("/policies", &rule).await.is(201);
        }
        room.admin.put_empty(&format!("/roles/role:auditor/members/user:{}", auditor.id)).await;
        room.admin.put_empty(&format!("/roles/auditor/members/user:{}", auditor.id)).await.is(204);
        // The rules of everybody else would let the auditor write as any user.
        let rules = room.admin.get("/policies").await.json()["items"].as_array().unwrap().clone();
        for rule in rules.iter().filter(|rule| rule["subject"] == "role:user" && rule["object"] == "messages") {
            let _ = room.admin.delete(&format!("/policies/{}", rule["id"].as_str().unwrap())).await;
        }
        auditor.get("/records/messages").await.is(200);
        auditor.get("/users").await.is(200);
        auditor.get("/policies").await.is(200);

        let described = room.admin.get("/openapi.json").await.is(200).json();
        let mut asked = 0;
        for (path, methods) in described["paths"].as_object().expect("paths") {
            let route = path.strip_prefix("/api/v1").unwrap_or(path);
            if is_harmless(route) {
                continue;
            }
            for method in methods.as_object().expect("methods").keys().filter(|method| ["post", "put", "patch", "delete"].contains(&&***method)) {
                let id = if route.starts_with("/policies") { &rule } else if route.contains("/users") { &room.bob.id } else { &message };
                let filled = route.replace("{collection}", "messages").replace("{name}", "messages").replace("{role}", "admin");
                let filled = filled.replace("{member}", &format!("user:{}", auditor.id)).replace("{id}", id).replace("{session}", id);
                assert!(!filled.contains('{'), "{filled}");
                let verb = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                let answer = auditor.send(auditor.request(verb, &filled).json(&body(method, route, &auditor.id))).await;
                assert_eq!(answer.status, 403, "{method} {filled}: {}", answer.text());
                asked += 1;
            }
        }
        assert!(asked >= 15, "{asked} routes were asked");
        for nobody in ["trespass", "user:auditor"] {
            assert!(!room.admin.get("/records/messages").await.text().contains(nobody));
        }
        assert!(!room.admin.get("/auth/me").await.text().contains(&auditor.id));
        assert!(!room.admin.get("/roles/admin/members").await.is(200).text().contains(&auditor.id));
    }

    /// No redirect leads off the site, whatever the request says where it is.
    async fn no_redirect_leads_elsewhere(database: Database) {
        let server = Server::start(&database).await;
        for path in ["/", "/_", "//evil.example", "/_//evil.example", "/%2f%2fevil.example", "/\\evil.example", "/_/..//evil.example", "/?redirect_to=//evil.example", "/_?x=https:evil.example", "http://evil.example/", "/%09//evil.example"] {
            let mut wire = Wire::to(&server).await;
            let head = format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\nX-Original-URL: //evil.example\r\nConnection: close\r\n\r\n");
            wire.write(head).await;
            let answer = wire.until_closed(std::time::Duration::from_secs(10)).await.to_lowercase();
            let head = answer.split("\r\n\r\n").next().unwrap_or_default();
            assert!(!head.contains("evil"), "{path}: {head}");
            let leads = head.lines().find_map(|line| line.strip_prefix("location: "));
            assert!(leads.is_none_or(|to| to == "/_/"), "{path}: {head}");
        }
    }

    /// What a form or a script of another site can send is not taken, and no answer is readable there.
    async fn a_page_of_another_site_speaks_for_nobody(database: Database) {
        let server = Server::start(&database).await;
        let nobody = server.anonymous();
        let login = json!({ "email": crate::harness::ADMIN, "password": crate::harness::PASSWORD, "session": "cookie" });
        let signed_in = nobody.post("/auth/login", &login).await.is(200);
        let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
        for origin in ["https://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1.evil.example"] {
            for (content_type, body) in [
                ("text/plain", "{}"),
                ("application/x-www-form-urlencoded", "_method=DELETE&refreshToken="),
                ("multipart/form-data; boundary=x", "--x--"),
                ("application/json", "{}"),
            ] {
                for path in ["/auth/refresh", "/auth/logout"] {
                    let request = nobody.request(Method::POST, path).header("origin", origin).header("cookie", &cookie);
                    let answer = nobody.send(request.header("content-type", content_type).header("x-http-method-override", "GET").body(body)).await;
                    assert!([403, 415].contains(&answer.status), "{origin} {content_type} {path}: {} {}", answer.status, answer.text());
                    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
                }
            }
        }
        // The session was neither ended nor renewed.
        let request = nobody.request(Method::POST, "/auth/refresh").header("origin", server.url()).header("cookie", &cookie);
        nobody.send(request.json(&json!({}))).await.is(200);
    }
}
