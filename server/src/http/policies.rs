//! `/api/v1/policies` and `/api/v1/roles`: rules and memberships, for those whom the policies let at `sys:policies`.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post, put};
use axum::{Json as Answer, Router};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::extract::{Body, Path};
use crate::app::App;
use crate::clock::SharedClock;
use crate::code::Code;
use crate::entropy::SharedEntropy;
use crate::policy::edit::{Draft, EditError, Editor, Patch};
use crate::policy::explain::Explanation;
use crate::policy::{Action, Caller, Policy};
use crate::problem::{Fault, Problem};
use crate::records::Records;
use crate::records::simulate::Simulation;

const OBJECT: &str = "sys:policies";

/// The routes on rules and roles.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/policies", get(list).post(add).put(replace))
        .route("/policies/explain", post(explain))
        .route("/policies/{id}", patch(edit).delete(remove))
        .route("/roles", get(roles))
        .route("/roles/{role}/members", get(members))
        .route("/roles/{role}/members/{member}", put(join).delete(leave))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    items: Vec<Draft>,
}

async fn list(State(policy): State<Policy>, caller: Caller) -> Result<Answer<Json>, Problem> {
    policy.authorize_system(&caller, Action::Read, OBJECT)?;
    Ok(listed(&policy))
}

fn listed(policy: &Policy) -> Answer<Json> {
    let state = policy.state();
    Answer(json!({ "items": state.rules(), "version": state.version() }))
}

async fn add(
    State(policy): State<Policy>,
    State(clock): State<SharedClock>,
    State(entropy): State<SharedEntropy>,
    caller: Caller,
    Body(draft): Body<Draft>,
) -> Result<Response, Problem> {
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    let id = entropy.record_id(clock.now());
    let rule = policy.add(draft, id, Editor { by: caller.id(), at: clock.now() }).await?;
    Ok((StatusCode::CREATED, Answer(json!(rule))).into_response())
}

async fn replace(
    State(policy): State<Policy>,
    State(clock): State<SharedClock>,
    State(entropy): State<SharedEntropy>,
    caller: Caller,
    Body(rules): Body<Rules>,
) -> Result<Answer<Json>, Problem> {
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    let make_id = || entropy.record_id(clock.now());
    policy.replace(rules.items, make_id, Editor { by: caller.id(), at: clock.now() }).await?;
    Ok(listed(&policy))
}

async fn edit(
    State(policy): State<Policy>,
    State(clock): State<SharedClock>,
    caller: Caller,
    Path(id): Path<String>,
    Body(patch): Body<Patch>,
) -> Result<Answer<Json>, Problem> {
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    let rule = policy.edit(&id, patch, Editor { by: caller.id(), at: clock.now() }).await?;
    Ok(Answer(json!(rule)))
}

async fn remove(
    State(policy): State<Policy>,
    State(clock): State<SharedClock>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    policy.remove(&id, Editor { by: caller.id(), at: clock.now() }).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inquiry {
    subject: String,
    collection: String,
    action: Action,
    id: Option<String>,
    data: Option<Map<String, Json>>,
}

async fn explain(
    State(policy): State<Policy>,
    State(records): State<Records>,
    caller: Caller,
    Body(inquiry): Body<Inquiry>,
) -> Result<Answer<Explanation>, Problem> {
    // It shows values of records: to those only who could let themselves read them.
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    let Inquiry { subject, collection, action, id, data } = inquiry;
    let simulation = Simulation { subject, collection, action, id, data };
    Ok(Answer(records.simulate(&policy, simulation).await?))
}

async fn roles(State(policy): State<Policy>, caller: Caller) -> Result<Answer<Json>, Problem> {
    policy.authorize_system(&caller, Action::Read, OBJECT)?;
    let state = policy.state();
    let mut names: BTreeMap<String, usize> = ["public", "user", "admin"].map(|role| (role.to_owned(), 0)).into();
    for membership in state.memberships() {
        if let Some(role) = membership.role.strip_prefix("role:") {
            *names.entry(role.to_owned()).or_default() += 1;
        }
        if let Some(role) = membership.member.strip_prefix("role:") {
            names.entry(role.to_owned()).or_default();
        }
    }
    for role in state.rules().iter().filter_map(|rule| rule.subject.strip_prefix("role:")) {
        names.entry(role.to_owned()).or_default();
    }
    let item = |(role, members): (String, usize)| {
        let mut inherits = state.standing_of_role(&role).roles;
        inherits.retain(|inherited| *inherited != role);
        json!({ "role": role, "members": members, "inherits": inherits })
    };
    Ok(Answer(json!({ "items": names.into_iter().map(item).collect::<Vec<_>>() })))
}

async fn members(
    State(policy): State<Policy>,
    caller: Caller,
    Path(role): Path<String>,
) -> Result<Answer<Json>, Problem> {
    policy.authorize_system(&caller, Action::Read, OBJECT)?;
    let state = policy.state();
    let role = subject(&role);
    let members = state.memberships().iter().filter(|membership| membership.role == role);
    Ok(Answer(json!({ "items": members.map(|membership| &membership.member).collect::<Vec<_>>() })))
}

async fn join(
    State(policy): State<Policy>,
    State(clock): State<SharedClock>,
    State(records): State<Records>,
    caller: Caller,
    Path((role, member)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    refuse_escalation(&policy, &caller, &role)?;
    if let Some(id) = member.strip_prefix("user:") {
        records.account(&policy, id).await?;
    }
    policy.join(&member, &subject(&role), Editor { by: caller.id(), at: clock.now() }).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn leave(
    State(policy): State<Policy>,
    State(clock): State<SharedClock>,
    caller: Caller,
    Path((role, member)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    policy.authorize_system(&caller, Action::Write, OBJECT)?;
    refuse_escalation(&policy, &caller, &role)?;
    policy.leave(&member, &subject(&role), Editor { by: caller.id(), at: clock.now() }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whoever may write policies could make themselves an administrator; only administrators make administrators.
fn refuse_escalation(policy: &Policy, caller: &Caller, role: &str) -> Result<(), Problem> {
    let state = policy.state();
    let leads_to_admin = state.standing_of_role(role.strip_prefix("role:").unwrap_or(role)).admin;
    if leads_to_admin && !state.standing(caller).admin {
        return Err(Problem::new(Code::PolicyDenied, "Only an administrator makes or unmakes administrators."));
    }
    Ok(())
}

fn subject(role: &str) -> String {
    if role.starts_with("role:") { role.to_owned() } else { format!("role:{role}") }
}

impl From<EditError> for Problem {
    fn from(error: EditError) -> Self {
        let text = format!("{error}.");
        match error {
            EditError::NotFound => Self::not_found(),
            EditError::Invalid(at, error) => {
                Self::invalid(vec![Fault::new(format!("{at}/{}", error.member), "invalid", error.message)])
            }
            EditError::Duplicate
            | EditError::SameId(_)
            | EditError::Cycle { .. }
            | EditError::TooDeep
            | EditError::LastAdministrator => Self::new(Code::Conflict, text),
            EditError::TooMany => Self::new(Code::TooLarge, text),
            EditError::Load(error) => error.into(),
            EditError::Store(error) => error.into(),
        }
    }
}
