//! What every test of a running server needs: a database of its own, servers on it, and people who ask.
//!
//! ```ignore
//! on_both! {
//!     async fn a_stranger_knows_nothing(database: Database) {
//!         let server = Server::start(&database).await;
//!         let answer = server.anonymous().get("/auth/me").await;
//!         answer.is_problem(401, "unauthenticated");
//!     }
//! }
//! ```
//!
//! The binary is `PLINTH_BIN`, or the one that was built beside this test. Postgres is started once a run, from the
//! newest server binaries that are installed; each test has a database there, or a directory with SQLite.

mod database;
mod dice;
mod patience;
mod person;
mod postgres;
mod server;
mod wire;

pub(crate) use database::Database;
pub(crate) use dice::Dice;
pub(crate) use patience::until;
pub(crate) use person::{Answer, Person};
pub(crate) use postgres::as_nobody_special as as_postgres;
pub(crate) use server::{ADMIN, Options, PASSWORD, Server, command, program, run};
pub(crate) use wire::Wire;

/// Runs each test on SQLite and on Postgres, as `name::sqlite` and `name::postgres`.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($database:ident: $type:ty) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn test($database: $type) $body

            #[tokio::test]
            async fn sqlite() {
                test($crate::harness::Database::sqlite()).await;
            }

            #[tokio::test]
            async fn postgres() {
                test($crate::harness::Database::postgres()).await;
            }
        }
    )*};
}

pub(crate) use on_both;
