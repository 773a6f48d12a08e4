//! `/api/v1/collections`: the definitions, for those whom the policies let at `sys:collections`.

use axum::Router;
use axum::extract::State;
use axum::http::header::{ETAG, IF_MATCH, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::extract::{Body, Params, Path};
use super::headers;
use crate::app::App;
use crate::collections::{Change, Collections, Options, View};
use crate::policy::{Action, Caller, Policy};
use crate::problem::Problem;

const OBJECT: &str = "sys:collections";

/// The routes on collections.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/collections", get(list).post(create))
        .route("/collections/{name}", get(get_one).patch(change).delete(drop))
        .route("/types/typescript", get(typescript))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ChangeParams {
    dry_run: bool,
    allow_destructive: bool,
}

impl ChangeParams {
    fn options(&self, policy: &Policy, caller: &Caller, headers: &HeaderMap) -> Options {
        let shows_values = policy.state().standing(caller).admin;
        let if_match = headers::list(headers, &IF_MATCH);
        Options {
            dry_run: self.dry_run,
            allow_destructive: self.allow_destructive,
            if_match,
            by: caller.id(),
            shows_values,
        }
    }
}

async fn list(
    State(policy): State<Policy>,
    State(collections): State<Collections>,
    caller: Caller,
) -> Result<Response, Problem> {
    policy.authorize_system(&caller, Action::Read, OBJECT)?;
    let items: Vec<_> = collections.list()?.into_iter().map(|view| Json::Object(view.json)).collect();
    Ok(axum::Json(json!({ "items": items })).into_response())
}

async fn typescript(
    State(policy): State<Policy>,
    State(collections): State<Collections>,
    caller: Caller,
) -> Result<Response, Problem> {
    policy.authorize_system(&caller, Action::Read, OBJECT)?;
    Ok(collections.typescript().into_response())
}

async fn get_one(
    State(policy): State<Policy>,
    State(collections): State<Collections>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    policy.authorize_system(&caller, Action::Read, OBJECT)?;
    Ok(answer(StatusCode::OK, collections.get(&name)?))
}

async fn create(
    State(policy): State<Policy>,
    State(collections): State<Collections>,
    caller: Caller,
    Params(params): Params<ChangeParams>,
    headers: HeaderMap,
    Body(body): Body<Map<String, Json>>,
) -> Result<Response, Problem> {
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    let change = collections.create(body, &params.options(&policy, &caller, &headers)).await?;
    let location = match &change {
        Change::Made(Some(view)) => {
            view.json.get("name").and_then(Json::as_str).map(|name| format!("/api/v1/collections/{name}"))
        }
        _ => None,
    };
    let mut response = changed(StatusCode::CREATED, change);
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(&location).ok()) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

async fn change(
    State(policy): State<Policy>,
    State(collections): State<Collections>,
    caller: Caller,
    Path(name): Path<String>,
    Params(params): Params<ChangeParams>,
    headers: HeaderMap,
    Body(patch): Body<Map<String, Json>>,
) -> Result<Response, Problem> {
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    Ok(changed(StatusCode::OK, collections.change(&name, patch, &params.options(&policy, &caller, &headers)).await?))
}

async fn drop(
    State(policy): State<Policy>,
    State(collections): State<Collections>,
    caller: Caller,
    Path(name): Path<String>,
    Params(params): Params<ChangeParams>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    Ok(changed(StatusCode::OK, collections.drop(&name, &params.options(&policy, &caller, &headers)).await?))
}

fn changed(status: StatusCode, change: Change) -> Response {
    match change {
        Change::Planned(plan) => axum::Json(json!({ "plan": plan.to_json() })).into_response(),
        Change::Made(Some(view)) => answer(status, view),
        Change::Made(None) => StatusCode::NO_CONTENT.into_response(),
    }
}

fn answer(status: StatusCode, view: View) -> Response {
    let mut response = (status, axum::Json(view.json)).into_response();
    if let Ok(etag) = HeaderValue::from_str(&format!("\"{}\"", view.hash)) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}
