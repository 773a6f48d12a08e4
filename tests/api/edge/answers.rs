//! Problems, ids and headers, the same everywhere.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::harness::{Database, Server, Wire, on_both};

on_both! {
    async fn what_is_not_there_and_what_is_not_meant_are_problems(database: Database) {
        let server = Server::start(&database).await;
        let nobody = server.anonymous();

        nobody.get("/nothing").await.is_problem(404, "not_found");
        nobody.get_at("/nothing").await.is_problem(404, "not_found");
        nobody.get_at("/api/v2/auth/me").await.is_problem(404, "not_found");
        let wrong = nobody.delete("/auth/login").await.is_problem(405, "method_not_allowed");
        assert_eq!(wrong.header("allow"), "POST");
        let wrong = nobody.post("/auth/me", &json!({})).await.is_problem(405, "method_not_allowed");
        assert_eq!(wrong.header("allow"), "GET,HEAD,PATCH");
        nobody.get("/realtime").await.is_problem(400, "malformed_request");
        for path in ["/auth/me?x=1", "/setup?token=x", "/auth/sessions?limit=3"] {
            nobody.get(path).await.is_problem(400, "unknown_parameter");
        }
    }

    async fn what_is_badly_encoded_is_refused_and_not_guessed_at(database: Database) {
        let server = Server::start(&database).await;
        let raw = async |target: &str| {
            let mut wire = Wire::to(&server).await;
            wire.write(format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
            wire.until_closed(Duration::from_secs(10)).await
        };

        for path in ["/records/%ff", "/records/messages/%ff", "/records/%c3%28", "/users/%ff", "/roles/%ff/members"] {
            let answer = raw(&format!("/api/v1{path}")).await;
            assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("application/problem+json"), "{path}: {answer}");
        }
        for query in ["filter=%zz", "filter=%ff", "filter=%", "fil%ffter=1"] {
            let answer = raw(&format!("/api/v1/records/messages?{query}")).await;
            assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("invalid_parameter"), "{query}: {answer}");
        }
        let answer = raw("/_/%ff").await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("application/problem+json"), "{answer}");
    }

    async fn a_header_that_says_one_thing_is_sent_once(database: Database) {
        let server = Server::start(&database).await;
        let nobody = server.anonymous();
        let post = |first: (&str, &str), second: (&str, &str)| {
            let request = nobody.request(Method::POST, "/auth/login").body("{}");
            nobody.send(request.header(first.0, first.1).header(second.0, second.1))
        };

        for (name, [first, second]) in [
            ("content-type", ["text/plain", "application/json"]),
            ("content-type", ["application/json", "text/plain"]),
            ("content-encoding", ["identity", "gzip"]),
            ("idempotency-key", ["a", "b"]),
            ("origin", ["https://a.test", "https://b.test"]),
        ] {
            let refused = post((name, first), (name, second)).await.is_problem(400, "malformed_request");
            assert!(refused.text().contains(name), "{}", refused.text());
        }
        for (charset, status) in [("utf-16", 415), ("\"iso-8859-1\"", 415), ("UTF-8", 422), ("\"utf-8\"", 422)] {
            let kind = format!("application/json; a=b;Charset={charset}");
            post(("content-type", &kind), ("x-other", "y")).await.is(status);
        }
    }

    async fn every_answer_has_an_id_and_keeps_a_callers(database: Database) {
        let server = Server::start(&database).await;
        let nobody = server.anonymous();
        let ask = async |id: &str| {
            let answer = nobody.send(nobody.request(Method::GET, "/nothing").header("x-request-id", id)).await;
            answer.is_problem(404, "not_found").header("x-request-id").to_owned()
        };

        let (first, second) = (nobody.get("/setup").await, nobody.get("/setup").await);
        assert!(!first.header("x-request-id").is_empty());
        assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
        assert_eq!(ask("abc-DEF_1.2").await, "abc-DEF_1.2");
        for odd in ["", "a b", "a\"b", "ünique", &"x".repeat(65)] {
            assert_ne!(ask(odd).await, odd);
        }
    }

    async fn every_answer_tells_a_browser_to_do_less(database: Database) {
        let server = Server::start(&database).await;
        let nobody = server.anonymous();

        for answer in [nobody.get("/setup").await, nobody.get("/nothing").await, nobody.get_at("/healthz").await] {
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("x-frame-options"), "DENY");
            assert_eq!(answer.header("referrer-policy"), "no-referrer");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
            assert_eq!(answer.header("access-control-allow-origin"), "");
            assert_eq!(answer.header("server"), "");
        }
    }

    async fn headers_of_a_client_lead_nowhere(database: Database) {
        let server = Server::start(&database).await;
        let nobody = server.anonymous();

        let request = nobody.request(Method::GET, "/../../").header("host", "evil.test");
        let request = request.header("x-forwarded-host", "evil.test").header("x-forwarded-proto", "https");
        let answer = nobody.send(request.header("forwarded", "host=evil.test;proto=https")).await.is(307);

        assert_eq!(answer.header("location"), "/_/");
        assert_eq!(answer.header("strict-transport-security"), "", "nobody said that proxy may say so");
        assert!(!format!("{:?}", answer.headers).contains("evil"));
    }
}
