//! The edges of the server: what is true of every address, and what is not read at all.

mod answers;
mod bodies;
mod configuration;
mod document;
mod limits;
mod panel;
mod parameters;
mod probes;
mod stop;
mod turns;
