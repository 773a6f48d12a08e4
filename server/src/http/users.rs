//! `/api/v1/users`: the accounts, for those whom the policies let at `sys:users`.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use plinth_model::RecordId;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::auth::{Sessions, session_id};
use super::extract::{Body, Params, Path};
use crate::app::App;
use crate::auth::{Auth, Error, NewAccount, NewUser, Password, User, UserPage, UserPatch};
use crate::code::Code;
use crate::policy::{Action, Caller, Policy};
use crate::problem::Problem;

const OBJECT: &str = "sys:users";
/// Accounts on a page unless the client says otherwise, and at most; the same as for records.
const DEFAULT_LIMIT: u32 = 30;
const MAX_LIMIT: u32 = 500;

/// The routes on accounts.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/users", get(list).post(create))
        .route("/users/{id}", get(show).patch(change).delete(remove))
        .route("/users/{id}/sessions", get(sessions).delete(end_sessions))
        .route("/users/{id}/sessions/{session}", delete(end_session))
}

#[derive(Debug, Deserialize)]
struct ListParams {
    limit: Option<u32>,
    cursor: Option<String>,
    search: Option<String>,
}

async fn list(
    State(policy): State<Policy>,
    State(auth): State<Auth>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<UserPage>, Problem> {
    policy.authorize_system(&caller, Action::Read, OBJECT)?;
    let limit = params.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let detail = format!("The parameter limit: {limit} is not between 1 and {MAX_LIMIT}.");
        return Err(Problem::new(Code::InvalidParameter, detail));
    }
    let cursor = params.cursor.map(|cursor| cursor.parse::<RecordId>()).transpose();
    let cursor = cursor.map_err(|_| Problem::new(Code::InvalidCursor, "The cursor is not one of this list."))?;
    Ok(Json(auth.list_users(limit, cursor, params.search.as_deref()).await?))
}

#[derive(Deserialize)]
struct Creation {
    email: String,
    password: String,
    #[serde(default)]
    verified: bool,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(flatten)]
    own: Map<String, Value>,
}

async fn create(
    State(policy): State<Policy>,
    State(auth): State<Auth>,
    caller: Caller,
    Body(body): Body<Creation>,
) -> Result<Response, Problem> {
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    if !body.roles.is_empty() {
        policy.authorize_system(&caller, Action::Write, "sys:policies")?;
    }
    let account = NewAccount { email: body.email, password: Password::new(body.password), own: body.own };
    let new = NewUser { account, verified: body.verified, roles: body.roles };
    let user = auth.create_user(new, &caller).await?;
    let location = HeaderValue::from_str(&format!("/api/v1/users/{}", user.id())).ok();
    let mut response = (StatusCode::CREATED, Json(user)).into_response();
    response.headers_mut().extend(location.map(|location| (LOCATION, location)));
    Ok(response)
}

async fn show(
    State(policy): State<Policy>,
    State(auth): State<Auth>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<User>, Problem> {
    policy.authorize_system(&caller, Action::Read, OBJECT)?;
    Ok(Json(auth.user_of(account_id(&id)?).await?))
}

#[derive(Deserialize)]
struct Change {
    email: Option<String>,
    verified: Option<bool>,
    disabled: Option<bool>,
    password: Option<String>,
    #[serde(flatten)]
    own: Map<String, Value>,
}

async fn change(
    State(policy): State<Policy>,
    State(auth): State<Auth>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<Change>,
) -> Result<Json<User>, Problem> {
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    let Change { email, verified, disabled, password, own } = body;
    let patch = UserPatch { email, verified, disabled, password: password.map(Password::new), own };
    Ok(Json(auth.update_user(account_id(&id)?, patch, &caller).await?))
}

async fn remove(
    State(policy): State<Policy>,
    State(auth): State<Auth>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    auth.delete_user(account_id(&id)?, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn sessions(
    State(policy): State<Policy>,
    State(auth): State<Auth>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Sessions>, Problem> {
    policy.authorize_system(&caller, Action::Read, OBJECT)?;
    let (id, current) = (account_id(&id)?, caller.signed_in().map(|account| account.session.as_str()));
    auth.user_of(id).await?;
    Ok(Json(Sessions { items: auth.sessions(id, current).await? }))
}

async fn end_sessions(
    State(policy): State<Policy>,
    State(auth): State<Auth>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    auth.end_sessions_of(account_id(&id)?, None, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end_session(
    State(policy): State<Policy>,
    State(auth): State<Auth>,
    caller: Caller,
    Path((id, session)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    auth.end_sessions_of(account_id(&id)?, Some(session_id(&session)?), &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is no id names no account.
fn account_id(id: &str) -> Result<RecordId, Problem> {
    id.parse().map_err(|_| Error::NotFound.into())
}
