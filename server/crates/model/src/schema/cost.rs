//! How many schemas one record meets when it is checked. Circles are found on the way.
//!
//! The tree of schemas is counted as if every `$ref` were written out, each definition once, so counting is linear even
//! where the tree is not. Schemas for items count more, since arrays are long.

use std::collections::{HashMap, HashSet};
use std::ops::Add;

use serde_json::Value as Json;

use super::document::Document;
use super::keyword::{Reach, children};
use super::limit;
use super::violation::{Violation, join};

/// Why a document would be too dear to check records against.
pub(super) fn check(document: &Document<'_>) -> Option<Violation> {
    let mut count = Count { document, known: HashMap::new(), open: HashSet::new() };
    let cost = match count.of("", document.root) {
        Ok(cost) => cost.all.saturating_add(cost.repeated.saturating_mul(limit::EACH - 1)),
        Err(violation) => return Some(violation),
    };
    (cost > limit::APPLICATIONS).then(|| {
        let message = format!(
            "one record would have to be checked against {cost} schemas, $refs followed and those for items counted {} times: at most {} are allowed",
            limit::EACH,
            limit::APPLICATIONS
        );
        Violation::new("", "too_large", message)
    })
}

/// Numbers of schemas.
#[derive(Debug, Clone, Copy)]
struct Cost {
    /// All of them.
    all: u64,
    /// Those that apply to each of any number of parts.
    repeated: u64,
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { all: self.all.saturating_add(other.all), repeated: self.repeated.saturating_add(other.repeated) }
    }
}

struct Count<'a, 'd> {
    document: &'a Document<'d>,
    known: HashMap<String, Cost>,
    open: HashSet<String>,
}

impl Count<'_, '_> {
    /// The cost of one schema, or why it can't be told.
    fn of(&mut self, pointer: &str, node: &Json) -> Result<Cost, Violation> {
        if let Some(cost) = self.known.get(pointer) {
            return Ok(*cost);
        }
        if self.open.len() == limit::CHAIN {
            let message = format!("{} schemas lead to this one: shorten the chain of $refs", limit::CHAIN);
            return Err(Violation::new(pointer, "too_large", message));
        }
        self.open.insert(pointer.to_owned());
        let mut cost = Cost { all: 1, repeated: 0 };
        for child in children(pointer, node).into_iter().filter(|child| child.reach != Reach::Nothing) {
            let inner = self.of(&child.pointer, child.node)?;
            cost = cost + if child.reach == Reach::Each { Cost { repeated: inner.all, ..inner } } else { inner };
        }
        let target = node.get("$ref").and_then(Json::as_str).and_then(|reference| self.document.target(reference));
        if let Some((target, node)) = target {
            if self.open.contains(&target) {
                return Err(circle(pointer));
            }
            cost = cost + self.of(&target, node)?;
        }
        self.open.remove(pointer);
        self.known.insert(pointer.to_owned(), cost);
        Ok(cost)
    }
}

fn circle(pointer: &str) -> Violation {
    let message = "refers to itself, directly or by way of others: end the circle with {\"type\": \"object\"} or {\"type\": \"array\"}, which is kept as JSON";
    Violation::new(join(pointer, "$ref"), "ref", message)
}
