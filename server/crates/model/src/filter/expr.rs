//! A checked expression, and the same with its values bound.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::Truth;
use super::bind;
use super::bindings::Bindings;
use super::check::Checked;
use super::eval::Scene;
use super::explain::{self, Part};
use super::needs::needs_database;
use super::print;
use super::tree::{Node, Op};
use super::turn::{self, Turn};
use crate::record::Record;
use crate::schema::Collection;
use crate::value::Value;

/// The fields that an expression reads: names by collection. `auth.team` counts as `team` of `users`.
pub type Mentions = BTreeMap<String, BTreeSet<String>>;

/// A checked expression. Cheap to clone.
#[derive(Clone)]
pub struct Expr(Arc<Inner>);

struct Inner {
    source: Box<str>,
    /// The collection whose record it is about.
    collection: Arc<str>,
    root: Arc<Node>,
    mentions: Mentions,
    uses_now: bool,
}

/// An expression with its values bound. Cheap to clone.
#[derive(Clone)]
pub struct Bound(Arc<BoundInner>);

struct BoundInner {
    root: Node,
    collection: Arc<str>,
    needs_database: bool,
    key: OnceLock<String>,
    /// What it was before, for explanations.
    unbound: Arc<Node>,
    bindings: Bindings,
}

impl Expr {
    pub(super) fn new(source: &str, collection: &str, checked: Checked) -> Self {
        Self(Arc::new(Inner {
            source: source.into(),
            collection: collection.into(),
            root: Arc::new(checked.root),
            mentions: checked.mentions,
            uses_now: checked.uses_now,
        }))
    }

    /// Holds where all of these hold; with none, everywhere. They belong to one collection.
    pub fn all(parts: Vec<Expr>) -> Expr {
        Self::join(parts, " && ", "true", Op::And)
    }

    /// Holds where any of these holds; with none, nowhere.
    pub fn any(parts: Vec<Expr>) -> Expr {
        Self::join(parts, " || ", "false", Op::Or)
    }

    /// Holds where `part` is false; not where it is an error.
    #[expect(clippy::should_implement_trait, reason = "a constructor beside `all` and `any`")]
    pub fn not(part: Expr) -> Expr {
        let inner = &part.0;
        Self(Arc::new(Inner {
            source: format!("!({})", inner.source).into(),
            collection: inner.collection.clone(),
            root: Arc::new(Node::bool(Op::Not(Box::new((*inner.root).clone())))),
            mentions: inner.mentions.clone(),
            uses_now: inner.uses_now,
        }))
    }

    fn join(mut parts: Vec<Expr>, sign: &str, empty: &str, op: fn(Vec<Node>) -> Op) -> Expr {
        if parts.len() == 1 {
            return parts.remove(0);
        }
        let mut mentions = Mentions::new();
        for (collection, fields) in parts.iter().flat_map(|part| &part.0.mentions) {
            mentions.entry(collection.clone()).or_default().extend(fields.iter().cloned());
        }
        let sources: Vec<String> = parts.iter().map(|part| format!("({})", part.0.source)).collect();
        let source = if sources.is_empty() { empty.to_owned() } else { sources.join(sign) };
        Self(Arc::new(Inner {
            source: source.into(),
            collection: parts.first().map_or_else(|| "".into(), |part| part.0.collection.clone()),
            root: Arc::new(Node::bool(op(parts.iter().map(|part| (*part.0.root).clone()).collect()))),
            mentions,
            uses_now: parts.iter().any(Expr::uses_now),
        }))
    }

    pub(super) fn root(&self) -> Arc<Node> {
        self.0.root.clone()
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The fields that it reads, also through relations.
    pub fn mentions(&self) -> &Mentions {
        &self.0.mentions
    }

    /// The collections whose records it reads through relations; with those, what it says can change of a record that
    /// does not.
    pub fn follows(&self) -> BTreeSet<Arc<str>> {
        turn::followed(&self.0.root)
    }

    /// Whether it reads `now`, so that it means something else a moment later.
    pub fn uses_now(&self) -> bool {
        self.0.uses_now
    }

    /// Puts the values in.
    pub fn bind(&self, bindings: &Bindings) -> Bound {
        Bound::new(self.0.root.clone(), self.0.collection.clone(), bindings)
    }
}

impl Bound {
    fn new(unbound: Arc<Node>, collection: Arc<str>, bindings: &Bindings) -> Self {
        let root = bind::bind(&unbound, bindings);
        let needs_database = needs_database(&root);
        let bindings = bindings.clone();
        Self(Arc::new(BoundInner { root, collection, needs_database, key: OnceLock::new(), unbound, bindings }))
    }

    /// A part of what it was before, with the same values.
    pub(super) fn of(&self, part: Node) -> Self {
        Self::new(Arc::new(part), self.0.collection.clone(), &self.0.bindings)
    }

    pub(super) fn unbound(&self) -> &Node {
        &self.0.unbound
    }

    pub(crate) fn root(&self) -> &Node {
        &self.0.root
    }

    /// The name of the collection whose record it is about.
    pub(crate) fn collection(&self) -> &str {
        &self.0.collection
    }

    /// Evaluates in memory. `data` is a record of the same collection. When [`Bound::needs_database`], `True` and
    /// `False` are final all the same (a decided part absorbed the rest); `Error` then means: ask the database.
    pub fn eval(&self, row: &Record, collection: &Collection, data: Option<&Record>) -> Truth {
        Scene::new(row, collection, data).truth(&self.0.root)
    }

    /// Whether it follows a relation to other records.
    pub fn needs_database(&self) -> bool {
        self.0.needs_database
    }

    /// Whether a change of a record that it reads through a relation can change what it says of others; on the safe side.
    pub fn turns_with(&self, turn: Turn<'_>) -> bool {
        turn::turns(&self.0.root, turn)
    }

    /// Whether it holds for every record, or for none, whatever is in it.
    pub fn constant(&self) -> Option<Truth> {
        match &self.0.root.op {
            Op::Const(Value::Bool(value)) => Some(Truth::from(*value)),
            Op::Const(_) | Op::Fail => Some(Truth::Error),
            _ => None,
        }
    }

    /// Bound expressions with equal keys mean the same.
    pub fn key(&self) -> &str {
        self.0.key.get_or_init(|| print::key(&self.0.collection, &self.0.root))
    }

    /// The top-level `&&` parts, each with its own truth and the values it met.
    pub fn explain(&self, row: &Record, collection: &Collection, data: Option<&Record>) -> Vec<Part> {
        let mut parts = Vec::new();
        flatten(&self.0.unbound, &mut parts);
        let explain = |node: &Node| {
            let bound = self.of(node.clone());
            Part {
                expression: print::text(node),
                truth: bound.eval(row, collection, data),
                operands: explain::operands(&bound, row, collection, data),
                bound,
            }
        };
        parts.into_iter().map(explain).collect()
    }
}

fn flatten<'n>(node: &'n Node, parts: &mut Vec<&'n Node>) {
    match &node.op {
        Op::And(inner) => inner.iter().for_each(|part| flatten(part, parts)),
        _ => parts.push(node),
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expr").field(&self.0.source).finish()
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bound").field(&self.key()).finish()
    }
}
