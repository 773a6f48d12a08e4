//! The database of Plinth: one [`Store`] on SQLite or Postgres, and the only crate that names either.
//!
//! A closed choice of two drivers, not a trait: each has its own way to be fast (threads and a grouped commit on
//! SQLite, one round trip a write on Postgres), and what they share is the pure model. What is promised for both:
//!
//! - a write is answered when it is durable, and then it survives a power cut;
//! - a record and its row in the change log are written in one transaction, or neither is;
//! - the change log is read in an order in which nothing is ever skipped;
//! - dropping a future leaves no half of a write and no stuck writer: a write that has begun goes on to its end.

mod apply;
mod bulk;
mod carry;
mod cascade;
mod driver;
mod epoch;
mod explain;
mod json;
mod migrations;
mod page_writer;
mod tail;
mod transact;
mod turns;
mod tx;

pub mod accounts;
pub mod asker;
pub mod collections;
pub mod error;
pub mod idempotency;
pub mod location;
pub mod log;
pub mod mutation;
pub mod page;
pub mod policies;
pub mod schema;
pub mod secrets;
pub mod sessions;
pub mod setup;
pub mod store;
pub mod system;

pub use asker::Asker;
pub use epoch::Epoch;
pub use error::{Error, OpenError, Unavailable};
pub use location::{Location, Options};
pub use log::Keep;
pub use mutation::{Behind, Cause, Check, Decision, Failure, Mutation, MutationKind, Outcome, Write};
pub use page::{Page, PageRow, Snapshot};
pub use schema::SchemaStep;
pub use store::Store;
pub use system::{Applied, Expect, Row, Step, SystemChange};
