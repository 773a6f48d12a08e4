//! Definitions, record checks and DDL, from the outside.

#![allow(clippy::disallowed_methods, reason = "tests measure time")]

mod ddl;
mod definition;
mod fixture;
mod record;
mod typescript;
