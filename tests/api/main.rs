//! Tests of a running server, through HTTP and the socket.

mod attacks;
mod auth;
mod collections;
mod commands;
mod edge;
mod faults;
mod fixture;
mod harness;
mod house;
mod policies;
mod realtime;
mod records;

#[path = "../crash/mod.rs"]
mod crash;
