//! From an error of the TOML reader to the place that a person can open: line, column and full key.

use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, hint};
use crate::nearest::nearest;

/// The error with its place in `text`.
pub(super) fn file_error(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let span = error.span().unwrap_or(0..0);
    let (line, column) = line_and_column(text, span.start);
    let message = explain(error.message());
    ConfigError::File { path: path.to_owned(), line, column, key: key_at(text, &span).unwrap_or_default(), message }
}

/// A message of serde in our words: an unknown field gets the nearest known one instead of the whole list.
pub(super) fn explain(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match (message.starts_with("unknown field"), quoted.next()) {
        (true, Some(name)) => format!("unknown key {name:?}{}", hint(nearest(name, quoted))),
        _ => message.trim_end().to_owned(),
    }
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The dotted key whose name or value stands at the span, if the text can be read at all.
fn key_at(text: &str, span: &Range<usize>) -> Option<String> {
    let document = DeTable::parse(text).ok()?;
    find(document.get_ref(), span, "")
}

fn find(table: &DeTable<'_>, span: &Range<usize>, prefix: &str) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let path = format!("{prefix}{}", key.get_ref());
        let holds = |outer: Range<usize>| outer.start <= span.start && span.end <= outer.end;
        let inner = match value.get_ref() {
            DeValue::Table(inner) => find(inner, span, &format!("{path}.")),
            _ => None,
        };
        inner.or_else(|| (holds(key.span()) || holds(value.span())).then_some(path))
    })
}
