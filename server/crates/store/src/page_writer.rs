//! Writes a [`Page`] row by row, and stops where it is full: what is not read takes no memory.

use bytes::Bytes;
use plinth_model::Value;

use crate::json::JsonText;
use crate::page::{Page, PageRow};

/// A page in the making.
#[derive(Debug)]
pub(crate) struct PageWriter {
    json: JsonText,
    rows: Vec<PageRow>,
    start: usize,
    /// Bytes of the extra columns.
    extra: usize,
    most: usize,
    is_cut: bool,
}

impl PageWriter {
    /// An empty page, which is full when it holds more than `most` bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self { json: JsonText::default(), rows: Vec::new(), start: 0, extra: 0, most, is_cut: false }
    }

    /// Whether there is room for another row that was found; if not, it is the first that the page lacks.
    pub(crate) fn has_room(&mut self) -> bool {
        self.is_cut = self.json.len() + self.extra > self.most;
        !self.is_cut
    }

    /// Counts what an extra column takes.
    pub(crate) fn weigh(&mut self, bytes: usize) {
        self.extra += bytes;
    }

    /// Opens the next record's object.
    pub(crate) fn open(&mut self) {
        if !self.rows.is_empty() {
            self.json.raw(b",");
        }
        self.start = self.json.len();
        self.json.raw(b"{");
    }

    /// Writes a member's key, given as `"name":`, and hands out the text for its value.
    pub(crate) fn member(&mut self, key: &str) -> &mut JsonText {
        if self.json.len() > self.start + 1 {
            self.json.raw(b",");
        }
        self.json.raw(key.as_bytes());
        &mut self.json
    }

    /// Closes the object.
    pub(crate) fn close(&mut self, extra: Vec<Value>) {
        self.json.raw(b"}");
        self.rows.push(PageRow { range: self.start..self.json.len(), extra });
    }

    /// The page.
    pub(crate) fn finish(self) -> Page {
        Page { json: Bytes::from(self.json.finish()), rows: self.rows, is_cut: self.is_cut }
    }
}
