//! The typed tree: what an expression is after it was checked. Two interpreters read it: [`super::eval`] for a
//! record in memory, [`crate::sql::predicate`] for rows in a database.
//!
//! The same tree holds an expression before and after its values are bound; binding replaces [`Op::Auth`],
//! [`Op::Now`] and [`Op::Param`] by constants and folds what follows from them.

use std::sync::Arc;

use super::items::Items;
use super::kind::Kind;
use super::pattern::Pattern;
use crate::value::Value;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) kind: Kind,
    /// Whether its value can be null. Errors are no values.
    pub(crate) nullable: bool,
}

/// What an expression does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Op {
    /// A value.
    Const(Value),
    /// An error, known beforehand.
    Fail,
    /// A member of `params`.
    Param(ParamUse),
    /// `has(params.name)`.
    HasParam(Arc<str>),
    /// A member of `auth`; absent ones are errors.
    Auth(Arc<str>),
    /// `has(auth.name)`.
    HasAuth(Arc<str>),
    /// The moment of the question.
    Now,
    /// A field of a record.
    Field(Row, FieldRef),
    /// A field that shows only where a condition about its record holds, and reads as null elsewhere.
    Shown(Row, Arc<Node>, Box<Node>),
    /// The item that an enclosing `exists` or `all` stands at.
    Item(Slot),
    /// A member of a JSON object or an item of a list; absent ones are errors.
    Pick(Box<Node>, Step),
    /// `has(object.member)` of a JSON object.
    HasPick(Box<Node>, Arc<str>),
    /// A JSON value as this kind; of another kind it is an error.
    As(Box<Node>),
    /// An integer as the nearest double, a double as the integer towards zero.
    Convert(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    /// Condition, then, else.
    If(Box<[Node; 3]>),
    Equal(Box<[Node; 2]>),
    Order(Order, Box<[Node; 2]>),
    /// Whether the first is among the items of the second, or among its keys.
    In(Box<[Node; 2]>),
    /// Whether a value is among these; what `in` a known list becomes.
    Among(Box<Node>, Arc<Items>),
    /// A list of values that are not all known beforehand; only behind `in`.
    List(Vec<Node>),
    Arith(Arith, Box<[Node; 2]>),
    Negate(Box<Node>),
    /// A question about two texts.
    TextTest(TextTest, Box<[Node; 2]>),
    Matches(Box<Node>, PatternUse),
    /// `lowerAscii`, `upperAscii`.
    Case(Case, Box<Node>),
    /// Code points of a text, items of a list, members of an object.
    Size(Box<Node>),
    /// How many records point here.
    Count(Box<Rows>),
    Quantified(Box<Quantified>),
}

/// A record that fields are read from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Row {
    /// The record that the expression is about.
    Own,
    /// That record as a write would leave it.
    Data,
    /// The record that an enclosing `exists` or `all` stands at.
    Var(Slot),
    /// The record that a relation points at.
    Hop(Arc<Hop>),
}

/// The variable of an `exists` or `all`; outermost is 0.
pub(crate) type Slot = usize;

/// Following a relation to one record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hop {
    /// Yields the id.
    pub(crate) key: Node,
    /// The collection that it points into.
    pub(crate) collection: Arc<str>,
    /// Which records there can be reached.
    pub(crate) guard: Guard,
}

/// Which records of a collection can be reached. In the condition, [`Row::Own`] is the record reached.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Guard {
    Open,
    Closed,
    When(Arc<Node>),
}

/// A field as a place in a record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FieldRef {
    pub(crate) name: Arc<str>,
    pub(crate) place: Place,
}

/// Where a record keeps a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Id,
    CreatedAt,
    UpdatedAt,
    /// This one of [`crate::Record::values`].
    Own(usize),
}

/// A way into a JSON value or a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    Key(Arc<str>),
    Index(u32),
}

/// A use of a parameter, and the kind that this use asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ParamUse {
    pub(crate) name: Arc<str>,
    pub(crate) wanted: Wanted,
    /// Where it stands, in characters.
    pub(crate) span: (usize, usize),
}

/// What a parameter must be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wanted {
    /// Any JSON.
    Anything,
    /// An integer or a double.
    Number,
    /// This kind; null is welcome too.
    Kind(Kind),
    /// A list of these.
    ListOf(Box<Wanted>),
    /// A pattern of `matches`.
    Pattern,
}

/// The pattern of a `matches`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PatternUse {
    Ready(Arc<Pattern>),
    Param(ParamUse),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arith {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextTest {
    StartsWith,
    EndsWith,
    Contains,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
}

/// `range.exists(name, body)` or `range.all(name, body)`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quantified {
    pub(crate) quantifier: Quantifier,
    pub(crate) range: Range,
    pub(crate) slot: Slot,
    pub(crate) name: Arc<str>,
    pub(crate) body: Node,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantifier {
    Exists,
    All,
}

/// What a quantifier ranges over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Range {
    /// The items of a list or a JSON array, the keys of a JSON object.
    Items(Node),
    /// Records that point at one.
    Rows(Rows),
}

/// The records of a collection whose relation points at one record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rows {
    pub(crate) collection: Arc<str>,
    /// The relation there.
    pub(crate) field: Arc<str>,
    /// Whether it is a to-many relation.
    pub(crate) many: bool,
    /// The id of the record pointed at.
    pub(crate) of: Node,
    pub(crate) guard: Guard,
}

impl Node {
    pub(crate) fn new(op: Op, kind: Kind) -> Self {
        Self { op, kind, nullable: false }
    }

    pub(crate) fn nullable(op: Op, kind: Kind) -> Self {
        Self { op, kind, nullable: true }
    }

    pub(crate) fn bool(op: Op) -> Self {
        Self::new(op, Kind::Bool)
    }

    pub(crate) fn constant(value: Value) -> Self {
        Self { kind: Kind::of_value(&value), nullable: value.is_null(), op: Op::Const(value) }
    }

    /// An error that would have been of this kind.
    pub(crate) fn fail(kind: Kind) -> Self {
        Self::new(Op::Fail, kind)
    }

    pub(crate) fn as_const(&self) -> Option<&Value> {
        match &self.op {
            Op::Const(value) => Some(value),
            _ => None,
        }
    }
}

impl Order {
    /// The same order with its sides exchanged.
    pub(crate) fn flip(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }

    /// Its sign, the same in CEL and SQL.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Whether two values that compare so are in this order.
    pub(crate) fn admits(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Arith {
    /// Its sign.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}
