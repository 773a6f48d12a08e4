//! The Plinth server: the verbs on records, accounts, collections and policies, and the edges that reach them.
//!
//! Arrows only go down: `cli` builds an [`app::App`]; `http` turns requests into calls of small services
//! (`auth`, …); those use the shared means (`config`, `telemetry`, `clock`, `entropy`) and the crates
//! `plinth-store` and `plinth-model` below them.

pub mod app;
pub mod auth;
pub mod changes;
pub mod cli;
pub mod clock;
pub mod code;
pub mod collections;
pub mod config;
pub mod control;
pub mod entropy;
pub mod http;
pub mod lifecycle;
pub mod openapi;
pub mod policy;
pub mod problem;
pub mod realtime;
pub mod records;
pub mod telemetry;

pub use plinth_model::nearest;
