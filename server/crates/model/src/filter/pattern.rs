//! The patterns of `matches`: the regular expressions that mean the same to every reader.
//!
//! In memory and in SQLite the `regex` crate matches, in time linear in the text. Postgres has an engine of its
//! own, so a pattern is parsed here and written again for it from its meaning; what can't be
//! translated so that both agree (word boundaries, `(?m)` anchors, counts beyond 255) is refused on both databases
//! alike, when the expression is compiled.

mod postgres;

use regex::RegexBuilder;

/// The longest pattern, in bytes.
const MAX_LENGTH: usize = 1024;
/// The memory that a compiled pattern may take.
const MAX_COMPILED: usize = 1 << 20;

/// A compiled pattern of `matches`: what the SQLite function `plinth_matches(text, pattern)` runs, and what runs in
/// memory.
///
/// ```
/// use plinth_model::filter::Pattern;
/// let pattern = Pattern::new("^re[ds]").unwrap();
/// assert!(pattern.is_match("red"));
/// assert!(Pattern::new(r"\bword").is_err());
/// ```
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: regex::Regex,
    postgres: String,
}

/// The pattern can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

impl Pattern {
    /// Compiles a pattern, or says why it can't be used.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        if pattern.len() > MAX_LENGTH {
            return Err(PatternError(format!("a pattern has at most {MAX_LENGTH} bytes")));
        }
        let postgres = postgres::translate(pattern).map_err(PatternError)?;
        let regex = RegexBuilder::new(pattern).size_limit(MAX_COMPILED).dfa_size_limit(MAX_COMPILED).build();
        let regex = regex.map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => PatternError("this pattern is too large: count less".to_owned()),
            error => PatternError(postgres::last_line(&error.to_string())),
        })?;
        Ok(Self { regex, postgres })
    }

    /// Whether the text contains a match.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The pattern as it was written.
    pub fn source(&self) -> &str {
        self.regex.as_str()
    }

    /// The pattern as an advanced regular expression of Postgres.
    pub(crate) fn postgres(&self) -> &str {
        &self.postgres
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}
