//! Why a collection was not made, changed or dropped. Nothing was done.

use std::sync::Arc;

use plinth_model::Violation;

use super::plan::Plan;
use crate::code::Code;
use crate::policy::{LoadError, Rule};
use crate::problem::{Fault, Problem};

/// Why a verb on collections failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such collection.
    #[error("there is no such collection")]
    NotFound,
    /// The definition breaks rules.
    #[error("the definition breaks {} rules", .0.len())]
    Invalid(Vec<Violation>),
    /// There is a collection of this name, or one that differs in case only.
    #[error("there is a collection {0:?} already; names that differ in case only count as the same")]
    Taken(String),
    /// Somebody else changed the definition.
    #[error("the definition was changed by somebody else")]
    Stale,
    /// The plan loses data, and that was not allowed.
    #[error("the plan loses data")]
    Destructive(Box<Plan>),
    /// Stored rows stand against the plan.
    #[error("stored rows stand against the plan")]
    Blocked(Box<Plan>),
    /// It belongs to the server.
    #[error("{0}")]
    BuiltIn(&'static str),
    /// Other collections point at it.
    #[error("{collection} points at it by {field}: drop that field first")]
    PointedAt {
        /// The other collection.
        collection: String,
        /// Its relation.
        field: String,
    },
    /// A rule would get a meaning that it was not written for.
    #[error(
        "the rule {} ({} {} {}) names what this would make, rename or point elsewhere: change or delete the rule first",
        .0.id, .0.subject, .0.object, .0.action
    )]
    RuleWaits(Arc<Rule>),
    /// What is in force could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] plinth_store::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::NotFound => Self::not_found(),
            Error::Invalid(violations) => Self::invalid(violations.into_iter().map(Fault::from).collect()),
            Error::Taken(_) => {
                let errors = vec![Fault::new("/name", "taken", text.clone())];
                Self { errors, ..Self::new(Code::Conflict, text) }
            }
            Error::Stale => Self::new(
                Code::PreconditionFailed,
                "The definition was changed since the version in If-Match: read it again and repeat the change.",
            ),
            Error::Destructive(plan) => {
                let detail =
                    "The plan loses data or shows what was hidden: repeat with allowDestructive=true if that is meant.";
                Self::new(Code::DestructivePlan, detail).with("plan", plan.to_json())
            }
            Error::Blocked(plan) => {
                let detail = "Stored rows don't fit the new definition: change them or the definition.";
                Self::new(Code::PlanBlocked, detail).with("plan", plan.to_json())
            }
            Error::BuiltIn(_) | Error::PointedAt { .. } | Error::RuleWaits(_) => Self::new(Code::Conflict, text),
            Error::Load(error) => error.into(),
            Error::Store(error) => error.into(),
        }
    }
}
