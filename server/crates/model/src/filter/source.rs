//! The text of an expression, and places in it.

use std::ops::Range;

use super::error::{FilterError, FilterErrorCode};

/// The text of an expression; places in it are byte ranges, and characters only in errors.
pub(crate) struct Source<'s>(&'s str);

impl<'s> Source<'s> {
    pub(crate) fn new(text: &'s str) -> Self {
        Self(text)
    }

    pub(crate) fn text(&self) -> &'s str {
        self.0
    }

    /// An error about this place.
    pub(crate) fn error(&self, at: Range<usize>, code: FilterErrorCode, message: impl Into<String>) -> FilterError {
        let (position, end) = self.chars(at);
        FilterError { position, end, code, message: message.into() }
    }

    /// An error of the class `invalid_filter`.
    pub(crate) fn invalid(&self, at: Range<usize>, message: impl Into<String>) -> FilterError {
        self.error(at, FilterErrorCode::InvalidFilter, message)
    }

    /// A byte range in characters.
    pub(crate) fn chars(&self, at: Range<usize>) -> (usize, usize) {
        let count = |end: usize| self.0.char_indices().take_while(|(start, _)| *start < end).count();
        (count(at.start), count(at.end))
    }

    /// The byte at which this character (line and column from 1) starts.
    pub(crate) fn byte_at(&self, line: usize, column: usize) -> usize {
        let start: usize = self.0.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let rest = &self.0[start..];
        start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at)
    }

    /// The word or the sign that starts at this byte.
    pub(crate) fn token_at(&self, at: usize) -> Range<usize> {
        let rest = &self.0[at..];
        let word = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let length = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
        at..at + length
    }

    /// The name behind the dot at this byte.
    pub(crate) fn name_after(&self, dot: usize) -> Range<usize> {
        let rest = &self.0[(dot + 1).min(self.0.len())..];
        let blank = rest.len() - rest.trim_start().len();
        let name = self.token_at(dot + 1 + blank);
        if name.is_empty() { dot..dot + 1 } else { name }
    }

    /// The name before the bracket at this byte.
    pub(crate) fn name_before(&self, bracket: usize) -> Range<usize> {
        let before = self.0[..bracket].trim_end();
        let start = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
        start..before.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters() {
        let source = Source::new("é == \"😀\" && titel\n== 1");
        let at = source.text().find("titel").unwrap();
        assert_eq!(source.chars(at..at + 5), (12, 17));
        assert_eq!(source.byte_at(1, 13), at);
        assert_eq!(source.token_at(at), at..at + 5);
        assert_eq!(&source.text()[source.byte_at(2, 4)..], "1");
    }

    #[test]
    fn names_are_found_around_dots_and_brackets() {
        let source = Source::new("a. bc(1)");
        assert_eq!(&source.text()[source.name_after(1)], "bc");
        assert_eq!(&source.text()[source.name_before(5)], "bc");
    }
}
