//! Writes that met a change of definitions: rights and records are checked again, by what is in force then.
//!
//! A write was checked by the definitions of its moment, and the store carries it out by no others
//! ([`plinth_store::Error::SchemaChanged`]). Its sender need not know: it either fits the new definition or is told
//! why not.

use plinth_model::schema::catalog::Version;

use super::batch::replace_grants;
use super::write::Operation;
use super::{Error, Records};
use crate::policy::{Action, Denied, Grant, Policy};

/// How often a write is checked again before its sender is told to try later. Definitions come in series, as from
/// `plinth schema apply`.
pub(super) const RENEWALS: u32 = 4;

impl Records {
    /// The same operations with rights by the definitions that took the place of these.
    pub(super) async fn renew(&self, operations: Vec<Operation>, outdated: Version) -> Result<Vec<Operation>, Error> {
        self.policy.catch_up(outdated).await.map_err(Denied::from)?;
        let renewed = |(index, operation): (usize, Operation)| {
            let in_batch = |denied: Denied| Error::InBatch { index, cause: Box::new(denied.into()) };
            operation.renewed(&self.policy).map_err(in_batch)
        };
        operations.into_iter().enumerate().map(renewed).collect()
    }
}

impl Operation {
    /// The version of the definitions that its rights are of; none without a right.
    pub(super) fn definitions(&self) -> Option<Version> {
        self.grant().map(|grant| grant.state().catalog().version())
    }

    fn renewed(self, policy: &Policy) -> Result<Self, Denied> {
        let again = |grant: &Grant, action| policy.authorize(grant.caller(), action, &grant.collection().name);
        Ok(match self {
            Self::Create { grant, body } => Self::Create { grant: again(&grant, Action::Create)?, body },
            Self::Update { grant, id, patch, precondition } => {
                Self::Update { grant: again(&grant, Action::Update)?, id, patch, precondition }
            }
            Self::Delete { grant, id, precondition } => {
                Self::Delete { grant: again(&grant, Action::Delete)?, id, precondition }
            }
            Self::Replace { create, update, id, body, precondition } => {
                let Some(grant) = update.or(create) else { return Err(Denied::Forbidden) };
                let (create, update) = replace_grants(policy, grant.caller(), &grant.collection().name)?;
                Self::Replace { create, update, id, body, precondition }
            }
        })
    }
}

impl Error {
    /// Whether the write was checked by definitions that are no longer in force.
    pub(super) fn is_outdated(&self) -> bool {
        match self {
            Self::InBatch { cause, .. } => cause.is_outdated(),
            Self::Store(error) => matches!(error, plinth_store::Error::SchemaChanged(_)),
            _ => false,
        }
    }
}
