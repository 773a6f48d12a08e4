//! Realtime: subscriptions as cursors over the change log.
//!
//! A subscription is a place in the log and a group. The group is what is asked (collection, what the caller sees,
//! filter, fields); all subscriptions that ask the same share one, so a change is evaluated and serialised once per
//! distinct question, never once per subscriber ([`group`]). A subscriber pulls: what it has not taken yet stays in
//! the shared memory, and past that in the log, so a slow reader costs no memory and loses nothing. The same path
//! serves a subscriber that comes back with `since`.
//!
//! The protocol is [`frame`] and [`session`], without a socket; the socket is `http::realtime`.

pub mod doors;
pub mod frame;
pub mod group;
pub mod hub;
pub mod memo;
pub mod question;
pub mod session;
pub mod subscription;
pub mod turns;

pub use hub::{Hub, Limits};
pub use session::Session;
