//! One policy rule, and what makes it well-formed.
//!
//! Rules are checked before they are stored: casbin takes a rule of any shape and then fails every decision.

use plinth_model::filter::{self, Context, FilterError};
use plinth_model::schema::name;
use plinth_model::{Catalog, RecordId};
use serde::{Deserialize, Serialize};

/// What may be done with records, or with a part of the administration (`read` and `write` only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// List, get, export, subscribe.
    Read,
    /// Create a record.
    Create,
    /// Change a record.
    Update,
    /// Delete a record.
    Delete,
    /// Change a part of the administration (`sys:…`).
    Write,
}

impl Action {
    /// The word for it in rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Write => "write",
        }
    }
}

/// Whether a rule lets through or holds back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Lets through what its condition holds for.
    Allow,
    /// Holds back what its condition holds for, whatever other rules say.
    Deny,
}

/// A rule as it is stored, sent and received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// `role:NAME` or `user:ID`.
    pub subject: String,
    /// A collection, a glob over collections (`blog_*`, `*`), or a part of the administration (`sys:users`).
    pub object: String,
    /// `read`, `create`, `update`, `delete`, `write` or `*`.
    pub action: String,
    /// A CEL condition; empty means always.
    pub condition: String,
    /// Field names with commas between; empty means all.
    pub fields: String,
    /// What it does.
    pub effect: Effect,
}

/// The parts of the administration that a rule can name.
pub const SYSTEM_OBJECTS: [&str; 6] =
    ["sys:collections", "sys:policies", "sys:users", "sys:logs", "sys:settings", "sys:backups"];

/// The most conditions, in characters; the limit of the language itself.
pub const MAX_RULES: usize = 10_000;

/// The most roles of which each is a member of the next.
pub const MAX_DEPTH: usize = 32;

/// Why a rule is refused: the member, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuleError {
    /// The member of the rule.
    pub member: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

fn refuse(member: &'static str, message: impl Into<String>) -> RuleError {
    RuleError { member, message: message.into() }
}

impl Rule {
    /// The fields the rule is limited to; none means all.
    pub fn field_list(&self) -> Option<Vec<&str>> {
        let names: Vec<&str> = self.fields.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        (!names.is_empty()).then_some(names)
    }

    /// Whether the rule's object covers this collection or part of the administration.
    pub fn covers(&self, object: &str) -> bool {
        object_matches(object, &self.object)
    }

    /// Accepts the rule, or refuses it and names the member.
    pub fn check(&self, catalog: &Catalog) -> Result<(), RuleError> {
        check_subject(&self.subject)?;
        self.check_object(catalog)?;
        self.check_action()?;
        if self.object.starts_with("sys:") {
            return self.check_system();
        }
        let covered: Vec<_> = catalog.iter().filter(|collection| self.covers(&collection.name)).collect();
        for collection in &covered {
            self.condition_for(catalog, &collection.name)
                .map_err(|error| refuse("condition", format!("in collection {}: {error}", collection.name)))?;
        }
        for name in self.field_list().unwrap_or_default() {
            if !covered.is_empty() && covered.iter().all(|collection| collection.field(name).is_none()) {
                return Err(refuse("fields", format!("there is no field {name:?} in {}", self.object)));
            }
        }
        Ok(())
    }

    /// The compiled condition of this rule on one collection; `None` where it always holds.
    pub fn condition_for(&self, catalog: &Catalog, collection: &str) -> Result<Option<filter::Expr>, FilterError> {
        if self.condition.trim().is_empty() {
            return Ok(None);
        }
        let (Some(collection), Some(users)) = (catalog.get(collection), catalog.get("users")) else {
            return Ok(None);
        };
        let data = self.action != "read" && self.action != "delete";
        let context = Context { catalog, collection, users, sights: None, data, params: None };
        filter::compile(&self.condition, &context).map(Some)
    }

    fn check_object(&self, catalog: &Catalog) -> Result<(), RuleError> {
        let object = &self.object;
        if object.starts_with("sys:") {
            let known = SYSTEM_OBJECTS.contains(&object.as_str()) || object == "sys:*";
            return known.then_some(()).ok_or_else(|| {
                refuse("object", format!("there is no {object:?}; the parts are {}", SYSTEM_OBJECTS.join(", ")))
            });
        }
        if object.contains('*') {
            let well_formed = object.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'*');
            return well_formed
                .then_some(())
                .ok_or_else(|| refuse("object", "a glob is letters, digits, _ and *, as in blog_*"));
        }
        name::check_collection(object).map_err(|error| refuse("object", error.to_string()))?;
        catalog.get(object).map(|_| ()).ok_or_else(|| {
            refuse("object", format!("there is no collection {object:?}: create it first, or name another"))
        })
    }

    fn check_action(&self) -> Result<(), RuleError> {
        let allowed: &[&str] = if self.object.starts_with("sys:") {
            &["read", "write", "*"]
        } else {
            &["read", "create", "update", "delete", "*"]
        };
        allowed.contains(&self.action.as_str()).then_some(()).ok_or_else(|| {
            refuse(
                "action",
                format!("{:?} is no action on {}: use one of {}", self.action, self.object, allowed.join(", ")),
            )
        })
    }

    fn check_system(&self) -> Result<(), RuleError> {
        if !self.condition.trim().is_empty() {
            return Err(refuse("condition", "a rule on a part of the administration has no condition"));
        }
        if self.field_list().is_some() {
            return Err(refuse("fields", "a rule on a part of the administration has no fields"));
        }
        Ok(())
    }
}

/// Accepts `role:NAME` or `user:ID`, the only subjects that exist.
pub fn check_subject(subject: &str) -> Result<(), RuleError> {
    if let Some(role) = subject.strip_prefix("role:") {
        let well_formed = role.len() <= name::MAX_LENGTH
            && role.starts_with(|c: char| c.is_ascii_lowercase())
            && role.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        return well_formed.then_some(()).ok_or_else(|| {
            refuse(
                "subject",
                format!("{role:?} is no role: start with a small letter, go on with letters, digits, _ and -"),
            )
        });
    }
    let id = subject.strip_prefix("user:").and_then(|id| id.parse::<RecordId>().ok());
    id.map(|_| ()).ok_or_else(|| refuse("subject", format!("{subject:?} is neither role:NAME nor user:ID")))
}

/// Whether a rule's object covers a requested one. Globs cover collections only: `*` never reaches into `sys:`,
/// so a wide rule on data can't hand out the administration.
pub fn object_matches(requested: &str, object: &str) -> bool {
    if requested == object {
        return true;
    }
    if requested.starts_with("sys:") {
        return object == "sys:*";
    }
    !object.starts_with("sys:") && object.contains('*') && glob(object.as_bytes(), requested.as_bytes())
}

/// `*` stands for any run of characters; linear by remembering the last star only.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_covers_collections_and_never_the_administration() {
        assert!(object_matches("posts", "*"));
        assert!(object_matches("blog_posts", "blog_*"));
        assert!(object_matches("blog_posts_old", "*_posts*"));
        assert!(!object_matches("posts", "blog_*"));
        assert!(!object_matches("sys:users", "*"));
        assert!(!object_matches("sys:users", "s*"));
        assert!(object_matches("sys:users", "sys:*"));
        assert!(!object_matches("posts", "sys:*"));
    }

    #[test]
    fn a_subject_is_a_role_or_an_account() {
        assert!(check_subject("role:editor").is_ok());
        assert!(check_subject("user:01890a5d-ac96-774b-bcce-b302099a8057").is_ok());
        for bad in ["editor", "role:", "role:Ed", "user:1", "role:a b", ""] {
            assert!(check_subject(bad).is_err(), "{bad}");
        }
    }
}
