//! What an expression is checked against: the names there are, and which of them the asker may use.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::schema::{Catalog, Collection};
use crate::sight::Sight;

/// What an expression is checked against.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// All collections; relations are followed through it.
    pub catalog: &'a Catalog,
    /// The collection whose fields are named plainly.
    pub collection: &'a Collection,
    /// The collection of accounts, whose fields are the members of `auth`.
    pub users: &'a Collection,
    /// What the asker may see; `None` for conditions that administrators wrote, which see everything.
    pub sights: Option<&'a dyn Sights>,
    /// Whether `data` is a name: in the policies of create and update.
    pub data: bool,
    /// The values of `params`, if there are any; their kinds are checked against their use.
    pub params: Option<&'a Map<String, Json>>,
}

/// What one asker sees of each collection.
pub trait Sights {
    /// The sight of this collection; `None` if the asker is not to know that it exists.
    fn sight(&self, collection: &str) -> Option<Arc<Sight>>;
}
