//! Changing rules and memberships: checked, stored with the log, in force before the answer.

use std::collections::BTreeSet;

use plinth_model::{Instant, RecordId};
use plinth_store::policies::{self, StoredRule};
use plinth_store::{SchemaStep, Step};
use serde::Deserialize;

use super::Policy;
use super::rules::{Effect, MAX_DEPTH, MAX_RULES, Rule, RuleError, check_subject};
use super::state::{LoadError, State};

/// How often a change is thought out before its sender is told to try later: other nodes may always be faster.
pub(crate) const STARTS: u32 = 8;

/// A rule as a client writes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// See [`Rule::subject`].
    pub subject: String,
    /// See [`Rule::object`].
    pub object: String,
    /// See [`Rule::action`].
    pub action: String,
    /// See [`Rule::condition`].
    #[serde(default)]
    pub condition: String,
    /// Names with commas between, or a list of them.
    #[serde(default)]
    pub fields: FieldNames,
    /// Allow, if it is not said.
    #[serde(default = "allow")]
    pub effect: Effect,
    /// Kept when all rules are replaced by what was read; otherwise made by the server.
    #[serde(default)]
    pub id: Option<String>,
}

fn allow() -> Effect {
    Effect::Allow
}

/// A change of some members of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    subject: Option<String>,
    object: Option<String>,
    action: Option<String>,
    condition: Option<String>,
    fields: Option<FieldNames>,
    effect: Option<Effect>,
}

/// Field names, written either way.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum FieldNames {
    /// `a,b`.
    Text(String),
    /// `["a", "b"]`.
    List(Vec<String>),
}

impl Default for FieldNames {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl FieldNames {
    fn text(self) -> String {
        let names: Vec<String> = match self {
            Self::Text(text) => text.split(',').map(|name| name.trim().to_owned()).collect(),
            Self::List(names) => names,
        };
        names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(",")
    }
}

/// Why rules or memberships were not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// There is no such rule.
    #[error("there is no such rule")]
    NotFound,
    /// A rule is not well-formed: its place in the body, and what is wrong.
    #[error("{}", .1.message)]
    Invalid(String, RuleError),
    /// There is a rule that says the same.
    #[error("there is a rule that says exactly this")]
    Duplicate,
    /// Two rules of one body have the same id.
    #[error("two rules have the id {0}")]
    SameId(String),
    /// Too many rules.
    #[error("there can be at most {MAX_RULES} rules")]
    TooMany,
    /// A membership that would make a role a member of itself.
    #[error("{member} would inherit itself through {role}")]
    Cycle {
        /// The member.
        member: String,
        /// The role.
        role: String,
    },
    /// A membership that would make a chain of too many roles.
    #[error("roles can inherit from roles over {MAX_DEPTH} of them in a row, and this would be one more")]
    TooDeep,
    /// The last administrator would be gone.
    #[error("this is the last administrator: make another one first")]
    LastAdministrator,
    /// What is in force could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] plinth_store::Error),
}

/// Who changes rules, and when.
#[derive(Debug, Clone, Copy)]
pub struct Editor {
    /// The account.
    pub by: Option<RecordId>,
    /// The moment.
    pub at: Instant,
}

impl Policy {
    /// Adds a rule with this id.
    pub async fn add(&self, draft: Draft, id: RecordId, editor: Editor) -> Result<Rule, EditError> {
        let rule = draft.rule(id.to_string());
        self.amend(|state| {
            if state.rules().len() >= MAX_RULES {
                return Err(EditError::TooMany);
            }
            check(state, &rule, "")?;
            Ok((rule.clone(), policies::insert_policy(&stored(&rule), editor.by, editor.at).into()))
        })
        .await
    }

    /// Changes members of a rule.
    pub async fn edit(&self, id: &str, patch: Patch, editor: Editor) -> Result<Rule, EditError> {
        self.amend(|state| {
            let old = state.rules().iter().find(|rule| rule.id == id).ok_or(EditError::NotFound)?;
            let rule = patch.clone().onto(old);
            check(state, &rule, "")?;
            let steps = policies::update_policy(&stored(old), &stored(&rule), editor.by, editor.at).into();
            Ok((rule, steps))
        })
        .await
    }

    /// Removes a rule.
    pub async fn remove(&self, id: &str, editor: Editor) -> Result<(), EditError> {
        self.amend(|state| {
            // Asked here first, since not every text is one for the database.
            let rule = state.rules().iter().find(|rule| rule.id == id).ok_or(EditError::NotFound)?;
            Ok(((), policies::delete_policy(&stored(rule), editor.by, editor.at).into()))
        })
        .await
    }

    /// Puts these rules in the place of all. `make_id` names those that bring no id.
    pub async fn replace(
        &self,
        drafts: Vec<Draft>,
        make_id: impl Fn() -> RecordId,
        editor: Editor,
    ) -> Result<(), EditError> {
        if drafts.len() > MAX_RULES {
            return Err(EditError::TooMany);
        }
        let mut rules = Vec::with_capacity(drafts.len());
        let mut seen = BTreeSet::new();
        for (n, draft) in drafts.into_iter().enumerate() {
            let id = match &draft.id {
                Some(id) => known_id(id).map_err(|error| EditError::Invalid(format!("/items/{n}"), error))?,
                None => make_id().to_string(),
            };
            let rule = draft.rule(id);
            if !seen.insert(rule.id.clone()) {
                return Err(EditError::SameId(rule.id));
            }
            rules.push(rule);
        }
        self.amend(|state| {
            for (n, rule) in rules.iter().enumerate() {
                check(state, rule, &format!("/items/{n}"))?;
            }
            let rules: Vec<_> = rules.iter().map(stored).collect();
            Ok(((), policies::replace_policies(&rules, editor.by, editor.at)))
        })
        .await
    }

    /// Makes `user:ID` or `role:NAME` a member of `role:NAME`.
    pub async fn join(&self, member: &str, role: &str, editor: Editor) -> Result<(), EditError> {
        let subject = |subject: &str| check_subject(subject).map_err(|error| EditError::Invalid(String::new(), error));
        subject(member)?;
        subject(role)?;
        let mut steps = policies::hold_memberships(self.inner.store.dialect());
        steps.extend(policies::insert_membership(member, role, editor.by, editor.at));
        let cycle = steps.len();
        // Asked behind the insert, while nobody else changes memberships: of two at once, the second sees the first.
        steps.push(policies::without_cycle(member, role));
        steps.push(policies::within_depth(member, role, MAX_DEPTH));
        self.commit(steps, |step| match step {
            step if step == cycle => EditError::Cycle { member: member.to_owned(), role: role.to_owned() },
            _ => EditError::TooDeep,
        })
        .await
    }

    /// Ends a membership.
    pub async fn leave(&self, member: &str, role: &str, editor: Editor) -> Result<(), EditError> {
        for subject in [member, role] {
            check_subject(subject).map_err(|error| EditError::Invalid(String::new(), error))?;
        }
        let store = &self.inner.store;
        let mut steps = policies::hold_memberships(store.dialect());
        steps.extend(policies::delete_membership(member, role, editor.by, editor.at));
        if store.has_administrator().await? {
            steps.push(policies::keep_administrator());
        }
        self.commit(steps, |_| EditError::LastAdministrator).await
    }

    /// Changes memberships, or nothing where a step was not as expected; `refusal` says what that means.
    async fn commit(&self, steps: Vec<Step>, refusal: impl FnOnce(usize) -> EditError) -> Result<(), EditError> {
        let done = self.inner.store.apply(steps).await;
        self.reload().await?;
        done.map(drop).map_err(|error| EditError::of(error, refusal))
    }

    /// Changes rules as `change` says of what is in force; thought out anew where that has become another meanwhile.
    async fn amend<T>(&self, change: impl Fn(&State) -> Result<(T, Vec<Step>), EditError>) -> Result<T, EditError> {
        let mut starts = 1;
        loop {
            let state = self.state();
            let (changed, steps) = change(&state)?;
            match self.put_in_force(steps, &state, |_| EditError::NotFound).await {
                Err(EditError::Store(plinth_store::Error::SchemaChanged(_))) if starts < STARTS => starts += 1,
                done => return done.map(|()| changed),
            }
        }
    }

    /// Changes rules, and memberships with them, if what is in force is still this; or nothing. A write that was allowed
    /// by the rules before, on whatever node, is asked for again when it comes behind this.
    pub(super) async fn put_in_force(
        &self,
        steps: Vec<Step>,
        state: &State,
        refusal: impl FnOnce(usize) -> EditError,
    ) -> Result<(), EditError> {
        let steps = steps.into_iter().map(SchemaStep::System).collect();
        let done = self.inner.store.migrate(steps, state.catalog().version()).await;
        self.reload().await?;
        done.map(drop).map_err(|error| EditError::of(error, refusal))
    }
}

impl EditError {
    /// What it means that the database did not do it.
    fn of(error: plinth_store::Error, refusal: impl FnOnce(usize) -> Self) -> Self {
        match error {
            plinth_store::Error::Conflict { .. } => Self::Duplicate,
            plinth_store::Error::Expectation { step } => refusal(step),
            error => error.into(),
        }
    }
}

impl Draft {
    pub(super) fn rule(self, id: String) -> Rule {
        Rule {
            id,
            subject: self.subject,
            object: self.object,
            action: self.action,
            condition: self.condition.trim().to_owned(),
            fields: self.fields.text(),
            effect: self.effect,
        }
    }
}

impl Patch {
    fn onto(self, old: &Rule) -> Rule {
        Rule {
            id: old.id.clone(),
            subject: self.subject.unwrap_or_else(|| old.subject.clone()),
            object: self.object.unwrap_or_else(|| old.object.clone()),
            action: self.action.unwrap_or_else(|| old.action.clone()),
            condition: self.condition.map_or_else(|| old.condition.clone(), |condition| condition.trim().to_owned()),
            fields: self.fields.map_or_else(|| old.fields.clone(), FieldNames::text),
            effect: self.effect.unwrap_or(old.effect),
        }
    }
}

/// An id that a rule was given by a server.
fn known_id(id: &str) -> Result<String, RuleError> {
    let parsed = id.parse::<RecordId>().map(|id| id.to_string());
    parsed.map_err(|_| RuleError { member: "id", message: "send the id that was read, or none".to_owned() })
}

fn check(state: &State, rule: &Rule, at: &str) -> Result<(), EditError> {
    rule.check(state.catalog()).map_err(|error| EditError::Invalid(at.to_owned(), error))
}

pub(super) fn stored(rule: &Rule) -> StoredRule {
    StoredRule {
        id: rule.id.clone(),
        subject: rule.subject.clone(),
        object: rule.object.clone(),
        action: rule.action.clone(),
        condition: rule.condition.clone(),
        fields: rule.fields.clone(),
        effect: match rule.effect {
            Effect::Allow => "allow".to_owned(),
            Effect::Deny => "deny".to_owned(),
        },
    }
}
