//! `/api/v1/openapi.json`: the API as its reader may use it.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json as Answer, Router};
use serde_json::Value as Json;

use crate::app::App;
use crate::config::Settings;
use crate::openapi::document;
use crate::policy::{Caller, Policy};
use crate::problem::Problem;

/// The route of the document.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/openapi.json", get(describe))
}

async fn describe(
    State(policy): State<Policy>,
    State(settings): State<Arc<Settings>>,
    caller: Caller,
) -> Result<Answer<Json>, Problem> {
    Ok(Answer(document(&policy, &caller, &settings.server.public_url)?))
}
