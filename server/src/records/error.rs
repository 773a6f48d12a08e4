//! Why a verb on records did not do what it was asked.

use plinth_model::Violation;
use plinth_model::cursor::{BadCursor, Moved};
use plinth_model::filter::{FilterError, FilterErrorCode};
use plinth_model::query::SortError;
use plinth_store::Cause;

use crate::code::Code;
use crate::policy::Denied;
use crate::problem::{Fault, Problem};

/// Why a verb on records failed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller has no right to it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The record does not exist, or the caller may not see it.
    #[error("there is no such record")]
    NotFound,
    /// The rules' conditions or fields refuse the write.
    #[error("no policy allows this write")]
    PolicyDenied,
    /// What would come of the write hangs on a field that the writer does not see.
    #[error(
        "{0} does not show here, so it can't be added to, merged into or repeated: set it whole, with a PUT if it is an object"
    )]
    Blind(String),
    /// `If-Match` named another version than the stored one.
    #[error("the record was changed by somebody else")]
    Stale,
    /// `If-None-Match` named the stored version, or any.
    #[error("there is a record already")]
    Present,
    /// The body breaks the schema.
    #[error("the body breaks the schema in {} places", .0.len())]
    Invalid(Vec<Violation>),
    /// The filter can't be compiled.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The order can't be used.
    #[error(transparent)]
    Sort(#[from] SortError),
    /// The cursor is not one of this list.
    #[error(transparent)]
    Cursor(#[from] BadCursor),
    /// The record that the cursor names is no place to go on from.
    #[error(transparent)]
    Moved(#[from] Moved),
    /// A name in `fields` or `expand` that the caller can't see.
    #[error("there is no field {name:?}")]
    UnknownField {
        /// The name.
        name: String,
        /// The name that was likely meant.
        nearest: Option<String>,
    },
    /// A parameter's value can't be used; the text says why.
    #[error("{0}")]
    Parameter(String),
    /// What is asked for would be larger than an answer can be; the text says how to ask for less.
    #[error("{0}")]
    TooLarge(String),
    /// The key was used for another request.
    #[error("this Idempotency-Key was used for another request: take a new one")]
    KeyReused,
    /// Another record has the same unique values.
    #[error("another record has the same unique values")]
    Conflict {
        /// The fields of the unique index; none where the writer may not know of all of them.
        fields: Vec<String>,
    },
    /// There is a record with this id.
    #[error("there is a record with this id already")]
    IdTaken,
    /// A relation points at nothing.
    #[error("{field} points at a record that does not exist")]
    MissingTarget {
        /// The relation.
        field: String,
    },
    /// Others point at the record.
    #[error("records of {collection} point at it by {field}")]
    Restricted {
        /// Their collection.
        collection: String,
        /// Their relation.
        field: String,
    },
    /// Others, which the caller may not know of, point at the record.
    #[error("other records point at it")]
    RestrictedUnseen,
    /// Accounts are written by their own routes.
    #[error("accounts are {0} by their own routes")]
    Accounts(&'static str),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] plinth_store::Error),
    /// An operation of a batch failed; none was done.
    #[error("operation {index}: {cause}")]
    InBatch {
        /// Its place.
        index: usize,
        /// Why.
        cause: Box<Error>,
    },
}

impl Error {
    /// The failure of the only operation of a batch, as if there had been no batch.
    #[must_use]
    pub fn alone(self) -> Self {
        match self {
            Self::InBatch { cause, .. } => *cause,
            other => other,
        }
    }
}

impl From<Cause<Error>> for Error {
    fn from(cause: Cause<Error>) -> Self {
        match cause {
            Cause::Refused(error) => error,
            Cause::CheckFailed(_) => Self::PolicyDenied,
            Cause::Conflict { fields } => Self::Conflict { fields },
            Cause::IdTaken => Self::IdTaken,
            Cause::MissingTarget { field } => Self::MissingTarget { field },
            Cause::Restricted { collection, field } => Self::Restricted { collection, field },
            Cause::Database(error) => Self::Store(error),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Denied(denied) => denied.into(),
            Error::NotFound => Self::not_found(),
            Error::PolicyDenied => Self::new(Code::PolicyDenied, "No policy allows this write."),
            Error::Stale => Self::new(
                Code::PreconditionFailed,
                "The record was changed since the version in If-Match: read it again and repeat the change.",
            ),
            Error::Present => Self::new(
                Code::PreconditionFailed,
                "There is a record here, in a version that If-None-Match names: nothing was written.",
            ),
            Error::Invalid(violations) => Self::invalid(violations.into_iter().map(Fault::from).collect()),
            Error::Filter(error) => error.into(),
            Error::Sort(SortError::UnknownField(..)) => Self::new(Code::UnknownField, sentence(&text)),
            Error::Sort(_) | Error::Parameter(_) => Self::new(Code::InvalidParameter, sentence(&text)),
            Error::TooLarge(_) => Self::new(Code::TooLarge, sentence(&text)),
            Error::Cursor(_) | Error::Moved(_) => Self::new(Code::InvalidCursor, sentence(&text)),
            Error::UnknownField { nearest, .. } => {
                let hint = nearest.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
                Self::new(Code::UnknownField, sentence(&format!("{text}{hint}")))
            }
            Error::Conflict { fields } => conflict(&fields),
            Error::KeyReused => Self::invalid(vec![Fault::new("", "idempotency_key", sentence(&text))]),
            Error::IdTaken => {
                let errors = vec![Fault::new("/id", "taken", "There is a record with this id already.")];
                Self { errors, ..Self::new(Code::Conflict, "There is a record with this id already.") }
            }
            Error::MissingTarget { field } => {
                let message = "It points at a record that does not exist.";
                Self::invalid(vec![Fault::new(format!("/{field}"), "missing_target", message)])
            }
            Error::Restricted { collection, field } => Self::new(
                Code::Restricted,
                format!("Records of {collection} point at this one by {field}: delete or change those first."),
            ),
            Error::RestrictedUnseen => {
                Self::new(Code::Restricted, "Other records point at this one: they must be deleted or changed first.")
            }
            Error::Accounts(_) | Error::Blind(_) => Self::new(Code::PolicyDenied, sentence(&text)),
            Error::Store(error) => error.into(),
            Error::InBatch { index, cause } => in_batch(index, *cause),
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Unknown(_) => Self::not_found(),
            Denied::Forbidden => Self::new(Code::PolicyDenied, "No policy allows this."),
            Denied::Unauthenticated => {
                Self::new(Code::Unauthenticated, "Send an access token: Authorization: Bearer …")
            }
            Denied::Fault(fault) => fault.into(),
        }
    }
}

impl From<FilterError> for Problem {
    fn from(error: FilterError) -> Self {
        let code = match error.code {
            FilterErrorCode::InvalidFilter | FilterErrorCode::TooLarge => Code::InvalidFilter,
            FilterErrorCode::UnknownField => Code::UnknownField,
        };
        Self::new(code, error.to_string()).with("position", error.position).with("end", error.end)
    }
}

impl From<Violation> for Fault {
    fn from(violation: Violation) -> Self {
        Self::new(violation.pointer, violation.code, violation.message)
    }
}

fn conflict(fields: &[String]) -> Problem {
    let message = match fields {
        [] => "Another record has the same values in a unique index.".to_owned(),
        fields => format!("Another record has the same {}.", fields.join(", ")),
    };
    let errors = fields.iter().map(|field| Fault::new(format!("/{field}"), "unique", message.clone())).collect();
    Problem { errors, ..Problem::new(Code::Conflict, message) }
}

/// The problem of one operation, its pointers led into the batch.
fn in_batch(index: usize, cause: Error) -> Problem {
    let mut problem = Problem::from(cause);
    if problem.errors.is_empty() {
        problem.errors.push(Fault::new(format!("/{index}"), problem.code.as_str(), problem.detail.clone()));
    } else {
        for fault in &mut problem.errors {
            fault.pointer = format!("/{index}/data{}", fault.pointer);
        }
    }
    problem.detail = format!("Operation {index} failed, so none was done. {}", problem.detail);
    problem
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    let end = if text.ends_with(['.', '?']) { "" } else { "." };
    first.into_iter().flatten().chain(chars).collect::<String>() + end
}
