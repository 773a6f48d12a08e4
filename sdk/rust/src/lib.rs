//! The Rust client of Plinth: records, accounts and live changes.
//!
//! ```no_run
//! use futures_util::StreamExt;
//! use plinth_client::{Client, Event, Query, Watch};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Serialize, Deserialize)]
//! struct Message {
//!     room: String,
//!     text: String,
//! }
//!
//! # async fn example() -> plinth_client::Result<()> {
//! let client = Client::new("http://127.0.0.1:8080")?;
//! client.auth().login("ada@example.com", "correct horse").await?;
//! let messages = client.collection::<Message>("messages");
//!
//! let lobby = Query::new().filter("room == params.room").param("room", "lobby").sort("-createdAt");
//! for message in messages.list(&lobby.limit(20)).await?.items {
//!     println!("{}", message.text);
//! }
//!
//! let mut changes = messages.subscribe(&Watch::new().filter("room == params.room").param("room", "lobby"));
//! while let Some(event) = changes.next().await {
//!     if let Event::Change(change) = event? {
//!         println!("{:?} {:?}", change.kind, change.record);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Tokens are renewed by themselves, calls that may be repeated are repeated after passing failures, and a
//! subscription goes on where it was after a broken connection. Everything that fails is an [`Error`].

mod admin;
mod auth;
mod batch;
mod client;
mod collection;
mod error;
mod http;
mod query;
mod realtime;
mod session;
mod write;

pub use admin::{
    Alter, Collections, Definition, Effect, Index, NewUser, Plan, Policies, Role, Roles, Rule, RuleSet, Setup, Step,
    StepFailures, User, UserQuery, Users,
};
pub use auth::{Account, Auth, SessionEntry};
pub use batch::{Batch, Outcome};
pub use client::{Client, ClientBuilder};
pub use collection::Collection;
pub use error::{Error, Failure, Problem, Refusal, Result};
pub use query::{Count, Page, Query};
pub use realtime::{Backoff, Change, ChangeKind, Event, Heard, RawSocket, Realtime, Status, Subscription, Watch};
pub use reqwest::Method;
pub use session::Tokens;
pub use write::{Delete, Stored, Write};
