//! What a handler asks of a request, each refused with its own problem if it is not as it should be.

pub mod body;
mod caller;
pub mod client;
pub mod params;
mod path;

pub use body::Body;
pub use client::From;
pub use params::Params;
pub use path::Path;
