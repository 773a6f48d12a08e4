//! The two drivers. Each speaks to its database in the way that is fast there; what a verb means is not here.

pub(crate) mod postgres;
pub(crate) mod sqlite;
