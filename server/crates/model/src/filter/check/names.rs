//! What a name means: a field, a member of `auth`, `data` or `params`, a variable, the records that point here.
//!
//! A name that the asker may not see is answered exactly as one that does not exist: both end in
//! [`Checker::unknown`], which knows the visible names only.

use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr, LiteralValue};

use super::super::MAX_HOPS;
use super::super::account::on_account;
use super::super::error::{FilterError, FilterErrorCode};
use super::super::kind::Kind;
use super::super::tree::{FieldRef, Guard, Hop, Node, Op, Place, Row, Rows, Slot, Step, Wanted};
use super::{Checker, ident};
use crate::nearest::hint;
use crate::schema::collection::USERS;
use crate::schema::{Collection, Field, FieldKind};
use crate::sight::{FieldSight, RowSight, Sight};

/// What a name or a path was found to be, and how many relations lie on the way there.
pub(super) struct Found<'c> {
    pub(super) meaning: Meaning<'c>,
    pub(super) hops: usize,
}

/// What a name can mean.
pub(super) enum Meaning<'c> {
    /// A value.
    Value(Node),
    /// A record, of which a field can be named.
    Record(Record<'c>),
    /// The records that point at one, and what can be seen of each.
    Rows(Rows, View<'c>),
    /// `auth`.
    Auth,
    /// `params`.
    Params,
}

/// A record that fields are read from.
#[derive(Clone)]
pub(super) struct Record<'c> {
    row: Row,
    view: View<'c>,
}

/// A collection as far as the asker sees it.
#[derive(Clone)]
pub(super) struct View<'c> {
    collection: &'c Collection,
    sight: Eyes,
}

/// How much is seen.
#[derive(Clone)]
enum Eyes {
    Everything,
    Sight(Arc<Sight>),
    Nothing,
}

/// The variable of an `exists` or `all`.
pub(super) struct Variable<'c> {
    pub(super) name: Arc<str>,
    pub(super) meaning: VariableMeaning<'c>,
    pub(super) hops: usize,
    pub(super) slot: Slot,
    /// How many items of given lists it and those around it run through.
    pub(super) given: usize,
}

/// What a variable stands for.
pub(super) enum VariableMeaning<'c> {
    /// An item of this kind.
    Item(Kind),
    /// A record.
    Record(View<'c>),
}

impl<'c> Checker<'c> {
    /// Finds what a name, a path or an indexed path means.
    pub(super) fn find(&mut self, expr: &'c IdedExpr, wanted: Option<&Wanted>) -> Result<Found<'c>, FilterError> {
        match &expr.expr {
            Expr::Ident(name) => self.find_name(expr, name),
            Expr::Select(select) => {
                let base = self.find(&select.operand, None)?;
                self.member(expr, base, &select.field, wanted)
            }
            Expr::Call(call) if call.func_name == "_[_]" => {
                let [base, index] = call.args.as_slice() else {
                    return Err(self.syntax.invalid(expr, "this is no index"));
                };
                let found = self.find(base, None)?;
                let node = self.as_value(base, found)?;
                let node = self.index(expr, node, index)?;
                Ok(Found { meaning: Meaning::Value(node), hops: 0 })
            }
            _ => Ok(Found { meaning: Meaning::Value(self.value(expr, None)?), hops: 0 }),
        }
    }

    fn find_name(&mut self, expr: &'c IdedExpr, name: &str) -> Result<Found<'c>, FilterError> {
        if let Some(variable) = self.variables.iter().rev().find(|variable| *variable.name == *name) {
            let meaning = match &variable.meaning {
                VariableMeaning::Item(kind) => Meaning::Value(item(variable.slot, kind.clone())),
                VariableMeaning::Record(view) => {
                    Meaning::Record(Record { row: Row::Var(variable.slot), view: view.clone() })
                }
            };
            return Ok(Found { meaning, hops: variable.hops });
        }
        let meaning = match name {
            "auth" => Meaning::Auth,
            "params" if self.context.params.is_some() => Meaning::Params,
            "data" if self.context.data => Meaning::Record(self.own_record(Row::Data)),
            "now" => {
                self.uses_now = true;
                Meaning::Value(Node::new(Op::Now, Kind::Instant))
            }
            _ => {
                let own = self.own_record(Row::Own);
                return self.member_of_record(expr, &own, 0, name);
            }
        };
        Ok(Found { meaning, hops: 0 })
    }

    fn own_record(&self, row: Row) -> Record<'c> {
        Record { row, view: self.view(self.context.collection) }
    }

    /// `base.name`.
    fn member(
        &mut self,
        expr: &'c IdedExpr,
        base: Found<'c>,
        name: &str,
        wanted: Option<&Wanted>,
    ) -> Result<Found<'c>, FilterError> {
        let hops = base.hops;
        let node = match base.meaning {
            Meaning::Auth => return self.auth(expr, name),
            Meaning::Params => return self.param(expr, name, wanted),
            Meaning::Record(record) => return self.member_of_record(expr, &record, hops, name),
            Meaning::Rows(..) => {
                let message = "these are many records: ask with .exists(x, …) or .all(x, …)";
                return Err(self.syntax.invalid(expr, message));
            }
            Meaning::Value(node) => node,
        };
        match node.kind.clone() {
            Kind::Id(collection) => self.follow(expr, node, &collection, hops, name),
            Kind::Json => {
                let step = Step::Key(name.into());
                let node = self.pick(node, &step, Kind::Json);
                Ok(Found { meaning: Meaning::Value(node), hops: 0 })
            }
            Kind::List(_) => Err(self
                .syntax
                .invalid(expr, format!("a list has no member {name:?}: ask with .exists(x, …) or .all(x, …)"))),
            kind => Err(self.syntax.invalid(expr, format!("{kind} has no member {name:?}"))),
        }
    }

    /// A field behind a relation.
    fn follow(
        &mut self,
        expr: &'c IdedExpr,
        key: Node,
        collection: &Arc<str>,
        hops: usize,
        name: &str,
    ) -> Result<Found<'c>, FilterError> {
        let Some(view) = self.view_of(collection) else { return Err(self.unknown(expr, name, None)) };
        let guard = self.guard(&view);
        let row = Row::Hop(Arc::new(Hop { key, collection: collection.clone(), guard }));
        let found = self.member_of_record(expr, &Record { row, view }, hops + 1, name)?;
        if hops + 1 > MAX_HOPS { Err(self.too_far(expr)) } else { Ok(found) }
    }

    fn too_far(&self, expr: &IdedExpr) -> FilterError {
        let message = format!("at most {MAX_HOPS} relations can be followed one behind the other");
        self.syntax.source.error(self.syntax.name_place(expr), FilterErrorCode::TooLarge, message)
    }

    /// A field of a record, or the records that point at it.
    fn member_of_record(
        &mut self,
        expr: &'c IdedExpr,
        record: &Record<'c>,
        hops: usize,
        name: &str,
    ) -> Result<Found<'c>, FilterError> {
        let collection = record.view.collection;
        if let Some(node) = self.field(record, name) {
            self.mention(&collection.name, name);
            return Ok(Found { meaning: Meaning::Value(node), hops });
        }
        if record.row != Row::Data
            && let Some((rows, view)) = self.rows(record, name)
        {
            if hops + 1 > MAX_HOPS {
                return Err(self.too_far(expr));
            }
            self.mention(&rows.collection, &rows.field);
            return Ok(Found { meaning: Meaning::Rows(rows, view), hops: hops + 1 });
        }
        Err(self.unknown(expr, name, Some(&record.view)))
    }

    /// The one answer to a name that is not there or not to be seen.
    fn unknown(&self, expr: &IdedExpr, name: &str, view: Option<&View<'c>>) -> FilterError {
        let mut known: Vec<&str> = view.map(View::names).unwrap_or_default();
        if matches!(expr.expr, Expr::Ident(_)) {
            known.extend(self.variables.iter().map(|variable| &*variable.name));
            known.extend(["auth", "now"]);
            known.extend(self.context.params.map(|_| "params"));
            known.extend(self.context.data.then_some("data"));
        }
        let message = format!("there is no field {name:?}{}", hint(name, known));
        self.syntax.source.error(self.syntax.name_place(expr), FilterErrorCode::UnknownField, message)
    }

    /// A visible field, behind its mask if it shows on some records only.
    fn field(&self, record: &Record<'c>, name: &str) -> Option<Node> {
        let view = &record.view;
        let (place, field) = place_of(view.collection, name)?;
        let mask = view.shows(field)?;
        let kind = Kind::of_field(&field.kind);
        let field_ref = FieldRef { name: name.into(), place };
        let node = Node { op: Op::Field(record.row.clone(), field_ref), kind, nullable: field.can_be_null() };
        Some(match mask {
            None => node,
            Some(condition) => shown(record.row.clone(), condition, node),
        })
    }

    /// The records of another collection that point at this one, if `name` says so and the asker may know of them.
    fn rows(&self, record: &Record<'c>, name: &str) -> Option<(Rows, View<'c>)> {
        let (collection, field) = self.context.catalog.back_relation(&record.view.collection.name, name)?;
        let view = self.view_of(&collection.name)?;
        let mask = view.shows(field)?;
        let guard = match (self.guard(&view), mask) {
            (guard, None) => guard,
            (Guard::Closed, _) => Guard::Closed,
            (Guard::Open, Some(mask)) => Guard::When(mask),
            (Guard::When(rows), Some(mask)) => {
                Guard::When(Arc::new(Node::bool(Op::And(vec![(*rows).clone(), (*mask).clone()]))))
            }
        };
        let rows = Rows {
            collection: collection.name.as_str().into(),
            field: field.name.as_str().into(),
            many: matches!(field.kind, FieldKind::Relations { .. }),
            of: self.field_unmasked(record, "id")?,
            guard,
        };
        Some((rows, view))
    }

    fn field_unmasked(&self, record: &Record<'c>, name: &str) -> Option<Node> {
        let all = View { collection: record.view.collection, sight: Eyes::Everything };
        self.field(&Record { row: record.row.clone(), view: all }, name)
    }

    /// `auth.name`.
    fn auth(&mut self, expr: &'c IdedExpr, name: &str) -> Result<Found<'c>, FilterError> {
        let users = self.context.users;
        let plain = |kind| Node::new(Op::Auth(name.into()), kind);
        let node = match name {
            "id" => plain(Kind::Text),
            "roles" => plain(Kind::List(Box::new(Kind::Text))),
            "anonymous" => plain(Kind::Bool),
            _ => {
                let view = self.view(users);
                let field = place_of(users, name).map(|(_, field)| field);
                match field.and_then(|field| Some((field, self.shows_own(&view, field)?))) {
                    None => return Err(self.unknown_member(expr, name, &view)),
                    Some((field, condition)) => {
                        self.mention(USERS, name);
                        let node = Node { nullable: field.can_be_null(), ..plain(Kind::of_field(&field.kind)) };
                        match condition {
                            None => node,
                            Some(condition) => shown(Row::Own, condition, node),
                        }
                    }
                }
            }
        };
        Ok(Found { meaning: Meaning::Value(node), hops: 0 })
    }

    /// Whether the account sees this field of itself, and under which condition about itself.
    #[expect(clippy::option_option, reason = "hidden, always shown, and shown under a condition are three answers")]
    fn shows_own(&self, view: &View<'c>, field: &Field) -> Option<Option<Arc<Node>>> {
        // An account is told its address by the accounts' own routes, whatever the rules for records say.
        if matches!(field.name.as_str(), "email" | "verified") {
            return Some(None);
        }
        let mask = view.shows(field)?;
        let condition = match (self.guard(view), mask) {
            (Guard::Closed, _) => return None,
            (Guard::Open, mask) => mask,
            (Guard::When(rows), None) => Some(rows),
            (Guard::When(rows), Some(mask)) => {
                Some(Arc::new(Node::bool(Op::And(vec![(*rows).clone(), (*mask).clone()]))))
            }
        };
        Some(condition.map(|condition| Arc::new(on_account(&condition))))
    }

    fn unknown_member(&self, expr: &IdedExpr, name: &str, view: &View<'c>) -> FilterError {
        let known = view.names().into_iter().chain(["id", "email", "verified", "roles", "anonymous"]);
        let message = format!("\"auth\" has no member {name:?}{}", hint(name, known));
        self.syntax.source.error(self.syntax.name_place(expr), FilterErrorCode::UnknownField, message)
    }

    /// `base[index]`, with an index that is written out.
    fn index(&mut self, expr: &'c IdedExpr, base: Node, index: &'c IdedExpr) -> Result<Node, FilterError> {
        let step = match &index.expr {
            Expr::Literal(LiteralValue::Int(place)) => match u32::try_from(place.into_inner()) {
                Ok(place) => Step::Index(place),
                Err(_) => return Err(self.syntax.invalid(index, "an index is counted from 0")),
            },
            Expr::Literal(LiteralValue::String(key)) if is_plain_key(key.inner()) => Step::Key(key.inner().into()),
            Expr::Literal(LiteralValue::String(_)) => {
                let message = "a key in brackets can't contain quotes, backslashes or control characters";
                return Err(self.syntax.invalid(index, message));
            }
            _ => return Err(self.syntax.invalid(index, "write the index or the key out: a number or a text")),
        };
        match (base.kind.clone(), &step) {
            (Kind::Json, _) => Ok(self.pick(base, &step, Kind::Json)),
            (Kind::List(item), Step::Index(_)) => Ok(self.pick(base, &step, *item)),
            (kind, _) => Err(self.syntax.invalid(expr, format!("{kind} can't be indexed like this"))),
        }
    }

    fn pick(&mut self, base: Node, step: &Step, kind: Kind) -> Node {
        let nullable = kind == Kind::Json;
        self.on_json(base, &kind.clone(), |kind| matches!(kind, Kind::Json | Kind::List(_)), &|base| Node {
            op: Op::Pick(Box::new(base), step.clone()),
            kind: kind.clone(),
            nullable,
        })
    }

    /// What the asker sees of a collection that is known to be there.
    fn view(&self, collection: &'c Collection) -> View<'c> {
        let sight = match self.context.sights {
            None => Eyes::Everything,
            Some(sights) => sights.sight(&collection.name).map_or(Eyes::Nothing, Eyes::Sight),
        };
        View { collection, sight }
    }

    /// What the asker sees of a collection; nothing if it is invisible.
    pub(super) fn view_of(&self, name: &str) -> Option<View<'c>> {
        let collection = match self.context.catalog.get(name) {
            Some(collection) => collection.as_ref(),
            None if name == self.context.users.name => self.context.users,
            None => return None,
        };
        let view = self.view(collection);
        (!matches!(view.sight, Eyes::Nothing)).then_some(view)
    }

    /// Which records of a collection the asker reaches.
    pub(super) fn guard(&self, view: &View<'c>) -> Guard {
        match &view.sight {
            Eyes::Everything => Guard::Open,
            Eyes::Nothing => Guard::Closed,
            Eyes::Sight(sight) => match &sight.rows {
                RowSight::All => Guard::Open,
                RowSight::None => Guard::Closed,
                RowSight::Where(condition) => Guard::When(condition.root()),
            },
        }
    }

    /// A variable's name, if it may be used as one.
    pub(super) fn variable_name(&self, expr: &IdedExpr) -> Result<Arc<str>, FilterError> {
        let name = ident(expr).filter(|name| !name.starts_with('.'));
        let name = name.ok_or_else(|| self.syntax.invalid(expr, "name the item first, as in .exists(x, x == 1)"))?;
        let taken = ["auth", "now", "params", "data"].contains(&&*name)
            || self.variables.iter().any(|variable| variable.name == name)
            || self.field(&self.own_record(Row::Own), &name).is_some();
        if taken {
            return Err(self
                .syntax
                .invalid(expr, format!("{name:?} has a meaning already: choose another name for the item")));
        }
        Ok(name)
    }
}

impl View<'_> {
    /// The names of the visible fields.
    fn names(&self) -> Vec<&str> {
        self.collection.all_fields().filter(|field| self.shows(field).is_some()).map(|field| &*field.name).collect()
    }

    /// Whether a field is visible, and under which condition if not always.
    #[expect(clippy::option_option, reason = "hidden, always shown, and shown under a condition are three answers")]
    fn shows(&self, field: &Field) -> Option<Option<Arc<Node>>> {
        match &self.sight {
            Eyes::Everything => Some(None),
            Eyes::Nothing => None,
            Eyes::Sight(_) if field.write_only => None,
            Eyes::Sight(sight) => match sight.fields.get(&field.name)? {
                FieldSight::Always => Some(None),
                FieldSight::When(condition) => Some(Some(condition.root())),
            },
        }
    }
}

/// The item that a variable stands at.
fn item(slot: Slot, kind: Kind) -> Node {
    let nullable = kind == Kind::Json;
    Node { op: Op::Item(slot), kind, nullable }
}

fn shown(row: Row, condition: Arc<Node>, node: Node) -> Node {
    let kind = node.kind.clone();
    Node::nullable(Op::Shown(row, condition, Box::new(node)), kind)
}

fn place_of<'f>(collection: &'f Collection, name: &str) -> Option<(Place, &'f Field)> {
    let place = match name {
        "id" => Place::Id,
        "createdAt" => Place::CreatedAt,
        "updatedAt" => Place::UpdatedAt,
        own => return collection.own_field(own).map(|(place, field)| (Place::Own(place), field)),
    };
    collection.field(name).map(|field| (place, field))
}

/// Whether a key can be put into a path of SQLite's JSON functions as it is.
fn is_plain_key(key: &str) -> bool {
    !key.is_empty() && !key.chars().any(|c| c.is_control() || c == '"' || c == '\\')
}
