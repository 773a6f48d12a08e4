//! Administration: thin calls, one file a resource. They need the rights on `sys:…` objects.

mod collections;
mod policies;
mod roles;
mod setup;
mod users;

pub use collections::{Alter, Collections, Definition, Index, Plan, Step, StepFailures};
pub use policies::{Effect, Policies, Rule, RuleSet};
pub use roles::{Role, Roles};
pub use setup::Setup;
pub use users::{NewUser, User, UserQuery, Users};
