//! A batch: up to [`MAX_OPERATIONS`] writes to any collections, in one transaction.

use plinth_model::RecordId;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::Error;
use super::body::mismatch;
use super::precondition::Precondition;
use super::write::Operation;
use crate::policy::{Action, Caller, Denied, Policy};

/// The most operations in one batch.
pub const MAX_OPERATIONS: usize = 500;

/// One operation as a client sends it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Item {
    /// What to do.
    pub method: Method,
    /// Where.
    pub collection: String,
    /// With which record; needed by all but create.
    pub id: Option<String>,
    /// The body.
    pub data: Option<Map<String, Json>>,
    /// As the header `If-Match`.
    pub if_match: Option<String>,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// POST.
    Create,
    /// PATCH.
    Update,
    /// PUT.
    Replace,
    /// DELETE.
    Delete,
}

impl Item {
    /// The operation with its caller's right to it.
    pub fn authorize(self, policy: &Policy, caller: &Caller) -> Result<Operation, Error> {
        let grant = |action| policy.authorize(caller, action, &self.collection);
        let precondition =
            self.if_match.as_deref().map_or_else(Precondition::default, |tags| Precondition::default().if_match(tags));
        let body = |data: Option<Map<String, Json>>| data.ok_or_else(|| Error::Parameter("data is missing".into()));
        match self.method {
            Method::Create if self.if_match.is_some() => {
                Err(Error::Parameter("ifMatch is for what is stored: leave it out of a create".into()))
            }
            Method::Create => {
                let body = with_id(body(self.data)?, self.id)?;
                let grant = policy.authorize(caller, Action::Create, &self.collection)?;
                Ok(Operation::Create { grant, body })
            }
            Method::Update => {
                let (grant, id) = (grant(Action::Update)?, record_id(self.id.as_deref())?);
                Ok(Operation::Update { grant, id, patch: body(self.data)?, precondition })
            }
            Method::Replace => {
                let id = record_id(self.id.as_deref())?;
                let (create, update) = replace_grants(policy, caller, &self.collection)?;
                Ok(Operation::Replace { create, update, id, body: body(self.data)?, precondition })
            }
            Method::Delete if self.data.is_some() => {
                Err(Error::Parameter("data is for what is written: leave it out of a delete".into()))
            }
            Method::Delete => {
                let (grant, id) = (grant(Action::Delete)?, record_id(self.id.as_deref())?);
                Ok(Operation::Delete { grant, id, precondition })
            }
        }
    }
}

/// The rights that a replace can use: at least one of them.
pub fn replace_grants(
    policy: &Policy,
    caller: &Caller,
    collection: &str,
) -> Result<(Option<crate::policy::Grant>, Option<crate::policy::Grant>), Denied> {
    let create = policy.authorize(caller, Action::Create, collection);
    let update = policy.authorize(caller, Action::Update, collection);
    match (create, update) {
        (Err(denied), Err(_)) | (Err(denied @ Denied::Fault(_)), Ok(_)) | (Ok(_), Err(denied @ Denied::Fault(_))) => {
            Err(denied)
        }
        (create, update) => Ok((create.ok(), update.ok())),
    }
}

/// The body of a create with the id that stands beside it; its own may only repeat that.
fn with_id(mut body: Map<String, Json>, id: Option<String>) -> Result<Map<String, Json>, Error> {
    let Some(id) = id.map(Json::String) else { return Ok(body) };
    if body.get("id").is_some_and(|own| !own.is_null() && *own != id) {
        return Err(mismatch("operation"));
    }
    body.insert("id".to_owned(), id);
    Ok(body)
}

/// An id in a path or an operation; anything else names no record.
fn record_id(text: Option<&str>) -> Result<RecordId, Error> {
    let text = text.ok_or_else(|| Error::Parameter("id is missing".into()))?;
    text.parse().map_err(|_| Error::NotFound)
}
