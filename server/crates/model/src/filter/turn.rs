//! Which changes of other records can turn what a condition says of a record that was not written itself.
//!
//! A condition that follows a relation speaks of records besides its own: a message is in sight while its room is
//! open, or while there is a membership that points at its room. When such a record changes, others come into sight or go
//! out of it, and no change of theirs tells so. Told here from the images of the change alone, without the database,
//! and so on the safe side: what may turn a condition is said to.
//!
//! What is read makes the difference. A field that no condition reads turns nothing; and a record over which an `exists` or
//! an `all` ranges turns nothing where its body is decided against it before and after, whatever the rest is: the
//! membership of somebody else, say.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Truth;
use super::eval::Scene;
use super::tree::{FieldRef, Guard, Hop, Node, Op, Quantified, Quantifier, Range, Row, Rows, Slot};
use super::walk::{self, Change, Look};
use crate::record::Record;
use crate::schema::Collection;

/// A change of a record, as seen by conditions about others.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    /// Its collection.
    pub collection: &'a Collection,
    /// The record before; none if it was made.
    pub before: Option<&'a Record>,
    /// The record after; none if it was deleted.
    pub after: Option<&'a Record>,
}

impl Turn<'_> {
    fn differs(&self, field: &str) -> bool {
        match (self.before, self.after) {
            (Some(before), Some(after)) => before.get(self.collection, field) != after.get(self.collection, field),
            _ => true,
        }
    }

    fn images(&self) -> impl Iterator<Item = &Record> {
        self.before.into_iter().chain(self.after)
    }
}

/// The collections whose records a condition reads through a relation.
pub(crate) fn followed(root: &Node) -> BTreeSet<Arc<str>> {
    let mut followed = Followed(BTreeSet::new());
    followed.node(root);
    followed.0
}

struct Followed(BTreeSet<Arc<str>>);

impl Look for Followed {
    fn node(&mut self, node: &Node) {
        let other = match &node.op {
            Op::Field(Row::Hop(hop), _) | Op::Shown(Row::Hop(hop), ..) => Some(&hop.collection),
            Op::Count(rows) => Some(&rows.collection),
            Op::Quantified(quantified) => match &quantified.range {
                Range::Rows(rows) => Some(&rows.collection),
                Range::Items(_) => None,
            },
            _ => None,
        };
        self.0.extend(other.cloned());
        walk::look(&node.op, self);
    }

    fn condition(&mut self, condition: &Node) {
        self.node(condition);
    }
}

/// Whether a change can turn a condition about other records.
pub(crate) fn turns(root: &Node, turn: Turn<'_>) -> bool {
    let mut search = Search { turn, about: None, ranges: Vec::new(), found: false };
    search.node(root);
    search.found
}

struct Search<'a> {
    turn: Turn<'a>,
    /// The collection whose record a condition is about; none for the record of the question.
    about: Option<Arc<str>>,
    /// What the enclosing quantifiers range over, and whether it matters what their record holds.
    ranges: Vec<(Slot, Arc<str>, bool)>,
    found: bool,
}

impl Look for Search<'_> {
    fn node(&mut self, node: &Node) {
        match &node.op {
            _ if self.found => {}
            Op::Field(row, field) => {
                self.read(row, field);
                self.row(row);
            }
            Op::Shown(row, condition, value) => {
                self.row(row);
                match self.collection(row) {
                    Some(collection) => self.within(collection, condition),
                    None => self.node(condition),
                }
                self.node(value);
            }
            Op::Count(rows) => {
                self.found |= self.is_of(&rows.collection) && self.turn.differs(&rows.field);
                self.rows(rows);
            }
            Op::Quantified(quantified) => match &quantified.range {
                Range::Rows(rows) => self.quantified(quantified, rows),
                Range::Items(range) => {
                    self.node(range);
                    self.node(&quantified.body);
                }
            },
            op => walk::look(op, self),
        }
    }

    fn condition(&mut self, condition: &Node) {
        // Conditions hang where the rows they are about are known, above; should one hang elsewhere, it is looked at.
        self.node(condition);
    }
}

impl Search<'_> {
    fn is_of(&self, collection: &str) -> bool {
        self.turn.collection.name == collection
    }

    /// The collection of a row; none for the record of the question.
    fn collection(&self, row: &Row) -> Option<Arc<str>> {
        match row {
            Row::Own => self.about.clone(),
            Row::Data => None,
            Row::Var(slot) => self.range(*slot).map(|(_, collection, _)| collection.clone()),
            Row::Hop(hop) => Some(hop.collection.clone()),
        }
    }

    fn range(&self, slot: Slot) -> Option<&(Slot, Arc<str>, bool)> {
        self.ranges.iter().rev().find(|(known, ..)| *known == slot)
    }

    /// A field is read. A record that was just made is behind no relation yet: nothing could point at it.
    fn read(&mut self, row: &Row, field: &FieldRef) {
        let matters = match row {
            Row::Var(slot) => self.range(*slot).is_none_or(|(.., matters)| *matters),
            _ => true,
        };
        let is_of = self.collection(row).is_some_and(|collection| self.is_of(&collection));
        self.found |= matters && is_of && self.turn.before.is_some() && self.turn.differs(&field.name);
    }

    fn row(&mut self, row: &Row) {
        if let Row::Hop(hop) = row {
            let Hop { key, collection, guard } = &**hop;
            self.node(key);
            self.guard(guard, collection);
        }
    }

    fn rows(&mut self, rows: &Rows) {
        self.node(&rows.of);
        self.guard(&rows.guard, &rows.collection);
    }

    fn guard(&mut self, guard: &Guard, collection: &Arc<str>) {
        if let Guard::When(condition) = guard {
            self.within(collection.clone(), condition);
        }
    }

    /// Looks at a condition about a record of this collection, which is a frame of its own.
    fn within(&mut self, collection: Arc<str>, condition: &Node) {
        let outer = (self.about.replace(collection), std::mem::take(&mut self.ranges));
        self.node(condition);
        (self.about, self.ranges) = outer;
    }

    fn quantified(&mut self, quantified: &Quantified, rows: &Rows) {
        let matters = self.is_of(&rows.collection) && !self.is_decided(quantified);
        let comes_or_goes = self.turn.before.is_none() || self.turn.after.is_none();
        self.found |= matters && (comes_or_goes || self.turn.differs(&rows.field));
        self.rows(rows);
        self.ranges.push((quantified.slot, rows.collection.clone(), matters));
        self.node(&quantified.body);
        self.ranges.pop();
    }

    /// Whether the changed record decides nothing of an `exists` or an `all`, before as after.
    fn is_decided(&self, quantified: &Quantified) -> bool {
        let body = Alone(quantified.slot).node(&quantified.body);
        let indifferent = match quantified.quantifier {
            Quantifier::Exists => Truth::False,
            Quantifier::All => Truth::True,
        };
        self.turn.images().all(|image| Scene::new(image, self.turn.collection, None).truth(&body) == indifferent)
    }
}

/// The body of a quantifier as a condition about the record it ranges over. What it says of any other is not known, which
/// an error stands for: an answer that is reached all the same is the answer.
struct Alone(Slot);

impl Change for Alone {
    fn node(&self, node: &Node) -> Node {
        let is_mine = |row: &Row| matches!(row, Row::Var(slot) if *slot == self.0);
        let op = match &node.op {
            Op::Field(row, field) if is_mine(row) => Op::Field(Row::Own, field.clone()),
            Op::Shown(row, condition, value) if is_mine(row) => {
                Op::Shown(Row::Own, condition.clone(), Box::new(self.node(value)))
            }
            Op::Field(..) | Op::Shown(..) => return Node::fail(node.kind.clone()),
            op => walk::children(op, self),
        };
        Node { op, kind: node.kind.clone(), nullable: node.nullable }
    }

    fn condition(&self, condition: &Arc<Node>) -> Arc<Node> {
        condition.clone()
    }
}
