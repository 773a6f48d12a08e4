//! A page of records as JSON bytes, written straight from the columns.

use std::ops::Range;

use bytes::Bytes;
use plinth_model::{Seq, Value};

/// The answer to a [`plinth_model::sql::select::RecordSelect`].
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Every record's JSON object, one behind the other with a comma between them: inside brackets, a JSON array.
    pub json: Bytes,
    /// Where each record is in there, and its extra columns.
    pub rows: Vec<PageRow>,
    /// Whether more records were found and not read, as these are more than fits a page.
    pub is_cut: bool,
}

/// One record of a [`Page`].
#[derive(Debug, Clone, PartialEq)]
pub struct PageRow {
    /// Its JSON object, from `{` to `}`, in [`Page::json`].
    pub range: Range<usize>,
    /// The extra columns of the shape, in its order. A column of kind `Json` is a [`Value::Json`].
    pub extra: Vec<Value>,
}

/// A page that stands for a place in the change log; see [`crate::Store::snapshot`].
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The records.
    pub page: Page,
    /// Every change up to here is in the page.
    pub head: Seq,
    /// The changes behind `head` that are in the page already.
    pub seen: Vec<Seq>,
}

impl Page {
    /// The JSON object of a row.
    pub fn object(&self, row: &PageRow) -> Bytes {
        self.json.slice(row.range.clone())
    }
}
