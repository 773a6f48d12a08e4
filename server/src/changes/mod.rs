//! The change log as the server follows it.

pub mod cursor;
pub mod feed;
pub mod retention;
pub mod ring;

pub use cursor::{Asked, Cursor};
pub use feed::Feed;
