//! Rules and memberships as a file, in casbin's form:
//!
//! ```text
//! p, subject, object, action, condition, fields, effect
//! g, member, role
//! ```
//!
//! The file is the whole of the rules and of what roles inherit. Who has which role is not: accounts are data, with
//! other ids in each database, so a file names memberships of accounts only to make them, and never ends one.

mod apply;
mod csv;

use std::fmt;

use plinth_store::policies::Membership;
use serde::{Deserialize, Serialize};

use super::Policy;
use super::edit::{Draft, EditError, FieldNames};
use super::rules::{Effect, MAX_RULES, Rule};
use csv::{Row, cell, quoted};

pub use apply::Changes;

/// What stands above the rules in a file that is written.
const HEAD: &str =
    "# Who may do what. `plinth policy apply` puts this in the place of all rules and of what roles inherit.
# p, subject, object, action, condition, fields, effect
";

/// What stands above the memberships.
const HEAD_OF_ROLES: &str = "\n# g, role, role that it inherits from\n";

/// Faults shown of a file; the others come to light when these are mended.
const SHOWN: usize = 20;

/// A file, as it was read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RuleFile {
    /// Its name, for what is said about it.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// What is wrong with a line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What was found and what to write.
    pub message: String,
}

impl LineError {
    fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// Why a file was not compared or applied. Nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Some lines are wrong.
    #[error("{}", Faults { name, lines })]
    Lines {
        /// The file.
        name: String,
        /// What is wrong, in the order of the lines.
        lines: Vec<LineError>,
    },
    /// The rules as a whole are refused, or could not be stored.
    #[error("{name}: {error}")]
    Edit {
        /// The file.
        name: String,
        /// Why.
        error: EditError,
    },
}

/// Faults, each on a line of its own.
struct Faults<'a> {
    name: &'a str,
    lines: &'a [LineError],
}

impl fmt::Display for Faults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, LineError { line, message }) in self.lines.iter().take(SHOWN).enumerate() {
            let before = if n == 0 { "" } else { "\n" };
            write!(f, "{before}{}:{line}: {message}", self.name)?;
        }
        match self.lines.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

/// What a file says, each with the number of its line. Whether a rule can be is not looked at yet.
#[derive(Debug, Default, PartialEq)]
struct Content {
    rules: Vec<(usize, Draft)>,
    memberships: Vec<(usize, Membership)>,
}

/// Reads a file; every fault if there is one.
fn read(text: &str) -> Result<Content, Vec<LineError>> {
    let mut content = Content::default();
    let mut faults = Vec::new();
    for row in csv::rows(text)? {
        let line = row.line;
        let read = match row.cells.first().map(String::as_str) {
            Some("p") => read_rule(row).map(|rule| content.rules.push((line, rule))),
            Some("g") => read_membership(row).map(|membership| content.memberships.push((line, membership))),
            other => {
                let found = other.unwrap_or_default();
                Err(LineError::new(line, format!("{found:?} begins no line: write p for a rule, g for a membership")))
            }
        };
        faults.extend(read.err());
    }
    if faults.is_empty() { Ok(content) } else { Err(faults) }
}

fn read_rule(Row { line, cells }: Row) -> Result<Draft, LineError> {
    let found = cells.len();
    let Ok([_, subject, object, action, condition, fields, effect]) = <[String; 7]>::try_from(cells) else {
        let message = format!(
            "a rule is p, subject, object, action, condition, fields, effect: 7 parts, not {found}; put a part with a \
             comma in it into quotes, and write \"\" for no condition or all fields"
        );
        return Err(LineError::new(line, message));
    };
    if condition.contains('\0') {
        return Err(LineError::new(line, "condition: there is a NUL character in it, which can't be stored"));
    }
    let effect = match effect.as_str() {
        "allow" => Effect::Allow,
        "deny" => Effect::Deny,
        other => return Err(LineError::new(line, format!("effect: {other:?} is none: write allow or deny"))),
    };
    Ok(Draft { subject, object, action, condition, fields: FieldNames::Text(fields), effect, id: None })
}

fn read_membership(Row { line, cells }: Row) -> Result<Membership, LineError> {
    let found = cells.len();
    match <[String; 3]>::try_from(cells) {
        Ok([_, member, role]) => Ok(Membership { member, role }),
        Err(_) => Err(LineError::new(line, format!("a membership is g, member, role: 3 parts, not {found}"))),
    }
}

fn rule_line(rule: &Rule) -> String {
    let Rule { subject, object, action, condition, fields, effect, .. } = rule;
    let effect = match effect {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    };
    let [subject, object, action] = [subject, object, action].map(|text| cell(text));
    format!("p, {subject}, {object}, {action}, {}, {}, {effect}", quoted(condition), quoted(fields))
}

fn membership_line(Membership { member, role }: &Membership) -> String {
    format!("g, {}, {}", cell(member), cell(role))
}

/// Whether it is what a role inherits, not what an account has.
fn between_roles(membership: &Membership) -> bool {
    membership.member.starts_with("role:")
}

/// The text of a file: rules in their order, and what roles inherit in the order of the names.
fn written<'a>(rules: impl Iterator<Item = &'a Rule>, memberships: impl Iterator<Item = &'a Membership>) -> String {
    let mut text = HEAD.to_owned();
    for rule in rules {
        text.push_str(&rule_line(rule));
        text.push('\n');
    }
    for (n, membership) in memberships.filter(|membership| between_roles(membership)).enumerate() {
        text.push_str(if n == 0 { HEAD_OF_ROLES } else { "" });
        text.push_str(&membership_line(membership));
        text.push('\n');
    }
    text
}

impl Policy {
    /// The rules, and what roles inherit, as the text of a file.
    pub fn file_text(&self) -> String {
        let state = self.state();
        written(state.rules().iter().map(|rule| &**rule), state.memberships().iter())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn rule() -> impl Strategy<Value = Rule> {
        let condition = prop_oneof![
            "[ -~]{0,20}",
            proptest::collection::vec(select(vec!["\"", "\"\"", ",", "\n", "\r\n", "#", " ", "a", "é", "\\"]), 0..12)
                .prop_map(|parts| parts.concat()),
        ];
        let fields = select(vec!["", "a", "a,b", "title,slug,tags"]);
        let effect = select(vec![Effect::Allow, Effect::Deny]);
        let words = (select(vec!["role:user", "user:1", "odd, \"name\""]), select(vec!["posts", "blog_*", "sys:*"]));
        (words, select(vec!["read", "*"]), condition, fields, effect).prop_map(
            |((subject, object), action, condition, fields, effect)| Rule {
                id: String::new(),
                subject: subject.to_owned(),
                object: object.to_owned(),
                action: action.to_owned(),
                condition: condition.trim().to_owned(),
                fields: fields.to_owned(),
                effect,
            },
        )
    }

    fn membership() -> impl Strategy<Value = Membership> {
        let role = || select(vec!["role:editor", "role:chief", "role:a-b_c"]);
        (role(), role()).prop_map(|(member, role)| Membership { member: member.to_owned(), role: role.to_owned() })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_it_was(
            rules in proptest::collection::vec(rule(), 0..6),
            memberships in proptest::collection::vec(membership(), 0..3),
        ) {
            let text = written(rules.iter(), memberships.iter());

            let Content { rules: drafts, memberships: read_memberships } = read(&text).unwrap();

            let read_rules: Vec<Rule> = drafts.into_iter().map(|(_, draft)| draft.rule(String::new())).collect();
            let read_memberships: Vec<Membership> = read_memberships.into_iter().map(|(_, read)| read).collect();
            prop_assert_eq!(written(read_rules.iter(), read_memberships.iter()), text);
            prop_assert_eq!((read_rules, read_memberships), (rules, memberships));
        }

        #[test]
        fn no_text_makes_the_reader_fail_or_lose_its_place(text in "([pg#]|role:a|[, \"\n\r]|\\PC){0,60}") {
            let lines = text.matches('\n').count() + 1;
            match read(&text) {
                Ok(content) => prop_assert!(content.rules.iter().all(|(line, _)| (1..=lines).contains(line))),
                Err(faults) => prop_assert!(!faults.is_empty() && faults.iter().all(|f| (1..=lines).contains(&f.line))),
            }
        }
    }

    #[test]
    fn a_line_that_is_neither_rule_nor_membership_is_told_what_to_be() {
        let text = "p, role:a, posts, read, name == \"a,b\", \"\", allow\np, role:a, posts, read, \"\", \"\", alow\n\
                    q, x\ng, role:a\np, role:a, posts, read\n";
        let faults = read(text).unwrap_err();
        let said: Vec<(usize, &str)> = faults.iter().map(|fault| (fault.line, fault.message.as_str())).collect();
        let wanted = [
            (1, "7 parts, not 8; put a part with a comma in it into quotes"),
            (2, "effect: \"alow\" is none: write allow or deny"),
            (3, "\"q\" begins no line"),
            (4, "g, member, role: 3 parts, not 2"),
            (5, "7 parts, not 4"),
        ];
        assert_eq!(said.len(), wanted.len());
        for ((line, message), (wanted_line, part)) in said.into_iter().zip(wanted) {
            assert!(line == wanted_line && message.contains(part), "{line}: {message}");
        }
    }
}
