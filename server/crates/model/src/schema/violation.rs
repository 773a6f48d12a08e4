//! One failing place of a document: where, which rule, and what to do about it.

use std::fmt::Display;

use serde::Serialize;

/// One entry of a problem's `errors`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// RFC 6901 into the document that was sent.
    pub pointer: String,
    /// The rule, as a word that programs can rely on.
    pub code: &'static str,
    /// For people: what was found and what to do.
    pub message: String,
}

impl Violation {
    /// A violation at this place.
    pub fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, message: message.into() }
    }

    /// The same, seen from a document in which this one stands at `prefix` (such as `/3/data`).
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        self.pointer.insert_str(0, prefix);
        self
    }
}

/// `parent` with one more segment, escaped as RFC 6901 says.
pub fn join(parent: &str, segment: impl Display) -> String {
    let segment = segment.to_string();
    if segment.contains(['~', '/']) {
        return format!("{parent}/{}", segment.replace('~', "~0").replace('/', "~1"));
    }
    format!("{parent}/{segment}")
}

/// The rest of a pointer that lies at or under `outer`.
pub(super) fn inside<'a>(outer: &str, pointer: &'a str) -> Option<&'a str> {
    pointer.strip_prefix(outer).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// At most 60 characters of a text that a stranger wrote, so that a message stays readable.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
