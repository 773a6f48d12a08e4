//! The refresh token as a cookie, for pages.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Database, Options, PASSWORD, Server, on_both};

async fn sign_in(server: &Server) -> (Answer, String) {
    let body = json!({ "email": "ada@plinth.test", "password": PASSWORD, "session": "cookie" });
    let answer = server.anonymous().post("/auth/login", &body).await.is(200);
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    (answer, cookie)
}

async fn send(server: &Server, path: &str, cookie: &str, origin: Option<&str>) -> Answer {
    let nobody = server.anonymous();
    let mut request = nobody.request(Method::POST, path).header("cookie", cookie).json(&json!({}));
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    nobody.send(request).await
}

on_both! {
    async fn the_token_is_in_a_cookie_that_scripts_can_not_read_and_nowhere_else(database: Database) {
        let server = Server::start(&database).await;
        server.register("ada").await;

        let (answer, cookie) = sign_in(&server).await;

        assert_eq!(answer.json().get("refreshToken"), None);
        let header = answer.header("set-cookie");
        for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/api/v1/auth", "; Max-Age=2591999"] {
            assert!(header.contains(part) || part.contains("Max-Age"), "{part} is missing in {header}");
        }
        assert!(!header.contains("Secure"), "there is no TLS here");
        assert!(cookie.starts_with("plinth_refresh=plr."), "{cookie}");
    }

    async fn pages_of_this_server_refresh_and_log_out_with_it(database: Database) {
        let server = Server::start(&database).await;
        server.register("ada").await;
        let (_, cookie) = sign_in(&server).await;
        let origin = server.url().to_owned();

        let answer = send(&server, "/auth/refresh", &cookie, Some(&origin)).await.is(200);
        assert_eq!(answer.json().get("refreshToken"), None);
        let next = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        assert_ne!(next, cookie);
        let gone = send(&server, "/auth/logout", &next, Some(&origin)).await.is(204);

        assert!(gone.header("set-cookie").starts_with("plinth_refresh=; "), "{}", gone.header("set-cookie"));
        send(&server, "/auth/refresh", &next, Some(&origin)).await.is_problem(401, "invalid_credentials");
    }

    async fn other_pages_and_no_pages_can_not_use_it(database: Database) {
        let server = Server::start(&database).await;
        server.register("ada").await;
        let (_, cookie) = sign_in(&server).await;

        let lookalike = format!("{}.evil.test", server.url());
        for origin in [None, Some("null"), Some("https://evil.test"), Some(lookalike.as_str())] {
            for path in ["/auth/refresh", "/auth/logout"] {
                send(&server, path, &cookie, origin).await.is_problem(403, "origin_refused");
            }
        }
        let nobody = server.anonymous();
        let form = nobody.request(Method::POST, "/auth/refresh").header("cookie", &cookie).header("origin", server.url());
        let form = form.header("content-type", "text/plain").body("{}");
        nobody.send(form).await.is_problem(415, "unsupported_media_type");

        send(&server, "/auth/refresh", &cookie, Some(server.url())).await.is(200);
    }

    async fn behind_tls_it_travels_by_tls_only(database: Database) {
        let options = Options::default().set("PLINTH_SERVER_PUBLIC_URL", "https://plinth.example");
        let server = Server::start_with(&database, options).await;
        server.register("ada").await;

        let (answer, cookie) = sign_in(&server).await;

        assert!(answer.header("set-cookie").ends_with("; Secure"), "{}", answer.header("set-cookie"));
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
        send(&server, "/auth/refresh", &cookie, Some("https://plinth.example")).await.is(200);
    }

    /// A name that was made to lead here after its page was loaded: the browser takes page and server for one site.
    async fn a_page_whose_name_was_led_here_opens_nothing(database: Database) {
        let server = Server::start(&database).await;
        server.register("ada").await;
        let (_, cookie) = sign_in(&server).await;
        let nobody = server.anonymous();
        let port = server.authority().rsplit(':').next().unwrap().to_owned();
        let page_at = |method: Method, path: &str, host: &str| {
            let host = format!("{host}:{port}");
            nobody.request(method, path).header("origin", format!("http://{host}")).header("host", host)
        };
        let socket = |host: &str| {
            let request = page_at(Method::GET, "/realtime", host).header("connection", "upgrade").header("upgrade", "websocket");
            nobody.send(request.header("sec-websocket-version", "13").header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="))
        };

        for host in ["evil.test", "localhost.evil.test"] {
            socket(host).await.is_problem(403, "origin_refused");
            let refresh = page_at(Method::POST, "/auth/refresh", host).header("cookie", &cookie).json(&json!({}));
            nobody.send(refresh).await.is_problem(403, "origin_refused");
        }
        let refresh = page_at(Method::POST, "/auth/refresh", "localhost").header("cookie", &cookie).json(&json!({}));
        nobody.send(refresh).await.is(200);
        drop(server);

        let options = Options::default().set("PLINTH_SERVER_PUBLIC_URL", "http://plinth.test");
        let server = Server::start_with(&database, options).await;
        let nobody = server.anonymous();
        for (host, status) in [("plinth.test", 401), ("evil.test", 403)] {
            let request = nobody.request(Method::POST, "/auth/refresh").header("cookie", "plinth_refresh=plr.x");
            let request = request.header("origin", format!("http://{host}")).header("host", host).json(&json!({}));
            nobody.send(request).await.is(status);
        }
    }

    async fn an_allowed_origin_may_send_what_the_clients_send(database: Database) {
        let options = Options::default().set("PLINTH_SERVER_ALLOWED_ORIGINS", "https://app.example");
        let server = Server::start_with(&database, options).await;
        let nobody = server.anonymous();

        let preflight = nobody
            .request(Method::OPTIONS, "/records/messages")
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST");
        let allowed = nobody.send(preflight).await.header("access-control-allow-headers").to_lowercase();

        for name in ["authorization", "content-type", "if-match", "if-none-match", "idempotency-key", "x-request-id"] {
            assert!(allowed.split(',').any(|header| header.trim() == name), "{name} is not in {allowed}");
        }
    }

    async fn no_answer_lets_another_origin_read_with_credentials(database: Database) {
        let options = Options::default().set("PLINTH_SERVER_ALLOWED_ORIGINS", "https://app.example");
        let server = Server::start_with(&database, options).await;
        let nobody = server.anonymous();

        for (origin, allowed) in [("https://app.example", "https://app.example"), ("https://evil.test", ""), ("null", "")] {
            let preflight = nobody
                .request(Method::OPTIONS, "/auth/login")
                .header("origin", origin)
                .header("access-control-request-method", "POST");
            let request = nobody.request(Method::GET, "/auth/me").header("origin", origin);
            for answer in [nobody.send(preflight).await, nobody.send(request).await] {
                assert_eq!(answer.header("access-control-allow-origin"), allowed);
                assert_eq!(answer.header("access-control-allow-credentials"), "");
            }
        }
    }
}
