//! `/healthz`: the process answers. `/readyz`: it can do its work.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use crate::app::Health;

/// The answer of both.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(super) async fn alive() -> Json<Answer> {
    Json(Answer { status: "ok", reason: None })
}

pub(super) async fn ready(State(health): State<Health>) -> (StatusCode, Json<Answer>) {
    match health.check().await {
        Ok(()) => (StatusCode::OK, Json(Answer { status: "ok", reason: None })),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, Json(Answer { status: "unavailable", reason: Some(reason) })),
    }
}
