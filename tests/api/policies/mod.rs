//! Policies: rows, fields, roles, and what can't be guessed.

mod administration;
mod differential;
mod in_force;
mod rows_and_fields;
mod side_channels;
