//! A known list behind `in`, made so that its length does not matter to the one who asks.

use std::collections::HashSet;

use super::val::Val;
use crate::value::Value;

/// A list whose texts are found by hash. Null is among them if it was.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Items {
    /// All items as they were given.
    pub(crate) values: Vec<Value>,
    texts: HashSet<String>,
    others: Vec<Value>,
}

impl Items {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        let texts = values.iter().filter_map(text).map(str::to_owned).collect();
        let others = values.iter().filter(|value| text(value).is_none()).cloned().collect();
        Self { values, texts, others }
    }

    /// Whether a value equals one of them.
    pub(crate) fn contains(&self, value: &Val<'_>) -> bool {
        match value {
            Val::Text(text) => self.texts.contains(&**text),
            value => self.others.iter().any(|other| value.equals(&Val::of(other)) == Some(true)),
        }
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
