//! What a file would change, and changing it: rules and memberships in one transaction, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use plinth_model::RecordId;
use plinth_store::Step;
use plinth_store::policies::{self, Membership};
use serde::{Deserialize, Serialize};

use super::{Content, FileError, LineError, MAX_RULES, RuleFile, between_roles, membership_line, read, rule_line};
use crate::policy::Policy;
use crate::policy::edit::{EditError, Editor, STARTS, stored};
use crate::policy::rules::{MAX_DEPTH, Rule, check_subject};
use crate::policy::state::State;

/// What a file changes, each as a line of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// What goes.
    pub removed: Vec<String>,
    /// What comes.
    pub added: Vec<String>,
    /// Whether the rules stand in another order; it means nothing to casbin.
    pub reordered: bool,
}

impl Changes {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A file beside what is in force.
struct Comparison {
    /// All rules of the file, those that are there already with their ids.
    rules: Vec<Rule>,
    /// Whether the rules are others, or stand in another order.
    rules_differ: bool,
    joins: Vec<Membership>,
    leaves: Vec<Membership>,
    changes: Changes,
}

impl Policy {
    /// What applying a file would change.
    pub async fn compare_file(&self, file: &RuleFile, make_id: impl Fn() -> RecordId) -> Result<Changes, FileError> {
        self.compared(&self.state(), file, &make_id).await.map(|comparison| comparison.changes)
    }

    /// Makes rules, and what roles inherit, as a file says, and the accounts that it names members; answers what changed.
    /// `make_id` names the rules that are new.
    pub async fn apply_file(
        &self,
        file: &RuleFile,
        make_id: impl Fn() -> RecordId,
        editor: Editor,
    ) -> Result<Changes, FileError> {
        let mut starts = 1;
        loop {
            let state = self.state();
            let comparison = self.compared(&state, file, &make_id).await?;
            if comparison.changes.is_empty() {
                return Ok(comparison.changes);
            }
            match self.carry_out(&state, &comparison, editor).await {
                Ok(()) => return Ok(comparison.changes),
                // Another node may have applied the same file meanwhile.
                Err(EditError::Store(plinth_store::Error::SchemaChanged(_))) if starts < STARTS => starts += 1,
                Err(error) => return Err(file.refused(error)),
            }
        }
    }

    async fn carry_out(&self, state: &State, comparison: &Comparison, editor: Editor) -> Result<(), EditError> {
        let store = &self.inner.store;
        let guarded = store.has_administrator().await?;
        let mut steps = policies::hold_memberships(store.dialect());
        steps.extend(comparison.steps(editor));
        let first = steps.len();
        steps.extend(comparison.requirements(guarded));
        self.put_in_force(steps, state, |step| comparison.refusal(step - first)).await
    }

    async fn compared(
        &self,
        state: &State,
        file: &RuleFile,
        make_id: &impl Fn() -> RecordId,
    ) -> Result<Comparison, FileError> {
        let wrong = |lines| FileError::Lines { name: file.name.clone(), lines };
        let content = read(&file.text).map_err(wrong)?;
        if content.rules.len() > MAX_RULES {
            return Err(file.refused(EditError::TooMany));
        }
        let mut faults = faults_of_memberships(&content.memberships);
        faults.extend(self.missing_accounts(&content.memberships, file).await?);
        let comparison = Comparison::new(state, content, make_id, &mut faults);
        if !faults.is_empty() {
            faults.sort_by_key(|fault| fault.line);
            return Err(wrong(faults));
        }
        let after = state.memberships().iter().filter(|there| !comparison.leaves.contains(there));
        if has_administrator(state.memberships()) && !has_administrator(after.chain(&comparison.joins)) {
            return Err(file.refused(EditError::LastAdministrator));
        }
        Ok(comparison)
    }

    /// The lines that name accounts which are not there.
    async fn missing_accounts(
        &self,
        memberships: &[(usize, Membership)],
        file: &RuleFile,
    ) -> Result<Vec<LineError>, FileError> {
        let mut missing = Vec::new();
        for (line, Membership { member, .. }) in memberships {
            let Some(id) = member.strip_prefix("user:").and_then(|id| id.parse::<RecordId>().ok()) else { continue };
            if self.inner.store.account(id).await.map_err(|error| file.refused(error.into()))?.is_none() {
                let message = format!("there is no account {member:?}: make it first, or leave the line out");
                missing.push(LineError::new(*line, message));
            }
        }
        Ok(missing)
    }
}

impl RuleFile {
    fn refused(&self, error: EditError) -> FileError {
        FileError::Edit { name: self.name.clone(), error }
    }
}

impl Comparison {
    /// Adds what is wrong with a rule to `faults`; rules that stand as they are need not be checked, since a field of theirs
    /// may be gone.
    fn new(state: &State, content: Content, make_id: &impl Fn() -> RecordId, faults: &mut Vec<LineError>) -> Self {
        let known: BTreeMap<String, &Rule> = state.rules().iter().map(|rule| (rule_line(rule), &**rule)).collect();
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        let (mut rules, mut added) = (Vec::new(), Vec::new());
        for (line, draft) in content.rules {
            let rule = draft.rule(String::new());
            let text = rule_line(&rule);
            if let Some(first) = lines.insert(text.clone(), line) {
                faults.push(LineError::new(line, format!("line {first} says the same: delete one of them")));
            } else if let Some(known) = known.get(&text) {
                rules.push((*known).clone());
            } else {
                let fault = rule.check(state.catalog()).err();
                faults.extend(fault.map(|fault| LineError::new(line, format!("{}: {fault}", fault.member))));
                rules.push(Rule { id: make_id().to_string(), ..rule });
                added.push(text);
            }
        }
        let gone = state.rules().iter().map(|rule| rule_line(rule)).filter(|text| !lines.contains_key(text));
        let mut removed: Vec<String> = gone.collect();
        let rules_differ = !rules.iter().eq(state.rules().iter().map(|rule| &**rule));
        let reordered = rules_differ && added.is_empty() && removed.is_empty();

        let named: BTreeSet<String> = content.memberships.iter().map(|(_, named)| membership_line(named)).collect();
        let there: BTreeSet<String> = state.memberships().iter().map(membership_line).collect();
        let ends = |there: &&Membership| between_roles(there) && !named.contains(&membership_line(there));
        let leaves: Vec<Membership> = state.memberships().iter().filter(ends).cloned().collect();
        let begins = |named: &Membership| !there.contains(&membership_line(named));
        let joins: Vec<Membership> = content.memberships.into_iter().map(|(_, named)| named).filter(begins).collect();
        removed.extend(leaves.iter().map(membership_line));
        added.extend(joins.iter().map(membership_line));
        Self { rules, rules_differ, joins, leaves, changes: Changes { removed, added, reordered } }
    }

    /// What must be true of all memberships behind the change: two requirements for each link between roles, and that an
    /// administrator is left.
    fn requirements(&self, guarded: bool) -> Vec<Step> {
        let links = self.joins.iter().filter(|join| between_roles(join));
        let of_link = |Membership { member, role }: &Membership| {
            [policies::without_cycle(member, role), policies::within_depth(member, role, MAX_DEPTH)]
        };
        links.flat_map(of_link).chain(guarded.then(policies::keep_administrator)).collect()
    }

    /// What it means that this requirement was not kept.
    fn refusal(&self, requirement: usize) -> EditError {
        let mut links = self.joins.iter().filter(|join| between_roles(join));
        match links.nth(requirement / 2) {
            Some(_) if requirement % 2 == 1 => EditError::TooDeep,
            Some(Membership { member, role }) => EditError::Cycle { member: member.clone(), role: role.clone() },
            None => EditError::LastAdministrator,
        }
    }

    fn steps(&self, Editor { by, at }: Editor) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.rules_differ {
            let rules: Vec<_> = self.rules.iter().map(stored).collect();
            steps.extend(policies::replace_policies(&rules, by, at));
        }
        let leave = |Membership { member, role }: &Membership| policies::delete_membership(member, role, by, at);
        steps.extend(self.leaves.iter().flat_map(leave));
        let join = |Membership { member, role }: &Membership| policies::insert_membership(member, role, by, at);
        steps.extend(self.joins.iter().flat_map(join));
        steps
    }
}

/// What is wrong with memberships: names that can't be, lines that say the same, and roles that inherit themselves.
fn faults_of_memberships(memberships: &[(usize, Membership)]) -> Vec<LineError> {
    let mut faults = Vec::new();
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    // Every account is also everybody, so the built-in link is there whatever the file says.
    let mut links: Vec<(&str, &str)> = vec![("role:user", "role:public")];
    for (line, membership) in memberships {
        let Membership { member, role } = membership;
        let mut refuse = |message: String| faults.push(LineError::new(*line, message));
        if let Err(fault) = check_subject(member) {
            refuse(format!("member: {fault}"));
        } else if let Err(fault) = check_subject(role) {
            refuse(format!("role: {fault}"));
        } else if !role.starts_with("role:") {
            refuse(format!("role: {role:?} is no role: write role:NAME"));
        } else if let Some(first) = lines.insert(membership_line(membership), *line) {
            refuse(format!("line {first} says the same: delete one of them"));
        } else if between_roles(membership) {
            if leads(&links, role, member) {
                refuse(format!("{member} would inherit itself through {role}: delete one line of the circle"));
            }
            links.push((member, role));
        }
    }
    faults
}

/// Whether any account is an administrator, itself or through other roles.
fn has_administrator<'a>(memberships: impl IntoIterator<Item = &'a Membership>) -> bool {
    let memberships: Vec<&Membership> = memberships.into_iter().collect();
    let (mut known, mut open) = (BTreeSet::from(["role:admin"]), vec!["role:admin"]);
    while let Some(role) = open.pop() {
        for membership in memberships.iter().filter(|membership| membership.role == role) {
            if membership.member.starts_with("user:") {
                return true;
            }
            if known.insert(&membership.member) {
                open.push(&membership.member);
            }
        }
    }
    false
}

/// Whether one role is, or inherits, another.
fn leads(links: &[(&str, &str)], from: &str, to: &str) -> bool {
    let (mut known, mut open) = (BTreeSet::from([from]), vec![from]);
    while let Some(role) = open.pop() {
        if role == to {
            return true;
        }
        open.extend(
            links.iter().filter(|(member, _)| *member == role).map(|(_, role)| *role).filter(|r| known.insert(r)),
        );
    }
    false
}
