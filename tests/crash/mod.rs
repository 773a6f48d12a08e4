//! What survives when the server is killed, and when the power goes.
//!
//! Few short rounds by default; `CRASH_KILLS` and `CRASH_POWER_CUTS` ask for more. Each report names its seed.

mod check;
mod control;
mod disk;
mod follower;
mod kill;
mod ledger;
mod power_cut;
mod victim;
mod writers;

/// How many rounds the variable asks for.
pub(crate) fn rounds(variable: &str, default: usize) -> usize {
    let given = std::env::var(variable).ok();
    given.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}
