//! The sessions of the own account.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use plinth_model::RecordId;
use serde::Serialize;

use super::super::extract::Path;
use crate::auth::{Auth, Error, Session};
use crate::policy::Caller;
use crate::problem::Problem;

#[derive(Debug, Serialize)]
pub(in crate::http) struct Sessions {
    pub(in crate::http) items: Vec<Session>,
}

pub(super) async fn list(State(auth): State<Auth>, caller: Caller) -> Result<Json<Sessions>, Problem> {
    let account = caller.signed_in().ok_or(Error::Unauthenticated)?;
    Ok(Json(Sessions { items: auth.sessions(account.id, Some(&account.session)).await? }))
}

pub(super) async fn end(
    State(auth): State<Auth>,
    caller: Caller,
    Path(session): Path<String>,
) -> Result<StatusCode, Problem> {
    let account = caller.id().ok_or(Error::Unauthenticated)?;
    auth.end_session(account, parse(&session)?, Some(account)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn end_all(State(auth): State<Auth>, caller: Caller) -> Result<StatusCode, Problem> {
    let account = caller.id().ok_or(Error::Unauthenticated)?;
    auth.end_sessions(account, Some(account)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is no id names no session.
pub(in crate::http) fn parse(id: &str) -> Result<RecordId, Problem> {
    id.parse().map_err(|_| Error::NotFound.into())
}
