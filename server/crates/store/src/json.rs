//! JSON bytes straight from columns.
//!
//! Numbers and strings are written by `serde_json`, so they look the same as everywhere else; stored documents are
//! copied as they are, since they were checked when they were written.

use plinth_model::Instant;

/// A growing JSON text.
#[derive(Debug, Default)]
pub(crate) struct JsonText {
    bytes: Vec<u8>,
}

impl JsonText {
    /// How long it is.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends text that is JSON already.
    pub(crate) fn raw(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
    }

    /// Appends `null`.
    pub(crate) fn null(&mut self) {
        self.raw(b"null");
    }

    /// Appends a truth value.
    pub(crate) fn boolean(&mut self, value: bool) {
        self.raw(if value { b"true" } else { b"false" });
    }

    /// Appends a string, escaped.
    pub(crate) fn string(&mut self, text: &str) {
        serde_json::to_writer(&mut self.bytes, text).expect("text is JSON, and a vector takes any bytes");
    }

    /// Appends an integer.
    pub(crate) fn integer(&mut self, value: i64) {
        serde_json::to_writer(&mut self.bytes, &value).expect("an integer is JSON, and a vector takes any bytes");
    }

    /// Appends a float; one that is not finite, which no client can write, as null.
    pub(crate) fn float(&mut self, value: f64) {
        serde_json::to_writer(&mut self.bytes, &value).expect("a float is JSON, and a vector takes any bytes");
    }

    /// Appends a time in RFC 3339.
    pub(crate) fn instant(&mut self, value: Instant) {
        self.raw(b"\"");
        self.raw(&value.rfc3339());
        self.raw(b"\"");
    }

    /// The text.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}
