//! What is wrong with an expression, and where.

use std::fmt;

/// Why an expression is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {})", .position + 1)]
pub struct FilterError {
    /// Where it starts, in characters from 0.
    pub position: usize,
    /// Where it ends: the character behind the last one.
    pub end: usize,
    /// The class of the fault.
    pub code: FilterErrorCode,
    /// What was found and what to do: the nearest name, the limit.
    pub message: String,
}

/// The classes of faults, as problem+json names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FilterErrorCode {
    /// It can't be parsed, or its types do not fit.
    InvalidFilter,
    /// It names a field that is not there, or not for this caller; the two can't be told apart.
    UnknownField,
    /// It exceeds one of the limits.
    TooLarge,
}

impl FilterErrorCode {
    /// The code's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalid_filter",
            Self::UnknownField => "unknown_field",
            Self::TooLarge => "too_large",
        }
    }
}

impl fmt::Display for FilterErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
