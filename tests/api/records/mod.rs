//! `/records`: create, read, change and delete, and what is refused.

mod large;
mod lists;
mod once;
mod preconditions;
mod refused;
mod relations;
mod writes;
