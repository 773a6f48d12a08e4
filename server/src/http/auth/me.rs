//! The own account: its profile and its password.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::extract::{Body, From};
use crate::auth::{Auth, Error, Password, Profile};
use crate::policy::{Action, Caller, Policy};
use crate::problem::Problem;
use crate::records::Records;
use crate::records::precondition::Precondition;
use crate::records::write::Operation;

pub(super) async fn show(State(auth): State<Auth>, caller: Caller) -> Result<Json<Profile>, Problem> {
    Ok(Json(auth.me(&caller)?))
}

/// An account edits its own record as any record: under the policies.
pub(super) async fn change(
    State(auth): State<Auth>,
    State(policy): State<Policy>,
    State(records): State<Records>,
    caller: Caller,
    Body(patch): Body<Map<String, Value>>,
) -> Result<Json<Profile>, Problem> {
    let id = caller.id().ok_or(Error::Unauthenticated)?;
    let grant = policy.authorize(&caller, Action::Update, "users")?;
    records.write(Operation::Update { grant, id, patch, precondition: Precondition::default() }).await?;
    Ok(Json(auth.profile_of(id).await?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PasswordChange {
    current_password: String,
    new_password: String,
}

pub(super) async fn change_password(
    State(auth): State<Auth>,
    caller: Caller,
    From { client, .. }: From,
    Body(body): Body<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let account = caller.signed_in().ok_or(Error::Unauthenticated)?;
    let (current, new) = (Password::new(body.current_password), Password::new(body.new_password));
    auth.change_password(account, &current, &new, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}
