//! The edge to HTTP: the only place that names axum. A handler is extractors, one verb, one answer.

pub mod asset;
mod auth;
pub mod collections;
mod cors;
pub mod edge;
pub mod extract;
pub mod headers;
pub mod health;
pub mod listener;
pub mod metrics;
pub mod openapi;
mod origin;
pub mod panel;
mod patience;
pub mod policies;
mod preconditions;
mod problem;
pub mod realtime;
pub mod records;
mod repeated;
pub mod request_id;
pub mod router;
mod setup;
mod users;

pub use request_id::RequestId;
pub use router::router;
