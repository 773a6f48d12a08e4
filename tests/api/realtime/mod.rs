//! The socket: what arrives, in which order, and what never does.

mod dear;
mod frames;
mod nodes;
mod past;
mod place;
mod relations;
mod resume;
mod rights;
mod slow;
mod slow_conditions;
pub(crate) mod socket;
