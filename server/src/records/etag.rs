//! The entity tag of a record: its revision, and what of the record the caller sees.
//!
//! The second part keeps a cache from serving a record to the same caller after a policy showed them more or less
//! of it; `If-Match` compares the first part alone, since only that says whether somebody wrote in between.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;

/// A strong entity tag, `"1f3a-9c0b12de"` in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ETag {
    revision: i64,
    view: u32,
}

/// The header's text is none of our tags, so it names no version that there ever was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOurs;

impl ETag {
    /// The tag of this revision as seen through `view` (any text that is equal for equal views).
    pub fn new(revision: i64, view: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        view.hash(&mut hasher);
        let hash = hasher.finish();
        #[expect(clippy::cast_possible_truncation, reason = "32 bits of a hash are enough to tell views apart")]
        Self { revision, view: (hash ^ (hash >> 32)) as u32 }
    }

    /// The revision.
    pub fn revision(self) -> i64 {
        self.revision
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{:x}-{:08x}\"", self.revision, self.view)
    }
}

impl FromStr for ETag {
    type Err = NotOurs;

    fn from_str(text: &str) -> Result<Self, NotOurs> {
        let inner = text.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or(NotOurs)?;
        let (revision, view) = inner.split_once('-').ok_or(NotOurs)?;
        let revision = i64::from_str_radix(revision, 16).map_err(|_| NotOurs)?;
        let view = u32::from_str_radix(view, 16).map_err(|_| NotOurs)?;
        Ok(Self { revision, view })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_back_and_anything_else_is_not_ours() {
        let tag = ETag::new(1_767_225_600_000_123, "id,title");
        assert_eq!(tag.to_string().parse(), Ok(tag));
        assert_ne!(tag, ETag::new(tag.revision(), "id"));
        for other in ["", "\"\"", "W/\"1-2\"", "1-2", "\"1\"", "\"x-1\""] {
            assert_eq!(other.parse::<ETag>(), Err(NotOurs), "{other}");
        }
    }
}
