//! `/auth`, `/users` and `/setup`: accounts from the first administrator to the last session.

mod administrators;
mod cookies;
mod guessing;
mod log_in;
mod me;
mod nodes;
mod passwords;
mod refresh;
mod register;
mod sessions;
mod setup;
mod sockets;
mod tokens;
mod users;
