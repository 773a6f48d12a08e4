//! Why a verb on accounts did not do what it was asked.

use std::time::Duration;

use plinth_model::Violation;
use plinth_store::Cause;

use crate::code::Code;
use crate::policy::{Denied, LoadError};
use crate::problem::{Fault, Problem};

/// Why a verb on accounts failed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address and the password don't belong together, or the refresh token is not valid. One answer for an
    /// unknown address, a wrong password and a disabled account.
    #[error("the credentials are not valid")]
    InvalidCredentials,
    /// The access token is missing, wrong or expired, or its session or account ended.
    #[error("the access token is not valid")]
    Unauthenticated,
    /// The setting `auth.registration` is closed.
    #[error("registration is closed")]
    RegistrationClosed,
    /// The set-up token is wrong, used or expired.
    #[error("the set-up token is not valid")]
    SetupTokenInvalid,
    /// There is an administrator already.
    #[error("an administrator exists already")]
    SetupDone,
    /// Too many tries; one more counts after this time.
    #[error("too many tries")]
    TooManyTries(Duration),
    /// Too many passwords wait to be checked.
    #[error("too many passwords wait to be checked")]
    Busy,
    /// The body breaks rules.
    #[error("the body breaks {} rules", .0.len())]
    Invalid(Vec<Violation>),
    /// Another account has the address or another unique value.
    #[error("another account has the same {}", .0.join(", "))]
    Conflict(Vec<String>),
    /// There is no such account or session.
    #[error("there is no such account or session")]
    NotFound,
    /// It would leave nobody to administer the server.
    #[error("this is the last administrator")]
    LastAdministrator,
    /// Only an administrator may do this to an administrator, or make one.
    #[error("only an administrator may do this")]
    Administrators,
    /// The policies refuse.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A record points at the account and restricts its end, or the account points at nothing.
    #[error("{0}")]
    Related(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] plinth_store::Error),
    /// The policies could not be loaded again.
    #[error(transparent)]
    Policy(#[from] LoadError),
    /// Something of ours is not as it must be.
    #[error("{0}")]
    Fault(&'static str),
}

impl Error {
    /// One broken rule.
    pub(super) fn invalid(pointer: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(pointer, code, message)])
    }
}

impl Error {
    /// The reason for an operator, who may know everything.
    pub fn for_operator(&self) -> String {
        match self {
            Self::Invalid(violations) => {
                let each = violations.iter().map(|violation| violation.message.as_str());
                each.collect::<Vec<_>>().join(" ")
            }
            other => other.to_string(),
        }
    }
}

impl From<Cause<Error>> for Error {
    fn from(cause: Cause<Error>) -> Self {
        match cause {
            Cause::Refused(error) => error,
            Cause::CheckFailed(_) => Self::Fault("a check failed that was not asked for"),
            Cause::Conflict { fields } => Self::Conflict(fields),
            Cause::IdTaken => Self::Conflict(vec!["id".to_owned()]),
            Cause::MissingTarget { field } => {
                Self::invalid(&format!("/{field}"), "missing_target", "It points at a record that does not exist.")
            }
            Cause::Restricted { collection, field } => Self::Related(format!(
                "Records of {collection} point at this account by {field}: delete or change those first."
            )),
            Cause::Database(error) => Self::Store(error),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidCredentials => Self::new(Code::InvalidCredentials, "The credentials are not valid."),
            Error::Unauthenticated => {
                Self::new(Code::Unauthenticated, "Send a valid access token: Authorization: Bearer …")
            }
            Error::RegistrationClosed => Self::new(Code::RegistrationClosed, "Ask an administrator for an account."),
            Error::SetupTokenInvalid => Self::new(
                Code::SetupTokenInvalid,
                "The set-up token is wrong, used or expired: the server prints a new link when it starts.",
            ),
            Error::SetupDone => Self::new(Code::SetupDone, "An administrator exists already: sign in."),
            Error::TooManyTries(wait) => {
                let seconds = wait.as_secs() + 1;
                Self::new(Code::RateLimited, format!("Too many tries: wait {seconds} seconds.")).retry_after(seconds)
            }
            Error::Busy => {
                Self::new(Code::Unavailable, "Too many people sign in at this moment: try again.").retry_after(1)
            }
            Error::Invalid(violations) => Self::invalid(violations.into_iter().map(Fault::from).collect()),
            Error::Conflict(fields) => conflict(&fields),
            Error::NotFound => Self::not_found(),
            Error::LastAdministrator => Self::new(
                Code::Restricted,
                "This is the last administrator: make another account an administrator first.",
            ),
            Error::Administrators => Self::new(Code::PolicyDenied, "Only an administrator may do this."),
            Error::Denied(denied) => denied.into(),
            Error::Related(detail) => Self::new(Code::Restricted, detail),
            Error::Store(error) => error.into(),
            Error::Policy(error) => error.into(),
            Error::Fault(fault) => Self::internal().because(fault),
        }
    }
}

fn conflict(fields: &[String]) -> Problem {
    let detail = match fields {
        [] => "Another account has the same values in a unique index.".to_owned(),
        fields => format!("Another account has the same {}.", fields.join(", ")),
    };
    let errors = fields.iter().map(|field| Fault::new(format!("/{field}"), "unique", detail.clone())).collect();
    Problem { errors, ..Problem::new(Code::Conflict, detail) }
}
