//! Why something is allowed or not: every rule's verdict, the part of its condition that failed and the values it met.
//!
//! The decision itself is the one that requests get; only the telling is done here.

use std::collections::BTreeSet;
use std::sync::Arc;

use plinth_model::filter::{Bindings, Bound, Truth};
use plinth_model::sql::Writer;
use plinth_model::sql::predicate::{self, RowSource};
use plinth_model::sql::select::ColumnKind;
use plinth_model::{Collection, Instant, Record, Value};
use plinth_store::Store;
use serde::Serialize;
use serde_json::Value as Json;

use super::Policy;
use super::caller::Caller;
use super::decision::{Compiled, Condition, Decision};
use super::grant::bindings;
use super::rules::{Action, Effect, Rule};
use super::state::{LoadError, Standing, State};

/// Who is asked about.
#[derive(Debug, Clone)]
pub enum Subject {
    /// An account, or nobody signed in.
    Caller(Caller),
    /// Anybody with this role.
    Role(String),
}

/// What is asked.
#[derive(Debug)]
pub struct Inquiry<'a> {
    /// About whom.
    pub subject: Subject,
    /// The collection.
    pub collection: Arc<Collection>,
    /// The action.
    pub action: Action,
    /// The record as it is stored, if one is asked about.
    pub stored: Option<&'a Record>,
    /// The record as it would become, for a write.
    pub data: Option<&'a Record>,
    /// The fields that the write changes.
    pub changed: &'a [&'a str],
    /// The fields that it names, whether it changes them or not.
    pub named: &'a [&'a str],
    /// Those of them of which what is stored says what comes of the write: operators, members of an object.
    pub hanging: &'a [&'a str],
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Whether it would be done.
    pub allowed: bool,
    /// The status that the request would get.
    pub status: u16,
    /// One sentence.
    pub reason: String,
    /// The subject's roles.
    pub roles: Vec<String>,
    /// The snapshot that was asked.
    pub version: u64,
    /// The rules that apply, each with its verdict.
    pub rules: Vec<Verdict>,
    /// The fields that may be read or written.
    pub fields: Vec<String>,
    /// The rule that came nearest to allowing it.
    pub nearest: Option<String>,
    /// The changed fields that no rule lets through.
    pub refused_fields: Vec<String>,
}

/// One rule's part in the answer.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// The rule.
    pub rule: Arc<Rule>,
    /// The role or account through which it applies.
    pub via: String,
    /// `allows`, `denies`, `doesNotHold` or `error`.
    pub verdict: &'static str,
    /// Its condition; none if it has none.
    pub condition: Option<Told>,
    /// Its fields; none for all.
    pub fields: Option<Vec<String>>,
}

/// A condition with its parts.
#[derive(Debug, Serialize)]
pub struct Told {
    /// `true`, `false` or `error`.
    pub held: &'static str,
    /// Its top-level `&&` parts.
    pub parts: Vec<ToldPart>,
}

/// A part of a condition.
#[derive(Debug, Serialize)]
pub struct ToldPart {
    /// Its text.
    pub expression: String,
    /// `true`, `false` or `error`.
    pub held: &'static str,
    /// What it read.
    pub operands: Vec<ToldOperand>,
}

/// A name that a part read, and its value.
#[derive(Debug, Serialize)]
pub struct ToldOperand {
    /// The name.
    pub expression: String,
    /// Its value; left out where it has none, because reading it is an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
}

fn word(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Error => "error",
    }
}

impl Policy {
    /// Explains a decision.
    pub async fn explain(&self, inquiry: &Inquiry<'_>, now: Instant) -> Result<Explanation, LoadError> {
        let state = self.state();
        let (caller, standing) = match &inquiry.subject {
            Subject::Caller(caller) => (caller.clone(), (*state.standing(caller)).clone()),
            Subject::Role(role) => (Caller::anonymous(), state.standing_of_role(role)),
        };
        let bindings = bindings(&caller, &standing, now);
        let asker = Asker { store: &self.inner.store, state: &state, standing: &standing, bindings, inquiry };
        let seen = match inquiry.stored {
            Some(stored) if inquiry.action != Action::Read => Some(asker.seen(stored).await?),
            _ => None,
        };
        asker.answer(seen).await
    }
}

/// What the asker sees of a record that is stored: whether it is in sight, and which fields of it show.
struct Seen {
    row: bool,
    fields: Vec<String>,
}

struct Asker<'a> {
    store: &'a Store,
    state: &'a Arc<State>,
    standing: &'a Standing,
    bindings: Bindings,
    inquiry: &'a Inquiry<'a>,
}

impl Asker<'_> {
    async fn seen(&self, stored: &Record) -> Result<Seen, LoadError> {
        let decision = self.state.decision(self.standing, Action::Read, &self.inquiry.collection)?;
        let verdicts = self.verdicts(&decision.rules, Some(stored), None).await?;
        Ok(Seen { row: lets_through(&verdicts), fields: self.fields(&verdicts) })
    }

    async fn answer(&self, seen: Option<Seen>) -> Result<Explanation, LoadError> {
        let Inquiry { collection, action, stored, data, changed, named, hanging, .. } = self.inquiry;
        let decision = self.state.decision(self.standing, *action, collection)?;
        let row = if *action == Action::Create { *data } else { *stored };
        let verdicts = self.verdicts(&decision.rules, row, *data).await?;
        let rows_allow = lets_through(&verdicts);
        let fields = self.fields(&verdicts);
        let visible = seen.as_ref().is_none_or(|seen| seen.row);
        // Whoever names a field that they do not see writes it, changed or not.
        let unseen = |name: &&&str| seen.as_ref().is_some_and(|seen| seen.fields.iter().all(|field| field != **name));
        let written: BTreeSet<&str> = changed.iter().chain(named.iter().filter(unseen)).copied().collect();
        let refused: Vec<String> =
            written.iter().filter(|name| !fields.iter().any(|f| f == *name)).map(|name| (*name).to_owned()).collect();
        let blind = hanging
            .iter()
            .find(unseen)
            .map(|name| format!("{name} does not show here, so it is set whole or not at all"));
        let may_set = |name: &str| fields.iter().any(|field| field == name);
        let tied = if *action == Action::Update {
            collection.tied_to(|field| written.contains(&*field.name))
        } else {
            Vec::new()
        };
        let mut tied = tied.into_iter().filter(|field| !named.contains(&&*field.name));
        let tied = tied.find(|field| if field.write_only { !may_set(&field.name) } else { unseen(&&&*field.name) });
        let tied = tied.map(|field| {
            let name = &field.name;
            format!("{name} does not show here, and a rule of the schema ties it to what is written, so both are set or neither")
        });
        let blind = blind.or(tied);
        let allowed = visible && rows_allow && refused.is_empty() && blind.is_none();
        let (status, reason) = match (self.reason(visible, &decision, &verdicts, rows_allow, &refused), blind) {
            ((200, _), Some(why)) => (403, format!("{why}: what comes of this would tell what it holds.")),
            (told, _) => told,
        };
        Ok(Explanation {
            allowed,
            status,
            reason,
            roles: self.standing.roles.iter().map(|role| format!("role:{role}")).collect(),
            version: self.state.version(),
            nearest: if allowed { None } else { nearest(&verdicts) },
            rules: verdicts,
            fields,
            refused_fields: refused,
        })
    }

    fn reason(
        &self,
        visible: bool,
        decision: &Decision,
        verdicts: &[Verdict],
        rows_allow: bool,
        refused: &[String],
    ) -> (u16, String) {
        let allows = verdicts.iter().filter(|verdict| verdict.rule.effect == Effect::Allow).count();
        let denied = verdicts.iter().find(|verdict| {
            verdict.rule.effect == Effect::Deny && verdict.verdict == "denies" && verdict.fields.is_none()
        });
        let refusal = if self.inquiry.action == Action::Read { 404 } else { 403 };
        if !decision.could_allow() {
            // As `Policy::authorize` answers, before any record is looked at.
            let any = [Action::Read, Action::Create, Action::Update, Action::Delete].into_iter().any(|action| {
                self.state
                    .decision(self.standing, action, &self.inquiry.collection)
                    .is_ok_and(|decision| decision.could_allow())
            });
            return (if any { 403 } else { 404 }, "No rule allows this action.".to_owned());
        }
        if !visible {
            return (404, "The record is out of sight: no rule lets it be read.".to_owned());
        }
        if let Some(denied) = denied {
            return (refusal, format!("A rule of {} denies it.", denied.via));
        }
        if !rows_allow {
            let (noun, verb) = if allows == 1 {
                ("rule", "applies, and it does not hold")
            } else {
                ("rules", "apply, and none holds")
            };
            return (refusal, format!("{allows} {noun} {verb} for this record."));
        }
        if !refused.is_empty() {
            return (refusal, format!("No rule that holds lets {} be written.", refused.join(", ")));
        }
        (200, "Allowed.".to_owned())
    }

    /// The fields that the rules that hold let through.
    fn fields(&self, verdicts: &[Verdict]) -> Vec<String> {
        let lists = |verdict: &Verdict, name: &str| {
            verdict.fields.as_ref().is_none_or(|fields| fields.iter().any(|field| field == name))
        };
        let allowed = |name: &str| verdicts.iter().any(|verdict| verdict.verdict == "allows" && lists(verdict, name));
        let denied = |name: &str| {
            verdicts
                .iter()
                .any(|verdict| verdict.verdict == "denies" && verdict.fields.is_some() && lists(verdict, name))
        };
        let names = self.inquiry.collection.fields.iter().map(|field| field.name.as_str());
        names.filter(|name| allowed(name) && !denied(name)).map(str::to_owned).collect()
    }

    async fn verdicts(
        &self,
        rules: &[Compiled],
        row: Option<&Record>,
        data: Option<&Record>,
    ) -> Result<Vec<Verdict>, LoadError> {
        let mut verdicts = Vec::with_capacity(rules.len());
        for compiled in rules {
            verdicts.push(self.verdict(compiled, row, data).await?);
        }
        Ok(verdicts)
    }

    async fn verdict(
        &self,
        compiled: &Compiled,
        row: Option<&Record>,
        data: Option<&Record>,
    ) -> Result<Verdict, LoadError> {
        let deny = compiled.rule.effect == Effect::Deny;
        let (truth, condition) = match &compiled.condition {
            Condition::Always => (Truth::True, None),
            Condition::Broken(reason) => {
                let part = ToldPart { expression: reason.clone(), held: "error", operands: Vec::new() };
                (Truth::Error, Some(Told { held: "error", parts: vec![part] }))
            }
            Condition::When(expr) => match row {
                Some(row) => {
                    let bound = expr.bind(&self.bindings);
                    let (truth, parts) = self.tell(&bound, row, data).await?;
                    (truth, Some(Told { held: word(truth), parts }))
                }
                None => {
                    let part = ToldPart { expression: expr.source().to_owned(), held: "true", operands: Vec::new() };
                    (Truth::True, Some(Told { held: "true", parts: vec![part] }))
                }
            },
        };
        let verdict = match (deny, truth) {
            (false, Truth::True) => "allows",
            (true, Truth::True | Truth::Error) => "denies",
            (false, Truth::Error) => "error",
            (_, Truth::False) => "doesNotHold",
        };
        let fields = compiled.rule.field_list().map(|fields| fields.into_iter().map(str::to_owned).collect());
        Ok(Verdict { via: compiled.rule.subject.clone(), rule: compiled.rule.clone(), verdict, condition, fields })
    }

    async fn tell(
        &self,
        bound: &Bound,
        row: &Record,
        data: Option<&Record>,
    ) -> Result<(Truth, Vec<ToldPart>), LoadError> {
        let mut parts = Vec::new();
        for part in bound.explain(row, &self.inquiry.collection, data) {
            let truth = self.truth(&part.bound, part.truth, row, data).await?;
            let mut operands = Vec::with_capacity(part.operands.len());
            for operand in part.operands {
                let value = match operand.behind {
                    Some(behind) => self.behind(&behind, row, data).await?,
                    None => operand.value,
                };
                let value = value.map(|value| value.to_json());
                operands.push(ToldOperand { expression: operand.expression, value });
            }
            parts.push(ToldPart { expression: part.expression, held: word(truth), operands });
        }
        let own = bound.eval(row, &self.inquiry.collection, data);
        Ok((self.truth(bound, own, row, data).await?, parts))
    }

    /// The value of what stands behind a relation; none where the relation leads nowhere or the field there is unset.
    async fn behind(&self, bound: &Bound, row: &Record, data: Option<&Record>) -> Result<Option<Value>, LoadError> {
        let collection: &Collection = &self.inquiry.collection;
        let mut w = Writer::new(self.store.dialect());
        w.sql("select ");
        let data = data.map(|data| (collection, data));
        let kind = predicate::render_value(&mut w, bound, RowSource::Record { collection, record: row }, data);
        let rows = self.store.fetch(w.finish(), &[kind]).await?;
        let value = rows.into_iter().next().and_then(|row| row.0.into_iter().next());
        Ok(value.filter(|value| *value != Value::Null))
    }

    /// The truth of an expression, from the database where memory can't tell.
    async fn truth(
        &self,
        bound: &Bound,
        in_memory: Truth,
        row: &Record,
        data: Option<&Record>,
    ) -> Result<Truth, LoadError> {
        if in_memory != Truth::Error || !bound.needs_database() {
            return Ok(in_memory);
        }
        let collection: &Collection = &self.inquiry.collection;
        let mut w = Writer::new(self.store.dialect());
        w.sql("select ");
        let data = data.map(|data| (collection, data));
        predicate::render_exact(&mut w, bound, RowSource::Record { collection, record: row }, data);
        let rows = self.store.fetch(w.finish(), &[ColumnKind::Boolean]).await?;
        Ok(match rows.first().and_then(|row| row.0.first()) {
            Some(Value::Bool(true)) => Truth::True,
            Some(Value::Bool(false)) => Truth::False,
            _ => Truth::Error,
        })
    }
}

fn lets_through(verdicts: &[Verdict]) -> bool {
    let allowed = verdicts.iter().any(|verdict| verdict.verdict == "allows");
    let denied = verdicts.iter().any(|verdict| verdict.verdict == "denies" && verdict.fields.is_none());
    allowed && !denied
}

/// The allow rule with the fewest parts that fail.
fn nearest(verdicts: &[Verdict]) -> Option<String> {
    let failing = |verdict: &Verdict| {
        verdict.condition.as_ref().map_or(0, |told| told.parts.iter().filter(|part| part.held != "true").count())
    };
    let allows = verdicts.iter().filter(|verdict| verdict.rule.effect == Effect::Allow);
    allows.min_by_key(|verdict| failing(verdict)).map(|verdict| verdict.rule.id.clone())
}
