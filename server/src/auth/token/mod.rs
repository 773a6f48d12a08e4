//! The two kinds of tokens.

pub(super) mod access;
pub(super) mod refresh;
