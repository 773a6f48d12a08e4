//! `/api/v1/setup`: the first administrator, by the printed link.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::auth::{Answer, Carrier};
use super::extract::{Body, From};
use crate::app::App;
use crate::auth::{Auth, NewAccount, Password};
use crate::clock::SharedClock;
use crate::problem::Problem;

/// The routes of the first run.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/setup", get(show).post(set_up))
}

#[derive(Debug, Serialize)]
struct Setup {
    open: bool,
}

async fn show(State(auth): State<Auth>) -> Result<Json<Setup>, Problem> {
    Ok(Json(Setup { open: auth.setup_is_open().await? }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstAdmin {
    token: String,
    email: String,
    password: String,
    #[serde(default)]
    session: Carrier,
}

async fn set_up(
    State(auth): State<Auth>,
    State(clock): State<SharedClock>,
    From { client, over_tls }: From,
    Body(body): Body<FirstAdmin>,
) -> Result<Answer, Problem> {
    let account = NewAccount { email: body.email, password: Password::new(body.password), own: Map::new() };
    let signed_in = auth.set_up(&body.token, account, &client).await?;
    Ok(Answer::new(StatusCode::CREATED, signed_in, body.session, &clock, over_tls))
}
