//! Whether a change of rules, as the log tells it, may change what somebody sees.

use plinth_model::{Change, RecordId};
use serde::Deserialize;

use super::caller::Caller;
use super::rules::object_matches;
use super::state::State;

/// What the log holds of a rule.
#[derive(Deserialize)]
struct Scope {
    subject: String,
    object: String,
}

impl State {
    /// Whether a change of rules may concern a caller and a collection. One that does not name a rule names the object of all
    /// that it changed, or `*` for all rules.
    pub fn concerns(&self, change: &Change, caller: &Caller, collection: &str) -> bool {
        let standing = self.standing(caller);
        if standing.admin {
            return false;
        }
        let own = caller.id().map(|id| format!("user:{id}"));
        let is_theirs = |subject: &str| match subject.strip_prefix("role:") {
            Some(role) => standing.roles.iter().any(|own| own == role),
            None => own.as_deref() == Some(subject),
        };
        let images: Vec<&str> = [&change.before, &change.after].into_iter().flatten().map(String::as_str).collect();
        if images.is_empty() {
            return change.id == "*" || change.id.parse::<RecordId>().is_ok() || object_matches(collection, &change.id);
        }
        images.into_iter().any(|image| {
            serde_json::from_str::<Scope>(image)
                .map_or(true, |rule| is_theirs(&rule.subject) && object_matches(collection, &rule.object))
        })
    }
}
