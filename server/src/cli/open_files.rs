//! The number of files that the process may have open: raised as far as it may be.
//!
//! Shells often start programs with 1024, kept small for programs that use `select`; each connection takes one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit to what the system allows this process.
pub(super) fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => tracing::debug!(from = current, to = maximum, "the limit of open files was raised"),
        Err(error) => tracing::warn!(%error, limit = current, "the limit of open files could not be raised"),
    }
}
