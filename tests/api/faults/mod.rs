//! A database that is gone, read-only, locked, full, damaged, or of a newer version.

mod away;
mod cluster;
mod full;
mod held;
mod starting;
mod volume;
