//! The store against real databases: every promise on SQLite and on Postgres, and what only one of them has.

mod support;

mod deletes;
mod feed;
mod opening;
mod postgres;
mod reads;
mod schema_changes;
mod sqlite;
mod writes;
