//! What must be true of the stored record for a write to be done: RFC 9110 section 13.1.

use plinth_model::Record;

use super::{ETag, Error};

/// `If-Match` and `If-None-Match`, as far as they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Precondition {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

/// The text of `If-None-Match` is neither `*` nor a list of entity tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoTags;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    /// `*`: any stored record.
    Any,
    /// One of these.
    These(Vec<ETag>),
}

impl Precondition {
    /// The same, and the record is in one of these versions; `*` is any. Text that names no tag of ours matches nothing.
    #[must_use]
    pub fn if_match(self, text: &str) -> Self {
        let tags = elements(text).unwrap_or_default();
        // The comparison is strong: a weak tag matches nothing.
        Self { if_match: Some(Tags::read(text, tags.into_iter())), ..self }
    }

    /// The same, and the record is in none of these versions; `*` is any: there is no record yet. Text that can't be
    /// read is no condition that could be kept.
    pub fn if_none_match(self, text: &str) -> Result<Self, NoTags> {
        let tags = elements(text).ok_or(NoTags)?;
        let weak = tags.into_iter().map(|tag| tag.strip_prefix("W/").unwrap_or(tag));
        Ok(Self { if_none_match: Some(Tags::read(text, weak)), ..self })
    }

    /// Whether it holds of what is stored, or is not.
    pub(super) fn check(&self, stored: Option<&Record>) -> Result<(), Error> {
        let among = |tags: &Tags| stored.is_some_and(|stored| tags.admit(stored));
        if self.if_match.as_ref().is_some_and(|tags| !among(tags)) {
            return Err(Error::Stale);
        }
        if self.if_none_match.as_ref().is_some_and(among) {
            return Err(Error::Present);
        }
        Ok(())
    }
}

impl Tags {
    fn read<'a>(text: &str, tags: impl Iterator<Item = &'a str>) -> Self {
        if text.trim() == "*" {
            return Self::Any;
        }
        Self::These(tags.filter_map(|tag| tag.parse().ok()).collect())
    }

    fn admit(&self, record: &Record) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|tag| tag.revision() == record.revision),
        }
    }
}

/// The entity tags of a list, quotes and weakness included; none of them for `*`. Commas can stand inside of a tag.
fn elements(text: &str) -> Option<Vec<&str>> {
    let mut rest = text.trim();
    if rest == "*" {
        return Some(Vec::new());
    }
    let mut found = Vec::new();
    loop {
        let opaque = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let end = rest.len() - opaque.len() + opaque.find('"')? + 1;
        found.push(&rest[..end]);
        rest = rest[end..].trim_start();
        // A list may have empty elements (RFC 9110 section 5.6.1).
        let next = rest.trim_start_matches([',', ' ', '\t']);
        if next.is_empty() {
            return Some(found);
        }
        if !rest.starts_with(',') {
            return None;
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_tags_is_read_whole_or_not_at_all() {
        assert_eq!(elements("*"), Some(Vec::new()));
        assert_eq!(elements(" \"a,b\" , W/\"c\",, \"\" ,"), Some(vec!["\"a,b\"", "W/\"c\"", "\"\""]));
        for other in ["", "a", "\"a", "\"a\" \"b\"", "*, \"a\"", "\"a\", *", "w/\"a\"", "W/ \"a\""] {
            assert_eq!(elements(other), None, "{other}");
        }
        assert_eq!(Precondition::default().if_none_match("1f-2"), Err(NoTags));
    }
}
