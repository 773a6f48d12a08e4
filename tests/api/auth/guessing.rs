//! Limits on guessing.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Database, Options, PASSWORD, Server, on_both};

on_both! {
    async fn many_wrong_passwords_have_to_wait_and_unknown_addresses_too(database: Database) {
        let server = Server::start(&database).await;
        server.register("ada").await;
        server.register("bob").await;

        for email in ["ada@plinth.test", "nobody@plinth.test"] {
            let body = json!({ "email": email, "password": "not the passphrase" });
            for _ in 0..10 {
                server.anonymous().post("/auth/login", &body).await.is_problem(401, "invalid_credentials");
            }
            let refused = server.anonymous().post("/auth/login", &body).await.is_problem(429, "rate_limited");
            let wait: u64 = refused.header("retry-after").parse().unwrap();
            assert!((1..=61).contains(&wait), "{wait}");
        }

        let right = json!({ "email": "ada@plinth.test", "password": PASSWORD });
        server.anonymous().post("/auth/login", &right).await.is_problem(429, "rate_limited");
        server.log_in("bob@plinth.test").await;
    }

    /// Wrong passwords from everywhere lock nobody out of where they are signed in, nor soon out of anywhere else.
    async fn strangers_do_not_lock_an_account_out(database: Database) {
        let options = Options::default().set("PLINTH_SERVER_TRUSTED_PROXIES", "127.0.0.0/8");
        let server = Server::start_with(&database, options.clone().set("PLINTH_AUTH_LIMITS_ACCOUNT_BURST", "12")).await;
        let log_in = async |server: &Server, from: &str, password: &str| {
            let nobody = server.anonymous();
            let request = nobody.request(Method::POST, "/auth/login").header("x-forwarded-for", from);
            let body = json!({ "email": "ada@plinth.test", "password": password });
            nobody.send(request.json(&body)).await.status
        };
        server.register("ada").await;
        assert_eq!(log_in(&server, "192.0.2.1", PASSWORD).await, 200);
        assert_eq!(log_in(&server, "2001:db8:1::1", PASSWORD).await, 200);

        for n in 0..12 {
            assert_eq!(log_in(&server, &format!("198.51.100.{n}"), "not the passphrase").await, 401);
        }

        assert_eq!(log_in(&server, "198.51.100.77", PASSWORD).await, 429);
        for from in ["192.0.2.1", "2001:db8:1::2"] {
            assert_eq!(log_in(&server, from, PASSWORD).await, 200, "{from}");
        }
        // There one address has as many tries as anywhere.
        for _ in 0..10 {
            assert_eq!(log_in(&server, "192.0.2.1", "not the passphrase").await, 401);
        }
        assert_eq!(log_in(&server, "192.0.2.1", PASSWORD).await, 429);
        drop(server);

        let server = Server::start_with(&database, options).await;
        for n in 0..70 {
            assert_eq!(log_in(&server, &format!("203.0.113.{n}"), "not the passphrase").await, 401);
        }
        assert_eq!(log_in(&server, "198.51.100.7", PASSWORD).await, 200);
    }

    async fn many_guesses_at_once_do_not_pass_the_limit(database: Database) {
        let server = Server::start(&database).await;
        server.register("ada").await;
        let body = json!({ "email": "ada@plinth.test", "password": "not the passphrase" });

        let tries: Vec<_> = (0..40)
            .map(|_| {
                let (person, body) = (server.anonymous(), body.clone());
                tokio::spawn(async move { person.post("/auth/login", &body).await.status })
            })
            .collect();
        let mut looked_at = 0;
        for attempt in tries {
            match attempt.await.unwrap() {
                401 => looked_at += 1,
                status => assert_eq!(status, 429),
            }
        }

        assert_eq!(looked_at, 10);
    }

    async fn right_passwords_are_not_counted_one_by_one_or_at_once(database: Database) {
        let server = Server::start(&database).await;
        server.register("ada").await;
        let body = json!({ "email": "ada@plinth.test", "password": PASSWORD });

        for _ in 0..15 {
            server.log_in("ada@plinth.test").await;
        }
        let many: Vec<_> = (0..30)
            .map(|_| {
                let (person, body) = (server.anonymous(), body.clone());
                tokio::spawn(async move { person.post("/auth/login", &body).await.is(200) })
            })
            .collect();
        for one in many {
            one.await.unwrap();
        }
    }

    async fn one_address_is_limited_over_all_accounts(database: Database) {
        let options = Options::default().set("PLINTH_AUTH_LIMITS_ADDRESS_BURST", "5").set("PLINTH_AUTH_LIMITS_ADDRESS_EVERY", "1h");
        let server = Server::start_with(&database, options).await;

        for n in 0..5 {
            let body = json!({ "email": format!("nobody{n}@plinth.test"), "password": "not the passphrase" });
            server.anonymous().post("/auth/login", &body).await.is_problem(401, "invalid_credentials");
        }
        let body = json!({ "email": "ada@plinth.test", "password": PASSWORD });
        server.anonymous().post("/auth/login", &body).await.is_problem(429, "rate_limited");
        server.anonymous().post("/auth/register", &body).await.is_problem(429, "rate_limited");
        let refresh = json!({ "refreshToken": "x" });
        server.anonymous().post("/auth/refresh", &refresh).await.is_problem(429, "rate_limited");
    }

    async fn a_forwarded_address_counts_only_behind_a_trusted_proxy(database: Database) {
        let limits = Options::default().set("PLINTH_AUTH_LIMITS_ADDRESS_BURST", "3").set("PLINTH_AUTH_LIMITS_ADDRESS_EVERY", "1h");
        let body = json!({ "email": "nobody@plinth.test", "password": "not the passphrase" });
        let guess = async |server: &Server, from: &str| {
            let nobody = server.anonymous();
            let request = nobody.request(Method::POST, "/auth/login").header("x-forwarded-for", from);
            nobody.send(request.json(&body)).await.status
        };

        let server = Server::start_with(&database, limits.clone()).await;
        for n in 0..3 {
            assert_eq!(guess(&server, &format!("192.0.2.{n}")).await, 401);
        }
        assert_eq!(guess(&server, "192.0.2.9").await, 429);
        drop(server);

        let server = Server::start_with(&database, limits.set("PLINTH_SERVER_TRUSTED_PROXIES", "127.0.0.0/8")).await;
        for n in 0..6 {
            assert_eq!(guess(&server, &format!("192.0.2.{n}")).await, 401);
        }
        for _ in 0..2 {
            assert_eq!(guess(&server, "192.0.2.1").await, 401);
        }
        assert_eq!(guess(&server, "192.0.2.1").await, 429);
        assert_eq!(guess(&server, "6.6.6.6, 192.0.2.1").await, 429);
    }
}
