//! The simulator: what a request would come to, asked of the policies without doing it.

use std::sync::Arc;

use plinth_model::schema::check::{Hand, take_id};
use plinth_model::sql::select::ColumnKind;
use plinth_model::sql::write;
use plinth_model::{Collection, Instant, Record, RecordId, Value, Violation};
use serde_json::{Map, Value as Json};

use super::gate::hangs_on_stored;
use super::{Error, Records};
use crate::policy::explain::{Explanation, Inquiry, Subject};
use crate::policy::{Account, Action, Caller, LoadError, Policy};

/// A request that is only asked about.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// `user:ID`, `role:NAME` or `anonymous`.
    pub subject: String,
    /// The collection.
    pub collection: String,
    /// What would be done.
    pub action: Action,
    /// With which record.
    pub id: Option<String>,
    /// With which body.
    pub data: Option<Map<String, Json>>,
}

impl Records {
    /// Explains what a request would come to.
    pub async fn simulate(&self, policy: &Policy, simulation: Simulation) -> Result<Explanation, Error> {
        let state = policy.state();
        let invalid =
            |pointer: &str, message: String| Error::Invalid(vec![Violation::new(pointer, "unknown", message)]);
        let collection = state.catalog().get(&simulation.collection).cloned();
        let collection = collection
            .ok_or_else(|| invalid("/collection", format!("There is no collection {:?}.", simulation.collection)))?;
        if simulation.action == Action::Write {
            return Err(invalid("/action", "Ask for read, create, update or delete.".to_owned()));
        }
        let subject = self.subject(policy, &simulation.subject).await?;
        let stored = match &simulation.id {
            Some(id) => Some(self.stored(&collection, id).await?),
            None => None,
        };
        let now = self.clock.now();
        let data = self.data(&simulation, &collection, stored.as_ref(), now)?;
        let changed: Vec<&str> = match (&data, simulation.action) {
            (Some(data), Action::Update) => differing(&collection, stored.as_ref(), data),
            (Some(data), Action::Create) => differing(&collection, None, data),
            _ => Vec::new(),
        };
        let action = simulation.action;
        let body = simulation.data.as_ref().filter(|_| action == Action::Update);
        let own = |name: &&str| collection.own_field(name).is_some();
        let named: Vec<&str> = body.into_iter().flat_map(Map::keys).map(String::as_str).filter(own).collect();
        let hangs = |name: &&&str| match (body, collection.own_field(name)) {
            (Some(body), Some((_, field))) => hangs_on_stored(field, body),
            _ => false,
        };
        let hanging: Vec<&str> = named.iter().filter(hangs).copied().collect();
        let inquiry = Inquiry {
            subject,
            collection: collection.clone(),
            action,
            stored: stored.as_ref(),
            data: data.as_ref(),
            changed: &changed,
            named: &named,
            hanging: &hanging,
        };
        policy.explain(&inquiry, now).await.map_err(|error| match error {
            LoadError::Store(error) => Error::Store(error),
            other => Error::Store(plinth_store::Error::Fault(other.to_string())),
        })
    }

    /// The account of this id, as a caller without a session.
    pub async fn account(&self, policy: &Policy, id: &str) -> Result<Caller, Error> {
        let users =
            policy.state().catalog().get(plinth_model::schema::collection::USERS).cloned().ok_or(Error::NotFound)?;
        let record = self.stored(&users, id).await?;
        let account = Account { id: record.id, session: String::new(), expires_at: Instant::MAX, record, users };
        Ok(Caller::account(Arc::new(account)))
    }

    async fn subject(&self, policy: &Policy, text: &str) -> Result<Subject, Error> {
        if text == "anonymous" {
            return Ok(Subject::Caller(Caller::anonymous()));
        }
        if let Some(role) = text.strip_prefix("role:") {
            return Ok(Subject::Role(role.to_owned()));
        }
        let unknown = || {
            Error::Invalid(vec![Violation::new(
                "/subject",
                "unknown",
                "It is user:ID of an account, role:NAME or anonymous.",
            )])
        };
        let id = text.strip_prefix("user:").ok_or_else(unknown)?;
        match self.account(policy, id).await {
            Err(Error::NotFound) => Err(unknown()),
            caller => caller.map(Subject::Caller),
        }
    }

    /// A record as it is stored, with everything in it.
    pub(super) async fn stored(&self, collection: &Collection, id: &str) -> Result<Record, Error> {
        let id: RecordId = id.parse().map_err(|_| Error::NotFound)?;
        let kinds: Vec<ColumnKind> = write::columns(collection).map(|(_, kind)| kind).collect();
        let statement = write::stored(collection, self.store.dialect(), id, false);
        let row = self.store.fetch(statement, &kinds).await?.pop().ok_or(Error::NotFound)?;
        let odd = || plinth_store::Error::Corrupt(format!("record {id} of {} has an odd shape", collection.name));
        Ok(write::record(collection, row.0).ok_or_else(odd)?)
    }

    fn data(
        &self,
        simulation: &Simulation,
        collection: &Collection,
        stored: Option<&Record>,
        now: Instant,
    ) -> Result<Option<Record>, Error> {
        let mut body = simulation.data.clone().unwrap_or_default();
        match simulation.action {
            Action::Create => {
                let id = take_id(&mut body).map_err(|violation| under_data(vec![violation]))?;
                let values = collection.create(Hand::Client, body).map_err(under_data)?;
                let id = id.unwrap_or_else(|| self.entropy.record_id(now));
                Ok(Some(Record { id, created_at: now, updated_at: now, revision: 0, values }))
            }
            Action::Update => {
                let missing = || {
                    Error::Invalid(vec![Violation::new("/id", "required", "Name the record that would be updated.")])
                };
                let stored = stored.ok_or_else(missing)?;
                let values = collection.patch(Hand::Client, stored, body).map_err(under_data)?;
                Ok(Some(Record { updated_at: now, values, ..stored.clone() }))
            }
            Action::Read | Action::Delete | Action::Write => Ok(None),
        }
    }
}

fn under_data(violations: Vec<Violation>) -> Error {
    Error::Invalid(violations.into_iter().map(|violation| violation.under("/data")).collect())
}

fn differing<'a>(collection: &'a Collection, stored: Option<&Record>, data: &Record) -> Vec<&'a str> {
    let blank = |place: usize| {
        let field = &collection.fields[place];
        field.default.as_ref().map_or(Value::Null.to_json(), Clone::clone)
    };
    let fields = collection.fields.iter().enumerate().filter(|(place, _)| match stored {
        Some(stored) => stored.values[*place] != data.values[*place],
        None => data.values[*place].to_json() != blank(*place),
    });
    fields.map(|(_, field)| field.name.as_str()).collect()
}
