//! The gate that a write passes: the policy on both sides of it, decided inside the transaction.
//!
//! Everything here is pure. A condition that follows a relation becomes a check that the database answers in the same
//! transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use plinth_model::filter::{Bindings, Bound, Expr, Truth};
use plinth_model::schema::check::Hand;
use plinth_model::schema::{Field, FieldKind};
use plinth_model::sight::{BoundRows, BoundSight};
use plinth_model::sql::predicate::{self, RowSource};
use plinth_model::sql::{Dialect, Writer};
use plinth_model::{Collection, FieldSight, Instant, Record, RecordId, Value, Violation};
use plinth_store::{Check, Write};
use serde_json::{Map, Value as Json};

use super::Error;
use super::body::{all_good, new_record, take_unknown, without_own_id};
use crate::policy::Grant;
use crate::policy::decision::Requirement;

/// What a decision leaves to be done.
#[derive(Default)]
pub(super) struct Flags {
    /// What the database must say yes to before the write.
    pub(super) checks: Vec<Check>,
    /// Whether the first of them asks if the record is in sight.
    pub(super) sight_asked: bool,
    /// How many of the first ask what the writer sees. No refusal is told before those hold.
    pub(super) asked: usize,
    /// Whether there was no record before.
    pub(super) created: bool,
}

/// The policy on both sides of one write, bound to its caller and moment.
pub(super) struct Gate {
    pub(super) grant: Grant,
    bindings: Bindings,
    sight: BoundSight,
    dialect: Dialect,
}

impl Gate {
    pub(super) fn new(grant: &Grant, dialect: Dialect, now: Instant) -> Self {
        let bindings = grant.bindings(now);
        Self { sight: grant.sight().bind(&bindings), bindings, grant: grant.clone(), dialect }
    }

    pub(super) fn collection(&self) -> &Arc<Collection> {
        self.grant.collection()
    }

    /// A record out of sight is not there.
    pub(super) fn in_sight(&self, stored: &Record, flags: &mut Flags) -> Result<(), Error> {
        match (self.sight.admits(self.collection(), stored), &self.sight.rows) {
            (Some(true), _) => Ok(()),
            (None, BoundRows::Where(condition)) => {
                flags.sight_asked = true;
                self.ask(condition, stored, flags);
                Ok(())
            }
            _ => Err(Error::NotFound),
        }
    }

    /// Leaves it to the database whether this is true of the stored record, before anything else.
    fn ask(&self, condition: &Bound, stored: &Record, flags: &mut Flags) {
        let mut w = Writer::new(self.dialect);
        w.sql("select ");
        let row = RowSource::Record { collection: self.collection(), record: stored };
        predicate::render_exact(&mut w, condition, row, None);
        flags.checks.push(Check { statement: w.finish() });
        flags.asked = flags.checks.len();
    }

    /// A new record of this body under an id that is in the address.
    pub(super) fn create_in_place(
        &self,
        body: Map<String, Json>,
        id: RecordId,
        now: Instant,
        flags: &mut Flags,
    ) -> Result<Record, Error> {
        let mut body = without_own_id(body, id)?;
        let unknown = take_unknown(&self.grant, &mut body);
        let (record, changed) = new_record(&self.grant, id, body, &unknown, now)?;
        let requirement = self.grant.requirement(changed.iter().map(String::as_str));
        self.admit(&requirement, &record, Some(&record), flags)?;
        Ok(record)
    }

    /// The record written anew. What its writer does not see and does not set stays as it is: what was read can be
    /// written back.
    pub(super) fn replace(
        &self,
        stored: &Record,
        mut body: Map<String, Json>,
        now: Instant,
        flags: &mut Flags,
    ) -> Result<Write, Error> {
        let unknown = take_unknown(&self.grant, &mut body);
        let collection = self.collection();
        let unset = |name: &str| body.get(name).is_none_or(Json::is_null);
        // Where only the database can tell whether a field shows, it stays too: a patch unsets it.
        let unseen = |name: &str| !self.shows(name, stored);
        let own = collection.fields.iter().zip(&stored.values).filter(|(field, _)| !field.write_only);
        let kept: Vec<_> = own.filter(|(field, _)| unset(&field.name) && unseen(&field.name)).collect();
        let is_kept = |name: &String| kept.iter().any(|(field, _)| field.name == *name);
        let named: Vec<String> = body.keys().filter(|name| !is_kept(name)).cloned().collect();
        self.refuse_blind(stored, &named, |field| field.read_only, flags)?;
        let written = |field: &Field| {
            let sent = match body.get(&field.name) {
                _ if is_kept(&field.name) => return false,
                None if field.read_only || field.write_only => return false,
                None => field.default.as_ref().unwrap_or(&Json::Null),
                Some(sent) => sent,
            };
            !(self.shows(&field.name, stored) && collection.repeats(&field.name, sent, stored))
        };
        self.refuse_tied(stored, &named, written, flags)?;
        body.extend(kept.into_iter().map(|(field, value)| (field.name.clone(), value.to_json())));
        let values = self.checked(stored, &named, &unknown, collection.replace(Hand::Client, stored, body))?;
        self.update(stored, values, &named, now, flags)
    }

    /// The record with a merge patch in it.
    pub(super) fn patch(
        &self,
        stored: &Record,
        mut patch: Map<String, Json>,
        now: Instant,
        flags: &mut Flags,
    ) -> Result<Write, Error> {
        let unknown = take_unknown(&self.grant, &mut patch);
        let named: Vec<String> = patch.keys().cloned().collect();
        self.refuse_blind(stored, &named, |field| hangs_on_stored(field, &patch), flags)?;
        let leaves = |name: &str, sent| self.shows(name, stored) && self.collection().leaves(name, sent, stored);
        let written = |field: &Field| patch.get(&field.name).is_some_and(|sent| !leaves(&field.name, sent));
        self.refuse_tied(stored, &named, written, flags)?;
        let values = self.checked(stored, &named, &unknown, self.collection().patch(Hand::Client, stored, patch))?;
        self.update(stored, values, &named, now, flags)
    }

    /// Whether the writer sees this field of the record for certain.
    fn shows(&self, name: &str, stored: &Record) -> bool {
        self.sight.shows(name, self.collection(), stored) == Some(true)
    }

    /// Refuses to write what the writer does not see where what comes of it hangs on what is there, and so would tell
    /// it: an operator, members to merge, a field of the server's that may only be repeated.
    fn refuse_blind(
        &self,
        stored: &Record,
        named: &[String],
        hangs: impl Fn(&Field) -> bool,
        flags: &mut Flags,
    ) -> Result<(), Error> {
        let fields = named.iter().filter_map(|name| self.collection().own_field(name));
        for (_, field) in fields.filter(|(_, field)| hangs(field)) {
            if !self.must_show(field, stored, flags) {
                return Err(Error::Blind(field.name.clone()));
            }
        }
        Ok(())
    }

    /// Refuses to write what a rule of the schema ties to fields that stay as they are and that the writer does not see:
    /// whether the rule holds would tell what they hold. What shows to nobody (`writeOnly`) is told to who may set it.
    fn refuse_tied(
        &self,
        stored: &Record,
        named: &[String],
        written: impl Fn(&Field) -> bool,
        flags: &mut Flags,
    ) -> Result<(), Error> {
        for field in self.collection().tied_to(written).into_iter().filter(|field| !named.contains(&field.name)) {
            let known = match field.write_only {
                true => self.grant.may_set(&field.name),
                false => self.must_show(field, stored, flags),
            };
            if !known {
                return Err(Error::PolicyDenied);
            }
        }
        Ok(())
    }

    /// Whether the writer sees a field of the record, or the database is to say so before the write.
    fn must_show(&self, field: &Field, stored: &Record, flags: &mut Flags) -> bool {
        match (self.sight.shows(&field.name, self.collection(), stored), self.sight.fields.get(&field.name)) {
            (Some(true), _) => true,
            (None, Some(Some(condition))) => {
                self.ask(condition, stored, flags);
                true
            }
            _ => false,
        }
    }

    /// The values that a check found good, or what is wrong: not with what is stored unseen and was not named.
    fn checked(
        &self,
        stored: &Record,
        named: &[String],
        unknown: &[Violation],
        checked: Result<Vec<Value>, Vec<Violation>>,
    ) -> Result<Vec<Value>, Error> {
        let known = |name: &str| named.iter().any(|named| named == name) || self.shows(name, stored);
        all_good(&self.grant, unknown, checked, known)
    }

    /// The record with these values, if the policy lets them take the place of the stored ones. Whoever names a field
    /// that they do not see writes it, whether it differs or not: else the answer, or the next revision, would tell
    /// what it holds.
    pub(super) fn update(
        &self,
        stored: &Record,
        values: Vec<Value>,
        named: &[String],
        now: Instant,
        flags: &mut Flags,
    ) -> Result<Write, Error> {
        let fields = self.collection().fields.iter();
        let differing = fields.zip(stored.values.iter().zip(&values)).filter(|(_, (old, new))| old != new);
        let mut touched: BTreeSet<&str> = differing.map(|(field, _)| field.name.as_str()).collect();
        let same = touched.is_empty();
        let new = Record { updated_at: now, values: values.clone(), ..stored.clone() };
        for name in named.iter().filter(|name| self.collection().own_field(name).is_some()) {
            match (self.sight.shows(name, self.collection(), stored), self.grant.sight().fields.get(name)) {
                (Some(true), _) => {}
                (None, Some(FieldSight::When(shows))) if !touched.contains(name.as_str()) => {
                    let unless = self.grant.requirement([name.as_str()]).unless(shows);
                    self.admit(&unless, stored, Some(&new), flags)?;
                }
                _ => {
                    touched.insert(name);
                }
            }
        }
        self.admit(&self.grant.requirement(touched.iter().copied()), stored, Some(&new), flags)?;
        let mut own = named.iter().filter(|name| self.collection().own_field(name).is_some());
        let blind = own.any(|name| !self.shows(name, stored));
        Ok(if same && !blind { Write::Nothing } else { Write::Put(new) })
    }

    pub(super) fn admit(
        &self,
        requirement: &Requirement,
        row: &Record,
        data: Option<&Record>,
        flags: &mut Flags,
    ) -> Result<(), Error> {
        match requirement {
            Requirement::Nothing => Ok(()),
            Requirement::Impossible => Err(Error::PolicyDenied),
            Requirement::Holds(expr) => self.admit_if(expr, row, data, flags),
        }
    }

    fn admit_if(&self, expr: &Expr, row: &Record, data: Option<&Record>, flags: &mut Flags) -> Result<(), Error> {
        let (bound, collection) = (expr.bind(&self.bindings), self.collection());
        match bound.eval(row, collection, data) {
            Truth::True => Ok(()),
            Truth::Error if bound.needs_database() => {
                let mut w = Writer::new(self.dialect);
                w.sql("select ");
                let data = data.map(|data| (&**collection, data));
                predicate::render_exact(&mut w, &bound, RowSource::Record { collection, record: row }, data);
                flags.checks.push(Check { statement: w.finish() });
                Ok(())
            }
            Truth::False | Truth::Error => Err(Error::PolicyDenied),
        }
    }
}

/// Whether what a patch makes of a field hangs on what is stored: operators, members of an object, and what only the
/// server sets, which may be repeated.
pub(super) fn hangs_on_stored(field: &Field, patch: &Map<String, Json>) -> bool {
    let Some(Json::Object(members)) = patch.get(&field.name) else { return field.read_only };
    let operates = || members.keys().any(|name| ["$inc", "$add", "$remove"].contains(&name.as_str()));
    field.read_only || field.kind == FieldKind::Json || operates()
}
