//! `/healthz`, `/readyz`, `/metrics`.

use serde_json::json;

use crate::harness::{Database, Options, Server, on_both};

on_both! {
    async fn a_running_server_is_alive_and_ready(database: Database) {
        let server = Server::start(&database).await;
        let nobody = server.anonymous();

        assert_eq!(nobody.get_at("/healthz").await.is(200).json(), json!({ "status": "ok" }));
        assert_eq!(nobody.get_at("/readyz").await.is(200).json(), json!({ "status": "ok" }));
    }

    async fn requests_are_counted_by_route_and_never_by_path(database: Database) {
        let server = Server::start(&database).await;
        let ada = server.register("ada").await;
        ada.get("/auth/sessions").await.is(200);
        ada.delete("/auth/sessions/01890a5d-ac96-774b-bcce-b302099a8057").await.is(404);
        ada.get("/some-secret-path").await.is(404);

        let metrics = ada.get_at("/metrics").await.is(200);

        assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4");
        let text = metrics.text();
        let line = |route: &str, method: &str, status: u16| {
            format!("plinth_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}} 1\n")
        };
        assert!(text.contains(&line("/api/v1/auth/sessions", "GET", 200)), "{text}");
        assert!(text.contains(&line("/api/v1/auth/sessions/{id}", "DELETE", 404)), "{text}");
        assert!(text.contains("plinth_http_request_seconds_bucket{"), "{text}");
        for secret in ["some-secret-path", "01890a5d", "ada@plinth.test", ada.id.as_str()] {
            assert!(!text.contains(secret), "{secret}");
        }
    }

    async fn metrics_can_be_off(database: Database) {
        let server = Server::start_with(&database, Options::default().set("PLINTH_METRICS_ENABLED", "false")).await;

        server.anonymous().get_at("/metrics").await.is_problem(404, "not_found");
    }
}
