//! Expressions through the crate's public face: what they mean, how they are refused, which SQL they become.

mod errors;
mod evaluation;
mod explanation;
mod fixture;
mod sight;
mod sql;
mod turns;
