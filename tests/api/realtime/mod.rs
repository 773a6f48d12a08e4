//! The socket: what arrives, in which order, and what never does.

mod dear;
mod frames;
mod nodes;
mod place;
mod relations;
mod resume;
mod rights;
mod slow;
pub(crate) mod socket;
